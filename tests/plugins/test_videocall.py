"""VideoCall against a scripted server: whose hangup it is, and what follows from one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusCallError,
    JanusMediaError,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusVideoCallPlugin,
)
from janus_notebook.plugins.videocall.events import CallSimulcast, CallSlowLink, detail_class
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.plugin_events import PluginDetail
from tests.client.scripted import ScriptedServer, errors_in, run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from janus_notebook.plugins.videocall import CallAnswer

PLUGIN = "janus.plugin.videocall"
OFFER = {"type": "offer", "sdp": "v=0"}


@asynccontextmanager
async def alice() -> AsyncIterator[tuple[JanusVideoCallPlugin, ScriptedServer]]:
    async with scripted() as server:
        server.on["message"] = lambda request: [server.ack(request), says(request, event="calling")]
        async with JanusSession(server.url) as session:
            plugin = JanusVideoCallPlugin()
            await plugin.attach(session)
            yield plugin, server


def says(request: dict[str, Any], **result: Any) -> dict[str, Any]:
    data = {"videocall": "event", "result": result}
    return ScriptedServer.reply(
        request, janus="event", sender=request["handle_id"], plugindata={"plugin": PLUGIN, "data": data}
    )


def pushes(
    server: ScriptedServer, plugin: JanusVideoCallPlugin, jsep: dict[str, Any] | None = None, **result: Any
) -> None:
    assert plugin.session is not None
    data = {"videocall": "event", "result": result}
    event = {"janus": "event", "session_id": plugin.session.id, "sender": plugin.id}
    plugindata = {"plugindata": {"plugin": PLUGIN, "data": data}}
    server.push(event | plugindata | ({"jsep": jsep} if jsep else {}))


def ends(server: ScriptedServer, plugin: JanusVideoCallPlugin) -> None:
    assert plugin.session is not None
    event = {"janus": "hangup", "session_id": plugin.session.id, "sender": plugin.id, "reason": "Close PC"}
    server.push(event)


def test_an_incoming_call_that_ends() -> None:
    async def main() -> None:
        async with alice() as (plugin, server):
            server.on["hangup"] = lambda request: [server.reply(request)]
            pushes(server, plugin, OFFER, event="incomingcall", username="bob")
            await until(lambda: plugin.caller == "bob")
            assert plugin.partner == ""
            # Somebody else's end is not his.
            pushes(server, plugin, event="hangup", username="carol", reason="Remote WebRTC hangup")
            await plugin.wait_for("hangup_call")
            assert (plugin.caller, "hangup" in server.verbs()) == ("bob", False)
            pushes(server, plugin, event="hangup", username="bob", reason="changed my mind")
            # Janus would leave our side open, and us busy.
            await until(lambda: "hangup" in server.verbs())
            assert plugin.caller == ""
            ends(server, plugin)
            await until(lambda: plugin.state == "hungup")
            pushes(server, plugin, event="hangup", username="bob", reason="Remote WebRTC hangup")
            await plugin.wait_for("hangup_call")
            assert server.verbs().count("hangup") == 1

    run(main())


def test_a_handle_that_is_detached_meanwhile_is_no_error() -> None:
    async def main() -> None:
        async with alice() as (plugin, server):
            assert plugin.session is not None
            session = plugin.session
            server.on["hangup"] = lambda request: []
            pushes(server, plugin, OFFER, event="incomingcall", username="bob")
            pushes(server, plugin, event="hangup", username="bob", reason="no")
            await until(lambda: "hangup" in server.verbs())
            server.push({"janus": "detached", "session_id": session.id, "sender": plugin.id})
            await until(lambda: plugin.state == "detached")
            await until(lambda: plugin._clearing is not None and plugin._clearing.done())
            assert errors_in(session) == []

    run(main())


def test_a_call_that_is_refused() -> None:
    async def main() -> None:
        async with alice() as (plugin, server):
            busy = {"event": "hangup", "username": "alice", "reason": "User busy"}
            server.on["message"] = lambda request: [server.ack(request), says(request, **busy)]
            with pytest.raises(JanusCallError, match=r"^bob is busy \(User busy\)") as caught:
                await plugin.call(username="bob", jsep=OFFER)
            assert (caught.value.username, caught.value.reason) == ("bob", "User busy")
            assert (caught.value.plugin, caught.value.handle_id) == (PLUGIN, plugin.id)
            error = {"videocall": "event", "error_code": 478, "error": "no such"}

            def refuse(request: dict[str, Any]) -> list[Any]:
                plugindata = {"plugin": PLUGIN, "data": error}
                return [server.reply(request, janus="event", sender=plugin.id, plugindata=plugindata)]

            server.on["message"] = refuse
            with pytest.raises(JanusPluginError) as refused:
                await plugin.call(username="bob", jsep=OFFER)
            assert refused.value.name == "NO_SUCH_USERNAME"
            assert (plugin._other, plugin._echo[0]) == ("", "")

    run(main())


@pytest.mark.usefixtures("network")
def test_a_call_that_is_refused_while_our_candidates_are_on_their_way() -> None:
    """Janus refuses those of a PeerConnection that it is closing; that is not why the call failed."""

    async def main() -> None:
        async with alice() as (plugin, server):
            server.on["message"] = lambda request: [server.ack(request)]
            server.on["hangup"] = lambda request: [server.reply(request)]

            def refuse(request: dict[str, Any]) -> list[Any]:
                asyncio.get_running_loop().call_later(0.05, ends_busy)
                return [server.error(request, 471, "Still cleaning a previous session")]

            def ends_busy() -> None:
                calling = next(r for r in server.received if r["janus"] == "message")
                server.push(says(calling, event="hangup", username="alice", reason="User busy"))
                ends(server, plugin)

            server.on["trickle"] = refuse
            with pytest.raises(JanusCallError, match=r"^bob is busy \(User busy\)"):
                await plugin.call(username="bob", audio=None, video="pattern")
            assert "trickle" in server.verbs()

            # Any other refusal is an error.
            server.on["trickle"] = lambda request: [server.error(request, 465, "Missing element")]
            with pytest.raises(JanusServerError, match="465"):
                await plugin.call(username="bob", audio=None, video="pattern")

    run(main())


def test_a_new_call_to_the_same_waits_for_the_echo_of_the_last() -> None:
    async def main() -> None:
        async with alice() as (plugin, server):
            loop = asyncio.get_running_loop()
            await plugin.call(username="bob", jsep=OFFER)
            ends(server, plugin)
            await until(lambda: plugin.state == "hungup")
            began = loop.time()
            await plugin._cleared("carol")
            assert loop.time() - began < 1  # Janus cleans up
            waiting = asyncio.create_task(plugin._cleared("bob"))
            await asyncio.sleep(0)
            assert not waiting.done()
            pushes(server, plugin, event="hangup", username="bob", reason="Remote WebRTC hangup")
            await waiting
            await plugin._cleared("bob")  # there is none to come any more

    run(main())


def test_what_failed_is_not_taken_for_a_hangup() -> None:
    async def main() -> None:
        async with alice() as (plugin, server):

            async def fail() -> CallAnswer:
                ends(server, plugin)  # as it does when our side gives up
                await until(lambda: plugin.state == "hungup")
                raise JanusMediaError("ICE failed")

            await plugin.call(username="bob", jsep=OFFER)
            with pytest.raises(JanusMediaError, match="ICE failed"):
                await plugin._unless_ended("bob", fail())

            server.on["hangup"] = lambda request: [server.reply(request)]
            await plugin.call(username="bob", jsep=OFFER)
            pushes(server, plugin, event="hangup", username="bob", reason="no time")
            await plugin.wait_for("hangup_call")
            with pytest.raises(JanusCallError, match="no time"):
                await plugin._unless_ended("bob", fail())

    run(main())


@pytest.mark.parametrize(
    ("reason", "taken", "said"),
    [
        ("not now", False, "bob declined the call (not now)."),
        ("We did the hangup", False, "bob declined the call."),
        ("Remote WebRTC hangup", False, "bob hung up (Remote WebRTC hangup)."),
        ("We did the hangup", True, "bob hung up."),
    ],
)
def test_what_the_other_side_did(reason: str, taken: bool, said: str) -> None:
    async def main() -> None:
        async with alice() as (plugin, server):

            async def ended() -> CallAnswer:
                pushes(server, plugin, event="hangup", username="bob", reason=reason)
                event = await plugin.wait_for("hangup_call")
                assert isinstance(event, PluginEvent)
                assert "We did" not in event.detail.summary
                raise JanusMediaError("what follows from it")

            await plugin.call(username="bob", jsep=OFFER)
            if taken:
                pushes(server, plugin, {"type": "answer", "sdp": "v=0"}, event="accepted", username="bob")
                await until(lambda: plugin.partner == "bob")
            server.on["hangup"] = lambda request: [server.reply(request)]
            with pytest.raises(JanusCallError) as caught:
                await plugin._unless_ended("bob", ended())
            assert str(caught.value) == said

    run(main())


def test_who_is_in_a_call() -> None:
    async def main() -> None:
        async with alice() as (plugin, server):
            await plugin.call(username="bob", jsep=OFFER)
            assert plugin.partner == ""
            pushes(server, plugin, {"type": "answer", "sdp": "v=0"}, event="accepted", username="bob")
            await until(lambda: plugin.partner == "bob")
            server.on["message"] = lambda request: [
                says(request, event="hangup", username="alice", reason="r")
            ]
            server.on["hangup"] = lambda request: [
                {
                    "janus": "hangup",
                    "session_id": request["session_id"],
                    "sender": plugin.id,
                    "reason": "Janus API",
                },
                server.reply(request),
            ]
            reply = await plugin.hangup_call(reason="bye")
            assert (reply.event, reply.username, reply.reason) == ("hangup", "alice", "r")
            assert server.received[-2]["body"] == {"request": "hangup", "reason": "bye"}
            assert server.received[-1]["janus"] == "hangup"
            assert (plugin.partner, plugin.state) == ("", "hungup")

    run(main())


def test_what_the_installed_server_does_not_send() -> None:
    layer = {"videocall": "event", "result": {"event": "simulcast", "videocodec": "vp8", "temporal": 2}}
    simulcast = detail_class(layer).read(layer)
    assert isinstance(simulcast, CallSimulcast)
    assert (simulcast.videocodec, simulcast.substream, simulcast.temporal) == ("vp8", None, 2)
    slow = {"videocall": "event", "result": {"event": "slow_link", "media": "video", "current-bitrate": 64}}
    slow_link = detail_class(slow).read(slow)
    assert isinstance(slow_link, CallSlowLink)
    assert (slow_link.media, slow_link.bitrate) == ("video", 64)
    for strange in ({}, {"result": None}, {"result": {"event": ["x"]}}, {"result": {"event": "novelty"}}):
        assert detail_class(strange) is PluginDetail
