"""Each fault happens, once and to the message it was meant for, and is recorded."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from janus_notebook.errors import JanusOptionError
from janus_notebook.gateway.practice import (
    CloseAt,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Flood,
    Garbage,
    HalfOpen,
    Huge,
    Misaddress,
    Nested,
    PracticeGateway,
    Reorder,
    Unknown,
    WrongTypes,
)
from tests.client.scripted import until
from tests.gateway.practice.raw import RawClient, unix, websocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PING = {"janus": "ping", "transaction": "p"}
KEEPALIVE = {"janus": "keepalive", "transaction": "k"}
ECHO = {"janus": "message", "transaction": "m", "body": {"audio": True}}


def on_websocket(gateway: PracticeGateway, test: Callable[[RawClient], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), websocket(gateway.ws_url) as client:
            await test(client)

    asyncio.run(main())


async def handle_of(client: RawClient) -> dict[str, Any]:
    session_id = await client.session()
    return {"session_id": session_id, "handle_id": await client.handle(session_id)}


# -- each on a WebSocket ----------------------------------------------------------------------


def test_delay(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Delay("ping", 0.2))
        started = time.monotonic()
        await client.send(PING)
        await client.send(PING | {"transaction": "second"})
        assert (await client.receive())["transaction"] == "second"  # it does not wait for the first
        assert (await client.receive())["transaction"] == "p"
        assert time.monotonic() - started >= 0.2
        (done,) = gateway.faults_done
        assert (done.fault, done.kind, done.verb, done.transaction, done.front) == (
            *(Delay("ping", 0.2), "pong", "ping", "p"),
            "ws",
        )

    on_websocket(gateway, test)


def test_drop(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        handle = await handle_of(client)
        gateway.misbehave(Drop("message", kind="event"))
        assert (await client.ask(ECHO | handle))["janus"] == "ack"
        assert await client.silent()
        assert (await client.ask(ECHO | handle))["janus"] == "ack"
        assert (await client.receive())["janus"] == "event"
        assert [(done.kind, done.session_id) for done in gateway.faults_done] == [
            ("event", handle["session_id"])
        ]

    on_websocket(gateway, test)


def test_drop_for_ever(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Drop("ping", nth=2, times=None))
        assert (await client.ask(PING))["janus"] == "pong"
        for _ in range(3):
            await client.send(PING)
        assert await client.silent()
        await until(lambda: len(gateway.faults_done) == 3)
        gateway.behave()
        assert (await client.ask(PING))["janus"] == "pong"

    on_websocket(gateway, test)


def test_duplicate(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Duplicate("create", copies=2))
        answers = [await client.ask({"janus": "create", "transaction": "c"})]
        answers += [await client.receive(), await client.receive()]
        assert answers[0] == answers[1] == answers[2]
        assert len(gateway.sessions) == 1
        assert await client.silent()

    on_websocket(gateway, test)


def test_reorder(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Reorder("ping", among=3, times=2))
        for number in range(8):
            await client.send(PING | {"transaction": str(number)})
        order = [(await client.receive())["transaction"] for _ in range(8)]
        assert order == ["2", "1", "0", "5", "4", "3", "6", "7"]
        assert [done.transaction for done in gateway.faults_done] == order[:6]

    on_websocket(gateway, test)


def test_reorder_lets_an_event_overtake_its_ack(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        handle = await handle_of(client)
        gateway.misbehave(Reorder("message", among=2))
        assert (await client.ask(ECHO | handle))["janus"] == "event"
        assert (await client.receive())["janus"] == "ack"

    on_websocket(gateway, test)


def test_reorder_does_not_keep_what_has_no_company(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Reorder("ping", among=3))
        assert (await client.ask(PING))["janus"] == "pong"
        assert gateway.faults_done == ()

    on_websocket(gateway, test)


@pytest.mark.parametrize("byte", [0, 1, 2, 7, 1000])
@pytest.mark.parametrize("reset", [False, True])
def test_close_at(gateway: PracticeGateway, byte: int, reset: bool) -> None:
    """Seen from below the WebSocket: exactly these bytes come, then the end."""

    async def main() -> None:
        host, port = gateway.ws_url.removeprefix("ws://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: janus-protocol\r\n\r\n"
        )
        assert b"101 Switching" in await reader.readuntil(b"\r\n\r\n")
        gateway.misbehave(CloseAt("ping", byte=byte, reset=reset))
        text = json.dumps(PING).encode()
        writer.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)  # masked with zeros
        expected = bytes([0x81, 34]) + b'{"janus":"pong","transaction":"p"}'
        async with asyncio.timeout(10):
            if reset:
                with pytest.raises(ConnectionResetError):
                    await reader.readuntil(b"more than ever comes")
            else:
                assert await reader.read() == expected[:byte]
        writer.close()
        assert len(gateway.faults_done) == 1

    asyncio.run(main())


def test_half_open(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        async with websocket(gateway.ws_url) as other:
            gateway.misbehave(HalfOpen("keepalive"))
            session_id = await client.session()
            await client.send(KEEPALIVE | {"session_id": session_id})
            await until(lambda: gateway.faults_done)
            for _ in range(3):
                await client.send(PING)
            assert await client.silent()
            assert (await other.ask(PING))["janus"] == "pong"  # that one connection alone
            assert gateway.sessions == (session_id,)  # for the server the client is there

    on_websocket(gateway, test)


def test_half_open_does_not_answer_pings(gateway: PracticeGateway) -> None:
    from websockets.asyncio.client import connect
    from websockets.typing import Subprotocol

    async def main() -> None:
        gateway.misbehave(HalfOpen("ping"))
        protocol = Subprotocol("janus-protocol")
        options: dict[str, Any] = {"ping_interval": None, "close_timeout": 0.1}
        async with connect(gateway.ws_url, subprotocols=[protocol], **options) as connection:
            await asyncio.wait_for(await connection.ping(), 10)
            await connection.send(json.dumps(PING))
            await until(lambda: gateway.faults_done)
            waiter = await connection.ping()
            done, _ = await asyncio.wait([asyncio.ensure_future(waiter)], timeout=0.2)
            assert not done

    asyncio.run(main())


def test_garbage(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Garbage("ping"), Garbage("info", data=b"[[[", keep=True))
        await client.send(PING)
        assert await client.receive_bytes() == b'{"janus": garb'
        assert await client.silent()
        await client.send({"janus": "info", "transaction": "i"})
        assert await client.receive_bytes() == b"[[["
        assert (await client.receive())["janus"] == "server_info"

    on_websocket(gateway, test)


@pytest.mark.parametrize(
    "fault", [Garbage("ping", data=b"\xff\xfe"), Garbage("ping", data=b"\x83\x00 no frame", raw=True)]
)
def test_garbage_that_is_no_websocket_ends_the_connection(gateway: PracticeGateway, fault: Fault) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(fault)
        await client.send(PING)
        if isinstance(fault, Garbage) and fault.raw:
            assert await client.ends()
        else:
            assert await client.receive_bytes() == b"\xff\xfe"  # our raw client does not decode

    on_websocket(gateway, test)


def test_huge(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Huge("ping", size=3_000_000))
        await client.send(PING)
        data = await client.receive_bytes()
        assert len(data) > 3_000_000
        assert json.loads(data)["janus"] == "pong"

    on_websocket(gateway, test)


def test_nested(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Nested("ping", depth=5), Nested("ping", nth=2))
        assert (await client.ask(PING))["nested"] == [[[[[]]]]]
        await client.send(PING)
        data = await client.receive_bytes()
        assert data.count(b"[") == data.count(b"]") == 100_000

    on_websocket(gateway, test)


def test_wrong_types(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(WrongTypes("create"), WrongTypes("attach", members=("session_id",)))
        assert await client.ask({"janus": "create", "transaction": "c"}) == {
            "janus": 7,
            "transaction": 7,
            "data": [{"id": gateway.sessions[0]}],
        }
        attach = {"janus": "attach", "transaction": "a", "plugin": "janus.plugin.echotest"}
        answer = await client.ask(attach | {"session_id": gateway.sessions[0]})
        assert answer["session_id"] == str(gateway.sessions[0])
        assert answer["transaction"] == "a"

    on_websocket(gateway, test)


def test_unknown(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Unknown("ping", name="surprise", keep=True))
        assert (await client.ask(PING))["janus"] == "surprise"
        assert (await client.receive())["janus"] == "pong"

    on_websocket(gateway, test)


def test_misaddress(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        session_id = await client.session()
        gateway.misbehave(Misaddress("keepalive", session_id=99))
        answer = await client.ask(KEEPALIVE | {"session_id": session_id})
        assert answer == {"janus": "ack", "session_id": 99, "transaction": "k"}

    on_websocket(gateway, test)


def test_flood(gateway: PracticeGateway) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Flood(20_000))
        handle = await handle_of(client)
        for number in range(20_000):
            event = await client.receive()
            assert event["plugindata"]["data"] == {"flood": number}
        assert (event["session_id"], event["sender"]) == (handle["session_id"], handle["handle_id"])
        assert (await client.ask(PING))["janus"] == "pong"

    on_websocket(gateway, test)


def test_a_flood_waits_for_a_client_that_does_not_read(gateway: PracticeGateway) -> None:
    """And ends with its connection; the gateway serves the others meanwhile, and stops at once."""

    async def test(client: RawClient) -> None:
        gateway.misbehave(Flood(10_000_000))
        session_id = await client.session()
        attach = {"janus": "attach", "transaction": "a", "plugin": "janus.plugin.echotest"}
        await client.send(attach | {"session_id": session_id})
        await until(lambda: gateway.faults_done)
        async with websocket(gateway.ws_url) as other:
            assert (await other.ask(PING))["janus"] == "pong"

    on_websocket(gateway, test)


# -- which messages -----------------------------------------------------------------------------


def test_rules_count_for_themselves_and_the_first_that_is_due_takes_a_message(
    gateway: PracticeGateway,
) -> None:
    async def test(client: RawClient) -> None:
        gateway.misbehave(Drop("ping", nth=2), Unknown("pong", nth=2, times=2), Misaddress(nth=4))
        got = []
        for number in range(4):
            await client.send(PING | {"transaction": str(number)})
        for _ in range(3):
            answer = await client.receive()
            got.append((answer["transaction"], answer["janus"], answer.get("session_id")))
        assert got == [("0", "pong", None), ("2", "unheard-of", None), ("3", "pong", 1)]

    on_websocket(gateway, test)


def test_a_fault_of_one_s_own(gateway: PracticeGateway) -> None:
    from dataclasses import dataclass
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from janus_notebook.gateway.practice.misbehaviour import Delivery

    @dataclass(frozen=True)
    class Shout(Fault):
        message: str | None = None

        def inflict(self, delivery: Delivery) -> None:
            delivery.send(delivery.data.upper())

    async def test(client: RawClient) -> None:
        gateway.misbehave(Shout("ping"))
        assert await client.ask(PING) == {"JANUS": "PONG", "TRANSACTION": "P"}

    on_websocket(gateway, test)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Delay("atach"), "unknown message 'atach'. Did you mean 'attach'?"),
        (lambda: Drop(kind="attach"), "unknown message 'attach'"),
        (lambda: Drop(verb="event"), "unknown message 'event'"),
        (lambda: Drop(nth=0), "nth=0: expected 1 or more"),
        (lambda: Drop(times=0), "times=0: expected 1 or more"),
        (lambda: Delay(seconds=-1), "seconds=-1: expected 0 or more"),
        (lambda: Duplicate(copies=0), "copies=0: expected 1 or more"),
        (lambda: Reorder(among=1), "among=1: expected 2 or more"),
        (lambda: CloseAt(byte=-1), "byte=-1: expected 0 or more"),
        (lambda: Huge(size=0), "size=0: expected 1 or more"),
        (lambda: Nested(depth=0), "depth=0: expected 1 or more"),
        (lambda: Flood(0), "count=0: expected 1 or more"),
        (lambda: Drop(on="wss"), "unknown transport 'wss'. Did you mean 'ws'?"),  # type: ignore[arg-type]
        (lambda: CloseAt(on="unix"), "CloseAt cannot happen on unix; only on ws, http"),
        (lambda: HalfOpen(on="unix+dgram"), "HalfOpen cannot happen on unix.dgram; only on ws, http, unix"),
        (lambda: Garbage(raw=True, on="http"), "cannot happen on http; only on ws"),
        (lambda: Delay("attach", "x"), "seconds='x': expected 0 or more seconds"),  # type: ignore[arg-type]
        (lambda: Delay(seconds=float("nan")), "seconds=nan: expected 0 or more seconds"),
        (lambda: Delay(0.5), "message=0.5: expected one of ack, "),  # type: ignore[arg-type]
        (lambda: Drop(on=["ws"]), "transport=.*: expected one of http, "),  # type: ignore[arg-type]
        (lambda: Reorder(among="x"), "among='x': expected 2 or more"),  # type: ignore[arg-type]
        (lambda: CloseAt(byte=1.5), "byte=1.5: expected 0 or more"),  # type: ignore[arg-type]
        (lambda: CloseAt(reset="no"), "reset='no': expected True or False"),  # type: ignore[arg-type]
        (lambda: Garbage(data=3), "data=3: expected text .* or bytes"),  # type: ignore[arg-type]
        (lambda: Garbage(keep="no"), "keep='no': expected True or False"),  # type: ignore[arg-type]
        (lambda: WrongTypes(members="janus"), "members='janus': expected a tuple"),  # type: ignore[arg-type]
        (lambda: Unknown(name=None), "name=None: expected a text"),  # type: ignore[arg-type]
        (lambda: Misaddress(session_id="1"), "session_id='1': expected 0 to "),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], Fault], words: str) -> None:
    with pytest.raises(JanusOptionError, match=words):
        make()


# -- HTTP and Unix sockets ------------------------------------------------------------------------


async def over_http(gateway: PracticeGateway, client: httpx.AsyncClient) -> tuple[str, dict[str, Any]]:
    """Create a session and attach; return the session's URL, and both ids."""
    post = client.post
    created = await post(gateway.http_url, json={"janus": "create", "transaction": "c"})
    session_id = created.json()["data"]["id"]
    url = f"{gateway.http_url}/{session_id}"
    attach = {"janus": "attach", "transaction": "a", "plugin": "janus.plugin.echotest"}
    handle_id = (await post(url, json=attach)).json()["data"]["id"]
    return url, {"session_id": session_id, "handle_id": handle_id}


