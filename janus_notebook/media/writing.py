"""Writing pictures and sound to a file, each at its time; all of it blocks, and belongs in a thread."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import numpy as np
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media.frames import converted, samples

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SUFFIXES", "Writer", "checked_path"]

VIDEO_RATE = 90_000
# What a track may begin later than the others and still be in the file, whose header lists all tracks.
WAIT_SECONDS = 2.0
HOLE_SECONDS = 0.02  # of sound; smaller ones are rounding
BLACK = (16, 128, 128)  # in YUV


class Form(NamedTuple):
    """How a kind of file is written."""

    format: str
    video: tuple[str, dict[str, str]] | None
    audio: str
    options: dict[str, str]


H264 = ("libx264", {"preset": "superfast", "crf": "23", "tune": "zerolatency"})
VP8 = ("libvpx", {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "2000000"})
SUFFIXES = {
    # Readable up to its last second even if the process is killed: FFmpeg writes it in fragments, and turns
    # it into an ordinary file at the end.
    ".mp4": Form("mp4", H264, "aac", {"movflags": "+hybrid_fragmented"}),
    ".mkv": Form("matroska", H264, "libopus", {}),
    ".webm": Form("webm", VP8, "libopus", {}),
    ".wav": Form("wav", None, "pcm_s16le", {}),
}
# What the encoder of sound takes.
SAMPLE_RATES = {"libopus": 48_000}
# Of a picture a second, if a keyframe is to be there for whoever seeks, or for a fragment that ends.
KEYFRAME_EVERY = 60


def checked_path(path: object, kinds: Iterable[str], *, overwrite: bool) -> Path:
    """Return where to write, having made an empty file there.

    Raises:
        JanusOptionError: an unknown suffix, one that holds nothing of `kinds`, no such folder, or there is
            such a file and `overwrite` is False.
    """
    if not isinstance(path, (str, Path)):
        raise JanusOptionError(f"a path is a text, not {type(path).__name__}", hint='Give "call.mp4".')
    where = Path(path).expanduser()
    suffix = where.suffix.lower()
    if suffix not in SUFFIXES:
        raise JanusOptionError(
            f"{str(where)!r} has no suffix of a recording", hint=f"Known: {', '.join(SUFFIXES)}."
        )
    if SUFFIXES[suffix].video is None and "audio" not in kinds:
        raise JanusOptionError(f"a {suffix} file holds sound only, and no audio is received")
    try:
        with where.open("wb" if overwrite else "xb"):
            pass
    except FileExistsError:
        raise JanusOptionError(
            f"{str(where)!r} exists", hint="Give another name, or overwrite=True."
        ) from None
    except OSError as exc:
        raise JanusOptionError(f"{str(where)!r} cannot be written: {exc.strerror}") from exc
    return where


class Writer:
    """One file, and one encoder for each track.

    Args:
        path: an existing, empty file with one of `SUFFIXES`.
        tracks: the kind of each track.

    Attributes:
        seconds: how long what is written plays.
        bytes: its size, roughly.
        left_out: the tracks that began too late to be in it.
    """

    def __init__(self, path: Path, tracks: dict[str, str]) -> None:
        self._form = SUFFIXES[path.suffix.lower()]
        self._expected = {name for name, kind in tracks.items() if kind == "audio" or self._form.video}
        self._path = path
        self.seconds = 0.0
        self.bytes = 0
        self.left_out: set[str] = set()
        options = {"flush_packets": "1", **self._form.options}  # or what is written stays in a buffer
        self._container: Any = av.open(str(path), "w", format=self._form.format, options=options)
        self._streams: dict[str, Any] = {}
        self._written: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._held: list[Any] | None = []

    def write(self, name: str, frame: VideoFrame | AudioFrame, at: float) -> bool:
        """Take a frame, `at` seconds from the beginning. Return whether it is in the file."""
        if name not in self._expected or name in self.left_out:
            return False
        if self._held is None and name not in self._streams:
            self.left_out.add(name)
            return False
        if isinstance(frame, VideoFrame):
            done = self._picture(name, frame, at)
        else:
            done = self._sound(name, frame, at)
        if self._held is not None and (set(self._streams) == self._expected or at > WAIT_SECONDS):
            self._begin()
        return done

    def close(self) -> None:
        """Write the end. A file that holds nothing is removed."""
        try:
            if self._streams:
                for stream in self._streams.values():
                    self._mux(stream.encode(None))
                self._begin()
        finally:
            self._container.close()
        if self._streams:
            self.bytes = self._path.stat().st_size
        else:
            self._path.unlink(missing_ok=True)

    def _picture(self, name: str, frame: VideoFrame, at: float) -> bool:
        stream = self._streams.get(name)
        if stream is None:
            assert self._form.video is not None
            codec, options = self._form.video
            stream = self._streams[name] = self._container.add_stream(codec, rate=30, options=options)
            stream.width, stream.height = frame.width // 2 * 2, frame.height // 2 * 2
            stream.pix_fmt = "yuv420p"
            stream.codec_context.gop_size = KEYFRAME_EVERY
            stream.codec_context.time_base = Fraction(1, VIDEO_RATE)
        place = round(at * VIDEO_RATE)
        if place <= self._last.get(name, -1):
            return False
        self._last[name] = place
        picture = fitted(frame, stream.width, stream.height)
        picture.pts, picture.time_base = place, Fraction(1, VIDEO_RATE)
        self._mux(stream.encode(picture))
        self.seconds = max(self.seconds, at)
        return True

    def _sound(self, name: str, frame: AudioFrame, at: float) -> bool:
        data = samples(frame)
        stream = self._streams.get(name)
        if stream is None:
            rate = SAMPLE_RATES.get(self._form.audio, frame.sample_rate)
            stream = self._streams[name] = self._container.add_stream(self._form.audio, rate=rate)
            stream.layout = "stereo" if data.shape[1] == 2 else "mono"
            self._written[name] = 0
        missing = round(at * frame.sample_rate) - self._written[name]
        if missing < -5 * HOLE_SECONDS * frame.sample_rate:
            return False  # it claims to be of a time that is in the file already
        while missing > HOLE_SECONDS * frame.sample_rate:
            silence = np.zeros((min(missing, frame.sample_rate), data.shape[1]), np.float32)
            self._encode_sound(name, silence, frame.sample_rate)
            missing -= len(silence)
        self._encode_sound(name, data, frame.sample_rate)
        self.seconds = max(self.seconds, self._written[name] / frame.sample_rate)
        return True

    def _encode_sound(self, name: str, data: np.ndarray[Any, Any], rate: int) -> None:
        planes = np.ascontiguousarray(data.T, np.float32)
        piece = AudioFrame.from_ndarray(
            planes, format="fltp", layout="stereo" if len(planes) == 2 else "mono"
        )
        piece.sample_rate, piece.pts, piece.time_base = rate, self._written[name], Fraction(1, rate)
        self._written[name] += len(data)
        self._mux(self._streams[name].encode(piece))

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            if packet.stream.type == "video" and not packet.duration:
                packet.duration = round(1 / 30 / packet.time_base)
            self.bytes += packet.size
            if self._held is not None:
                self._held.append(packet)  # the header comes first, and has to list every track
            else:
                self._container.mux(packet)

    def _begin(self) -> None:
        held, self._held = self._held, None
        for packet in held or ():
            self._container.mux(packet)


def fitted(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """Return a new picture of this size: the old one, as large as it fits, on black."""
    scale = min(width / frame.width, height / frame.height)
    inner = (
        max(2, round(frame.width * scale) // 2 * 2),
        max(2, round(frame.height * scale) // 2 * 2),
    )
    # A new one in any case: others hold the decoded picture, and the encoder marks its own.
    planes = converted(frame, width=inner[0], height=inner[1], format="yuv420p").to_ndarray()
    if inner != (width, height):
        planes = _on_black(planes, inner, width, height)
    return VideoFrame.from_ndarray(planes, format="yuv420p")


def _on_black(
    planes: np.ndarray[Any, Any], inner: tuple[int, int], width: int, height: int
) -> np.ndarray[Any, Any]:
    parts = []
    start = 0
    for level, half in zip(BLACK, (1, 2, 2), strict=True):
        w, h = inner[0] // half, inner[1] // half
        flat = planes.reshape(-1)[start : start + w * h].reshape(h, w)
        start += w * h
        plane = np.full((height // half, width // half), level, np.uint8)
        top, left = (plane.shape[0] - h) // 2, (plane.shape[1] - w) // 2
        plane[top : top + h, left : left + w] = flat
        parts.append(plane.reshape(-1))
    return np.concatenate(parts).reshape(height * 3 // 2, width)


def failure(path: Path, exc: BaseException) -> JanusMediaError:
    """Return the error of a file that could not be written."""
    why = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
    error = JanusMediaError(f"{str(path)!r} could not be written any further: {why}")
    error.__cause__ = exc
    return error
