"""Streaming's requests as they are sent, and what needs a server that misbehaves."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusOptionError,
    JanusSession,
    JanusStateError,
    JanusStreamingPlugin,
    JanusTimeoutError,
    JanusVersionError,
)
from janus_notebook.plugins.requests import requests_of
from janus_notebook.plugins.streaming import (
    LayerResult,
    MountpointAbout,
    MountpointEdited,
    RtspDisconnected,
    RtspReconnected,
    StreamLayer,
)
from janus_notebook.protocol.plugin_events import PluginDetail, detail_of
from janus_notebook.protocol.router import plugin_error
from tests.client.scripted import run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.client.scripted import ScriptedServer

NAME = "janus.plugin.streaming"
MEDIUM = {"type": "video", "mid": "v", "port": 0, "codec": "vp8", "msid": "a b", "datatype": "text"}
SAMPLES: dict[str, Any] = {"type": "rtp", "media": [MEDIUM], "streams": [{"mid": "v", "send": True}]}
OURS = {"self", "extra", "timeout", "jsep", "answer", "ice_servers"}


@asynccontextmanager
async def streaming(version: str = "1.4.1") -> AsyncIterator[tuple[ScriptedServer, JanusStreamingPlugin]]:
    """A handle on a server that claims a version and answers each request with its body."""
    async with scripted() as server:
        server.info["version_string"] = version
        async with JanusSession(server.url, timeout=2) as session:
            plugin = JanusStreamingPlugin()
            await plugin.attach(session)
            yield server, plugin


def bodies(server: ScriptedServer) -> list[dict[str, Any]]:
    return [request["body"] for request in server.received if request["janus"] == "message"]


def core_event(plugin: JanusStreamingPlugin, kind: str, **fields: Any) -> dict[str, Any]:
    assert plugin.session is not None
    return {"janus": kind, "session_id": plugin.session.id, "sender": plugin.id, **fields}


def all_arguments(name: str) -> dict[str, Any]:
    parameters = inspect.signature(requests_of(JanusStreamingPlugin)[name]).parameters
    arguments = {key: SAMPLES.get(key, f"<{key}>") for key in parameters if key not in OURS}
    if name == "recording":
        arguments["media"] = [{"mid": "v", "filename": "v"}]
    return arguments


@pytest.mark.parametrize("name", sorted(requests_of(JanusStreamingPlugin).keys() - {"disable", "stop"}))
def test_every_parameter_is_sent_under_its_name(name: str) -> None:
    async def main() -> None:
        async with streaming() as (server, plugin):
            arguments = all_arguments(name)
            by_hand = {"answer": False} if name == "watch" else {}
            await getattr(plugin, name)(**arguments, **by_hand, extra={"x_new": 1})
            assert bodies(server) == [{"request": name, **arguments, "x_new": 1}]

    run(main())


@pytest.mark.parametrize(
    ("name", "given", "what"),
    [
        (
            "create",
            {"type": "rtp", "h264sps": "x"},
            "no parameter 'h264sps' before Janus 1.1.3",
        ),
        (
            "create",
            {"type": "rtp", "media": [MEDIUM]},
            r"parameter 'media\.datatype' before Janus 1\.2\.4",
        ),
        ("create", {"type": "rtsp", "rtsp_quirk": True}, "'rtsp_quirk' before Janus 1.3.3"),
        ("configure", {"streams": [{"mid": "v"}]}, "'streams' before Janus 1.2.0"),
        ("watch", {"id": 1, "jsep": {"type": "offer", "sdp": "v=0"}}, "'jsep' before Janus 1.1.4"),
    ],
)
def test_what_is_newer_than_the_server_is_refused(name: str, given: dict[str, Any], what: str) -> None:
    async def main() -> None:
        async with streaming("1.1.2") as (server, plugin):
            with pytest.raises(JanusVersionError, match=what):
                await getattr(plugin, name)(**given)
            assert bodies(server) == []

    run(main())


def test_kick_all_is_newer_than_the_first_servers() -> None:
    async def main() -> None:
        async with streaming("1.0.2") as (_, plugin):
            with pytest.raises(JanusVersionError, match=r"has no request 'kick_all' before Janus 1\.0\.3"):
                await plugin.kick_all(id=1)

    run(main())


def test_a_misspelt_key_of_a_medium_is_refused() -> None:
    async def main() -> None:
        async with streaming() as (server, plugin):
            with pytest.raises(JanusOptionError, match=r"key of media\[0\] 'prot'.*Did you mean 'port'"):
                await plugin.create(type="rtp", media=[{"prot": 1}])  # type: ignore[typeddict-unknown-key]
            assert bodies(server) == []

    run(main())


def test_an_unknown_type_is_refused_here() -> None:
    async def main() -> None:
        async with streaming() as (server, plugin):
            with pytest.raises(JanusOptionError, match=r"unknown type 'rpt'\. Did you mean 'rtp'\?"):
                await plugin.create(type="rpt", id=5)
            assert bodies(server) == []
            await plugin.create(type="rtp", extra={"type": "novel"})
            assert bodies(server) == [{"request": "create", "type": "novel"}]

    run(main())


@pytest.mark.parametrize(
    ("code", "reason", "hint"),
    [
        (456, "A stream with the provided ID already exists", "Choose another id, or leave it out"),
        (455, "Can't pause: no mountpoint set", "Nothing is watched here yet: watch() one first."),
        (455, "Can't switch: not on a mountpoint", "Nothing is watched here yet"),
        (455, "No such mountpoint/stream 7", "There is no such mountpoint"),
        (456, "Can't add 'rtp' stream, missing media type", "The mountpoint's media or ports"),
    ],
)
def test_what_to_do_depends_on_the_reason(code: int, reason: str, hint: str) -> None:
    error = plugin_error(NAME, {"streaming": "event", "error_code": code, "error": reason})
    assert error is not None
    assert error.hint.startswith(hint)


def answer_as(server: ScriptedServer, answers: dict[str, dict[str, Any] | None]) -> None:
    """Let the plugin answer requests by name; None is an acknowledgement and nothing more."""

    def message(request: dict[str, Any]) -> list[dict[str, Any]]:
        data = answers.get(request["body"]["request"], {"streaming": "ok"})
        return [server.ack(request), *([server.event(request, **data)] if data else [])]

    server.on["message"] = message


MEDIA = [{"mid": "a", "recording": "a.mjr"}, {"mid": "v"}, {"mid": "d", "recording": "d.mjr"}]
STOP = {
    "request": "recording",
    "id": 5,
    "action": "stop",
    "media": [{"mid": "a"}, {"mid": "d"}],
    "secret": "s",
}
INFO = {"request": "info", "id": 5, "secret": "s"}
DISABLE = {"request": "disable", "id": 5, "secret": "s", "stop_recording": False}


@pytest.mark.parametrize(
    ("given", "media", "sent"),
    [
        ({}, MEDIA, [INFO, STOP, DISABLE]),
        ({"stop_recording": True}, MEDIA, [INFO, STOP, DISABLE]),
        ({}, MEDIA[1:2], [INFO, DISABLE]),
        ({"stop_recording": False}, MEDIA, [DISABLE]),
    ],
)
def test_disable_never_lets_janus_end_recordings(
    given: dict[str, Any], media: list[dict[str, Any]], sent: list[dict[str, Any]]
) -> None:
    async def main() -> None:
        async with streaming() as (server, plugin):
            answer_as(server, {"info": {"streaming": "info", "info": {"id": 5, "media": media}}})
            assert (await plugin.disable(id=5, secret="s", **given)).streaming == "ok"
            assert bodies(server) == sent

    run(main())


@pytest.mark.parametrize("version", ["1.1.2", "1.4.1"])
def test_stop_of_nothing_is_idle(version: str) -> None:
    async def main() -> None:
        async with streaming(version) as (server, plugin):
            reply = await plugin.stop()
            assert (reply.status, reply.data) == (
                "idle",
                {"streaming": "event", "result": {"status": "idle"}},
            )
            assert bodies(server) == []
            # What is being negotiated is ended all the same.
            plugin.on_jsep()
            server.on["hangup"] = lambda request: [
                server.reply(request),
                core_event(plugin, "hangup", reason="Janus API"),
            ]
            assert (await plugin.stop()).status == "idle"
            assert (bodies(server), plugin.state, server.verbs()[-1]) == ([], "hungup", "hangup")
            await plugin.detach()
            with pytest.raises(JanusStateError):
                await plugin.stop()

    run(main())


def test_stop_returns_when_the_peer_connection_is_gone() -> None:
    async def main() -> None:
        async with streaming() as (server, plugin):
            stopping = {"streaming": "event", "result": {"status": "stopping"}}
            server.push(core_event(plugin, "webrtcup"))
            await until(lambda: plugin.state == "connected")
            server.on["message"] = lambda request: [
                server.ack(request),
                server.event(request, **stopping),
                core_event(plugin, "hangup", reason="Close PC"),
            ]
            assert (await plugin.stop()).status == "stopping"
            assert plugin.state == "hungup"

    run(main())


def test_a_stop_without_an_answer() -> None:
    async def main() -> None:
        async with streaming("1.1.2") as (server, plugin):
            server.push(core_event(plugin, "webrtcup"))
            await until(lambda: plugin.state == "connected")
            answer_as(server, {"stop": None})
            with pytest.raises(JanusTimeoutError):
                await plugin.stop(timeout=0.05)
            # It ended by itself at the same moment: Janus 1.1.2 says nothing to that.
            server.on["message"] = lambda request: [
                server.ack(request),
                core_event(plugin, "hangup", reason="Close PC"),
            ]
            assert (await plugin.stop(timeout=0.05)).status == "idle"

    run(main())


def test_what_our_own_webrtc_cannot_do() -> None:
    async def main() -> None:
        async with streaming() as (server, plugin):
            with pytest.raises(JanusOptionError, match="cannot restart ICE"):
                await plugin.watch(id=1, restart=True)
            assert bodies(server) == []

    run(main())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"event": "edited", "id": "x"}, MountpointEdited),
        ({"event": "rtsp-disconnected", "id": 4}, RtspDisconnected),
        ({"event": "rtsp-reconnected", "id": 4}, RtspReconnected),
        ({"streaming": "event", "result": {"substream": 1}}, StreamLayer),
        ({"streaming": "event", "result": {"status": "strange"}}, PluginDetail),
        ({"streaming": "event", "result": "done"}, PluginDetail),
        ({"event": ["edited"]}, PluginDetail),
    ],
)
def test_events_are_read(data: dict[str, Any], expected: type[PluginDetail]) -> None:
    detail = detail_of(NAME, data)
    assert type(detail) is expected
    assert detail.unreadable == ()


def test_the_fields_of_events() -> None:
    edited = detail_of(NAME, {"event": "edited", "id": "x", "metadata": "m"})
    assert isinstance(edited, MountpointEdited)
    assert (edited.id, edited.metadata) == ("x", "m")
    layer = detail_of(NAME, {"streaming": "event", "result": {"mid": "v", "temporal": 2}})
    assert isinstance(layer, StreamLayer)
    assert layer.result == LayerResult(mid="v", temporal=2)


def test_secrets_are_in_no_repr() -> None:
    info = {"id": 1, "secret": "hush", "pin": "hush", "rtsp_pwd": "hush", "url": "rtsp://cam/", "media": []}
    about = MountpointAbout.read({"streaming": "info", "info": info}, jsep=None, raw={})
    assert (about.info.secret, about.info.pin, about.info.rtsp_pwd) == ("hush", "hush", "hush")
    assert "hush" not in f"{about!r} {about.info!r} {(about.info,)}"
    assert "rtsp://cam/" in repr(about.info)

    async def main() -> None:
        async with streaming() as (_, plugin):
            given = {"secret": "hush", "pin": "hush", "rtsp_pwd": "hush", "srtpcrypto": "hush"}
            reply = await plugin.create(type="rtsp", admin_key="hush", **given)  # type: ignore[arg-type]
            await plugin.edit(id=1, new_secret="hush", new_pin="hush")
            assert plugin.session is not None
            assert "hush" not in f"{reply!r} {[event.raw for event in plugin.session.events]}"

    run(main())
