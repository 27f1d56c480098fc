"""What takes several requests, connections or some time: both gateways do the same."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from janus_notebook.gateway.practice import PracticeGateway
from tests.admin import admin, sessions
from tests.client.scripted import until
from tests.gateway.practice.conversation import AUDIO, SESSION
from tests.gateway.practice.raw import Message, RawClient, unix, websocket
from tests.gateways import needs_janus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AbstractContextManager

    from janus_notebook.gateway import LocalGateway

    Gateway = LocalGateway | PracticeGateway
    Start = Callable[..., AbstractContextManager[Gateway]]

pytestmark = pytest.mark.live

KINDS = [pytest.param("janus", marks=needs_janus), "practice"]
ECHO = {"janus": "message", "transaction": "m", "body": {"audio": True}}
SECRET = "the signing secret"


def started(kind: str, **options: Any) -> AbstractContextManager[Gateway]:
    return running_gateway(**options) if kind == "janus" else PracticeGateway(**options)


@pytest.fixture(params=KINDS)
def start(request: pytest.FixtureRequest) -> Start:
    """Start a gateway of each kind with these options."""
    return lambda **options: started(request.param, **options)


@pytest.fixture(scope="module", params=KINDS)
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    with started(request.param) as gateway:
        yield gateway


def run(main: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(limited())


def of(session_id: int, verb: str, **fields: Any) -> Message:
    return {"janus": verb, "transaction": verb, "session_id": session_id, **fields}


async def answers_until(client: RawClient, kind: str) -> list[Message]:
    """Receive up to a message of this kind."""
    found = [await client.receive()]
    while found[-1]["janus"] != kind:
        found.append(await client.receive())
    return found


def code(answer: Message) -> int:
    assert answer["janus"] == "error", answer
    number: int = answer["error"]["code"]
    return number


# -- sessions and connections -------------------------------------------------------------------


def test_events_go_to_the_owner_and_replies_to_who_asks(gateway: Gateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as owner, websocket(gateway.ws_url) as stranger:
            session_id = await owner.session()
            handle_id = await stranger.handle(session_id)  # nobody asks whose it is
            assert (await stranger.ask(ECHO | of(session_id, "message", handle_id=handle_id)))[
                "janus"
            ] == "ack"
            event = await owner.receive()
            assert (event["janus"], event["sender"], event["transaction"]) == ("event", handle_id, "message")
            assert await stranger.silent()

    run(main())


def test_claim_moves_the_events(gateway: Gateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as first, websocket(gateway.ws_url) as second:
            session_id = await first.session()
            handle_id = await first.handle(session_id)
            for _ in range(2):  # may be repeated
                claimed = await second.ask(of(session_id, "claim"))
                assert claimed == {"janus": "success", "session_id": session_id, "transaction": "claim"}
            await first.send(ECHO | of(session_id, "message", handle_id=handle_id))
            assert (await first.receive())["janus"] == "ack"
            assert (await second.receive())["janus"] == "event"
            assert await first.silent()

    run(main())


def test_a_detach_tells_the_owner(gateway: Gateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            # EchoTest would also send an event of its own.
            handle_id = await client.handle(session_id, "janus.plugin.videoroom")
            await client.send(of(session_id, "detach", handle_id=handle_id))
            both = [await client.receive(), await client.receive()]
            assert sorted(message["janus"] for message in both) == ["detached", "success"]
            detached = next(message for message in both if message["janus"] == "detached")
            assert detached == {"janus": "detached", "session_id": session_id, "sender": handle_id}
            assert code(await client.ask(of(session_id, "detach", handle_id=handle_id))) == 459

    run(main())


def test_a_destroy_ends_all_without_a_word(gateway: Gateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            await client.handle(session_id)
            assert (await client.ask(of(session_id, "destroy")))["janus"] == "success"
            assert await client.silent()
            assert code(await client.ask(of(session_id, "keepalive"))) == 458

    run(main())


@pytest.mark.parametrize("transport", ["ws", "unix"])
def test_a_lost_connection_ends_its_sessions(gateway: Gateway, transport: str) -> None:
    async def main() -> None:
        connect = websocket if transport == "ws" else unix
        url = gateway.ws_url if transport == "ws" else gateway.unix_url
        async with connect(url) as client, websocket(gateway.ws_url) as other:
            session_id = await client.session()
            kept = await other.session()
        await until(lambda: session_id not in sessions(gateway) and kept not in sessions(gateway))
        async with websocket(gateway.ws_url) as client:
            assert code(await client.ask(of(session_id, "claim"))) == 458

    run(main())


def test_a_session_waits_for_a_claim(start: Start) -> None:
    async def main(gateway: Gateway) -> None:
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            handle_id = await client.handle(session_id)
        async with websocket(gateway.ws_url) as client:
            assert (await client.ask(of(session_id, "claim")))["janus"] == "success"
            await client.send(ECHO | of(session_id, "message", handle_id=handle_id))
            assert [m["janus"] for m in await answers_until(client, "event")] in (["ack", "event"], ["event"])
        # Nobody claims it now: it ends once it was idle for so long.
        began = time.monotonic()
        await until(lambda: session_id not in sessions(gateway), seconds=12)
        assert time.monotonic() - began > 0.5

    with start(reclaim_session_timeout=2) as gateway:
        run(main(gateway))


@pytest.mark.parametrize("transport", ["ws", "unix", "http"])
def test_a_timeout(start: Start, transport: str) -> None:
    """The owner hears of the session alone; its Unix connection is closed then.

    Mostly: Janus was seen to send a ``detached`` behind the ``timeout``, and to leave the connection open.
    """

    async def over_a_connection(gateway: Gateway) -> None:
        connect = websocket if transport == "ws" else unix
        async with connect(gateway.ws_url if transport == "ws" else gateway.unix_url) as client:
            session_id = await client.session()
            await client.handle(session_id)
            told = await client.receive()
            while told["janus"] == "event":  # Janus's EchoTest may say first that it is done
                told = await client.receive()
            assert told == {"janus": "timeout", "session_id": session_id}
            if isinstance(gateway, PracticeGateway):
                assert await (client.ends() if transport == "unix" else client.silent())
            if transport == "ws":
                await client.send(
                    of(session_id, "keepalive")
                )  # what the handle says late comes before the answer
                assert code((await answers_until(client, "error"))[-1]) == 458

    async def over_http(gateway: Gateway) -> None:
        async with httpx.AsyncClient(timeout=20) as client:
            created = await client.post(gateway.http_url, json={"janus": "create", "transaction": "c"})
            session_id = created.json()["data"]["id"]
            url = f"{gateway.http_url}/{session_id}"
            assert (await client.get(url)).json() == {"janus": "timeout", "session_id": session_id}
            assert (await client.get(url)).status_code == 404

    with start(session_timeout=1) as gateway:
        run(over_http(gateway) if transport == "http" else over_a_connection(gateway))


# -- the Admin API --------------------------------------------------------------------------------


def test_what_an_administrator_does(gateway: Gateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            request = of(session_id, "attach", plugin="janus.plugin.echotest", opaque_id="mine")
            handle_id = (await client.ask(request))["data"]["id"]
            at: dict[str, Any] = {"session_id": session_id, "handle_id": handle_id}
            assert session_id in sessions(gateway)
            assert admin(gateway, "list_handles", session_id=session_id)["handles"] == [handle_id]
            info = admin(gateway, "handle_info", **at)["info"]
            known = {"session_id", "session_timeout", "session_transport", "handle_id", "opaque_id", "plugin"}
            assert {name: info[name] for name in known} == {
                **at,
                "session_timeout": 60,
                "session_transport": "janus.transport.websockets",
                "opaque_id": "mine",
                "plugin": "janus.plugin.echotest",
            }
            assert admin(gateway, "detach_handle", **at)["janus"] == "success"
            detached = {"janus": "detached", "session_id": session_id, "sender": handle_id}
            told = await client.receive()
            while told["janus"] == "event":  # Janus's EchoTest may say first that it is done
                told = await client.receive()
            assert told == detached
            timeout = admin(gateway, "set_session_timeout", session_id=session_id, timeout=0)
            assert timeout["timeout"] == 0
            assert admin(gateway, "destroy_session", session_id=session_id)["janus"] == "success"
            assert await client.silent()
            admin(gateway, "accept_new_sessions", accept=False)
            assert code(await client.ask({"janus": "create", "transaction": "c"})) == 472
            admin(gateway, "accept_new_sessions", accept=True)

    run(main())


BAD_ADMIN_REQUESTS: list[dict[str, Any]] = [
    {},
    {"janus": "list_sessions"},
    {"janus": "list_sessions", "transaction": "t"},
    {"janus": "list_sessions", "transaction": "t", "admin_secret": "wrong"},
    {"janus": "ping", "transaction": "t"},
    {"janus": "dance", "transaction": "t", "admin_secret": "right"},
    {"janus": "destroy_session", "transaction": "t", "admin_secret": "right"},
    {"janus": "destroy_session", "transaction": "t", "admin_secret": "right", "session_id": 12},
    {"janus": "list_handles", "transaction": "t", "session_id": 12},
    {"janus": "detach_handle", "transaction": "t", "admin_secret": "right", "handle_id": 12},
    {"janus": "set_session_timeout", "transaction": "t", "admin_secret": "right"},
    {"janus": "set_session_timeout", "transaction": "t", "admin_secret": "right", "timeout": -1},
    {"janus": "add_token", "transaction": "t", "admin_secret": "right", "token": "a"},
    {"janus": "list_tokens", "transaction": "t", "admin_secret": "right"},
]


@pytest.mark.parametrize("request_", BAD_ADMIN_REQUESTS)
@needs_janus
def test_an_administrator_gets_the_same_answer(
    janus: LocalGateway, practice: PracticeGateway, request_: dict[str, Any]
) -> None:
    def answer(gateway: Gateway) -> Any:
        message = dict(request_)
        if message.get("admin_secret") == "right":
            message["admin_secret"] = gateway.admin_secret
        reply = httpx.post(gateway.admin_url, json=message).json()
        if "error" in reply:
            reply["error"].pop("reason")
        return reply

    assert answer(practice) == answer(janus)


# -- secrets --------------------------------------------------------------------------------------


def signed(*fields: str, expiry: float = 60, secret: str = SECRET) -> str:
    text = ",".join([str(int(time.time() + expiry)), *fields])
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    return f"{text}:{base64.b64encode(digest).decode()}"


async def verdicts(gateway: Gateway, credentials: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What each gets for create, and for attach in a session of somebody with rights."""
    found = {}
    right = credentials["right"]
    async with websocket(gateway.ws_url) as client, httpx.AsyncClient() as polls:
        created = await client.ask({"janus": "create", "transaction": "c", **right})
        session_id = created["data"]["id"]
        for name, fields in credentials.items():
            answers = [await client.ask({"janus": "create", "transaction": "c", **fields})]
            answers.append(await client.ask({"janus": "info", "transaction": "i", **fields}))
            answers.append(await client.ask(of(session_id, "keepalive", **fields)))
            attach = of(session_id, "attach", plugin="janus.plugin.echotest", **fields)
            answers.append(await client.ask(attach))
            found[name] = [answer.get("error", {}).get("code", answer["janus"]) for answer in answers]
            polled = await polls.get(f"{gateway.http_url}/12", params=fields)
            found[name].append(polled.status_code)
    return found


