"""Frames, sound and recordings from a cell: awaited, or blocking; the core lives on the background loop."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook.bridge import background
from janus_notebook.errors import JanusOptionError
from janus_notebook.media import ReceivedTrack
from janus_notebook.media.pattern import TestPattern, Tone, read_counter
from janus_notebook.notebook import connect as _forms  # noqa: F401 (it registers them)
from janus_notebook.notebook.forms import form_of
from tests.media.test_recorder import probe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def bridge() -> Iterator[None]:
    yield
    background().stop()


def track(kind: str = "video") -> Any:
    """A received track in its notebook form."""

    def make() -> ReceivedTrack:
        made = ReceivedTrack(TestPattern(160, 120) if kind == "video" else Tone(), "0")
        made.start(lambda: None, lambda: None)
        return made

    return form_of(background().run_sync(make))


def test_pictures_in_a_plain_for() -> None:
    video = track()
    assert threading.current_thread() is threading.main_thread()
    stream = video.frames(fps=25)
    counters = [read_counter(frame.data) for frame in itertools.islice(stream, 3)]
    assert counters == sorted(set(counters))
    assert "3 given" in repr(stream)
    assert stream.given == 3
    stream.close()
    assert list(stream) == []
    with pytest.raises(JanusOptionError, match="unknown format 'rgb'"):
        video.frames(format="rgb")
    frame = video.frames().get().result(10)
    assert np.asarray(frame).shape == (120, 160, 3)
    video.close().result(10)


def test_pictures_and_sound_awaited_in_a_cell() -> None:
    async def cell() -> None:
        video, audio = track(), track("audio")
        async for frame in video.frames():
            assert frame.shape == (120, 160, 3)
            break
        async with audio.chunks(seconds=0.1) as chunks:
            async for chunk in chunks:
                assert (len(chunk), chunk.sample_rate) == (4800, 48_000)
                break
        await asyncio.gather(video.close(), audio.close())

    asyncio.run(cell())


def test_a_recording_in_a_cell(tmp_path: Path) -> None:
    async def cell() -> None:
        video = track()
        async with video.record(tmp_path / "call.mp4") as recording:
            async for _ in video.frames():
                if recording.frames["video"] >= 5:
                    break
        assert recording.state == "finished"
        assert int(probe(tmp_path / "call.mp4")["video"]["nb_read_packets"]) == recording.frames["video"]
        with pytest.raises(JanusOptionError, match="overwrite=True"):
            await video.record(tmp_path / "call.mp4")
        await video.close()

    asyncio.run(cell())


def test_an_interrupted_cell_leaves_a_whole_file(tmp_path: Path) -> None:
    async def cell() -> None:
        video = track()
        try:
            async with video.record(tmp_path / "call.mkv") as recording:
                async for _ in video.frames():
                    if recording.frames["video"] >= 3:
                        raise KeyboardInterrupt
        finally:
            assert recording.state == "finished"
            assert recording.frames["video"] >= 3
            video.close().result(10)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(cell())
    assert int(probe(tmp_path / "call.mkv")["video"]["nb_read_packets"]) >= 3
