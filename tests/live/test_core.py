"""The session and its handles against the real Janus."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import janus_notebook
from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusEchoTestPlugin,
    JanusOptionError,
    JanusPlugin,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
)
from tests.admin import admin, assert_empty
from tests.client.scripted import errors_in, run, until
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

SCRIPT = """\
import asyncio
from janus_notebook import JanusSession, JanusEchoTestPlugin

async def main():
    session = JanusSession(base_url="ws://localhost:8188")
    async with session:
        plugin = JanusEchoTestPlugin()
        await plugin.attach(session)

asyncio.run(main())
"""


def test_the_script_runs_as_it_stands(gateway: LocalGateway, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("ws://localhost:8188", gateway.ws_url))
    command = [sys.executable, "-W", "error", str(script)]
    environment = os.environ | {"PYTHONPATH": str(Path(janus_notebook.__file__).parents[1])}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


# -- the table of the core's verbs ------------------------------------------------------------------


def test_create_and_destroy(gateway: LocalGateway) -> None:
    async def main() -> None:
        session = JanusSession(base_url=gateway.ws_url)
        assert await session.destroy() == {}
        created = await session.create()
        assert created["janus"] == "success"
        assert session.id == created["data"]["id"]
        assert admin(gateway, "list_sessions")["sessions"] == [session.id]
        assert await session.create() is created
        assert session.keepalive_interval == 20.0
        assert session.server is not None
        assert session.server["version_string"] == gateway.version
        destroyed = await session.destroy()
        assert (destroyed["janus"], destroyed["session_id"]) == ("success", created["data"]["id"])
        assert await session.destroy() == destroyed
        assert (session.state, session.connection.state) == ("closed", "closed")
        again = await session.create()
        assert again["data"]["id"] != created["data"]["id"]
        await session.destroy()

    run(main())


def test_attach_and_detach(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin(opaque_id="mine-7")
            attached = await session.attach_plugin(plugin)
            assert attached["janus"] == "success"
            assert plugin.id == attached["data"]["id"]
            assert await plugin.attach(session) is attached
            info = admin(gateway, "handle_info", session_id=session.id, handle_id=plugin.id)["info"]
            assert (info["opaque_id"], info["plugin"]) == ("mine-7", "janus.plugin.echotest")
            other = JanusSession(connection=session.connection)
            async with other:
                with pytest.raises(JanusStateError, match="attached to another session"):
                    await other.attach_plugin(plugin)
                with pytest.raises(JanusStateError, match="attached to another session"):
                    await other.detach_plugin(plugin)
            detached = await session.detach_plugin(plugin)
            assert detached["janus"] == "success"
            assert await plugin.detach() == detached == await session.detach_plugin(plugin)
            assert (plugin.state, plugin.id, session.plugins) == ("detached", None, ())
            assert admin(gateway, "list_handles", session_id=session.id)["handles"] == []
            assert (await plugin.attach(session))["data"]["id"] == plugin.id
            assert await JanusPlugin("echotest").detach() == {}

    run(main())


def test_send_completes_with_the_final_message(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            handle = {"handle_id": plugin.id}
            ends = {"completed": True}
            exchanges: list[tuple[dict[str, Any], str]] = [
                ({"janus": "info"}, "server_info"),
                ({"janus": "ping"}, "pong"),
                ({"janus": "keepalive"}, "ack"),
                ({"janus": "KeepAlive"}, "ack"),
                ({"janus": "trickle", "candidate": ends, **handle}, "ack"),
                ({"janus": "message", "body": {"audio": True}, **handle}, "event"),
                ({"janus": "hangup", **handle}, "success"),
                ({"janus": "detach", **handle}, "success"),
                ({"janus": "destroy"}, "success"),
            ]
            for message, kind in exchanges:
                assert (await session.send(message))["janus"] == kind
            assert (session.state, plugin.state) == ("closed", "detached")

    run(main())


def test_sync_replies_and_errors_in_their_data(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            room = JanusPlugin("videoroom")
            await room.attach(session)
            assert (await room.request({"request": "list"}))["videoroom"] == "success"
            with pytest.raises(JanusPluginError) as caught:
                await room.request({"request": "nonsense"})
            assert (caught.value.code, caught.value.name) == (423, "INVALID_REQUEST")
            assert caught.value.plugin == "janus.plugin.videoroom"

    run(main())


# -- what can go wrong ------------------------------------------------------------------------------


def test_secrets() -> None:
    with running_gateway(api_secret="right") as gateway:

        async def main() -> None:
            session = JanusSession(gateway.ws_url, api_secret="wr0ng", timeout=30)
            for _ in range(2):
                began = time.monotonic()
                with pytest.raises(JanusServerError) as caught:
                    await session.create()
                assert time.monotonic() - began < 2
                assert (caught.value.code, caught.value.name) == (403, "UNAUTHORIZED")
                assert session.state == "closed"
            with pytest.raises(JanusServerError, match="403"):
                await JanusSession(gateway.ws_url).create()
            async with JanusSession(gateway.ws_url, api_secret="right") as good:
                plugin = JanusEchoTestPlugin()
                await plugin.attach(good)
                await plugin.configure(audio=True)
                await plugin.trickle(None)
                await good.send({"janus": "keepalive"})
                shown = "".join(f"{event!r}{event.raw}" for event in [*good.events, *session.events])
                assert "right" not in shown
                assert "wr0ng" not in shown

        run(main())
        assert_empty(gateway)


def signed(secret: str, *plugins: str) -> str:
    text = ",".join([str(int(time.time()) + 60), "janus", *plugins])
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    return f"{text}:{base64.b64encode(digest).decode()}"


def test_tokens() -> None:
    with running_gateway(token_auth=True, token_auth_secret="key") as gateway:

        async def main() -> None:
            with pytest.raises(JanusServerError, match="403"):
                await JanusSession(gateway.ws_url, token="wrong").create()
            token = signed("key", "janus.plugin.echotest")
            async with JanusSession(gateway.ws_url, token=lambda: token) as session:
                plugin = JanusEchoTestPlugin()
                await plugin.attach(session)
                await plugin.configure(audio=True)
                with pytest.raises(JanusServerError) as caught:
                    await JanusPlugin("videoroom").attach(session)
                assert (caught.value.code, caught.value.plugin) == (405, "janus.plugin.videoroom")
                assert token not in "".join(str(event.raw) for event in session.events)

        run(main())
        assert_empty(gateway)


def test_an_unknown_plugin(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin("echotset")
            with pytest.raises(JanusServerError) as caught:
                await plugin.attach(session)
            assert (caught.value.code, caught.value.name) == (460, "PLUGIN_NOT_FOUND")
            assert "Did you mean 'janus.plugin.echotest'?" in str(caught.value)
            assert (caught.value.plugin, caught.value.session_id) == ("janus.plugin.echotset", session.id)
            assert plugin.state == "new"
            await JanusPlugin("echotest").attach(session)

    run(main())


def test_a_detached_handle(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusEchoTestPlugin()
            with pytest.raises(JanusStateError, match="is new, not attached"):
                await plugin.configure(audio=True)
            await plugin.attach(session)
            gone = plugin.id
            await plugin.detach()
            for call in (
                plugin.configure(audio=True),
                plugin.trickle(None),
                plugin.hangup(),
                plugin.publish(),
            ):
                with pytest.raises(JanusStateError, match="is detached, not attached"):
                    await call
            # Until Janus has sent its `detached`, that event may be what fails the next request.
            await until(lambda: any(event.kind == "detached" for event in session.events))
            with pytest.raises(JanusServerError, match="459 HANDLE_NOT_FOUND"):
                await session.send({"janus": "message", "handle_id": gone, "body": {}})
            assert session.state == "connected"

    run(main())


def test_detached_by_an_administrator(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin("sip")
            await plugin.attach(session)
            stream = plugin.events()
            # Without a call the plugin acknowledges and never answers.
            pending = asyncio.ensure_future(plugin.request({"request": "hangup"}))
            await until(lambda: any(event.kind == "ack" for event in session.events))
            ids = {"session_id": session.id, "handle_id": plugin.id}
            await asyncio.to_thread(admin, gateway, "detach_handle", **ids)
            with pytest.raises(JanusStateError, match="was detached by the server"):
                await pending
            assert [event.kind async for event in stream] == ["detached"]
            assert plugin.state == "detached"
            await plugin.attach(session)

    run(main())


def test_destroyed_by_an_administrator(gateway: LocalGateway) -> None:
    """The server does not tell; the next request finds out."""

    async def main() -> None:
        session, plugin = JanusSession(gateway.ws_url), JanusEchoTestPlugin()
        await session.create()
        await plugin.attach(session)
        await asyncio.to_thread(admin, gateway, "destroy_session", session_id=session.id)
        with pytest.raises(JanusServerError, match="458 SESSION_NOT_FOUND"):
            await plugin.configure(audio=True)
        assert (session.state, plugin.state) == ("lost", "detached")
        await session.create()
        await plugin.attach(session)
        await session.destroy()

    run(main())


def test_a_timeout_and_a_cancelled_call(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin("sip")
            await plugin.attach(session)
            with pytest.raises(
                JanusTimeoutError, match="acknowledged 'message', but its plugin sent no answer"
            ):
                await plugin.request({"request": "hangup"}, timeout=0.2)
            call = asyncio.ensure_future(plugin.request({"request": "hangup"}))
            await until(lambda: session.counters["in_flight"])
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            with pytest.raises(JanusPluginError, match="Unknown request"):
                await plugin.request({"request": "dance"})
            assert session.counters["in_flight"] == 0

    run(main())


@pytest.mark.parametrize(
    "message",
    [None, [], "info", {}, {"janus": 1}, {"janus": "message", "handle_id": "1", "body": {}}],
    ids=repr,
)
def test_what_is_not_a_janus_message(gateway: LocalGateway, message: Any) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            with pytest.raises(JanusOptionError):
                await session.send(message)
            with pytest.raises(JanusServerError, match="453 UNKNOWN_REQUEST"):
                await session.send({"janus": "nonsense"})
            await session.ping()

    run(main())


def test_other_ports_of_the_same_server(gateway: LocalGateway) -> None:
    async def main() -> None:
        http = gateway.http_url.replace("http://", "ws://")
        for url, text in [(http, "is not|instead of"), (gateway.admin_ws_url, "is not|instead of|not Janus")]:
            session = JanusSession(url, open_timeout=3)
            with pytest.raises(JanusConnectionError, match=text):
                await session.create()
            assert session.state == "closed"

    run(main())


def test_janus_is_killed() -> None:
    with running_gateway() as gateway:

        async def main() -> None:
            session, plugin = JanusSession(gateway.ws_url), JanusPlugin("sip")
            await session.create()
            await plugin.attach(session)
            pending = asyncio.ensure_future(plugin.request({"request": "hangup"}, timeout=30))
            await until(lambda: any(event.kind == "ack" for event in session.events))
            began = time.monotonic()
            assert gateway.pid is not None
            os.kill(gateway.pid, signal.SIGKILL)
            with pytest.raises(JanusConnectionError):
                await pending
            assert (session.state, plugin.state) == ("lost", "detached")
            assert await session.destroy() == {}
            assert time.monotonic() - began < 3
            assert session.state == "closed"
            # Until the process has ended its port may still take a connection, and drop it.
            await until(lambda: not gateway.running)
            with pytest.raises(JanusConnectionError, match="was refused"):
                await session.create()

        run(main())


def test_several_sessions_on_one_connection(gateway: LocalGateway) -> None:
    async def main() -> None:
        connection = JanusConnection(gateway.ws_url)
        sessions = [JanusSession(connection=connection) for _ in range(3)]
        plugins = [JanusEchoTestPlugin() for _ in sessions]
        await asyncio.gather(*(session.create() for session in sessions))
        await asyncio.gather(*(p.attach(s) for p, s in zip(plugins, sessions, strict=True)))
        assert len(set(admin(gateway, "list_sessions")["sessions"])) == 3
        await asyncio.gather(*(plugin.configure(audio=True) for plugin in plugins * 5))
        assert not [text for session in sessions for text in errors_in(session)]
        await sessions[0].destroy()
        await plugins[1].configure(audio=False)
        await asyncio.gather(*(session.destroy() for session in sessions))
        assert connection.state == "connected"
        await connection.close()

    run(main())


def test_keepalives_alone_keep_a_session() -> None:
    """For three times its timeout there is nothing but keepalives, for session and handle at once."""
    with running_gateway(session_timeout=4) as gateway:

        async def main() -> None:
            async with JanusSession(gateway.ws_url) as session:
                plugin = JanusEchoTestPlugin()
                await plugin.attach(session)
                requests = session.counters["requests"]
                stream = session.subscribe(["timeout", "detached", "error", "state"])
                with pytest.raises(JanusTimeoutError):
                    await stream.get(12.5)
                assert session.counters["requests"] - requests == 9  # every 1 1/3 s
                await plugin.configure(audio=True)

        run(main())
        assert_empty(gateway)
