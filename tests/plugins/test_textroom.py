"""TextRoom without a server: the conversation on a channel that the test plays, and the view of the rooms."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from janus_notebook import (
    JanusOptionError,
    JanusPluginError,
    JanusSession,
    JanusStateError,
    JanusTextRoomPlugin,
    JanusTimeoutError,
)
from janus_notebook.plugins.textroom.conversation import Conversation
from janus_notebook.plugins.textroom.events import detail_class
from janus_notebook.plugins.textroom.rooms import JoinedRooms
from janus_notebook.protocol.events import DataEvent
from tests.client.scripted import errors_in, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.media.channels import DataChannel

PLUGIN = "janus.plugin.textroom"
HANDLE = 7


class Channel:
    """A data channel whose other side is the test."""

    def __init__(self) -> None:
        self.state, self.reason = "open", ""
        self.on_message: Callable[[str | bytes], None] = print
        self.on_change: Callable[[], None] = print
        self.sent: list[dict[str, Any]] = []
        self.blocked: asyncio.Event | None = None

    async def send(self, text: str) -> None:
        if self.blocked is not None:
            await self.blocked.wait()
        self.sent.append(json.loads(text))

    def says(self, **data: Any) -> None:
        self.on_message(json.dumps(data, indent=3))

    def answers(self, number: int = -1, **data: Any) -> None:
        self.says(transaction=self.sent[number]["transaction"], **{"textroom": "success", **data})

    def closes(self, reason: str) -> None:
        self.state, self.reason = "closed", reason
        self.on_change()


def conversation() -> tuple[Conversation, Channel, JoinedRooms, JanusSession]:
    session, channel, rooms = JanusSession("ws://127.0.0.1:1"), Channel(), JoinedRooms()
    talk = Conversation(session, HANDLE, PLUGIN, cast("DataChannel", channel), rooms)
    return talk, channel, rooms, session


def log(session: JanusSession) -> list[tuple[str, str]]:
    return [(event.direction, event.name) for event in session.events]


def test_answers_find_their_requests_in_any_order() -> None:
    async def main() -> None:
        talk, channel, _, session = conversation()
        asked = [asyncio.create_task(talk.ask("message", {"room": 1, "text": f"{n}"}, 1)) for n in range(3)]
        await asyncio.sleep(0)
        assert [request["textroom"] for request in channel.sent] == ["message"] * 3
        assert len({request["transaction"] for request in channel.sent}) == 3
        channel.answers(2, n=2)
        channel.says(textroom="message", room=1, text="between", **{"from": "bob"})
        channel.answers(0, n=0)
        channel.says(
            textroom="error", error_code=422, error="Not in room", transaction=channel.sent[1]["transaction"]
        )
        replies = await asyncio.gather(*asked, return_exceptions=True)
        assert [r["plugindata"]["data"]["n"] for r in replies if isinstance(r, dict)] == [0, 2]
        refused = replies[1]
        assert isinstance(refused, JanusPluginError)
        assert (refused.code, refused.name, refused.plugin) == (422, "NOT_IN_ROOM", PLUGIN)
        assert (refused.handle_id, refused.request) == (
            HANDLE,
            {"textroom": "message", "room": 1, "text": "1"},
        )
        assert log(session) == [
            *[("request", "data")] * 3,
            ("reply", "data"),
            ("event", "message"),
            ("reply", "data"),
            ("reply", "data"),
        ]

    run(main())


def test_an_answer_that_comes_too_late_is_no_event_and_counts_all_the_same() -> None:
    async def main() -> None:
        talk, channel, rooms, session = conversation()
        with pytest.raises(JanusTimeoutError, match=r"did not answer 'join' within 0.01 s"):
            await talk.ask("join", {"room": 1, "username": "me"}, 0.01)
        leaving = asyncio.create_task(talk.ask("leave", {"room": 2}, 1))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert rooms.now == {}
        channel.answers(0, participants=[{"username": "bob"}])
        channel.answers(1)
        assert set(rooms.now[1].participants) == {"bob", "me"}
        assert [direction for direction, _ in log(session)] == ["request", "request", "reply", "reply"]
        # A second answer to it would be an event of its own.
        channel.answers(0)
        assert log(session)[-1] == ("event", "event")

    run(main())


def test_a_closed_channel_fails_every_call_at_once() -> None:
    async def main() -> None:
        talk, channel, rooms, _ = conversation()
        await asyncio.gather(joined(talk, channel))
        assert set(rooms.now) == {1}
        asked = [asyncio.create_task(talk.ask("message", {"text": "?"}, 60)) for _ in range(2)]
        await asyncio.sleep(0)
        asked[0].cancel()
        await asyncio.sleep(0)
        channel.closes("ICE failed")
        for call in (asked[1], talk.ask("leave", {"room": 1}, 60), talk.tell("message", {}, 60)):
            with pytest.raises(JanusStateError, match=r"has ended: ICE failed.*attach another one") as caught:
                await call
            assert caught.value.handle_id == HANDLE
        assert rooms.now == {}
        talk.end("the PeerConnection was closed (Janus API)")
        channel.closes("later")
        assert "Janus API" in str(talk.error())

    async def joined(talk: Conversation, channel: Channel) -> None:
        asking = asyncio.create_task(talk.ask("join", {"room": 1, "username": "me"}, 1))
        await asyncio.sleep(0)
        channel.answers()
        await asking

    run(main())


def test_what_could_not_be_sent_was_not_sent() -> None:
    async def main() -> None:
        talk, channel, _, session = conversation()
        channel.blocked = asyncio.Event()
        for send in (talk.ask, talk.tell):
            with pytest.raises(JanusTimeoutError):
                await send("message", {"text": "?"}, 0.01)
        with pytest.raises(JanusOptionError, match="text holds a character of code 0"):
            await talk.ask("message", {"text": "\0"}, 1)
        with pytest.raises(JanusOptionError, match="no JSON form"):
            await talk.ask("message", {"text": object()}, 1)
        assert (channel.sent, log(session)) == ([], [])

    run(main())


@pytest.mark.parametrize("text", ["", "{", "[]", "5", b"\xff", b"\x00"])
def test_what_is_no_message_is_an_error_in_the_log(text: str | bytes) -> None:
    async def main() -> None:
        _, channel, _, session = conversation()
        channel.on_message(text)
        [error] = errors_in(session)
        assert "what arrived is not" in error

    run(main())


def test_secrets_are_masked_in_the_log_and_in_errors() -> None:
    async def main() -> None:
        talk, channel, _, session = conversation()
        body = {"room": 1, "username": "me", "pin": "hush-1", "token": "hush-2", "secret": "hush-3"}
        with pytest.raises(JanusTimeoutError) as caught:
            await talk.ask("join", body, 0.01)
        assert channel.sent[0]["pin"] == "hush-1"
        seen = f"{caught.value!r} {caught.value.request} {[(e, e.raw) for e in session.events]}"
        assert "hush" not in seen

    run(main())


# -- the view -------------------------------------------------------------------------------------------


def join(rooms: JoinedRooms, transaction: str, room: int | str = 1, username: str = "me") -> dict[str, Any]:
    request = {"textroom": "join", "transaction": transaction, "room": room, "username": username}
    rooms.asked(request)
    return request


def heard(rooms: JoinedRooms, name: str, username: str = "", room: int | str = 1, **more: Any) -> None:
    data = {"textroom": name, "room": room, "username": username, **more}
    rooms.heard(detail_class(data).read(data))


def answered(rooms: JoinedRooms, request: dict[str, Any], *people: str) -> None:
    data = {"textroom": "success", "participants": [{"username": name} for name in people]}
    rooms.answered(request, {"plugindata": {"plugin": PLUGIN, "data": data}})


def there(rooms: JoinedRooms, room: int | str = 1) -> list[str]:
    return sorted(rooms.now[room].participants) if room in rooms.now else []


def test_what_happens_while_one_joins_is_not_lost() -> None:
    rooms = JoinedRooms()
    request = join(rooms, "a")
    heard(rooms, "join", "me")
    heard(rooms, "leave", "ann")  # who is in the answer still
    heard(rooms, "join", "bob", display="Bob")
    heard(rooms, "join", "eve", room=2)
    assert rooms.now == {}
    answered(rooms, request, "ann", "cid")
    assert there(rooms) == ["bob", "cid", "me"]
    assert rooms.now[1].participants["bob"].display == "Bob"


def written(rooms: JoinedRooms, room: int | str = 1) -> list[str]:
    return [message.text for message in rooms.now[room].messages]


def test_what_was_written() -> None:
    rooms = JoinedRooms()
    answered(rooms, join(rooms, "a", 2))
    first = join(rooms, "b")
    heard(rooms, "message", text="from before", date="d", display="Bob")  # the history comes first
    heard(rooms, "join", "me")
    heard(rooms, "message", text="next door", room=2)
    heard(rooms, "message", text="meanwhile")
    answered(rooms, first)
    before = rooms.now[1]
    heard(rooms, "message", text="psst", whisper=True)
    heard(rooms, "announcement", text="hear, hear")
    heard(rooms, "message", text="elsewhere", room=3)
    assert written(rooms) == ["from before", "meanwhile", "psst"]
    assert written(rooms, 2) == ["next door"]
    assert rooms.now[1].messages[2].whisper
    assert len(before.messages) == 2  # who holds the view of a moment keeps it

    again = join(rooms, "c")
    heard(rooms, "message", text="of the stay before")
    heard(rooms, "kicked", "me")
    heard(rooms, "message", text="kept")
    heard(rooms, "join", "me")
    answered(rooms, again)
    assert written(rooms) == ["kept"]
    for number in range(1001):
        heard(rooms, "message", text=str(number))
    assert (len(written(rooms)), written(rooms)[0], written(rooms)[-1]) == (1000, "1", "1000")


def test_the_end_of_an_earlier_stay_does_not_end_the_next() -> None:
    rooms = JoinedRooms()
    answered(rooms, join(rooms, "a"))
    again = join(rooms, "b")
    heard(rooms, "kicked", "me")
    assert rooms.now == {}
    heard(rooms, "join", "me")
    answered(rooms, again, "bob")
    assert there(rooms) == ["bob", "me"]


def test_a_refused_join_leaves_no_trace() -> None:
    rooms = JoinedRooms()
    answered(rooms, join(rooms, "a"), "bob")
    second = join(rooms, "b")
    rooms.answered(second, None)
    assert there(rooms) == ["bob", "me"]
    heard(rooms, "leave", "bob")
    assert there(rooms) == ["me"]


@pytest.mark.parametrize("name", ["leave", "kicked"])
def test_one_is_out_of_a_room_once(name: str) -> None:
    rooms = JoinedRooms()
    for room in (1, "hall"):
        answered(rooms, join(rooms, str(room), room), "bob")
    before = rooms.now
    heard(rooms, name, "me")
    heard(rooms, name, "me")
    heard(rooms, name, "bob")
    assert (there(rooms, 1), there(rooms, "hall")) == ([], ["bob", "me"])
    assert set(before) == {1, "hall"}  # who holds the view of a moment keeps it
    rooms.answered({"textroom": "leave", "transaction": "c", "room": "hall"}, {"plugindata": {}})
    assert rooms.now == {}


def test_a_destroyed_room_and_an_ended_channel() -> None:
    rooms = JoinedRooms()
    for room in (1, 2):
        answered(rooms, join(rooms, str(room), room))
    heard(rooms, "destroyed")
    assert set(rooms.now) == {2}
    rooms.end()
    assert rooms.now == {}
    heard(rooms, "join", "bob", room=2)
    assert rooms.now == {}


def test_an_event_is_followed_by_its_handle() -> None:
    plugin = JanusTextRoomPlugin()
    answered(plugin._rooms, join(plugin._rooms, "a"))
    data = {"textroom": "join", "room": 1, "username": "bob"}
    raw = {"janus": "data", "plugindata": {"plugin": PLUGIN, "data": data}}
    plugin.on_event(DataEvent(1, 0.0, 0.0, "event", "data", 1, HANDLE, raw))
    assert set(plugin.rooms[1].participants) == {"me", "bob"}
