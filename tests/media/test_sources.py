"""What may be given to send."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media import ArraySource, Camera, MediaFile, SoundSource, TestPattern, Tone
from janus_notebook.media.file_reading import FileTrack
from janus_notebook.media.sources import source_track


def picture(value: int = 0) -> Any:
    return np.full((120, 160, 3), value, np.uint8)


def tone_piece() -> Any:
    return np.zeros(480, np.int16)


@pytest.mark.parametrize(
    ("kind", "source", "made"),
    [
        ("video", True, TestPattern),
        ("video", "pattern", TestPattern),
        ("audio", True, Tone),
        ("audio", "tone", Tone),
        ("video", picture, ArraySource),
        ("video", iter([picture()]), ArraySource),
        ("video", picture(), ArraySource),
        ("audio", tone_piece(), SoundSource),
        ("audio", tone_piece, SoundSource),
        ("video", "camera", FileTrack),
        ("audio", "microphone", FileTrack),
        ("video", MediaFile("x.mp4"), FileTrack),
    ],
)
def test_what_is_made_here_is_owned(kind: str, source: Any, made: type) -> None:
    async def main() -> None:
        track, owned = source_track(kind, source)
        assert (type(track), track.kind, owned) == (made, kind, True)
        track.stop()

    asyncio.run(main())


def test_a_track_stays_its_owners() -> None:
    pattern = TestPattern()
    assert source_track("video", pattern) == (pattern, False)


@pytest.mark.parametrize(
    ("kind", "source", "text"),
    [
        (
            "video",
            "patern",
            "video='patern' cannot be sent: there is no file 'patern'. Did you mean 'pattern'?",
        ),
        ("video", "no.mp4", "there is no file 'no.mp4'. The notebook's folder is"),
        ("video", 7, "video=7 cannot be sent. Accepted: 'pattern' for"),
        ("audio", "pattern", "audio='pattern' cannot be sent: there is no file"),
        ("audio", Camera(), "audio=Camera(0) gives no audio"),
        ("audio", TestPattern(), "is a track of video"),
    ],
)
def test_the_rest_is_refused(kind: str, source: Any, text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        source_track(kind, source)
    assert text in str(caught.value)


def test_an_ended_track_is_refused() -> None:
    pattern = TestPattern()
    pattern.stop()
    with pytest.raises(JanusOptionError, match="has ended"):
        source_track("video", pattern)


def test_a_function_is_called_for_each_frame_in_another_thread() -> None:
    threads = []

    def produce() -> Any:
        threads.append(threading.current_thread())
        return picture(len(threads) * 50)

    async def main() -> list[Any]:
        source = ArraySource(produce, fps=50)
        frames = [await source.recv() for _ in range(3)]
        source.stop()
        return frames

    frames = asyncio.run(main())
    assert [int(f.to_ndarray(format="rgb24").mean()) for f in frames] == [50, 100, 150]
    assert threading.main_thread() not in threads
    times = [f.pts * f.time_base for f in frames]
    assert times == sorted(set(times))


def test_an_iterator_ends_the_source() -> None:
    async def main() -> None:
        source = ArraySource(iter([picture(), picture()]), fps=100)
        await source.recv()
        await source.recv()
        with pytest.raises(MediaStreamError, match="ended"):
            await source.recv()
        assert (source.readyState, source.error) == ("ended", None)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (picture().astype(float), "not float64 (120, 160, 3)"),
        (picture()[..., 0], "not uint8 (120, 160)"),
        (picture()[1:], "not uint8 (119, 160, 3)"),
        (picture()[:0], "not uint8 (0, 160, 3)"),
        ("text", "not str"),
    ],
)
def test_a_wrong_picture_ends_the_source_with_its_reason(result: Any, text: str) -> None:
    async def main() -> None:
        source = ArraySource(lambda: result)
        with pytest.raises(MediaStreamError):
            await source.recv()
        assert source.readyState == "ended"
        assert isinstance(source.error, JanusOptionError)
        assert text in str(source.error)

    asyncio.run(main())


def test_an_error_of_the_function_is_kept() -> None:
    def broken() -> Any:
        raise ZeroDivisionError("in the cell")

    async def main() -> None:
        source = ArraySource(broken)
        with pytest.raises(MediaStreamError, match="in the cell"):
            await source.recv()
        assert isinstance(source.error, JanusMediaError)
        assert isinstance(source.error.__cause__, ZeroDivisionError)
        assert str(source.error) == "the video source raised ZeroDivisionError: in the cell."

    asyncio.run(main())


def two() -> Iterator[Any]:
    yield picture(50)
    yield picture(100)


@pytest.mark.parametrize("source", [two, two(), functools.partial(iter, [picture(50), picture(100)]), None])
def test_every_way_to_give_two_pictures_gives_two(source: Any) -> None:
    async def main() -> None:
        pictures = iter([picture(50), picture(100)])
        track, _ = source_track("video", source or (lambda: next(pictures)))
        frames: list[Any] = [await track.recv() for _ in range(2)]
        assert [int(f.to_ndarray(format="rgb24").mean()) for f in frames] == [50, 100]
        with pytest.raises(MediaStreamError, match="ended"):
            await track.recv()
        assert getattr(track, "error", 0) is None

    asyncio.run(main())


def test_the_prepared_picture_is_the_first_one_sent() -> None:
    async def main() -> None:
        source = ArraySource(two, fps=100)
        await source.prepare()
        await source.prepare()
        frames = [await source.recv(), await source.recv()]
        assert [int(f.to_ndarray(format="rgb24").mean()) for f in frames] == [50, 100]
        assert frames[0].pts == 0
        source.stop()

    asyncio.run(main())


def needs_more(count: int) -> Any:
    return picture(count)


@pytest.mark.parametrize(
    ("pictures", "error", "text"),
    [
        (iter([picture() / 2]), JanusOptionError, "not float64 (120, 160, 3)"),
        (lambda: (p for p in [picture()[..., 0]]), JanusOptionError, "not uint8 (120, 160)"),
        (lambda: None, JanusOptionError, "gives no picture. Does the function return one?"),
        (iter([]), JanusOptionError, "gives no picture"),
        (needs_more, JanusMediaError, "raised TypeError: needs_more() missing 1 required"),
    ],
)
def test_a_first_picture_that_cannot_be_sent_is_an_error_at_once(
    pictures: Any, error: type[Exception], text: str
) -> None:
    async def main() -> None:
        source = ArraySource(pictures)
        with pytest.raises(error) as caught:
            await source.prepare()
        assert type(caught.value) is error
        assert text in str(caught.value)
        assert source.readyState == "ended"

    asyncio.run(main())


def test_a_source_that_was_stopped_gives_no_more() -> None:
    async def main() -> None:
        source = ArraySource(lambda: np.zeros((64, 64, 3), np.uint8))
        await source.prepare()
        await source.recv()
        coming = asyncio.ensure_future(source.recv())  # the next one is not due yet
        await asyncio.sleep(0)
        source.stop()
        with pytest.raises(MediaStreamError):
            await coming

    asyncio.run(main())
