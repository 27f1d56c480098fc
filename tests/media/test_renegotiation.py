"""The same two peers negotiate again: sections come, go, and are used for something else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError
from janus_notebook.media import Peer, TestPattern, bars_match
from tests.media.pairs import negotiate, pair, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.media import ReceivedTrack

pytestmark = pytest.mark.usefixtures("network")

COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


def flat(colour: str) -> Callable[[], Any]:
    picture = np.full((120, 160, 3), COLOURS[colour], np.uint8)
    return lambda: picture


async def shows(track: ReceivedTrack, colour: str) -> None:
    """Wait for a frame of this colour; the first ones may come from before."""
    for _ in range(60):
        mean = (await track.snapshot()).mean(axis=(0, 1))
        if np.abs(mean - COLOURS[colour]).max() < 30:
            return
    raise AssertionError(f"not {colour}, but {mean}")


def test_sources_are_added_replaced_and_removed() -> None:
    async def main() -> None:
        async with pair(video=flat("red")) as (caller, callee):
            first = callee.track("video")
            await shows(first, "red")

            await caller.accept(await callee.answer(await caller.offer(video=flat("blue"))))
            second = callee.track("video")
            assert second is first  # one stream, as a browser's replaced track is
            await shows(second, "blue")

            await caller.accept(await callee.answer(await caller.offer(audio="tone")))
            assert callee.track("video") is second
            await callee.track("audio").snapshot()
            await shows(second, "blue")

            await caller.accept(await callee.answer(await caller.offer(video=False)))
            assert second.ended == "it is no longer sent"
            assert [track.kind for track in callee.tracks] == ["audio"]
            assert caller.facts()["sources"] == {"audio": "live"}
            with pytest.raises(JanusMediaError, match="no track 'video' is received"):
                callee.track("video")

            await caller.accept(await callee.answer(await caller.offer(video=flat("green"))))
            await shows(callee.track("video"), "green")
            assert callee.track("video").mid == second.mid
            await shows(caller.track("video"), "red")  # the other way, nothing was touched

    asyncio.run(main())


def test_the_other_side_may_offer_next() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        try:
            await negotiate(caller, callee, audio="tone", receive=("audio",))
            await asyncio.gather(caller.connected(), callee.connected())
            await callee.accept(await caller.answer(await callee.offer(video=flat("red"))))
            await shows(caller.track("video"), "red")
            await caller.track("audio").snapshot()
            # The section that the other side opened carries ours, too.
            await caller.accept(await callee.answer(await caller.offer(video=flat("blue"))))
            await shows(callee.track("video"), "blue")
            assert [(t.mid, t.kind) for t in callee.tracks] == [("0", "audio"), ("1", "video")]
            await callee.accept(await caller.answer(await callee.offer(receive=("audio",)), receive=()))
            assert (caller.tracks, [t.kind for t in callee.tracks]) == ((), ["audio"])
            await callee.accept(await caller.answer(await callee.offer()))
            await shows(callee.track("video"), "blue")
            await shows(caller.track("video"), "red")
        finally:
            await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_what_was_not_wanted_may_be_wanted_later() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        try:
            await caller.accept(await callee.answer(await caller.offer(video=flat("red")), receive=()))
            await asyncio.gather(caller.connected(), callee.connected())
            assert callee.tracks == ()
            await caller.accept(await callee.answer(await caller.offer()))
            await shows(callee.track("video"), "red")
        finally:
            await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_an_offer_that_comes_to_nothing_changes_nothing() -> None:
    async def main() -> None:
        async with pair(video=flat("red"), receive=("video",)) as (caller, callee):
            before = caller.facts()
            offer = await caller.offer(video=flat("blue"), audio="tone", data=True)
            assert set(caller.facts()["sources"]) == {"audio", "video"}
            with pytest.raises(JanusStateError, match=r"waits for its answer.*rollback\(\)"):
                await caller.offer()
            await caller.rollback()
            await caller.rollback()
            after = caller.facts()
            assert {**after, "tracks": []} == {**before, "tracks": []}
            with pytest.raises(JanusStateError, match="no offer waits"):
                await caller.accept({"type": "answer", "sdp": offer["sdp"]})
            with pytest.raises(JanusStateError, match="no data was negotiated"):
                caller.channel()
            with pytest.raises(JanusOptionError, match="cannot be sent"):
                await caller.offer(video="camra")
            with pytest.raises(JanusMediaError, match="the offer was not understood"):
                await caller.answer({"type": "offer", "sdp": "v=0\r\nm=audio"})
            await shows(callee.track("video"), "red")
            # In both roles, the next negotiation finds everything in order.
            await callee.accept(await caller.answer(await callee.offer(video=flat("green"))))
            await shows(caller.track("video"), "green")
            await caller.accept(await callee.answer(await caller.offer(audio="tone", data=True)))
            await callee.track("audio").snapshot()
            await caller.channel().opened()

    asyncio.run(main())


def test_a_renewed_section_gives_a_new_track_though_nothing_shows_it() -> None:
    async def main() -> None:
        async with pair(video=flat("red"), receive=("video",)) as (caller, callee):
            first = callee.track("video")
            await caller.accept(await callee.answer(await caller.offer()))
            assert callee.track("video") is first
            await caller.accept(await callee.answer(await caller.offer(), renewed=["0"]))
            assert callee.track("video") is not first
            await shows(callee.track("video"), "red")

    asyncio.run(main())


def test_a_section_without_a_codec_of_ours_is_refused_alone() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        try:
            offer = await caller.offer(video=flat("red"), audio="tone")
            strange = offer["sdp"].replace("VP8/90000", "AV1/90000").replace("H264/90000", "H265/90000")
            answer = await callee.answer({**offer, "sdp": strange})
            assert "m=video 0 UDP/TLS/RTP/SAVPF 97" in answer["sdp"]
            assert "a=group:BUNDLE 0\r\n" in answer["sdp"]
            await caller.accept(answer)
            await asyncio.gather(caller.connected(), callee.connected())
            await callee.track("audio").snapshot()
            assert [track.kind for track in callee.tracks] == ["audio"]
            await caller.accept(await callee.answer(await caller.offer()))
            await shows(callee.track("video"), "red")
        finally:
            await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_another_codec_while_it_is_sent() -> None:
    async def main() -> None:
        async with pair(video=TestPattern(320, 240), receive=("video",)) as (caller, callee):
            await callee.track("video").snapshot()
            answer = await callee.answer(await caller.offer())
            assert answer["sdp"].index("VP8") < answer["sdp"].index("H264")
            lines = answer["sdp"].splitlines()
            only = [line.replace(" 97 98 99 100 101 102", " 99 100") for line in lines]
            await caller.accept({**answer, "sdp": "\r\n".join(only) + "\r\n"})
            assert (await caller.stats())["media"]["0"]["codec"] == "H264"
            # What comes now is H.264, on the same SSRC, and the same track goes on with it.
            track = callee.track("video")
            inside: Any = track
            for _ in range(3):
                assert bars_match(await track.snapshot())
            assert inside.ended is None

    asyncio.run(main())


def test_a_passed_track_outlives_what_sends_it() -> None:
    async def main() -> None:
        pattern = TestPattern(160, 120)
        async with pair(video=pattern, receive=("video",)) as (caller, callee):
            await callee.track("video").snapshot()
            await caller.accept(await callee.answer(await caller.offer(video=False)))
            await until(lambda: callee.tracks == ())
        assert pattern.readyState == "live"
        pattern.stop()

    asyncio.run(main())
