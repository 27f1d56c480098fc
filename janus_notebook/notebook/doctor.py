"""The doctor in a notebook: which server is meant, and the diagnosis that its panel shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from janus_notebook.bridge import Call, background
from janus_notebook.config import mask_url, read_settings
from janus_notebook.doctor import Check, Diagnosis, diagnose
from janus_notebook.doctor.browser import silent_checks
from janus_notebook.doctor.targets import target
from janus_notebook.errors import JanusOptionError
from janus_notebook.notebook.admins import server_of
from janus_notebook.notebook.workspace import workspace

__all__ = ["examine"]

# The newest diagnosis of each server: a panel lives as long as what it shows.
_newest: dict[str, Diagnosis] = {}


def examine(
    url: str | None = None,
    *,
    plugins: Iterable[str] = (),
    media: bool = True,
    timeout: float = 10.0,
    on_check: Callable[[Check], None] | None = None,
    **known: str,
) -> tuple[Diagnosis, Call[None]]:
    """Begin to examine a server on the background loop.

    Args:
        url: the server; None for the one that ``connect()`` would take: this kernel's local gateway, or
            else that of the settings.
        plugins, media, timeout: as in `janus_notebook.doctor.diagnose`.
        on_check: called with each check as its step ends, on the background loop.
        known: ``api_secret``, ``token``, ``admin_url``, ``admin_secret``, before those of the settings.

    Returns:
        The diagnosis, which fills as the steps end, with the browser's steps at its end; and the call
        that ends with its last step.

    Raises:
        JanusOptionError: no server is known.
    """
    where = _target(url) | known
    diagnosis = _newest[where["url"]] = Diagnosis(mask_url(where["url"]))

    def add(check: Check) -> None:
        diagnosis.add([check])
        if on_check is not None:
            on_check(check)

    async def work() -> None:
        try:
            await diagnose(**where, plugins=plugins, media=media, timeout=timeout, on_check=add)
            diagnosis.add(silent_checks())
        finally:
            diagnosis.done = True

    return diagnosis, background().submit(work, name="doctor")


def _target(url: str | None) -> dict[str, Any]:
    here = workspace()
    gateway, settings = here.gateway, read_settings()
    if gateway is not None and gateway.running and url in (None, here.gateway_url):
        admin = server_of(gateway)
        return {
            "url": here.gateway_url,
            **here.gateway_options,
            "admin_url": admin["base_url"],
            "admin_secret": admin["admin_secret"],
        }
    found = target(settings, url)
    if found["url"] is None:
        ended = f"the local gateway has ended ({here.gateway_exit}); " if here.gateway_exit else ""
        wrong = f"; but {settings.problems[0]}" if settings.problems else ""
        raise JanusOptionError(
            f"{ended}no server to look at{wrong}",
            hint="Start one with %janus serve, or name one: %janus doctor ws://host:8188.",
        )
    return found
