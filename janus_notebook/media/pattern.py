"""A moving test pattern and a tone, and how to recognise the pattern on the other side.

Geometry, in fractions of the frame's height, at every resolution:

- 0 to `BARS_HEIGHT`: eight vertical bars of equal width, with the colours `BARS`;
- then, down to `STRIP_BOTTOM`: a dark strip in which a white square goes back and forth;
- the rest: the frame counter, `CELLS` black or white cells of equal width. The first is white
  and the second black, for reference; then `COUNTER_BITS` bits, highest first; then the number
  of ones among them modulo 4, as two bits.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media.pacing import Pacer

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BARS", "TestPattern", "Tone", "bar_colours", "bars_match", "read_counter"]

# White, yellow, cyan, green, magenta, red, blue, black: the order of the classic test card, full range RGB.
BARS: tuple[tuple[int, int, int], ...] = (
    (255, 255, 255),
    (255, 255, 0),
    (0, 255, 255),
    (0, 255, 0),
    (255, 0, 255),
    (255, 0, 0),
    (0, 0, 255),
    (0, 0, 0),
)
BARS_HEIGHT = 0.75
STRIP_BOTTOM = 0.875
COUNTER_BITS = 16
CELLS = 2 + COUNTER_BITS + 2
SWEEP_SECS = 4.0  # the square's way there and back
SMALLEST = (160, 120)  # below this a codec smears the counter's cells

VIDEO_CLOCK_RATE = 90_000  # RFC 3551, section 5
TONE_PERIOD_SECS = 0.020
_LUMA_BLACK, _LUMA_STRIP, _LUMA_WHITE = 16, 48, 235  # ITU-R BT.601, studio range


class TestPattern(MediaStreamTrack):
    """A video source for aiortc: colour bars, a moving square, a frame counter.

    The counter is the number of the time slot: at 30 frames a second it grows by 30 each second,
    and a frame that was not sent in time is a gap in it. It wraps after `COUNTER_BITS` bits.

    Args:
        width, height: pixels, even, at least 160 x 120.
        fps: frames a second.

    Raises:
        JanusOptionError: a size or rate that cannot be drawn.
    """

    __test__ = False  # the name starts like a test class of pytest
    kind = "video"

    def __init__(self, width: int = 640, height: int = 480, fps: int = 30) -> None:
        if width < SMALLEST[0] or height < SMALLEST[1] or width % 2 or height % 2:
            raise JanusOptionError(
                f"a test pattern of {width} x {height} pixels cannot be drawn",
                hint=f"Use even numbers from {SMALLEST[0]} x {SMALLEST[1]} up.",
            )
        if not 1 <= fps <= 120:
            raise JanusOptionError(f"fps={fps!r} is not a frame rate", hint="Use 1 to 120 frames a second.")
        super().__init__()
        self.width, self.height, self.fps = width, height, fps
        self._pacer = Pacer(1 / fps)
        self._base: NDArray[np.uint8] | None = None

    def draw(self, counter: int) -> VideoFrame:
        """Return frame number `counter` as planar YUV 4:2:0, the encoders' own format."""
        if self._base is None:
            self._base = _background(self.width, self.height)
        # What moves is grey, so only the luma plane (the first `height` rows) changes.
        picture = self._base.copy()
        top, middle = int(self.height * BARS_HEIGHT), int(self.height * STRIP_BOTTOM)
        side = middle - top
        phase = (counter / self.fps / SWEEP_SECS) % 1.0
        left = int((self.width - side) * (1 - abs(1 - 2 * phase)))
        picture[top:middle, left : left + side] = _LUMA_WHITE
        edges = np.linspace(0, self.width, CELLS + 1).astype(int)
        for cell, bit in enumerate(_cells(counter)):
            if bit:
                picture[middle : self.height, edges[cell] : edges[cell + 1]] = _LUMA_WHITE
        return VideoFrame.from_ndarray(picture, format="yuv420p")

    async def recv(self) -> VideoFrame:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        slot = await self._pacer.next()
        frame = self.draw(slot)
        frame.pts = slot * VIDEO_CLOCK_RATE // self.fps
        frame.time_base = Fraction(1, VIDEO_CLOCK_RATE)
        return frame


