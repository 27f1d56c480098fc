"""Requests and texts that nobody would think of: both gateways answer them alike."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.practice.raw import Message, RawClient, websocket
from tests.gateway.practice.test_agreement import Names, clean_up
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from janus_notebook.gateway import LocalGateway
    from janus_notebook.gateway.practice import PracticeGateway

pytestmark = [needs_janus, pytest.mark.live]

COUNTS = [pytest.param(250), pytest.param(10_000, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])]

VERBS = ["ping", "info", "create", "keepalive", "attach", "claim", "hangup", "trickle", "message"]
VERBS += ["destroy", "detach", "dance", "KeepAlive", ""]
VALUES: list[Any] = [None, True, False, 0, 1, -1, 12, 1.0, "", "x", [], [1], {}, 2**53, 2**63 - 1, -(2**63)]
VALUES += ["<session>", "<handle>", "ping", "janus.plugin.echotest", {"completed": True}, {"candidate": "x"}]
VALUES += [{"type": "offer"}, {"type": "answer", "sdp": "v=0"}, {"audio": True}]
LIKELY: dict[str, Any] = {
    "session_id": "<session>",
    "handle_id": "<handle>",
    "plugin": "janus.plugin.echotest",
    "opaque_id": "mine",
    "body": {"audio": True},
    "candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMLineIndex": 0},
    "candidates": [],
}
UNLIKELY = ["jsep", "id", "loop_index", "apisecret", "token"]

PIECES = [b"1", b"-0", b"01", b"1.", b".5", b"1E+5", b"-", b"1e400", b"1e-400", b"9" * 30, b"0x10", b"+1"]
PIECES += [b'"\\n"', b'"\\x"', b'"\\u00e9"', b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\ude00\\ud83d"']
PIECES += [
    b'"\xc3\xa9"',
    b'"\xe9"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xc0\x80"',
    b'"\t"',
    b'"\x7f"',
]
PIECES += [b"true", b"True", b"null", b"nul", b"NaN", b"[1,]", b"[,]", b"[1 2]", b'{"a":1,"a":2}', b"{a:1}"]
PIECES += [
    b'{"\\u0000":1}',
    b'{"\\ud800":1}',
    b"'a'",
    b"\xef\xbb\xbf1",
    b"\xc2\xa01",
    b"\x0b1",
    b'"\\u12"',
    b'"',
]
STROKES = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\\",
    b"\n",
    b"0",
    b"-",
    b"e",
    b".",
    b"\xff",
    b"u",
]


def a_request(dice: random.Random) -> Message:
    request: Message = {}
    if dice.random() < 0.95:
        request["janus"] = dice.choice(VERBS if dice.random() < 0.95 else VALUES)
    if dice.random() < 0.95:
        request["transaction"] = "t" if dice.random() < 0.95 else dice.choice(VALUES)
    for name, value in LIKELY.items():
        if dice.random() < 0.6:
            request[name] = value if dice.random() < 0.8 else dice.choice(VALUES)
    for name in UNLIKELY:
        if dice.random() < 0.05:
            request[name] = dice.choice(VALUES)
    return request


def a_text(dice: random.Random) -> bytes:
    text = bytearray(b'{"janus":"ping","transaction":"t","x":%s}' % dice.choice(PIECES))
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        place = dice.randrange(len(text))
        match dice.randrange(3):
            case 0:
                del text[place]
            case 1:
                text[place:place] = dice.choice(STROKES)
            case _:
                text[place : place + 1] = dice.choice(STROKES)
    return bytes(text)


async def answers_to_request(client: RawClient, request: Message) -> str:
    """Ask in a session of its own; ids that the server chose are called new."""
    session_id = await client.session()
    names = Names(session=session_id, handle=await client.handle(session_id))
    answer = await client.ask(names.filled(request))
    while answer["janus"] in ("event", "detached"):  # may come first or last
        answer = await client.receive()
    if answer["janus"] == "server_info":
        answer = {"janus": "server_info", "transaction": answer["transaction"]}
    if "data" in answer:
        made = answer["data"]["id"]
        if str(request["janus"]).lower() == "create":
            await clean_up(client, made)
        answer["data"]["id"] = made if made == request.get("id") else "new"
    await clean_up(client, session_id)
    return json.dumps(names.named(answer))


async def answers_to_text(client: RawClient, text: bytes) -> str:
    """All that comes until a request behind it is answered."""
    await client.send(text)
    found = [await client.ask({"janus": "ping", "transaction": "the end"})]
    while found[-1].get("transaction") != "the end":
        found.append(await client.receive())
    return json.dumps([Names().named(answer) for answer in found])


async def compare(
    janus: LocalGateway,
    practice: PracticeGateway,
    ask: Callable[[RawClient, Any], Coroutine[Any, Any, str]],
    questions: list[Any],
) -> None:
    async with websocket(janus.ws_url) as real, websocket(practice.ws_url) as practised:
        for question in questions:
            assert await ask(practised, question) == await ask(real, question), question


@pytest.mark.parametrize("count", COUNTS)
def test_any_request_gets_the_same_answer(janus: LocalGateway, practice: PracticeGateway, count: int) -> None:
    dice = random.Random(count)
    requests = [a_request(dice) for _ in range(count)]
    asyncio.run(compare(janus, practice, answers_to_request, requests))


@pytest.mark.parametrize("count", COUNTS)
def test_any_text_gets_the_same_answer(janus: LocalGateway, practice: PracticeGateway, count: int) -> None:
    dice = random.Random(count)
    texts = [a_text(dice) for _ in range(count)]
    asyncio.run(compare(janus, practice, answers_to_text, texts))
