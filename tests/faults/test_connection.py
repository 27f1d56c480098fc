"""The connection is refused, cut, reset, half-open, or closed in the middle of a message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from janus_notebook import (
    JanusConnectionError,
    JanusProtocolError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.gateway.practice import CloseAt, Drop, HalfOpen
from tests.client.scripted import errors_in, run, until
from tests.faults.setting import (
    ALL_AT_NIGHT,
    CONNECTED,
    TRANSPORTS,
    becomes,
    echoing,
    misbehaving,
    outcome,
    states_of,
    url_of,
    within,
)

WAYS_TO_CLOSE = [("ws", "cut"), ("ws", "reset"), ("ws", "goodbye"), ("unix", "cut")]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refused(transport: str) -> None:
    async def main() -> None:
        session = JanusSession(url_of(gateway, transport))
        gateway.refuse_connections()
        async with within(3):
            with pytest.raises(JanusConnectionError, match=r"was refused|there is no socket"):
                await session.create()
        assert (session.state, session.id) == ("closed", None)
        gateway.accept_connections()
        async with within(3), session:
            assert (await session.ping()) > 0

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize(("transport", "how"), WAYS_TO_CLOSE)
@pytest.mark.parametrize("recover", [None, "claim", "recreate"])
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_closed_by_the_server(transport: str, how: Any, recover: Any, busy: bool) -> None:
    """What is pending fails at once; the session is lost, claimed or made anew."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=recover) as (session, plugin):
            before = session.id, plugin.id
            gateway.misbehave(Drop("message", kind="event"))
            pending = [asyncio.ensure_future(plugin.configure(audio=True))] if busy else []
            if busy:
                await until(lambda: gateway.faults_done)
            gateway.close_connections(how)
            for call in pending:
                async with within(2):
                    with pytest.raises((JanusConnectionError, JanusStateError), match=r"lost|closed"):
                        await call
            if recover is None:
                await becomes(session, "lost", 2)
                assert (session.id, plugin.state) == (None, "detached")
                return
            await becomes(session, "recovered", 5)
            assert (session.id, plugin.id) == before, "the server has kept it, so it was claimed"
            assert "claimed" in session.reason
            gateway.behave()
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving(reclaim_session_timeout=10) as gateway:
        run(main())


@pytest.mark.parametrize("transport", CONNECTED)
def test_nothing_to_claim(transport: str) -> None:
    """The server keeps no session without its connection, and the user is told so at once."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover="claim") as (session, plugin):
            gateway.close_connections()
            await becomes(session, "lost", 2)
            assert "reconnecting" not in states_of(session)
            assert "reclaim_session_timeout is 0" in session.reason
            assert "recover='recreate'" in session.reason
            assert plugin.state == "detached"
        assert session.state == "closed"

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_http_connections_come_and_go(how: Any) -> None:
    """Over HTTP the end of a TCP connection ends no session: the next poll and request make new ones."""

    async def main() -> None:
        async with echoing(gateway.http_url, recover=None) as (session, plugin):
            for _ in range(3):
                gateway.close_connections(how)
                async with within(5):
                    assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


# -- half-open ----------------------------------------------------------------------------------


@pytest.mark.parametrize("recover", [None, "claim"])
def test_half_open_with_websocket_pings(recover: Any) -> None:
    """Lost when a pong is missing for `ping_timeout`."""

    async def main() -> None:
        options = {"ping_interval": 0.2, "ping_timeout": 0.3, "close_timeout": 0.2}
        async with echoing(gateway.ws_url, recover=recover, **options) as (session, plugin):
            gateway.misbehave(HalfOpen("message"))
            call = asyncio.ensure_future(plugin.configure(audio=True))
            async with within(4):
                with pytest.raises((JanusConnectionError, JanusStateError), match="stopped answering pings"):
                    await call
            await becomes(session, "lost" if recover is None else "recovered", 5)
            if recover is None:
                assert "stopped answering pings" in session.reason
            else:
                async with within(3):
                    assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving(reclaim_session_timeout=10) as gateway:
        run(main())


@pytest.mark.parametrize(("transport", "recover"), [("ws", "claim"), ("unix", None)])
def test_half_open_without_pings(transport: str, recover: Any) -> None:
    """Lost when nothing came for `timeout` seconds since a keepalive went unanswered."""

    async def main() -> None:
        options: dict[str, Any] = {"timeout": 0.8, "recover": recover}
        if transport == "ws":
            options |= {"ping_interval": None, "close_timeout": 0.2}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            gateway.misbehave(HalfOpen("keepalive"))
            if recover is None:
                await becomes(session, "lost", 6)
                assert "stopped answering: nothing came for 0.8 s" in session.reason
            else:
                await becomes(session, "recovered", 8)
                async with within(3):
                    assert (await plugin.configure(audio=True))["result"] == "ok"
            assert "no reply to 'keepalive'" in errors_in(session)[0]

    with misbehaving(session_timeout=3, reclaim_session_timeout=10) as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_half_open_but_for_other_messages(transport: str) -> None:
    """Keepalives alone stay unanswered, the rest is: that is no silence, and the session stays."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), timeout=0.5, recover=None) as (session, _):
            gateway.misbehave(Drop("keepalive", times=None))

            def missing() -> int:
                return sum("no reply to 'keepalive'" in text for text in errors_in(session))

            async with within(10):
                while missing() < 4:
                    await session.ping()
                    await asyncio.sleep(0.05)
            assert session.state == "connected"

    with misbehaving(session_timeout=1) as gateway:
        run(main())


