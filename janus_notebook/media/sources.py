"""What may be given to send, and the track that aiortc reads it from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from janus_notebook.errors import JanusOptionError
from janus_notebook.media.pacing import Pacer
from janus_notebook.media.pattern import VIDEO_CLOCK_RATE, TestPattern, Tone

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArraySource", "source_track"]

ACCEPTED = {
    "video": (
        "True or 'pattern' for the test pattern, an aiortc MediaStreamTrack of video, "
        "a function that returns uint8 (height, width, 3) arrays, or an iterator of them"
    ),
    "audio": "True or 'tone' for a 440 Hz tone, or an aiortc MediaStreamTrack of audio",
}


class ArraySource(MediaStreamTrack):
    """A video source for aiortc that takes its pictures from numpy.

    The function or iterator is called in a worker thread, once for each frame that is due, so it
    may take its time without holding up the session. The source ends when the iterator does, or
    at the first error, which it keeps in `error`.

    Args:
        pictures: a function of no arguments, or an iterator; each picture is a uint8
            (height, width, 3) RGB array with even height and width.
        fps: frames a second, at most.
    """

    kind = "video"

    def __init__(
        self, pictures: Callable[[], NDArray[np.uint8]] | Iterator[NDArray[np.uint8]], fps: int = 30
    ) -> None:
        super().__init__()
        self.fps = fps
        self.error: Exception | None = None
        self._pictures = pictures
        self._pacer = Pacer(1 / fps)

    async def recv(self) -> VideoFrame:
        """Return the next picture when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        slot = await self._pacer.next()
        try:
            frame = await asyncio.to_thread(self._frame)
        except Exception as exc:
            self.error = exc
            self.stop()
            raise MediaStreamError(f"the picture source failed: {exc!r}") from exc
        if frame is None:
            self.stop()
            raise MediaStreamError("the picture source ended")
        frame.pts = slot * VIDEO_CLOCK_RATE // self.fps
        frame.time_base = Fraction(1, VIDEO_CLOCK_RATE)
        return frame

    def _frame(self) -> VideoFrame | None:
        picture: Any = (
            next(self._pictures, None) if isinstance(self._pictures, Iterator) else self._pictures()
        )
        if picture is None:
            return None
        shape: Any = getattr(picture, "shape", ())
        if (
            getattr(picture, "dtype", None) != np.uint8
            or len(shape) != 3
            or shape[2] != 3
            or shape[0] % 2
            or shape[1] % 2
        ):
            got = f"{picture.dtype} {shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
            raise JanusOptionError(
                f"a picture must be a uint8 (height, width, 3) array with even height and width, not {got}"
            )
        return VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")


def source_track(kind: str, source: object) -> tuple[MediaStreamTrack, bool]:
    """Return the track to send, and whether it was made here (then whoever asked must stop it).

    Args:
        kind: ``"audio"`` or ``"video"``.
        source: see `ACCEPTED`.

    Raises:
        JanusOptionError: `source` cannot be sent as `kind`.
    """
    if isinstance(source, MediaStreamTrack):
        if source.kind == kind and source.readyState == "live":
            return source, False
        what = "has ended" if source.kind == kind else f"is a track of {source.kind}"
        raise JanusOptionError(f"{kind}={source!r} {what}", hint=f"Accepted: {ACCEPTED[kind]}")
    if kind == "video" and (source is True or (isinstance(source, str) and source == "pattern")):
        return TestPattern(), True
    if kind == "audio" and (source is True or (isinstance(source, str) and source == "tone")):
        return Tone(), True
    if kind == "video" and (callable(source) or isinstance(source, Iterator)):
        return ArraySource(source), True
    shown = repr(source) if isinstance(source, (str, int, float)) else type(source).__name__
    raise JanusOptionError(f"{kind}={shown} cannot be sent", hint=f"Accepted: {ACCEPTED[kind]}")
