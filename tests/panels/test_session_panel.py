"""The session panel: its snapshot, its static form, its actions, and the panels that open in it."""

from __future__ import annotations

import json
import re
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusError, JanusSession, Replay
from janus_notebook.client.log import EventLog
from janus_notebook.panels import static
from janus_notebook.panels.handle.panel import HandlePanel
from janus_notebook.panels.session.history import ERRORS, History
from janus_notebook.panels.session.panel import SessionPanel
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.session.static import session_parts
from tests.panels.conftest import FrontEnd, event, make_handle, make_session, until

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board


def plain(session: JanusSession) -> str:
    return static.plain(session_parts(session_snapshot(session) | {"taken": 0}))


def asked(session: JanusSession, verb: str, transaction: str) -> None:
    message = {"janus": verb, "transaction": transaction}
    session.on_request(message, json.dumps(message).encode())


def answered(session: JanusSession, kind: str, transaction: str) -> None:
    message = {"janus": kind, "transaction": transaction}
    session.on_reply(message, json.dumps(message).encode(), None)


# -- what the log tells ----------------------------------------------------------------------------


def test_the_connections_history_newest_first() -> None:
    session = make_session()
    session._set_state("reconnecting", "the cable was cut")
    session._set_state("recovered", "claimed")
    session._set_state("lost", "gone")
    history = session_snapshot(session)["history"]
    assert [row["state"] for row in history["rows"]] == [
        *("lost", "recovered", "reconnecting", "connected", "connecting"),
    ]
    assert [row["reason"] for row in history["rows"]][:3] == ["gone", "claimed", "the cable was cut"]
    assert history["rows"][0]["lasted_secs"] is None
    assert all(row["lasted_secs"] >= 0 for row in history["rows"][1:])
    assert (history["earlier"], history["losses"]) == (0, 2)
    for number in range(30):
        session._set_state("recovered" if number % 2 else "reconnecting")
    history = session_snapshot(session)["history"]
    assert (len(history["rows"]), history["earlier"]) == (20, 15)
    lines = plain(session).splitlines()
    assert "Connection, newest first, and 15 earlier:" in lines
    assert lines[-1].split()[1:3] == ["◔", "reconnecting"]


def test_round_trips_come_from_the_log_alone() -> None:
    moments = iter([0.0, 1.0, 1.002, 2.0, 2.004, 3.0, 3.5, 4.0, 4.001, 4.1, 5.0, 5.1])
    log = EventLog(clock=lambda: next(moments))

    def say(direction: Any, kind: str, transaction: str) -> None:
        log.record(direction, kind, {"janus": kind, "transaction": transaction}, 1)

    assert session_snapshot(make_session())["trips"] == {}
    say("request", "keepalive", "a")
    say("reply", "ack", "a")
    say("request", "ping", "b")
    say("reply", "pong", "b")
    # A plugin's own time is none of the network's, and an ack is.
    say("request", "message", "c")
    say("reply", "success", "c")
    say("request", "message", "d")
    say("reply", "ack", "d")
    say("reply", "event", "d")
    say("request", "keepalive", "e")
    say("reply", "error", "e")
    times = [(round(seconds, 6), kind) for _, seconds, kind in History().follow(log).times]
    assert times == [(0.002, "keepalive"), (0.004, "ping"), (0.001, "message")]


def test_round_trips_in_words_and_bars() -> None:
    session = make_session()
    asked(session, "ping", "first")
    answered(session, "pong", "first")
    (line,) = [line for line in plain(session).splitlines() if line.startswith("  round trip")]
    assert re.fullmatch(r"  round trip +[\d.e-]+ ms", line)  # one answer has no spread
    for number in range(2):
        asked(session, "ping", str(number))
        answered(session, "pong", str(number))
    trips = session_snapshot(session)["trips"]
    assert len(trips["values_ms"]) == 3
    assert trips["low_ms"] <= trips["median_ms"] <= trips["high_ms"]
    (line,) = [line for line in plain(session).splitlines() if line.startswith("  round trip")]
    assert re.search(r"\(min \S+ · median \S+ · max \S+ ms of the last 3 answers\) ", line)
    assert set(line.split(") ")[1]) <= set("▁▂▃▄▅▆▇█")


def test_a_history_reads_each_entry_once_and_stays_small() -> None:
    session, history = make_session(), History()
    for number in range(3 * ERRORS):
        asked(session, "message", f"unanswered {number}")
        session.on_error(JanusError(f"error {number}"))
        history.follow(session.events)
    assert history.follow(session.events).failed == 3 * ERRORS
    assert len(history.errors) == ERRORS
    assert history.errors[-1][0].reason == f"error {3 * ERRORS - 1}."


