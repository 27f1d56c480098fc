"""What the real Janus tells its event handlers, by each of those that reach us, and how it is read."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusPlugin,
    JanusSession,
    LocalGateway,
    Monitor,
    MonitorEvent,
)
from janus_notebook.monitor.configuration import merge
from janus_notebook.protocol.monitor_events import MediaStatsNews
from tests.admin import admin
from tests.client.scripted import run, until
from tests.gateways import needs_janus
from tests.monitor import golden

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.live, needs_janus]

SESSION_TIMEOUT = 1


def told(monitor: Monitor) -> list[MonitorEvent]:
    return [entry for entry in monitor.events if isinstance(entry, MonitorEvent)]


def names(events: Sequence[MonitorEvent], kind: str) -> list[str]:
    return [event.name for event in events if event.kind == kind]


async def left_alone(gateway: LocalGateway) -> None:
    """Make a session that nobody keeps alive."""
    async with connect(gateway.ws_url, subprotocols=[Subprotocol("janus-protocol")]) as socket:
        await socket.send(json.dumps({"janus": "create", "transaction": "t"}))
        await socket.recv()
        assert json.loads(await socket.recv())["janus"] == "timeout"


async def rooms_of(session: JanusSession) -> None:
    """Have each plugin that needs no media tell something."""
    for name, body in (
        ("videoroom", {}),
        ("audiobridge", {}),
        ("textroom", {}),
        ("streaming", {"type": "rtp", "audio": True, "audioport": 0, "audiopt": 111, "audiocodec": "opus"}),
    ):
        plugin = JanusPlugin(name, opaque_id=name)
        await plugin.attach(session)
        created = await plugin.request({"request": "create", **body})
        key, value = ("id", created["stream"]["id"]) if name == "streaming" else ("room", created["room"])
        if name == "videoroom":
            await plugin.request({"request": "join", "ptype": "publisher", "room": value, "display": "me"})
            await plugin.request({"request": "leave"})
        await plugin.request({"request": "destroy", key: value})
        await plugin.detach()


@pytest.mark.parametrize("grouping", [True, False], ids=["grouped", "single"])
@pytest.mark.parametrize("handler", ["sampleevh", "wsevh"])
def test_a_call_is_told_from_beginning_to_end(handler: str, grouping: bool) -> None:
    more = {"janus": {"events": {"stats_period": 1, "combine_media_stats": grouping}}}

    async def main() -> None:
        async with Monitor(user="janus", password="planted") as monitor:
            settings = merge(monitor.settings(handler, grouping=grouping), more)
            gateway = LocalGateway(settings=settings, session_timeout=SESSION_TIMEOUT)
            async with gateway:
                lost = asyncio.create_task(left_alone(gateway))
                async with JanusSession(gateway.ws_url) as session:
                    echo = JanusEchoTestPlugin(opaque_id="mine")
                    await echo.attach(session)
                    await echo.publish()
                    await rooms_of(session)
                    body = {"schema": "my.schema", "data": {"n": 1, "pin": "planted"}}
                    await asyncio.to_thread(admin, gateway, "custom_event", **body)
                    await until(lambda: "stats" in names(told(monitor), "media"), 10)
                    async with asyncio.timeout(10):
                        # Janus groups what waits for its thread: more and more, until something has.
                        while grouping and monitor.counters["deliveries"] == monitor.counters["events"]:
                            asked = (
                                asyncio.to_thread(admin, gateway, "custom_event", **body) for _ in range(20)
                            )
                            await asyncio.gather(*asked)
                    await echo.hangup()
                    session_id, handle_id = session.id, echo.id
                await until(lambda: "destroyed" in names(told(monitor), "session"))
                merged = monitor.merged(session)
                await lost
                await until(lambda: "timeout" in names(told(monitor), "session"))
            await until(lambda: "shutdown" in names(told(monitor), "core"))

            events = told(monitor)
            seen = golden.check(events)
            assert {kind for kind in seen if not kind.startswith(("plugin", "transport"))} >= {
                *("core startup", "core shutdown", "session created", "session destroyed", "session timeout"),
                *("handle attached", "handle detached", "external external", "jsep offer", "jsep answer"),
                *("webrtc ice", "webrtc local-candidate", "webrtc remote-candidate", "webrtc selected-pair"),
                *(
                    "webrtc dtls",
                    "webrtc connection webrtcup",
                    "webrtc connection hangup",
                    "media state",
                    "media stats",
                ),
            }
            assert seen >= {
                *("transport connected", "transport disconnected", "transport request"),
                *("plugin echotest configured", "plugin videoroom created", "plugin videoroom joined"),
                *("plugin videoroom destroyed", "plugin audiobridge created", "plugin textroom created"),
                *("plugin streaming created", "plugin streaming destroyed"),
            }
            assert all(event.detail.unreadable == () for event in events)

            mine = [event for event in events if event.session_id == session_id]
            assert names(mine, "session") == ["created", "destroyed"]
            echoed = [event for event in mine if event.handle_id == handle_id]
            assert names(echoed, "handle") == ["attached", "detached"]
            assert {event.opaque_id for event in echoed} == {"mine"}
            assert names(echoed, "jsep") == ["offer", "answer"]
            assert names(echoed, "webrtc")[-1] == "connection"
            assert (mine[0].name, mine[-1].name) == ("created", "destroyed")
            stats = next(event.detail for event in echoed if event.name == "stats")
            assert isinstance(stats, MediaStatsNews)
            assert len(stats.streams) == (2 if grouping else 1)
            assert stats.streams[0].packets_received

            assert monitor.counters["refused"] == monitor.counters["duplicates"] == 0
            assert (monitor.counters["deliveries"] == monitor.counters["events"]) is not grouping
            assert all(abs(event.happened - time.time()) < 60 for event in events)
            times = [entry.time for entry in merged]
            assert times == sorted(times)
            assert {entry.direction for entry in merged} == {"request", "reply", "event", "local", "monitor"}
            order = [(entry.direction, entry.name) for entry in merged if entry.kind != "keepalive"]
            assert order.index(("monitor", "created")) < order.index(("monitor", "attached"))
            assert order.index(("request", "attach")) < order.index(("monitor", "attached"))
            assert "planted" not in repr(list(merged)) + repr([event.raw for event in events])
            assert not any("planted" in line for line in gateway.log_lines(10_000))

    run(main())


def test_a_wrong_password_is_said_after_a_while(gateway: LocalGateway) -> None:
    async def main() -> None:
        heard: list[str] = []
        monitor = Monitor(user="janus", password="right", patience=4.0, on_silence=heard.append)
        async with monitor:
            settings: Any = monitor.settings()
            settings["janus.eventhandler.sampleevh"]["general"] |= {"backend_pwd": "wrong"}
            async with LocalGateway(settings=settings):
                await until(lambda: monitor.notice)
            assert monitor.state == "listening"
            assert "its user or password is wrong" in monitor.notice
            assert heard == [monitor.notice]
            assert monitor.counters["events"] == 0

    run(main())


def test_a_server_that_cannot_reach_us_goes_on_and_tells_later() -> None:
    async def main() -> None:
        monitor = Monitor()
        await monitor.start()
        settings = merge(
            monitor.settings(),
            {"janus.eventhandler.sampleevh": {"general": {"max_retransmissions": 20}}},
        )
        await monitor.stop()
        async with LocalGateway(settings=settings) as gateway:
            async with JanusSession(gateway.ws_url) as session:
                await session.info()
                await monitor.start()
                await until(lambda: "created" in names(told(monitor), "session"), 10)
                assert told(monitor)[-1].session_id in (session.id, None)
            await until(lambda: "destroyed" in names(told(monitor), "session"))
        await monitor.stop()

    run(main())
