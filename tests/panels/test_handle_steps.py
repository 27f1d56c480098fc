"""The ladder's judgement: for each step that can fail, which one it names and what it says to try."""

from __future__ import annotations

import json
from typing import Any

import pytest

from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.panels.handle.negotiation import Negotiation
from tests.panels.scene import HOST, LOOPBACK, NAME, PRIVATE, Scene, sdp

TRACKS = [
    {"mid": str(mid), "kind": kind, "frames": 9, "last_frame_at": 1000.0, "size": None, "ended": None}
    for mid, kind in enumerate(("audio", "video"))
]
FACTS: dict[str, Any] = {"sources": {"audio": "live", "video": "live"}, "tracks": TRACKS}


def info(**parts: Any) -> HandleInfo:
    return HandleInfo.read({"session_id": 1, "handle_id": 42, **parts})


def test_each_step_took_its_time() -> None:
    scene = Scene().attach(0.02).later(3).ours().later(0.1).theirs().later(0.05).candidates()
    assert scene.marks() == "pair:now"
    scene.peer("checking").later(0.2).peer("completed", "connecting")
    assert scene.marks() == "dtls:now"
    scene.later(0.3).peer("completed", "connected").up().later(0.4).media(0).later(0.1).media(1, "video")
    steps = scene.steps(facts=FACTS, clock=1000.5)
    assert {name: step.status for name, step in steps.items()} == dict.fromkeys(steps, "done")
    times = {name: round(step.secs, 3) for name, step in steps.items() if step.secs is not None}
    assert times == {
        "signalling": 0.02,
        "offer": 0.1,
        "gathering": 0.15,
        "pair": 0.25,
        "dtls": 0.3,
        "to_janus": 0.5,
    }
    told = scene.verdict(facts=FACTS, clock=1000.5)
    assert (told["level"], told["title"]) == ("good", "Connected in 0.65 s")
    assert told["text"] == "Janus receives audio and video; we receive audio and video."


def test_before_anything_is_negotiated() -> None:
    scene = Scene()
    assert scene.verdict()["title"] == "Not attached"
    scene.attach()
    assert scene.marks() == ""
    assert scene.verdict() == {
        "level": "calm",
        "title": "Attached, no media yet",
        "text": "Begin with publish().",
        "advice": "",
    }


def refused(scene: Scene) -> Scene:
    scene.ours()
    data = {"error_code": 414, "error": "JSEP offer: invalid SDP"}
    scene.write("reply", "event", transaction="t1", plugindata={"data": data})
    scene.become("attached", "JSEP offer: invalid SDP")
    return scene


