"""The server is killed, started again, stopped for a while; it times sessions out and detaches handles."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusEchoTestPlugin,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
    LocalGateway,
)
from janus_notebook.gateway.configuration import Ports
from janus_notebook.gateway.practice import Drop
from tests.admin import admin, sessions
from tests.client.scripted import run, until
from tests.faults.setting import (
    ALL_AT_NIGHT,
    TRANSPORTS,
    becomes,
    echoing,
    misbehaving,
    states_of,
    url_of,
    within,
)
from tests.gateways import needs_janus, running_gateway


def pid_of(gateway: LocalGateway) -> int:
    assert gateway.pid is not None
    return gateway.pid


# -- killed ---------------------------------------------------------------------------------------


@needs_janus
@pytest.mark.live
def test_janus_is_killed() -> None:
    """SIGKILL, and it does not come back: each kind of recovery ends, and says why."""
    modes = (None, "claim", "recreate")

    async def main() -> None:
        urls = {"ws": gateway.ws_url, "http": gateway.http_url, "unix": gateway.unix_url}
        async with AsyncExitStack() as stack:
            made = {}
            for name, url in urls.items():
                for mode in modes:
                    options: dict[str, Any] = {"recover": mode, "recover_timeout": 2}
                    made[name, mode] = await stack.enter_async_context(echoing(url, **options))
            os.kill(pid_of(gateway), signal.SIGKILL)
            calls = [plugin.configure(audio=True, timeout=8) for _, plugin in made.values()]
            async with within(9):
                results = await asyncio.gather(*calls, return_exceptions=True)
            for result in results:
                assert isinstance(result, JanusConnectionError | JanusStateError), repr(result)
            for (name, mode), (session, plugin) in made.items():
                await becomes(session, "lost", 8)
                assert plugin.state == "detached"
                if mode is not None:
                    assert "did not come back within 2 s" in session.reason, (name, mode, session.reason)
                    assert states_of(session)[-2:] == ["reconnecting", "lost"]

    with running_gateway(reclaim_session_timeout=5) as gateway:
        run(main())


@needs_janus
@pytest.mark.live
def test_janus_is_killed_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL, and another Janus on the same ports: the old sessions are gone, new ones take their place."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            made = {}
            for url in (gateway.ws_url, gateway.http_url):
                for mode in (None, "claim", "recreate"):
                    options: dict[str, Any] = {"recover": mode, "recover_timeout": 20}
                    made[url, mode] = await stack.enter_async_context(echoing(url, **options))
            os.kill(pid_of(gateway), signal.SIGKILL)
            await until(lambda: all(not session.is_open for session, _ in made.values()))
            await gateway.start()
            for (_, mode), (session, plugin) in made.items():
                if mode != "recreate":
                    await becomes(session, "lost", 10)
                    assert mode is None or "no longer knows session" in session.reason
                    continue
                await becomes(session, "recovered", 10)
                async with within(3):
                    assert (await plugin.configure(audio=True))["result"] == "ok"
            known = {session.id for (_, mode), (session, _) in made.items() if mode == "recreate"}
            assert set(await asyncio.to_thread(sessions, gateway)) == known

    ports = Ports.free()
    monkeypatch.setattr(Ports, "free", lambda: ports)
    with running_gateway(reclaim_session_timeout=10) as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("down", [0.0, 0.5])
def test_restarted_and_made_anew(transport: str, down: float) -> None:
    """The same objects work again, with new ids; requests meanwhile wait; streams go on."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate", "timeout": 3}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            second = JanusEchoTestPlugin()
            await second.attach(session)
            before = session.id, plugin.id, second.id
            stream = plugin.events(["event"])
            gateway.restart(down)
            await until(lambda: "reconnecting" in states_of(session))
            async with within(5):
                # Each is sent once, when the session is back, to the handle's new id.
                results = await asyncio.gather(plugin.configure(audio=True), second.configure(video=True))
            assert [result["result"] for result in results] == ["ok", "ok"]
            assert session.state == "recovered"
            assert "made anew" in session.reason
            assert not {session.id, plugin.id, second.id} & set(before)
            assert gateway.sessions == (session.id,)
            assert (plugin.state, second.state) == ("attached", "attached")
            assert session.plugins == (plugin, second)
            assert stream.closed is False

    with misbehaving(session_timeout=1) as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("recover", [None, "claim"])
def test_restarted_and_nothing_left_to_claim(transport: str, recover: Any) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=recover, timeout=3) as (session, plugin):
            gateway.restart(0.3)
            await becomes(session, "lost", 6)
            assert (session.id, plugin.state) == (None, "detached")
            if recover == "claim":
                assert "no longer knows session" in session.reason
            with pytest.raises(JanusStateError, match="the session was lost"):
                await session.send({"janus": "keepalive"})
            with pytest.raises(JanusStateError):
                await plugin.configure(audio=True)
            await until(lambda: gateway.sessions == ())
            await until(lambda: bool(url_of(gateway, transport)))
            async with within(5):
                await connected_again(session)
                await plugin.attach(session)
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving(session_timeout=1, reclaim_session_timeout=5) as gateway:
        run(main())