def test_errors_that_no_call_could_raise() -> None:
    session = make_session()
    make_handle(session)
    assert session_snapshot(session)["errors"] == {"total": 0, "earlier": 0, "rows": []}
    assert "Errors that no call could raise: none" in plain(session)
    for _ in range(4):
        session.on_error(JanusError("the server was refused"))
    session.on_error(JanusError("on_event failed").within(handle_id=42))
    # What a call was answered is not one of them: it raised.
    answered(session, "error", "x")
    snapshot = session_snapshot(session)
    assert (snapshot["counters"]["errors"], snapshot["counters"]["background"]) == (6, 5)
    errors = snapshot["errors"]
    assert (errors["total"], errors["earlier"]) == (5, 0)
    shown = [(row["handle"], row["text"], row["times"]) for row in errors["rows"]]
    assert shown == [("42", "on_event failed.", 1), (None, "the server was refused.", 4)]
    text = plain(session)
    assert "errors            6 – 5 in the background" in text
    assert "the server was refused. (4 times)" in text


def test_what_the_server_says_that_media_need() -> None:
    session = make_session()
    session.connection.server = {
        "session-timeout": 60,
        "reclaim-session-timeout": 0,
        "local-ip": "127.0.0.1",
        "full-trickle": True,
        "ice-tcp": True,
        "api_secret": True,
        "auth_token": True,
        "plugins": {"janus.plugin.videoroom": {}, "janus.plugin.echotest": {}},
    }
    text = plain(session)
    sees = "as Janus sees itself; its ICE candidates may name others"
    assert f"  local IP          127.0.0.1 ({sees})" in text
    assert "  ICE               ICE over TCP, trickles" in text
    assert "public IP" not in text
    assert "  asks for          an API secret and a token" in text
    assert "  plugins           echotest, videoroom" in text
    assert "  if lost           the session is gone at once" in text
    session.connection.server = {
        "reclaim-session-timeout": 30,
        "api_secret": False,
        "plugins": ["odd"],
        "public-ip": "192.0.2.1",
    }
    text = plain(session)
    assert "  if lost           the server keeps it for 30 s" in text
    assert "  asks for          no secret" in text
    assert "  public IP         192.0.2.1" in text
    assert "local IP" not in text


def test_handles_and_why_they_ended() -> None:
    session = make_session()
    plugin = make_handle(session)
    plugin.opaque_id = "mine"
    event(session, "media", 42, mid="0", type="audio", receiving=True)
    event(session, "slowlink", 42, mid="0", media="audio", lost=3)
    plugin._set_state("connected")
    (row,) = session_snapshot(session)["handles"]
    assert (row["id"], row["name"], row["state"], row["media"]) == (
        "42",
        "mine",
        "connected",
        "audio ✓ 1 slow",
    )
    assert "  42      janus.plugin.echotest “mine”  ● connected  audio ✓ 1 slow" in plain(session)
    plugin.label = "echo"
    assert "  echo 42  janus.plugin.echotest “mine”  ● connected" in plain(session)
    plugin._set_state("hungup", "Close PC")
    (row,) = session_snapshot(session)["handles"]
    assert (row["state"], row["reason"]) == ("hungup", "closed by the plugin")
    session.on_error(JanusError("on_event failed").within(handle_id=42))
    assert session_snapshot(session)["errors"]["rows"][0]["label"] == "echo"
    session._end("lost", "the cable was cut")
    assert session_snapshot(session)["handles"] == []
    (row,) = session_snapshot(session, None, [plugin])["handles"]
    assert (row["id"], row["state"], row["reason"]) == ("42", "detached", "with the session")


# -- the live panel --------------------------------------------------------------------------------


@pytest.fixture
def session(loop: BackgroundLoop) -> JanusSession:
    return loop.run_sync(make_session)


def panel_of(board: Board, session: Any) -> SessionPanel:
    return board.panel(SessionPanel, session, panel_of=partial(board.panel, HandlePanel))


def do(front_end: FrontEnd, panel: SessionPanel, action: str, **arguments: Any) -> None:
    request = {"type": "do", "action": action, "arguments": arguments, "request": action}
    front_end.open[panel.drawing.model_id].ask(request)


def newest(panel: SessionPanel, name: str) -> Any:
    return getattr(panel.drawing, name)


def below(panel: SessionPanel) -> list[Any]:
    return list(panel.widget.children)[1:]


