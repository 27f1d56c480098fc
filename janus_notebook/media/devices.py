"""The camera and the microphone of the machine where the kernel runs, as sources."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media.files import MediaFile

__all__ = ["Camera", "Microphone"]

# FFmpeg's input device by system, for each kind; elsewhere as on Linux.
INPUTS = {
    "darwin": {"video": "avfoundation", "audio": "avfoundation"},
    "win32": {"video": "dshow", "audio": "dshow"},
    "linux": {"video": "v4l2", "audio": "alsa"},
}
# FFmpeg has renamed some.
ALSO = {"v4l2": "video4linux2,v4l2"}
HERE = "It is the machine where the kernel runs that is asked; handle.camera() uses the browser's."


class _Device(MediaFile):
    kind = ""
    noun = ""

    def __init__(
        self, device: int | str | None, *, options: dict[str, str], format: str | None, timeout: float
    ) -> None:
        self.device = device
        self.input = format or INPUTS.get(sys.platform, INPUTS["linux"])[self.kind]
        super().__init__(self._url(), format=self.input, options=options, live=True, timeout=timeout)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.device!r})"

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"{self.noun} {self.url}"

    def check(self) -> None:
        """Say what is wrong before FFmpeg does.

        Raises:
            JanusMediaError: there is no such device, or this FFmpeg cannot open any.
        """
        if self.url.startswith("/dev/") and not Path(self.url).exists():
            there = sorted(str(path) for path in Path("/dev").glob("video[0-9]*"))
            raise JanusMediaError(
                f"there is no {self.noun} {self.url} on the kernel's machine"
                + (f" (there is {', '.join(there)})" if there else ""),
                hint=HERE,
            )
        known = av.formats_available
        if self.input not in known and ALSO.get(self.input) not in known:
            raise JanusMediaError(
                f"this PyAV was built without {self.input}, so it cannot open a {self.noun}",
                hint="pip install --no-binary av av builds it with the FFmpeg of this machine; "
                "or give a function that takes pictures with OpenCV; "
                "or use handle.camera(), the browser's camera.",
            )

    def _hint(self) -> str:
        return HERE

    def _url(self) -> str:
        raise NotImplementedError


class Camera(_Device):
    """A camera of the kernel's machine, for ``publish(video=Camera())``.

    Args:
        device: by number, or by the name that FFmpeg's input device (v4l2, avfoundation, dshow) knows;
            on Linux a path as well.
        size: width and height in pixels; None leaves it to the camera.
        fps: frames a second; None leaves it to the camera.
        format: another input device of FFmpeg.
        options: further options of it.
        timeout: seconds to open it, and to wait for a picture.
    """

    kind = "video"
    noun = "camera"

    def __init__(
        self,
        device: int | str = 0,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        format: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        asked: dict[str, str] = {}
        if size is not None:
            asked["video_size"] = f"{size[0]}x{size[1]}"
        if fps is not None:
            asked["framerate"] = f"{fps:g}"
        super().__init__(device, options=asked | (options or {}), format=format, timeout=timeout)

    def _url(self) -> str:
        device: Any = self.device
        if self.input == "avfoundation":
            return f"{device}:none"
        if self.input == "dshow":
            return f"video={_listed(self.input, device, self.noun)}"
        return f"/dev/video{device}" if isinstance(device, int) else str(device)


class Microphone(_Device):
    """A microphone of the kernel's machine, for ``publish(audio=Microphone())``.

    Args:
        device: by number, or by the name that FFmpeg's input device (alsa, avfoundation, dshow) knows;
            None is the system's choice.
        format: another input device of FFmpeg, such as ``"pulse"``.
        options: options of it.
        timeout: seconds to open it, and to wait for sound.
    """

    kind = "audio"
    noun = "microphone"

    def __init__(
        self,
        device: int | str | None = None,
        *,
        format: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(device, options=dict(options or {}), format=format, timeout=timeout)

    def _url(self) -> str:
        device = self.device
        if self.input == "avfoundation":
            return f"none:{'default' if device is None else device}"
        if self.input == "dshow":
            return f"audio={_listed(self.input, 0 if device is None else device, self.noun)}"
        if device is None:
            return "default"
        return f"hw:{device}" if isinstance(device, int) else device


def _listed(form: str, device: int | str, noun: str) -> str:
    """Return a device's name; dshow knows devices by name only.

    Raises:
        JanusOptionError: there are not so many.
    """
    if isinstance(device, str):
        return device
    kind = {"camera": "video", "microphone": "audio"}[noun]
    found = [each for each in av.enumerate_input_devices(form) if kind in each.media_types]
    if device >= len(found):
        raise JanusOptionError(f"there is no {noun} number {device} on the kernel's machine", hint=HERE)
    return str(found[device].name)
