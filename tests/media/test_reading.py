"""Pictures and sound read one by one: never stale, bounded, with their times; sound without holes."""

from __future__ import annotations

import asyncio
import gc
import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusOptionError, JanusTimeoutError
from janus_notebook.media import Chunk, Frame, TestPattern, read_counter
from janus_notebook.media.reading import BUFFER_SECONDS
from tests.media.test_tracks import Fed, drained, fed

PATTERN = TestPattern(160, 120)
SAMPLES = 960


def picture(counter: int) -> VideoFrame:
    frame = PATTERN.draw(counter)
    frame.pts, frame.time_base = counter * 3000, Fraction(1, 90_000)
    return frame


def sound(index: int, value: int = 1000) -> AudioFrame:
    """20 ms of stereo, at its place."""
    frame = AudioFrame.from_ndarray(np.full((1, SAMPLES * 2), value, np.int16), format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, index * SAMPLES, Fraction(1, 48_000)
    return frame


async def put(source: Fed, *frames: Any) -> None:
    for frame in frames:
        source.queue.put_nowait(frame)
    await drained(source)


def test_a_slow_reader_gets_the_newest_and_the_rest_is_counted() -> None:
    async def main() -> None:
        source, track = await fed()
        stream = track.frames()
        await put(source, *map(picture, range(10)))
        first = await stream.get()
        assert (read_counter(first.data), first.number, round(first.time, 3)) == (9, 10, 0.3)
        assert (stream.given, stream.dropped, stream.skipped) == (1, 9, 0)
        await put(source, picture(10))
        assert read_counter((await anext(stream)).data) == 10
        assert first.age < 60
        with pytest.raises(JanusTimeoutError, match=r"nothing came from video mid v within 0\.05 s"):
            await stream.get(0.05)
        await put(source, picture(11), None)
        assert [read_counter(frame.data) async for frame in stream] == [11]
        assert stream.ended == track.ended
        assert [frame async for frame in track.frames()] == []
        await track.close()

    asyncio.run(main())


def test_a_rate_is_kept_on_the_average() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        source, track = await fed()
        stream = track.frames(fps=10)
        offered, time = 0, loop.time()
        loop.time = lambda: time  # type: ignore[method-assign]  # 30 pictures a second, without the waiting
        got = []
        for counter in range(90):
            time += (1 / 30) + (0.012 if counter % 2 else -0.012)
            stream.offer(picture(counter), counter, 0.0)
            offered += 1
            if stream._has_one():
                got.append((await stream._take()).number)
        del loop.time
        assert 29 <= len(got) <= 31
        assert stream.skipped == offered - len(got)
        assert max(b - a for a, b in itertools.pairwise(got)) <= 5
        await track.close()
        del source

    asyncio.run(main())


@pytest.mark.parametrize(
    ("given", "shape"),
    [("rgb24", (120, 160, 3)), ("bgr24", (120, 160, 3)), ("gray", (120, 160)), ("rgba", (120, 160, 4))],
)
def test_formats(given: str, shape: tuple[int, ...]) -> None:
    async def main() -> None:
        source, track = await fed()
        stream = track.frames(format=given)
        red = np.full((120, 160, 3), (255, 0, 0), np.uint8)
        await put(source, VideoFrame.from_ndarray(red, format="rgb24"))
        frame = await stream.get()
        assert (frame.shape, frame.format, np.asarray(frame).dtype.name) == (shape, given, "uint8")
        if given != "gray":
            assert frame[5, 5, 2 if given == "bgr24" else 0] == 255
        await track.close()

    asyncio.run(main())


def test_what_cannot_be_read_is_refused() -> None:
    async def main() -> None:
        _, video = await fed()
        _, audio = await fed("audio")
        for wrong, text in (
            (lambda: video.frames(format="rgb"), "unknown format 'rgb'"),
            (lambda: video.frames(fps=0), "fps=0 is not a frame rate"),
            (lambda: video.frames(timeout=0), "timeout must be seconds above 0"),
            (video.chunks, r"a track of video has no chunks\(\)\. Use frames\(\)"),
            (audio.frames, r"a track of audio has no frames\(\)\. Use chunks\(\)"),
            (lambda: audio.chunks(seconds=9), "seconds=9 is not the length of a chunk"),
        ):
            with pytest.raises(JanusOptionError, match=text):
                wrong()
        await video.close()
        await audio.close()

    asyncio.run(main())


def test_a_frame_is_an_array_and_a_picture() -> None:
    frame = Frame(np.full((120, 160, 3), 90, np.uint8), "rgb24", 1.5, 0.0, 46)
    assert (float(np.mean(frame)), len(frame), frame[0, 0].tolist()) == (90.0, 120, [90, 90, 90])
    assert (frame._repr_png_() or b"").startswith(b"\x89PNG")
    assert repr(frame) == "<Frame 46: 120 x 160 x 3 rgb24 at 1.500 s>"
    chunk = Chunk(np.zeros((480, 2), np.float32), 48_000, 2.0, 0.0, 0.5)
    assert (np.asarray(chunk).shape, len(chunk), chunk.seconds) == ((480, 2), 480, 0.01)
    assert repr(chunk) == "<Chunk 480 x 2 samples, 48000 Hz, at 2.000 s, 0.500 s missing before it>"


def test_lost_sound_is_silence_and_a_long_pause_is_a_gap() -> None:
    async def main() -> None:
        source, track = await fed("audio")
        stream = track.chunks()
        await put(source, sound(0), sound(1), sound(4), sound(200), sound(5))
        chunks = [await stream.get() for _ in range(5)]
        assert [len(chunk) for chunk in chunks] == [960, 960, 3 * 960, 960, 960]
        assert [round(chunk.gap, 3) for chunk in chunks] == [0, 0, 0, 3.9, 0]
        assert [round(chunk.time, 3) for chunk in chunks] == [0, 0.02, 0.04, 4.0, 0.1]
        assert np.all(chunks[2].data[: 2 * 960] == 0)
        assert np.allclose(chunks[2].data[2 * 960 :], 1000 / 32768)
        assert (chunks[0].data.dtype.name, chunks[0].sample_rate) == ("float32", 48_000)
        assert stream.filled == pytest.approx(0.04)
        await track.close()

    asyncio.run(main())


def test_chunks_of_a_length_keep_every_sample() -> None:
    async def main() -> None:
        source, track = await fed("audio")
        stream = track.chunks(seconds=0.05)
        await put(source, *(sound(index, 100 * index) for index in range(6)), None)
        chunks = [chunk async for chunk in stream]
        assert [len(chunk) for chunk in chunks] == [2400, 2400, 960]
        assert [round(chunk.time, 3) for chunk in chunks] == [0, 0.05, 0.1]
        values = np.concatenate([chunk.data for chunk in chunks])[::SAMPLES, 0]
        assert np.allclose(values * 32768, [0, 100, 200, 300, 400, 500])
        await track.close()

    asyncio.run(main())


def test_sound_that_nobody_takes_is_dropped_and_told() -> None:
    async def main() -> None:
        source, track = await fed("audio")
        stream = track.chunks()
        await put(source, *(sound(index) for index in range(350)))  # 7 s
        chunk = await stream.get()
        assert chunk.gap == pytest.approx(7 - BUFFER_SECONDS, abs=0.03)
        assert chunk.gap == pytest.approx(chunk.time) == pytest.approx(stream.dropped)
        assert (await stream.get()).gap == 0
        await track.close()

    asyncio.run(main())


def test_a_forgotten_or_closed_reader_costs_nothing() -> None:
    async def main() -> None:
        source, track = await fed()
        kept, forgotten = track.frames(), track.frames()
        assert len(track._readers) == 2
        del forgotten
        gc.collect()
        assert len(track._readers) == 1
        async with kept:
            await put(source, picture(1))
        assert [frame async for frame in kept] == []
        waiting = asyncio.create_task(track.frames(timeout=None).get())
        await asyncio.sleep(0)
        await track.close()
        with pytest.raises(StopAsyncIteration):
            await waiting

    asyncio.run(main())
