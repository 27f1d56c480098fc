"""A received track: always drained, and only its newest frame kept."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusTimeoutError
from janus_notebook.media.frames import pixels, samples
from janus_notebook.media.reading import (
    LARGEST_ON_LOOP,
    PATIENCE_SECONDS,
    ChunkStream,
    FrameStream,
    Reader,
)
from janus_notebook.media.recorder import MediaRecording, record
from janus_notebook.texts import NAME_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["ReceivedTrack"]

R = TypeVar("R", bound=Reader[Any])

CLOCK_SECONDS = 1.0


class ReceivedTrack:
    """One track that the other side sends; get it from `Peer.track`.

    aiortc queues decoded frames without bound, so a task of this object takes each frame at
    once, and lets go of the one before. Frames are converted only when somebody asks.

    Args:
        source: aiortc's track.
        mid: the media section's id.
        unsent: says for a kind why it is no longer sent from here, as a sentence, or "".

    Attributes:
        kind: ``"audio"`` or ``"video"``.
        mid: the media section's id, a string.
        frames_received: decoded frames so far.
        last_frame_at: when the newest one was decoded, POSIX seconds; None before the first.
        ended: why no more frames will come; None while the track is live.
        lag: what is to be added to a frame's own time to have that of the loop's clock, by the frame
            that was fastest on its way.
        on_failure: called with the error of a recording whose file could not be written. May be set later.
    """

    def __init__(
        self, source: MediaStreamTrack, mid: str, unsent: Callable[[str], str] | None = None
    ) -> None:
        self.kind: str = source.kind
        self.mid = mid
        self.frames_received = 0
        self.last_frame_at: float | None = None
        self.ended: str | None = None
        self.lag = 0.0
        self.on_failure: Callable[[JanusMediaError], None] | None = None
        self._source = source
        self._unsent = unsent
        self._newest: Any = None
        self._waiters: set[asyncio.Future[Any]] = set()
        self._readers: WeakSet[Reader[Any]] = WeakSet()
        self._readers_at_end: tuple[Reader[Any], ...] = ()
        self._task: asyncio.Task[None] | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the newest frame in pixels; None for audio and before the first."""
        frame = self._newest
        return (frame.width, frame.height) if isinstance(frame, VideoFrame) else None

    def __repr__(self) -> str:
        state = f"ended: {clean(self.ended)}" if self.ended else "live"
        size = f", {self.size[0]} x {self.size[1]}" if self.size else ""
        which = f"{self.kind} mid={clean(self.mid, NAME_LIMIT)}"
        return f"<ReceivedTrack {which}{size}, {self.frames_received} frames, {state}>"

    async def snapshot(self, timeout: float = 5.0, fresh: bool = True) -> NDArray[Any]:
        """Return one frame as numpy.

        Video gives uint8 (height, width, 3) RGB. Audio gives float32 (samples, channels) from -1
        to 1, usually the 20 ms of one packet.

        Args:
            timeout: seconds to wait for a frame.
            fresh: take the next frame that arrives. False takes the newest one that is
                there, however old, and waits only if there is none.

        Raises:
            JanusTimeoutError: no frame came in time.
            JanusMediaError: the track has ended.
        """
        frame = self._newest
        if fresh or frame is None:
            frame = await self._next_frame(timeout)
        if isinstance(frame, AudioFrame):
            return samples(frame)
        if frame.width * frame.height > LARGEST_ON_LOOP:
            return await asyncio.to_thread(pixels, frame)
        return pixels(frame)

    def frames(
        self,
        fps: float | None = None,
        format: str = "rgb24",
        timeout: float | None = PATIENCE_SECONDS,
    ) -> FrameStream:
        """Return a video track's pictures, from now on: ``async for frame in track.frames()``.

        Each one is the newest there is when it is asked for; what a slow reader leaves out is counted in
        ``dropped``. It ends when the track does, or with its ``close()``.

        Args:
            fps: at most so many pictures a second; None for all.
            format: ``rgb24``, ``bgr24`` (as OpenCV has it), ``gray``, ``rgba`` or ``yuv420p``.
            timeout: seconds to wait for each picture; None waits for as long as it takes.

        Raises:
            JanusOptionError: an unknown format, a wrong rate, or this track is audio.
            JanusTimeoutError: while iterating, no picture came in time.
        """
        if self.kind != "video":
            raise JanusOptionError(f"a track of {self.kind} has no frames()", hint="Use chunks().")
        return self.read(FrameStream(f"{self.kind} mid {self.mid}", fps, format, timeout))

    def chunks(self, seconds: float | None = None, timeout: float | None = PATIENCE_SECONDS) -> ChunkStream:
        """Return an audio track's sound, from now on: ``async for chunk in track.chunks()``.

        Each `Chunk` has float32 (samples, channels) as ``data`` and its ``sample_rate``; one begins where
        the other ended, as lost packets are filled with silence. Five seconds wait for a slow reader;
        what it does not take in time is counted in ``dropped``.

        Args:
            seconds: the length of a chunk, up to 5; None gives them as they arrive, mostly 20 ms.
            timeout: seconds to wait for each chunk; None waits for as long as it takes.

        Raises:
            JanusOptionError: a wrong length, or this track is video.
            JanusTimeoutError: while iterating, no sound came in time.
        """
        if self.kind != "audio":
            raise JanusOptionError(f"a track of {self.kind} has no chunks()", hint="Use frames().")
        return self.read(ChunkStream(f"{self.kind} mid {self.mid}", seconds, timeout))

    async def newer(self, than: int = 0) -> tuple[int, Any]:
        """Wait for a frame after number `than`, and return the newest with its number.

        Frames are counted from 1 on, as `frames_received` does: the difference of two numbers tells how
        many came meanwhile. The frame is PyAV's, as it was decoded; others have it too, so leave it as it is.

        Raises:
            JanusMediaError: the track has ended.
        """
        while self.ended is None and self.frames_received <= than:
            await self._arrival()
        if self.ended is not None:
            raise self._over()
        return self.frames_received, self._newest

    async def record(self, path: str | Path, *, overwrite: bool = False) -> MediaRecording:
        """Record this track into a file, from now on; the handle's ``record`` takes all its tracks.

        ::

            async with await track.record("call.mp4") as recording:  # in a notebook without the inner await
                await asyncio.sleep(10)

        It ends with ``await recording.stop()``, or by itself with the track or the process; the file is
        complete in any case. ``recording.seconds``, ``.bytes`` and ``.frames`` tell how far it is.

        Args:
            path: where to, with a suffix that says how: ``.mp4``, ``.mkv`` (H.264), ``.webm`` (VP8), or
                ``.wav`` for sound alone.
            overwrite: whether to replace such a file.

        Raises:
            JanusOptionError: an unknown suffix, one that cannot hold this track, no such folder, or there
                is such a file.
            JanusMediaError: the track has ended.
        """
        if self.ended is not None:
            raise self._over()
        return await record([self], path, overwrite=overwrite, on_failure=self.on_failure)

    def start(self, on_first: Callable[[], None], on_end: Callable[[], None]) -> None:
        """Start to take frames, on the running loop. `Peer` calls this."""
        if self._task is None:
            self._task = asyncio.create_task(
                self._drain(on_first, on_end), name=f"janus-drain-{self.kind}-{self.mid}"
            )

    def read(self, reader: R) -> R:
        """Hand every further frame to `reader`, as long as somebody holds it; return it."""
        if self.ended is None:
            self._readers.add(reader)
        else:
            reader.end(self.ended)
        return reader

    def reads(self, source: MediaStreamTrack) -> bool:
        """Say whether this is the reader of aiortc's track."""
        return self._source is source

    async def close(self, grace: float = 0.0) -> None:
        """Stop taking frames; those who wait for one get `JanusMediaError`. Idempotent.

        Args:
            grace: seconds in which the track may still come to its own end.
        """
        if self._task is not None:
            if not self._task.done() and grace > 0:
                await asyncio.wait([self._task], timeout=grace)
            self._task.cancel()
            await asyncio.wait([self._task])
        self._source.stop()
        self.end("it is no longer read")
        for reader in self._readers_at_end:
            await reader.settled()

    def end(self, reason: str) -> None:
        """Take no further frame into account, and wake those who wait for one. The first reason stays."""
        if self.ended is None:
            self.ended = reason
            self._newest = None
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._readers_at_end += tuple(self._readers)
        self._readers.clear()
        for reader in self._readers_at_end:
            reader.end(self.ended)

    async def _drain(self, on_first: Callable[[], None], on_end: Callable[[], None]) -> None:
        try:
            while True:
                frame: Any = await self._source.recv()
                if self.ended is not None:
                    continue
                self._newest = frame
                self.frames_received += 1
                self.last_frame_at = time.time()
                if frame.time is not None:
                    lag = asyncio.get_running_loop().time() - frame.time
                    # What came later was held up; what is far off has another clock.
                    if self.frames_received == 1 or lag < self.lag or lag > self.lag + CLOCK_SECONDS:
                        self.lag = lag
                if self.frames_received == 1:
                    on_first()
                for waiter in self._waiters:
                    if not waiter.done():
                        waiter.set_result(frame)
                for reader in tuple(self._readers):
                    reader.offer(frame, self.frames_received, self.last_frame_at)
        except MediaStreamError:
            self.end("the other side, or the connection, ended it")
        finally:
            self.end("it is no longer read")
            on_end()

    async def _next_frame(self, timeout: float) -> Any:
        if self.ended is None:
            try:
                async with asyncio.timeout(timeout):
                    frame = await self._arrival()
            except TimeoutError as exc:
                unsent = self._unsent(self.kind) if self._unsent is not None else ""
                raise JanusTimeoutError(
                    f"no {self.kind} frame arrived on mid {self.mid} within {timeout:g} s"
                    f" ({self.frames_received} before)",
                    hint=unsent or f"Is {self.kind} being sent, on both sides, and is the peer connected?",
                ) from exc
            if frame is not None:
                return frame
        raise self._over()

    async def _arrival(self) -> Any:
        """Wait for the next frame; None is the end."""
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            return await waiter
        finally:
            self._waiters.discard(waiter)

    def _over(self) -> JanusMediaError:
        return JanusMediaError(f"the {self.kind} track of mid {self.mid} has ended: {self.ended}")