class Tone(MediaStreamTrack):
    """An audio source for aiortc: a steady sine, mono, 16 bits, in frames of 20 ms.

    The phase goes on from frame to frame, so that nothing clicks, even after a frame left out.

    Args:
        frequency: hertz, below half the rate.
        rate: samples a second, a multiple of 50.

    Raises:
        JanusOptionError: a frequency or rate that cannot be played.
    """

    kind = "audio"
    amplitude = 0.25  # of full scale: -12 dB, audible and not unpleasant

    def __init__(self, frequency: float = 440.0, rate: int = 48_000) -> None:
        if rate < 8000 or rate % 50:
            raise JanusOptionError(
                f"rate={rate!r} is not a sample rate",
                hint="Use a multiple of 50 from 8000 up, such as 48000.",
            )
        if not 0 < frequency < rate / 2:
            raise JanusOptionError(
                f"a tone of {frequency!r} Hz cannot be played",
                hint=f"Use more than 0 and less than {rate // 2} Hz.",
            )
        super().__init__()
        self.frequency, self.rate = frequency, rate
        self._samples = int(rate * TONE_PERIOD_SECS)
        # A gap in sound is heard at once, and the receiver's buffer takes up 60 ms of lateness.
        self._pacer = Pacer(TONE_PERIOD_SECS, catch_up=3)
        self._turns = 0.0  # the phase, in turns

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        slot = await self._pacer.next()
        step = self.frequency / self.rate
        turns = self._turns + step * np.arange(self._samples)
        self._turns = (self._turns + step * self._samples) % 1.0
        samples = np.round(np.sin(2 * np.pi * turns) * self.amplitude * 32767).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self.rate
        frame.pts = slot * self._samples
        frame.time_base = Fraction(1, self.rate)
        return frame


def bar_colours(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean colour of the middle of each bar: uint8, (8, 3) RGB, left to right.

    Args:
        frame: uint8 (height, width, 3) RGB at any resolution.

    Raises:
        JanusOptionError: `frame` is not such an array.
    """
    height, width = _checked(frame)
    rows = slice(int(height * BARS_HEIGHT * 0.1), int(height * BARS_HEIGHT * 0.9))
    bar = width / len(BARS)
    means = [
        frame[rows, int((i + 0.25) * bar) : int((i + 0.75) * bar)].mean(axis=(0, 1)) for i in range(len(BARS))
    ]
    return np.round(means).astype(np.uint8)


def bars_match(frame: NDArray[np.uint8], tolerance: int = 48) -> bool:
    """Say whether a frame shows the colour bars of the test pattern.

    Args:
        frame: uint8 (height, width, 3) RGB at any resolution.
        tolerance: how far each channel of each bar may be off, of 255; codecs are off by up to 20.

    Raises:
        JanusOptionError: `frame` is not such an array.
    """
    off = np.abs(bar_colours(frame).astype(int) - np.array(BARS, dtype=int))
    return bool(off.max() <= tolerance)


def read_counter(frame: NDArray[np.uint8]) -> int:
    """Return the number that a frame of the test pattern carries.

    Args:
        frame: uint8 (height, width, 3) RGB at any resolution.

    Raises:
        JanusMediaError: there is no readable counter in it.
        JanusOptionError: `frame` is not such an array.
    """
    height, width = _checked(frame)
    top, cell = height * STRIP_BOTTOM, width / CELLS
    rows = slice(int(top + (height - top) * 0.25), int(top + (height - top) * 0.75))
    greys = [float(frame[rows, int((i + 0.25) * cell) : int((i + 0.75) * cell)].mean()) for i in range(CELLS)]
    white, black = greys[:2]
    if white - black < 64:
        raise JanusMediaError("the frame has no counter", hint="Is it a frame of the test pattern?")
    bits = [grey > (white + black) / 2 for grey in greys]
    counter = 0
    for bit in bits[2 : 2 + COUNTER_BITS]:
        counter = counter * 2 + bit
    if _cells(counter) != bits:
        raise JanusMediaError("the frame's counter is damaged", hint="Take another frame.")
    return counter


def _cells(counter: int) -> list[bool]:
    """Return what each cell shows: True is white."""
    bits = [bool(counter >> i & 1) for i in reversed(range(COUNTER_BITS))]
    check = sum(bits) % 4
    return [True, False, *bits, check >= 2, check % 2 == 1]


def _background(width: int, height: int) -> NDArray[np.uint8]:
    """Return the parts that never move, as the (height * 3 / 2, width) array of planar YUV 4:2:0."""
    picture = np.zeros((height, width, 3), np.uint8)
    top, middle = int(height * BARS_HEIGHT), int(height * STRIP_BOTTOM)
    edges = np.linspace(0, width, len(BARS) + 1).astype(int)
    for i, colour in enumerate(BARS):
        picture[:top, edges[i] : edges[i + 1]] = colour
    planes = np.asarray(
        VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p").to_ndarray(), np.uint8
    )
    planes[top:middle] = _LUMA_STRIP
    planes[middle:height] = _LUMA_BLACK
    return planes


def _checked(frame: Any) -> tuple[int, int]:
    """Return height and width of a picture that is large enough to look at."""
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        got = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
        raise JanusOptionError(f"a uint8 (height, width, 3) array is expected, not {got}")
    height, width = frame.shape[:2]
    if height < 32 or width < 2 * CELLS:
        raise JanusOptionError(f"a frame of {width} x {height} pixels is too small to recognise the pattern")
    return height, width
