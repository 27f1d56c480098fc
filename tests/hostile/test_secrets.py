"""Secrets planted wherever one can be: in no repr, log, error, file, bundle, panel or report."""

from __future__ import annotations

import asyncio
import json
import logging
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusAdmin, JanusError, JanusPlugin, JanusSession, PracticeGateway
from janus_notebook.client.ladder import ladder_of
from janus_notebook.config import SECRET_KEYS
from janus_notebook.doctor import diagnose, neighbours
from janus_notebook.panels import static
from janus_notebook.panels.events.export import FORMATS, parts
from janus_notebook.panels.events.snapshot import stream_snapshot
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.session.static import session_parts
from janus_notebook.panels.snapshot import event_row
from tests.client.admin_answers import admin_server
from tests.client.scripted import run, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

WORD = "planted"
# What a person sends: each field that carries a secret, flat, nested and in lists; and those within texts.
BODIES: dict[str, dict[str, Any]] = {
    **{key: {"request": "x", key: f"{WORD}-{key}"} for key in sorted(SECRET_KEYS)},
    "nested": {"request": "x", "a": [{"b": {"secret": [f"{WORD}-1", {"c": f"{WORD}-2"}]}}]},
    "RTP forwarding": {
        "request": "rtp_forward",
        "secret": f"{WORD}-room",
        "admin_key": f"{WORD}-key",
        "streams": [{"mid": "0", "host": "192.0.2.1", "srtp_suite": 80, "srtp_crypto": f"{WORD}-srtp"}],
    },
    "SIP": {
        "request": "register",
        "username": f"sip:bob:{WORD}-uri@192.0.2.9",
        "secret": f"{WORD}-sip",
        "ha1_secret": f"{WORD}-ha1",
        "proxy": f"sip:bob:{WORD}-proxy@192.0.2.9",
        "outbound_proxy": f"sips:bob:{WORD}-proxy@192.0.2.9;transport=tls",
        "headers": {"Authorization": f"Basic {WORD}", "Proxy-Authorization": f"Digest response={WORD}"},
    },
    "a SIP call": {"request": "call", "uri": f"sip:bob:{WORD}-uri@192.0.2.9", "sdes_key": "kept"},
    "streaming": {
        "request": "create",
        "url": f"rtsp://bob:{WORD}@192.0.2.9/x?token={WORD}",
        "rtsp_user": "bob",
        "rtsp_pwd": f"{WORD}-rtsp",
        "crypto": f"{WORD}-crypto",
        "pin": f"{WORD}-pin",
    },
    "TURN": {
        "request": "x",
        "ice_servers": [{"urls": "turn:192.0.2.1", "username": "u", "credential": f"{WORD}-turn"}],
        "turn_pwd": f"{WORD}-turn",
        "turn_rest_api_key": f"{WORD}-turn",
    },
    "SRTP": {"request": "x", "jsep": {"type": "offer", "sdp": f"a=crypto:1 X inline:{WORD}|2^20\r\n"}},
}


class Everything(logging.Handler):
    """Keeps what is logged, at any level."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "websockets.server":  # the test's own server
            self.lines.append(self.format(record))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What is logged at any level by anybody."""
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)


def shown_of(session: JanusSession) -> Iterator[str]:
    """All that shows a session, its handles and its log, and what is made of them."""
    yield repr(session)
    yield repr(session.connection)
    for event in session.events:
        yield f"{event!r} {event.summary} {event.raw!r} {event_row(event)}"
    yield repr(ladder_of(session.events)) + str(ladder_of(session.events)._repr_mimebundle_())
    yield session.events.to_frame().to_csv()
    for form in FORMATS:
        yield "".join(part for part, _, _ in parts(session.events, list(session.events), form))
    yield json.dumps(stream_snapshot(session.events), default=str)
    snapshots = [(session_snapshot(session), session_parts)]
    snapshots += [(handle_snapshot(plugin), handle_parts) for plugin in session.plugins]
    for snapshot, parts_of in snapshots:
        yield json.dumps(snapshot, default=str)
        yield static.html(parts_of(snapshot)) + static.plain(parts_of(snapshot))
    for plugin in session.plugins:
        yield repr(plugin)


def error_of(exc: JanusError) -> str:
    return f"{exc!r} {exc} {exc.request} {exc._render_traceback_()} {exc.__dict__}"


