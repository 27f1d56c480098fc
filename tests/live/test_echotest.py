"""EchoTest's requests against the real plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusOptionError,
    JanusPluginError,
    JanusSession,
    JanusVersionError,
)
from janus_notebook.plugins.echotest import EchoDone
from janus_notebook.protocol.events import PluginEvent
from tests.client.scripted import run, until
from tests.gateways import needs_an_old_janus
from tests.plugins import golden

if TYPE_CHECKING:
    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

# Every parameter that Janus 1.1.2 has; the codecs alone are no request, so they go with a flag.
PARAMETERS: list[dict[str, Any]] = [
    {"audio": True},
    {"audio": False},
    {"video": True},
    {"video": False},
    {"bitrate": 0},
    {"bitrate": 500_000},
    {"record": False},
    {"record": False, "filename": "call"},
    {"substream": 2},
    {"temporal": 1},
    {"fallback": 250_000},
    {"audio": True, "audiocodec": "opus"},
    {"video": True, "videocodec": "vp8"},
    {"video": True, "videoprofile": "42e01f"},
    {"audio": True, "opusred": False},
    {"min_delay": 0},
    {"max_delay": 100},
    {"min_delay": 10, "max_delay": 50},
    {"audio": True, "extra": {"svc": False, "spatial_layer": 1, "temporal_layer": 1}},
    {"audio": True, "extra": {"x_new": 1}},
]


def test_every_parameter_is_sent_and_accepted(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            for given in PARAMETERS:
                reply = await plugin.configure(**given)
                assert reply.data == {"echotest": "event", "result": "ok"}, given
                assert reply.jsep is None
                sent = next(e.raw["body"] for e in reversed(list(session.events)) if e.direction == "request")
                assert sent == {k: v for k, v in given.items() if k != "extra"} | given.get("extra", {})

    run(main())


@needs_an_old_janus
def test_what_is_newer_than_the_server_is_refused_here(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            for given in ({"svc": True}, {"spatial_layer": 1}, {"temporal_layer": 0}):
                sent = session.counters["requests"]
                with pytest.raises(JanusVersionError, match=r"before Janus 1\.1\.4; this server is 1\.1\.2"):
                    await plugin.configure(audio=True, **given)
                assert session.counters["requests"] == sent

    run(main())


def test_the_end_of_the_media_is_told(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            await plugin.publish()
            async with plugin.events(["done"]) as done:
                await plugin.hangup()
                event = await done.get(10)
            assert isinstance(event, PluginEvent)
            assert isinstance(event.detail, EchoDone)
            golden.check(event)

    run(main())


def test_what_the_plugin_refuses(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            for body in ({}, {"audio": "yes"}, {"bitrate": -1}, {"substream": "x"}, {"audiocodec": "opus"}):
                with pytest.raises(JanusPluginError) as caught:
                    await plugin.request(body)
                assert (caught.value.code, caught.value.name) == (413, "INVALID_ELEMENT"), body
                assert caught.value.plugin == "janus.plugin.echotest"
                assert caught.value.handle_id == plugin.id
            with pytest.raises(JanusOptionError, match="nothing to change"):
                await plugin.configure()
            await plugin.configure(audio=True)

    run(main())


def test_2000_requests_in_a_row_each_get_their_own_answer(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            for number in range(2000):
                message = {"janus": "message", "handle_id": plugin.id, "body": {"bitrate": number}}
                reply = await session.send({**message, "transaction": f"n{number}"})
                assert (reply["janus"], reply["transaction"]) == ("event", f"n{number}")
            await until(lambda: sum(event.kind == "ack" for event in session.events) == 2000)
            order: dict[str, list[str]] = {}
            for event in session.events:
                if event.direction == "reply" and event.kind in ("ack", "event"):
                    order.setdefault(event.raw["transaction"], []).append(event.kind)
            overtaken = sum(kinds == ["event", "ack"] for kinds in order.values())
            assert all(sorted(kinds) == ["ack", "event"] for kinds in order.values())
            assert len(order) == 2000
            assert session.counters["events"] == 0
            print(f"the event overtook its ack {overtaken} times in 2000")

    run(main())