SECRETS: dict[str, dict[str, Any]] = {
    "right": {"apisecret": "s"},
    "wrong": {"apisecret": "S"},
    "number": {"apisecret": 1},
    "none": {},
    "token": {"token": "s"},
}
STORED: dict[str, dict[str, Any]] = {
    "right": {"token": "all"},
    "echo": {"token": "echo"},
    "other": {"token": "textroom"},
    "unknown": {"token": "unknown"},
    "none": {},
    "null": {"token": None},
}


def signed_tokens() -> dict[str, dict[str, Any]]:
    echo = "janus.plugin.echotest"
    good = signed("janus", echo)
    return {
        "right": {"token": good},
        "no plugin": {"token": signed("janus")},
        "other plugin": {"token": signed("janus", "janus.plugin.sip")},
        "second plugin": {"token": signed("janus", "janus.plugin.sip", echo)},
        "expired": {"token": signed("janus", echo, expiry=-2)},
        "another realm": {"token": signed("venus", echo)},
        "another secret": {"token": signed("janus", echo, secret="x")},
        "no realm": {"token": signed()},
        "unpadded": {"token": good.rstrip("=")},
        "two colons": {"token": good + ":"},
        "no signature": {"token": good.partition(":")[0]},
        "empty": {"token": ""},
        "not text": {"token": 7},
    }


