"""Every message that a server, a peer or a file can send, with room for hostile text in every field."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from janus_notebook.client.log import EventLog
from janus_notebook.protocol.events import Direction
from janus_notebook.protocol.monitor_events import read_event
from tests.hostile.corpus import poisoned
from tests.monitor import golden as monitor_golden
from tests.plugins import golden
from tests.protocol.texts import CANDIDATE, IDS, JSEP, MESSAGES, SERVER

PLUGINS = ("audiobridge", "echotest", "recordplay", "sip", "streaming", "textroom", "videocall", "videoroom")

# What the core sends beside what is in `MESSAGES`, and what of it a peer had a hand in.
CORE: list[dict[str, Any]] = [
    *MESSAGES,
    {"janus": "event", **IDS, "plugindata": {"plugin": "x", "data": {"x": "y"}}, "jsep": JSEP},
    {"janus": "event", **IDS, "plugindata": {"plugin": "x", "data": {"x": {"y": {"z": ["w"]}}, "k": ["v"]}}},
    {"janus": "error", **IDS, "transaction": "t", "error": {"code": 403, "reason": "no", "more": "x"}},
    {"janus": "trickle", **IDS, "candidates": [CANDIDATE, "x"]},
    {"janus": "hangup", **IDS, "reason": ["x", {"y": "z"}], "opaque_id": "x"},
    {
        "janus": "server_info",
        "transaction": "t",
        **SERVER,
        "author": "x",
        "local-ip": "x",
        "dependencies": {"x": "1"},
    },
]


# Answers of plugins, with the fields that their events do not have.
ANSWERS: list[dict[str, Any]] = [
    {"videoroom": "success", "list": [{"room": 1, "description": "x", "videocodec": "x", "permanent": True}]},
    {"videoroom": "attached", "streams": [{"mid": "0", "feed_display": "x", "feed_description": "x"}]},
    {"audiobridge": "success", "participants": [{"id": 1, "display": "x", "codec": "x"}], "room": "x"},
    {
        "streaming": "info",
        "info": {"id": 1, "name": "x", "description": "x", "metadata": "x", "media": [{"mid": "0"}]},
    },
    {"recordplay": "list", "list": [{"id": 1, "name": "x", "date": "x", "video_codec": "x"}]},
    {"videocall": "event", "result": {"list": ["x"], "username": "x", "event": "registered"}},
    {
        "textroom": "success",
        "list": [{"room": "x", "description": "x", "history": "x"}],
        "metadata": {"k": "x"},
    },
    {
        "sip": "event",
        "call_id": "x",
        "result": {"event": "calling", "displayname": "x", "headers": {"X-H": "x"}},
    },
    {"nosip": "event", "result": {"event": "generated", "sdp": "v=0", "unique_id": "x"}},
    {"x": "event", "error_code": 400, "error": "x", "useragent": "x", "label": "x", "local-ip": "x"},
]


@cache
def answers() -> tuple[dict[str, Any], ...]:
    """The `ANSWERS` as messages."""
    return tuple(
        {"janus": "success", "transaction": "t", **IDS, "plugindata": {"plugin": "x", "data": data}}
        for data in ANSWERS
    )


@cache
def plugin_events() -> tuple[dict[str, Any], ...]:
    """A recorded event of each type that a plugin sends."""
    return tuple(message for plugin in PLUGINS for message in golden.recorded(plugin).values())


@cache
def monitor_events() -> tuple[dict[str, Any], ...]:
    """A recorded event of each type that an event handler sends."""
    return tuple(monitor_golden.recorded().values())


def hostile_log(text: str, *, words: bool = False) -> EventLog:
    """A log of all of them, with `text` in each field.

    Args:
        words: also in those that say what a message is.
    """
    kept = {"janus"} if words else None
    log = EventLog()

    def poison(message: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = poisoned(message, text) if kept is None else poisoned(message, text, kept)
        return found

    log.record("local", "state", {"before": "new", "state": "connected", "reason": text})
    log.record("local", "state", {"before": "new", "state": text, "reason": text, "plugin": text}, 1, 3)
    log.record("local", "error", {"error": {"type": "X", "reason": text}})
    log.record("local", "peer", {"ice": text, "dtls": text, "pair": {"local": {"address": text}}}, 1, 2)
    log.record(
        "request",
        "message",
        {"janus": "message", "transaction": "t", "body": {"request": text, text: text}},
        1,
        2,
    )
    log.record("request", "attach", {"janus": "attach", "plugin": text, "opaque_id": text}, 1)
    log.record("event", text, {"janus": text, "x": text}, 1, 4)
    log.record(
        "event", "event", {"janus": "event", "plugindata": {"plugin": text, "data": {text: text}}}, 1, 5
    )
    for message in (*CORE, *answers(), *plugin_events()):
        kind = message["janus"]
        direction: Direction = "reply" if "transaction" in message else "event"
        log.record(direction, kind, poison(message), 1, message.get("sender"))
    for message in monitor_events():
        raw = poison(message)
        kind, session_id, handle_id, _ = read_event(msgspec.json.encode(message))
        log.record("monitor", kind, raw, session_id, handle_id)
    return log
