"""A support bundle, and the other files, of a session with hostile text in every field of every message."""

from __future__ import annotations

import json
import zipfile
from math import inf
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from janus_notebook import JanusAdmin, JanusSession, Replay
from janus_notebook.client.bundle.bundle import Bundle
from janus_notebook.panels.events.export import parts
from janus_notebook.protocol.events import Direction
from janus_notebook.texts import harmless_json
from tests.client.admin_answers import admin_server
from tests.client.scripted import run
from tests.hostile.corpus import BAIT, CORPUS, FEW, check_text, encodable, poisoned
from tests.hostile.messages import CORE, answers, plugin_events
from tests.panels.admins import publishing
from tests.panels.conftest import make_handle, make_session
from tests.protocol.texts import CANDIDATE, IDS, JSEP, SERVER

WHOLE = 30_000_000
LONG = 2_000
HANDLE = 3


def hostile_log_session(text: str) -> JanusSession:
    """A session that has got every message there is, each with `text` in every field."""
    session = make_session("ws://127.0.0.1:1/janus")
    session.connection.server = poisoned(SERVER, text) | {"plugins": {text: {"name": text}}}
    make_handle(session, HANDLE)
    peer = {"sender": HANDLE, "session_id": session.id}
    extra: list[dict[str, Any]] = [
        {"janus": "event", "plugindata": {"plugin": "x", "data": {"error_code": 1, "error": "x"}}},
        {"janus": "event", "jsep": JSEP | {"sdp": JSEP["sdp"] + "a=candidate:x\r\n"}},
        {"janus": "trickle", "candidate": CANDIDATE},
        {"janus": "trickle", "candidate": "x"},
        {"janus": "trickle", "candidates": "x"},
        {"janus": "data", "plugindata": {"plugin": "x", "data": {"textroom": "message", "text": "x"}}},
    ]
    for message in (*CORE, *answers(), *plugin_events(), *extra):
        direction: Direction = "reply" if "transaction" in message else "event"
        told = poisoned(message, text) | (peer if "sender" in message or message in extra else IDS)
        session.events.record(direction, message["janus"], told, session.id, told.get("sender"))
    sdp = f"v=0\r\na={text}\r\na=candidate:{text}\r\n"
    for kind in ("offer", text):
        jsep = {"type": kind, "sdp": sdp}
        session.events.record("event", "event", {"janus": "event", "jsep": jsep, **peer}, session.id, HANDLE)
    session._set_state("reconnecting", text)
    return session


def check_files(made: Bundle) -> dict[str, str]:
    """Hold each file against what may be shown, and where it would be put; return the texts."""
    found = {}
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        for about in archive.infolist():
            check_text(about.filename, 200, lines=False)
            for path in (PurePosixPath(about.filename), PureWindowsPath(about.filename)):
                assert not path.is_absolute()
                assert not path.drive
                assert ".." not in path.parts
                assert len(path.parts) in (2, 3)
            assert not about.is_dir()
            assert BAIT not in about.filename
            content = archive.read(about).decode()
            check_text(content, WHOLE)
            name = about.filename.partition("/")[2]
            if name.endswith(".json"):
                json.loads(content)
            if name.endswith(".jsonl"):
                assert all(json.loads(line) for line in content.split("\n")[:-1])
            if name.endswith((".txt", ".mmd", ".sdp")):
                assert max(map(len, content.split("\n"))) < 110_000
            found[name] = content
    assert tuple(found) == made.contents
    check_text(repr(made), 20_000)
    return found


@pytest.mark.parametrize("name", FEW)
def test_a_bundle(name: str, tmp_path: Path) -> None:
    text = encodable(CORPUS[name])[:LONG]

    async def main() -> Bundle:
        session = hostile_log_session(text)
        session.server_log = lambda: CORPUS[name]
        async with admin_server() as server, JanusAdmin(server.url) as admin:
            info = poisoned(publishing(HANDLE, 1, "x", "audio"), text, {"type", "plugin"})
            server.on["handle_info"] = lambda request: [server.reply(request, info=info)]
            server.on["get_status"] = lambda request: [server.reply(request, status={text: text})]
            server.on["list_handles"] = lambda request: [server.error(request, 458, text)]
            session.admin = admin
            return await session.bundle(tmp_path / "x.zip", logs={"own.log": CORPUS[name]})

    files = check_files(run(main()))
    assert {f"handle-{HANDLE}/candidates.txt", "logs/janus.log", "logs/own.log", "errors.txt"} <= files.keys()
    assert {file.rpartition("-")[0][-12:] for file in files if "/sdp-" in file} >= {"-description"}
    if name == "terminal":
        again = Replay.open(tmp_path / "x.zip")
        again.seek(inf)
        check_files(run(again.bundle(tmp_path / "again.zip")))


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("form", ["jsonl", "text"])
def test_an_exported_event_stream(name: str, form: str) -> None:
    log = hostile_log_session(encodable(CORPUS[name])[:LONG]).events
    whole = "".join(part for part, _, _ in parts(log, list(log), form))
    check_text(whole, WHOLE)
    assert whole.count("\n") == len(log) + 1


@pytest.mark.parametrize("name", ["..", ".", "...", "C:\\x", "a\\..\\b", ". x ", "con*?"])
def test_no_folder_of_a_bundle_is_above_it(name: str, tmp_path: Path) -> None:
    made = run(hostile_log_session("x").bundle(tmp_path / f"{name}.zip"))
    assert made.path.parent == tmp_path
    check_files(made)


@pytest.mark.parametrize("name", FEW)
def test_json_stays_what_it_was(name: str) -> None:
    for ascii_only in (True, False):
        value = {encodable(CORPUS[name]): [encodable(CORPUS[name])]}
        text = json.dumps(value, indent=1, ensure_ascii=ascii_only)
        shown = harmless_json(text.encode())
        check_text(shown.decode(), 20_000_000)
        assert json.loads(shown) == value
