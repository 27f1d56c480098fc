"""Two peers connect, see each other's pattern, and say clearly when they cannot."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from typing import Any

import numpy as np
import pytest

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.media import Peer, TestPattern, bars_match, read_counter
from tests.media.pairs import negotiate, pair, until

pytestmark = pytest.mark.usefixtures("network")

HOST = {
    "candidate": "candidate:1 1 udp 2015363839 10.255.255.1 9 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


@pytest.mark.parametrize("trickle", [False, True])
def test_pattern_and_tone_arrive(trickle: bool) -> None:
    async def main() -> None:
        async with pair(trickle=trickle) as (caller, callee):
            for peer in (caller, callee):
                track = peer.track("video")
                picture = await track.snapshot()
                assert (picture.dtype.name, picture.shape, track.size) == ("uint8", (480, 640, 3), (640, 480))
                assert bars_match(picture)
                first = read_counter(picture)
                assert read_counter(await track.snapshot()) > first
            tone = [await callee.track("audio").snapshot() for _ in range(12)]
            assert {(part.dtype.name, part.shape) for part in tone} == {("float32", (960, 2))}
            peaks = []
            for part in tone[2:]:  # the first packets hold the encoder's start
                spectrum = np.abs(np.fft.rfft(part[:, 0] * np.hanning(960), 48_000))  # 1 Hz apart
                peaks.append(int(np.argmax(spectrum)))
            assert np.median(peaks) == pytest.approx(440, rel=0.01)

    asyncio.run(main())


def test_facts_and_stats_are_plain_and_true() -> None:
    async def main() -> None:
        async with pair() as (caller, _):
            video = caller.track("video")
            await until(lambda: video.frames_received > 5)
            facts = json.loads(json.dumps(caller.facts()))
            assert {key: facts[key] for key in ("state", "signaling", "ice_gathering", "ice", "dtls")} == {
                "state": "connected",
                "signaling": "stable",
                "ice_gathering": "complete",
                "ice": "completed",
                "dtls": "connected",
            }
            assert facts["pair"]["local"]["port"] != facts["pair"]["remote"]["port"] > 0
            assert facts["pair"]["local"]["type"] in ("host", "prflx")
            assert facts["sources"] == {"audio": "live", "video": "live"}
            assert [(t["mid"], t["kind"], t["ended"]) for t in facts["tracks"]] == [
                ("0", "audio", None),
                ("1", "video", None),
            ]
            assert video.last_frame_at == pytest.approx(time.time(), abs=2)
            # The other side's reports come within 1.5 s of each other.
            stats: dict[str, Any] = {}
            async with asyncio.timeout(10):
                while stats.get("media", {}).get("1", {}).get("rtt_secs") is None:
                    stats = json.loads(json.dumps(await caller.stats()))
                    await asyncio.sleep(0.1)
            assert {mid: (m["kind"], m["codec"], m["direction"]) for mid, m in stats["media"].items()} == {
                "0": ("audio", "opus", "sendrecv"),
                "1": ("video", "VP8", "sendrecv"),
            }
            for media in stats["media"].values():
                assert media["frames_in"] > 5
                assert media["packets_in"] > 5
                assert media["packets_out"] > 5
                assert media["bytes_out"] > 500
                assert media["lost_in"] == 0
                assert 0 <= media["jitter_in_secs"] < 1
            assert 0 < stats["media"]["1"]["rtt_secs"] < 1
            assert stats["transport"]["bytes_out"] > stats["media"]["1"]["bytes_out"]

    asyncio.run(main())


def test_one_way_and_one_kind() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        try:
            answer = await callee.answer(await caller.offer(video=True, receive=()))
            await caller.accept(answer)
            await asyncio.gather(caller.connected(), callee.connected())
            assert bars_match(await callee.track("video").snapshot())
            assert caller.tracks == ()
            with pytest.raises(JanusMediaError, match=r"no track 'audio' .* there are: video \(mid 0\)"):
                callee.track("audio")
            assert callee.track("0") is callee.track("video")
            assert (await callee.stats())["media"]["0"]["direction"] == "recvonly"
        finally:
            await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_what_is_not_wanted_is_not_received() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        try:
            answer = await callee.answer(await caller.offer(video=True, audio=True), receive=("audio",))
            await caller.accept(answer)
            await asyncio.gather(caller.connected(), callee.connected())
            assert [track.kind for track in callee.tracks] == ["audio"]
            await callee.track("audio").snapshot()
            stats = await caller.stats()
            assert [m["direction"] for m in stats["media"].values()] == ["sendonly", "inactive"]
        finally:
            await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


@pytest.mark.parametrize("rejected", ["audio", "video"])
@pytest.mark.parametrize("trickle", [False, True])
def test_an_answer_may_reject_one_kind(rejected: str, trickle: bool) -> None:
    """As Janus's audiobridge does with video, and a room without audio with audio."""
    left = {"audio": "video", "video": "audio"}[rejected]
    mid = {"audio": "1", "video": "0"}[rejected]

    async def main() -> None:
        caller, callee = Peer(), Peer()
        try:
            offer = await caller.offer(video=True, audio=True, trickle=trickle)
            answer = await callee.answer(offer, video=True, audio=True, trickle=trickle)
            session, audio, video = re.split(r"(?=^m=)", answer["sdp"], flags=re.M)
            sections = {"audio": audio, "video": video}
            sections[rejected] = (
                f"m={rejected} 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 127.0.0.1\r\na=inactive\r\n"
                f"a=mid:{1 - int(mid)}\r\n"
            )
            session = session.replace("BUNDLE 0 1", f"BUNDLE {mid}")
            await caller.accept({**answer, "sdp": session + "".join(sections.values())})
            if trickle:
                for candidate in callee.candidates():
                    await caller.add_candidate({**candidate, "sdpMid": mid, "sdpMLineIndex": int(mid)})
                for candidate in caller.candidates():
                    await callee.add_candidate(candidate)
            await caller.connected()
            await caller.track(left).snapshot()
            assert [track.kind for track in caller.tracks] == [left]
            stats = (await caller.stats())["media"]
            assert {media["kind"]: media["direction"] for media in stats.values()} == {
                left: "sendrecv",
                rejected: "inactive",
            }
        finally:
            await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_numpy_pictures_are_sent_and_a_failing_source_is_named() -> None:
    enough = threading.Event()

    def produce() -> Any:
        if enough.is_set():
            raise RuntimeError("no more ideas")
        return np.full((120, 160, 3), (200, 40, 40), np.uint8)

    async def main() -> None:
        failures: list[JanusMediaError] = []
        async with pair(video=produce) as (caller, callee):
            caller.on_source_failure = failures.append
            picture = await callee.track("video").snapshot()
            assert np.abs(picture.mean(axis=(0, 1)) - (200, 40, 40)).max() < 12
            enough.set()
            why = "the video source raised RuntimeError: no more ideas."
            await until(lambda: caller.facts()["sources"]["video"] == f"failed: {why}")
            assert [str(error) for error in failures] == [f"video is no longer sent: {why}"]
            assert [repr(error.__cause__.__cause__) for error in failures if error.__cause__] == [
                "RuntimeError('no more ideas')"
            ]

            async def every_picture() -> None:
                while True:
                    await caller.track("video").snapshot(timeout=0.3)

            # The callee's come from the same source; the last of them may still be on their way.
            with pytest.raises(JanusTimeoutError, match=f"Our own video is no longer sent: {why}"):
                await asyncio.wait_for(every_picture(), 10)
        assert len(failures) == 1

    asyncio.run(main())


