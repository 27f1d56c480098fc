"""Pictures for a page: made once for all who look, of the newest frame, whatever an overlay does."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from av import VideoFrame
from PIL import Image

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media import TestPattern, bars_match, read_counter
from janus_notebook.media.preview import Recipe, _previews, preview
from janus_notebook.media.preview_jpeg import Jpeg, fitted
from janus_notebook.media.preview_overlay import checked, overlaid
from tests.media.test_tracks import drained, fed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def opened(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB"))


def test_a_jpeg_has_the_colours_and_the_counter() -> None:
    jpeg, pattern = Jpeg(70), TestPattern(640, 480)
    for counter in (1, 2, 60_000):  # one encoder makes many
        frame = pattern.draw(counter)
        frame.pts, before = counter, frame.to_ndarray()
        seen = opened(jpeg(frame))
        assert (bars_match(seen, 24), read_counter(seen)) == (True, counter)
        assert (frame.pts, np.array_equal(frame.to_ndarray(), before)) == (counter, True)
    other = pattern.draw(9).reformat(width=322, height=242)
    assert opened(jpeg(other)).shape == (242, 322, 3)
    full_range = pattern.draw(7).reformat(format="yuvj420p")
    full_range.pts = 5
    assert read_counter(opened(jpeg(full_range))) == 7
    assert full_range.pts == 5


def test_better_quality_takes_more_bytes() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    frame = VideoFrame.from_ndarray(noise, format="rgb24")
    sizes = [len(Jpeg(quality)(frame)) for quality in (1, 20, 50, 70, 90)]
    assert sizes == sorted(set(sizes))
    assert len(Jpeg(100)(frame)) >= sizes[-1]


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (641, 481)])
def test_odd_sizes_are_pictures_too(size: tuple[int, int]) -> None:
    frame = VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 200, np.uint8), format="rgb24")
    assert abs(opened(Jpeg(70)(frame)).astype(int) - 200).max() < 6


def test_a_picture_is_made_smaller_and_never_larger() -> None:
    frame = TestPattern(640, 480).draw(1)
    assert fitted(frame, 640) is fitted(frame, None) is fitted(frame, 4000) is frame
    small = fitted(frame, 321)
    assert (small.width, small.height) == (321, 240)
    assert fitted(TestPattern(1920, 1080).draw(1), None).width == 1280
    assert fitted(VideoFrame(640, 64, "yuv420p"), 16).height == 2


# -- overlays ------------------------------------------------------------------------------------

FRAME = TestPattern(160, 120).draw(1)


def plain() -> NDArray[np.uint8]:
    return np.asarray(FRAME.to_ndarray(format="rgb24"))


def draws(picture: NDArray[np.uint8]) -> None:
    picture[:20, :20] = (255, 0, 0)


@pytest.mark.parametrize(
    ("overlay", "shape"),
    [
        (draws, (120, 160, 3)),
        (lambda picture: picture[:, ::-1], (120, 160, 3)),
        (lambda picture: np.hstack([picture, picture]), (120, 320, 3)),
        (lambda picture: picture.mean(axis=2).astype(np.uint8), (120, 160, 3)),
        (lambda picture: None, (120, 160, 3)),
    ],
)
def test_what_an_overlay_makes_is_shown(overlay: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    made, problem = overlaid(FRAME, overlay)
    assert problem == ""
    assert made.to_ndarray(format="rgb24").shape == shape
    assert np.array_equal(FRAME.to_ndarray(format="rgb24"), plain())  # others have the frame too


def test_an_overlay_draws_in_place() -> None:
    made, _ = overlaid(FRAME, draws)
    assert made.to_ndarray(format="rgb24")[5, 5].tolist() == [255, 0, 0]


def raises(picture: NDArray[np.uint8]) -> None:
    picture[:] = 0
    raise ValueError("no\nface \x1b[31m\u202e" + "!" * 5000)


def leaves(_picture: object) -> None:
    raise SystemExit


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def unspeakable(_picture: object) -> None:
    raise UnspeakableError


async def later(picture: object) -> object:
    return picture


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        (raises, r"overlay: ValueError: no\nface \x1b[31m\u202e!!!"),
        (leaves, "overlay: SystemExit (line "),
        (unspeakable, "overlay: UnspeakableError (line "),
        (lambda: None, "overlay: TypeError: "),
        (lambda picture: later(picture), "returned coroutine; a picture (or None) is expected"),
        (lambda picture: 3, "it returned int; a picture (or None) is expected"),
        (
            lambda picture: picture / 255,
            "returned float64 (120, 160, 3); uint8 is expected, as of picture.clip",
        ),
        (
            lambda picture: picture[..., 0] > 9,
            "bool (120, 160); uint8 is expected, as of picture.astype",
        ),
        (lambda picture: picture[..., :2], "(120, 160, 2); (height, width, 3) RGB, or (height, width) grey"),
        (lambda picture: picture[:0], "(0, 160, 3); 1 to 4096 pixels each way are expected"),
        (lambda picture: np.zeros((5000, 2), np.uint8), "(5000, 2); 1 to 4096 pixels"),
    ],
)
def test_what_is_wrong_with_an_overlay_is_told_in_one_line(overlay: Callable[..., Any], told: str) -> None:
    made, problem = overlaid(FRAME, overlay)
    assert made is FRAME
    assert told in problem
    assert problem.isprintable()
    assert len(problem) < 400


def test_an_overlay_is_a_plain_function() -> None:
    assert (checked(None), checked(draws)) == (None, draws)
    with pytest.raises(JanusOptionError, match=r"overlay is int.*plain function"):
        checked(3)
    with pytest.raises(JanusOptionError, match="overlay is a coroutine function"):
        checked(later)


# -- the pictures of a track ---------------------------------------------------------------------


def test_pictures_that_are_alike_are_made_once() -> None:
    async def main() -> None:
        pattern, (source, track) = TestPattern(160, 120), await fed()
        with (
            preview(track, Recipe()) as one,
            preview(track, Recipe()) as same,
            preview(track, Recipe(80)) as other,
        ):
            assert one is same is not other
            for counter in (1, 2, 3):
                source.queue.put_nowait(pattern.draw(counter))
                first, second = await asyncio.gather(one.newer(counter - 1), same.newer(counter - 1))
                assert first is second
                assert (first.number, read_counter(opened(first.data))) == (counter, counter)
                assert (first.width, first.height, first.arrived) == (160, 120, track.last_frame_at)
            assert one.made == 3
            assert (await one.newer(0)).number == 3
            assert one.made == 3
            assert (await other.newer(0)).width == 80
        assert not _previews[track]
        with preview(track, Recipe()) as anew:
            assert anew is not one
        await track.close()

    asyncio.run(main())


def test_a_slow_overlay_gets_the_newest_frame_and_no_queue() -> None:
    async def main() -> None:
        begun, go = threading.Event(), threading.Event()
        seen: list[int] = []

        def slow(picture: NDArray[np.uint8]) -> None:
            seen.append(read_counter(picture))
            begun.set()
            go.wait(30)

        pattern, (source, track) = TestPattern(160, 120), await fed()
        with preview(track, Recipe(overlay=slow)) as pictures:
            source.queue.put_nowait(pattern.draw(1))
            waiting = asyncio.create_task(pictures.newer(0))
            await asyncio.to_thread(begun.wait, 30)
            impatient = asyncio.create_task(pictures.newer(0))
            await asyncio.sleep(0)
            impatient.cancel()  # whoever goes takes nothing from the others
            for counter in range(2, 40):
                source.queue.put_nowait(pattern.draw(counter))
            await drained(source)
            go.set()
            assert (await waiting).number == 1
            assert (await pictures.newer(1)).number == 39
        assert seen == [1, 39]
        await track.close()

    asyncio.run(main())


def test_an_overlay_that_never_returns_holds_up_nobody() -> None:
    async def main(go: threading.Event) -> None:
        pattern, (source, track) = TestPattern(160, 120), await fed()
        begun = threading.Event()

        def hangs(_picture: object) -> None:
            begun.set()
            go.wait(30)

        with preview(track, Recipe(overlay=hangs)) as stuck, preview(track, Recipe()) as free:
            source.queue.put_nowait(pattern.draw(1))
            waiting = asyncio.create_task(stuck.newer(0))
            await asyncio.to_thread(begun.wait, 30)
            assert (await free.newer(0)).number == 1
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await track.close()

    go = threading.Event()
    asyncio.run(main(go))
    go.set()


def test_the_end_of_a_track_is_the_end_of_its_pictures() -> None:
    async def main() -> None:
        source, track = await fed()
        with preview(track, Recipe()) as pictures:
            waiting = asyncio.create_task(pictures.newer(0))
            await asyncio.sleep(0)
            source.queue.put_nowait(None)
            with pytest.raises(JanusMediaError, match="has ended"):
                await waiting
        await track.close()

    asyncio.run(main())
