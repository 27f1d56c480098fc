"""Each kind of event has its class, its fields and its words, whatever the server puts in."""

from __future__ import annotations

from typing import Any

import pytest

from janus_notebook import JanusOptionError
from janus_notebook.protocol import events
from janus_notebook.protocol.events import (
    DataEvent,
    DetachedEvent,
    Direction,
    ErrorEvent,
    ExchangeEvent,
    HangupEvent,
    JanusEvent,
    MediaEvent,
    PluginEvent,
    SlowLinkEvent,
    StateEvent,
    TimeoutEvent,
    TrickleEvent,
    WebRtcUpEvent,
    check_kinds,
    event_class,
)


def made(kind: str, direction: Direction = "event", handle_id: int | None = 7, **raw: Any) -> JanusEvent:
    return event_class(direction, kind)(
        seq=3,
        time=1.7e9,
        elapsed=1.25,
        direction=direction,
        kind=kind,
        session_id=1,
        handle_id=handle_id,
        _source={"janus": kind, **raw},
    )


def test_webrtcup() -> None:
    event = made("webrtcup")
    assert isinstance(event, WebRtcUpEvent)
    assert repr(event) == "<WebRtcUpEvent #3 1.250s event webrtcup handle 7 ICE and DTLS are done>"


def test_media() -> None:
    event = made("media", mid="1", type="video", receiving=True, substream=0)
    assert isinstance(event, MediaEvent)
    assert (event.mid, event.type, event.receiving, event.substream, event.seconds) == (
        "1",
        "video",
        True,
        0,
        None,
    )
    assert event.summary == "Janus is receiving video (mid 1)"
    stopped = made("media", mid="0", type="audio", receiving=False, seconds=3)
    assert isinstance(stopped, MediaEvent)
    assert (stopped.seconds, stopped.summary) == (3, "Janus is not receiving audio (mid 0)")


def test_slowlink_tells_whose_packets_were_lost() -> None:
    event = made("slowlink", mid="1", media="video", uplink=True, lost=12)
    assert isinstance(event, SlowLinkEvent)
    assert (event.mid, event.media, event.uplink, event.lost) == ("1", "video", True, 12)
    assert event.summary == "12 video packets sent by Janus were lost (mid 1)"
    assert (
        made("slowlink", media="audio", lost=1, mid="0").summary
        == "1 audio packets sent to Janus were lost (mid 0)"
    )


def test_hangup_detached_timeout() -> None:
    hangup = made("hangup", reason="ICE failed")
    assert isinstance(hangup, HangupEvent)
    assert hangup.reason == hangup.summary == "ICE failed"
    assert isinstance(made("detached"), DetachedEvent)
    timeout = made("timeout", handle_id=None)
    assert isinstance(timeout, TimeoutEvent)
    assert repr(timeout) == "<TimeoutEvent #3 1.250s event timeout>"


@pytest.mark.parametrize(
    ("candidate", "expected", "words"),
    [
        (
            {"candidate": "candidate:1 1 udp", "sdpMid": "0"},
            {"candidate": "candidate:1 1 udp", "sdpMid": "0"},
            "candidate:1 1 udp",
        ),
        ({"completed": True}, {"completed": True}, "end of candidates"),
        (None, {"completed": True}, "end of candidates"),
        ("odd", {"completed": True}, "end of candidates"),
    ],
)
def test_trickle(candidate: Any, expected: Any, words: str) -> None:
    event = made("trickle", candidate=candidate)
    assert isinstance(event, TrickleEvent)
    assert (event.candidate, event.summary) == (expected, words)


def test_plugin_event() -> None:
    plugindata = {
        "plugin": "janus.plugin.echotest",
        "data": {"echotest": "event", "result": "ok", "list": [1]},
    }
    event = made("event", plugindata=plugindata, jsep={"type": "answer", "sdp": "v=0"})
    assert isinstance(event, PluginEvent)
    assert (event.plugin, event.data["result"]) == ("janus.plugin.echotest", "ok")
    assert event.jsep == {"type": "answer", "sdp": "v=0"}
    assert event.summary == "echotest=event result=ok list=[1] + answer"
    data = made("data", plugindata=plugindata)
    assert isinstance(data, DataEvent)
    assert (data.plugin, data.data["result"], data.name) == ("janus.plugin.echotest", "ok", event.name)
    bare = made("event")
    assert isinstance(bare, PluginEvent)
    assert (bare.plugin, bare.data, bare.jsep, bare.summary) == ("", {}, None, "")


