"""The sequence diagram of a log."""

from __future__ import annotations

import re

import pytest

from janus_notebook import (
    EventLog,
    JanusEchoTestPlugin,
    JanusOptionError,
    JanusPlugin,
    JanusSession,
    JanusStateError,
)
from tests.client.scripted import run, scripted

HOSTILE = 'a;b #c <script>alert(1)</script>: %% "end"\n    participant x as Janus\x1b[31m'


def log_of_a_call() -> EventLog:
    log = EventLog(clock=iter(range(1000)).__next__)
    log.record("local", "state", {"state": "connected", "before": "new", "reason": ""}, 1)
    log.record("request", "attach", {"janus": "attach", "transaction": "a", "plugin": "janus.plugin.sip"}, 1)
    log.record("reply", "success", {"janus": "success", "transaction": "a"}, 1)
    attached = {"state": "attached", "before": "new", "reason": "", "plugin": "janus.plugin.sip"}
    log.record("local", "state", attached, 1, 2)
    body = {"request": "call", "uri": "sip:bob@example.org"}
    message = {"janus": "message", "transaction": "m", "body": body, "jsep": {"type": "offer", "sdp": "v=0"}}
    log.record("request", "message", message, 1, 2)
    log.record("request", "trickle", {"janus": "trickle", "transaction": "t", "candidate": {}}, 1, 2)
    log.record("reply", "ack", {"janus": "ack", "transaction": "t"}, 1, 2)
    log.record("reply", "ack", {"janus": "ack", "transaction": "m"}, 1, 2)
    log.record("event", "trickle", {"janus": "trickle", "candidate": {"completed": True}}, 1, 2)
    log.record("request", "keepalive", {"janus": "keepalive", "transaction": "k"}, 1)
    log.record("reply", "ack", {"janus": "ack", "transaction": "k"}, 1)
    log.record("event", "webrtcup", {"janus": "webrtcup"}, 1, 2)
    log.record(
        "event", "event", {"plugindata": {"plugin": "janus.plugin.sip", "data": {"text": HOSTILE}}}, 1, 2
    )
    log.record("local", "peer", {"ice": "checking", "dtls": "new"}, 1, 2)
    refused = {"janus": "error", "transaction": "x", "error": {"code": 458, "reason": "No such session"}}
    log.record("reply", "error", refused, 1)
    log.record("local", "error", {"error": {"reason": "it broke"}}, 1)
    log.record("local", "state", {"state": "lost", "before": "connected", "reason": "cut"}, 1)
    return log


def test_the_plain_form() -> None:
    assert str(log_of_a_call().ladder(limit=8)) == "\n".join(
        [
            "         Client                               Janus                                sip",
            "            (4 earlier messages are left out)",
            *str(log_of_a_call().ladder()).splitlines()[-8:],
        ]
    )
    rows = str(log_of_a_call().ladder()).splitlines()
    assert rows[1:5] == [
        "   1.000 s  | [connected]                       |                                   |",
        "   2.000 s  |---- attach janus.plugin.sip ----->|                                   |",
        "   3.000 s  |<············· success ············|                                   |",
        "   4.000 s  |                                   |                                   | [attached]",
    ]
    assert "call uri=sip:bob@example.org + offer" in rows[5]
    assert rows[-4].endswith("[ICE checking, DTLS new]")
    assert "No such session (458)" in rows[-3]
    assert rows[-2].endswith("| [error: it broke]                 |                                   |")
    assert rows[-1].endswith("| [lost: cut]                       |                                   |")
    assert len({row.rindex("|") for row in rows[1:] if row.count("|") == 3 and "[" not in row}) == 1


def test_candidates_and_keepalives_are_shown_when_asked_for() -> None:
    log = log_of_a_call()
    plain = log.ladder()
    assert "keepalive" not in plain.text
    assert "trickle" not in plain.text
    assert plain.text.count(" ack ") == 1
    assert log.ladder(keepalives=True).text.count("keepalive") == 1
    assert log.ladder(keepalives=True).text.count(" ack ") == 2
    assert log.ladder(candidates=True).text.count("trickle") == 2
    assert len(log.ladder(keepalives=True, candidates=True)) == len(log)


