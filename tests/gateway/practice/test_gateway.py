"""Its life: start, stop, what is left, and what it does to all its clients at once."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pytest

import janus_notebook.gateway
from janus_notebook import JanusEchoTestPlugin, JanusSession
from janus_notebook.errors import JanusConnectionError, JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway import LocalGateway, PracticeGateway
from janus_notebook.gateway.practice import Delay, Flood, HalfOpen, Reorder
from janus_notebook.gateway.practice.folder import PREFIX
from janus_notebook.gateway.practice.life import THREAD_NAME
from janus_notebook.gateway.practice.plugin import Answer, Done, Later, PracticeHandle, PracticePlugin
from tests.client.scripted import until
from tests.gateway.practice.raw import unix, websocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PING = {"janus": "ping", "transaction": "p"}


def open_files() -> set[str]:
    """What this process has open, as the kernel names it."""
    gc.collect()
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found.add(os.readlink(descriptor))
        except FileNotFoundError:  # the folder's own
            continue
    return found


async def echo(url: str) -> Any:
    async with JanusSession(url) as session:
        plugin = JanusEchoTestPlugin()
        await plugin.attach(session)
        return (await plugin.configure(audio=True))["result"]


async def echo_if_it_can(url: str) -> Any:
    try:
        return await echo(url)
    except JanusConnectionError:
        return None


# -- start and stop -----------------------------------------------------------------------------


def test_it_says_what_it_is() -> None:
    gateway = PracticeGateway(api_secret="the api secret")
    assert repr(gateway) == "<PracticeGateway practice gateway (not Janus), stopped>"
    assert (gateway.version, gateway.plugins, gateway.transports) == ("", (), ())
    with gateway:
        name = f"<PracticeGateway practice gateway (not Janus) at {gateway.ws_url}, running>"
        assert repr(gateway) == name
        info = httpx.get(f"{gateway.http_url}/info").json()
        assert info["name"] == "janus-notebook practice gateway"
        assert info["version_string"] == gateway.version == "1.1.2-practice"
        assert tuple(sorted(info["plugins"])) == gateway.plugins
        assert tuple(sorted(info["transports"])) == gateway.transports
        assert "janus.plugin.echotest" in gateway.plugins
        assert (info["api_secret"], info["auth_token"]) == (True, False)
    assert not gateway.running
    assert "the api secret" not in repr(vars(gateway))


def test_nothing_is_left_of_it() -> None:
    """With clients on every transport, faults under way and polls waiting."""

    async def main(gateway: PracticeGateway) -> None:
        async with (
            websocket(gateway.ws_url) as one,
            websocket(gateway.ws_url) as frozen,
            unix(gateway.unix_url) as two,
            unix(gateway.unix_dgram_url) as three,
            httpx.AsyncClient() as four,
        ):
            gateway.misbehave(HalfOpen("info"), Delay("ping", 60, times=None), Flood(10_000_000))
            gateway.misbehave(Reorder("keepalive"))
            await frozen.send({"janus": "info", "transaction": "i"})
            for client in (one, two, three):
                await client.send(PING)
                await client.handle(await client.session())
            created = await four.post(gateway.http_url, json={"janus": "create", "transaction": "c"})
            poll = asyncio.ensure_future(four.get(f"{gateway.http_url}/{created.json()['data']['id']}"))
            kept = {"janus": "keepalive", "transaction": "k", "session_id": await two.session()}
            await two.send(kept)
            await until(lambda: len(gateway.faults_done) == 5)
            await gateway.stop()
            with pytest.raises(httpx.TransportError):
                await poll
            assert await frozen.ends()

    before, threads = open_files(), set(threading.enumerate())
    gateway = PracticeGateway()
    with gateway:
        assert THREAD_NAME in {thread.name for thread in set(threading.enumerate()) - threads}
        folder = Path(gateway.unix_url.removeprefix("unix://")).parent
        assert folder.name.startswith(PREFIX)
        assert folder.stat().st_mode & 0o777 == 0o700
        asyncio.run(main(gateway))
    assert not folder.exists()
    assert open_files() == before
    assert set(threading.enumerate()) <= threads
    assert gateway.exit_reason is None


def test_it_belongs_to_no_loop() -> None:
    gateway = PracticeGateway()
    asyncio.run(gateway.start())
    first = gateway.ws_url
    assert asyncio.run(echo(first)) == "ok"
    asyncio.run(gateway.start())  # it runs: nothing happens
    assert gateway.ws_url == first
    asyncio.run(gateway.stop())
    asyncio.run(gateway.stop())
    with pytest.raises(JanusStateError, match="the practice gateway is not running"):
        _ = gateway.ws_url
    with gateway:
        assert asyncio.run(echo(gateway.ws_url)) == "ok"


def test_a_cancelled_start_leaves_nothing() -> None:
    async def main() -> None:
        gateway = PracticeGateway()
        starting = asyncio.ensure_future(gateway.start())
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not gateway.running
        async with gateway:
            assert gateway.running

    asyncio.run(main())


def test_who_waits_for_its_end_is_told() -> None:
    async def main() -> None:
        async with PracticeGateway() as gateway:
            waiting = asyncio.ensure_future(gateway.wait_closed())
            await asyncio.sleep(0)
            await gateway.stop()
            assert await waiting is None
        assert await gateway.wait_closed() is None

    asyncio.run(main())


def test_a_start_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(PracticePlugin):
        def __init__(self) -> None:
            raise OSError("no more ports")

    Broken.__abstractmethods__ = frozenset()
    gateway = PracticeGateway(plugins=lambda: [Broken()])  # type: ignore[abstract]
    with pytest.raises(JanusGatewayError, match="could not be started: no more ports"):
        asyncio.run(gateway.start())
    with pytest.raises(JanusGatewayError, match="could not be started: no more ports"):
        gateway.__enter__()
    assert not gateway.running


def test_a_process_that_just_ends_leaves_no_folder(tmp_path: Path) -> None:
    script = """
