"""Frames as JPEG, by PyAV's own encoder: about 4 ms of a core for 640x480, half of what Pillow takes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from av import CodecContext, VideoFrame

from janus_notebook.media.frames import converted

__all__ = ["Jpeg", "fitted"]

LARGEST_WIDTH: Final = 1280
"""What is wider is made smaller where nothing else is asked for: a page has rarely more room."""
FULL_RANGE: Final = "yuvj420p"
TICK: Final = Fraction(1, 30)


class Jpeg:
    """Makes pictures of one quality, of any size; used by one thread.

    Args:
        quality: 1 (worst) to 100, as other JPEG libraries count.
    """

    def __init__(self, quality: int) -> None:
        scale = 50 / quality if quality < 50 else (100 - quality) / 50  # of the standard's own tables
        self._step = str(min(max(round(1 + 6 * scale), 2), 31))  # the encoder's, which does about the same
        self._encoder: Any = None
        self._count = 0

    def __call__(self, frame: VideoFrame) -> bytes:
        """Return the frame as a JPEG file."""
        picture = converted(frame, format=FULL_RANGE)
        if picture is frame:  # the encoder writes its own times into what it is given
            picture = VideoFrame.from_ndarray(frame.to_ndarray(), format=FULL_RANGE)
        picture.pts, picture.time_base = self._count, TICK  # the encoder wants them to grow
        self._count += 1
        return b"".join(bytes(packet) for packet in self._for(picture).encode(picture))

    def _for(self, picture: VideoFrame) -> Any:
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (picture.width, picture.height):
            encoder = self._encoder = CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height = picture.width, picture.height
            encoder.pix_fmt = FULL_RANGE
            encoder.time_base = TICK
            encoder.thread_count = 1  # with more, a picture comes out only when the next goes in
            encoder.options = {"qmin": self._step, "qmax": self._step}
        return encoder


def fitted(frame: VideoFrame, width: int | None) -> VideoFrame:
    """Return the frame at most so wide, its shape kept; the frame itself if it is."""
    limit = LARGEST_WIDTH if width is None else width
    if frame.width <= limit:
        return frame
    height = max(2, round(frame.height * limit / frame.width / 2) * 2)
    return converted(frame, width=limit, height=height)
