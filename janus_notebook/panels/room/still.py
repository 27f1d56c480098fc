"""Small pictures of received video, for a page: a JPEG each, once a second at most."""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["still"]

WIDTH: Final = 240
"""Of the picture, in pixels; what is smaller stays as it is."""


def still(frame: NDArray[Any]) -> str:
    """A frame, uint8 (height, width, 3), as a small picture: the URL of an ``img``, about 8 kB long."""
    import av

    height, width = frame.shape[:2]
    scale = min(1.0, WIDTH / width)
    # Even numbers: colours have half the resolution.
    small = {"width": max(2, round(width * scale / 2) * 2), "height": max(2, round(height * scale / 2) * 2)}
    picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuvj420p", **small)
    picture.pts = 0
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = small["width"], small["height"]
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 1)  # a single picture has no rate, but the codec asks for one
    data = b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
