"""Pictures of a received track for a page: its newest frame as a JPEG, made once for all who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from janus_notebook.media.preview_jpeg import Jpeg, fitted
from janus_notebook.media.preview_overlay import Overlay, overlaid
from janus_notebook.media.worker import Worker

if TYPE_CHECKING:
    from av import VideoFrame

    from janus_notebook.media.tracks import ReceivedTrack

__all__ = ["Picture", "Preview", "Recipe", "preview"]


@dataclass(frozen=True)
class Recipe:
    """How pictures are made; those of one track that are made alike are made once.

    Attributes:
        width: at most so many pixels; None for the frame's own, up to 1280. Nothing is made larger.
        quality: 1 to 100.
        overlay: a function that each picture goes through.
    """

    width: int | None = None
    quality: int = 70
    overlay: Overlay | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """The same for recipes that give the same; an overlay need not be hashable."""
        return self.width, self.quality, id(self.overlay)


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        number: of its frame, as the track counts.
        arrived: when that was decoded, POSIX seconds.
        data: the JPEG file.
        width, height: in pixels.
        problem: what is wrong with the overlay, in one line, or "". The picture is without it then.
    """

    number: int
    arrived: float
    data: bytes
    width: int
    height: int
    problem: str = ""


class Preview:
    """The pictures of one track, made on a thread of their own when somebody asks; see `preview`.

    However long one takes: the next is made of the frame that is the newest then. All of it is used on the
    loop's thread.

    Attributes:
        made: how many pictures were made.
        users: how many look.
    """

    def __init__(self, track: ReceivedTrack, recipe: Recipe) -> None:
        self.made = 0
        self.users = 0
        self._track = track
        self._recipe = recipe
        self._jpeg = Jpeg(recipe.quality)
        self._worker = Worker("view")
        self._making: asyncio.Future[Picture] | None = None
        self._number = 0  # of the frame that it is made of

    async def newer(self, than: int) -> Picture:
        """Wait for a frame after number `than`, and return a picture of the newest.

        Raises:
            JanusMediaError: the track has ended.
        """
        while True:
            number, frame = await self._track.newer(than)
            if self._making is None or (self._making.done() and self._number != number):
                self._making, self._number = self._worker.submit(self._order(number, frame)), number
                self.made += 1
            picture = await asyncio.shield(self._making)
            if picture.number > than:
                return picture

    def close(self) -> None:
        """End the thread after what it does now; that picture is for nobody. Idempotent."""
        if self._making is not None:
            self._making.cancel()
        self._worker.close()

    def _order(self, number: int, frame: VideoFrame) -> Any:
        arrived = self._track.last_frame_at or 0.0

        def make() -> Picture:
            shown, problem = fitted(frame, self._recipe.width), ""
            if self._recipe.overlay is not None:
                shown, problem = overlaid(shown, self._recipe.overlay)
            return Picture(number, arrived, self._jpeg(shown), shown.width, shown.height, problem)

        return make


_previews: WeakKeyDictionary[ReceivedTrack, dict[tuple[object, ...], Preview]] = WeakKeyDictionary()


@contextmanager
def preview(track: ReceivedTrack, recipe: Recipe) -> Iterator[Preview]:
    """Look at a track: give the `Preview` that all share who look at it by the same recipe."""
    shared = _previews.setdefault(track, {})
    mine = shared.setdefault(recipe.key, Preview(track, recipe))
    mine.users += 1
    try:
        yield mine
    finally:
        mine.users -= 1
        if not mine.users:
            del shared[recipe.key]
            mine.close()
