"""The connections to Admin APIs that this kernel has open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.config import read_settings
from janus_notebook.errors import JanusError, JanusOptionError, JanusStateError

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession
    from janus_notebook.gateway import LocalGateway, PracticeGateway

    Gateway = LocalGateway | PracticeGateway

__all__ = ["Admins"]

ASK_SECONDS: Final = 3.0
"""How long a server may take to say which sessions it has."""


class Admins:
    """Every `JanusAdmin` that a notebook made, with what it was made of."""

    def __init__(self) -> None:
        self._known: list[tuple[dict[str, Any], JanusAdmin]] = []

    def __len__(self) -> int:
        return len(self.open_ones())

    def open_ones(self) -> list[JanusAdmin]:
        """Those that are not closed, oldest first."""
        self._known = [(made_of, admin) for made_of, admin in self._known if admin.state != "closed"]
        return [admin for _, admin in self._known]

    async def open(self, url: str | None, options: dict[str, Any], gateway: Gateway | None) -> JanusAdmin:
        """Open one, or return the open one that was made with the same arguments.

        Args:
            url: of the Admin API; None for that of `gateway`, or else that of the settings.
            options: those of `JanusAdmin`.
            gateway: the local one, where there is one.

        Raises:
            JanusOptionError: without `url`, no server is known; or an option is wrong.
            JanusConnectionError: see `JanusAdmin.open`.
        """
        wanted = {**(server_of(gateway) if url is None else {"base_url": url}), **options}
        self.open_ones()
        found = next((admin for made_of, admin in self._known if made_of == wanted), None)
        admin = found or JanusAdmin(**wanted)
        if found is None:
            self._known.append((wanted, admin))
        try:
            await admin.open()
        except BaseException:
            if found is None:
                await admin.close()
            raise
        return admin

    def for_server(
        self, url: str, gateway: Gateway | None, gateway_urls: Collection[str]
    ) -> JanusAdmin | None:
        """The Admin API of the server with a URL, where it is known without asking anybody; else None.

        It is not opened: its first request does that.

        Args:
            url: of the Janus API, as a session has it.
            gateway: the local one, where there is one.
            gateway_urls: its URLs of the Janus API.
        """
        settings = read_settings()
        if gateway is not None and gateway.running and url in gateway_urls and _urls(gateway):
            wanted = server_of(gateway)
        elif settings.admin_url is not None and settings.url == url:
            wanted = server_of(None)
        else:
            return None
        self.open_ones()
        found = next((admin for made_of, admin in self._known if made_of == wanted), None)
        if found is None:
            found = JanusAdmin(**wanted)
            self._known.append((wanted, found))
        return found

    async def attach(self, sessions: Iterable[JanusSession]) -> None:
        """Give sessions that know no Admin API the open one of their server, if there is one.

        Each open one is asked which sessions its server has. One that can't tell is passed over: what is
        asked of it later says why.
        """
        lost = [session for session in sessions if session.id is not None and not _knows(session)]
        if not lost:
            return
        for admin in self.open_ones():
            with suppress(JanusError):
                there = await admin.list_sessions(timeout=ASK_SECONDS)
                for session in lost:
                    if session.id in there and not _knows(session):
                        session.admin = admin

    async def close(self, gateway: Gateway | None = None) -> None:
        """Close all of them, or those of a running gateway."""
        urls = None if gateway is None else _urls(gateway)
        chosen = [admin for admin in self.open_ones() if urls is None or admin.base_url in urls]
        await asyncio.gather(*(admin.close() for admin in chosen))


def _knows(session: JanusSession) -> bool:
    return session.admin is not None and session.admin.state != "closed"


def server_of(gateway: Gateway | None) -> dict[str, Any]:
    """What reaches the Admin API that nobody named."""
    if gateway is not None and gateway.running:
        return {"base_url": _urls(gateway)[0], "admin_secret": gateway.admin_secret}
    settings = read_settings()
    if settings.admin_url is None:
        raise JanusOptionError(
            "no Admin API to connect to",
            hint="Start a gateway with %janus serve, or name one: "
            "admin('http://host:7088/admin', admin_secret='...').",
        )
    # This secret belongs to the server that was named with it, and goes to no other.
    return {"base_url": settings.admin_url, **settings.secrets_of("admin_url")}


def _urls(gateway: Gateway) -> list[str]:
    """The URLs of a running gateway's Admin API, by the transports that it has."""
    urls = []
    for name in ("admin_url", "admin_ws_url", "admin_unix_url"):
        with suppress(AttributeError, JanusStateError):
            urls.append(getattr(gateway, name))
    return urls