def test_a_wrong_first_picture_fails_the_offer_and_opens_nothing() -> None:
    async def main() -> None:
        peer = Peer()
        with pytest.raises(JanusOptionError, match=r"not float32 \(120, 160, 3\)"):
            await peer.offer(video=lambda: np.zeros((120, 160, 3), np.float32))
        assert (peer.state, peer.facts()["sources"]) == ("new", {})
        await peer.prepare(audio="tone")
        assert "m=video" in (await peer.offer())["sdp"]
        assert peer.facts()["sources"] == {"audio": "live"}
        await peer.close()
        with pytest.raises(JanusStateError, match="this peer is closed"):
            await peer.prepare(audio="tone")

    asyncio.run(main())


def test_a_passed_track_is_left_to_its_owner() -> None:
    async def main() -> None:
        pattern = TestPattern(320, 240)
        caller, callee = Peer(), Peer()
        await callee.answer(await caller.offer(video=pattern))
        await asyncio.gather(caller.close(), callee.close())
        assert pattern.readyState == "live"
        pattern.stop()

    asyncio.run(main())


def test_trickled_offers_hold_no_candidates() -> None:
    async def main() -> None:
        peer, plain = Peer(), Peer()
        with pytest.raises(JanusStateError, match="no candidates yet"):
            peer.candidates()
        offer = await peer.offer(video=True, trickle=True)
        assert (offer["type"], offer["trickle"]) == ("offer", True)
        assert "a=candidate" not in offer["sdp"]
        assert "a=end-of-candidates" not in offer["sdp"]
        *candidates, last = peer.candidates()
        assert last == {"completed": True}
        assert candidates == peer.local_candidates
        assert all(c["candidate"].startswith("candidate:") and c["sdpMLineIndex"] == 0 for c in candidates)
        full = await plain.offer(video=True)
        assert full["trickle"] is False
        assert all(c["candidate"] in full["sdp"] for c in plain.local_candidates)
        assert "a=end-of-candidates" in full["sdp"]
        await peer.close()
        await plain.close()

    asyncio.run(main())