def test_a_handles_panel_opens_and_closes_in_it(
    board: Board, session: JanusSession, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    one, other = (loop.run_sync(make_handle, session, number) for number in (42, 43))
    panel = panel_of(board, session)
    assert below(panel) == []
    do(front_end, panel, "show", handle="42")
    until(lambda: newest(panel, "shown") == "42")
    mine = board.panel(HandlePanel, one)
    assert below(panel) == [mine.widget]  # the same as in a cell of its own
    do(front_end, panel, "show", handle="43")
    until(lambda: newest(panel, "shown") == "43")
    assert below(panel) == [board.panel(HandlePanel, other).widget]
    do(front_end, panel, "show", handle="43")
    until(lambda: newest(panel, "shown") == "")
    assert below(panel) == []
    assert not mine.closed
    # One that is gone can be looked at as long as somebody has it.
    loop.run_sync(session.handles._forget, 42, "the server detached it")
    until(lambda: [row["state"] for row in newest(panel, "handles")] == ["attached", "detached"])
    do(front_end, panel, "show", handle="42")
    until(lambda: newest(panel, "shown") == "42")
    # The handle's panel outlives this one.
    panel.close()
    assert mine.widget.comm is not None


@pytest.mark.parametrize("wrong", ["7", 42, None, ["42"]])
def test_what_is_not_a_handle_opens_nothing(
    board: Board, session: JanusSession, front_end: FrontEnd, wrong: Any
) -> None:
    panel = panel_of(board, session)
    do(front_end, panel, "show", handle=wrong)
    until(lambda: any(m.get("content", {}).get("type") == "heard" for m in front_end.messages(panel.drawing)))
    if wrong == "7":
        until(lambda: newest(panel, "notice").get("failed"))
        assert "handle 7 is gone" in newest(panel, "notice").get("text", "")
    assert below(panel) == []


def test_its_actions_say_what_came_of_them(
    board: Board, session: JanusSession, front_end: FrontEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    panel = panel_of(board, session)

    def notice(text: str) -> Any:
        until(lambda: text in newest(panel, "notice").get("text", ""))
        return newest(panel, "notice")

    do(front_end, panel, "ping")
    assert notice("could not ping: ")["failed"]  # there is no server behind it
    do(front_end, panel, "bundle")
    said = notice("Written: ")["text"]
    (made,) = tmp_path.iterdir()
    assert said.startswith(f"Written: {made.resolve()} (")
    assert "not in it: 2" in said
    do(front_end, panel, "destroy")
    notice("The session is destroyed")
    assert session.state == "closed"
    until(lambda: newest(panel, "head")["state"] == "closed")


def test_a_ping_is_timed(board: Board, session: JanusSession, front_end: FrontEnd) -> None:
    async def ping(timeout: float | None = None) -> float:
        return 0.00321

    session.ping = ping  # type: ignore[method-assign]
    panel = panel_of(board, session)
    do(front_end, panel, "ping")
    until(lambda: "answered in 3.2 ms" in newest(panel, "notice").get("text", ""))


def test_a_recordings_panel_asks_nobody(
    board: Board, loop: BackgroundLoop, front_end: FrontEnd, tmp_path: Path
) -> None:
    session = loop.run_sync(make_session)
    loop.run_sync(make_handle, session)
    replay = Replay.open(session.events.save(tmp_path / "log"))
    loop.run_sync(replay.seek, inf)
    panel = panel_of(board, replay)
    for action in ("ping", "destroy"):
        do(front_end, panel, action)
        until(lambda: "this is a recording" in newest(panel, "notice").get("text", ""))
    do(front_end, panel, "show", handle="42")
    until(lambda: newest(panel, "shown") == "42")
    assert len(below(panel)) == 1


def test_a_lost_session_says_so_in_every_form(
    board: Board, session: JanusSession, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    plugin = loop.run_sync(make_handle, session)
    panel = panel_of(board, session)
    loop.run_sync(session._end, "lost", "the cable was cut")
    until(lambda: newest(panel, "head")["state"] == "lost")
    assert newest(panel, "history")["rows"][0]["reason"] == "the cable was cut"
    until(lambda: [row["reason"] for row in newest(panel, "handles")] == ["with the session"])
    text = static.plain(panel.parts(loop.run_sync(panel.taken)))
    assert text.startswith("Janus session 7001: ▲ lost (the cable was cut)")
    assert "✕ detached" in text
    assert plugin.state == "detached"


def test_counts_do_not_mark_a_notebook_as_changed(
    board: Board, session: JanusSession, loop: BackgroundLoop
) -> None:
    panel = panel_of(board, session)

    def steady() -> Any:
        return panel.steady(panel.snapshot())

    before = loop.run_sync(steady)
    loop.run_sync(asked, session, "ping", "a")
    loop.run_sync(answered, session, "pong", "a")
    assert loop.run_sync(steady) == before
    loop.run_sync(session.on_error, JanusError("it broke"))
    assert loop.run_sync(steady) != before
