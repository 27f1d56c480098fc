"""A monitor by itself: options, log and streams, what it says when nothing comes, the configuration."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from janus_notebook import (
    JanusOptionError,
    JanusPlugin,
    JanusSession,
    JanusStateError,
    Monitor,
    MonitorEvent,
)
from janus_notebook.monitor.configuration import merge
from tests.client.scripted import run, scripted, until
from tests.monitor.sender import event
from tests.monitor.test_receiver import errors, request, status

if TYPE_CHECKING:
    from janus_notebook.gateway.configuration import Settings


async def tell(monitor: Monitor, *events: dict[str, Any]) -> None:
    assert await status(monitor.http_url, request(json.dumps(events).encode())) == 200


def of_session(session_id: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": 1, "timestamp": 1, "session_id": session_id, "event": {"name": name}, **fields}


# -- options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": 5}, "host=5"),
        ({"port": 70_000}, "port=70000: expected 0 to 65535"),
        ({"ws_port": "80"}, "ws_port='80'"),
        ({"port": True}, "port=True"),
        ({"port": None, "ws_port": None}, "both None"),
        ({"path": "events"}, "path='events'"),
        ({"path": "/a?b"}, "path="),
        ({"user": "janus"}, "user and password, or neither"),
        ({"password": "planted"}, "user and password, or neither"),
        ({"user": "a:b", "password": "planted"}, "a colon"),
        ({"user": "", "password": "planted"}, "user has to be"),
        ({"user": "janus", "password": 5}, "password has to be"),
        ({"max_body": 0}, "max_body=0"),
        ({"capacity": 0}, "capacity"),
        ({"patience": 0}, "patience"),
        ({"request_timeout": -1}, "request_timeout"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], words: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        Monitor(**options)
    assert words in str(caught.value)
    assert "planted" not in str(caught.value)


def test_before_the_start_and_without_a_port_there_is_no_address() -> None:
    monitor = Monitor(ws_port=None)
    assert repr(monitor) == "<Monitor new; 0 events>"
    with pytest.raises(JanusStateError, match="not listening"):
        monitor.configuration()
    with pytest.raises(JanusStateError, match="ws_port=None"):
        monitor.configuration("wsevh")

    async def main() -> None:
        await monitor.stop()
        async with monitor:
            assert monitor.http_url.startswith("http://127.0.0.1:")
            with pytest.raises(JanusStateError, match="ws_port=None"):
                _ = monitor.ws_url
        async with Monitor(port=None, path="/deep/path") as other:
            assert other.ws_url.endswith("/deep/path")
            with pytest.raises(JanusStateError, match="port=None"):
                _ = other.http_url
        async with Monitor(host="::1") as six:
            assert six.http_url.startswith("http://[::1]:")
            await tell_at(six)

    async def tell_at(monitor: Monitor) -> None:
        port = int(monitor.http_url.rpartition(":")[2].strip("/"))
        reader, writer = await asyncio.open_connection("::1", port)
        writer.write(request(json.dumps(event(1)).encode()))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()

    run(main())


# -- the log ----------------------------------------------------------------------------------------------


def test_streams_are_filtered_by_kind_name_session_and_handle() -> None:
    async def main() -> None:
        async with Monitor() as monitor:
            log = monitor.events
            streams = {
                "all": log.subscribe(),
                "kind": log.subscribe(["session"]),
                "text": log.subscribe("plugin"),
                "name": log.subscribe(["created"]),
                "names": log.subscribe(["destroyed", "joined"]),
                "session": log.subscribe(session_id=1),
                "handle": log.subscribe(handle_id=2001),
                "both": log.subscribe(["session"], session_id=2),
                "new": log.subscribe(["type-512"]),
                "local": log.subscribe(["error", "state"]),
                "monitor": log.subscribe(["state", "error"], directions=["monitor"]),
            }
            follower = asyncio.create_task(anext(aiter(log)))
            await asyncio.sleep(0)
            await tell(
                monitor,
                of_session(1, "created"),
                of_session(2, "created"),
                event(1),
                of_session(1, "destroyed"),
                {"type": 512, "event": {}},
                {"no": "event"},
            )
            assert (await follower).kind == "session"
        found = {name: [entry.name async for entry in stream] for name, stream in streams.items()}
        assert found == {
            "all": ["created", "created", "joined", "destroyed", "event"],
            "kind": ["created", "created", "destroyed"],
            "text": ["joined"],
            "name": ["created", "created"],
            "names": ["joined", "destroyed"],
            "session": ["created", "destroyed"],
            "handle": ["joined"],
            "both": ["created"],
            "new": ["event"],
            "local": ["state", "error", "state"],
            "monitor": [],
        }
        with pytest.raises(JanusOptionError, match="Did you mean 'session'"):
            log.subscribe(["sesion"])
        with pytest.raises(JanusOptionError, match="buffer"):
            log.subscribe(buffer=0)
        assert [entry.name for entry in log.of(1)] == ["created", "destroyed"]
        assert list(log.of(None)) == []

    run(main())


def test_the_ring_counts_what_it_drops() -> None:
    async def main() -> None:
        async with Monitor(capacity=5) as monitor:
            await tell(monitor, *map(event, range(20)))
            assert len(monitor.events) == 5
            assert monitor.counters["dropped"] == 17
            assert monitor.counters["events"] == 20

    run(main())


def test_merged_with_what_is_no_session() -> None:
    with pytest.raises(JanusOptionError, match="a JanusSession is expected, not 's'"):
        Monitor().merged("s")  # type: ignore[arg-type]


def test_merged_with_a_session_in_order_of_time() -> None:
    """The server's clock is an hour ahead; its events come late, and grouped."""

    async def main() -> None:
        async with Monitor() as monitor, scripted() as server:
            async with JanusSession(server.url) as session:
                plugin = JanusPlugin("scripted")
                await asyncio.sleep(0.4)  # so that the delivery's own time does not matter
                await plugin.attach(session)
                await asyncio.sleep(0.4)
                await plugin.request({"n": 1})
                times = {entry.kind: entry.time for entry in session.events if entry.direction == "request"}
                at = {name: int((moment + 3600) * 1e6) + 1000 for name, moment in times.items()}
                attached = {"name": "attached", "plugin": "janus.plugin.scripted"}
                handle = {"session_id": session.id, "handle_id": plugin.id, "event": attached}
                await tell(
                    monitor,
                    of_session(session.id or 0, "created", timestamp=at["create"]),
                    of_session(77, "created", timestamp=at["create"]),
                    {"type": 2, "timestamp": at["attach"], **handle},
                    {"type": 256, "subtype": 1, "timestamp": at["message"], "event": {"status": "started"}},
                )
                # This one tells the difference of the clocks best: it comes at once.
                await tell(monitor, of_session(77, "new", timestamp=int((time.time() + 3600) * 1e6)))
            merged = monitor.merged(session)
            assert len(merged) == len(session.events) + 2
            assert merged.counts["monitor"] == 2
            assert [entry.seq for entry in merged] == list(range(1, len(merged) + 1))
            assert [entry.time for entry in merged] == sorted(entry.time for entry in merged)
            assert merged[0].elapsed == 0
            order = [(entry.direction, entry.name) for entry in merged]
            created, attach = order.index(("monitor", "created")), order.index(("monitor", "attached"))
            assert order.index(("request", "create")) < created < attach
            assert order.index(("request", "attach")) < attach < order.index(("request", "message"))
            assert created < order.index(("request", "attach"))
            assert "scripted" in str(merged.ladder())
            frame = merged.to_frame()
            assert set(frame[frame["handle_id"] == handle["handle_id"]]["plugin"]) == {
                "janus.plugin.scripted"
            }
            assert len(monitor.merged(JanusSession("ws://127.0.0.1:9"))) == 0

    run(main())