def test_answers_over_http(gateway: PracticeGateway) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            gateway.misbehave(
                Duplicate("ping", on="http"),  # cannot happen to an answer
                Garbage("ping", data=b"\xff", on="http"),
                Huge("ping", nth=2, size=100_000, on="http"),
                Delay("ping", 0.1, nth=3, on="http"),
                CloseAt("ping", nth=4, byte=20, on="http"),
            )
            assert (await client.post(gateway.http_url, json=PING)).content == b"\xff"
            assert len((await client.post(gateway.http_url, json=PING)).json()["padding"]) == 100_000
            started = time.monotonic()
            assert (await client.post(gateway.http_url, json=PING)).json()["janus"] == "pong"
            assert time.monotonic() - started >= 0.1
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(gateway.http_url, json=PING)
            assert (await client.post(gateway.http_url, json=PING)).json()["janus"] == "pong"
            gateway.misbehave(Reorder("ping", among=2))
            ended = []

            async def ping(number: int) -> None:
                answer = await client.post(gateway.http_url, json=PING | {"transaction": str(number)})
                ended.append(answer.json()["transaction"])

            first = asyncio.ensure_future(ping(1))
            await asyncio.sleep(0.1)  # until it is held back; less company comes after a second anyway
            await asyncio.gather(first, ping(2))
            assert sorted(ended) == ["1", "2"]
            assert [done.transaction for done in gateway.faults_done[-2:]] == ["2", "1"]
            gateway.misbehave(HalfOpen("ping"))
            with pytest.raises(httpx.ReadTimeout):
                await client.post(gateway.http_url, json=PING, timeout=0.2)
            assert (await client.post(gateway.http_url, json=PING)).json()["janus"] == "pong"
            assert {done.front for done in gateway.faults_done} == {"http"}

    asyncio.run(main())


