"""Reading what FFmpeg opens: a thread for a run through it, a track each for its picture and its sound."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from aiortc.mediastreams import MediaStreamError

from janus_notebook.errors import JanusError, JanusMediaError, JanusOptionError
from janus_notebook.media.arrays import Source

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame

    from janus_notebook.media.files import MediaFile

__all__ = ["FileReading", "FileTrack", "why"]

AHEAD_SECONDS = 0.5
SOUND_RATE = 48_000
SOUND_SAMPLES = 960  # 20 ms, one packet of Opus
# Beyond it nobody reads; of what is live only the newest is of use.
MOST_WAITING = {"video": 100, "audio": 100}
MOST_LIVE = {"video": 1, "audio": 10}
LATE_SECONDS = 0.5


class FileTrack(Source):
    """The picture or the sound of a `MediaFile` that is being sent. `MediaFile.track` makes it."""

    def __init__(self, kind: str, reading: FileReading, optional: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.optional = optional
        self._reading = reading
        most = MOST_LIVE if reading.file.live else MOST_WAITING
        self._frames: deque[tuple[float, VideoFrame | AudioFrame]] = deque(maxlen=most[kind])
        self._arrived = asyncio.Event()
        self._over = False

    async def prepare(self) -> None:
        """Open the file and decode its first frame.

        Raises:
            JanusOptionError: it is not there, or has nothing of this kind.
            JanusMediaError: it cannot be opened or decoded.
        """
        self._reading.begin()
        while not self._frames:
            if self.error is not None:
                raise self.error
            if self._over and self.optional:
                self.stop()
                return
            if self._over:
                raise JanusMediaError(f"nothing could be read from {self._reading.file.name!r}")
            self._arrived.clear()
            await self._arrived.wait()

    async def recv(self) -> VideoFrame | AudioFrame:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        self._reading.begin()
        while True:
            while not self._frames:
                if self._over or self.readyState != "live":
                    self.stop()
                    raise MediaStreamError(f"{self._reading.file.name} ended")
                self._arrived.clear()
                await self._arrived.wait()
            due, frame = self._frames[0]
            if not self._reading.file.live:
                late = self._reading.position() - due
                if late < 0:
                    await asyncio.sleep(-late)
                    continue  # it may have been stopped meanwhile
                if self._is_past(late):
                    self._frames.popleft()
                    continue
            self._frames.popleft()
            return frame

    def _is_past(self, late: float) -> bool:
        """Whether it came too late to be sent: a newer picture is due, or the sound is long over."""
        if self.kind == "audio":
            return late > LATE_SECONDS
        return len(self._frames) > 1 and self._frames[1][0] <= self._reading.position()

    @property
    def is_absent(self) -> bool:
        """Whether the file has nothing of this kind, which is no error here."""
        return self.optional and self.readyState != "live"

    def with_sound(self) -> FileTrack:
        """Return the sound that goes with this picture; it may turn out to be absent."""
        return self._reading.file.track("audio", optional=True)

    def stop(self) -> None:
        """End it; the file is closed when nothing of it is sent any more. Idempotent."""
        super().stop()
        self._arrived.set()
        self._reading.left()

    # --- called on the loop, for the thread that reads

    def put(self, due: float, frame: VideoFrame | AudioFrame) -> None:
        """Take a frame that is due at this position."""
        self._frames.append((due, frame))
        self._arrived.set()

    def finish(self, error: JanusError | None) -> None:
        """No more will come."""
        self._over = True
        if error is not None:
            self.fail(error)
        self._arrived.set()


class FileReading:
    """One run through a file, in a thread of its own."""

    def __init__(self, file: MediaFile) -> None:
        self.file = file
        self.tracks: dict[str, FileTrack] = {}
        self.over = False
        self._loop = asyncio.get_running_loop()
        self._began: float | None = None
        self._quit = threading.Event()
        self._thread: threading.Thread | None = None

    def track(self, kind: str, optional: bool) -> FileTrack:
        self.tracks[kind] = FileTrack(kind, self, optional)
        return self.tracks[kind]

    def begin(self) -> None:
        """Start to read."""
        if self._thread is None and not self.over:
            name = "janus-notebook-source-file"
            self._thread = threading.Thread(target=self._read, name=name, daemon=True)
            self._thread.start()

    def position(self) -> float:
        """The seconds of the file that are due now; it starts to play when this is first asked."""
        if self._began is None:
            self._began = time.monotonic()
        return time.monotonic() - self._began

    def left(self) -> None:
        """A track has ended: stop if it was the last."""
        if all(track.readyState != "live" for track in self.tracks.values()):
            self.over = True
            self._quit.set()

    # --- in the thread

    def _read(self) -> None:
        error: JanusError | None = JanusMediaError(f"{self.file.name!r} can be read no further")
        try:
            base, round_ = 0.0, 0
            while not self._quit.is_set():
                end = self._one_round(base, first=round_ == 0)
                if not self.file.loop or end <= base:
                    break
                base, round_ = end, round_ + 1
            error = None
        except JanusError as exc:
            error = exc
        except (av.FFmpegError, OSError, ValueError) as exc:
            error = JanusMediaError(f"{self.file.name!r} can be read no further: {why(exc)}")
            error.__cause__ = exc
        finally:
            self._call(self._finish, error)

    def _finish(self, error: JanusError | None) -> None:
        self.over = True
        for track in self.tracks.values():
            track.finish(error)

    def _one_round(self, base: float, *, first: bool) -> float:
        """Read from the beginning to the end; return where the next round begins."""
        with self.file.open() as container:
            streams = {kind: _stream(container, kind) for kind in self.tracks}
            for kind, stream in streams.items():
                if stream is None and self.tracks[kind].optional:
                    self._call(self.tracks[kind].finish, None)
                elif stream is None and first:
                    raise JanusOptionError(f"{self.file.name!r} has no {kind}", hint=f"Give {kind}=None.")
            start, end = (container.start_time or 0) / av.time_base, base
            sound = av.AudioResampler(
                format="s16", layout="stereo", rate=SOUND_RATE, frame_size=SOUND_SAMPLES
            )
            used = [stream for stream in streams.values() if stream is not None]
            for frame in _frames(container, used):
                if self._quit.is_set():
                    break
                for kind, at, piece in _pieces(frame, sound):
                    due = at if self.file.live else base + max(at - start, 0.0)
                    end = max(end, due + _length(piece, streams[kind]))
                    self._wait_for(due)
                    _place(piece, kind, due)
                    self._call(self.tracks[kind].put, due, piece)
            return end

    def _wait_for(self, due: float) -> None:
        """Do not read far ahead of what is due."""
        while not self.file.live and not self._quit.is_set():
            began = self._began
            ahead = due - (time.monotonic() - began if began is not None else 0.0) - AHEAD_SECONDS
            if ahead <= 0:
                return
            # Before it plays, nobody tells when it begins.
            self._quit.wait(min(ahead, 0.1) if began is not None else 0.01)

    def _call(self, function: Any, *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            self._quit.set()  # the loop is closed


def _stream(container: Any, kind: str) -> Any:
    return next(iter(getattr(container.streams, kind)), None)


def _frames(container: Any, streams: list[Any]) -> Iterator[Any]:
    for packet in container.demux(*streams):
        try:
            yield from packet.decode()
        except av.BlockingIOError:
            time.sleep(0.01)  # a device that has nothing yet


def _pieces(frame: Any, sound: av.AudioResampler) -> Iterator[tuple[str, float, Any]]:
    if isinstance(frame, av.VideoFrame):
        yield "video", frame.time or 0.0, frame
        return
    for piece in sound.resample(frame):
        yield "audio", piece.time or 0.0, piece


def _length(piece: Any, stream: Any) -> float:
    if isinstance(piece, av.AudioFrame):
        return piece.samples / SOUND_RATE
    rate = stream.average_rate
    return float(1 / rate) if rate else 0.04


def _place(piece: Any, kind: str, due: float) -> None:
    """Give it the time at which it is sent, which goes on from round to round."""
    rate = {"video": 90_000, "audio": SOUND_RATE}[kind]
    piece.time_base = Fraction(1, rate)
    piece.pts = round(due * rate)


def why(exc: BaseException) -> str:
    """Return what FFmpeg, or the system, says of an error."""
    return getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