FAILURES = {
    "refused": (refused(Scene().attach()), "offer", "Janus refused it: JSEP offer: ", "Read the reason"),
    "no answer, given up": (
        Scene().attach().ours().later(5).hangup("Janus API"),
        "offer",
        "it ended here (Janus API)",
        "Check that the server is alive",
    ),
    "no address of Janus": (
        Scene().attach().ours().theirs().candidates(theirs=None),
        "gathering",
        "1 ours, 0 Janus's",
        "Janus named no address",
    ),
    "no address here": (
        Scene().attach().ours().theirs().candidates(ours=None),
        "gathering",
        "0 ours, 1 Janus's",
        "This machine has no usable address",
    ),
    "ICE failed": (
        Scene().negotiated().peer("checking").later(9).peer("failed"),
        "pair",
        "no pair works",
        "Let UDP pass between the two addresses",
    ),
    "ICE failed, says Janus": (
        Scene().negotiated().later(9).hangup("ICE failed"),
        "pair",
        "no pair works",
        "Let UDP pass",
    ),
    "loopback on one side": (
        Scene().attach().ours().theirs().candidates(theirs=LOOPBACK).later(9).hangup("ICE failed"),
        "pair",
        "no pair works",
        "Only Janus is on loopback",
    ),
    "private address of Janus": (
        Scene().attach().ours().theirs().candidates(HOST.replace("192.0.2.7", "8.8.4.4"), PRIVATE)
        .later(9).hangup("ICE failed"),
        "pair",
        "no pair works",
        "set its nat_1_1_mapping",
    ),
    "names only": (
        Scene().attach().ours().theirs().candidates(ours=NAME).later(9).hangup("ICE failed"),
        "pair",
        "no pair works",
        ".local names",
    ),
    "given up while ICE looks": (
        Scene().negotiated().peer("checking").later(15).hangup("Janus API"),
        "pair",
        "it ended here (Janus API)",
        "Let UDP pass",
    ),
    "DTLS failed": (
        Scene().negotiated().peer("completed", "connecting").later(1).peer("completed", "failed"),
        "dtls",
        "the handshake failed",
        "a=fingerprint",
    ),
    "DTLS alert": (
        Scene().negotiated().peer("completed", "connecting").later(1).hangup("DTLS alert"),
        "dtls",
        "DTLS alert",
        "a=fingerprint",
    ),
    "nothing reaches Janus": (
        Scene().negotiated().peer("completed").up().later(6),
        "to_janus",
        "Janus has received no audio and video yet",
        "whether the source gives frames",
    ),
    "video stopped": (
        Scene().negotiated().up().media(0).media(1, "video").later(9).media(1, "video", receiving=False),
        "to_janus",
        "Janus receives no video any more",
        "whether the sender has stopped",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_the_failing_step_is_named(name: str) -> None:
    scene, step, note, advice = FAILURES[name]
    steps = scene.steps()
    failed = [each.name for each in steps.values() if each.status == "failed"]
    assert failed == [step]
    assert note in steps[step].note
    assert advice in steps[step].advice
    told = scene.verdict()
    assert told["level"] == "bad"
    assert told["title"] == f"{steps[step].title} failed"
    assert told["advice"] == steps[step].advice
    assert told["advice"].endswith(".")


def test_a_path_that_breaks_later() -> None:
    scene = Scene().negotiated().peer("completed").up().media(0).media(1, "video").later(30)
    scene.hangup("ICE failed")
    assert scene.marks() == "pair:failed to_janus:over from_janus:over"
    assert "worked before" in scene.verdict()["advice"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Close PC", "Closed by the plugin. It was connected for 30.0 s."),
        ("DTLS alert", "Closed by the other side. It was connected for 30.0 s."),
        ("Something new", "Something new. It was connected for 30.0 s."),
    ],
)
def test_an_ordinary_end_is_no_failure(reason: str, text: str) -> None:
    scene = Scene().negotiated().up().media(0).media(1, "video").later(30).hangup(reason)
    told = scene.verdict()
    assert (told["level"], told["title"], told["text"]) == ("calm", "Hung up", text)
    assert scene.marks() == "to_janus:over from_janus:over"


def test_what_takes_long_says_so_before_it_fails() -> None:
    scene = Scene().negotiated().peer("checking").later(6)
    assert scene.marks() == "pair:slow"
    told = scene.verdict()
    assert (told["level"], told["title"]) == ("busy", "ICE pair: takes long")
    assert "Let UDP pass" in told["advice"]
    waiting = Scene().attach().theirs("offer").later(4)
    assert waiting.verdict()["advice"].startswith("Answer Janus's offer")


def test_a_browser_drives_it() -> None:
    scene = Scene().negotiated().later(0.5).up().media(0).media(1, "video")
    steps = scene.steps()
    assert (steps["pair"].status, steps["pair"].secs) == ("done", None)
    assert (steps["dtls"].secs, steps["dtls"].note) == (0.5, "ICE and DTLS together")
    assert (steps["from_janus"].status, steps["from_janus"].note) == (
        "unknown",
        "received elsewhere; no Admin API is known",
    )
    assert scene.verdict()["level"] == "good"
    webrtc: dict[str, Any] = {
        "ice": {"state": "ready", "gathered": 1_000_000, "connected": 1_200_000, "selected-pair": "a <-> b"},
        "dtls": {
            "dtls-state": "connected",
            "handshake-started": 1_200_000,
            "connected": 1_300_000,
            "ready": True,
        },
        "media": {str(mid): {"mid": str(mid), "stats": {"out": {"packets": 3}}} for mid in (0, 1)},
    }
    told = scene.steps(info=info(webrtc=webrtc))
    assert (told["pair"].secs, told["pair"].note, told["dtls"].secs) == (0.2, "a <-> b", 0.1)
    assert (told["from_janus"].status, told["from_janus"].note) == ("done", "Janus sends audio and video")
    del webrtc["media"]["1"]
    scene.later(6)
    assert scene.steps(info=info(webrtc=webrtc))["from_janus"].note == "Janus sends no video"


@pytest.mark.parametrize(
    ("ice", "dtls", "step"), [("failed", "created", "pair"), ("connected", "failed", "dtls")]
)
def test_janus_knows_what_our_side_does_not(ice: str, dtls: str, step: str) -> None:
    scene = Scene().negotiated().later(1)
    webrtc: dict[str, Any] = {
        "ice": {"state": ice, "gathered": 1, "connected": 2 if ice == "connected" else None},
        "dtls": {"dtls-state": dtls},
    }
    assert scene.marks(info=info(webrtc=webrtc)) == f"{step}:failed"


def test_what_comes_back() -> None:
    scene = Scene().negotiated().peer("completed").up().media(0).media(1, "video").later(6)
    silent = {**FACTS, "tracks": [{**TRACKS[0]}, {**TRACKS[1], "frames": 0}]}
    assert scene.marks(facts=silent, clock=1001.0) == "from_janus:failed"
    assert "anything to send" in scene.steps(facts=silent, clock=1001.0)["from_janus"].advice
    sends = {"media": {"1": {"mid": "1", "stats": {"out": {"packets": 70}}}}}
    step = scene.steps(facts=silent, clock=1001.0, info=info(webrtc=sends))["from_janus"]
    assert "drops UDP" in step.advice
    step = scene.steps(facts=FACTS, clock=1009.0)["from_janus"]
    assert (step.status, step.note) == ("slow", "nothing came of audio for 9 s and video for 9 s")
    assert scene.marks(facts=silent, clock=None) == "from_janus:unknown"
    # Frames of before it was switched off are no reason to say that it comes, nor that it is missing.
    for facts in (FACTS, silent):
        told = scene.verdict(facts=facts, clock=1001.0, off=frozenset({"video"}))
        assert (told["level"], told["text"]) == (
            "good",
            "Janus receives audio and video; we receive audio; Janus sends no video back: switched off.",
        )
    both = {"facts": FACTS, "clock": 1009.0, "off": frozenset({"audio", "video"})}
    assert scene.steps(**both)["from_janus"].status == "none"
    assert scene.verdict(**both)["text"].endswith("; Janus sends no audio or video back: switched off.")
    failed = {**FACTS, "sources": {"video": "failed: ValueError"}}
    step = scene.steps(facts=failed, clock=1001.0)["to_janus"]
    assert (step.status, step.note) == ("failed", "our source failed (video: ValueError)")


def test_a_source_that_has_ended_is_no_failure() -> None:
    scene = Scene().negotiated().peer("completed").up().media(0).media(1, "video").media(1, "video", False)
    half = {**FACTS, "sources": {"audio": "live", "video": "ended"}}
    late = {"facts": half, "clock": 1009.0, "echo": True}
    steps = scene.steps(**late)
    assert (steps["to_janus"].status, steps["to_janus"].note) == ("done", "audio; our video source has ended")
    assert steps["from_janus"].note == "nothing came of audio for 9 s"  # the video has ended with its source
    # Of another participant it may come all the same.
    assert "video" in scene.steps(facts=half, clock=1009.0)["from_janus"].note
    whole = {
        "facts": {**FACTS, "sources": {"audio": "ended", "video": "ended"}},
        "clock": 1009.0,
        "echo": True,
    }
    assert scene.marks(**whole) == "to_janus:over from_janus:over"
    told = scene.verdict(**whole)
    assert (told["level"], told["title"], told["advice"]) == (
        "calm",
        "The source has ended",
        "Send more with replace().",
    )
    assert told["text"] == (
        "Our audio and video source has ended; nothing more comes back. The connection is still up."
    )


def test_one_way_and_data_only() -> None:
    viewer = Scene().attach().theirs("offer", "video", direction="sendonly")
    viewer.ours("answer", "video", direction="recvonly").candidates().up()
    assert viewer.steps()["to_janus"].status == "none"
    publisher = Scene().attach().ours("offer", "video", direction="sendonly")
    publisher.theirs("answer", "video", direction="recvonly").candidates().up().media(0, "video")
    assert publisher.steps()["from_janus"].status == "none"
    assert publisher.verdict()["text"] == "Janus receives video."
    data = Scene().attach().theirs("offer", "application").ours("answer", "application").candidates().up()
    assert [*data.steps()][-1] == "data"
    assert data.verdict()["text"] == "Data channel negotiated; no message yet."
    data.write("event", "data", plugindata={"data": {}})
    assert data.verdict()["text"] == "Data channel messages come."


def test_a_second_connection_begins_anew() -> None:
    scene = Scene().negotiated().peer("completed").up().media(0).hangup("Janus API").peer("closed", "closed")
    scene.later(5).peer("new").ours()
    assert scene.marks() == "offer:now"
    assert scene.evidence().said.rounds == 2
    scene.later(0.1).theirs().candidates().up().media(0).media(1, "video")
    assert scene.verdict(facts=FACTS, clock=1000.5)["title"] == "Connected in 0.10 s"


def test_a_renegotiation_changes_what_is_expected_and_no_times() -> None:
    scene = Scene().negotiated().later(0.5).up().media(0).media(1, "video").later(60)
    scene.ours("offer", "audio", "video", direction="recvonly").theirs("answer", direction="sendonly")
    steps = scene.steps()
    assert steps["to_janus"].status == "none"
    assert steps["dtls"].secs == 0.5
    assert scene.evidence().said.rounds == 1


def test_a_session_that_is_lost_or_coming_back() -> None:
    scene = Scene().negotiated()
    lost = scene.verdict(session_state="lost", session_reason="the connection broke")
    assert (lost["level"], lost["title"], lost["text"]) == (
        "bad",
        "Signalling failed",
        "The connection broke.",
    )
    assert scene.verdict(session_state="reconnecting")["level"] == "busy"
    scene.become("detached", "the session is gone")
    assert scene.verdict()["title"] == "Detached"


def test_candidates_in_the_sdp_and_those_that_come_early() -> None:
    said = Negotiation(42)
    scene = Scene()
    scene.said = said
    scene.attach().candidates().ours(candidates=(HOST,)).theirs(candidates=(HOST, LOOPBACK))
    scene.evidence()
    assert said.ours is not None
    assert said.theirs is not None
    assert (len(said.ours.candidates), len(said.theirs.candidates)) == (1, 2)
    assert scene.steps()["gathering"].status == "done"


def test_settings_are_those_of_requests_that_were_granted() -> None:
    scene = Scene().attach()
    for number, (bitrate, data) in enumerate([(1000, {}), (-5, {"error": "no"})]):
        scene.write("request", "message", transaction=f"s{number}", body={"bitrate": bitrate, "secret": "x"})
        scene.write("reply", "event", transaction=f"s{number}", plugindata={"data": data})
    assert scene.evidence().said.settings == {"bitrate": 1000}


def test_an_id_that_changed_with_the_session() -> None:
    scene = Scene().negotiated().up()
    scene.log.record("local", "state", {"state": "attached", "before": "connected", "former": 42}, 1, 77)
    scene.log.record("event", "webrtcup", {}, 1, 42)
    said = scene.evidence().said
    assert (said.handle_id, said.rounds, said.up_at) == (77, 0, None)


def test_only_what_may_have_an_sdp_is_decoded() -> None:
    scene = Scene().attach()
    jsep = {"type": "offer", "sdp": sdp("audio")}
    for raw in ({"plugindata": {"data": {"text": "x"}}}, {"plugindata": {"data": {}}, "jsep": jsep}):
        scene.log.record("event", "event", json.dumps({"janus": "event", **raw}).encode(), 1, 42)
    said = scene.evidence().said
    assert said.theirs is not None
    assert [section.kind for section in said.theirs.sections] == ["audio"]
    assert [entry.mentions("text") for entry in scene.log][-2:] == [True, True]  # the second is decoded now


def test_requests_without_a_reply_are_forgotten() -> None:
    scene = Scene().attach()
    for number in range(200):
        scene.write("request", "message", transaction=f"n{number}", body={"video": bool(number % 2)})
    assert len(scene.evidence().said._asked) == 50