async def connected_again(session: JanusSession) -> None:
    """Create the session as soon as the server is back."""
    while True:
        try:
            await session.create()
        except JanusConnectionError:
            await asyncio.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_restarted_again_and_again(transport: str) -> None:
    """Also while the session is coming back: it ends in one session, with its handle."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate", "timeout": 2}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            for down in (0.0, 0.05, 0.1, 0.0, 0.2):
                gateway.restart(down)
                await asyncio.sleep(0.15)  # any moment of the recovery will do
            async with within(15):
                while True:
                    try:
                        assert (await plugin.configure(audio=True))["result"] == "ok"
                    except (JanusConnectionError, JanusServerError, JanusStateError):
                        assert session.state != "lost", session.reason
                        await asyncio.sleep(0.05)
                    else:
                        break
            assert gateway.sessions == (session.id,)
            assert session.plugins == (plugin,)

    with misbehaving(session_timeout=1) as gateway:
        run(main())


def test_a_shared_connection_comes_back_once() -> None:
    """Its sessions recover each in its own way, over one new connection."""

    async def main() -> None:
        connection = JanusConnection(gateway.ws_url)
        modes: tuple[Any, ...] = (None, "claim", "recreate", "recreate")
        made = [JanusSession(connection=connection, recover=mode) for mode in modes]
        for session in made:
            await session.create()
        gateway.restart(0.3)
        async with within(10):
            for session, state in zip(made, ("lost", "lost", "recovered", "recovered"), strict=True):
                await becomes(session, state, 5)
            assert len(set(gateway.sessions)) == 2
            assert set(gateway.sessions) == {made[2].id, made[3].id}
            for session in made:
                await session.destroy()
            assert connection.state == "connected"
            await connection.close()

    with misbehaving(reclaim_session_timeout=5) as gateway:
        run(main())


# -- stopped --------------------------------------------------------------------------------------


@needs_janus
@pytest.mark.live
def test_janus_is_stopped_for_five_seconds() -> None:
    """SIGSTOP for less than every timeout: requests are late, and nothing is lost."""

    async def main(pid: int) -> None:
        urls = (gateway.ws_url, gateway.http_url, gateway.unix_url)
        async with AsyncExitStack() as stack:
            made = [await stack.enter_async_context(echoing(url)) for url in urls]
            ids = [session.id for session, _ in made]
            began = time.monotonic()
            os.kill(pid, signal.SIGSTOP)
            asyncio.get_running_loop().call_later(5, os.kill, pid, signal.SIGCONT)
            try:
                async with within(9.5):
                    results = await asyncio.gather(*(plugin.configure(audio=True) for _, plugin in made))
            finally:
                os.kill(pid, signal.SIGCONT)
            assert time.monotonic() - began > 4.9
            assert [result["result"] for result in results] == ["ok"] * 3
            for session, plugin in made:
                assert states_of(session) == ["connecting", "connected"]
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert [session.id for session, _ in made] == ids

    with running_gateway() as gateway:
        run(main(pid_of(gateway)))


@needs_janus
@pytest.mark.live
def test_janus_is_stopped_for_longer_than_the_timeouts() -> None:
    """SIGSTOP until the sessions count as lost; when it goes on, each is claimed, or made anew."""

    async def main(pid: int) -> None:
        pings = {"ping_interval": 0.5, "ping_timeout": 1.0, "close_timeout": 0.5}
        without = {"ping_interval": None, "close_timeout": 0.5}
        wanted: list[tuple[str, dict[str, Any]]] = [
            (gateway.ws_url, {"recover": "claim", **pings}),
            (gateway.ws_url, {"recover": "claim", **without}),
            (gateway.ws_url, {"recover": None, **without}),
            (gateway.http_url, {"recover": "claim"}),
            (gateway.unix_url, {"recover": "claim"}),
            (gateway.unix_url, {"recover": "recreate"}),
        ]
        async with AsyncExitStack() as stack:
            made = [
                await stack.enter_async_context(echoing(url, timeout=1.5, **options))
                for url, options in wanted
            ]
            ids = [session.id for session, _ in made]
            os.kill(pid, signal.SIGSTOP)
            try:
                for (session, _), (_, options) in zip(made, wanted, strict=True):
                    await becomes(session, "reconnecting" if options["recover"] else "lost", 8)
                    assert "stopped answering" in session.reason
            finally:
                os.kill(pid, signal.SIGCONT)
            for (session, plugin), before in zip(made, ids, strict=True):
                if session.state == "lost":
                    continue
                await becomes(session, "recovered", 10)
                assert session.id == before, session.reason
                async with within(5):
                    assert (await plugin.configure(audio=True))["result"] == "ok"

    # Keepalives every 5 s; it takes that long, and the timeout, to notice.
    with running_gateway(session_timeout=15, reclaim_session_timeout=30) as gateway:
        run(main(pid_of(gateway)))


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_frozen_for_longer_than_the_timeouts(transport: str) -> None:
    """The same over each transport; a new connection is made as soon as the server can take one."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "claim", "timeout": 0.6}
        if transport == "ws":
            options |= {"ping_interval": None, "close_timeout": 0.2}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            before = session.id
            with gateway.frozen():
                await becomes(session, "reconnecting", 6)
                with pytest.raises(JanusTimeoutError, match="still reconnecting"):
                    await plugin.configure(audio=True, timeout=0.2)
            await becomes(session, "recovered", 6)
            assert session.id == before
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving(session_timeout=3, reclaim_session_timeout=10) as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("recover", [pytest.param(None, marks=pytest.mark.nightly), "recreate"])
def test_destroyed_while_it_is_frozen(transport: str, recover: Any) -> None:
    """Whether the loss has been noticed or not: `destroy` waits for no more than one deadline, and a bit."""

    async def main() -> None:
        for noticed in (False, True):
            options: dict[str, Any] = {"recover": recover, "timeout": 0.4}
            if transport == "ws":
                options |= {"ping_interval": None, "close_timeout": 0.2}
            session, plugin = JanusSession(url_of(gateway, transport), **options), JanusEchoTestPlugin()
            await session.create()
            await plugin.attach(session)
            with gateway.frozen():
                if noticed:
                    await becomes(session, "reconnecting" if recover else "lost", 6)
                async with within(5):
                    await session.destroy()
            assert (session.state, plugin.state) == ("closed", "detached")
            async with within(5), session:
                await session.ping()

    with misbehaving(session_timeout=1) as gateway:
        run(main())


