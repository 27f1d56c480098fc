"""Requests and their replies, one at a time and many at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusError,
    JanusOptionError,
    JanusPlugin,
    JanusPluginError,
    JanusServerError,
    JanusTimeoutError,
)
from tests.admin import handles
from tests.client.scripted import errors_in, run, until

if TYPE_CHECKING:
    from tests.core.targets import Target

# Where the server has no PeerConnection it takes candidates all the same, for the one that may come.
CANDIDATE = {
    "candidate": "candidate:1 1 UDP 2130706431 192.0.2.1 40000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


def test_each_request_completes_with_its_final_message(target: Target) -> None:
    async def main() -> None:
        async with target.session() as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            on_handle = {"handle_id": plugin.id}
            exchanges: list[tuple[dict[str, Any], str]] = [
                ({"janus": "info"}, "server_info"),
                ({"janus": "ping"}, "pong"),
                ({"janus": "keepalive"}, "ack"),
                ({"janus": "KeepAlive"}, "ack"),
                ({"janus": "trickle", "candidate": {"completed": True}, **on_handle}, "ack"),
                ({"janus": "message", "body": {"audio": True}, **on_handle}, "event"),
                ({"janus": "hangup", **on_handle}, "success"),
                ({"janus": "detach", **on_handle}, "success"),
                ({"janus": "destroy"}, "success"),
            ]
            for message, kind in exchanges:
                before = dict(message)
                assert (await session.send(message))["janus"] == kind
                assert message == before
            assert (session.state, plugin.state) == ("closed", "detached")
            assert errors_in(session) == []

    run(main())


def test_a_plugin_answers_at_once_or_later(target: Target) -> None:
    async def main() -> None:
        async with target.session() as session:
            room, echo = JanusPlugin("videoroom"), JanusEchoTestPlugin()
            await room.attach(session)
            await echo.attach(session)
            listed = await room.request({"request": "list"})
            assert listed.raw["janus"] == "success"
            assert 1234 in [one["room"] for one in listed["list"]]
            configured = await echo.configure(audio=True, video=False, bitrate=64_000)
            assert configured.raw["janus"] == "event"
            assert configured.data == {"echotest": "event", "result": "ok"}

    run(main())


def test_a_plugin_refuses_at_once_or_later(target: Target) -> None:
    async def main() -> None:
        async with target.session() as session:
            room, echo = JanusPlugin("videoroom"), JanusEchoTestPlugin()
            await room.attach(session)
            await echo.attach(session)
            with pytest.raises(JanusPluginError) as caught:
                await room.request({"request": "nonsense"})
            assert (caught.value.code, caught.value.name) == (423, "INVALID_REQUEST")
            assert (caught.value.plugin, caught.value.handle_id) == ("janus.plugin.videoroom", room.id)
            with pytest.raises(JanusPluginError) as caught:
                await echo.request({"bitrate": "much"})
            assert (caught.value.code, caught.value.name) == (413, "INVALID_ELEMENT")
            assert caught.value.plugin == "janus.plugin.echotest"
            await echo.configure(audio=True)

    run(main())


def test_what_the_server_refuses(target: Target) -> None:
    async def main() -> None:
        async with target.session() as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            on_handle = {"handle_id": plugin.id}
            refused: list[tuple[dict[str, Any], int]] = [
                ({"janus": "nonsense"}, 453),
                ({"janus": "attach"}, 456),
                ({"janus": "attach", "plugin": 7}, 467),
                ({"janus": "attach", "plugin": "janus.plugin.nonsense"}, 460),
                ({"janus": "attach", "plugin": "janus.plugin.echotest", **on_handle}, 457),
                ({"janus": "message", "body": {}, "handle_id": 1}, 459),
                ({"janus": "message", **on_handle}, 456),
                ({"janus": "message", "body": [], **on_handle}, 467),
                ({"janus": "message", "body": {}, "jsep": {"type": "wish", "sdp": ""}, **on_handle}, 464),
                ({"janus": "message", "body": {}, "jsep": None, **on_handle}, 455),
                ({"janus": "trickle", **on_handle}, 456),
                ({"janus": "keepalive", "session_id": 1}, 458),
            ]
            for message, code in refused:
                with pytest.raises(JanusServerError) as caught:
                    await session.send(message)
                assert caught.value.code == code, message
                assert caught.value.reason
                assert caught.value.request is not None
                assert caught.value.request["janus"] == message["janus"]
            assert session.state == "connected"
            await plugin.configure(audio=True)

    run(main())


def test_candidates_and_hangup(target: Target) -> None:
    async def main() -> None:
        async with target.session() as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            for candidates in (CANDIDATE, [CANDIDATE, CANDIDATE], None):
                assert (await plugin.trickle(candidates))["janus"] == "ack"
            assert (await plugin.hangup())["janus"] == "success"
            await plugin.configure(audio=True)  # a handle outlives its hangup
            assert errors_in(session) == []

    run(main())


def test_many_at_once(target: Target) -> None:
    """50 in parallel, sync and async ones mixed, on several handles; each gets its own answer."""

    async def main() -> None:
        async with target.session() as session:
            echos = [JanusEchoTestPlugin() for _ in range(3)]
            rooms = [JanusPlugin("videoroom") for _ in range(2)]
            await asyncio.gather(*(plugin.attach(session) for plugin in [*echos, *rooms]))
            calls = [
                rooms[n % 2].request({"request": "exists", "room": n})
                if n % 2
                else echos[n % 3].configure(bitrate=1000 * n)
                for n in range(50)
            ]
            replies = await asyncio.gather(*calls)
            assert [reply["room"] for reply in replies[1::2]] == list(range(1, 50, 2))
            assert all(reply["result"] == "ok" for reply in replies[::2])
            assert session.counters["in_flight"] == 0
            assert session.counters["events"] == 0
            assert errors_in(session) == []

    run(main())


def test_text_survives(target: Target) -> None:
    """What goes out comes back as it was: ids of 63 bits, and text beyond ASCII."""

    async def main() -> None:
        async with target.session() as session:
            room = JanusPlugin("videoroom")
            await room.attach(session)
            number, text = 2**62 + 1, 'Grüße "→" \\ 😀\n'
            created = await room.request({"request": "create", "room": number, "description": text})
            assert created["room"] == number
            listed = await room.request({"request": "list"})
            assert text in [one["description"] for one in listed["list"]]
            await room.request({"request": "destroy", "room": number})

    run(main())


def test_a_large_request(target: Target) -> None:
    """Unix sockets of Janus lose one of 8,192 bytes, so it is refused there; the others carry it."""

    async def main() -> None:
        async with target.session() as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            large = plugin.request({"audio": True, "padding": "x" * 100_000})
            if target.is_unix:
                with pytest.raises(JanusOptionError, match=r"the request has 100[0-9]{3} bytes"):
                    await large
            else:
                assert (await large)["result"] == "ok"
            assert (await plugin.configure(audio=True))["result"] == "ok"
            assert session.counters["in_flight"] == 0

    run(main())


def test_no_answer_in_time(each_transport: Target) -> None:
    async def main() -> None:
        async with each_transport.session() as session:
            plugin = JanusPlugin("sip")
            await plugin.attach(session)
            # Without a call the plugin acknowledges and never answers.
            with pytest.raises(JanusTimeoutError, match="acknowledged 'message'"):
                await plugin.request({"request": "hangup"}, timeout=0.5)
            with pytest.raises(JanusPluginError, match="Unknown request"):
                await plugin.request({"request": "dance"})
            assert session.counters["in_flight"] == 0

    run(main())


def test_a_late_reply_harms_nobody(each_transport: Target) -> None:
    """It is recorded; a handle that it made is detached again."""

    async def main() -> None:
        async with each_transport.session() as session:
            plugin, late = JanusEchoTestPlugin(), JanusEchoTestPlugin()
            await plugin.attach(session)
            with each_transport.frozen():
                calls: list[Any] = [plugin.configure(audio=True, timeout=0.1) for _ in range(3)]
                calls += [session.send({"janus": "keepalive"}, timeout=0.1)]
                results = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(result) for result in results] == [JanusTimeoutError] * 4
            attaching = asyncio.ensure_future(late.attach(session))
            await asyncio.sleep(0)  # it is on its way now
            attaching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attaching
            await plugin.configure(audio=True)

            async def only_ours() -> bool:
                return await asyncio.to_thread(handles, each_transport.admin, session.id) == [plugin.id]

            async with asyncio.timeout(5):
                while not await only_ours():
                    pass
            assert late.state in ("new", "detached")
            await until(lambda: session.counters["in_flight"] == 0)
            assert errors_in(session) == []

    run(main())


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
def test_a_cancelled_call_harms_nobody(each_transport: Target, turns: int) -> None:
    """Cancelled after so many turns of the loop."""

    async def main() -> None:
        async with each_transport.session() as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            calls = [asyncio.ensure_future(plugin.configure(bitrate=n)) for n in range(20)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for call in calls[::2]:
                call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert not [result for result in results if isinstance(result, JanusError)]
            assert all(result["result"] == "ok" for result in results[1::2])  # type: ignore[index]
            await plugin.configure(audio=True)
            assert session.counters["in_flight"] == 0

    run(main())