@pytest.mark.parametrize("answered", [True, False])
def test_half_open_http_request(answered: bool) -> None:
    """One TCP connection of several: its request has its deadline, and the session goes on.

    Its final answer comes by the poll; where that comes, the request is complete without its ack.
    """

    async def main() -> None:
        async with echoing(gateway.http_url, recover=None) as (session, plugin):
            gateway.misbehave(HalfOpen("message", kind="ack"))
            async with within(3):
                if answered:
                    assert (await plugin.configure(audio=True, timeout=2.5))["result"] == "ok"
                else:
                    gateway.misbehave(Drop("message", kind="event"))
                    with pytest.raises(JanusTimeoutError, match=r"no reply to 'message' within 0.4 s"):
                        await plugin.configure(audio=True, timeout=0.4)
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert session.state == "connected"

    with misbehaving() as gateway:
        run(main())


def test_half_open_http_poll() -> None:
    """A poll without an answer for `poll_timeout` is a loss: events can't be had any more."""

    async def main() -> None:
        async with echoing(gateway.http_url, recover="claim", poll_timeout=0.6) as (session, plugin):
            gateway.misbehave(HalfOpen("event"))
            call = asyncio.ensure_future(plugin.configure(audio=True))
            async with within(4):
                with pytest.raises((JanusConnectionError, JanusStateError), match=r"within 0\.6 s"):
                    await call
            await becomes(session, "recovered", 4)
            async with within(3):
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving() as gateway:
        run(main())


# -- in the middle of a message -------------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True], ids=["end of stream", "reset"])
def test_closed_at_every_byte_of_a_websocket_reply(reset: bool) -> None:
    """As long as a byte is missing there is no reply, and the loss is told in a sentence."""

    async def main() -> int:
        for byte in range(200):
            session = JanusSession(gateway.ws_url, recover=None)
            async with within(5):
                await session.create()
                gateway.misbehave(CloseAt("ping", byte=byte, reset=reset))
                result = await outcome(session.ping())
                if isinstance(result, float):
                    await becomes(session, "lost", 2)
                    await session.destroy()
                    return byte
                assert isinstance(result, JanusConnectionError)
                assert str(result).startswith(f"the connection to {gateway.ws_url} was lost.")
                assert (session.state, session.id) == ("lost", None)
                await session.destroy()
            assert session.state == "closed"
        return -1

    with misbehaving() as gateway:
        assert run(main()) == 2 + len('{"janus":"pong","transaction":"12345678-3"}')  # a frame's head is 2


@pytest.mark.parametrize("reset", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_closed_at_bytes_of_an_http_answer(reset: bool) -> None:
    """It is this request alone that fails: whether it was carried out, nobody knows; the session stays."""

    async def main() -> int:
        async with within(40), JanusSession(gateway.http_url, recover=None) as session:
            for byte in range(400):
                gateway.misbehave(CloseAt("ping", byte=byte, reset=reset))
                result = await outcome(session.ping())
                if isinstance(result, float):
                    return byte
                assert isinstance(result, JanusProtocolError)
                assert "closed the connection without an answer" in str(result)
                assert session.state == "connected"
        return -1

    with misbehaving() as gateway:
        assert run(main()) > 100


def test_closed_in_a_poll_s_answer() -> None:
    """Its events are gone, as Janus has given them away; the next poll gets the next ones."""

    async def main() -> None:
        async with echoing(gateway.http_url, recover=None) as (session, plugin):
            for byte in (0, 1, 30, 150):
                gateway.misbehave(CloseAt("event", byte=byte))
                async with within(5):
                    with pytest.raises(JanusTimeoutError, match="acknowledged 'message'"):
                        await plugin.configure(audio=True, timeout=0.3)
                    assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("byte", [0, 1, 2, 20, 43])
def test_closed_in_a_reply_and_claimed(byte: int) -> None:
    """What is left of the frame does not get into the next connection."""

    async def main() -> None:
        async with echoing(gateway.ws_url, recover="claim") as (session, plugin):
            gateway.misbehave(CloseAt("ping", byte=byte))
            async with within(5):
                with pytest.raises(JanusConnectionError):
                    await session.ping()
                assert (await plugin.configure(audio=True))["result"] == "ok"  # it waits for the recovery
            assert session.state == "recovered"
            assert all("not JSON" not in text for text in errors_in(session))

    with misbehaving(reclaim_session_timeout=10) as gateway:
        run(main())