@needs_janus
@pytest.mark.parametrize("mode", ["secret", "stored", "signed", "secret and signed"])
def test_secrets_and_tokens(mode: str) -> None:
    options: dict[str, Any] = {}
    credentials: dict[str, dict[str, Any]] = {}
    if "signed" in mode:
        options = {"token_auth": True, "token_auth_secret": SECRET}
        credentials = signed_tokens()
    if "secret" in mode.split():
        options["api_secret"] = "s"
        credentials |= {f"secret {name}": fields for name, fields in SECRETS.items()} | {
            "right": SECRETS["right"],
            "both": {"apisecret": "s", "token": signed("janus")},
        }
    if mode == "stored":
        options, credentials = {"token_auth": True}, STORED

    found = {}
    for kind in ("janus", "practice"):
        with started(kind, **options) as gateway:
            if mode == "stored":
                echo, textroom = ["janus.plugin.echotest"], ["janus.plugin.textroom"]
                admin(gateway, "add_token", token="all")
                added = admin(gateway, "add_token", token="echo", plugins=[*echo, "janus.plugin.nothing"])
                assert added["data"]["plugins"] == echo
                admin(gateway, "add_token", token="textroom", plugins=textroom)
                admin(gateway, "allow_token", token="textroom", plugins=echo)
                left = admin(gateway, "disallow_token", token="textroom", plugins=echo)
                assert left["data"]["plugins"] == textroom
                admin(gateway, "add_token", token="unknown")
                admin(gateway, "remove_token", token="unknown")
                listed = admin(gateway, "list_tokens")["data"]["tokens"]
                assert {one["token"] for one in listed} == {"all", "echo", "textroom"}
                request = {"janus": "allow_token", "transaction": "t", "admin_secret": gateway.admin_secret}
                for fields, number in (
                    ({"token": "echo"}, 467),
                    ({"token": "echo", "plugins": ["janus.plugin.nothing"]}, 467),
                    ({"token": "unknown", "plugins": echo}, 470),
                ):
                    assert code(httpx.post(gateway.admin_url, json=request | fields).json()) == number
                request["janus"] = "remove_token"
                assert code(httpx.post(gateway.admin_url, json=request | {"token": "x"}).json()) == 490
            found[kind] = asyncio.run(verdicts(gateway, credentials))
    assert found["practice"] == found["janus"]


