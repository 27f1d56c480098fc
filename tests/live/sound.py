"""What the live tests of sound share: which tone a track carries, and a tone as plain RTP."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from janus_notebook.media import ReceivedTrack

RATE = 48_000
PCMU_RATE = 8000
PCMU_SAMPLES = 160  # 20 ms
WINDOW_SECS = 0.25  # frequencies 4 Hz apart


def strongest(samples: NDArray[Any], rate: int) -> float:
    """The frequency of which there is most, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


def loudness(samples: NDArray[Any]) -> float:
    """The root of the mean square; a full sine has 0.7."""
    return float(np.sqrt(np.mean(np.square(samples))))


async def heard(track: ReceivedTrack, rate: int = RATE) -> NDArray[np.float32]:
    """A quarter of a second of one channel."""
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < rate * WINDOW_SECS:
        parts.append((await track.snapshot())[:, 0])
    return np.concatenate(parts)


async def hears(track: ReceivedTrack, frequency: float, *, rate: int = RATE, seconds: float = 10.0) -> None:
    """Wait until a track carries this tone, more than anything else; `rate` is that of its codec."""
    found: list[float] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                samples = await heard(track, rate)
                found.append(strongest(samples, rate) if loudness(samples) > 0.01 else 0.0)
                if abs(found[-1] - frequency) < 8:
                    return
    except TimeoutError:
        raise AssertionError(f"{frequency} Hz was never heard, but {found}") from None


async def falls_silent(track: ReceivedTrack, seconds: float = 10.0) -> None:
    """Wait until a track carries no sound."""
    async with asyncio.timeout(seconds):
        while loudness(await heard(track)) > 0.002:
            pass


def mu_law(samples: NDArray[np.float64]) -> bytes:
    """ITU-T G.711: samples from -1 to 1 as bytes."""
    linear = np.clip(np.abs(samples) * 32_124, 0, 32_124).astype(np.int32) + 132
    exponent = np.floor(np.log2(linear)).astype(np.int32) - 7
    mantissa = (linear >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8))


def from_mu_law(data: bytes) -> NDArray[np.float64]:
    """The samples of such bytes."""
    code = ~np.frombuffer(data, np.uint8).astype(np.int32) & 0xFF
    size = (((code & 0x0F) << 3) + 132 << (code >> 4 & 7)) - 132
    return np.where(code & 0x80, -size, size) / 32_124


def rtp_socket(address: str) -> socket.socket:
    """A UDP socket on a free port."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    made.setblocking(False)
    return made


async def packets(sock: socket.socket, count: int, seconds: float = 5.0) -> list[bytes]:
    """The next RTP packets."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds):
        return [await loop.sock_recv(sock, 2048) for _ in range(count)]


def payload_type(packet: bytes) -> int:
    """RFC 3550, section 5.1."""
    return packet[1] & 0x7F


async def send_tone(sock: socket.socket, frequency: float) -> None:
    """Send a tone as PCMU in RTP, by a connected socket, until cancelled."""
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    while True:
        times = (np.arange(PCMU_SAMPLES) + number * PCMU_SAMPLES) / PCMU_RATE
        payload = mu_law(0.3 * np.sin(2 * np.pi * frequency * times))
        header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * PCMU_SAMPLES, 0x1234)
        sock.send(header + payload)
        number += 1
        await asyncio.sleep(max(began + number * 0.02 - loop.time(), 0))


def write_opus(path: Path, frequency: float, seconds: float) -> None:
    """Write a tone as Opus in Ogg."""
    import av

    with av.open(str(path), "w", format="ogg") as file:
        stream: Any = file.add_stream("libopus", rate=RATE)
        for start in range(0, int(RATE * seconds), 960):
            times = (np.arange(960) + start) / RATE
            samples = (np.sin(2 * np.pi * frequency * times) * 8000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, start
            _write(file, stream.encode(frame))
        _write(file, stream.encode(None))


def _write(file: Any, encoded: Iterable[Any]) -> None:
    for packet in encoded:
        file.mux(packet)