def test_candidates_of_other_sections_and_after_the_end_do_no_harm() -> None:
    async def main() -> None:
        async with pair() as (caller, callee):
            await caller.add_candidate({**HOST, "sdpMid": "1", "sdpMLineIndex": 1})
            await caller.add_candidate({**HOST, "sdpMid": "nothing", "sdpMLineIndex": 7})
            await caller.add_candidate(HOST)
            for end in ({"completed": True}, None, {"candidate": ""}):
                await caller.add_candidate(end)
            for bad in ("candidate:garbage", "candidate:1 1 udp x 10.0.0.1 9 typ host", 5):
                with pytest.raises(JanusMediaError, match="is not an ICE candidate"):
                    await caller.add_candidate({"candidate": bad, "sdpMid": "0", "sdpMLineIndex": 0})
            assert bars_match(await callee.track("video").snapshot())
        await caller.add_candidate(HOST)
        early = Peer()
        with pytest.raises(JanusMediaError, match="is not an ICE candidate"):
            await early.add_candidate({"candidate": "garbage"})

    asyncio.run(main())


def test_an_offer_that_nobody_answers_times_out_by_name() -> None:
    async def main() -> None:
        peer = Peer()
        with pytest.raises(JanusTimeoutError, match=r"within 0.05 s: there is no offer or answer yet"):
            await peer.connected(0.05)
        await peer.offer(video=True)
        with pytest.raises(JanusTimeoutError, match=r"the other side's description did not come"):
            await peer.connected(0.05)
        with pytest.raises(JanusMediaError, match=r"there are: none. Tracks appear with"):
            peer.track("video")
        await peer.close()

    asyncio.run(main())


async def _hopeless(caller: Peer, *, ended: bool) -> None:
    """Let `caller` hear of one candidate only, that nobody answers at."""
    callee = Peer()
    answer = await callee.answer(await caller.offer(video=True, trickle=True), trickle=True)
    await callee.close()
    await caller.accept(answer)
    await caller.add_candidate(HOST)
    if ended:
        await caller.add_candidate({"completed": True})


def test_ice_that_finds_no_way_times_out_by_name() -> None:
    async def main() -> None:
        caller = Peer()
        await _hopeless(caller, ended=False)
        began = time.monotonic()
        with pytest.raises(JanusTimeoutError, match=r"ICE has found no pair .* 1 there\).*TURN"):
            await caller.connected(0.5)
        assert time.monotonic() - began < 2
        assert caller.facts()["ice"] == "checking"
        waiting = asyncio.create_task(caller.connected(30))
        await asyncio.sleep(0)
        await caller.close()
        with pytest.raises(JanusMediaError, match="it was closed"):
            await waiting

    asyncio.run(main())


def test_ice_that_has_nobody_to_ask_fails_at_once() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        await caller.accept(await callee.answer(await caller.offer(video=True, trickle=True), trickle=True))
        await callee.close()
        await caller.add_candidate({"completed": True})
        with pytest.raises(JanusMediaError, match=r"ICE failed, as no pair of candidates works .*0 there"):
            await caller.connected(10)
        assert caller.state == "failed"
        await caller.close()

    asyncio.run(main())


