"""Saving and loading a log, and its DataFrame."""

from __future__ import annotations

import gc
import json
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from janus_notebook import EventLog, JanusEchoTestPlugin, JanusError, JanusOptionError, JanusSession
from janus_notebook.client.frames import plugins_by_handle
from janus_notebook.client.recording import Seconds, read
from tests.client.scripted import ScriptedServer, run, scripted

PLANTED = "planted-s3cret"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def conversation(server: ScriptedServer) -> JanusSession:
    """A session with a handle, an event, an error, and secrets wherever one can be."""
    session = JanusSession(
        server.url.replace("ws://", f"ws://user:{PLANTED}@"), api_secret=PLANTED, token=lambda: PLANTED
    )
    await session.create()
    plugin = JanusEchoTestPlugin(opaque_id="mine")
    await plugin.attach(session)
    await plugin.request({"request": "create", "pin": PLANTED, "nested": [{"secret": PLANTED}]})
    async with plugin.events() as events:
        server.push(
            {"janus": "media", "session_id": session.id, "sender": plugin.id, "mid": "0", "type": "audio"}
        )
        await events.get(5)
    session.on_error(JanusError("it broke"))
    return session


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server:
            session = await conversation(server)
            path = session.events.save(tmp_path / "call.jsonl")
            assert path == tmp_path / "call.jsonl"
            log = EventLog.load(path)
            assert list(log) == list(session.events)
            for event, other in zip(log, session.events, strict=True):
                assert type(event) is type(other)
                assert event.raw == other.raw
            assert (log.total, log.errors, log.counts) == (
                session.events.total,
                session.events.errors,
                session.events.counts,
            )
            assert repr(log) == repr(session.events)
            # Saved again it is the same, but for the time.
            again = lines(log.save(tmp_path / "again.jsonl"))
            first = lines(path)
            assert again[0] | {"saved": 0} == first[0] | {"saved": 0}
            assert again[1:] == first[1:]
            assert first[0]["session"]["handles"][0]["plugin"] == "janus.plugin.echotest"
            assert first[0]["session"]["handles"][0]["opaque_id"] == "mine"
            assert PLANTED not in path.read_text()
            assert PLANTED not in (tmp_path / "again.jsonl").read_text()
            await session.destroy()

    run(main())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["again.jsonl", "call.jsonl"]


def test_secrets_in_a_file_of_other_hands_are_masked(tmp_path: Path) -> None:
    log = EventLog()
    log.record("request", "create", {"janus": "create"})
    path = log.save(tmp_path / "log")
    path.write_text(path.read_text().replace('"raw":{', f'"raw":{{"apisecret":"{PLANTED}",'))
    assert EventLog.load(path)[0].raw == {"janus": "create", "apisecret": "***"}


def test_a_log_of_which_the_ring_let_go(tmp_path: Path) -> None:
    log = EventLog(3)
    for number in range(10):
        log.record("event", "media", {"janus": "media", "mid": str(number)}, 1, 2)
    log.record("local", "error", {"error": "x"})
    loaded = EventLog.load(log.save(tmp_path / "log"))
    assert [event.seq for event in loaded] == [9, 10, 11]
    assert (loaded.total, loaded.dropped, loaded.errors, loaded.capacity) == (11, 8, 1, 3)
    assert loaded.counts == {"event": 10, "local": 1}
    assert loaded.since(10)[0].seq == 11


def test_an_empty_log(tmp_path: Path) -> None:
    loaded = EventLog.load(EventLog().save(tmp_path / "log"))
    assert (len(loaded), loaded.total, loaded.dropped) == (0, 0, 0)
    assert list(loaded.to_frame().columns) == list(EventLog().to_frame().columns)


