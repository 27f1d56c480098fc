"""What the Room panel receives: a subscription of its own, and small pictures of its video."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from janus_notebook.client.tasks import Tasks
from janus_notebook.errors import JanusError
from janus_notebook.panels.room.still import still

if TYPE_CHECKING:
    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom.plugin import JanusVideoRoomPlugin
    from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber

__all__ = ["Watching"]

STILL_SECONDS: Final = 1.0
PICTURES: Final = 6
"""Of so many feeds there are pictures; the media of all that are chosen are received."""


class Watching:
    """The subscription of one Room panel. All of it is used on the loop's thread.

    Args:
        on_change: called when there is a new picture, or something else is received.
        on_error: called with a defect that ended the pictures.

    Attributes:
        stills: the newest picture of each feed, as the URL of an ``img``.
    """

    def __init__(self, on_change: Callable[[], None], on_error: Callable[[JanusError], None]) -> None:
        self.stills: dict[Id, str] = {}
        self._on_change = on_change
        self._subscriber: RoomSubscriber | None = None
        self._tasks = Tasks(on_error)
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    @property
    def active(self) -> bool:
        """Whether there is a subscription."""
        return self._subscriber is not None

    @property
    def feeds(self) -> tuple[Id, ...]:
        """What is received now."""
        return tuple(self._subscriber.feeds) if self._subscriber is not None else ()

    async def choose(self, handle: JanusVideoRoomPlugin, feeds: Iterable[Id]) -> None:
        """Receive these feeds, and no others.

        Raises:
            JanusError: as `RoomSubscriber.set` does; what was received before still is.
        """
        wanted = tuple(feeds)
        async with self._turn:
            if not wanted:
                await self._end()
                return
            if self._subscriber is None:
                self._subscriber = await handle.subscriber()
            try:
                await self._subscriber.set(wanted)
            except JanusError:
                if not self._subscriber.feeds:
                    await self._end()
                raise
            if self._task is None:
                self._task = self._tasks.spawn(self._look(), name="janus-room-panel")
        self._on_change()

    async def close(self) -> None:
        """Receive nothing. Idempotent."""
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        subscriber, self._subscriber = self._subscriber, None
        self.stills = {}
        self._on_change()
        if subscriber is not None:
            await subscriber.close()

    async def _look(self) -> None:
        """Take a picture of each feed that has a new one, every second."""
        seen: dict[Id, float | None] = {}
        while True:
            stills = {feed: self.stills[feed] for feed in self.feeds if feed in self.stills}
            for feed in self.feeds[:PICTURES]:
                picture = await self._picture(feed, seen)
                if picture is not None:
                    stills[feed] = picture
            if stills != self.stills:
                self.stills = stills
                self._on_change()
            await asyncio.sleep(STILL_SECONDS)

    async def _picture(self, feed: Id, seen: dict[Id, float | None]) -> str | None:
        """The newest picture of a feed; None if it sends no video, or none that is new."""
        assert self._subscriber is not None
        try:
            track = self._subscriber.track(feed)
            if track.last_frame_at is None or track.last_frame_at == seen.get(feed):
                return None
            seen[feed] = track.last_frame_at
            frame = await track.snapshot(timeout=STILL_SECONDS, fresh=False)
        except JanusError:  # it has just ended, or has no video: there is nothing to show of it
            return None
        return await asyncio.to_thread(still, frame)
