"""Reading a received track frame by frame, however slow the reader is."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import numpy as np

from janus_notebook.errors import JanusOptionError, JanusTimeoutError
from janus_notebook.media.frames import FORMATS, Chunk, Frame, pixels, samples
from janus_notebook.media.timeline import Timeline

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame

__all__ = ["ChunkStream", "FrameStream", "Reader"]

T = TypeVar("T")

# Converting Full HD to RGB takes 1 to 2 ms; what is larger must not hold up the loop.
LARGEST_ON_LOOP = 1920 * 1088
PATIENCE_SECONDS = 10.0
BUFFER_SECONDS = 5.0
MOST_FPS = 1000


class Reader(Generic[T]):
    """What a track hands its frames to: ``async for frame in reader``.

    It begins when it is made, and ends when the track does. `close` ends it sooner; one that nobody holds
    any more is forgotten by its track.

    Attributes:
        ended: why no more will come; None while it reads.
        timeout: seconds to wait for each frame, or None for as long as it takes.
    """

    def __init__(self, name: str, timeout: float | None) -> None:
        if timeout is not None and not timeout > 0:
            raise JanusOptionError(f"timeout must be seconds above 0 or None, not {timeout!r}")
        self.timeout = timeout
        self.ended: str | None = None
        self._name = name
        self._arrived = asyncio.Event()

    # --- for the track

    def offer(self, frame: Any, number: int, received_at: float) -> None:
        """Take a decoded frame; called on the loop for each one."""
        raise NotImplementedError

    def end(self, reason: str) -> None:
        """There will be no more. The first reason stays."""
        if self.ended is None:
            self.ended = reason
            self._arrived.set()

    async def settled(self) -> None:
        """Wait until what was read is done with, after the end."""

    # --- for whoever reads

    async def get(self, timeout: float | None = None) -> T:
        """Return the next one.

        Args:
            timeout: seconds; None means that of this reader.

        Raises:
            JanusTimeoutError: nothing came in time; what comes later can still be read.
            StopAsyncIteration: the track has ended, or this reader was closed.
        """
        seconds = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(seconds):
                while not self._has_one():
                    if self.ended is not None:
                        raise StopAsyncIteration
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"nothing came from {self._name} within {seconds:g} s",
                hint="Is it still being sent? timeout=None waits for as long as it takes.",
            ) from exc
        return await self._take()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        return await self.get()

    def close(self) -> None:
        """Read no more. Idempotent."""
        self.end("it was closed")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()

    def _has_one(self) -> bool:
        raise NotImplementedError

    async def _take(self) -> T:
        raise NotImplementedError


class FrameStream(Reader[Frame]):
    """The pictures of a track, always the newest one: ``async for frame in track.frames()``.

    Only one picture waits, so that a slow reader gets fewer, never old ones, and no memory fills up.

    Attributes:
        dropped: pictures that arrived and were replaced by a newer one before anybody took them.
        skipped: pictures left out because of `fps`.
        given: pictures taken.
    """

    def __init__(
        self, name: str, fps: float | None = None, format: str = "rgb24", timeout: float | None = None
    ) -> None:
        super().__init__(name, timeout)
        if format not in FORMATS:
            raise JanusOptionError.unknown("format", str(format), FORMATS)
        if fps is not None and not 0 < fps <= MOST_FPS:
            raise JanusOptionError(
                f"fps={fps!r} is not a frame rate", hint="Leave it out for every frame, or give 5, 0.5, ..."
            )
        self.format = format
        self.dropped = self.skipped = self.given = 0
        self._period = 1 / fps if fps else 0.0
        self._due: float | None = None
        self._waiting: tuple[VideoFrame, int, float] | None = None

    def __repr__(self) -> str:
        state = f"ended: {self.ended}" if self.ended else "use `async for frame in ...`"
        return f"<FrameStream of {self._name}, {self.given} given, {self.dropped} dropped; {state}>"

    def offer(self, frame: VideoFrame, number: int, received_at: float) -> None:
        """Keep it, if it is due, in place of the one that waits."""
        if self.ended is not None:
            return
        if self._period:
            now = asyncio.get_running_loop().time()
            # Half a period early counts as in time, or jitter would cost every second picture.
            if self._due is not None and now < self._due - self._period / 2:
                self.skipped += 1
                return
            self._due = now if self._due is None else max(self._due, now - self._period / 2)
            self._due += self._period
        if self._waiting is not None:
            self.dropped += 1
        self._waiting = frame, number, received_at
        self._arrived.set()

    def close(self) -> None:
        """Read no more. Idempotent."""
        super().close()
        self._waiting = None

    def _has_one(self) -> bool:
        return self._waiting is not None

    async def _take(self) -> Frame:
        assert self._waiting is not None
        (frame, number, received_at), self._waiting = self._waiting, None
        self.given += 1
        if frame.width * frame.height > LARGEST_ON_LOOP:
            data = await asyncio.to_thread(pixels, frame, self.format)
        else:
            data = pixels(frame, self.format)
        return Frame(data, self.format, frame.time or 0.0, received_at, number)


class ChunkStream(Reader[Chunk]):
    """The sound of a track without holes: ``async for chunk in track.chunks()``.

    What is lost on the way is filled with silence, so that the chunks, one after the other, keep time. Up
    to `BUFFER_SECONDS` wait for the reader; beyond it the oldest is dropped, and the next chunk tells so.

    Attributes:
        dropped: seconds of sound that nobody took in time.
        filled: seconds of silence put in for what was lost on the way.
    """

    def __init__(self, name: str, seconds: float | None = None, timeout: float | None = None) -> None:
        super().__init__(name, timeout)
        if seconds is not None and not 0 < seconds <= BUFFER_SECONDS:
            raise JanusOptionError(
                f"seconds={seconds!r} is not the length of a chunk",
                hint=f"Give up to {BUFFER_SECONDS:g}, or leave it out for pieces as they arrive.",
            )
        self.seconds = seconds
        self.dropped = self.filled = 0.0
        self._waiting: deque[Chunk] = deque()
        self._buffered = 0.0
        self._lost = 0.0
        self._line: Timeline | None = None

    def __repr__(self) -> str:
        state = f"ended: {self.ended}" if self.ended else "use `async for chunk in ...`"
        return f"<ChunkStream of {self._name}, {self.dropped:.2f} s dropped; {state}>"

    def offer(self, frame: AudioFrame, number: int, received_at: float) -> None:
        """Add it to what waits."""
        if self.ended is not None:
            return
        data, rate, start = samples(frame), frame.sample_rate, frame.time or 0.0
        if self._line is None or self._line.rate != rate:
            self._line = Timeline(rate)
        missing, gap = self._line.place(start, len(data))
        if missing:
            self.filled += missing / rate
            data = np.concatenate([np.zeros((missing, data.shape[1]), np.float32), data])
            start -= missing / rate
        self._waiting.append(Chunk(data, rate, start, received_at, gap))
        self._buffered += len(data) / rate
        while self._buffered > BUFFER_SECONDS + (self.seconds or 0.0):
            lost = self._waiting.popleft()
            self._buffered -= lost.seconds
            self.dropped += lost.seconds
            self._lost += lost.seconds + lost.gap
        self._arrived.set()

    def close(self) -> None:
        """Read no more. Idempotent."""
        super().close()
        self._waiting.clear()

    def _has_one(self) -> bool:
        if not self._waiting or self.seconds is None or self.ended is not None:
            return bool(self._waiting)  # at the end, what is left is a shorter chunk
        first = self._waiting[0]
        broken = any(other.gap or not _alike(first, other) for other in list(self._waiting)[1:])
        return broken or self._buffered >= self.seconds

    async def _take(self) -> Chunk:
        first = self._waiting.popleft()
        first = Chunk(first.data, first.sample_rate, first.time, first.received_at, first.gap + self._lost)
        self._lost = 0.0
        parts, length = [first.data], len(first.data)
        wanted = length if self.seconds is None else round(self.seconds * first.sample_rate)
        last = first
        while length < wanted and self._waiting and not self._waiting[0].gap:
            if not _alike(first, self._waiting[0]):
                break
            last = self._waiting.popleft()
            parts.append(last.data)
            length += len(last.data)
        data = np.concatenate(parts) if len(parts) > 1 else first.data
        if length > wanted:
            rest = data[wanted:]
            start = first.time + wanted / first.sample_rate
            self._waiting.appendleft(Chunk(rest, first.sample_rate, start, last.received_at))
            data = data[:wanted]
        self._buffered -= len(data) / first.sample_rate
        return Chunk(data, first.sample_rate, first.time, last.received_at, first.gap)


def _alike(one: Chunk, other: Chunk) -> bool:
    return one.sample_rate == other.sample_rate and one.data.shape[1] == other.data.shape[1]