# -- HTTP -----------------------------------------------------------------------------------------

PING = b'{"janus": "ping", "transaction": "t"}'
HTTP_REQUESTS: list[tuple[str, str, bytes]] = [
    ("GET", "/janus/info", b""),
    ("POST", "/janus/info", PING),
    ("GET", "/janus/ping", b""),
    ("GET", "/janus", b""),
    ("GET", "/janus/", b""),
    ("GET", "/janus/12", b""),
    ("GET", "/janus/12/13", b""),
    ("GET", "/janus/word", b""),
    ("GET", "/elsewhere", b""),
    ("POST", "/janus", PING),
    ("POST", "/janus/", PING),
    ("POST", "/janus", PING + b"\n"),
    ("POST", "/janus", b"[]"),
    ("POST", "/janus", b"{"),
    ("POST", "/janus", b""),
    ("POST", "/janus/12", PING),
    ("POST", "/janus/12", b'{"janus": "keepalive", "transaction": "t", "session_id": 13}'),
    ("POST", "/janus/12/13", b'{"janus": "keepalive", "transaction": "t", "handle_id": 14}'),
    ("POST", "/janus/12", b'{"janus": "keepalive", "transaction": "t"}'),
    ("POST", "/janus/12/13", b'{"janus": "detach", "transaction": "t"}'),
    ("POST", "/janus/12/13/14", PING),
    ("GET", "/janus/12/13/14", b""),
    ("PUT", "/janus", PING),
    ("DELETE", "/janus", b""),
]


