"""Faults on the way back: the next loss comes before the last one is over, or the way back is given up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusEchoTestPlugin,
    JanusPlugin,
    JanusServerError,
    JanusSession,
    JanusStateError,
)
from janus_notebook.gateway.practice import CloseAt, Delay, Drop, PracticeGateway
from janus_notebook.gateway.practice.plugins import standard_plugins
from tests.admin import handles
from tests.client.scripted import errors_in, run, until
from tests.faults.setting import (
    ALL_AT_NIGHT,
    CONNECTED,
    becomes,
    echoing,
    misbehaving,
    outcome,
    states_of,
    url_of,
    within,
)


@pytest.mark.parametrize("transport", CONNECTED)
def test_it_gives_up_after_its_time(transport: str) -> None:
    """With pauses that grow from 0.1 s: a server that is down is not run over."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate", "recover_timeout": 1.5}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            gateway.refuse_connections()
            gateway.close_connections()
            await becomes(session, "reconnecting", 2)
            async with within(5):
                calls = (outcome(call) for call in (plugin.configure(audio=True), session.ping()))
                asked, pinged = await asyncio.gather(*calls)
            assert session.state == "lost"
            assert isinstance(asked, JanusStateError)
            assert "did not come back within 1.5 s" in str(asked)
            assert isinstance(pinged, JanusConnectionError)
            assert 3 <= len(errors_in(session)) <= 10

    with misbehaving() as gateway:
        run(main())


def test_a_server_that_takes_connections_and_drops_them() -> None:
    """No better than one that refuses: the pauses grow as well."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate", "recover_timeout": 1.5}
        async with echoing(gateway.ws_url, **options) as (session, _):
            gateway.misbehave(CloseAt("info", byte=0, times=None))
            gateway.close_connections()
            await becomes(session, "lost", 5)
            assert 3 <= len(gateway.faults_done) <= 10
            gateway.behave()

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", CONNECTED)
def test_destroyed_on_the_way(transport: str) -> None:
    """At any moment of it: nothing hangs, nothing is left on either side."""

    async def main() -> None:
        for turns in (0, 1, 3, 10, 30, 100):
            session, plugin = (
                JanusSession(url_of(gateway, transport), recover="recreate"),
                JanusEchoTestPlugin(),
            )
            await session.create()
            await plugin.attach(session)
            gateway.restart(0.0)
            await becomes(session, "reconnecting", 2)
            for _ in range(turns):
                await asyncio.sleep(0.002)
            async with within(5):
                await session.destroy()
            assert (session.state, plugin.state) == ("closed", "detached")
            await until(lambda: gateway.sessions == ())

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1])
def test_the_shared_connection_is_closed_on_the_way(pause: float) -> None:
    """By its owner: that is the end of it, and no session brings it back."""

    async def main() -> None:
        connection = JanusConnection(gateway.ws_url)
        made = [JanusSession(connection=connection, recover="recreate") for _ in range(2)]
        for session in made:
            await session.create()
        gateway.refuse_connections()
        gateway.close_connections()
        for session in made:
            await becomes(session, "reconnecting", 2)
        await asyncio.sleep(pause)
        async with within(3):
            await connection.close()
            await until(lambda: {session.state for session in made} <= {"lost", "closed"}, 2)
            for session in made:
                assert "closed on our side" in session.reason
                await session.destroy()
        gateway.accept_connections()
        assert connection.state == "closed"
        assert gateway.sessions == ()

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("kept", [0, 10], ids=["nothing kept", "kept"])
@pytest.mark.parametrize("verb", ["info", "create", "attach"])
@pytest.mark.parametrize("transport", ["ws"])
def test_cut_again_on_the_way(transport: str, verb: str, kept: int) -> None:
    """Between any two steps: in the end there is one session with both handles."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate"}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            second = JanusEchoTestPlugin()
            await second.attach(session)
            gateway.misbehave(CloseAt(verb, byte=0, times=2))
            gateway.restart(0.0)
            await until(lambda: len(gateway.faults_done) == 2)
            async with within(8):
                for handle in (plugin, second):
                    result = await outcome(handle.configure(audio=True))
                    while isinstance(result, Exception):
                        assert session.state in ("reconnecting", "recovered"), session.reason
                        await asyncio.sleep(0.02)
                        result = await outcome(handle.configure(audio=True))
                    assert result["result"] == "ok"
            assert session.state == "recovered"
            assert set(session.plugins) == {plugin, second}
            assert {plugin.id, second.id} <= set(handles(gateway, session.id))

    with misbehaving(reclaim_session_timeout=kept) as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("verb", ["create", "attach"])
@pytest.mark.parametrize("fault", [Delay, pytest.param(Drop, marks=pytest.mark.nightly)])
def test_an_answer_on_the_way_is_late_or_lost(transport: str, verb: str, fault: Any) -> None:
    """It is asked again on a new connection."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate", "timeout": 0.5}
        if transport == "ws":
            options["close_timeout"] = 0.2
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            gateway.misbehave(Delay(verb, 0.8) if fault is Delay else Drop(verb))
            gateway.restart(0.0)
            await until(lambda: gateway.faults_done, 3)
            await becomes(session, "recovered", 8)
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert session.plugins == (plugin,)

    with misbehaving(session_timeout=1) as gateway:
        run(main())


def test_a_handle_that_cannot_come_back() -> None:
    """Its plugin is gone; the other handles come back, and the log says why this one has not."""

    async def main() -> None:
        async with echoing(gateway.ws_url, recover="recreate") as (session, plugin):
            room = JanusPlugin("videoroom")
            await room.attach(session)
            stream = room.events()
            del gateway._running().server.plugins["janus.plugin.videoroom"]
            gateway.restart(0.0)
            await until(lambda: "reconnecting" in states_of(session))
            await becomes(session, "recovered", 5)
            assert (plugin.state, room.state) == ("attached", "detached")
            assert session.plugins == (plugin,)
            assert "No such plugin 'janus.plugin.videoroom'" in errors_in(session)[-1]
            async with within(2):
                assert [event.kind async for event in stream] == []
                with pytest.raises(JanusStateError, match="not attached"):
                    await room.request({"request": "list"})
                with pytest.raises(JanusServerError, match="460"):
                    await room.attach(session)

    with PracticeGateway(media=False, plugins=lambda: standard_plugins(media=False)) as gateway:
        run(main())


def test_create_waits_for_the_way_back() -> None:
    async def main() -> None:
        async with echoing(gateway.ws_url, recover="recreate") as (session, plugin):
            gateway.restart(0.3)
            await becomes(session, "reconnecting", 2)
            async with within(5):
                answer = await session.create()
            assert session.state == "recovered"
            assert answer["data"]["id"] == session.id
            assert gateway.sessions == (session.id,)
            assert plugin.state == "attached"

    with misbehaving() as gateway:
        run(main())
