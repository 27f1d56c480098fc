"""Which server is meant, and which secrets go to it: what was given, then the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from janus_notebook.config import ENVIRONMENT, Settings

__all__ = ["target"]


def target(settings: Settings, url: str | None, admin_url: str | None = None) -> dict[str, Any]:
    """The arguments of `diagnose` that say where to look: ``url``, ``admin_url`` and their secrets.

    Secrets go to the server that they were set for. Those of the environment also go to a server that is
    given, unless the environment names another. ``url`` is None if nobody named a server.

    Args:
        settings: of the environment and the settings file.
        url, admin_url: as given by the user, or None.
    """
    where, secrets = _known(settings, "url", url)
    admin, admin_secrets = _known(settings, "admin_url", admin_url)
    if admin_url is None and settings.url is not None and where != settings.url:
        admin, admin_secrets = None, {}  # that of another server
    return {"url": where, "admin_url": admin, **secrets, **admin_secrets}


def _known(settings: Settings, setting: str, given: str | None) -> tuple[str | None, dict[str, str]]:
    named: str | None = getattr(settings, setting)
    if given is None or given.strip() == (named or "").strip():
        return named, settings.secrets_of(setting)
    if settings.sources.get(setting, "").startswith(ENVIRONMENT):
        return given, {}
    outranked = replace(settings, sources={**settings.sources, setting: ENVIRONMENT})
    return given, outranked.secrets_of(setting)