@needs_janus
@pytest.mark.parametrize(("method", "path", "body"), HTTP_REQUESTS)
def test_the_same_answer_over_http(
    janus: LocalGateway, practice: PracticeGateway, method: str, path: str, body: bytes
) -> None:
    def answer(gateway: Gateway) -> Any:
        url = gateway.http_url.removesuffix("/janus") + path
        try:
            reply = httpx.request(method, url, content=body, timeout=5)
        except httpx.RemoteProtocolError:
            return "closed without an answer"
        content: Any = reply.content
        if content:
            content = reply.json()
            if "error" in content:
                content["error"].pop("reason")
            if content["janus"] == "server_info":
                content = "server_info"
        return reply.status_code, content, reply.headers.get("location")

    assert answer(practice) == answer(janus)


def test_long_polls(gateway: Gateway) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(timeout=10) as client:

            async def ask(url: str, message: Message) -> Message:
                answer: Message = (await client.post(url, json=message)).json()
                return answer

            created = await ask(gateway.http_url, {"janus": "create", "transaction": "c"})
            url = f"{gateway.http_url}/{created['data']['id']}"
            plugin = {"plugin": "janus.plugin.echotest"}
            attached = await ask(url, {"janus": "attach", "transaction": "a", **plugin})
            handle = f"{url}/{attached['data']['id']}"
            assert (await client.get(handle)).headers["location"] == url[url.index("/janus/") :]

            for _ in range(3):
                assert (await ask(handle, ECHO))["janus"] == "ack"
            first = (await client.get(url)).json()
            assert first["janus"] == "event"
            rest: list[Message] = []
            while len(rest) < 2:
                rest += (await client.get(url, params={"maxev": 9})).json()
            assert [event["janus"] for event in rest] == ["event"] * 2

            # Two polls at a time: one gets the event, the other learns that there is nothing.
            polls = [asyncio.ensure_future(client.get(url, params={"maxev": 9})) for _ in range(2)]
            await asyncio.sleep(0.2)  # until both wait
            await ask(handle, ECHO)
            got = [(await poll).json() for poll in polls]
            assert sorted(event["janus"] for [event] in got) == ["event", "keepalive"]

            # A claim takes over, and throws away what was queued.
            await ask(handle, ECHO)
            await asyncio.sleep(0.2)  # until it is queued
            assert (await ask(url, {"janus": "claim", "transaction": "c"}))["janus"] == "success"
            with pytest.raises(httpx.ReadTimeout):
                await client.get(url, timeout=0.3)

            # A destroy does not wake a poll.
            poll = asyncio.ensure_future(client.get(url, timeout=1.0))
            await asyncio.sleep(0.2)  # until it waits
            assert (await ask(url, {"janus": "destroy", "transaction": "d"}))["janus"] == "success"
            with pytest.raises(httpx.ReadTimeout):
                await poll
            assert (await client.get(url)).status_code == 404

    run(main())


# -- Unix sockets, WebSocket ----------------------------------------------------------------------


