"""What a received track gives: pictures and pieces of sound as numpy, with their times."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from av.video.reformatter import VideoReformatter

from janus_notebook.media.picture import png

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from numpy.typing import NDArray

__all__ = ["FORMATS", "Chunk", "Frame", "converted", "pixels", "samples"]

FORMATS = ("rgb24", "bgr24", "gray", "rgba", "yuv420p")

# A class of its own, and no subclass of ndarray: what numpy derives from such a subclass (a slice, a sum)
# would carry along, or lose, the times of a frame that it no longer is. Numpy takes either as an array.


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Frame:
    """One received picture. Numpy takes it as an array: ``np.mean(frame)``, ``frame[..., 0]``.

    Attributes:
        data: uint8; for ``rgb24`` and ``bgr24`` (height, width, 3), ``rgba`` (height, width, 4), ``gray``
            (height, width), ``yuv420p`` (height * 3 / 2, width). It is yours: nothing else holds it.
        format: the order of its numbers, one of `FORMATS`.
        time: when it was made, in seconds on the sender's clock; 0.0 is the track's first frame.
        received_at: when it was decoded here, POSIX seconds.
        number: its number among the frames of the track, from 1 on; a gap is frames that were passed over.
    """

    data: NDArray[np.uint8]
    format: str
    time: float
    received_at: float
    number: int

    @property
    def age(self) -> float:
        """Seconds since it was decoded."""
        return time.time() - self.received_at

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `data`."""
        return self.data.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"<Frame {self.number}: {' x '.join(map(str, self.shape))} {self.format} at {self.time:.3f} s>"

    def _repr_png_(self) -> bytes | None:
        """How IPython shows it in a cell."""
        return png(self.data) if self.format == "rgb24" else None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Chunk:
    """A piece of received sound. Numpy takes it as an array.

    Attributes:
        data: float32 (samples, channels), from -1 to 1.
        sample_rate: samples a second.
        time: when it begins, in seconds on the sender's clock; 0.0 is the track's first sample.
        received_at: when its end was decoded here, POSIX seconds.
        gap: seconds of sound before it that are not in the chunks, as the sender paused, or nobody took
            them in time. Short losses are filled with silence, and are no gap.
    """

    data: NDArray[np.float32]
    sample_rate: int
    time: float
    received_at: float
    gap: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.data) / self.sample_rate

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.data.shape))
        gap = f", {self.gap:.3f} s missing before it" if self.gap else ""
        return f"<Chunk {shape} samples, {self.sample_rate} Hz, at {self.time:.3f} s{gap}>"


def converted(frame: VideoFrame, **changes: Any) -> VideoFrame:
    """Return the frame in another format or size, by a converter of its own.

    A frame's own methods share one converter, which frees what another thread still uses: a view, a recording
    and a reader of the same track would end the process.
    """
    return VideoReformatter().reformat(frame, **changes)


def pixels(frame: VideoFrame, format: str = "rgb24") -> NDArray[np.uint8]:
    """Return a decoded picture as numpy; see `Frame.data`."""
    return np.asarray(converted(frame, format=format).to_ndarray(), np.uint8)


def samples(frame: AudioFrame) -> NDArray[np.float32]:
    """Return float32 (samples, channels) of a frame in a signed or floating sample format."""
    channels = len(frame.layout.channels)
    raw: NDArray[Any] = frame.to_ndarray()
    # Packed formats come as (1, samples * channels), planar ones as (channels, samples).
    rows = raw.T if frame.format.is_planar else raw.reshape(-1, channels)
    full_scale = float(-np.iinfo(rows.dtype).min) if rows.dtype.kind == "i" else 1.0
    return np.asarray(rows / full_scale, np.float32)
