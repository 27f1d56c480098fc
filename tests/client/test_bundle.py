"""Support bundles: what is in them, what never is, and what can go wrong."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import zipfile
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    EventLog,
    JanusAdmin,
    JanusError,
    JanusOptionError,
    JanusPlugin,
    JanusPluginError,
    JanusSession,
    JanusTimeoutError,
    Replay,
)
from janus_notebook.client.bundle import bundle as bundle_module
from janus_notebook.client.bundle.bundle import Bundle
from janus_notebook.client.bundle.members import Member
from janus_notebook.client.bundle.scrub import Scrubber, secrets_of
from tests.client.admin_answers import AdminServer, admin_server
from tests.client.scripted import ScriptedServer, run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

API, TOKEN, ADMIN, PIN, ROOM, TURN = "p1-api secret/&", "p2-token", "p3-admin", "p4-pin", "p5-room", "p6-turn"
ICE, SDES, DIGEST, URL_PASSWORD, SIP_PASSWORD = (
    "p7icepwd0123456789abcd",
    "p8SdesKey+/",
    "p9d1ge57",
    "p10-url",
    "p11",
)
HEADER, COOKIE, LISTED, LOGGED = "p12-header", "p13-cookie", "p14-listed", "p15-logged"
PLANTED = (
    *(
        API,
        "p1-api+secret",
        "p1-api%20secret",
        TOKEN,
        ADMIN,
        PIN,
        ROOM,
        TURN,
        ICE,
        SDES,
        DIGEST,
        URL_PASSWORD,
    ),
    *(SIP_PASSWORD, HEADER, COOKIE, LISTED, LOGGED),
)

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    f"a=ice-ufrag:frag\r\na=ice-pwd:{ICE}\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SDES}|2^20\r\n"
    "a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host\r\na=mid:0\r\n"
)
CANDIDATE = {"candidate": "candidate:2 1 udp 1 192.0.2.8 50001 typ srflx", "sdpMid": "0", "sdpMLineIndex": 0}
REQUEST = {
    "request": "create",
    "pin": PIN,
    "secret": ROOM,
    "allowed": [LISTED],
    "turn": {"username": "u", "credential": TURN},
    "text": json.dumps({"textroom": "join", "pin": PIN, "secret": ROOM}),
    "kept": "plain text",
    "twice": json.dumps({"within": json.dumps({"token": LISTED})}),
    "header": f'Authorization: Digest username="bob", nonce="n", response="{DIGEST}"\r\nVia: kept',
    "headers": {"Authorization": f'Digest response="{DIGEST}"'},
    "uri": f"sip:bob:{SIP_PASSWORD}@192.0.2.9",
    "stream": f"rtsp://user:{URL_PASSWORD}@192.0.2.9/x?token={LISTED}&kept=1",
    "says": f"the server was started with {API}",
}
LOG = (
    f'{{"janus": "create", "apisecret": "{LOGGED}", "pin":"{LOGGED}"}}\n'
    f'admin_secret = "{LOGGED}"\nturn_pwd={LOGGED}\nProxy-Authorization: Basic {LOGGED}\n'
    f"a=ice-pwd:{LOGGED}\\r\\na=kept\nquoted by the server: {ADMIN}\n\x1b[31mred\x1b[0m\n"
)


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def data(files: dict[str, bytes], name: str) -> Any:
    return json.loads(files[name])


def url_of(server: ScriptedServer) -> str:
    return server.url.replace("ws://", f"ws://user:{URL_PASSWORD}@")


async def conversation(server: ScriptedServer) -> tuple[JanusSession, JanusPlugin]:
    """A session with a negotiation, an error that no call could raise, and secrets wherever one can be."""
    session = JanusSession(
        url_of(server),
        api_secret=API,
        token=lambda: TOKEN,
        headers={"Authorization": f"Bearer {HEADER}", "Cookie": COOKIE},
    )
    await session.create()
    plugin = JanusPlugin("scripted", opaque_id="mine")
    await plugin.attach(session)
    await plugin.request(REQUEST, jsep={"type": "offer", "sdp": SDP})
    await plugin.trickle(CANDIDATE)
    await plugin.trickle(None)
    async with plugin.events() as events:
        at = {"session_id": session.id, "sender": plugin.id}
        server.push({"janus": "media", "mid": "0", "type": "audio", "receiving": False, **at})
        server.push({"janus": "trickle", "candidate": CANDIDATE, **at})
        server.push({"janus": "event", "plugindata": {"plugin": "x", "data": {}}, **at} | _jsep())
        for _ in range(3):
            await events.get(5)
    session.on_error(JanusError(f"it broke: token={LISTED}"))
    return session, plugin


def _jsep() -> dict[str, Any]:
    return {"jsep": {"type": "answer", "sdp": SDP}}


@asynccontextmanager
async def with_admin(session: JanusSession) -> AsyncIterator[AdminServer]:
    """Let the session know an Admin API, scripted too; it says what a real one would not."""
    async with admin_server() as server, JanusAdmin(server.url, admin_secret=ADMIN) as admin:
        info = {"session_id": 1, "sdps": {"local": SDP, "remote": SDP}, "admin_key": ADMIN}
        server.on["handle_info"] = lambda request: [server.reply(request, info=info)]
        server.on["list_handles"] = lambda request: [server.reply(request, handles=[7])]
        server.on["get_status"] = lambda request: [server.reply(request, status={"log_level": 4})]
        session.admin = admin
        yield server


def test_everything_is_in_it_and_no_secret(tmp_path: Path) -> None:
    async def main() -> Bundle:
        async with scripted() as server:
            session, plugin = await conversation(server)
            session.server_log = lambda: LOG
            async with with_admin(session):
                made = await session.bundle(tmp_path / "report", logs={"other.log": LOG})
            assert session.is_open
            assert [handle.id for handle in session.plugins] == [plugin.id]
            await session.destroy()
        return made

    made = run(main())
    assert made.path == tmp_path / "report.zip"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.zip"]
    assert made.size == made.path.stat().st_size
    assert made.missing == ()
    files = unpacked(made.path)
    assert tuple(files) == made.contents
    for name, content in files.items():
        for secret in PLANTED:
            assert secret.encode() not in content, (name, secret)
    assert repr(made).startswith(f"<Bundle {made.path} (")
    (handle,) = {name.partition("/")[0] for name in files if name.startswith("handle-")}
    number = int(handle.removeprefix("handle-"))
    assert {name.partition("/")[2] for name in files if name.startswith(handle)} >= {
        *("state.json", "handle_info.json", "candidates.txt"),
    }
    # What is no secret is all there.
    facts = data(files, "session.json")
    assert (facts["state"], facts["handles"]) == ("connected", [number])
    assert [change["state"] for change in facts["history"]] == ["connecting", "connected"]
    assert facts["counters"]["errors"] == 1
    assert data(files, "server.json")["name"] == "Scripted"
    state = data(files, f"{handle}/state.json")
    assert (state["plugin"], state["opaque_id"], state["state"]) == (
        *("janus.plugin.scripted", "mine", "negotiating"),
    )
    assert [step["state"] for step in state["transitions"]] == ["attached", "negotiating"]
    assert state["media"]["0"]["receiving"] is False
    sdps = {name.rpartition("/")[2][10:] for name in files if "/sdp-" in name}
    assert sdps == {"offer-sent.sdp", "answer-received.sdp"}
    offer = next(content.decode() for name, content in files.items() if name.endswith("offer-sent.sdp"))
    assert "a=ice-pwd:***\n" in offer
    assert "a=ice-ufrag:frag\n" in offer
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20\n" in offer
    candidates = files[f"{handle}/candidates.txt"].decode()
    assert [line.split(" s ")[1] for line in candidates.splitlines()] == [
        "sent     in an SDP: candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host",
        f"sent     mid 0: {CANDIDATE['candidate']}",
        "sent     mid ?: end of candidates",
        f"received mid 0: {CANDIDATE['candidate']}",
        "received in an SDP: candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host",
    ]
    assert data(files, f"{handle}/handle_info.json")["admin_key"] == "***"
    assert data(files, "admin/session.json")["handles"]
    assert data(files, "admin/status.json") == {"log_level": 4}
    assert data(files, "versions.json")["python"].startswith("CPython 3.")
    assert "websockets" in data(files, "versions.json")
    log = files["logs/janus.log"].decode()
    assert "a=kept" in log
    assert "quoted by the server: ***" in log
    assert "\x1b" not in log
    assert files["logs/other.log"] == files["logs/janus.log"]
    assert "it broke: token=***" in files["errors.txt"].decode()
    assert "create" in files["ladder.txt"].decode()
    assert files["ladder.mmd"].startswith(b"sequenceDiagram\n")
    texts = files["events.txt"].decode().splitlines()
    assert len(texts) == len(files["events.jsonl"].splitlines()) - 1
    created = next(line for line in texts if "request=create" in line)
    assert "kept=plain text" in created
    assert f"message [{number}] " in created
    assert not any("[" in line for line in texts if " info " in line)  # of no handle
    read = files["README.txt"].decode()
    assert "state       connected" in read
    assert f"{number}  janus.plugin.scripted  negotiating; mid 0 not received by Janus" in read
    assert "error: it broke: token=***" in read
    assert "WHAT IS MISSING HERE\nnothing\n" in read


def test_its_log_plays_again_from_the_zip(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugin = await conversation(server)
            made = await session.bundle(tmp_path)
            assert made.path.parent == tmp_path
            assert made.path.name.startswith(f"janus-bundle-{session.id}-20")
            replay = Replay.open(made.path)
            replay.seek(inf)
            assert [event.seq for event in replay.events] == list(range(1, replay.events.total + 1))
            assert (replay.id, replay.state) == (session.id, "connected")
            assert [handle.id for handle in replay.plugins] == [plugin.id]
            assert replay.plugins[0].media == plugin.media
            # A recording has a bundle too, of what it knows.
            again = await replay.bundle(tmp_path / "again.zip")
            files = unpacked(again.path)
            assert "made of a recording" in again.missing[0]
            assert files["events.txt"] == unpacked(made.path)["events.txt"]
            assert f"of          the recording {made.path}" in files["README.txt"].decode()
            await session.destroy()

    run(main())


def test_a_zip_that_is_no_bundle_is_not_played(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(
        JanusOptionError, match=r"x\.zip is a zip file without events\.jsonl\. Expected one of"
    ):
        Replay.open(path)


def test_a_session_that_is_lost_and_one_that_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugin = await conversation(server)
            handle_id = plugin.id
            for connection in server.connections:
                await connection.close()
            await until(lambda: session.state == "lost")
            lost = unpacked((await session.bundle(tmp_path / "lost.zip")).path)
            await session.destroy()
            closed = unpacked((await session.bundle(tmp_path / "closed.zip")).path)
        for state, files in (("lost", lost), ("closed", closed)):
            assert data(files, "session.json")["state"] == state
            assert data(files, f"handle-{handle_id}/state.json")["state"] == "detached"
            assert f"handle-{handle_id}/candidates.txt" in files
        assert " s  connected → lost" in lost["README.txt"].decode()

    run(main())


def test_a_session_that_never_was(tmp_path: Path) -> None:
    made = run(JanusSession("ws://127.0.0.1:1").bundle(tmp_path / "new.zip"))
    files = unpacked(made.path)
    assert b"state       new" in files["README.txt"]
    assert len(made.missing) == 2


def test_what_cannot_be_collected_is_named(tmp_path: Path) -> None:
    async def main() -> Bundle:
        async with scripted() as server:
            session, plugin = await conversation(server)

            def no_log() -> str:
                raise OSError("the disk is gone")

            async def no_statistics() -> None:
                raise RuntimeError("a bug")

            session.server_log = no_log
            vars(plugin).update(webrtc={"ice": "new", "dtls": "new"}, stats=no_statistics)
            async with with_admin(session) as admin:
                admin.on["list_handles"] = lambda request: [admin.error(request, 458, "No such session")]
                admin.on["handle_info"] = lambda request: []
                made = await session.bundle(tmp_path / "x.zip", timeout=0.3)
            await session.destroy()
        return made

    made = run(main())
    handle = made.contents[-1].partition("/")[0].removeprefix("handle-")
    refused = "No such session (458 SESSION_NOT_FOUND). The session has ended;"
    refused += " list_sessions() gives those that are there."
    assert set(made.missing) == {
        f"handle_info of handle {handle}: no answer within 0.3 s",
        f"statistics of handle {handle}: RuntimeError: a bug",
        "the server's log: OSError: the disk is gone",
        f"the server's list of the handles of session {int(handle) - 1}: {refused}",
    }
    assert "\n  - handle_info of handle" in repr(made)
    read = unpacked(made.path)["README.txt"].decode()
    for line in made.missing:
        assert line in read


def test_a_session_that_never_was_on_a_known_server(tmp_path: Path) -> None:
    session = JanusSession("ws://127.0.0.1:1", proxy=f"http://user:{URL_PASSWORD}@127.0.0.1:9")
    session.admin = JanusAdmin("http://127.0.0.1:1/admin", admin_secret=ADMIN)
    made = run(session.bundle(tmp_path / "new.zip", logs={"janus.log": f"kept {ADMIN} {URL_PASSWORD}"}))
    assert made.missing == ()
    (log,) = [text for name, text in unpacked(made.path).items() if name.endswith("janus.log")]
    assert b"kept" in log
    assert not any(secret.encode() in log for secret in (ADMIN, URL_PASSWORD))


def test_the_secrets_of_options() -> None:
    session = JanusSession("ws://127.0.0.1:1")
    options = {
        "proxy": f"http://user:{URL_PASSWORD}@127.0.0.1:9",
        "token": TOKEN,
        "origin": "http://[",
        "n": 1,
    }
    vars(session.connection)["options"] = options
    assert secrets_of(session) == {URL_PASSWORD, TOKEN}


def test_what_was_counted_and_what_was_refused(tmp_path: Path) -> None:
    async def main() -> Bundle:
        async with scripted() as server:
            session, plugin = await conversation(server)
            server.on["message"] = lambda request: [
                server.event(request, error_code=421, error="No such room")
            ]
            with pytest.raises(JanusPluginError):
                await plugin.request({"request": "join"})

            async def statistics() -> dict[str, Any]:
                return {"media": {"0": {"packets": 5}}}

            vars(plugin).update(webrtc={"ice": "new", "dtls": "new"}, stats=statistics)
            async with with_admin(session) as admin:
                admin.on["get_status"] = lambda request: [admin.error(request, 403, "Unauthorized")]
                made = await session.bundle(tmp_path / "x.zip")
            await session.destroy()
        return made

    made = run(main())
    (missing,) = [line for line in made.missing if "get_status" in line]
    assert "Unauthorized" in missing
    files = unpacked(made.path)
    (counters,) = [json.loads(text) for name, text in files.items() if name.endswith("statistics.json")]
    assert counters == {"media": {"0": {"packets": 5}}}
    assert b"No such room (421)" in files["README.txt"]


def test_a_recording_that_tells_nothing_of_its_session(tmp_path: Path) -> None:
    log = EventLog()
    log.record("local", "state", {"state": "connected"}, 1)
    replay = Replay.open(log.save(tmp_path / "log.jsonl"), speed=inf)
    made = run(replay.bundle(tmp_path / "x.zip"))
    assert any("only a server can tell" in line for line in made.missing)


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_module, "_pack", full)
    with pytest.raises(JanusOptionError, match="cannot be written: No space left on device"):
        run(JanusSession("ws://127.0.0.1:1").bundle(tmp_path / "x.zip"))
    assert list(tmp_path.iterdir()) == []


def test_what_the_ring_let_go_is_named(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server, JanusSession(server.url, log_capacity=4) as session:
            plugin = JanusPlugin("scripted")
            await plugin.attach(session)
            made = await session.bundle(tmp_path / "x.zip")
            dropped = session.events.total - 4
            assert made.missing[0].startswith(f"the oldest {dropped} entries of the log")
            assert f"handle-{plugin.id}/state.json" in unpacked(made.path)
            await plugin.detach()

    run(main())


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    session = JanusSession("ws://127.0.0.1:1")
    path = tmp_path / "x.zip"
    path.write_text("mine")
    with pytest.raises(
        JanusOptionError, match=r"x\.zip exists already\. Choose another name, or pass overwrite"
    ):
        run(session.bundle(path))
    assert path.read_text() == "mine"
    run(session.bundle(path, overwrite=True))
    assert zipfile.is_zipfile(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("links", [True, False])
def test_nor_one_that_came_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    path = tmp_path / "x.zip"
    session = JanusSession("ws://127.0.0.1:1")

    def meanwhile() -> str:
        path.write_text("mine")
        return ""

    session.server_log = meanwhile

    def no_links(*_: object) -> None:
        raise OSError("not on this disk")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(JanusOptionError, match="exists already"):
        run(session.bundle(path))
    assert path.read_text() == "mine"
    path.unlink()
    session.server_log = None
    run(session.bundle(path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere/x.zip", r"there is no folder .*nowhere\. Make it first"),
        ("x.tar", r"a bundle is a zip file, not '\.tar'\. Write 'x\.zip'"),
        (7, r"7 is not the name of a file: .*For example session\.bundle\('report\.zip'\)"),
        ("x\0y.zip", r"is not the name of a file|cannot be written"),
        ("n" * 300 + ".zip", r"is not the name of a file|cannot be written"),
        ("~nobody-of-this-name/x.zip", r"is not the name of a file"),
    ],
)
def test_bad_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: Any, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(JanusOptionError, match=said):
        run(JanusSession("ws://127.0.0.1:1").bundle(path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"logs": "text"}, "logs must be a dict of file names and texts"),
        ({"logs": {"x": b""}}, "logs must be a dict"),
        ({"logs": {"../x": ""}}, r"'\.\./x' in logs is not a file name"),
        ({"timeout": 0}, "timeout must be seconds above 0"),
    ],
)
def test_bad_arguments(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(JanusOptionError, match=said):
        run(JanusSession("ws://127.0.0.1:1").bundle(tmp_path, **options))
    assert list(tmp_path.iterdir()) == []


def test_giving_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = JanusSession("ws://127.0.0.1:1")
    begun = threading.Event()

    def endless(_: object) -> Iterator[Member]:
        def parts() -> Iterator[bytes]:
            while True:
                begun.set()
                yield b"more"

        yield Member("x", "", parts())

    monkeypatch.setattr(bundle_module, "members", endless)

    async def main() -> None:
        task = asyncio.create_task(session.bundle(tmp_path / "x.zip"))
        await until(begun.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert os.listdir(tmp_path) == []
        monkeypatch.setattr(bundle_module, "WRITE_SECONDS", 0.01)
        with pytest.raises(JanusTimeoutError, match=r"x\.zip was not written within 0\.01 s"):
            await session.bundle(tmp_path / "x.zip")

    run(main())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;title\x07", "\u202egpj.exe", "a\0b", "\ud800 alone", "<script>\r\n#!/bin/sh"]
)
def test_hostile_text_is_harmless_in_texts(tmp_path: Path, hostile: str) -> None:
    session = JanusSession("ws://127.0.0.1:1")
    session.events.record("event", "event", {"janus": "event", "plugindata": {"data": {"x": hostile}}}, 1, 2)
    session.events.record("event", "hangup", {"janus": "hangup", "reason": hostile}, 1, 2)
    session.on_error(JanusError(hostile))
    files = unpacked(run(session.bundle(tmp_path / "x.zip", logs={"x": hostile})).path)
    for name, content in files.items():
        text = content.decode()
        if not name.endswith((".json", ".jsonl")):
            assert all(line.isprintable() for line in text.split("\n")), name


@pytest.mark.parametrize(
    "text",
    [
        "no secret at all",
        '"api_secret": true, "token": null',
        "a=fingerprint:sha-256 AA:BB",
        "the token was refused (403)",
        "http://192.0.2.1:8088/janus",
        "a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Scrubber(["12", ""]).text(text) == text


def test_a_secret_that_begins_another_leaves_nothing_of_it() -> None:
    secrets = ["tellnobody", "tellnobodyelse", "tellnobodyelsehere"]
    for given in (secrets, secrets[::-1]):
        assert Scrubber(given).text(f"<{' '.join(secrets)}>") == "<*** *** ***>"


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    assert Scrubber(["12"]).text("12 of 1234, x12, (12)") == "*** of 1234, x12, (***)"


def test_long_and_hostile_texts_take_no_time() -> None:
    pieces = (
        "a-",
        "sip:",
        "sip:a:",
        "token:",
        'token="',
        "inline:",
        "://",
        "x://",
        "token \\",
        "authorization: ",
    )
    for piece in pieces:
        Scrubber(["secret-of-mine"]).text(piece * (50_000 // len(piece)))
