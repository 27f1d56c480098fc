"""TextRoom on the Janus API: the practice gateway and the real Janus give the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.gateway.practice import PracticeGateway
from tests.client.scripted import run
from tests.gateway.practice.channel import channel
from tests.gateway.practice.conversation import OFFER, converse
from tests.gateway.practice.speaker import speaking
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook.gateway import LocalGateway
    from tests.gateway.practice.channel import Channel
    from tests.gateway.practice.conversation import Step

BODIES: list[dict[str, Any]] = [
    {},
    {"request": 5},
    {"request": "dance"},
    {"request": "list"},
    {"request": "join", "room": 1234, "username": "x"},
    {"request": "leave", "room": 1234},
    {"request": "message", "room": 1234, "text": "x"},
    {"request": "listparticipants"},
    {"request": "listparticipants", "room": 1234},
    {"request": "listparticipants", "room": 9},
    {"request": "exists"},
    {"request": "exists", "room": "x"},
    {"request": "exists", "room": 1.0},
    {"request": "exists", "room": 9},
    {"request": "exists", "room": 1234},
    {"request": "create", "room": 1234},
    {"request": "create", "room": -1},
    {"request": "create", "room": 5, "description": "five", "secret": "s", "pin": "p", "history": 3},
    {"request": "create", "room": 6, "is_private": True},
    {"request": "create", "room": 7, "allowed": ["a"], "post": "http://127.0.0.1:9/"},
    {"request": "create", "room": 8, "allowed": [5]},
    {"request": "create", "room": 8, "history": -1},
    {"request": "create", "room": 8, "is_private": "no"},
    {"request": "edit"},
    {"request": "edit", "room": 5},
    {"request": "edit", "room": 5, "secret": "x"},
    {"request": "edit", "room": 5, "secret": 5},
    {"request": "edit", "room": 5, "secret": "s", "new_description": 5},
    {"request": "edit", "room": 5, "secret": "s", "new_description": "cinq", "new_pin": "q"},
    {"request": "edit", "room": 9},
    {"request": "allowed", "room": 7},
    {"request": "allowed", "room": 7, "action": "dance"},
    {"request": "allowed", "room": 7, "action": "add", "allowed": ["b"]},
    {"request": "allowed", "room": 7, "action": "remove", "allowed": ["a"]},
    {"request": "allowed", "room": 7, "action": "remove", "allowed": ["z"]},
    {"request": "allowed", "room": 7, "action": "disable"},
    {"request": "allowed", "room": 7, "action": "enable"},
    {"request": "allowed", "room": 7, "action": "add", "allowed": [5]},
    {"request": "allowed", "room": 7, "action": "add", "allowed": "b"},
    {"request": "allowed", "room": 9, "action": "enable"},
    {"request": "kick", "room": 7},
    {"request": "kick", "room": 7, "username": "u"},
    {"request": "kick", "room": 5, "username": "u"},
    {"request": "kick", "room": 9, "username": "u"},
    {"request": "announcement", "room": 7},
    {"request": "announcement", "room": 7, "text": 5},
    {"request": "announcement", "room": 7, "text": "hello"},
    {"request": "announcement", "room": 5, "text": "hello"},
    {"request": "announcement", "room": 5, "text": "hello", "secret": "s"},
    {"request": "list"},
    {"request": "destroy"},
    {"request": "destroy", "room": 5},
    {"request": "destroy", "room": 5, "secret": "x"},
    {"request": "destroy", "room": 5, "secret": "s"},
    {"request": "destroy", "room": 6},
    {"request": "destroy", "room": 7},
    {"request": "destroy", "room": 7},
    {"request": "list"},
]
ROOMS: list[Step] = [("a", body) for body in BODIES]
CHANNEL: list[Step] = [
    ("a", {"request": "restart"}),
    ("a", {"request": "ack"}),
    ("a", {"request": "ack"}, "nonsense"),
    ("a", {"request": "setup"}),
    ("a", {"request": "setup"}),
    ("a", {"request": "ack"}),
    ("a", {"request": "ack"}, "answer"),
    ("a", {"request": "restart"}),
    ("a", {"request": "ack"}, "answer"),
    ("a", "hangup"),
    ("a", "hung up"),
    ("a", "hangup"),
    ("a", {"request": "setup"}),
    ("a", {"request": "list"}),
    ("a", "detach"),
]
# On the data channel: who says what.
TALK: list[tuple[str, dict[str, Any]]] = [
    ("a", {"textroom": "list"}),
    ("a", {"textroom": "dance"}),
    ("a", {"textroom": "setup"}),
    ("a", {"textroom": "create", "room": 5, "pin": "p", "allowed": ["t"]}),
    ("a", {"textroom": "create", "room": 6, "history": 2, "secret": "s"}),
    ("a", {"textroom": "join"}),
    ("a", {"textroom": "join", "room": 9, "username": "A"}),
    ("a", {"textroom": "join", "room": 5, "username": "A"}),
    ("a", {"textroom": "join", "room": 5, "username": "A", "pin": "x"}),
    ("a", {"textroom": "join", "room": 5, "username": "A", "pin": "p"}),
    ("a", {"textroom": "join", "room": 5, "username": "A", "pin": "p", "token": "t"}),
    ("a", {"textroom": "join", "room": 6, "username": "A", "display": "Ann"}),
    ("a", {"textroom": "join", "room": 6, "username": "A2"}),
    ("b", {"textroom": "join", "room": 6, "username": "A"}),
    ("b", {"textroom": "message", "room": 6, "text": "x"}),
    ("b", {"textroom": "leave", "room": 6}),
    ("a", {"textroom": "message", "room": 6}),
    ("a", {"textroom": "message", "room": 6, "text": 5}),
    ("a", {"textroom": "message", "room": 6, "text": "one"}),
    ("a", {"textroom": "message", "room": 6, "text": "two"}),
    ("a", {"textroom": "message", "room": 6, "text": "three"}),
    ("b", {"textroom": "join", "room": 6, "username": "B"}),
    ("b", {"textroom": "listparticipants", "room": 6}),
    ("b", {"textroom": "message", "room": 6, "text": "psst", "to": "A"}),
    ("b", {"textroom": "message", "room": 6, "text": "psst", "to": "Z"}),
    ("b", {"textroom": "message", "room": 6, "text": "psst", "tos": ["A", "Z", "B"]}),
    ("b", {"textroom": "message", "room": 6, "text": "psst", "tos": []}),
    ("b", {"textroom": "message", "room": 6, "text": "psst", "to": 5}),
    ("b", {"textroom": "announcement", "room": 6, "text": "hear, hear", "secret": "s"}),
    ("b", {"textroom": "announcement", "room": 6, "text": "hear, hear"}),
    ("b", {"textroom": "exists", "room": 6}),
    ("b", {"textroom": "leave", "room": 6}),
    ("b", {"textroom": "leave", "room": 6}),
    ("b", {"textroom": "join", "room": 6, "username": "B", "history": False}),
    ("b", {"textroom": "kick", "room": 6, "username": "A", "secret": "s"}),
    ("a", {"textroom": "message", "room": 6, "text": "gone"}),
    ("a", {"textroom": "join", "room": 6, "username": "A"}),
    ("a", {"textroom": "edit", "room": 6, "secret": "s", "new_description": "six"}),
    ("a", {"textroom": "allowed", "room": 5, "action": "add", "allowed": ["u"]}),
    ("a", {"textroom": "list"}),
    ("a", {"textroom": "destroy", "room": 6}),
    ("a", {"textroom": "destroy", "room": 6, "secret": "s"}),
    ("a", {"textroom": "destroy", "room": 5}),
]
RAW = ["nonsense", '{"textroom": "list"}', '{"textroom": "list", "transaction": 5}', "[]", "{}", '{"a": ']


@pytest.fixture(scope="module")
def signalling() -> Iterator[PracticeGateway]:
    """One whose TextRoom has no data channel, as without the extra."""
    with PracticeGateway(media=False) as gateway:
        yield gateway


async def talked(url: str, like: list[list[Any]] | None = None) -> list[list[Any]]:
    """Have the conversation `TALK`, and say what is in `RAW`; return what each of the two has heard."""
    async with speaking(url) as speaker, channel(speaker) as (a, _), channel(speaker) as (b, _):
        for number, (who, body) in enumerate(TALK):
            await (a if who == "a" else b).ask(body, f"t{number}")
        for text in RAW:
            a.say(text)
        await a.ask({"textroom": "exists", "room": 1}, "last")
        for one, other in zip((a, b), like or (), strict=False):
            await one.count(len(other))
        return [[plain(message) for message in one.heard] for one in (a, b)]


def plain(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message without its time, and without an order where Janus has none."""
    found = {key: value for key, value in message.items() if key != "date"}
    for key, by in (("list", "room"), ("participants", "username")):
        if key in found:
            found[key] = sorted(found[key], key=lambda one: one[by])
    return found


