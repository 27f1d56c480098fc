"""The event stream's kernel side: rows, an event, what fits a filter, and files, on demand and in parts."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusSession
from janus_notebook.client import recording
from janus_notebook.client.log import EventLog
from janus_notebook.client.replay import Replay
from janus_notebook.panels.events import panel as panel_module
from janus_notebook.panels.events import query as query_module
from janus_notebook.panels.events.facets import Facets
from janus_notebook.panels.events.panel import EventStreamPanel
from janus_notebook.panels.events.query import Query, flat_runs, matching
from janus_notebook.panels.events.snapshot import event_text
from tests.client.scripted import run
from tests.panels.conftest import FrontEnd, event, make_handle, make_session, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board

HOSTILE = "<img src=x onerror=alert(1)> \x1b[31m \u202e \x00 \ud800"


@pytest.fixture
def session(loop: BackgroundLoop) -> JanusSession:
    return loop.run_sync(make_session)


@pytest.fixture
def panel(board: Board, session: JanusSession) -> EventStreamPanel:
    return board.panel(EventStreamPanel, session.events, session=session)


class Asker:
    """The front end of one panel: asks, and waits for the answers."""

    def __init__(self, front_end: FrontEnd, panel: EventStreamPanel) -> None:
        self._front_end, self._panel = front_end, panel
        self._requests = 0

    def answers(self, request: object) -> list[dict[str, Any]]:
        messages = self._front_end.messages(self._panel.drawing)
        found = [m["content"] for m in messages if m["method"] == "custom"]
        return [content for content in found if content.get("request") == request]

    def send(self, content: dict[str, Any]) -> str:
        self._requests += 1
        request = f"a-{self._requests}"
        self._front_end.open[self._panel.drawing.model_id].ask({**content, "request": request})
        return request

    def ask(self, content: dict[str, Any]) -> dict[str, Any]:
        request = self.send(content)
        until(lambda: self.answers(request), 15)
        return self.answers(request)[0]

    def find(self, after: int = 0, before: int = 10**9, asker: str = "x", **query: Any) -> dict[str, Any]:
        return self.ask({"type": "find", "asker": asker, "query": query, "after": after, "before": before})

    def export(self, form: str = "jsonl", **more: Any) -> str:
        request = self.send({"type": "export", "form": form, "query": {}, **more})
        until(lambda: self.answers(request) and not self.answers(request)[-1]["more"], 15)
        return "".join(answer["part"] for answer in self.answers(request))


@pytest.fixture
def asker(front_end: FrontEnd, panel: EventStreamPanel) -> Asker:
    return Asker(front_end, panel)


@pytest.fixture
def fill(loop: BackgroundLoop, session: JanusSession) -> Callable[..., None]:
    """Let Janus send so many events."""

    def fill(count: int, kind: str = "media", handle_id: int = 42, **fields: Any) -> None:
        def record() -> None:
            for number in range(count):
                event(session, kind, handle_id, number=number, **fields)

        loop.run_sync(record)

    return fill


def numbers(runs: list[int]) -> list[int]:
    found: list[int] = []
    following = 1
    for skipped, count in zip(runs[::2], runs[1::2], strict=True):
        following += skipped
        found += range(following, following + count)
        following += count
    return found


@pytest.mark.parametrize("given", [[], [1], [1, 2, 3, 7], [5, 6, 9, 10, 11, 400]])
def test_numbers_are_sent_in_short(given: list[int]) -> None:
    assert numbers(flat_runs(given)) == given


@pytest.mark.parametrize(
    ("text", "words", "without"),
    [
        ("", (), ()),
        ("Media  trickle", ("media", "trickle"), ()),
        ('-keepalive "Ice Failed" -"two words"', ("ice failed",), ("keepalive", "two words")),
        ('"open', ("open",), ()),
        ("- a", ("-", "a"), ()),
        (7, (), ()),
    ],
)
def test_the_words_of_a_filter(text: object, words: tuple[str, ...], without: tuple[str, ...]) -> None:
    query = Query.of({"text": text, "directions": 3, "kind": [], "handle": None})
    assert query == Query(words=words, without=without)


def test_what_fits_a_query() -> None:
    log = EventLog()
    log.record("request", "attach", {"janus": "attach", "plugin": "janus.plugin.echotest"})
    log.record("event", "media", b'{"janus": "media", "mid": "0", "type": "audio", "receiving": true}', 7, 42)
    log.record("event", "event", b'{"janus": "event", "plugindata": {"data": {"deep": "NEEDLE"}}}', 7, 43)
    log.record("reply", "success", {"janus": "success", "pin": "hunter2", "odd": {(1, 2): HOSTILE}})

    def fitting(**given: Any) -> list[int]:
        return [entry.seq for entry in log if Query.of(given).fits(entry, {43: "Alice"})]

    assert fitting() == [1, 2, 3, 4]
    assert fitting(text="Receiving AUDIO") == [2]  # the row's words, in any order and case
    assert fitting(text="needle") == [3]  # only in the JSON
    assert fitting(text="-media -42") == [1, 3, 4]
    assert fitting(text="hunter2") == []  # nobody can find out a secret
    assert fitting(text="onerror") == [4]
    assert fitting(search="is receiving audio") == [2]
    assert fitting(search="audio receiving") == []  # as it stands
    assert fitting(directions=["event"], kind="media") == [2]
    assert fitting(directions=[]) == []
    assert fitting(handle="43") == [3]
    assert fitting(text="alice") == fitting(search="alice 43") == [3]  # as a person calls the handle
    assert isinstance(log[1]._source, bytes)  # looking through it does not make the log larger


def test_looking_through_a_log_lets_the_loop_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_module, "SLICE_SECONDS", -1)

    async def main() -> None:
        log = EventLog()
        for number in range(300):
            log.record("event", "media", json.dumps({"janus": "media", "number": number}).encode())
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        found = await matching(list(log), Query.of({"text": '"number":299'}), lambda: True, {})
        assert [entry.seq for entry in found or []] == [300]
        assert turns >= 300
        assert await matching(list(log), Query.of({"text": "x"}), lambda: False, {}) is None
        counting.cancel()
        await asyncio.wait([counting])

    run(main())


def test_facets_count_what_the_ring_keeps() -> None:
    log, facets = EventLog(capacity=4), Facets()
    for handle_id in (1, 1, 2, None, 2, 3, 3):
        log.record("event", "media" if handle_id else "timeout", {}, 7, handle_id)
        facets.follow(log.since(log.total - 1), len(log))
    listed = facets.listed({2: "janus.plugin.echotest"}, {2: "echo"})
    assert listed["direction"] == [["event", 4]]
    assert listed["kind"] == [["media", 3], ["timeout", 1]]
    assert listed["handle"] == [["3", 2, "", ""], ["2", 1, "janus.plugin.echotest", "echo"]]
    one = Facets(handle_id=3)
    one.follow(log, len(log))
    assert one.listed({}, {})["handle"] == [["3", 2, "", ""]]
    many = Facets()
    for number in range(150):
        many.follow([log.record("event", f"kind-{number}", {}, 7, number + 1)], 1000)
    assert [len(many.listed({}, {})[name]) for name in ("kind", "handle")] == [100, 100]
    assert many.listed({}, {})["unlisted"] == 100


def test_an_events_text_is_json_that_can_be_shown() -> None:
    log = EventLog()
    entry = log.record("event", "event", {"x": HOSTILE, "pin": "hunter2", "id": 2**60})
    text, whole = event_text(entry)
    assert json.loads(text) == {"x": HOSTILE, "pin": "***", "id": 2**60}
    assert whole
    assert not {"\x1b", "\u202e", "\x00", "\ud800"} & set(text)
    text.encode()
    huge, whole = event_text(log.record("event", "event", {"a": "x" * 1_000_000, "b": [1]}))
    assert not whole
    assert json.loads(huge) == {"a": "x" * 2000 + " … (1,000,000 characters)", "b": [1]}
    many, whole = event_text(log.record("event", "event", {"list": list(range(200_000))}))
    assert not whole
    assert json.loads(many).endswith("… (cut)")
    odd, _ = event_text(log.record("local", "error", {"set": {(1, 2): "a key that is no text"}}))
    assert "a key that is no text" in json.loads(odd)


def test_rows_and_json_on_demand(asker: Asker, fill: Callable[..., None]) -> None:
    fill(1, "event", plugindata={"data": {"pin": "hunter2", "x": "<b>"}})
    found = asker.ask({"type": "json", "seq": 3})
    assert json.loads(found["text"])["plugindata"]["data"] == {"pin": "***", "x": "<b>"}
    assert found["whole"] is True
    assert asker.ask({"type": "json", "seq": 99})["error"] == "no longer in the log"
    rows = asker.ask({"type": "rows", "seqs": [1, 3, 99, "x"]})
    assert ([row["seq"] for row in rows["rows"]], rows["gone"]) == ([1, 3], [99])
    for nonsense in ({"type": "json", "seq": "3"}, {"type": "find"}, {"type": "export", "form": "exe"}, {}):
        request = asker.send(nonsense)
        asker.ask({"type": "rows", "seqs": []})  # answered in turn
        assert asker.answers(request) == []


def test_a_filter_looks_through_the_whole_log(
    asker: Asker, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(1, "event", plugindata={"data": {"deep": "needle"}})
    fill(500)
    fill(2, "hangup", reason="needle")
    found = asker.find(text="needle")
    assert (numbers(found["runs"]), found["from"], found["to"]) == ([3, 504, 505], 1, 505)
    assert numbers(asker.find(after=3, before=505, text="needle")["runs"]) == [504]
    monkeypatch.setattr(panel_module, "LOOKED_THROUGH", 100)
    newest = asker.find(text="needle")
    assert (numbers(newest["runs"]), newest["from"], newest["to"]) == ([504, 505], 406, 505)
    older = asker.find(before=newest["from"], kind="event")
    assert (numbers(older["runs"]), older["from"], older["to"]) == ([], 306, 405)
    assert asker.find(before=3)["from"] == 1


def test_only_the_newest_question_of_a_view_is_answered(
    asker: Asker, fill: Callable[..., None], loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(9)
    monkeypatch.setattr(query_module, "SLICE_SECONDS", -1)
    gate = threading.Event()

    async def hold() -> None:
        gate.wait(15)

    holding = loop.submit(hold(), name="gate")
    question = {"type": "find", "after": 0, "before": 10**6}
    first = asker.send({**question, "asker": "view", "query": {"text": "one"}})
    other = asker.send({**question, "asker": "other view", "query": {"text": "connected"}})
    second = asker.send({**question, "asker": "view", "query": {"text": "media"}})
    gate.set()
    holding.result(5)
    until(lambda: asker.answers(second) and asker.answers(other))
    assert len(numbers(asker.answers(second)[0]["runs"])) == 9
    assert asker.answers(first) == []


def test_what_a_paused_view_holds_can_still_be_asked_for(
    asker: Asker, session: JanusSession, fill: Callable[..., None]
) -> None:
    fill(1, "event", plugindata={"data": {"deep": "needle"}})
    assert asker.ask({"type": "hold", "on": True})["type"] == "hold"
    fill(1500)
    assert session.events.dropped == 503
    assert json.loads(asker.ask({"type": "json", "seq": 3})["text"])["janus"] == "event"
    assert numbers(asker.find(text="needle")["runs"]) == [3]
    assert len(asker.export("text", upto=3).splitlines()) == 4  # a heading, and what there was then
    asker.ask({"type": "hold", "on": False})
    assert asker.ask({"type": "rows", "seqs": [3]})["gone"] == [3]


def test_the_batch_says_what_the_log_has(
    panel: EventStreamPanel, fill: Callable[..., None], front_end: FrontEnd
) -> None:
    assert panel.drawing.initial["whole"] is True
    fill(1500, handle_id=42)
    until(lambda: panel.drawing.batch.get("last") == 1502)
    batch = panel.drawing.batch
    assert (batch["oldest"], batch["dropped"], batch["total"]) == (503, 502, 1502)
    assert batch["skipped"] + len(batch["rows"]) == batch["last"] - batch["first"] + 1
    assert len(batch["rows"]) <= 50
    until(lambda: panel.drawing.facets["kind"] == [["media", 1000]])
    assert panel.drawing.facets["handle"] == [["42", 1000, "", ""]]
    assert panel.drawing.head["capacity"] == 1000


def test_a_log_with_gaps_is_not_whole(board: Board, loop: BackgroundLoop) -> None:
    def some() -> EventLog:
        log, source = EventLog(), EventLog()
        for _ in range(9):
            source.record("event", "media", {"janus": "media"})
        for entry in list(source)[::3]:
            log.append(entry)
        return log

    log = loop.run_sync(some)
    assert board.panel(EventStreamPanel, log).drawing.initial["whole"] is False


def test_one_handles_stream_finds_only_its_own(
    board: Board, session: JanusSession, loop: BackgroundLoop, front_end: FrontEnd, fill: Callable[..., None]
) -> None:
    loop.run_sync(make_handle, session)
    panel = board.panel(EventStreamPanel, session.events, 42, session=session, handle_id=42)
    fill(2, handle_id=42)
    fill(2, handle_id=43)
    asker = Asker(front_end, panel)
    assert numbers(asker.find(text="media")["runs"]) == [4, 5]
    assert numbers(asker.find(handle="43")["runs"]) == [3, 4, 5]  # what it asks for, it cannot widen
    assert '"handle_id":43' not in asker.export()


def test_a_saved_stream_is_a_recording(
    asker: Asker, fill: Callable[..., None], tmp_path: Path, front_end: FrontEnd, panel: EventStreamPanel
) -> None:
    fill(1, "event", plugindata={"plugin": "janus.plugin.x", "data": {"pin": "hunter2", "x": "<b>\u202e"}})
    fill(400, text="x" * 500)
    text = asker.export(query={"text": "-attached"})
    path = tmp_path / "events.jsonl"
    path.write_text(text, encoding="utf-8")
    read = recording.read(path)
    assert [entry.seq for entry in read.entries] == list(range(1, 404))
    assert read.entries[2].raw["plugindata"]["data"] == {"pin": "***", "x": "<b>\u202e"}  # as it was
    assert Replay.open(path).recording.header.session is not None
    messages = [m["content"] for m in front_end.messages(panel.drawing) if m["method"] == "custom"]
    assert max(len(m["part"]) for m in messages if m["type"] == "export") < 130_000
    assert len([m for m in messages if m["type"] == "export"]) > 2
    assert messages[-1]["name"].startswith("janus-events-7001-")


def test_a_text_for_a_person_has_no_control_characters(asker: Asker, fill: Callable[..., None]) -> None:
    fill(1, "event", plugindata={"plugin": "janus.plugin.x", "data": {"x": "\x1b[31m\u202e<b>"}})
    text = asker.export("text", query={"kind": "event"})
    assert text.startswith("1 events, written ")
    assert "<b>" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_file_that_cannot_be_made_says_why(
    asker: Asker, loop: BackgroundLoop, session: JanusSession
) -> None:
    loop.run_sync(lambda: session.events.record("local", "error", {"x": "\ud800"}))
    request = asker.send({"type": "export", "form": "jsonl", "query": {}})
    until(lambda: asker.answers(request))
    assert "surrogates not allowed" in asker.answers(request)[-1]["error"]
    assert asker.ask({"type": "rows", "seqs": [1]})["gone"] == []  # and the panel goes on
