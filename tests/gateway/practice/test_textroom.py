"""TextRoom on the Janus API: the practice gateway and the real Janus give the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.client.scripted import run
from tests.gateway.practice.conversation import OFFER, converse
from tests.gateway.practice.speaker import speaking
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from janus_notebook.gateway import LocalGateway
    from janus_notebook.gateway.practice import PracticeGateway
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
    ("a", "hangup"),
    ("a", {"request": "setup"}),
    ("a", {"request": "list"}),
    ("a", "detach"),
]


@needs_janus
@pytest.mark.live
@pytest.mark.parametrize("steps", [ROOMS, CHANNEL], ids=["rooms", "channel"])
def test_agrees_with_janus(practice: PracticeGateway, janus: LocalGateway, steps: list[Step]) -> None:
    async def main() -> None:
        ours = await converse(practice.ws_url, "textroom", steps)
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