# -- when nothing comes -----------------------------------------------------------------------------------


def test_it_says_once_that_nothing_has_arrived() -> None:
    async def main() -> None:
        heard: list[str] = []
        async with Monitor(patience=0.05, on_silence=heard.append) as monitor:
            await until(lambda: heard)
            await asyncio.sleep(0.12)
            assert heard == [monitor.notice] == errors(monitor)
            assert monitor.notice.startswith("nothing has arrived from Janus within 0.05 s.")
            assert monitor.http_url in monitor.notice
            assert monitor.ws_url in monitor.notice
            assert "broadcast" in monitor.notice
            assert "Only a server on this machine" in monitor.notice
            assert monitor.state == "listening"
            await tell(monitor, event(1))
            assert repr(monitor).startswith("<Monitor receiving")

    run(main())


def test_it_says_nothing_when_something_has_arrived_or_it_was_stopped() -> None:
    async def main() -> None:
        async with Monitor(patience=0.5) as monitor:
            await tell(monitor, event(1))
            await asyncio.sleep(0.6)
            assert monitor.notice == ""
        async with monitor:  # again: it has heard of the server before
            await asyncio.sleep(0.6)
        async with Monitor(patience=0.5) as other:
            pass
        await asyncio.sleep(0.6)
        assert monitor.notice == other.notice == ""

    run(main())