@pytest.mark.live
@needs_janus
def test_talks_as_janus_does(network: None, practice: PracticeGateway, janus: LocalGateway) -> None:
    async def main() -> None:
        ours = await talked(practice.ws_url)
        theirs = await talked(janus.ws_url, ours)
        for mine, real in zip(ours, theirs, strict=True):
            assert mine == real

    run(main())


async def joined(one: Channel, username: str) -> None:
    reply = await one.ask({"textroom": "join", "room": 1234, "username": username}, f"join {username}")
    assert reply["textroom"] == "success"


@pytest.mark.parametrize("how", ["hangup", "detach", "kick"])
def test_those_who_go_leave_their_rooms(network: None, practice: PracticeGateway, how: str) -> None:
    async def main() -> None:
        async with (
            speaking(practice.ws_url) as speaker,
            channel(speaker) as (a, _),
            channel(speaker) as (b, two),
        ):
            await joined(a, "A")
            await joined(b, "B")
            if how == "kick":
                body = {"request": "kick", "room": 1234, "username": "B", "secret": "adminpwd"}
                assert (await two.request(body))["plugindata"]["data"] == {"textbridge": "success"}
            else:
                await two.ask(how)
            await a.count(4)
            gone = {"textroom": "kicked" if how == "kick" else "leave", "room": 1234, "username": "B"}
            assert a.heard[3] == gone
            reply = await a.ask({"textroom": "listparticipants", "room": 1234}, "who")
            assert reply["participants"] == [{"username": "A"}]

    run(main())


