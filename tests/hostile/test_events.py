"""Whatever shows an entry of a log, or the whole of it: hostile text in every field of every message."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from janus_notebook.client.ladder import ladder_of
from janus_notebook.client.replay import Replay
from janus_notebook.panels.snapshot import event_row
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.monitor_events import MonitorEvent
from tests.hostile.corpus import (
    BAIT,
    CORPUS,
    NAMES,
    check_text,
    check_values,
    encodable,
    fields,
)
from tests.hostile.messages import CORE, answers, hostile_log, monitor_events, plugin_events
from tests.hostile.sessions import LONG

if TYPE_CHECKING:
    from pathlib import Path

corpus = pytest.mark.parametrize("name", NAMES)


def test_the_messages_have_the_fields_that_a_peer_controls() -> None:
    found = {path for message in (*CORE, *answers(), *plugin_events()) for path in fields(message)}
    assert len(found) > 60
    for field in (
        *("display", "username", "reason", "mid", "codec", "sdp", "candidate", "description", "text", "from"),
        *("error", "name", "version_string", "opaque_id", "call_id", "content", "file_id", "displayname"),
        *("useragent", "label", "metadata", "date", "author", "X-H", "feed_display", "unique_id"),
    ):
        assert any(path.rpartition(".")[2].rstrip("[]") == field for path in found), field
    assert len({path for message in monitor_events() for path in fields(message)}) > 60


@pytest.mark.parametrize("words", [False, True])
@corpus
def test_an_entry(name: str, words: bool) -> None:
    for event in hostile_log(CORPUS[name], words=words):
        check_text(repr(event), 1_300, lines=False)
        check_text(event.summary, 1_000, lines=False)
        check_values(event_row(event), 200)
        if isinstance(event, PluginEvent | MonitorEvent):
            check_text(repr(event.detail), 10_100)


@corpus
def test_a_ladder(name: str) -> None:
    text = CORPUS[name]
    ladder = ladder_of(hostile_log(text), keepalives=True, candidates=True)
    bundle = ladder._repr_mimebundle_()
    check_text(bundle["text/plain"], 200_000)
    check_text(repr(ladder), 200_000)
    check_text(bundle["text/vnd.mermaid"], 60_000)
    # Text stays behind the colon, or the "as", of the one statement that it belongs to.
    head, *statements = bundle["text/vnd.mermaid"].rstrip("\n").split("\n")
    assert head == "sequenceDiagram"
    plain = r"(?:#\d+;|[\w .,=+/()\[\]{}'?!*…-])+"
    form = re.compile(
        rf"    (?:participant p\d+ as {plain}|Note over p\d+: {plain}|p\d+(?:->>|-->>|-\))p\d+: {plain})"
    )
    for statement in statements:
        assert form.fullmatch(statement), ascii(statement[:300])


@corpus
def test_a_frame(name: str) -> None:
    frame = hostile_log(CORPUS[name]).to_frame()
    for summary in frame["summary"]:
        check_text(summary, 1_000, lines=False)
    shown = frame._repr_html_()
    assert f"<{BAIT}" not in shown
    assert "<img" not in shown
    assert "<script>window" not in shown
    assert len(shown) < 200_000
    assert len(repr(frame)) < 200_000
    check_text(repr(frame.drop(columns="raw")), 200_000)
    for column in ("kind", "name", "plugin", "transaction"):
        for word in frame[column].dropna():
            check_text(word, 1_000, lines=False)
    # It is data and stays as it was, even what a spreadsheet would run.
    if name == "spreadsheet":
        assert any(str(cell).startswith("=HYPERLINK") for cell in frame["kind"])


@corpus
def test_a_saved_log(name: str, tmp_path: Path) -> None:
    text = encodable(CORPUS[name])[: LONG // 10]
    log = hostile_log(text)
    path = log.save(tmp_path / "log.jsonl")
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == len(log) + 1
    raws = [json.loads(line) for line in lines[1:]]
    assert [raw["kind"] for raw in raws] == [event.kind for event in log]
    again = Replay.open(path)
    again.seek(float("inf"))
    check_text(repr(again), 500)
    assert [event.raw for event in again.events] == [event.raw for event in log]
    assert repr(list(again.events)) == repr(list(log))
    for handle in again.plugins:
        check_text(repr(handle), 300, lines=False)