from janus_notebook import PracticeGateway
gateway = PracticeGateway().__enter__()
print(gateway.unix_url)
"""
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-W", "error", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert PREFIX in ended.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"session_timeout": -1}, "session_timeout=-1: expected 0 or more"),
        ({"reclaim_session_timeout": -1}, "reclaim_session_timeout=-1: expected 0 or more"),
        ({"token_auth_secret": "x"}, "token_auth_secret without token_auth"),
        ({"unix_type": "SOCK_DGRM"}, "unknown unix_type 'SOCK_DGRM'. Did you mean 'SOCK_DGRAM'?"),
        ({"unix_type": "SOCK_STREAM"}, "unknown unix_type 'SOCK_STREAM'"),
        ({"unix_type": 3}, "unix_type=3: expected one of SOCK_DGRAM, SOCK_SEQPACKET"),
        ({"session_timeout": 1.5}, "session_timeout=1.5: expected 0 or more whole seconds"),
        ({"session_timeout": 2.0}, "session_timeout=2.0: expected .* Write session_timeout=2."),
        ({"session_timeout": 2**31}, f"session_timeout={2**31}: expected .* The largest is {2**31 - 1}."),
        ({"session_timeout": True}, "session_timeout=True: expected 0 or more whole seconds"),
        ({"reclaim_session_timeout": "x"}, "reclaim_session_timeout='x': expected 0 or more whole seconds"),
        ({"full_trickle": "no"}, "full_trickle='no': expected True or False"),
        ({"token_auth": "yes"}, "token_auth='yes': expected True or False"),
        ({"token_auth": 1}, "token_auth=1: expected True or False"),
        ({"token_auth": True, "token_auth_secret": b"x"}, "token_auth_secret is bytes: expected a text"),
        ({"api_secret": 3}, "api_secret is int: expected a text"),
    ],
)
def test_options_are_those_of_the_local_gateway(options: dict[str, Any], words: str) -> None:
    for kind in (LocalGateway, PracticeGateway):
        with pytest.raises(JanusOptionError, match=words):
            kind(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"media": "yes"}, "media='yes': expected True or False"),
        ({"plugins": []}, r"plugins=\[\]: expected a function. Such as plugins=lambda"),
    ],
)
def test_its_own_options_are_checked_too(options: dict[str, Any], words: str) -> None:
    with pytest.raises(JanusOptionError, match=words):
        PracticeGateway(**options)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda gateway: gateway.misbehave("Drop"), "'Drop' is not a fault. Such as Drop"),
        (lambda gateway: gateway.misbehave(Delay), r"Delay is a class: write Delay\(\.\.\.\)"),
        (lambda gateway: gateway.misbehave(Delay("ping"), None), "None is not a fault"),
        (lambda gateway: gateway.close_connections("rudely"), "unknown way to close 'rudely'"),
        (lambda gateway: gateway.close_connections(None), "way to close=None: expected one of cut, "),
        (lambda gateway: gateway.refuse_connections("x"), "seconds='x': expected 0 or more seconds"),
        (lambda gateway: gateway.restart(-1), "down=-1: expected 0 or more seconds"),
    ],
)
def test_what_it_cannot_do_is_refused_at_the_call(
    practice: PracticeGateway, call: Callable[[PracticeGateway], object], words: str
) -> None:
    with pytest.raises(JanusOptionError, match=words):
        call(practice)

    async def main() -> None:
        async with websocket(practice.ws_url) as client:
            assert (await client.ask(PING))["janus"] == "pong"

    asyncio.run(main())
    assert practice.faults_done == ()


def test_it_is_among_the_names_of_its_package() -> None:
    assert {"LocalGateway", "PracticeGateway"} <= set(dir(janus_notebook.gateway))


def test_its_log_holds_no_secret() -> None:
    async def main(gateway: PracticeGateway) -> None:
        async with websocket(gateway.ws_url) as client:
            await client.ask({"janus": "create", "transaction": "c", "apisecret": "the api secret"})
            await client.ask({"janus": "create", "transaction": "c", "apisecret": "a wrong secret"})

    with PracticeGateway(api_secret="the api secret") as gateway:
        asyncio.run(main(gateway))
    log = "\n".join(gateway.log_lines())
    assert "session" in log
    assert "create refused: 403" in log
    assert "secret" not in log
    assert len(gateway.log_lines(1)) == 1


# -- plugins ------------------------------------------------------------------------------------


class Slow(PracticePlugin):
    """Answers when it is told to; fails when it is asked to."""

    package = "janus.plugin.slow"
    name = description = "Slow"
    ended: ClassVar[list[str]] = []

    def attached(self, handle: PracticeHandle) -> None:
        self.go = asyncio.Event()

    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        if body.get("fail"):
            raise LookupError("a mistake in the plugin")
        if body.get("fail later"):
            return Later(self.failing())
        if body.get("detach"):
            handle.detach()
            return Done({"detached": True})
        if body.get("go"):
            self.go.set()
            return Done({"went": True})
        return Later(self.later(), hint="wait for it")

    async def failing(self) -> Done:
        await asyncio.sleep(0)
        raise LookupError("a later mistake")

    async def later(self) -> Done:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        return Done({"late": True})

    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        handle.notify("webrtcup", candidates=list(candidates))

    def hangup(self, handle: PracticeHandle) -> bool:
        handle.notify("hangup", reason="Janus API")
        return True

    def detached(self, handle: PracticeHandle) -> None:
        handle.event({"too": "late"})
        self.ended.append("detached")

    async def close(self) -> None:
        self.ended.append("closed")


@pytest.fixture
def slow() -> Any:
    Slow.ended = []
    with PracticeGateway(plugins=lambda: [Slow()]) as gateway:
        yield gateway


def test_plugins_of_one_s_own(slow: PracticeGateway) -> None:
    async def main() -> None:
        async with websocket(slow.ws_url) as client:
            session_id = await client.session()
            at = {"session_id": session_id, "handle_id": await client.handle(session_id, Slow.package)}
            message = {"janus": "message", "transaction": "m", **at}
            ack = await client.ask(message | {"body": {}})
            assert (ack["janus"], ack["hint"]) == ("ack", "wait for it")
            answer = await client.ask(message | {"transaction": "go", "body": {"go": True}})
            assert answer["plugindata"] == {"plugin": Slow.package, "data": {"went": True}}
            event = await client.receive()
            assert (event["transaction"], event["plugindata"]["data"]) == ("m", {"late": True})
            trickle = {"janus": "trickle", "transaction": "t", **at}
            assert (await client.ask(trickle | {"candidates": [None, {"candidate": "x"}]}))["janus"] == "ack"
            assert (await client.receive())["candidates"] == [{"completed": True}, {"candidate": "x"}]
            hangup = {"session_id": session_id, "sender": at["handle_id"], "janus": "hangup"}
            answer = await client.ask({"janus": "hangup", "transaction": "h", **at})
            assert answer["janus"] == "success"
            assert await client.receive() == hangup | {"reason": "Janus API"}
            request = {"janus": "hangup_webrtc", "transaction": "h", "admin_secret": slow.admin_secret, **at}
            await asyncio.to_thread(httpx.post, slow.admin_url, json=request)
            assert await client.receive() == hangup | {"reason": "Admin API"}
            await client.send(message | {"body": {"detach": True}})
            assert (await client.receive())["janus"] == "detached"
            assert (await client.receive())["janus"] == "success"
            assert await client.silent()

    asyncio.run(main())
    assert Slow.ended == ["detached"]


def test_what_a_plugin_still_does_ends_with_its_handle(slow: PracticeGateway) -> None:
    async def main() -> None:
        async with websocket(slow.ws_url) as client:
            for _ in range(2):
                session_id = await client.session()
                at = {"session_id": session_id, "handle_id": await client.handle(session_id, Slow.package)}
                message = {"janus": "message", "transaction": "m", "body": {}, **at}
                assert (await client.ask(message))["janus"] == "ack"
            assert (await client.ask({"janus": "detach", "transaction": "d", **at}))["janus"] == "success"
            assert (await client.receive())["janus"] == "detached"
            await until(lambda: Slow.ended == ["detached", "cancelled"])
        await slow.stop()

    asyncio.run(main())
    assert sorted(Slow.ended) == ["cancelled", "cancelled", "closed", "detached", "detached"]


def test_a_mistake_in_a_plugin_is_seen(slow: PracticeGateway, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with websocket(slow.ws_url) as client:
            session_id = await client.session()
            at = {"session_id": session_id, "handle_id": await client.handle(session_id, Slow.package)}
            message = {"janus": "message", "transaction": "m", "body": {"fail": 1}, **at}
            assert (await client.ask(message))["error"]["code"] == 462
            assert (await client.ask(message | {"body": {"fail later": 1}}))["janus"] == "ack"
            assert await client.silent()
            assert (await client.ask(PING))["janus"] == "pong"

    asyncio.run(main())
    for mistake in ("LookupError: a mistake in the plugin", "LookupError: a later mistake"):
        assert mistake in caplog.text
        assert mistake in "\n".join(slow.log_lines())


# -- what happens to every client at once ---------------------------------------------------------


def test_sessions_are_forgotten(gateway: PracticeGateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            await client.handle(session_id)
            gateway.forget_sessions()
            assert gateway.sessions == ()
            keepalive = {"janus": "keepalive", "transaction": "k", "session_id": session_id}
            assert (await client.ask(keepalive))["error"]["code"] == 458

    asyncio.run(main())


def test_sessions_are_timed_out(gateway: PracticeGateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            gateway.time_out_sessions()
            assert await client.receive() == {"janus": "timeout", "session_id": session_id}
            assert gateway.sessions == ()

    asyncio.run(main())


@pytest.mark.parametrize("how", ["cut", "reset", "goodbye"])
def test_connections_are_closed(gateway: PracticeGateway, how: Any) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed
    from websockets.typing import Subprotocol

    async def main() -> None:
        async with (
            connect(gateway.ws_url, subprotocols=[Subprotocol("janus-protocol")]) as connection,
            unix(gateway.unix_url) as packets,
        ):
            assert (await packets.ask(PING))["janus"] == "pong"
            gateway.close_connections(how)
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
            received = closed.value.rcvd
            assert (received and received.code) == (1001 if how == "goodbye" else None)
            assert isinstance(closed.value.__cause__, ConnectionResetError) == (how == "reset")
            assert await packets.ends()
        assert await echo(gateway.ws_url) == "ok"

    asyncio.run(main())


def test_connections_are_refused_for_a_while(gateway: PracticeGateway) -> None:
    def refused(url: str) -> bool:
        host, port = httpx.URL(url).host, httpx.URL(url).port
        with socket.socket() as sock:
            return sock.connect_ex((host, port or 0)) != 0

    async def main() -> None:
        urls = [gateway.ws_url, gateway.http_url, gateway.unix_url]
        async with websocket(gateway.ws_url) as old:
            gateway.refuse_connections()
            assert refused(gateway.ws_url)
            assert refused(gateway.http_url)
            with pytest.raises(FileNotFoundError):
                async with unix(gateway.unix_url):
                    pass
            assert (await old.ask(PING))["janus"] == "pong"
            gateway.accept_connections()
            gateway.accept_connections()
            assert await echo(gateway.ws_url) == await echo(gateway.unix_url) == "ok"
            gateway.refuse_connections(0.2)
            assert refused(gateway.ws_url)
            await until(lambda: not refused(gateway.http_url))
            await until(lambda: not refused(gateway.ws_url))
            assert await echo(gateway.http_url) == "ok"
            assert [gateway.ws_url, gateway.http_url, gateway.unix_url] == urls

    asyncio.run(main())


def test_a_restart(gateway: PracticeGateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client, unix(gateway.unix_dgram_url) as datagrams:
            sessions = {await client.session(), await datagrams.session()}
            assert set(gateway.sessions) == sessions
            gateway.restart(down=0.1)
            assert gateway.sessions == ()
            assert await client.ends()
        async with asyncio.timeout(10):
            while (result := await echo_if_it_can(gateway.ws_url)) is None:
                pass
        assert result == "ok"

    asyncio.run(main())


def test_it_freezes(gateway: PracticeGateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            with gateway.frozen():
                await client.send(PING)
                assert await client.silent()
            assert (await client.receive())["janus"] == "pong"
        with gateway.frozen():
            started = time.monotonic()
            await gateway.stop()
            assert time.monotonic() - started < 5

    asyncio.run(main())


def test_a_start_during_a_stop_starts_it_again() -> None:
    async def main() -> None:
        gateway = PracticeGateway()
        await gateway.start()
        stopping = asyncio.ensure_future(gateway.stop())
        await asyncio.sleep(0)
        await gateway.start()
        await stopping
        assert gateway.running
        assert await echo(gateway.ws_url) == "ok"
        await gateway.stop()
        assert not gateway.running

    asyncio.run(main())
