"""Recording received tracks to a file that ends well, whatever ends it."""

from __future__ import annotations

import asyncio
import atexit
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

import av
from av import VideoFrame

from janus_notebook.errors import JanusMediaError
from janus_notebook.media.reading import Reader
from janus_notebook.media.writing import Writer, checked_path, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from janus_notebook.media.tracks import ReceivedTrack

__all__ = ["MediaRecording", "record"]

# What may wait for a disk or an encoder that is too slow: two seconds of pictures, half a minute of sound.
MOST_PICTURES = 60
MOST_SOUNDS = 1500
# A time that is off by more is that of another clock.
CLOCK_SECONDS = 1.0
EXIT_SECONDS = 5.0

_going: WeakSet[MediaRecording] = WeakSet()


async def record(
    tracks: Sequence[ReceivedTrack],
    path: str | Path,
    *,
    overwrite: bool = False,
    on_failure: Callable[[JanusMediaError], None] | None = None,
) -> MediaRecording:
    """Record tracks into one file, from now on; see `ReceivedTrack.record`."""
    kinds = {track.kind for track in tracks}
    where = await asyncio.to_thread(checked_path, path, kinds, overwrite=overwrite)
    return MediaRecording(where, tracks, on_failure)


class MediaRecording:
    """A recording under way: ``async with await track.record("call.mp4") as recording``.

    It ends with `stop`, or when all its tracks have ended, or the process does; the file is complete then.
    The first frame that arrives is at its beginning, and pictures and sound keep their distance to it.

    Attributes:
        path: the file.
        frames: by track, how many frames are in the file. Tracks are called by kind, and by mid as well
            where there are several of a kind.
        dropped: frames that came faster than they could be written.
        reason: why it ended; "" while it goes on.
        error: what went wrong with the file, or None.
    """

    def __init__(
        self,
        path: Path,
        tracks: Sequence[ReceivedTrack],
        on_failure: Callable[[JanusMediaError], None] | None = None,
    ) -> None:
        self.path = path
        names = _names(tracks)
        self.frames = dict.fromkeys(names, 0)
        self.dropped = 0
        self.reason = ""
        self.error: JanusMediaError | None = None
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._zero: float | None = None
        self._writer: Writer | None = None
        self._waiting: queue.SimpleQueue[tuple[str, Any, float] | None] = queue.SimpleQueue()
        self._done = asyncio.Event()
        self._kinds = {name: track.kind for name, track in zip(names, tracks, strict=True)}
        self._taps = [_Tap(name, track, self) for name, track in zip(names, tracks, strict=True)]
        self._thread = threading.Thread(target=self._write, name="janus-notebook-recorder", daemon=True)
        self._thread.start()
        _going.add(self)
        for track, tap in zip(tracks, self._taps, strict=True):
            track.read(tap)

    def __repr__(self) -> str:
        frames = ", ".join(f"{count} of {name}" for name, count in self.frames.items())
        dropped = f", {self.dropped} dropped" if self.dropped else ""
        why = f": {self.reason}" if self.reason else ""
        return (
            f"<MediaRecording {str(self.path)!r} {self.state}{why}; {self.seconds:.1f} s, "
            f"{self.bytes / 1e6:.2f} MB, frames: {frames}{dropped}>"
        )

    @property
    def state(self) -> str:
        """``recording``, ``finishing``, ``finished`` or ``failed``."""
        if self.error is not None:
            return "failed"
        if self._done.is_set():
            return "finished"
        return "finishing" if self.reason else "recording"

    @property
    def seconds(self) -> float:
        """How long what is in the file plays."""
        return self._writer.seconds if self._writer is not None else 0.0

    @property
    def bytes(self) -> int:
        """Size of the file; an estimate while it is written."""
        return self._writer.bytes if self._writer is not None else 0

    async def stop(self) -> Self:
        """Write the end of the file, and return this recording. Idempotent.

        Raises:
            JanusMediaError: the file could not be written, or no frame came.
        """
        self._finish("stop()")
        return await self.wait()

    async def wait(self) -> Self:
        """Wait until it has ended by itself, as with the call, and return this recording.

        Raises:
            JanusMediaError: the file could not be written, or no frame came.
        """
        await self._done.wait()
        if self.error is not None:
            raise self.error
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, exc: object, traceback: object) -> None:
        if exc is None:
            await self.stop()
            return
        self._finish("an error")  # which is what is to be seen, not that of the file
        await self._done.wait()

    # --- on the loop

    def _take(self, name: str, frame: Any, lag: float) -> None:
        """Put a frame at its place; `lag` is how long after its own clock frames of this track arrive."""
        at = frame.time + lag
        if self.reason or at < self._began:
            return  # it was made before the recording began
        self._zero = at if self._zero is None else self._zero
        most = MOST_PICTURES if isinstance(frame, VideoFrame) else MOST_SOUNDS
        if self._waiting.qsize() >= most:
            self.dropped += 1
            return
        self._waiting.put((name, frame, max(at - self._zero, 0.0)))

    def _ended(self) -> None:
        """A track has ended."""
        if all(tap.ended is not None for tap in self._taps):
            self._finish(f"no more to record: {self._taps[0].ended}")

    def _finish(self, reason: str) -> None:
        if not self.reason:
            self.reason = reason
            for tap in self._taps:
                tap.close()
            self._waiting.put(None)

    def _settle(self) -> None:
        self._done.set()
        if self.error is not None and self._on_failure is not None:
            self._on_failure(self.error)

    def _fail(self, error: JanusMediaError) -> None:
        self.error = error
        self._finish("the file could not be written")

    # --- in the thread

    def _write(self) -> None:
        try:
            self._writer = writer = Writer(self.path, self._kinds)
            try:
                while (item := self._waiting.get()) is not None:
                    if writer.write(*item):
                        self.frames[item[0]] += 1
            finally:
                writer.close()
            if not any(self.frames.values()):
                raise JanusMediaError(
                    f"nothing was recorded to {str(self.path)!r}: no frame came", hint="Is anything sent?"
                )
        except JanusMediaError as exc:
            self.error = exc
        except (av.FFmpegError, OSError, ValueError) as exc:
            self.error = failure(self.path, exc)
        finally:
            _going.discard(self)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                if self.error is not None:
                    self._loop.call_soon_threadsafe(self._fail, self.error)
                self._loop.call_soon_threadsafe(self._settle)

    def _end_with_process(self) -> None:
        self.reason = self.reason or "the process ended"
        self._waiting.put(None)
        self._thread.join(EXIT_SECONDS)


