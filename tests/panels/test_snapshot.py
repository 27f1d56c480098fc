"""Snapshots of sessions, handles and events in all their states."""

from __future__ import annotations

import json
from typing import Any

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusError, JanusSession
from janus_notebook.client.log import EventLog
from janus_notebook.panels.events.snapshot import log_facts, newest_rows, stream_snapshot
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.snapshot import clean, event_row
from tests.panels.conftest import event, make_handle, make_session


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünï 👩‍👩‍👧", "plain – ünï 👩‍👩‍👧"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("\x1b[31mred\x00", r"\x1b[31mred\x00"),
        ("a\tb\r\nc", r"a\tb\r\nc"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c", r"\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c"),
        ("\ud800 \udfff", r"\ud800 \udfff"),
        ("\u2028\u2029\x85\ufeff", r"\u2028\u2029\x85\ufeff"),
        (None, "None"),
    ],
)
def test_clean_makes_the_invisible_visible(text: object, shown: str) -> None:
    assert clean(text) == shown
    clean(text).encode()  # no lone surrogate is left


def test_clean_cuts() -> None:
    assert clean("x" * 1_000_000) == "x" * 199 + "…"
    assert clean("x" * 200) == "x" * 200
    assert len(clean("\x00" * 150)) == 200  # escapes count too
    assert clean("a\nb\tc\x1b", lines=True) == "a\nb\tc\\x1b"


def is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


def test_a_session_before_during_and_after() -> None:
    new = JanusSession(base_url="wss://example.org/janus")
    head = session_snapshot(new)["head"]
    assert (head["state"], head["id"], head["transport"], head["server"], head["since"]) == (
        "new",
        None,
        "WebSocket over TLS",
        None,
        None,
    )
    session = make_session()
    make_handle(session)
    session.on_error(JanusError("it broke"))
    snapshot = session_snapshot(session)
    assert is_plain(snapshot)
    head = snapshot["head"]
    assert (head["id"], head["state"], head["transport"]) == ("7001", "connected", "WebSocket")
    assert (head["server"], head["version"]) == ("Janus WebRTC Server", "1.1.2")
    assert (head["keepalive_secs"], head["timeout_secs"]) == (20, 60)
    assert head["since_elapsed"] is not None
    assert "hunter2" not in json.dumps(snapshot)
    assert [(row["id"], row["state"]) for row in snapshot["handles"]] == [("42", "attached")]
    assert snapshot["counters"]["errors"] == 1
    session._end("lost", "the cable was cut")
    head = session_snapshot(session)["head"]
    assert (head["id"], head["state"], head["reason"]) == ("7001", "lost", "the cable was cut")


def test_a_servers_nonsense_is_no_number() -> None:
    session = make_session()
    session.connection.server = {"name": ["x"], "version": 11, "session-timeout": "never"}
    head = session_snapshot(session)["head"]
    assert (head["server"], head["version"], head["timeout_secs"]) == ("['x']", "11", None)


def rungs(plugin: JanusEchoTestPlugin) -> dict[str, str]:
    return {rung["name"]: rung["status"] for rung in handle_snapshot(plugin)["ladder"]}


def test_a_handle_climbs_the_ladder() -> None:
    new = handle_snapshot(JanusEchoTestPlugin())
    assert (new["head"]["state"], new["head"]["id"], new["events"], new["media"]) == ("new", None, [], [])
    session = make_session()
    plugin = make_handle(session)
    assert set(rungs(plugin).values()) == {"done", "waiting"}
    plugin.on_jsep()
    assert rungs(plugin)["offer"] == "now"
    event(session, "webrtcup", 42)
    event(session, "media", 42, mid="1", type="video", receiving=True)
    event(session, "slowlink", 42, mid="1", media="video", uplink=True, lost=17)
    snapshot = handle_snapshot(plugin)
    assert is_plain(snapshot)
    # The log has no SDP: what comes before webrtcup is done, and of what comes back nothing is known.
    assert [*rungs(plugin).values()] == ["done"] * 6 + ["unknown"]
    [row] = snapshot["media"]
    assert row.pop("event_at") == pytest.approx(session.events[-2].time, abs=0.1)
    assert row == {
        "mid": "1",
        "kind": "video",
        "codec": "",
        "direction": "",
        "janus_receives": True,
        "slowlinks": 1,
        "lost": 17,
        "frames": None,
        "size": None,
        "ended": False,
        "source_ended": False,
        "we": None,
        "janus": None,
    }
    event(session, "hangup", 42, reason="ICE failed")
    snapshot = handle_snapshot(plugin)
    assert (snapshot["head"]["state"], snapshot["head"]["reason"]) == ("hungup", "ICE failed")
    assert snapshot["media"][0]["janus_receives"] is False
    plugin.on_jsep()
    assert handle_snapshot(plugin)["head"]["round"] == 2
    assert rungs(plugin)["offer"] == "now"
    plugin.end("gone")
    assert rungs(plugin)["signalling"] == "over"
    assert handle_snapshot(plugin)["head"]["id"] == "42"  # the id it had
    assert handle_snapshot(plugin)["events"][-1]["summary"] == "negotiating → detached: gone"


def test_a_handles_events_are_its_own_and_the_newest() -> None:
    session = make_session()
    plugin = make_handle(session)
    for number in range(20):
        event(session, "event", 42, plugindata={"data": {"n": number}})
        event(session, "event", 43, plugindata={"data": {"other": number}})
    summaries = [row["summary"] for row in handle_snapshot(plugin)["events"]]
    assert summaries == [f"n={number}" for number in range(12, 20)]


class FakePeer(JanusEchoTestPlugin):
    @property
    def webrtc(self) -> dict[str, Any]:
        side = {"address": "10.0.0.1", "port": 5000, "type": "host", "protocol": "udp"}
        return {
            "ice": "completed",
            "dtls": "connected",
            "pair": {"local": side, "remote": {**side, "address": "fe80::1"}},
            "sources": {"video": "live"},
            "tracks": [{"mid": "1", "kind": "video", "frames": 30, "size": (640, 360), "ended": False}],
        }


def test_the_peers_facts_join_what_janus_said() -> None:
    session = make_session()
    plugin = FakePeer()
    plugin.begin(session, 42, {})
    plugin.on_jsep()
    session.handles._by_id[42] = plugin
    event(session, "media", 42, mid="0", type="audio", receiving=False)
    snapshot = handle_snapshot(plugin)
    assert snapshot["path"] == {
        "ICE": "completed",
        "DTLS": "connected",
        "Local": "10.0.0.1:5000 host udp",
        "Remote": "[fe80::1]:5000 host udp",
        "Sending": "video live",
    }
    facts = [(m["mid"], m["kind"], m["janus_receives"], m["frames"], m["size"]) for m in snapshot["media"]]
    assert facts == [("0", "audio", False, None, None), ("1", "video", None, 30, "640×360")]


def test_an_event_row_is_short_and_plain() -> None:
    log = EventLog()
    entry = log.record("event", "event", {"plugindata": {"data": {"text": "x" * 1_000_000}}}, 1, 2**60)
    row = event_row(entry)
    assert is_plain(row)
    assert (row["seq"], row["direction"], row["kind"], row["handle"]) == (1, "event", "event", str(2**60))
    assert len(row["summary"]) == 200


def test_errors_are_counted_for_ever() -> None:
    session = make_session()
    session.on_error(JanusError("it broke"))
    for _ in range(session.events.capacity):
        event(session, "webrtcup", 42)
    assert all(entry.kind != "error" for entry in session.events)
    assert session_snapshot(session)["counters"]["errors"] == 1


def test_rows_of_a_log() -> None:
    log = EventLog(capacity=10)
    for number in range(25):
        log.record("event", "media", {}, 1, number % 2)
    rows, left_out = newest_rows(log, 0, 4)
    assert ([row["seq"] for row in rows], left_out) == ([22, 23, 24, 25], 21)
    rows, left_out = newest_rows(log, 20, 4, handle_id=0)
    assert ([row["seq"] for row in rows], left_out) == ([21, 23, 25], 0)
    assert newest_rows(log, 25, 4) == ([], 0)


def test_a_log_tells_its_sessions_state() -> None:
    session = make_session()
    make_handle(session)
    assert log_facts(session.events) == ("connected", 7001)
    assert log_facts([], "lost", 3) == ("lost", 3)
    head = stream_snapshot(session.events, 42)["head"]
    assert (head["title"], head["state"], head["one_handle"]) == ("Events of handle 42", "connected", True)
