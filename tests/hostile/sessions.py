"""A session with a handle of every plugin, a room and a server in which every word is hostile text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from janus_notebook import JanusError, JanusPlugin, JanusSession
from janus_notebook.plugins import known_plugins, plugin_class
from janus_notebook.plugins.videoroom import RoomView
from janus_notebook.protocol.router import Occurred
from tests.hostile.corpus import encodable, poisoned
from tests.panels.admins import INFO, ScriptedAdmin, handle, publishing, receiving
from tests.panels.conftest import make_session
from tests.plugins import golden
from tests.protocol.texts import MESSAGES, SERVER

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOM = 77
# Far beyond every limit, and there are a thousand fields.
LONG = 20_000


def say(session: JanusSession, message: Mapping[str, Any], handle_id: int | None) -> None:
    """Let Janus send this to a handle."""
    told = {**message, "session_id": session.id}
    session.on_event(Occurred(told["janus"], session.id, handle_id, told), json.dumps(told).encode())


def hostile_session(text: str) -> JanusSession:
    """A session whose server and peers say `text` in every field of every message.

    To be called on the loop that the panels are painted on.
    """
    text = encodable(text)[:LONG]
    session = make_session("ws://127.0.0.1:1/janus")
    session.connection.server = poisoned(SERVER, text) | {
        "author": text,
        "session-timeout": 60,
        "plugins": {f"janus.plugin.{text}": {"name": text, "author": text, "version_string": text}},
        "transports": {text: {"name": text}},
    }
    for number, name in enumerate(known_plugins(), start=100):
        plugin = plugin_class(name)()
        plugin.begin(session, number, {"janus": "success"})
        session.handles._by_id[number] = plugin
        for message in golden.recorded(name.rpartition(".")[2]).values():
            if message["janus"] == "event":
                say(session, poisoned(message, text), number)
        plugin.on_jsep()
        for message in MESSAGES:
            if message["janus"] in ("webrtcup", "media", "slowlink", "trickle", "novelty", "hangup"):
                say(session, poisoned(message, text, {"janus"}), number)
    stranger = JanusPlugin(f"janus.plugin.{text}")
    stranger.begin(session, 99, {"janus": "success"})
    session.handles._by_id[99] = stranger
    session.on_error(JanusError(text, hint=text))
    return session


def hostile_room(text: str) -> RoomView:
    """A room whose description, participants and streams are called so, after all that can happen in one."""
    text = encodable(text)[:LONG]
    stream = {"type": text, "mindex": 0, "mid": text, "codec": text, "description": text}
    person = {"id": 5, "display": text, "streams": [stream], "metadata": {text: text}}
    view = RoomView()
    view.follow(
        {
            "videoroom": "joined",
            "room": ROOM,
            "description": text,
            "id": 1,
            "private_id": 9,
            "publishers": [person, {**person, "id": text}],
            "attendees": [{"id": 6, "display": text}],
        },
        {"request": "join", "display": text},
    )
    for news in (
        {"joining": {"id": text, "display": text}},
        {"joining": {"id": 8, "display": text}},
        {"id": 6, "display": text},
        {"id": 5, "mid": text, "moderation": text},
        {"leaving": 8, "reason": text},
    ):
        view.follow({"videoroom": "event", "room": ROOM, **news})
    return view


def hostile_admin(text: str) -> ScriptedAdmin:
    """An Admin API in which everything is called so."""
    text = encodable(text)[:LONG]
    admin = ScriptedAdmin()
    admin.server_info = poisoned(INFO, text, {"janus"}) | {"plugins": {text: {}}, "transports": {text: {}}}
    admin.status |= {text: text}
    admin.stored = {text: {text}}
    known = (
        publishing(10, 1, text, "audio", "video"),
        receiving(20, (1, "audio"), (1, "video"), session_id=2, private_id=902, token=text),
        handle(30, 2, "echotest", opaque_id=text, token=text, sdps={"local": text}),
    )
    admin.put(
        *(poisoned(one, text, {"type", "plugin"}) for one in known), handle(40, 3, text, **{text: [text]})
    )
    return admin