def test_a_changed_fingerprint_fails_in_dtls() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        answer = await callee.answer(await caller.offer(video=True))
        lines = answer["sdp"].splitlines()
        lines = [
            line.split(" ")[0] + " " + ":".join(["00"] * (line.count(":", 14) + 1))
            if line.startswith("a=fingerprint")
            else line
            for line in lines
        ]
        await caller.accept({**answer, "sdp": "\r\n".join(lines) + "\r\n"})
        with pytest.raises(JanusMediaError, match="DTLS handshake failed"):
            await caller.connected(10)
        await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_wrong_calls_are_refused_before_anything_happens() -> None:
    async def main() -> None:
        peer = Peer()
        with pytest.raises(JanusOptionError, match="nothing to offer"):
            await peer.offer(receive=())
        with pytest.raises(JanusOptionError, match="Did you mean 'video'"):
            await peer.offer(receive=("vidoe",))
        with pytest.raises(JanusOptionError, match="video='camra' cannot be sent"):
            await peer.offer(video="camra")
        with pytest.raises(JanusOptionError, match="must have type 'answer'"):
            await peer.accept({"type": "offer", "sdp": ""})
        with pytest.raises(JanusStateError, match="no offer waits"):
            await peer.accept({"type": "answer", "sdp": "v=0"})
        with pytest.raises(JanusOptionError, match="must have type 'offer'"):
            await peer.answer({"type": "offer"})
        assert peer.state == "new"
        assert await peer.stats() == {"transport": {}, "media": {}}
        await peer.offer()
        with pytest.raises(JanusStateError, match="an offer waits for its answer"):
            await peer.offer()
        with pytest.raises(JanusMediaError, match="the answer was not understood"):
            await peer.accept({"type": "answer", "sdp": "v=0\r\nm=audio"})
        await peer.close()
        with pytest.raises(JanusStateError, match="this peer is closed"):
            await peer.offer()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("a=group:BUNDLE 0", "a=group:BUNDLE x 0"),
        ("c=IN IP4 ", "c=IN IP4 \x1b[2J"),
        ("a=rtcp:9 IN IP4 ", "a=rtcp:9 "),
    ],
)
def test_a_description_that_would_break_later_is_refused_at_once(what: str, instead: str) -> None:
    async def main() -> None:
        caller, callee, other = Peer(), Peer(), Peer()
        offer = await caller.offer()
        answer = await callee.answer(offer)
        for jsep in (offer, answer):
            assert what in jsep["sdp"]
            jsep["sdp"] = jsep["sdp"].replace(what, instead)
        with pytest.raises(JanusMediaError, match="the answer was not understood"):
            await caller.accept(answer)
        with pytest.raises(JanusMediaError, match="the offer was not understood"):
            await other.answer(offer)
        for peer in (caller, callee, other):
            peer.facts()
            await peer.close()

    asyncio.run(main())


@pytest.mark.parametrize("candidate", ["candidate:1", ["x"], 7, {"candidate": 7}])
def test_a_candidate_that_is_none_is_refused(candidate: Any) -> None:
    async def main() -> None:
        peer = Peer()
        with pytest.raises(JanusMediaError, match="is not an ICE candidate"):
            await peer.add_candidate(candidate)
        await peer.close()

    asyncio.run(main())


def test_an_offer_without_a_place_for_the_source_is_refused() -> None:
    async def main() -> None:
        caller, callee = Peer(), Peer()
        offer = await caller.offer(audio=True)
        audio_only = offer["sdp"][: offer["sdp"].index("m=video")].replace("BUNDLE 0 1", "BUNDLE 0")
        with pytest.raises(JanusOptionError, match="no video section to send video in"):
            await callee.answer({"type": "offer", "sdp": audio_only}, video=True)
        await asyncio.gather(caller.close(), callee.close())

    asyncio.run(main())


def test_changes_are_told_and_a_broken_listener_harms_nothing() -> None:
    async def main() -> None:
        seen: list[str] = []
        reported: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

        def listener() -> None:
            seen.append(caller.state)
            if len(seen) == 1:
                raise ValueError("from the listener")

        caller, callee = Peer(on_change=listener), Peer()
        await negotiate(caller, callee, video=True)
        await asyncio.gather(caller.connected(), callee.connected())
        assert bars_match(await caller.track("video").snapshot())
        await caller.close()
        assert seen[-1] == "closed"
        assert "connected" in seen
        assert [str(context["exception"]) for context in reported] == ["from the listener"]
        await callee.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("server", "text"),
    [
        ({"url": "stun:x"}, "unknown key of an ICE server 'url'. Did you mean 'urls'?"),
        ({}, "None is not the URL of an ICE server"),
        ({"urls": "http://x"}, "'http://x' is not the URL of an ICE server"),
        ({"urls": ["stun:x:1", 5]}, "5 is not the URL of an ICE server"),
    ],
)
def test_a_wrong_ice_server_is_refused(server: dict[str, Any], text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        Peer(ice_servers=[server])
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("servers", "found"),
    [("stun:x", "str"), (["stun:x"], "str"), ({"urls": "stun:x:1"}, "dict"), (None, "NoneType")],
)
def test_ice_servers_that_are_no_list_of_dicts_are_refused(servers: Any, found: str) -> None:
    with pytest.raises(JanusOptionError, match=rf"a list of dicts; found {found}\. .*\[\{{'urls': 'stun:"):
        Peer(ice_servers=servers)


def test_no_secret_in_a_repr_and_no_server_by_default() -> None:
    server = {
        "urls": ["turn:turn.example:3478?transport=udp"],
        "username": "1700000000:me",
        "credential": "s3cret",
    }
    shown = repr(Peer(ice_servers=[server]))
    assert "turn.example" in shown
    assert "s3cret" not in shown
    assert "1700000000" not in shown
    assert repr(Peer()) == "<Peer new, tracks: none, ice_servers=[]>"
