"""What may be given to send, and the track that aiortc reads it from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from janus_notebook.errors import JanusError, JanusMediaError, JanusOptionError
from janus_notebook.media.pacing import Pacer
from janus_notebook.media.pattern import VIDEO_CLOCK_RATE, TestPattern, Tone

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArraySource", "source_track"]

ACCEPTED = {
    "video": (
        "'pattern' for a moving test pattern; a function or iterator that gives numpy frames "
        "(uint8, height x width x 3, RGB); an aiortc track of video; None for no video"
    ),
    "audio": "'tone' for a 440 Hz tone; an aiortc track of audio; None for no audio",
}


class ArraySource(MediaStreamTrack):
    """A video source for aiortc that takes its pictures from numpy.

    The function or iterator is called in a worker thread, once for each frame that is due, so it
    may take its time without holding up the session. The source ends when the iterator does, or
    at the first error, which it keeps in `error`.

    Args:
        pictures: a function of no arguments, or an iterator, or a function that returns an iterator
            (a generator function); each picture is a uint8 (height, width, 3) RGB array with
            even height and width. None instead of a picture ends the source.
        fps: frames a second, at most.

    Attributes:
        error: `JanusOptionError` for a wrong picture; `JanusMediaError`, with the cause, if the
            function or iterator raised; None if it did not fail.
    """

    kind = "video"

    def __init__(
        self,
        pictures: Callable[[], NDArray[np.uint8] | Iterator[NDArray[np.uint8]]] | Iterator[NDArray[np.uint8]],
        fps: int = 30,
    ) -> None:
        super().__init__()
        self.fps = fps
        self.error: JanusError | None = None
        self._pictures: Any = pictures
        self._pacer = Pacer(1 / fps)
        self._first: VideoFrame | None = None

    async def prepare(self) -> None:
        """Make the first picture now; `recv` gives it when it is due.

        A call that is cancelled leaves its thread to come to its own end.

        Raises:
            JanusOptionError: the first picture is wrong, or there is none.
            JanusMediaError: the function or iterator raised, as the error's cause tells.
        """
        if self._first is None:
            self._first = await self._made()
            if self._first is None:
                self.stop()
                raise JanusOptionError(
                    "the video source gives no picture",
                    hint="Does the function return one? An iterator that was used up has no more.",
                )

    async def recv(self) -> VideoFrame:
        """Return the next picture when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        slot = await self._pacer.next()
        frame, self._first = self._first, None
        if frame is None:
            try:
                frame = await self._made()
            except JanusError as exc:
                raise MediaStreamError(str(exc)) from exc
        if frame is None:
            self.stop()
            raise MediaStreamError("the picture source ended")
        frame.pts = slot * VIDEO_CLOCK_RATE // self.fps
        frame.time_base = Fraction(1, VIDEO_CLOCK_RATE)
        return frame

    async def _made(self) -> VideoFrame | None:
        """Return the next picture; None is the end. At an error, the source has ended."""
        try:
            return await asyncio.to_thread(self._frame)
        except JanusError as exc:
            self.error = exc
            self.stop()
            raise

    def _next(self) -> Any:
        """Return what the function or iterator gives."""
        if isinstance(self._pictures, Iterator):
            return next(self._pictures, None)
        picture = self._pictures()
        if isinstance(picture, Iterator):
            self._pictures = picture
            return next(picture, None)
        return picture

    def _frame(self) -> VideoFrame | None:
        try:
            picture = self._next()
        except StopIteration:  # from a function that calls next(); a future could not carry it
            return None
        except Exception as exc:
            reason = f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
            raise JanusMediaError(f"the video source raised {reason}") from exc
        if picture is None:
            return None
        shape: Any = getattr(picture, "shape", ())
        if (
            getattr(picture, "dtype", None) != np.uint8
            or len(shape) != 3
            or shape[2] != 3
            or 0 in shape
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
