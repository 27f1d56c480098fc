"""A track keeps only its newest frame, gives fresh ones, and says why it ended."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusMediaError, JanusTimeoutError
from janus_notebook.media import ReceivedTrack, TestPattern, read_counter
from janus_notebook.media import tracks as tracks_module
from tests.media.pairs import until


class Fed(MediaStreamTrack):
    """A track that gives what the test puts in; None ends it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def recv(self) -> Any:
        frame = await self.queue.get()
        if frame is None:
            raise MediaStreamError
        return frame


async def fed(kind: str = "video") -> tuple[Fed, ReceivedTrack]:
    source = Fed(kind)
    track = ReceivedTrack(source, "v")
    track.start(lambda: None, lambda: None)
    return source, track


async def drained(source: Fed) -> None:
    await until(source.queue.empty)
    await asyncio.sleep(0)


def test_whoever_wants_newer_frames_gets_the_newest_and_its_number() -> None:
    async def main() -> None:
        pattern, (source, track) = TestPattern(160, 120), await fed()
        waiting = asyncio.create_task(track.newer())
        await asyncio.sleep(0)
        source.queue.put_nowait(pattern.draw(1))
        number, frame = await waiting
        assert (number, read_counter(frame.to_ndarray(format="rgb24"))) == (1, 1)
        for counter in range(2, 8):
            source.queue.put_nowait(pattern.draw(counter))
        await drained(source)
        number, frame = await track.newer(number)
        assert (number, read_counter(frame.to_ndarray(format="rgb24"))) == (7, 7)
        waiting = asyncio.create_task(track.newer(number))
        await asyncio.sleep(0)
        source.queue.put_nowait(None)
        with pytest.raises(JanusMediaError, match="mid v has ended: the other side"):
            await waiting
        with pytest.raises(JanusMediaError, match="has ended"):
            await track.newer()
        await track.close()

    asyncio.run(main())


def test_only_the_newest_frame_is_kept() -> None:
    async def main() -> None:
        pattern, (source, track) = TestPattern(160, 120), await fed()
        assert (track.size, track.last_frame_at, track.frames_received) == (None, None, 0)
        for counter in range(100):
            source.queue.put_nowait(pattern.draw(counter))
        await drained(source)
        assert track.frames_received == 100
        assert track.size == (160, 120)
        assert track.last_frame_at == pytest.approx(time.time(), abs=2)
        assert read_counter(await track.snapshot(fresh=False)) == 99
        assert repr(track) == "<ReceivedTrack video mid=v, 160 x 120, 100 frames, live>"
        await track.close()

    asyncio.run(main())


def test_a_fresh_snapshot_is_never_an_old_frame() -> None:
    async def main() -> None:
        pattern, (source, track) = TestPattern(160, 120), await fed()
        source.queue.put_nowait(pattern.draw(1))
        await drained(source)
        told = r"no video frame .* mid v within 0.05 s \(1 before\)\. Is video being sent, on both sides"
        with pytest.raises(JanusTimeoutError, match=told):
            await track.snapshot(timeout=0.05)
        waiting = [asyncio.create_task(track.snapshot()) for _ in range(2)]
        await asyncio.sleep(0)
        source.queue.put_nowait(pattern.draw(2))
        source.queue.put_nowait(pattern.draw(3))
        assert [read_counter(await each) for each in waiting] == [2, 2]
        assert read_counter(await track.snapshot(fresh=False)) == 3
        await track.close()

    asyncio.run(main())


def test_nothing_is_converted_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    converted: list[Any] = []
    monkeypatch.setattr(tracks_module, "pixels", converted.append)

    async def main() -> None:
        pattern, (source, track) = TestPattern(160, 120), await fed()
        for counter in range(20):
            source.queue.put_nowait(pattern.draw(counter))
        await drained(source)
        assert (track.frames_received, len(converted)) == (20, 0)
        await track.snapshot(fresh=False)
        assert len(converted) == 1
        await track.close()

    asyncio.run(main())


def test_a_large_picture_is_converted_off_the_loop() -> None:
    async def main() -> None:
        source, track = await fed()
        source.queue.put_nowait(TestPattern(2560, 1440).draw(77))
        picture = await track.snapshot(fresh=False)
        assert picture.shape == (1440, 2560, 3)
        assert read_counter(picture) == 77
        await track.close()

    asyncio.run(main())


def test_an_ended_track_says_so_and_wakes_who_waits() -> None:
    async def main() -> None:
        source, track = await fed()
        waiting = asyncio.create_task(track.snapshot())
        await asyncio.sleep(0)
        source.queue.put_nowait(None)
        for attempt in (waiting, track.snapshot(), track.snapshot(fresh=False)):
            with pytest.raises(JanusMediaError, match="mid v has ended: the other side"):
                await attempt
        await track.close()
        await track.close()
        assert track.ended == "the other side, or the connection, ended it"

    asyncio.run(main())


def test_a_cancelled_snapshot_leaves_the_track_usable() -> None:
    async def main() -> None:
        source, track = await fed()
        waiting = asyncio.create_task(track.snapshot())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        waiting = asyncio.create_task(track.snapshot())
        await asyncio.sleep(0)
        source.queue.put_nowait(TestPattern(160, 120).draw(4))
        assert read_counter(await waiting) == 4
        await track.close()
        with pytest.raises(JanusMediaError, match="it is no longer read"):
            await track.snapshot()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("sample_format", "samples"),
    [
        ("s16", np.array([[0, 16384, -32768, 0, 32767, 0]], np.int16)),
        ("flt", np.array([[0, 0.5, -1, 0, 1, 0]], np.float32)),
        ("s16p", np.array([[0, -32768, 32767], [16384, 0, 0]], np.int16)),
        ("fltp", np.array([[0, -1, 1], [0.5, 0, 0]], np.float32)),
    ],
)
def test_sound_is_float_by_sample_and_channel(sample_format: str, samples: Any) -> None:
    async def main() -> None:
        source, track = await fed("audio")
        source.queue.put_nowait(AudioFrame.from_ndarray(samples, format=sample_format, layout="stereo"))
        sound = await track.snapshot(fresh=False)
        assert (sound.dtype.name, sound.shape, track.size) == ("float32", (3, 2), None)
        assert np.allclose(sound, np.array([[0, 0.5], [-1, 0], [1, 0]]), atol=1e-4)
        await track.close()

    asyncio.run(main())


def test_colours_keep_their_order() -> None:
    async def main() -> None:
        source, track = await fed()
        red = np.full((120, 160, 3), (255, 0, 0), np.uint8)
        source.queue.put_nowait(VideoFrame.from_ndarray(red, format="rgb24"))
        picture = await track.snapshot(fresh=False)
        assert np.array_equal(picture, red)
        await track.close()

    asyncio.run(main())
