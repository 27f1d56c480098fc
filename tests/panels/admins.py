"""An Admin API for tests of its panel: what it answers is given, and what it was asked is written down."""

from __future__ import annotations

import asyncio
from typing import Any

from janus_notebook import JanusAdmin

NOW = 100_000_000
TOKEN = "hunter2-token"
STATUS: dict[str, Any] = {
    "token_auth": True,
    "session_timeout": 60,
    "reclaim_session_timeout": 0,
    "candidates_timeout": 45,
    "log_level": 4,
    "log_timestamps": False,
    "locking_debug": False,
    "nack-optimizations": False,
    "slowlink_threshold": 0,
}
INFO = {
    "janus": "server_info",
    "name": "Janus WebRTC Server",
    "version_string": "1.1.2",
    "accepting-new-sessions": True,
    "plugins": {"janus.plugin.videoroom": {}, "janus.plugin.echotest": {}},
}


def handle(handle_id: int, session_id: int = 1, plugin: str = "videoroom", **said: Any) -> dict[str, Any]:
    """What Janus tells of a handle. `said`: of the plugin, and ``opaque_id``, ``token`` and ``sdps``."""
    own: dict[str, Any] = {
        key: said.pop(key) for key in ("opaque_id", "token", "sdps", "webrtc") if key in said
    }
    return {
        "session_id": session_id,
        "session_last_activity": NOW - 2_000_000,
        "session_timeout": 60,
        "session_transport": "janus.transport.websockets",
        "handle_id": handle_id,
        "created": NOW - 5_000_000 + handle_id,
        "current_time": NOW,
        "plugin": f"janus.plugin.{plugin}",
        "plugin_specific": said,
        "flags": {"ready": False},
        **own,
    }


def publishing(handle_id: int, who: int, name: str, *kinds: str, session_id: int = 1) -> dict[str, Any]:
    """A handle that is in room 77 and publishes a stream of each kind."""
    codecs = {"audio": "opus", "video": "vp8"}
    streams = [{"mid": str(at), "type": kind, "codec": codecs[kind]} for at, kind in enumerate(kinds)]
    person: dict[str, Any] = {"id": who, "private_id": 900 + who, "display": name}
    return handle(handle_id, session_id, type="publisher", room=77, streams=streams, **person)


def receiving(handle_id: int, *feeds: tuple[int, str], session_id: int = 1, **said: Any) -> dict[str, Any]:
    """A handle that is subscribed to streams of feeds in room 77, given with their kinds."""
    streams = [
        {"mid": str(at), "type": kind, "active": True, "send": True, "feed_id": feed, "feed_display": "?"}
        for at, (feed, kind) in enumerate(feeds)
    ]
    return handle(handle_id, session_id, type="subscriber", room=77, streams=streams, **said)


class ScriptedAdmin(JanusAdmin):
    """See above. `failure` is raised by requests, `asked` has all of them."""

    def __init__(self) -> None:
        super().__init__("http://user:hunter2@127.0.0.1:1/admin", admin_secret="hunter2")
        self.handles_of: dict[int, dict[int, dict[str, Any]]] = {}
        self.stored: dict[str, set[str]] = {TOKEN: {"janus.plugin.videoroom", "janus.plugin.echotest"}}
        self.status = dict(STATUS)
        self.server_info = dict(INFO)
        self.asked: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    def put(self, *handles: dict[str, Any]) -> None:
        """Let these be the handles."""
        self.handles_of = {}
        for one in handles:
            self.handles_of.setdefault(one["session_id"], {})[one["handle_id"]] = one

    def requests(self, name: str) -> list[dict[str, Any]]:
        """What was asked by this name, without the name."""
        return [
            {key: value for key, value in message.items() if key != "janus"}
            for message in self.asked
            if message["janus"] == name
        ]

    async def send(self, message: Any, timeout: float | None = None) -> dict[str, Any]:
        """Answer one request."""
        self.asked.append(dict(message))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return {"janus": "success", **self._answer(message)}

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        match message:
            case {"janus": "info"}:
                return self.server_info
            case {"janus": "get_status"}:
                return {"status": self.status}
            case {"janus": "list_sessions"}:
                return {"sessions": [*self.handles_of]}
            case {"janus": "list_handles", "session_id": session}:
                return {"handles": [*self.handles_of[session]]}
            case {"janus": "handle_info", "session_id": session, "handle_id": handle}:
                return {"info": self.handles_of[session][handle]}
            case {"janus": "message_plugin"}:
                return {"response": {"list": [{"room": 77, "description": "Physics"}, "odd", {}]}}
            case {"janus": "list_tokens"}:
                return {"data": {"tokens": self._tokens()}}
            case {"janus": "add_token" | "allow_token", "token": token, "plugins": plugins}:
                self.stored.setdefault(token, set()).update(plugins)
                return {"data": {"plugins": sorted(self.stored[token])}}
            case {"janus": "disallow_token", "token": token, "plugins": plugins}:
                self.stored[token] -= {*plugins}
                return {"data": {"plugins": sorted(self.stored[token])}}
            case {"janus": "remove_token", "token": token}:
                del self.stored[token]
            case {"janus": "accept_new_sessions", "accept": accept}:
                self.server_info["accepting-new-sessions"] = accept
                return {"accept": accept}
            case {"janus": str(name), **value} if name.startswith("set_"):
                key = {"set_log_level": "level", "set_session_timeout": "timeout"}.get(
                    name, name.removeprefix("set_").replace("nack_o", "nack-o")
                )
                (said,) = value.values()
                self.status[name.removeprefix("set_").replace("nack_o", "nack-o")] = said
                return {key: said}
        return {}

    def _tokens(self) -> list[dict[str, Any]]:
        return [
            {"token": token, "allowed_plugins": sorted(plugins)} for token, plugins in self.stored.items()
        ]