def test_a_session_that_is_gone_is_not_described(tmp_path: Path) -> None:
    session = JanusSession("ws://127.0.0.1:1")
    log = session.events
    log.record("event", "media", {"janus": "media"}, 1, 2)
    del session
    gc.collect()
    assert lines(log.save(tmp_path / "log"))[0]["session"] is None


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(JanusOptionError, match=r"nowhere/log cannot be written: No such file"):
        EventLog().save(tmp_path / "nowhere" / "log")
    (tmp_path / "folder").mkdir()
    with pytest.raises(JanusOptionError, match=r"folder cannot be written: Is a directory"):
        EventLog().save(tmp_path / "folder")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_file_that_was_there_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("something else")
    EventLog().save(path)
    assert read(path).entries == ()
    assert stat.S_ISREG(path.stat().st_mode)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"log, line 1: .*Expected a file of events\.save\(path\), whole"),
        ("not JSON", r"log, line 1: "),
        ("[1]", r"log, line 1: Expected `object`"),
        ('{"format": "something", "version": 1}', r"is a file of 'something', not of"),
        (
            '{"format": "janus-notebook events", "version": 99}',
            r"saved by a newer janus-notebook \(format 99, not 1\)\. Upgrade this one",
        ),
        ('{"format": "janus-notebook events", "version": 1}\n{"seq": 1}', r"log, line 2: Object missing"),
        ('{"format": "janus-notebook events", "version": 1}\n{"se', r"log, line 2: Input data was truncated"),
    ],
)
def test_a_file_that_is_damaged(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(JanusOptionError, match=said):
        EventLog.load(path)


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (253_402_300_799, True), (-1, False), (253_402_300_800, False)]
)
def test_times_that_can_be_a_date(seconds: float, taken: bool) -> None:
    if taken:
        assert msgspec.convert(seconds, Seconds) == seconds
        assert datetime.fromtimestamp(seconds, UTC).year in (1970, 9999)
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(seconds, Seconds)


def test_entries_out_of_order(tmp_path: Path) -> None:
    log = EventLog()
    for _ in range(2):
        log.record("event", "media", {"janus": "media"})
    path = log.save(tmp_path / "log")
    first, second, third = path.read_text().splitlines()
    path.write_text("\n".join([first, third, second]))
    with pytest.raises(JanusOptionError, match=r"line 3: it does not follow the line before"):
        EventLog.load(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(JanusOptionError, match=r"none cannot be read: No such file"):
        EventLog.load(tmp_path / "none")


def test_the_frame() -> None:
    async def main() -> None:
        async with scripted() as server:
            session = await conversation(server)
            frame = session.events.to_frame()
            assert list(frame.index) == [event.seq for event in session.events]
            assert frame.index.name == "seq"
            assert frame["handle_id"].dropna().unique().tolist() == [session.plugins[0].id]
            assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
            assert frame["handle_id"].dtype == "Int64"
            media = frame[frame["kind"] == "media"].iloc[0]
            assert media["plugin"] == "janus.plugin.echotest"
            assert media["summary"] == "Janus is not receiving audio (mid 0)"
            assert set(frame["direction"]) == {"request", "reply", "event", "local"}
            asked = frame[(frame["direction"] == "request") & (frame["kind"] == "message")].iloc[0]
            answered = frame[frame["transaction"] == asked["transaction"]]
            assert list(answered["kind"]) == ["message", "ack", "event"]
            assert PLANTED not in frame.to_json(date_format="iso")
            await session.destroy()

    run(main())


def test_ids_stay_exact() -> None:
    log = EventLog()
    log.record("event", "media", {"janus": "media"}, 2**63 - 1, 2**53 + 1)
    log.record("event", "media", {"janus": "media"})
    frame = log.to_frame()
    assert (frame["session_id"][1], frame["handle_id"][1]) == (2**63 - 1, 2**53 + 1)
    assert frame["session_id"][2] is pd.NA


def test_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(JanusOptionError, match=r"to_frame\(\) needs the data extra.*janus-notebook\[data\]"):
        EventLog().to_frame()


def test_which_plugin_a_handle_is_on() -> None:
    log = EventLog()
    log.record("local", "state", {"state": "attached", "plugin": "janus.plugin.sip"}, 1, 2)
    log.record("event", "event", {"plugindata": {"plugin": "janus.plugin.nosip"}}, 1, 3)
    log.record("event", "event", {"plugindata": "strange"}, 1, 4)
    log.record("event", "media", {}, 1, 5)
    log.record("event", "event", {"plugindata": {"plugin": "janus.plugin.other"}}, 1, 2)
    assert plugins_by_handle(log) == {2: "janus.plugin.sip", 3: "janus.plugin.nosip"}