def test_packets(gateway: Gateway) -> None:
    """One JSON text for each, of less than 8192 bytes."""

    async def main() -> None:
        async with unix(gateway.unix_url) as client:
            text = b'{"janus": "ping", "transaction": "t"}'
            assert (await client.ask(text + b" " * (8191 - len(text))))["janus"] == "pong"
            # One byte more writes behind Janus's buffer: nothing to try on it.
            await client.send(text + b" " * (8193 - len(text)))
            assert await client.silent()
            assert code(await client.ask(text + text)) == 454
            assert code(await client.ask(b"[")) == 454
            assert code(await client.ask(b"[]")) == 456

    run(main())


def test_several_requests_in_one_frame(gateway: Gateway) -> None:
    async def main() -> None:
        async with websocket(gateway.ws_url) as client:
            await client.send(
                b'{"janus": "ping", "transaction": "1"}\n {"janus": "ping", "transaction": "2"}'
            )
            found = [await client.receive(), await client.receive()]
            assert [(answer["janus"], answer["transaction"]) for answer in found] == [
                ("pong", "1"),
                ("pong", "2"),
            ]

    run(main())


def test_a_websocket_without_the_subprotocol_is_dropped(gateway: Gateway) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidMessage

    async def main() -> None:
        with pytest.raises((InvalidMessage, InvalidHandshake, OSError)):
            async with connect(gateway.ws_url):
                pass

    run(main())


# -- candidates -----------------------------------------------------------------------------------

TRICKLES: list[dict[str, Any]] = [
    {"candidate": {"completed": True}},
    {"candidate": None},
    {"candidate": "x"},
    {"candidate": {}},
    {"candidate": {"candidate": "x"}},
    {"candidate": {"sdpMid": "0"}},
    {"candidate": {"sdpMid": 0, "candidate": "x"}},
    {"candidate": {"sdpMid": None, "candidate": "x"}},
    {"candidate": {"sdpMLineIndex": "0", "candidate": "x"}},
    {"candidate": {"sdpMLineIndex": -1, "candidate": "x"}},
    {"candidate": {"sdpMLineIndex": True, "candidate": "x"}},
    {"candidate": {"sdpMLineIndex": 0.0, "candidate": "x"}},
    {"candidate": {"sdpMLineIndex": 0, "candidate": 1}},
    {"candidate": {"sdpMLineIndex": 0, "candidate": None}},
    {"candidate": {"sdpMLineIndex": 0, "candidate": "x"}},
    {"candidate": {"sdpMid": "9", "candidate": "x"}},
    {"candidates": "x"},
    {"candidates": None},
    {"candidates": {}},
    {"candidates": [{}, None, {"sdpMid": 0}]},
    {"candidate": {}, "candidates": []},
    {},
]


@needs_janus
def test_candidates_of_a_peer_connection(janus: LocalGateway, practice: PracticeGateway) -> None:
    """Once offer and answer have passed, a single candidate is looked at."""

    async def answers(gateway: Gateway) -> list[Any]:
        found: list[Any] = []
        async with websocket(gateway.ws_url) as client:
            session_id = await client.session()
            handle_id = await client.handle(session_id)
            jsep = {"type": "offer", "sdp": SESSION + AUDIO}
            await client.send(ECHO | of(session_id, "message", handle_id=handle_id, jsep=jsep))
            while "jsep" not in await client.receive():
                pass
            for fields in TRICKLES:
                transaction = f"t{len(found)}"
                request = of(session_id, "trickle", handle_id=handle_id, **fields)
                answer = await client.ask(request | {"transaction": transaction})
                while answer.get("transaction") != transaction:  # Janus's own candidates
                    answer = await client.receive()
                found.append(answer.get("error", {}).get("code", answer["janus"]))
        return found

    async def both() -> None:
        practised, real = await answers(practice), await answers(janus)
        assert list(zip(TRICKLES, practised, strict=True)) == list(zip(TRICKLES, real, strict=True))
        assert {456, 467, 454, "ack"} == set(real)

    run(both())
