"""Plugins that have no class of ours, by the handle that drives any: Lua, Duktape, VoiceMail."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusPlugin, JanusPluginError, JanusSession, JanusStateError
from janus_notebook.plugins import make_plugin
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.plugin_events import PluginDetail
from tests.client.scripted import run
from tests.gateways import janus_before

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from janus_notebook import LocalGateway, PluginReply
    from janus_notebook.media import Peer

pytestmark = pytest.mark.live

SCRIPTED = ["janus.plugin.echolua", "janus.plugin.echojs"]


@asynccontextmanager
async def attached(url: str, name: str) -> AsyncIterator[JanusPlugin]:
    async with JanusSession(url) as session:
        assert session.server is not None
        if name not in session.server["plugins"] and not janus_before("1.1.4"):
            pytest.skip(f"{name} did not come with this Janus")
        assert name in session.server["plugins"]  # scripts give their own names
        plugin = make_plugin(name)
        assert type(plugin) is JanusPlugin
        await plugin.attach(session)
        yield plugin


@asynccontextmanager
async def media(
    plugin: JanusPlugin, body: dict[str, Any], video: str | None = "pattern"
) -> AsyncIterator[tuple[Peer, PluginReply]]:
    """A peer connection made by hand, as a plugin without a class needs it."""
    from janus_notebook.media import Peer

    peer = Peer()
    try:
        offer = await peer.offer(video=video, audio="tone", receive=("audio", "video") if video else ())
        async with plugin.events(["webrtcup"]) as up, plugin.events(["trickle"]) as candidates:
            reply = await plugin.request(body, jsep=offer)
            assert reply.jsep is not None
            await peer.accept(reply.jsep)
            async for event in candidates:
                await peer.add_candidate(event.raw["candidate"])
                if event.raw["candidate"].get("completed"):
                    break
            await peer.connected()
            await up.get(5)
        yield peer, reply
    finally:
        await peer.close()


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_scripted_plugin(gateway: LocalGateway, name: str) -> None:
    async def main() -> None:
        async with attached(gateway.ws_url, name) as plugin:
            reply = await plugin.request({"audio": True, "bitrate": 128_000})
            assert reply.data == {"echotest": "response", "result": "ok"}  # at once
            assert reply.raw["janus"] == "success"
            async with media(plugin, {"audio": True, "video": True}) as (peer, answered):
                assert answered.data == {"echotest": "event", "result": "ok"}  # later, with the answer
                assert answered.raw["janus"] == "event"
                assert (await peer.track("video").snapshot()).any()
                ended = plugin.events(["hangup"])
            await ended.get(5)
            assert [event.state for event in plugin.transitions][-2:] == ["connected", "hungup"]

    run(main())


def test_voicemail(gateway: LocalGateway) -> None:
    """Janus 1.1.2 is the last that has it. A recording ends after ten seconds, or by `stop`: and with it the
    handle, for the plugin itself detaches it."""

    async def main() -> None:
        async with attached(gateway.ws_url, "janus.plugin.voicemail") as plugin:
            with pytest.raises(JanusPluginError) as caught:
                await plugin.request({"request": "dance"})
            assert (caught.value.code, caught.value.name) == (462, "INVALID_REQUEST")
            events = plugin.events(["event", "detached"])
            async with media(plugin, {"request": "record"}, video=None) as (_, reply):
                assert reply.data == {"voicemail": "event", "status": "starting"}
                started = await events.get(5)
                assert isinstance(started, PluginEvent)
                assert (type(started.detail), started.name) == (PluginDetail, "event")
                assert started.data == {"voicemail": "event", "status": "started"}
                done = await plugin.request({"request": "stop"})
                assert done["status"] == "done"
                assert done["recording"].startswith("/voicemail/janus-voicemail-")
                assert (await events.get(5)).kind == "detached"
            assert (plugin.state, plugin.reason) == ("detached", "the server detached it")
            with pytest.raises(JanusStateError, match="is detached, not attached: the server detached it"):
                await plugin.request({"request": "stop"})

    run(main())
