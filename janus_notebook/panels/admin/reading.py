"""What the Admin panel asks a server, and when: once for each time that somebody wants it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.tasks import Tasks
from janus_notebook.errors import JanusError, JanusPluginError, JanusServerError

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.admin.overview import SessionTable
    from janus_notebook.client.admin.replies import ServerInfo, ServerStatus, StoredToken

__all__ = ["DEADLINE_SECONDS", "Reading", "Watch", "read"]

DEADLINE_SECONDS: Final = 15.0
"""How long one reading of everything may take: it has a request for each handle."""

VIDEOROOM: Final = "janus.plugin.videoroom"


@dataclass(frozen=True)
class Reading:
    """A server at one moment.

    Attributes:
        taken: when, POSIX seconds.
        took: seconds that it took.
        info: who the server is.
        status: its settings.
        sessions: everybody's sessions with their handles.
        tokens: the stored tokens; None where it has none: they are off, or signed ones are used.
        rooms: what VideoRoom lists of its rooms, by id as text. Private ones are not among them.
    """

    taken: float
    took: float
    info: ServerInfo
    status: ServerStatus
    sessions: SessionTable
    tokens: tuple[StoredToken, ...] | None
    rooms: Mapping[str, Mapping[str, Any]]


async def read(admin: JanusAdmin) -> Reading:
    """Ask for everything.

    Raises:
        JanusError: as the requests of `JanusAdmin` do.
    """
    began = time.monotonic()
    info = await admin.info()
    status = await admin.get_status()
    sessions = await admin.sessions()
    tokens = await _tokens(admin) if status.token_auth else None
    in_rooms = any(handle.plugin == VIDEOROOM for session in sessions for handle in session.handles)
    rooms = await _rooms(admin) if in_rooms else {}
    return Reading(time.time(), time.monotonic() - began, info, status, sessions, tokens, rooms)


async def _tokens(admin: JanusAdmin) -> tuple[StoredToken, ...] | None:
    try:
        return await admin.list_tokens()
    except JanusServerError as exc:
        if exc.code == 490:  # signed tokens: there is no list of them
            return None
        raise


async def _rooms(admin: JanusAdmin) -> dict[str, Mapping[str, Any]]:
    """What the rooms are called. An old server can't be asked, and the handles name their rooms anyway."""
    try:
        reply = await admin.message_plugin(VIDEOROOM, request={"request": "list"})
    except (JanusServerError, JanusPluginError):
        return {}
    listed = reply.data.get("list")
    rooms = [room for room in listed if isinstance(room, dict)] if isinstance(listed, list) else []
    return {str(room.get("room")): room for room in rooms}


class Watch:
    """The last reading of a server, and the task that reads it again every so many seconds.

    All of it is used on the loop's thread.

    Args:
        admin: gives the server, or None when it is gone: the watch does not keep it.
        on_change: called when there is something new to show.
        on_error: called with a defect that ended the repeated reading.

    Attributes:
        reading: the last one that succeeded, or None.
        number: how many there were.
        failure: why the newest one failed, as one line; "" if it did not.
        failed: when that was, POSIX seconds.
        under_way: whether one is.
        interval: seconds from the end of one to the next; 0 for none but those that are asked for.
    """

    def __init__(
        self,
        admin: Callable[[], JanusAdmin | None],
        on_change: Callable[[], None],
        on_error: Callable[[JanusError], None],
    ) -> None:
        self.reading: Reading | None = None
        self.number = 0
        self.failure = ""
        self.failed = 0.0
        self.under_way = False
        self.interval = 0
        self._admin = admin
        self._on_change = on_change
        self._turn = asyncio.Lock()
        self._tasks = Tasks(on_error)
        self._task: asyncio.Task[None] | None = None

    async def refresh(self) -> bool:
        """Read the server once, and say whether it could be read. A failure is kept, not raised."""
        async with self._turn:
            admin = self._admin()
            if admin is None:
                return False
            self.under_way = True
            self._on_change()
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    self.reading = await read(admin)
            except TimeoutError as exc:
                late = f"not everything was answered within {DEADLINE_SECONDS:g} s"
                self._fail(str(exc) if isinstance(exc, JanusError) else late)
            except JanusError as exc:
                self._fail(str(exc))
            else:
                self.failure = ""
                self.number += 1
            finally:
                self.under_way = False
                self._on_change()
            return not self.failure

    def every(self, seconds: int) -> None:
        """Read it at once and then every so many seconds; 0 ends that."""
        self.interval = seconds
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if seconds:
            self._task = self._tasks.spawn(self._repeat(seconds), name="janus-admin-panel")
        self._on_change()

    async def _repeat(self, seconds: int) -> None:
        while (admin := self._admin()) is not None and admin.state != "closed":
            del admin
            await self.refresh()
            await asyncio.sleep(seconds)
        self.interval = 0
        self._on_change()

    def _fail(self, reason: str) -> None:
        self.failure, self.failed = reason, time.time()