class _Tap(Reader[None]):
    """Hands each frame of a track to a recording."""

    def __init__(self, name: str, track: ReceivedTrack, recording: MediaRecording) -> None:
        super().__init__(name, None)
        self._track = track
        self._recording = recording
        self._lag: float | None = None

    def offer(self, frame: Any, number: int, received_at: float) -> None:
        """Take a frame."""
        if self.ended is not None or frame.time is None:
            return
        # It stays, so that the frames keep their own distances.
        if self._lag is None or abs(self._track.lag - self._lag) > CLOCK_SECONDS:
            self._lag = self._track.lag
        self._recording._take(self._name, frame, self._lag)

    def end(self, reason: str) -> None:
        """The track has ended."""
        super().end(reason)
        self._recording._ended()

    async def settled(self) -> None:
        """Wait until the file is complete, if this was the last of its tracks."""
        if self._recording.reason:
            with suppress(TimeoutError):  # a disk that hangs must not hold up the call's end
                async with asyncio.timeout(EXIT_SECONDS):
                    await self._recording._done.wait()


def _names(tracks: Sequence[ReceivedTrack]) -> list[str]:
    kinds = [track.kind for track in tracks]
    return [t.kind if kinds.count(t.kind) == 1 else f"{t.kind} {t.mid}" for t in tracks]


@atexit.register
def _finish_all() -> None:
    for recording in tuple(_going):
        recording._end_with_process()
