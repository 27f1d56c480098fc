"""Record&Play's requests as they are sent, and what newer servers say."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusRecordPlayPlugin, JanusSession, JanusStateError
from janus_notebook.client.requests import requests_of
from janus_notebook.plugins import recordplay as module
from janus_notebook.plugins.recordplay import RecordPlayDone, RecordPlayResult, RecordPlaySlowLink
from janus_notebook.protocol.plugin_events import PluginDetail, detail_of
from tests.client.scripted import run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.client.scripted import ScriptedServer

NAME = "janus.plugin.recordplay"
OFFER = {"type": "offer", "sdp": "v=0"}
NO_SDP = {"error_code": 415, "error": "Missing SDP answer"}
NO_PLAYOUT = {"error_code": 418, "error": "Not a playout session, can't start"}


@asynccontextmanager
async def recordplay() -> AsyncIterator[tuple[ScriptedServer, JanusRecordPlayPlugin]]:
    """A handle on a server that claims to be new and answers each request with its body."""
    async with scripted() as server:
        server.info["version_string"] = "1.4.1"
        async with JanusSession(server.url, timeout=2) as session:
            plugin = JanusRecordPlayPlugin()
            await plugin.attach(session)
            yield server, plugin


def bodies(server: ScriptedServer) -> list[dict[str, Any]]:
    return [request["body"] for request in server.received if request["janus"] == "message"]


CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("update", {"admin_key": "k"}, {"admin_key": "k"}),
    ("list", {"admin_key": "k"}, {"admin_key": "k"}),
    (
        "configure",
        {"video_bitrate_max": 1, "video_keyframe_interval": 2},
        {"video-bitrate-max": 1, "video-keyframe-interval": 2},
    ),
    ("play", {"id": 1, "restart": True, "answer": False}, {"id": 1, "restart": True}),
    ("start", {"jsep": {"type": "answer", "sdp": "v=0"}}, {}),
    ("pause", {}, {}),
    ("resume", {}, {}),
    ("stop", {}, {}),
]
RECORD = {
    "name": "n",
    "id": 1,
    "filename": "f",
    "audiocodec": "opus",
    "videocodec": "vp9",
    "videoprofile": "2",
    "opusred": True,
    "textdata": False,
    "update": True,
    "is_private": True,
}


@pytest.mark.parametrize(("name", "given", "sent"), [*CALLS, ("record", {**RECORD, "jsep": OFFER}, RECORD)])
def test_every_parameter_is_sent_under_its_name(
    name: str, given: dict[str, Any], sent: dict[str, Any]
) -> None:
    async def main() -> None:
        async with recordplay() as (server, plugin):
            await requests_of(type(plugin))[name](plugin, **given, extra={"x_new": 1})
            assert bodies(server) == [{"request": name, **sent, "x_new": 1}]

    run(main())


async def played(server: ScriptedServer, plugin: JanusRecordPlayPlugin) -> None:
    """Something was played, and the PeerConnection of it is gone."""
    await plugin.play(id=1, answer=False)
    assert plugin.session is not None
    event = {"session_id": plugin.session.id, "sender": plugin.id}
    server.push({"janus": "webrtcup", **event}, {"janus": "hangup", "reason": "Close PC", **event})
    await until(lambda: plugin.state == "hungup")
    server.received.clear()


def test_what_was_played_must_be_let_go_of_first() -> None:
    """Janus 1.1.2 crashes when it is asked to play while the thread that played before is still there."""

    async def main() -> None:
        async with recordplay() as (server, plugin):
            await played(server, plugin)
            refusals = [NO_SDP, NO_SDP, NO_PLAYOUT]

            def message(request: dict[str, Any]) -> list[dict[str, Any]]:
                data = refusals.pop(0) if request["body"]["request"] == "start" else {"recordplay": "event"}
                return [server.ack(request), server.event(request, **data)]

            server.on["message"] = message
            await plugin.play(id=2, answer=False)
            await plugin.record_on_server(name="n", jsep=OFFER)  # nothing was played in between
            assert [body["request"] for body in bodies(server)] == [
                "start",
                "start",
                "start",
                "play",
                "record",
            ]

    run(main())


def test_a_server_that_never_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a hangup it plays nothing, whatever it has kept; before, it does."""
    monkeypatch.setattr(module, "LET_GO_SECONDS", 0.1)

    async def main() -> None:
        async with recordplay() as (server, plugin):
            assert plugin.session is not None
            at = {"session_id": plugin.session.id, "sender": plugin.id}

            def message(request: dict[str, Any]) -> list[dict[str, Any]]:
                refused = NO_SDP if request["body"]["request"] == "start" else {"recordplay": "event"}
                return [server.event(request, **refused)]

            await plugin.play(id=1, answer=False)
            server.push({"janus": "webrtcup", **at})
            await until(lambda: plugin.state == "connected")
            server.on["message"] = message
            with pytest.raises(JanusStateError, match="is still playing on the server"):
                await plugin.record_on_server(name="n", jsep=OFFER)
            server.push({"janus": "hangup", "reason": "Close PC", **at})
            await until(lambda: plugin.state == "hungup")
            server.received.clear()
            await plugin.record_on_server(name="n", jsep=OFFER)
            *asked, last = [body["request"] for body in bodies(server)]
            assert (set(asked), last) == ({"start"}, "record")
            await plugin.play(id=2, answer=False)  # not asked about again: nothing was played since
            assert [body["request"] for body in bodies(server)][-2:] == ["record", "play"]

    run(main())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"recordplay": "event", "result": "done"}, RecordPlayDone),
        ({"recordplay": "event", "result": {"status": "done", "id": 7, "is_private": False}}, RecordPlayDone),
        (
            {
                "recordplay": "event",
                "result": {"status": "slow_link", "media": "video", "current-bitrate": 5, "uplink": 0},
            },
            RecordPlaySlowLink,
        ),
        ({"recordplay": "event"}, PluginDetail),
        ({"recordplay": "event", "result": ["done"]}, PluginDetail),
    ],
)
def test_events_are_read(data: dict[str, Any], expected: type[PluginDetail]) -> None:
    detail = detail_of(NAME, data)
    assert type(detail) is expected
    assert detail.unreadable == ()


def test_the_fields_of_events() -> None:
    old = detail_of(NAME, {"result": "done"})
    new = detail_of(NAME, {"result": {"status": "done", "id": 7, "is_private": True}})
    slow = detail_of(NAME, {"result": {"status": "slow_link", "media": "video", "current-bitrate": 5}})
    assert isinstance(old, RecordPlayDone)
    assert isinstance(new, RecordPlayDone)
    assert isinstance(slow, RecordPlaySlowLink)
    assert (old.result, old.id) == ("done", None)
    assert (new.result, new.id) == (RecordPlayResult(status="done", id=7, is_private=True), 7)
    assert (slow.result.media, slow.result.current_bitrate) == ("video", 5)