def test_what_is_sent_and_what_comes_back(tmp_path: Path, logged: list[str]) -> None:
    secrets: dict[str, Any] = {"api_secret": f"{WORD}-api", "token": lambda: f"{WORD}-token"}
    headers = {"Authorization": f"Bearer {WORD}-header"}

    async def main() -> list[str]:
        shown: list[str] = []
        async with scripted() as server, admin_server() as admin_side:
            url = server.url.replace("ws://", f"ws://bob:{WORD}-url@") + f"/?token={WORD}-query"
            admin_url = admin_side.url.replace("ws://", f"ws://bob:{WORD}-url@")
            async with (
                JanusSession(url, headers=headers, **secrets) as session,
                JanusAdmin(admin_url, admin_secret=f"{WORD}-admin") as admin,
            ):
                session.admin = admin
                session.server_log = lambda: json.dumps(BODIES) + f"\nsaid {WORD}-api and {WORD}-admin"
                plugin = JanusPlugin("scripted")
                await plugin.attach(session)
                for body in BODIES.values():
                    # The server sends it all back, as the answer and as an event.
                    shown.append(repr(await plugin.request(body)))
                    place = {"session_id": session.id, "sender": plugin.id}
                    data = {"plugindata": {"plugin": "x", "data": body}, "jsep": body.get("jsep", {})}
                    async with plugin.events() as events:
                        server.push({"janus": "event", **place, **data})
                        await events.get(60)
                    shown.append(repr(await admin.message_plugin("scripted", request=body)))
                server.on["message"] = lambda request: [server.error(request, 403)]
                for body in BODIES.values():
                    with pytest.raises(JanusError) as caught:
                        await plugin.request(body)
                    shown.append(error_of(caught.value))
                admin_side.fields = {
                    "info": {"session_id": 1, "handle_id": 1, **BODIES},
                    "data": {"tokens": [{"token": f"{WORD}-1", "allowed_plugins": []}], "plugins": []},
                }
                shown += map(repr, (admin, await admin.handle_info(1, 1), await admin.list_tokens()))
                shown.append(repr(await admin.add_token(f"{WORD}-1")))
                admin_side.on["remove_token"] = lambda request: [admin_side.error(request, 403)]
                with pytest.raises(JanusError) as caught:
                    await admin.remove_token(f"{WORD}-1")
                shown.append(error_of(caught.value))
                shown += shown_of(session)
                shown.append(session.events.save(tmp_path / "log.jsonl").read_text())
                made = await session.bundle(tmp_path / "x.zip", logs={"x.log": str(BODIES)})
                with zipfile.ZipFile(made.path) as archive:
                    shown += [f"{name}\n{archive.read(name).decode()}" for name in archive.namelist()]
            shown += shown_of(session)
        return shown

    for text in (*run(main()), *logged):
        at = text.find(WORD)
        assert at < 0, text[max(0, at - 200) : at + 60]
    assert logged


@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_the_doctor_and_the_transports(
    scheme: str, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "USUAL", {})

    async def main() -> list[str]:
        shown = []
        async with PracticeGateway(api_secret=f"{WORD}-api") as gateway:
            url = gateway.ws_url if scheme == "ws" else gateway.http_url
            url = url.replace("://", f"://bob:{WORD}-url@") + f"?token={WORD}-query"
            admin_url = gateway.admin_url.replace("://", f"://bob:{WORD}-url@")
            for api, admin in (
                (f"{WORD}-api", gateway.admin_secret),
                (f"{WORD}-no", f"{WORD}-no"),
            ):
                found = await diagnose(
                    url, api_secret=api, admin_url=admin_url, admin_secret=admin, media=False
                )
                shown += [str(found), repr(found), found.to_json()]
                assert gateway.admin_secret not in "".join(shown)
            async with JanusSession(url, api_secret=f"{WORD}-api", token=f"{WORD}-token") as session:
                plugin = JanusPlugin("echotest")
                await plugin.attach(session)
                for body in ({"audio": True, "secret": f"{WORD}-x"}, {"bitrate": WORD}):
                    try:
                        await plugin.request(body)
                    except JanusError as exc:
                        shown.append(repr(exc) if "bitrate" not in body else "")
            await asyncio.sleep(0)
        return shown

    for text in (*run(main()), *logged):
        at = text.find(WORD)
        assert at < 0, text[max(0, at - 200) : at + 60]
