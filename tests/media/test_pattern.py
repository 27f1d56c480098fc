"""The pattern can be drawn, recognised and read; the tone has its frequency."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media import BARS, TestPattern, Tone, bar_colours, bars_match, read_counter


def rgb(frame: Any, width: int | None = None, height: int | None = None) -> Any:
    return frame.to_ndarray(format="rgb24", width=width, height=height)


@pytest.mark.parametrize("size", [(160, 120), (320, 240), (640, 480), (1280, 720), (322, 182)])
@pytest.mark.parametrize("counter", [0, 1, 2, 0x5555, 0xAAAA, 0xFFFF])
def test_a_frame_shows_bars_and_counter(size: tuple[int, int], counter: int) -> None:
    picture = rgb(TestPattern(*size).draw(counter))
    assert picture.shape == (size[1], size[0], 3)
    assert bars_match(picture, tolerance=8)
    assert read_counter(picture) == counter


def test_a_scaled_frame_is_still_recognised() -> None:
    small = rgb(TestPattern(1280, 720).draw(54321), 320, 180)
    assert bars_match(small)
    assert read_counter(small) == 54321


def test_the_counter_wraps() -> None:
    assert read_counter(rgb(TestPattern().draw(0x10007))) == 7


def test_the_bars_are_the_documented_ones() -> None:
    assert len(BARS) == 8
    assert np.abs(bar_colours(rgb(TestPattern().draw(3))).astype(int) - np.array(BARS)).max() <= 4


def test_other_pictures_are_not_the_pattern() -> None:
    picture = rgb(TestPattern().draw(5))
    assert not bars_match(picture[:, ::-1])
    assert not bars_match(picture[..., ::-1])
    assert not bars_match(np.zeros_like(picture))
    with pytest.raises(JanusMediaError, match="no counter"):
        read_counter(np.zeros_like(picture))
    damaged = picture.copy()
    damaged[420:, 32 * 5 : 32 * 6] = 255
    with pytest.raises(JanusMediaError, match="damaged"):
        read_counter(damaged)


@pytest.mark.parametrize(
    "frame",
    [None, np.zeros((48, 64), np.uint8), np.zeros((48, 64, 3), np.float32), np.zeros((8, 8, 3), np.uint8)],
)
@pytest.mark.parametrize("function", [bars_match, read_counter, bar_colours])
def test_what_is_not_a_frame_is_refused(function: Any, frame: Any) -> None:
    with pytest.raises(JanusOptionError):
        function(frame)


def test_the_square_moves_there_and_back() -> None:
    pattern = TestPattern(fps=30)

    def left_edge(counter: int) -> int:
        strip = rgb(pattern.draw(counter))[390, :, 0]
        return int(np.argmax(strip > 128))

    there = [left_edge(n) for n in range(0, 61, 5)]
    assert there == sorted(set(there))
    assert left_edge(0) == 0
    assert left_edge(60) == 640 - 60
    assert left_edge(90) == pytest.approx(left_edge(30), abs=1)


def test_drawing_is_cheap() -> None:
    pattern = TestPattern()
    pattern.draw(0)
    times = []
    for counter in range(50):
        began = time.thread_time()
        pattern.draw(counter)
        times.append(time.thread_time() - began)
    assert sorted(times)[25] < 0.003  # 0.3 ms on an idle machine


@pytest.mark.parametrize(
    "options", [{"width": 641}, {"height": 118}, {"width": 100}, {"fps": 0}, {"fps": 1000}]
)
def test_what_cannot_be_drawn_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(JanusOptionError):
        TestPattern(**options)


@pytest.mark.parametrize(
    "options", [{"frequency": 0}, {"frequency": 24_000}, {"rate": 100}, {"rate": 44_101}]
)
def test_what_cannot_be_played_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(JanusOptionError):
        Tone(**options)


def test_the_pattern_is_paced_and_stamped() -> None:
    async def main() -> None:
        loop, pattern = asyncio.get_running_loop(), TestPattern(160, 120, fps=50)
        began = loop.time()
        frames = [await pattern.recv() for _ in range(11)]
        assert loop.time() - began >= 0.2
        counters = [read_counter(rgb(frame)) for frame in frames]
        assert counters == sorted(set(counters))
        assert [(frame.pts or 0) * Fraction(1, 90_000) * 50 for frame in frames] == counters
        pattern.stop()
        with pytest.raises(MediaStreamError):
            await pattern.recv()

    asyncio.run(main())


def test_the_tone_is_continuous_and_true() -> None:
    async def main() -> list[Any]:
        tone = Tone(frequency=437.0)
        frames = [await tone.recv() for _ in range(25)]
        tone.stop()
        with pytest.raises(MediaStreamError):
            await tone.recv()
        return frames

    frames = asyncio.run(main())
    assert {(f.samples, f.sample_rate, f.format.name, f.layout.name) for f in frames} == {
        (960, 48_000, "s16", "mono")
    }
    assert [(f.pts or 0) % 960 for f in frames] == [0] * 25
    samples = np.concatenate([f.to_ndarray()[0] for f in frames]).astype(float) / 32767
    # A sine bends by at most amplitude * (2 pi f / rate)^2; a jump in phase would break that.
    assert np.abs(np.diff(samples, 2)).max() < 0.25 * (2 * np.pi * 437 / 48_000) ** 2 + 2e-4
    assert np.abs(samples).max() == pytest.approx(0.25, abs=0.001)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * 48_000 / len(samples) == pytest.approx(437, abs=2)
