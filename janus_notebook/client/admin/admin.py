"""`JanusAdmin`: a server's Admin/Monitor API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import Any

from janus_notebook.client.admin.capture import Capture, CaptureKind
from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.client.admin.handles import HandleRequests
from janus_notebook.client.admin.modules import ModuleRequests
from janus_notebook.client.admin.overview import HandleTable, SessionSummary, SessionTable
from janus_notebook.client.admin.server import ServerRequests
from janus_notebook.client.admin.tokens import TokenRequests
from janus_notebook.errors import JanusServerError

__all__ = ["JanusAdmin"]

# Requests of one overview that are under way at once: the server answers one after the other.
AT_ONCE = 8

# A session or handle that ended while it was looked at.
GONE = (458, 459)


class JanusAdmin(ServerRequests, HandleRequests, ModuleRequests, TokenRequests):
    """A server's Admin/Monitor API: its settings, and the sessions and handles of everybody.

    ::

        async with JanusAdmin("http://localhost:7088/admin", admin_secret="...") as admin:
            print(await admin.sessions())
            await admin.set_log_level(5)

    There is a method for each request, under the request's own name. It connects when it is first used,
    and again after a loss; a request whose connection was lost is not sent again. All requests raise

    - `JanusServerError`: Janus refused it (403: wrong or missing `admin_secret`),
    - `JanusVersionError`: this server does not have the request any more,
    - `JanusOptionError`: a parameter is misspelt (names the nearest) or can't be sent,
    - `JanusConnectionError`, `JanusTimeoutError`: no connection, or no answer in time,
    - `JanusStateError`: it is closed, or belongs to another event loop.

    Args:
        base_url: the URL of the Admin API, which is not that of the Janus API:
            ``http://host:7088/admin`` or ``https://``, ``ws://host:7188`` or ``wss://``, ``unix:///path`` or
            ``unix+dgram:///path``.
        admin_secret: the ``admin_secret`` of the server's configuration, where it has one.
        timeout: default deadline of every request, in seconds.
        transport_options: handed to the transport, as those of `JanusSession`; an unknown one is refused.

    Attributes:
        base_url: the URL.
        server: the server's answer to ``info``, once it is connected.
        state: ``new, connecting, connected, lost, closed``.

    Source: "Admin/Monitor API" of the Janus documentation.
    """

    async def sessions(self, *, timeout: float | None = None) -> SessionTable:
        """List everybody's sessions with their handles, as a table; its `to_frame` is for pandas.

        It takes a request for each session and each handle. What ends meanwhile is left out.

        Args:
            timeout: seconds for each request; None means the default.
        """
        ids = await self.list_sessions(timeout=timeout)
        turns = asyncio.Semaphore(AT_ONCE)
        found = await _all(self._session(session_id, turns, timeout) for session_id in ids)
        return SessionTable([session for session in found if session is not None])

    async def handles(self, session_id: int | None = None, *, timeout: float | None = None) -> HandleTable:
        """List everybody's handles, or those of a session, as a table; its `to_frame` is for pandas.

        Args:
            session_id: only this session's; None for all.
            timeout: seconds for each request; None means the default.

        Raises:
            JanusServerError: 458, there is no such session.
        """
        if session_id is None:
            return HandleTable(
                [handle for one in await self.sessions(timeout=timeout) for handle in one.handles]
            )
        ids = await self.list_handles(session_id, timeout=timeout)
        return HandleTable(await self._infos(session_id, ids, asyncio.Semaphore(AT_ONCE), timeout))

    def capture(
        self,
        session_id: int,
        handle_id: int,
        *,
        kind: CaptureKind = "pcap",
        folder: str | os.PathLike[str] | None = None,
        filename: str | None = None,
        truncate: int | None = None,
    ) -> Capture:
        """Capture a handle's packets while a block runs: ``async with admin.capture(...) as capture:``.

        The packets are RTP and RTCP as they are before encryption, both ways. The capture ends with the
        block, whatever happens in it; `Capture.path` is the file, **on the server's machine**.

        Args:
            session_id: the session that the handle is in.
            handle_id: the handle.
            kind: ``pcap`` for Wireshark, or ``text2pcap`` for the text that its tool of this name reads.
            folder: where the file goes; it is made where there is none. None for the server's own
                working directory.
            filename: of the file, a new one: one that exists is added to, which text can take, and a pcap
                file can't. None for a random one.
            truncate: bytes of each packet that are kept; 0 or None for all.

        Raises:
            JanusServerError: (at the block's beginning) 458 or 459 no such handle, 490 a capture of it is
                under way already, or the file can't be made.
        """
        return Capture(
            self, session_id, handle_id, kind=kind, folder=folder, filename=filename, truncate=truncate
        )

    async def _session(
        self, session_id: int, turns: asyncio.Semaphore, timeout: float | None
    ) -> SessionSummary | None:
        try:
            async with turns:
                ids = await self.list_handles(session_id, timeout=timeout)
        except JanusServerError as exc:
            if exc.code in GONE:
                return None
            raise
        infos = await self._infos(session_id, ids, turns, timeout)
        return SessionSummary(id=session_id, handles=tuple(infos))

    async def _infos(
        self, session_id: int, ids: Iterable[int], turns: asyncio.Semaphore, timeout: float | None
    ) -> list[HandleInfo]:
        async def ask(handle_id: int) -> HandleInfo | None:
            try:
                async with turns:
                    return await self.handle_info(session_id, handle_id, timeout=timeout)
            except JanusServerError as exc:
                if exc.code in GONE:
                    return None
                raise

        return [info for info in await _all(map(ask, ids)) if info is not None]


async def _all(coroutines: Iterable[Any]) -> list[Any]:
    """Await all of them; the first that fails ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except BaseExceptionGroup as exc:
        raise exc.exceptions[0] from None
    return [task.result() for task in tasks]