# -- the server decides ---------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("recover", [None, "claim", "recreate"])
def test_timed_out_by_the_server(transport: str, recover: Any) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=recover, timeout=3) as (session, plugin):
            gateway.misbehave(Drop("message", kind="event"))
            pending = asyncio.ensure_future(plugin.configure(audio=True))
            await until(lambda: gateway.faults_done)
            old = session.id
            gateway.time_out_sessions()
            async with within(2):
                with pytest.raises(JanusStateError, match=f"session {old} timed out on the server"):
                    await pending
            if recover != "recreate":
                await becomes(session, "lost", 2)
                assert session.reason == f"session {old} timed out on the server"
                assert plugin.state == "detached"
                return
            await becomes(session, "recovered", 5)
            assert session.id != old
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving(reclaim_session_timeout=5) as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("recover", [None, "claim", "recreate"])
def test_forgotten_by_the_server(transport: str, recover: Any) -> None:
    """Nobody tells; the next keepalive finds out."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=recover, timeout=3) as (session, plugin):
            old = session.id
            gateway.forget_sessions()
            if recover != "recreate":
                await becomes(session, "lost", 4)
                assert session.reason == f"the server no longer knows session {old}"
                return
            await becomes(session, "recovered", 5)
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving(session_timeout=1) as gateway:
        run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_handle_is_detached_by_the_server(transport: str) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, plugin):
            other = JanusEchoTestPlugin()
            await other.attach(session)
            gateway.misbehave(Drop("message", kind="event"))
            pending = asyncio.ensure_future(plugin.configure(audio=True))
            await until(lambda: gateway.faults_done)
            gone = plugin.id
            await asyncio.to_thread(
                admin, gateway, "detach_handle", session_id=session.id, handle_id=plugin.id
            )
            async with within(2):
                with pytest.raises(JanusStateError, match=f"handle {gone} was detached"):
                    await pending
            assert (plugin.state, plugin.id, plugin.reason) == (
                *("detached", None),
                "the server detached it",
            )
            assert session.plugins == (other,)
            async with within(3):
                assert (await other.configure(audio=True))["result"] == "ok"
                await plugin.attach(session)
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert session.state == "connected"

    with misbehaving() as gateway:
        run(main())


@needs_janus
@pytest.mark.live
def test_a_handle_is_detached_by_janus() -> None:
    async def main() -> None:
        for url in (gateway.ws_url, gateway.http_url, gateway.unix_url):
            async with echoing(url) as (session, plugin):
                await asyncio.to_thread(
                    admin, gateway, "detach_handle", session_id=session.id, handle_id=plugin.id
                )
                await until(lambda: session.plugins == (), 3)
                async with within(3):
                    await plugin.attach(session)
                    assert (await plugin.configure(audio=True))["result"] == "ok"

    with running_gateway() as gateway:
        run(main())
        assert sessions(gateway) == []
