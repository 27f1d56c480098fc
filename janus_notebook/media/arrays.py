"""Sources that take their pictures and sound from numpy."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusError, JanusOptionError
from janus_notebook.media.frames import Frame
from janus_notebook.media.pacing import Pacer
from janus_notebook.media.pattern import VIDEO_CLOCK_RATE
from janus_notebook.media.producer import END, Producer

__all__ = ["ArraySource", "SoundSource", "Source"]

STILL_FPS = 15  # enough for whoever comes later, and costs next to nothing
SOUND_SLOTS = 50  # a second
SLOWEST, FASTEST = 4000, 384_000
FULL_SCALE = 32767


class Source(MediaStreamTrack):
    """A source of ours: it can be made ready before it is sent, and tells why it ended.

    Attributes:
        error: why it failed; None if it did not.
    """

    error: JanusError | None = None

    async def prepare(self) -> None:
        """Have the first frame ready, so that what is wrong is an error at once."""

    def fail(self, error: JanusError) -> None:
        """End it, with a reason."""
        if self.error is None:
            self.error = error
        self.stop()


class _Produced(Source):
    """A source whose frames a `Producer` gives."""

    def __init__(self, given: Any) -> None:
        super().__init__()
        self._producer = Producer(given, self.kind)
        self._first: Any = None

    async def prepare(self) -> None:
        """Make the first picture or piece now; `recv` gives it when it is due.

        A call that is cancelled leaves its thread to come to its own end.

        Raises:
            JanusOptionError: the first one is wrong, or there is none.
            JanusMediaError: the function or iterator raised, as the error's cause tells.
        """
        if self._first is None:
            first = await self._made()
            if first is END:
                self.stop()
                noun = {"video": "picture", "audio": "sound"}[self.kind]
                raise JanusOptionError(
                    f"the {self.kind} source gives no {noun}",
                    hint="Does the function return one? An iterator that was used up has no more.",
                )
            self._first = first

    async def _made(self) -> Any:
        """Return the next one, or `END`. At an error, the source has ended."""
        first, self._first = self._first, None
        if first is not None:
            return first
        if self.readyState != "live":  # stopped while the next one was not due yet
            return END
        try:
            return await self._producer.next(self._converted)
        except JanusError as exc:
            self.fail(exc)
            raise

    async def _due(self) -> Any:
        """Return the next one for `recv`."""
        try:
            made = await self._made()
        except JanusError as exc:
            raise MediaStreamError(str(exc)) from exc
        if made is END:
            self.stop()
            raise MediaStreamError(f"the {self.kind} source ended")
        return made

    def _converted(self, value: Any) -> Any:
        raise NotImplementedError

    def stop(self) -> None:
        """End it. Idempotent."""
        super().stop()
        self._producer.close()


class ArraySource(_Produced):
    """A video source for aiortc that takes its pictures from numpy.

    A function or iterator is called in a worker thread, once for each frame that is due, so it
    may take its time without holding up the session. The source ends when the iterator does, or
    at the first error, which it keeps in `error`. The pictures may change their size.

    Args:
        pictures: a function of no arguments, or an iterator, or a function that returns an iterator
            (a generator function), each of them async or not; or one picture, which is sent again and
            again. A picture is a uint8 (height, width, 3) RGB array with even height and width, or a
            `Frame` of a received track. None instead of a picture ends the source.
        fps: frames a second, at most; None means 30, and 15 for one picture.

    Attributes:
        error: `JanusOptionError` for a wrong picture; `JanusMediaError`, with the cause, if the
            function or iterator raised; None if it did not fail.
    """

    kind = "video"

    def __init__(
        self,
        pictures: Callable[[], Any] | Iterator[Any] | AsyncIterator[Any] | np.ndarray[Any, Any],
        fps: float | None = None,
    ) -> None:
        if fps is not None and not 0 < fps <= 120:
            raise JanusOptionError(f"fps={fps!r} is not a frame rate", hint="Use up to 120 frames a second.")
        still = isinstance(pictures, np.ndarray)
        # Converted once to the encoders' own format; a frame of its own for each time it is sent, as aiortc
        # marks the frame itself when a keyframe is asked for.
        given = itertools.repeat(_planes(pictures)) if isinstance(pictures, np.ndarray) else pictures
        super().__init__(given)
        self.fps = fps or (STILL_FPS if still else 30)
        self._format = "yuv420p" if still else "rgb24"
        self._pacer = Pacer(1 / self.fps)

    async def recv(self) -> VideoFrame:
        """Return the next picture when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        slot = await self._pacer.next()
        frame: VideoFrame = await self._due()
        frame.pts = round(slot * VIDEO_CLOCK_RATE / self.fps)
        frame.time_base = Fraction(1, VIDEO_CLOCK_RATE)
        return frame

    def _converted(self, value: Any) -> VideoFrame:
        if self._format == "rgb24":
            value = _checked(value.data if isinstance(value, Frame) else value)
        return VideoFrame.from_ndarray(value, format=self._format)


