"""ffmpeg as a source: RTP of one colour and one tone, and files."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMAND = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error"]
VIDEO_PT, AUDIO_PT = 96, 111


class Video(NamedTuple):
    """VP8 of one colour, with a keyframe every third of a second."""

    port: int
    rtcp_port: int
    colour: tuple[int, int, int] = (32, 128, 192)
    size: tuple[int, int] = (320, 240)

    def source(self) -> str:
        colour, size = "0x{:02x}{:02x}{:02x}".format(*self.colour), "{}x{}".format(*self.size)
        return f"color=c={colour}:s={size}:r=15"

    def codec(self) -> list[str]:
        quick = ["-deadline", "realtime", "-cpu-used", "8", "-threads", "1"]
        return ["-c:v", "libvpx", *quick, "-g", "5", "-b:v", "300k", "-payload_type", str(VIDEO_PT)]


class Audio(NamedTuple):
    """Opus of one tone."""

    port: int
    rtcp_port: int
    hertz: int = 1000

    def source(self) -> str:
        return f"sine=frequency={self.hertz}:sample_rate=48000"

    def codec(self) -> list[str]:
        return ["-c:a", "libopus", "-payload_type", str(AUDIO_PT)]


@contextmanager
def sending(*media: Video | Audio) -> Iterator[None]:
    """Send media by RTP to loopback meanwhile."""
    inputs: list[str] = []
    outputs: list[str] = []
    for index, medium in enumerate(media):
        inputs += ["-re", "-f", "lavfi", "-i", medium.source()]
        # Its RTCP goes by default to the next port, where another medium may be expected.
        url = f"rtp://127.0.0.1:{medium.port}?rtcpport={medium.rtcp_port}"
        outputs += ["-map", str(index), *medium.codec(), "-f", "rtp", url]
    # Its output is the SDP, which nobody needs.
    process = subprocess.Popen([*COMMAND, *inputs, *outputs], stdout=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, "ffmpeg has ended"
    finally:
        process.kill()
        process.wait()


def tone_file(path: Path, hertz: int, seconds: int = 3) -> Path:
    """Make a file of a tone: ``.alaw`` and ``.mulaw`` raw at 8000 Hz, ``.opus`` in Ogg."""
    raw = path.suffix in (".alaw", ".mulaw")
    form = ["-ar", "8000", "-ac", "1", "-f", path.suffix[1:]] if raw else ["-c:a", "libopus"]
    source = ["-f", "lavfi", "-i", f"sine=frequency={hertz}:sample_rate=48000:duration={seconds}"]
    subprocess.run([*COMMAND, *source, *form, str(path)], check=True)
    return path
