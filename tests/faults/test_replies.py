"""Replies that never come, come twice, too late, for another session, in another order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusEchoTestPlugin,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.client.transports.http import UPKEEP_AT_ONCE
from janus_notebook.gateway.practice import Delay, Drop, Duplicate, Misaddress, Reorder
from tests.admin import handles
from tests.client.scripted import errors_in, run, until
from tests.faults.setting import ALL_AT_NIGHT, TRANSPORTS, becomes, echoing, misbehaving, url_of, within

# -- never ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_a_reply_that_never_comes(transport: str) -> None:
    """Its caller gets an error at the deadline, and everything else goes on."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), timeout=2, recover=None) as (session, plugin):
            gateway.misbehave(
                *(Drop("ping"), Drop("message", kind="event"), Drop("message", kind="ack", nth=2)),
                *(Drop("attach"), Drop("detach"), Drop("hangup"), Drop("trickle")),
            )
            other = JanusEchoTestPlugin()
            async with within(8):
                with pytest.raises(JanusTimeoutError, match=r"no reply to 'ping' within 0\.2 s"):
                    await session.ping(timeout=0.2)
                with pytest.raises(JanusTimeoutError, match="acknowledged 'message'"):
                    await plugin.configure(audio=True, timeout=0.2)
                # Without its ack, but with its event.
                assert (await plugin.configure(audio=True, timeout=2))["result"] == "ok"
                with pytest.raises(JanusTimeoutError, match="no reply to 'attach'"):
                    await session.send({"janus": "attach", "plugin": other.name}, timeout=0.2)
                candidate = {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMLineIndex": 0}
                with pytest.raises(JanusTimeoutError, match="no reply to 'trickle'"):
                    await session.send(
                        {"janus": "trickle", "handle_id": plugin.id, "candidate": candidate}, timeout=0.2
                    )
                with pytest.raises(JanusTimeoutError, match="no reply to 'hangup'"):
                    await session.send({"janus": "hangup", "handle_id": plugin.id}, timeout=0.2)
                with pytest.raises(JanusTimeoutError, match="no reply to 'detach'"):
                    await session.send({"janus": "detach", "handle_id": plugin.id}, timeout=0.2)
            # What the server has done all the same is known from its event.
            await until(lambda: plugin.state == "detached", 3)
            assert session.state == "connected"
            assert session.counters["in_flight"] == 0
            async with within(3):
                await other.attach(session)
                assert (await other.configure(audio=True))["result"] == "ok"

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("verb", ["info", "create", "destroy"])
def test_a_session_s_own_reply_that_never_comes(transport: str, verb: str) -> None:
    async def main() -> None:
        session = JanusSession(url_of(gateway, transport), timeout=0.3, recover=None)
        gateway.misbehave(Drop(verb))
        async with within(4):
            if verb == "destroy":
                await session.create()
                assert await session.destroy() == {}
                assert "no reply to 'destroy'" in errors_in(session)[0]
            elif verb == "info" and transport == "http":
                # The transport itself asks for it, to see that there is a Janus.
                with pytest.raises(JanusConnectionError, match=r"did not answer within 0\.3 s"):
                    await session.create()
            else:
                with pytest.raises(JanusTimeoutError, match=rf"no reply to '{verb}' within 0\.3 s"):
                    await session.create()
        assert session.state == "closed"
        async with within(4), session:
            await session.ping()

    with misbehaving() as gateway:
        run(main())


# -- twice ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_reply_comes_three_times(transport: str) -> None:
    """The first counts; the others are in the log, and change nothing. (Over HTTP: events alone.)"""

    async def main() -> None:
        gateway.misbehave(Duplicate(copies=2, times=None))
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            for _ in range(5):
                async with within(3):
                    assert (await plugin.configure(audio=True))["result"] == "ok"
                    await session.ping()
            assert handles_of(session.id) == [plugin.id]
            await plugin.detach()
            await plugin.attach(session)
            assert handles_of(session.id) == [plugin.id]
            assert gateway.sessions == (session.id,)
            assert (session.state, session.counters["in_flight"]) == ("connected", 0)
            kinds = [event.kind for event in session.events if event.direction == "event"]
            # A second event with an answered transaction is an event of its own; a second ack is not.
            assert kinds.count("event") == 10
            assert set(kinds) <= {"event", "detached"}

    with misbehaving() as gateway:

        def handles_of(session_id: int | None) -> list[int]:
            return handles(gateway, session_id)

        run(main())


# -- too late -------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_a_late_attach_is_undone(transport: str) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport), timeout=0.4) as (session, plugin):
            gateway.misbehave(Delay("attach", 0.8))
            other = JanusEchoTestPlugin()
            async with within(3):
                with pytest.raises(JanusTimeoutError, match="no reply to 'attach'"):
                    await other.attach(session)
            assert other.state == "new"
            assert len(handles(gateway, session.id)) == 2
            await until(lambda: handles(gateway, session.id) == [plugin.id], 4)
            async with within(3):
                await other.attach(session)
                assert (await other.configure(audio=True))["result"] == "ok"
            assert session.plugins == (plugin, other)

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_a_late_create_is_undone(transport: str) -> None:
    """On a shared connection. One of the session's own is closed at once, and the server's timeout is
    what ends the session where it does not see that."""

    async def main() -> None:
        connection = JanusConnection(url_of(gateway, transport))
        session = JanusSession(connection=connection, timeout=0.4)
        gateway.misbehave(Delay("create", 0.8))
        async with within(3):
            with pytest.raises(JanusTimeoutError, match="no reply to 'create'"):
                await session.create()
        assert session.state == "closed"
        assert len(gateway.sessions) == 1
        await until(lambda: gateway.sessions == (), 4)
        async with within(3):
            async with session:
                await session.ping()
            await connection.close()

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_a_late_answer_of_a_plugin(transport: str) -> None:
    """It is an entry of the log, and not the answer of the next request."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, plugin):
            gateway.misbehave(Delay("message", 0.6, kind="event"))
            async with within(3):
                with pytest.raises(JanusTimeoutError, match="acknowledged 'message'"):
                    await plugin.configure(audio=True, timeout=0.3)
                late = session.events[-1].raw.get("transaction")
                answer = await plugin.configure(audio=True)
            assert answer.raw["transaction"] != late
            await until(
                lambda: sum(e.kind == "event" and e.direction == "reply" for e in session.events) == 2
            )
            assert session.state == "connected"

    with misbehaving() as gateway:
        run(main())


# -- for another session --------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_reply_that_names_another_session(transport: str) -> None:
    """A reply belongs to the request whose transaction it has, whatever else it says."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            bystander = JanusSession(connection=session.connection)
            await bystander.create()
            gateway.misbehave(Misaddress("message", session_id=bystander.id or 0, times=2))
            gateway.misbehave(Misaddress("keepalive", session_id=1), Misaddress("attach", session_id=1))
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"
                assert (await session.send({"janus": "keepalive"}))["janus"] == "ack"
                other = JanusEchoTestPlugin()
                await other.attach(session)
                assert (await other.configure(audio=True))["result"] == "ok"
            assert bystander.counters["events"] == 0
            assert (session.state, bystander.state) == ("connected", "connected")
            async with within(3):
                await bystander.destroy()

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_event_that_names_another_session(transport: str) -> None:
    """It is recorded, and ends nothing of ours."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            other = JanusEchoTestPlugin()
            await other.attach(session)
            gateway.misbehave(Misaddress("detached", session_id=1))
            async with within(3):
                await session.send({"janus": "detach", "handle_id": other.id})
            await until(lambda: gateway.faults_done)
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"
            await until(lambda: "detached" in [event.kind for event in session.events])
            # The next request on it finds out.
            assert (other.state, session.state) == ("attached", "connected")
            async with within(3):
                assert await other.detach() == {}
            assert (other.state, session.plugins) == ("detached", (plugin,))

    with misbehaving() as gateway:
        run(main())


# -- in another order -----------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_events_ahead_of_their_acks(transport: str) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, plugin):
            gateway.misbehave(Reorder("message", among=2, times=None))
            async with within(10):
                for _ in range(50):
                    assert (await plugin.configure(audio=True))["result"] == "ok"
                results = await asyncio.gather(*(plugin.configure(audio=True) for _ in range(50)))
            assert {result["result"] for result in results} == {"ok"}
            assert session.counters["in_flight"] == 0
            assert errors_in(session) == []

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_pipelined_replies_reordered(transport: str) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, _):
            # Over HTTP no more keepalives are under way at once.
            gateway.misbehave(Reorder("keepalive", among=UPKEEP_AT_ONCE, times=None))

            async def ask(number: int) -> Any:
                return await session.send({"janus": "keepalive", "transaction": f"mine {number}"})

            async with within(10):
                replies = await asyncio.gather(*(ask(number) for number in range(64)))
            assert [reply["transaction"] for reply in replies] == [f"mine {number}" for number in range(64)]
            assert any(done.fault.message == "keepalive" for done in gateway.faults_done)

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_detach_that_overtakes_a_request(transport: str) -> None:
    """`detach` waits for what is in flight; one sent past it fails the request, which would hang."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, plugin):
            gateway.misbehave(Delay("message", 0.3, kind="event"))
            call = asyncio.ensure_future(plugin.configure(audio=True))
            await until(lambda: gateway.faults_done)
            async with within(4):
                await plugin.detach()
                assert (await call)["result"] == "ok"
                await plugin.attach(session)
            gateway.misbehave(Drop("message", kind="event"))
            call = asyncio.ensure_future(plugin.configure(audio=True))
            await until(lambda: len(gateway.faults_done) == 2)
            gone = plugin.id
            async with within(3):
                await session.send({"janus": "detach", "handle_id": gone})
                with pytest.raises(JanusStateError, match=f"handle {gone} was detached"):
                    await call
            assert plugin.state == "detached"

    with misbehaving() as gateway:
        run(main())


def test_a_detach_does_not_wait_for_ever() -> None:
    """A request that gets no answer holds up `detach` for the session's timeout, 3 s at most."""

    async def main() -> None:
        async with echoing(gateway.ws_url, timeout=0.5) as (session, plugin):
            gateway.misbehave(Drop("message", kind="event"))
            call = asyncio.ensure_future(plugin.configure(audio=True, timeout=20))
            await until(lambda: gateway.faults_done)
            async with within(3):
                await plugin.detach()
                with pytest.raises(JanusStateError, match="was detached"):
                    await call
            await becomes(session, "connected", 0)

    with misbehaving() as gateway:
        run(main())
