"""Sound from numpy: every shape and type, at any rate, in time and without a sample lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media import Chunk, SoundSource


async def played(source: SoundSource, seconds: float) -> tuple[Any, list[Any]]:
    """What it gives, all after another, and its frames."""
    await source.prepare()
    frames = [await source.recv() for _ in range(round(seconds * 50))]
    source.stop()
    return np.concatenate([f.to_ndarray().reshape(-1, len(f.layout.channels)) for f in frames]), frames


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (np.arange(2000, dtype=np.int16), np.arange(2000)[:, None]),
        (np.linspace(-1.5, 1.5, 960, dtype=np.float32), None),
        (np.stack([np.arange(960), -np.arange(960)], 1).astype(np.int16), None),
        (np.full((960, 1), 0.5), np.full((960, 1), 16384)),
    ],
)
def test_shapes_and_types(piece: Any, expected: Any) -> None:
    async def main() -> None:
        sound, frames = await played(SoundSource(piece), 0.02)
        channels = 1 if piece.ndim == 1 else piece.shape[1]
        assert (sound.shape, sound.dtype.name, frames[0].sample_rate) == ((960, channels), "int16", 48_000)
        if expected is not None:
            assert np.array_equal(sound, expected[:960])
        if piece.dtype.kind == "f" and piece.ndim == 1:
            assert (sound.min(), sound.max()) == (-32767, 32767)  # clipped, not wrapped around

    asyncio.run(main())


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100])
def test_any_rate_without_a_sample_lost(rate: int) -> None:
    async def main() -> None:
        def pieces() -> Iterator[Any]:
            start = 0
            while True:
                yield np.arange(start, start + 333).astype(np.int16)
                start += 333

        sound, frames = await played(SoundSource(pieces, rate), 0.1)
        assert np.array_equal(sound[:, 0], np.arange(len(sound)))
        ends = [frame.pts + frame.samples for frame in frames]
        assert ends[-1] >= rate // 10
        assert all(frame.pts <= end or frame.pts > end for frame, end in zip(frames[1:], ends, strict=False))
        assert {float(frame.time_base) for frame in frames} == {1 / rate}

    asyncio.run(main())


def test_pieces_of_a_received_track_tell_their_rate() -> None:
    async def chunks() -> AsyncIterator[Any]:
        while True:
            yield Chunk(np.full((160, 2), 0.25, np.float32), 16_000, 0.0, 0.0)

    async def main() -> None:
        sound, frames = await played(SoundSource(chunks), 0.06)
        assert (frames[0].sample_rate, frames[0].layout.name, frames[0].samples) == (16_000, "stereo", 320)
        assert np.all(sound == round(0.25 * 32767))

    asyncio.run(main())


def test_an_array_is_played_once_or_for_ever() -> None:
    async def main() -> None:
        once = SoundSource(np.full(1000, 7, np.int16))
        await once.prepare()
        first, second = await once.recv(), await once.recv()
        assert [int(f.to_ndarray().sum()) for f in (first, second)] == [
            960 * 7,
            40 * 7,
        ]  # the rest is silence
        with pytest.raises(MediaStreamError, match="the audio source ended"):
            await once.recv()
        assert (once.readyState, once.error) == ("ended", None)
        again, _ = await played(SoundSource(np.arange(100, dtype=np.int16), loop=True), 0.1)
        assert np.array_equal(again[:300, 0], np.tile(np.arange(100), 3))

    asyncio.run(main())


def changes_channels() -> Iterator[Any]:
    yield np.zeros(960, np.int16)
    yield np.zeros((960, 2), np.int16)


def changes_rate() -> Iterator[Any]:
    for rate in (16_000, 8000):
        yield Chunk(np.zeros((rate // 50, 1), np.float32), rate, 0.0, 0.0)


def raises() -> Iterator[Any]:
    yield np.zeros(960, np.int16)
    raise ZeroDivisionError("in the cell")


@pytest.mark.parametrize(
    ("pieces", "error", "text"),
    [
        (changes_channels, JanusOptionError, "changed from 1 to 2 channels"),
        (changes_rate, JanusOptionError, "changed from 16000 to 8000 samples a second"),
        (raises, JanusMediaError, "the audio source raised ZeroDivisionError: in the cell"),
    ],
)
def test_what_goes_wrong_later_ends_it_with_its_reason(
    pieces: Any, error: type[Exception], text: str
) -> None:
    async def main() -> None:
        source = SoundSource(pieces)
        await source.prepare()
        await source.recv()
        with pytest.raises(MediaStreamError):
            await played(source, 1.0)
        assert type(source.error) is error
        assert text in str(source.error)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (np.zeros((960, 3), np.int16), "not int16 (960, 3)"),
        (np.zeros((2, 960), np.int16), "not int16 (2, 960)"),
        (np.zeros(960, np.int32), "not int32 (960,)"),
        (lambda: [0.0] * 960, "not list"),
        (iter([]), "the audio source gives no sound"),
    ],
)
def test_a_first_piece_that_cannot_be_sent_is_an_error_at_once(pieces: Any, text: str) -> None:
    async def main() -> None:
        source = SoundSource(pieces)
        with pytest.raises(JanusOptionError) as caught:
            await source.prepare()
        assert text in str(caught.value)
        assert source.readyState == "ended"

    asyncio.run(main())


@pytest.mark.parametrize("rate", [0, 44_100.0, 10**6])
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(JanusOptionError, match="is not a sample rate"):
        SoundSource(np.zeros(960, np.int16), rate)