class SoundSource(_Produced):
    """An audio source for aiortc that takes its sound from numpy.

    A function or iterator is called in a worker thread whenever more sound is needed. The source ends when
    the iterator does, or at the first error, which it keeps in `error`.

    Args:
        pieces: a function of no arguments, or an iterator, or a generator function, each of them async or
            not; or one array, which is played once. A piece is int16, or float from -1 to 1, of any length:
            (samples,), (samples, 1) or (samples, 2); or a `Chunk` of a received track, whose
            ``sample_rate`` then counts. None instead of a piece ends the source.
        sample_rate: samples a second.
        loop: play one array again and again.

    Attributes:
        error: as in `ArraySource`.
    """

    kind = "audio"

    def __init__(
        self,
        pieces: Callable[[], Any] | Iterator[Any] | AsyncIterator[Any] | np.ndarray[Any, Any],
        sample_rate: int = 48_000,
        *,
        loop: bool = False,
    ) -> None:
        _check_rate(sample_rate)
        given: Any = pieces
        if isinstance(pieces, np.ndarray):
            given = itertools.repeat(pieces) if loop else iter([pieces])
        elif loop:
            raise JanusOptionError("loop=True is for one array", hint="Let the function give sound for ever.")
        super().__init__(given)
        self.sample_rate = sample_rate
        # A gap in sound is heard at once, and the receiver's buffer takes up 60 ms of lateness.
        self._pacer = Pacer(1 / SOUND_SLOTS, catch_up=3)
        self._left: np.ndarray[Any, np.dtype[np.int16]] | None = None
        self._ended = False

    async def prepare(self) -> None:
        """Get the first piece now. See `ArraySource.prepare`."""
        if self._left is None:
            await super().prepare()
            self._left, self._first = self._first, None

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        slot = await self._pacer.next()
        left = self._left
        # The first piece tells the rate, and so how much is needed.
        while left is None or len(left) < self._needed(slot):
            piece = END if self._ended else await self._next_piece(left)
            if piece is END:
                if left is None or not len(left):
                    self.stop()
                    raise MediaStreamError("the audio source ended")
                missing = self._needed(slot) - len(left)
                left = np.concatenate([left, np.zeros((missing, left.shape[1]), np.int16)])
                break
            left = piece if left is None else np.concatenate([left, piece])
            self._left = left  # nothing is lost if this call is cancelled
        begin = slot * self.sample_rate // SOUND_SLOTS
        now, self._left = left[: self._needed(slot)], left[self._needed(slot) :]
        layout = "mono" if now.shape[1] == 1 else "stereo"
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(now).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = self.sample_rate, begin, Fraction(1, self.sample_rate)
        return frame

    def _needed(self, slot: int) -> int:
        """How many samples the slot takes, where the rate is no multiple of the slots."""
        return (slot + 1) * self.sample_rate // SOUND_SLOTS - slot * self.sample_rate // SOUND_SLOTS

    async def _next_piece(self, left: np.ndarray[Any, np.dtype[np.int16]] | None) -> Any:
        if left is None:
            return await self._due()
        try:
            piece = await self._made()
        except JanusError as exc:
            raise MediaStreamError(str(exc)) from exc
        if piece is END:
            self._ended = True
        elif piece.shape[1] != left.shape[1]:
            error = JanusOptionError(
                f"the sound changed from {left.shape[1]} to {piece.shape[1]} channels in the middle"
            )
            self.fail(error)
            raise MediaStreamError(str(error))
        return piece

    def _converted(self, value: Any) -> np.ndarray[Any, np.dtype[np.int16]]:
        rate = getattr(value, "sample_rate", None)
        if rate is not None and rate != self.sample_rate:
            _check_rate(rate)
            if self._left is not None:
                raise JanusOptionError(
                    f"the sound changed from {self.sample_rate} to {rate} samples a second in the middle"
                )
            self.sample_rate = rate
        return _sound(value.data if rate is not None else value)


def _check_rate(rate: object) -> None:
    if not isinstance(rate, int) or not SLOWEST <= rate <= FASTEST:
        raise JanusOptionError(
            f"sample_rate={rate!r} is not a sample rate", hint="Use samples a second, such as 48000 or 16000."
        )


def _checked(picture: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    shape: Any = getattr(picture, "shape", ())
    if (
        getattr(picture, "dtype", None) != np.uint8
        or len(shape) != 3
        or shape[2] != 3
        or 0 in shape
        or shape[0] % 2
        or shape[1] % 2
    ):
        raise JanusOptionError(
            "a picture must be a uint8 (height, width, 3) array with even height and width, "
            f"not {_shown(picture)}"
        )
    return np.ascontiguousarray(picture)


def _planes(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    frame = VideoFrame.from_ndarray(_checked(picture), format="rgb24")
    return frame.reformat(format="yuv420p").to_ndarray()


def _sound(piece: Any) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return int16 (samples, channels)."""
    shape: Any = getattr(piece, "shape", ())
    dtype = getattr(piece, "dtype", None)
    flat = len(shape) == 1
    if dtype is None or not (flat or (len(shape) == 2 and shape[1] in (1, 2))) or 0 in shape:
        raise _not_sound(piece)
    array = np.asarray(piece).reshape(-1, 1) if flat else np.asarray(piece)
    if array.dtype == np.int16:
        return np.asarray(array, np.int16)
    if array.dtype.kind != "f":
        raise _not_sound(piece)
    # What is not a number would be a loud crack.
    return np.asarray(np.round(np.clip(np.nan_to_num(array), -1, 1) * FULL_SCALE), np.int16)


def _not_sound(piece: Any) -> JanusOptionError:
    return JanusOptionError(
        "sound must be int16, or float from -1 to 1, (samples,), (samples, 1) or (samples, 2), "
        f"not {_shown(piece)}"
    )


def _shown(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