def test_events_over_http(gateway: PracticeGateway) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            url, handle = await over_http(gateway, client)

            async def echo() -> None:
                assert (await client.post(url, json=ECHO | handle)).json()["janus"] == "ack"

            gateway.misbehave(Duplicate("event"))
            await echo()
            assert len((await client.get(url, params={"maxev": 5})).json()) == 2
            gateway.misbehave(Garbage("event", data="{"))
            await echo()
            assert (await client.get(url, params={"maxev": 5})).content == b"[{]"
            gateway.misbehave(CloseAt("event", byte=60))
            await echo()
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(url, params={"maxev": 5})
            gateway.misbehave(Flood(500, kind="event"))
            await echo()
            events: list[Any] = []
            while len(events) < 501:
                events += (await client.get(url, params={"maxev": 100})).json()
            assert [event["plugindata"]["data"] for event in events[1:]] == [{"flood": n} for n in range(500)]
            gateway.misbehave(HalfOpen("event"))
            await echo()
            with pytest.raises(httpx.ReadTimeout):
                await client.get(url, timeout=0.2)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["unix", "unix+dgram"])
def test_over_unix_sockets(gateway: PracticeGateway, kind: str) -> None:
    async def main() -> None:
        url = gateway.unix_url if kind == "unix" else gateway.unix_dgram_url
        async with unix(url) as client:
            gateway.misbehave(
                CloseAt("ping"),  # cannot happen here
                Duplicate("ping"),
                Nested("ping", nth=2, depth=3),
                Garbage("ping", nth=3),
                Drop("ping", nth=4),
            )
            assert await client.ask(PING) == await client.receive()
            assert (await client.ask(PING))["nested"] == [[[]]]
            await client.send(PING)
            assert await client.receive_bytes() == b'{"janus": garb'
            await client.send(PING)
            assert await client.silent()
            gateway.misbehave(Flood(3_000))
            await client.handle(await client.session())
            for number in range(3_000):
                assert (await client.receive())["plugindata"]["data"] == {"flood": number}
            gateway.misbehave(HalfOpen("ping"))
            if kind == "unix":
                await client.send(PING)
                await client.send(PING)
                assert await client.silent()
            else:
                assert (await client.ask(PING))["janus"] == "pong"

    asyncio.run(main())