def test_state_and_error_are_local() -> None:
    state = made("state", "local", state="lost", before="connected", reason="the cable")
    assert isinstance(state, StateEvent)
    assert (state.state, state.before, state.reason) == ("lost", "connected", "the cable")
    assert state.summary == "connected → lost: the cable"
    assert made("state", "local", state="b", before="a").summary == "a → b"
    error = made("error", "local", error={"type": "JanusTimeoutError", "reason": "no reply"})
    assert isinstance(error, ErrorEvent)
    assert error.reason == error.summary == "no reply"
    assert made("error", error="words").summary == "words"
    assert made("error").summary == ""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"body": {"request": "list", "on": True, "x": [1]}}, "request=list on=True x=[1]"),
        ({"body": {"a": {}, "b": [], "c": [{"d": "e"}, 2]}}, "a={} b=[] c=[{d=e}, 2]"),
        ({"body": {"a": {"b": {"c": {"d": 1}}}}}, "a={b={c={…}}}"),
        ({"body": {"a": ["x" * 100, "y"]}}, f"a=[{'x' * 79}…]"),
        ({"plugin": "janus.plugin.sip"}, "janus.plugin.sip"),
        ({"jsep": {"type": "offer"}}, "+ offer"),
        ({"plugindata": {"data": {"result": "ok"}}}, "result=ok"),
        ({"error": {"code": 458, "reason": "No such session"}}, "No such session (458)"),
        ({}, ""),
    ],
)
@pytest.mark.parametrize("direction", ["request", "reply"])
def test_exchanges(direction: Direction, raw: dict[str, Any], words: str) -> None:
    event = made("message", direction, **raw)
    assert isinstance(event, ExchangeEvent)
    assert event.summary == words


def test_an_unknown_kind_survives() -> None:
    event = made("novelty", what=1)
    assert type(event) is JanusEvent
    assert (event.kind, event.raw["what"], event.summary) == ("novelty", 1, "")


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [], [1], {}, {"data": 1}, {"data": {"a": {}}}])
@pytest.mark.parametrize("kind", [*sorted(events._EVENTS), "novelty"])
@pytest.mark.parametrize("direction", ["request", "reply", "event", "local"])
def test_odd_fields_break_nothing(direction: Direction, kind: str, value: Any) -> None:
    fields = ["mid", "type", "receiving", "substream", "seconds", "media", "uplink", "lost", "reason"]
    fields += ["candidate", "plugindata", "jsep", "state", "before", "error", "body", "plugin"]
    event = made(kind, direction, **dict.fromkeys(fields, value))
    assert isinstance(event.summary, str)
    assert repr(event)
    for name in dir(type(event)):
        if isinstance(getattr(type(event), name), property):
            getattr(event, name)


def test_text_is_decoded_and_masked_when_it_is_first_read() -> None:
    text = b'{"janus":"hangup","reason":"ICE failed","token":"s3cret"}'
    event = HangupEvent(1, 0.0, 0.0, "event", "hangup", 1, 2, text)
    assert event.reason == "ICE failed"
    assert event.raw == {"janus": "hangup", "reason": "ICE failed", "token": "***"}
    assert event.raw is event.raw


def test_events_are_frozen() -> None:
    with pytest.raises(AttributeError):
        made("media").seq = 5  # type: ignore[misc]


def test_check_kinds() -> None:
    assert check_kinds(None) is None
    assert check_kinds("media") == frozenset({"media"})
    with pytest.raises(JanusOptionError, match=r"unknown event kind 'xyz'\. Known: .*detached, "):
        check_kinds(["media", "xyz"])
    with pytest.raises(JanusOptionError, match=r"unknown event kind 'medai'. Did you mean 'media'\?"):
        check_kinds(["medai"])


def test_an_entry_can_be_looked_through_without_being_decoded() -> None:
    raw = HangupEvent(1, 0.0, 0.0, "event", "hangup", 1, 2, b'{"janus":"hangup","jsep":{"type":"offer"}}')
    assert (raw.mentions("jsep"), raw.mentions("candidate")) == (True, False)
    assert raw.raw["jsep"]
    assert raw.mentions("candidate")  # decoded: nobody is spared anything any more
