"""What arrives is no JSON, no message, far too large, too deep, of wrong types, or of no known kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusConnectionError,
    JanusEchoTestPlugin,
    JanusError,
    JanusProtocolError,
    JanusTimeoutError,
)
from janus_notebook.gateway.practice import Garbage, Huge, Nested, Unknown, WrongTypes
from tests.client.scripted import errors_in, run, until
from tests.faults.setting import (
    ALL_AT_NIGHT,
    TRANSPORTS,
    becomes,
    echoing,
    misbehaving,
    outcome,
    states_of,
    url_of,
    within,
)

if TYPE_CHECKING:
    from janus_notebook.gateway.practice import Fault

PACKETS = ("ws", "unix", "unix+dgram")

TEXTS: list[str | bytes] = [
    '{"janus": garb',
    "",
    " ",
    "null",
    "[]",
    "7",
    '"janus"',
    "{}",
    '{"janus": null}',
    '{"janus": ["event"]}',
    b"\x00\x01\x02",
    b"\xff\xfe{",
    '{"janus":"event"}' * 2,
    "[" * 50_000,
    '{"janus":"event","sender":' + "9" * 5000 + "}",
]


@pytest.mark.parametrize("transport", PACKETS)
def test_garbage_between_messages(transport: str) -> None:
    """It is recorded, and the session goes on."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            for text in TEXTS:
                if not text and transport != "ws":
                    continue  # an empty packet is the end of a connection
                gateway.misbehave(Garbage("ping", data=text, keep=True))
                before = len(errors_in(session))
                async with within(5):
                    await session.ping()
                assert len(errors_in(session)) - before <= 1
                assert (
                    "no 'janus' field" in "".join(errors_in(session)) or "not JSON" in errors_in(session)[0]
                )
            assert len(errors_in(session)) >= 10
            assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("kind", ["pong", "ack", "event"])
def test_garbage_in_place_of_a_reply(transport: str, kind: str) -> None:
    """That one request fails; over HTTP at once where its own answer is the garbage."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            gateway.misbehave(Garbage(kind))

            async def ask() -> Any:
                return await (
                    session.ping(timeout=0.4) if kind == "pong" else plugin.configure(audio=True, timeout=0.4)
                )

            async with within(5):
                result = await outcome(ask())
                if kind == "ack" and transport != "http":
                    assert result["result"] == "ok"  # an ack is a receipt, and not needed
                elif kind == "ack":
                    # Whichever comes first: the event by the poll, or the garbage.
                    assert isinstance(result, JanusProtocolError) or result["result"] == "ok"
                elif kind == "pong" and transport == "http":
                    assert isinstance(result, JanusProtocolError)
                    assert "answered HTTP 200 to 'ping', and no Janus message but" in str(result)
                else:
                    assert isinstance(result, JanusTimeoutError)
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


WRONG_FRAMES = {
    "a reserved opcode": b"\x83\x00",
    "masked": b"\x81\x85abcdefghi",
    "a reserved bit": b"\xc1\x02ab",
    "a ping that is too long": b"\x89\x7e\x01\x00" + bytes(256),
    "a part without a beginning": b"\x80\x02ab",
    "longer than max_size": b"\x81\x7f" + (2**40).to_bytes(8),
    # The beginning of a frame that never ends: pings find out.
    "another protocol": b"HTTP/1.1 400\r\n\r\n",
    "an endless frame": b"\x81\x7f" + (2**20).to_bytes(8),
}


@pytest.mark.parametrize("what", WRONG_FRAMES)
@pytest.mark.parametrize("recover", [None, "claim"])
def test_what_is_no_websocket_frame(what: str, recover: Any) -> None:
    """The connection can't be trusted any more: it is lost, and where asked for, made anew."""

    async def main() -> None:
        pings = {"ping_interval": 0.3, "ping_timeout": 0.3, "close_timeout": 0.2}
        async with echoing(gateway.ws_url, recover=recover, **pings) as (session, plugin):
            gateway.misbehave(Garbage("ping", data=WRONG_FRAMES[what], raw=True))
            async with within(5):
                with pytest.raises(JanusConnectionError):
                    await session.ping()
            if recover is None:
                await becomes(session, "lost", 3)
                return
            async with within(5):
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert session.state == "recovered"

    with misbehaving(reclaim_session_timeout=10) as gateway:
        run(main())