def test_mermaid_takes_no_text_for_its_own() -> None:
    text = log_of_a_call().ladder().mermaid
    lines = text.splitlines()
    assert lines[0] == "sequenceDiagram"
    assert lines[1:4] == [
        "    participant p0 as Client",
        "    participant p1 as Janus",
        "    participant p2 as sip",
    ]
    arrow = re.compile(
        r"    (p\d(->>|-->>|-\))p\d|Note over p\d): [^;#<>%\":\x1b]*((#\d+;)[^;#<>%\":\x1b]*)*"
    )
    for line in lines[4:]:
        assert arrow.fullmatch(line), line
    assert "script" in text  # it is there, as text


def test_mermaid_says_what_is_left_out() -> None:
    assert "Note over p0: 4 earlier messages are left out" in log_of_a_call().ladder(limit=8).mermaid


def test_it_is_shown_as_a_diagram_and_as_text() -> None:
    ladder = log_of_a_call().ladder()
    assert ladder._repr_mimebundle_() == {"text/vnd.mermaid": ladder.mermaid, "text/plain": ladder.text}
    assert repr(ladder) == ladder.text


def test_one_handle_of_several() -> None:
    async def main() -> None:
        async with scripted() as server, JanusSession(server.url) as session:
            one, two, other = (
                JanusEchoTestPlugin(),
                JanusEchoTestPlugin(),
                JanusPlugin("a-very-long-name" * 4),
            )
            for plugin in (one, two, other):
                await plugin.attach(session)
                await plugin.request({"number": 1})
            whole = session.ladder()
            assert whole.participants == (
                "Client",
                "Janus",
                f"echotest {one.id}",
                f"echotest {two.id}",
                "a-very-long-name" * 4,
            )
            assert "a-very-long-namea-very-long-namea-…" in whole.text
            alone = session.ladder(handle_id=two.id)
            assert alone.participants == ("Client", "echotest")
            assert [step.label for step in alone.steps] == [
                "attached",
                "message number=1",
                "ack",
                "event body={number=1}",
            ]

    run(main())


def test_many_participants_stand_closer() -> None:
    log = EventLog(clock=iter(range(1000)).__next__)
    for handle_id in range(1, 13):
        attached = {"state": "attached", "before": "new", "reason": "", "plugin": "janus.plugin.videoroom"}
        log.record("local", "state", attached, 1, handle_id)
        log.record("event", "media", {"janus": "media", "mid": "0", "type": "video"}, 1, handle_id)
    lines = log.ladder().text.splitlines()
    assert max(map(len, lines)) < 200
    assert "videoroom 12" in lines[0]
    assert "|<~~ media … ~|" in lines[2]


def test_the_ladder_of_a_handle() -> None:
    async def main() -> None:
        async with scripted() as server, JanusSession(server.url) as session:
            plugin = JanusEchoTestPlugin()
            with pytest.raises(JanusStateError, match="not attached"):
                plugin.ladder()
            await plugin.attach(session)
            await plugin.request({"number": 1})
            assert plugin.ladder().text == session.ladder(handle_id=plugin.id).text
            await plugin.detach()
            assert [step.label for step in plugin.ladder(limit=1).steps] == ["detached"]

    run(main())


def test_a_handle_is_called_as_a_person_calls_it() -> None:
    async def main() -> None:
        async with scripted() as server, JanusSession(server.url) as session:
            plugin, other = JanusEchoTestPlugin(), JanusEchoTestPlugin()
            plugin.label = "echo_of_mine"  # before it is attached, or later
            await plugin.attach(session)
            await other.attach(session)
            assert session.ladder().participants == ("Client", "Janus", "echo_of_mine (echotest)", "echotest")
            plugin.label, other.label = "", "echotest"
            assert (plugin.label, session.events.labels) == ("", {other.id: "echotest"})
            names = ("Client", "Janus", f"echotest {plugin.id}", f"echotest {other.id}")
            assert session.ladder().participants == names

    run(main())


def test_a_handle_of_which_nothing_is_known() -> None:
    log = EventLog()
    log.record("event", "media", {"janus": "media", "mid": "0", "type": "video"}, 1, 77)
    assert log.ladder().participants == ("Client", "handle 77")


def test_a_limit_that_is_none() -> None:
    with pytest.raises(JanusOptionError, match="limit must be a whole number from 1, not 0"):
        EventLog().ladder(limit=0)


def test_nothing_to_draw() -> None:
    ladder = EventLog().ladder()
    assert ladder.participants == ("Client",)
    assert ladder.mermaid == "sequenceDiagram\n    participant p0 as Client\n"
    assert ladder.text == "         Client"
