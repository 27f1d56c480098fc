"""A frame as a PNG file, for showing it in a cell or saving it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from janus_notebook.errors import JanusOptionError

__all__ = ["png"]


def png(frame: NDArray[Any]) -> bytes:
    """Return `frame` as the bytes of a PNG file: ``IPython.display.Image(png(frame))`` shows it.

    Args:
        frame: uint8 (height, width, 3) RGB, as a video track's ``snapshot()`` gives it.

    Raises:
        JanusOptionError: it has another shape or type.
    """
    shape, dtype = getattr(frame, "shape", None), getattr(frame, "dtype", None)
    if dtype != np.uint8 or shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise JanusOptionError(
            f"a picture is uint8 (height, width, 3), not {dtype} {shape}",
            hint="snapshot() of a video track gives one.",
        )
    encoder: Any = av.CodecContext.create("png", "w")
    encoder.height, encoder.width = shape[:2]
    encoder.pix_fmt = "rgb24"
    encoder.time_base = Fraction(1, 1)  # a single picture has no rate, but the codec asks for one
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