def test_no_reply_where_none_is_wanted(network: None, practice: PracticeGateway) -> None:
    async def main() -> None:
        async with speaking(practice.ws_url) as speaker, channel(speaker) as (a, _):
            await joined(a, "A")
            a.say({"textroom": "message", "transaction": "x", "room": 1234, "text": "hello", "ack": False})
            await a.ask({"textroom": "exists", "room": 1234}, "y")
            assert [message.get("transaction") for message in a.heard[-2:]] == [None, "y"]
            wrong = {"textroom": "message", "room": 1234, "text": "x", "tos": [5]}
            assert (await a.ask(wrong, "z"))["error_code"] == 414

    run(main())


@needs_janus
@pytest.mark.live
@pytest.mark.parametrize("steps", [ROOMS, CHANNEL], ids=["rooms", "channel"])
def test_agrees_with_janus(signalling: PracticeGateway, janus: LocalGateway, steps: list[Step]) -> None:
    async def main() -> None:
        ours = await converse(signalling.ws_url, "textroom", steps)
        theirs = await converse(janus.ws_url, "textroom", steps, like=ours)
        for mine, real in zip(ours.replies, theirs.replies, strict=True):
            assert mine == real
        assert ours.events == theirs.events

    run(main())


def test_nobody_can_take_an_answer_that_was_not_asked_for(practice: PracticeGateway) -> None:
    async def main() -> None:
        async with speaking(practice.ws_url) as speaker:
            handle = await speaker.attach("textroom")
            reply = await handle.request({"request": "ack"}, {"type": "answer", "sdp": OFFER})
            assert reply["error"]["code"] == 469

    run(main())