# -- huge -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_huge_message_within_the_limit(transport: str) -> None:
    """Megabytes are fine, as far as the transport can carry them."""

    async def main() -> None:
        size = 4 * 2**20 if transport in ("ws", "http") else 100_000
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            gateway.misbehave(Huge("message", kind="event", size=size))
            async with within(10):
                answer = await plugin.configure(audio=True)
            assert len(answer.raw["padding"]) == size
            assert session.state == "connected"

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ["ws", "unix"])
def test_a_message_of_more_than_max_size(transport: str) -> None:
    """The connection is lost, with the option's name in the reason; it comes back if asked to."""

    async def main() -> None:
        options: dict[str, Any] = {"max_size": 50_000, "recover": "claim"}
        async with echoing(url_of(gateway, transport), **options) as (session, plugin):
            gateway.misbehave(Huge("message", kind="event", size=60_000))
            async with within(5):
                with pytest.raises(JanusError, match="max_size=50000"):
                    await plugin.configure(audio=True)
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert session.state == "recovered"

    with misbehaving(reclaim_session_timeout=10) as gateway:
        run(main())


def test_an_http_answer_of_more_than_max_size() -> None:
    """That request fails. An event that is too large is gone, and its request ends at its deadline."""

    async def main() -> None:
        async with echoing(gateway.http_url, max_size=50_000, recover=None) as (session, plugin):
            gateway.misbehave(Huge("ping", size=60_000), Huge("message", kind="event", size=60_000))
            async with within(5):
                with pytest.raises(JanusProtocolError, match="max_size=50000"):
                    await session.ping()
                with pytest.raises(JanusTimeoutError, match="acknowledged"):
                    await plugin.configure(audio=True, timeout=0.4)
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


# -- odd ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize(
    "fault",
    [
        Nested("ping"),
        Nested("ping", depth=2000),
        WrongTypes("ping"),
        WrongTypes("ping", members=("janus",)),
        WrongTypes("ping", members=("transaction",)),
        Unknown("ping"),
        Unknown("ping", name="event"),
        Unknown("ping", name="timeout"),
        Unknown("ping", name="detached"),
    ],
    ids=repr,
)
def test_an_odd_reply(transport: str, fault: Fault) -> None:
    """It may complete its request, or fail it by its deadline; never anything else."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            gateway.misbehave(fault)
            async with within(5):
                result = await outcome(session.ping(timeout=0.3))
                assert isinstance(result, float | JanusTimeoutError | JanusProtocolError), repr(result)
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert len(gateway.faults_done) == 1
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
@pytest.mark.parametrize("members", [(), ("data",), ("session_id",), ("transaction",)], ids=repr)
def test_an_attach_of_wrong_types(transport: str, members: tuple[str, ...]) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport), timeout=0.5, recover=None) as (session, plugin):
            gateway.misbehave(WrongTypes("attach", members=members))
            other = JanusEchoTestPlugin()
            async with within(5):
                result = await outcome(other.attach(session))
                if isinstance(result, dict):
                    assert other.state == "attached"
                else:
                    assert isinstance(result, JanusTimeoutError | JanusProtocolError), repr(result)
                    assert (other.state, other.id) == ("new", None)
                    await other.attach(session)
                assert (await other.configure(audio=True))["result"] == "ok"
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", ALL_AT_NIGHT)
def test_a_plugin_event_of_wrong_types(transport: str) -> None:
    async def main() -> None:
        async with echoing(url_of(gateway, transport), recover=None) as (session, plugin):
            for members in ((), ("plugindata",), ("sender",), ("session_id",), ("janus",), ("transaction",)):
                gateway.misbehave(WrongTypes("message", kind="event", members=members))

                async def ask() -> Any:
                    return await plugin.configure(audio=True, timeout=0.3)

                async with within(5):
                    result = await outcome(ask())
                assert not isinstance(result, Exception) or isinstance(result, JanusTimeoutError), repr(
                    result
                )
                assert (await plugin.configure(audio=True))["result"] == "ok"
            assert states_of(session) == ["connecting", "connected"]

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", PACKETS)
def test_a_kind_that_nobody_has_heard_of(transport: str) -> None:
    """It is an event like others: in the log, and for who asked for all."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, plugin):
            stream = plugin.events()
            gateway.misbehave(Unknown("event", name="novelty", keep=True))
            async with within(5):
                await plugin.configure(audio=True)
            # In either order: one of them may come when the other has completed the request.
            await until(lambda: sum(event.kind in ("novelty", "event") for event in session.events) == 2)
            assert session.state == "connected"
            stream.close()

    with misbehaving() as gateway:
        run(main())