def test_it_says_what_may_be_the_reason() -> None:
    async def main() -> None:
        async with Monitor(patience=0.1) as refusing:
            await status(refusing.http_url, request(b"garbage"))
            await until(lambda: refusing.notice)
        assert refusing.notice.endswith("But deliveries were refused: it is not JSON (1).")
        async with Monitor(patience=0.1) as silent, connect(silent.ws_url):
            await until(lambda: silent.notice)
        assert "A client is connected by WebSocket" in silent.notice

    run(main())


# -- configuration ----------------------------------------------------------------------------------------

SAMPLEEVH = """\
# janus.eventhandler.sampleevh.jcfg
# The password is not shown here: configuration(..., secrets=True) does.
general: {{
	enabled = true
	events = "sessions,handles"
	grouping = false
	json = "compact"
	backend = "{url}"
	backend_user = "janus"
	backend_pwd = "***"
}}

# janus.jcfg: into the section that is there
events: {{
	broadcast = true
}}

# Then restart Janus: it reads its configuration at its start.
"""


def test_the_text_to_paste() -> None:
    async def main() -> None:
        async with Monitor(user="janus", password='pla"nted') as monitor:
            text = monitor.configuration(events=["sessions", "handles"], grouping=False)
            assert text == SAMPLEEVH.format(url=monitor.http_url)
            assert repr(text) == text
            assert 'backend_pwd = "pla\\"nted"' in monitor.configuration(secrets=True)
            by_ws = monitor.configuration("janus.eventhandler.wsevh", events="media, webrtc")
            assert f'backend = "{monitor.ws_url}"' in by_ws
            assert 'events = "media,webrtc"' in by_ws
            assert "backend_" not in by_ws
            assert by_ws.startswith("# janus.eventhandler.wsevh.jcfg\n")
            assert 'backend = "http://far:80/"' in monitor.configuration(url="http://far:80/")
            assert monitor.settings()["janus"] == {"events": {"broadcast": True}}
            general = monitor.settings("sampleevh")["janus.eventhandler.sampleevh"]["general"]
            assert general["backend_pwd"] == 'pla"nted'
            with pytest.raises(JanusOptionError, match="Did you mean 'sampleevh'"):
                monitor.configuration("sampleev")
            with pytest.raises(JanusOptionError, match="Did you mean 'sessions'"):
                monitor.configuration(events="session")
            with pytest.raises(JanusOptionError, match="empty"):
                monitor.configuration(events=[])

    run(main())


def test_settings_are_merged_key_by_key() -> None:
    one: Settings = {"janus": {"events": {"broadcast": True, "x": 1}}, "a": {"general": {"y": 1}}}
    two: Settings = {"janus": {"events": {"x": 2}, "general": {"z": 3}}, "b": {"general": {}}}
    assert merge(one, two) == {
        "janus": {"events": {"broadcast": True, "x": 2}, "general": {"z": 3}},
        "a": {"general": {"y": 1}},
        "b": {"general": {}},
    }


def test_an_event_is_exported_by_its_name() -> None:
    import janus_notebook

    assert janus_notebook.MonitorEvent is MonitorEvent
    assert janus_notebook.Monitor is Monitor
