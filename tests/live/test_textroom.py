"""TextRoom against the real plugin: rooms over the Janus API, people over real data channels."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from janus_notebook import (
    JanusOptionError,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTextRoomPlugin,
    connect,
)
from janus_notebook.bridge import background
from janus_notebook.media.peer import Peer
from janus_notebook.notebook.workspace import workspace
from janus_notebook.plugins.textroom import (
    TextAnnouncement,
    TextDestroyed,
    TextError,
    TextJoin,
    TextKicked,
    TextLeave,
    TextMessage,
)
from janus_notebook.protocol.events import DataEvent
from janus_notebook.protocol.plugin_events import PluginDetail
from tests.client.scripted import run, until
from tests.gateways import janus_before, running_gateway
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from janus_notebook import JanusEvent, LocalGateway

pytestmark = pytest.mark.live

D = TypeVar("D", bound=PluginDetail)

ROOM = 4711
DEMO = {
    "room": 1234,
    "description": "Demo Room",
    "pin_required": False,
    "num_participants": 0,
    "history": 0,
}


@asynccontextmanager
async def textroom(url: str, count: int = 1, **room: Any) -> AsyncIterator[list[JanusTextRoomPlugin]]:
    """Handles on one session, and a room that is gone after it."""
    async with JanusSession(url) as session:
        handles = [JanusTextRoomPlugin() for _ in range(count)]
        for handle in handles:
            await handle.attach(session)
        made = await handles[0].create(room=ROOM, **room)
        assert made.data == {"textroom": "created", "room": ROOM, "permanent": False}
        try:
            yield handles
        finally:
            manager = JanusTextRoomPlugin()
            await manager.attach(session)
            if (await manager.exists(room=ROOM)).exists:
                await manager.destroy(room=ROOM, secret=room.get("secret"))
        assert [
            event for event in session.events if event.kind == "error" and event.direction == "local"
        ] == []


def detail(event: JanusEvent, kind: type[D]) -> D:
    assert isinstance(event, DataEvent)
    assert isinstance(event.detail, kind)
    golden.check(event)
    return event.detail


async def refused(code: int, name: str, what: str, call: Any) -> None:
    with pytest.raises(JanusPluginError, match=what) as caught:
        await call
    assert (caught.value.code, caught.value.name) == (code, name)
    assert caught.value.plugin == "janus.plugin.textroom"
    assert caught.value.handle_id
    assert caught.value.request


def people(handle: JanusTextRoomPlugin) -> dict[str, str | None]:
    return {name: one.display for name, one in handle.rooms[ROOM].participants.items()}


async def right(*handles: JanusTextRoomPlugin) -> None:
    """Each view equals what Janus itself lists, as soon as what is on its way has come."""
    async with asyncio.timeout(5):
        while True:
            listed = await handles[0].listparticipants(room=ROOM)
            there = {one.username: one.display for one in listed.participants}
            if all(people(handle) == there for handle in handles):
                return


def test_rooms_are_managed(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with textroom(gateway.ws_url, description="Ours", secret="s", history=5) as [text]:
            of_it: dict[str, Any] = {"room": ROOM, "secret": "s"}
            ours = {
                "room": ROOM,
                "description": "Ours",
                "pin_required": False,
                "num_participants": 0,
                "history": 5,
            }
            listed = await text.list()
            assert sorted(listed["list"], key=lambda room: int(room["room"])) == [DEMO, ours]
            assert {room.room: room.description for room in listed.rooms} == {1234: "Demo Room", ROOM: "Ours"}
            assert (await text.exists(room=ROOM)).data == {
                "textroom": "success",
                "room": ROOM,
                "exists": True,
            }
            assert not (await text.exists(room=99)).exists
            present = (await text.listparticipants(room=ROOM)).data
            assert present.pop("textroom", None) == (None if janus_before("1.1.4") else "success")
            assert present == {"room": ROOM, "participants": []}
            edited = await text.edit(
                **of_it,
                new_description="Theirs",
                new_pin="p",
                new_is_private=True,
                new_post="http://x.invalid",
            )
            assert edited.data == {"textroom": "edited", "room": ROOM, "permanent": False}
            assert [room.room for room in (await text.list()).rooms] == [1234]
            await text.edit(**of_it, new_is_private=False, new_secret="t")
            of_it["secret"] = "t"
            listed = await text.list()
            assert [room.pin_required for room in listed.rooms if room.description == "Theirs"] == [True]

            assert (await text.allowed(**of_it, action="enable")).data["textroom"] == "success"
            allowed = await text.allowed(**of_it, action="add", allowed=["a", "b"])
            assert (allowed.room, set(allowed.allowed)) == (ROOM, {"a", "b"})
            assert (await text.allowed(**of_it, action="remove", allowed=["a"])).allowed == ("b",)
            assert (await text.allowed(**of_it, action="disable")).room == ROOM
            assert (await text.announcement(**of_it, text="hear")).data == {"textroom": "success"}

            other = await text.create(description="numbered by Janus", is_private=True)
            assert other.room
            destroyed = await text.destroy(room=other.room, permanent=False)
            assert destroyed.data == {"textroom": "destroyed", "room": other.room, "permanent": False}

            await refused(418, "ROOM_EXISTS", "already exists", text.create(room=ROOM))
            await refused(414, "INVALID_ELEMENT", "room", text.create(room="text"))
            await refused(417, "NO_SUCH_ROOM", "99", text.listparticipants(room=99))
            await refused(413, "MISSING_ELEMENT", "secret", text.edit(room=ROOM))
            await refused(419, "UNAUTHORIZED", "secret", text.destroy(room=ROOM, secret="x"))
            await refused(414, "INVALID_ELEMENT", "action", text.allowed(**of_it, action="open"))
            await refused(423, "NO_SUCH_USER", "nobody", text.kick(**of_it, username="nobody"))
            await refused(414, "INVALID_ELEMENT", "text", text.announcement(**of_it, text=5))  # type: ignore[arg-type] # what Janus says of it
            await refused(415, "INVALID_REQUEST", "join", text.request({"request": "join", "room": ROOM}))
            await text.edit(**of_it, new_secret="s")

    run(main())


def test_people_talk(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with textroom(gateway.ws_url, 3, history=3) as [alice, bob, carol]:
            with pytest.raises(JanusStateError, match=r"no data channel yet. Join a room first"):
                await alice.message(room=ROOM, text="hello")
            await alice.announcement(room=ROOM, text="before")

            async with alice.events(["data"]) as heard:
                joined = await alice.join(room=ROOM, username="alice", display="Alice")
                assert joined.participants == ()
                assert alice.rooms[ROOM].username == "alice"
                announcement = detail(await heard.get(1), TextAnnouncement)
                assert (announcement.room, announcement.text) == (ROOM, "before")
                join = detail(await heard.get(1), TextJoin)
                assert (join.room, join.username, join.display) == (ROOM, "alice", "Alice")
                await right(alice)

                sent = await alice.message(room=ROOM, text="one")
                assert sent.sent == {}
                message = detail(await heard.get(1), TextMessage)
                assert (message.sender, message.text, message.whisper) == ("alice", "one", False)
                assert message.display is None
                assert message.date.startswith("20")

            # Those who come later hear of it, and who is there.
            async with bob.events(["message", "announcement"]) as heard:
                joined = await bob.join(room=ROOM, username="bob")
                assert [(one.username, one.display) for one in joined.participants] == [("alice", "Alice")]
                assert detail(await heard.get(1), TextAnnouncement).text == "before"
                event = await heard.get(1)
                assert isinstance(event, DataEvent)
                assert isinstance(event.detail, TextMessage)
                assert (event.detail.text, event.detail.display) == ("one", "Alice")
            async with carol.events(["message", "announcement"]) as heard:
                await carol.join(room=ROOM, username="carol", history=False)
                await right(alice, bob, carol)

                # Whispers, and what is asked to be said to many.
                async with alice.events(["message"]) as at_alice:
                    assert (await bob.message(room=ROOM, text="psst", to="alice")).sent == {"alice": True}
                    whisper = (await at_alice.get(1)).raw["plugindata"]["data"]
                    assert (whisper["from"], whisper["text"], whisper["whisper"]) == ("bob", "psst", True)
                    sent = await bob.message(room=ROOM, text="psst", tos=["alice", "dave"])
                    assert sent.sent == {"alice": True, "dave": False}
                    await at_alice.get(1)
                    await bob.message(room=ROOM, text="to all", ack=False)
                    assert "to all" in (await at_alice.get(1)).summary
                # Neither history nor a whisper has come here.
                event = await heard.get(1)
                assert event.summary == "bob in 4711: to all"

                # All of it can be read afterwards.
                await until(lambda: len(bob.rooms[ROOM].messages) == 2)
                everybody = [[one.text for one in who.rooms[ROOM].messages] for who in (alice, bob, carol)]
                assert everybody == [["one", "psst", "psst", "to all"], ["one", "to all"], ["to all"]]

            # What nobody waits for, and what is wrong.
            async with bob.events(["error_message"]) as at_bob:
                await bob.message(room=99, text="?", ack=False)
                error = detail(await at_bob.get(1), TextError)
                assert (error.error_code, error.error) == (417, "No such room (99)")
            await refused(421, "ALREADY_IN_ROOM", "Already in room", alice.join(room=ROOM, username="alice"))
            await refused(417, "NO_SUCH_ROOM", "99", alice.join(room=99, username="alice"))
            await refused(422, "NOT_IN_ROOM", "Not in room", alice.message(room=1234, text="hello"))
            await refused(414, "INVALID_ELEMENT", "text", alice.message(room=ROOM, text=5))  # type: ignore[arg-type] # what Janus says of it
            for tos in (["bob", 5], "bob", 5):
                with pytest.raises(JanusOptionError, match="tos must be a list of user names"):
                    await alice.message(room=ROOM, text="?", extra={"tos": tos})
            with pytest.raises(JanusOptionError, match="to must be a user name"):
                await alice.message(room=ROOM, text="?", to=5)  # type: ignore[arg-type]
            with pytest.raises(JanusOptionError, match="text holds a character of code 0"):
                await alice.message(room=ROOM, text="a\0b")
            with pytest.raises(JanusOptionError, match="Did you mean 'text'"):
                await alice.message(room=ROOM, txt="?")  # type: ignore[call-arg]
            for words in ("ünïcödé 😀 \u2028", json.dumps({"a": [1]}), "x" * 20_000, ""):
                async with bob.events(["message"]) as at_bob:
                    await alice.message(room=ROOM, text=words)
                    assert (await at_bob.get(1)).raw["plugindata"]["data"]["text"] == words

            # Out again, in each way.
            async with bob.events(["data"]) as at_bob, alice.events(["leave"]) as at_alice:
                assert (await carol.leave(room=ROOM)).textroom == "success"
                assert carol.rooms == {}
                assert detail(await at_alice.get(1), TextLeave).username == "carol"
                await right(alice, bob)
                await refused(422, "NOT_IN_ROOM", "Not in room", carol.leave(room=ROOM))
                await carol.join(room=ROOM, username="carol", display="Carol again")
                await right(alice, bob, carol)

                key = "textbridge" if janus_before("1.1.4") else "textroom"  # 1.1.2 misspells it
                assert (await alice.kick(room=ROOM, username="carol")).data == {key: "success"}
                await until(lambda: carol.rooms == {})
                await right(alice, bob)
                for kind in (TextLeave, TextJoin):
                    detail(await at_bob.get(1), kind)
                assert detail(await at_bob.get(1), TextKicked).username == "carol"
                await carol.join(room=ROOM, username="carol")
                await carol.detach()
                assert carol.rooms == {}
                await right(alice, bob)

                await alice.destroy(room=ROOM)
                await until(lambda: (alice.rooms, bob.rooms) == ({}, {}))
                while not isinstance(event := await at_bob.get(1), DataEvent) or event.name != "destroyed":
                    pass
                assert detail(event, TextDestroyed).room == ROOM

    run(main())


def test_a_name_is_taken_and_several_rooms_are_joined(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with textroom(gateway.ws_url, 2, pin="p", allowed=["t"]) as [alice, bob]:
            # Both at once: one PeerConnection, and the rooms side by side.
            own: dict[str, Any] = {"room": ROOM, "pin": "p", "token": "t"}
            await asyncio.gather(
                alice.join(**own, username="alice"), alice.join(room=1234, username="alice", display="A")
            )
            assert set(alice.rooms) == {ROOM, 1234}
            assert (await alice.setup()).jsep is not None  # done already: the same answer
            await refused(420, "USERNAME_EXISTS", "already taken", bob.join(**own, username="alice"))
            await refused(413, "MISSING_ELEMENT", "pin", bob.join(room=ROOM, username="bob"))
            await refused(419, "UNAUTHORIZED", "pin", bob.join(room=ROOM, username="bob", pin="x", token="t"))
            await refused(
                419, "UNAUTHORIZED", "allowed", bob.join(room=ROOM, username="bob", pin="p", token="x")
            )
            assert bob.rooms == {}
            await bob.join(**own, username="bob")
            await right(alice, bob)
            assert set(alice.rooms[1234].participants) == {"alice"}
            await bob.leave(room=ROOM)
            await alice.leave(room=1234)
            assert set(alice.rooms) == {ROOM}
            # What is said is in the log, and no secret with it.
            session = alice.session
            assert session is not None
            log = [event for event in session.events if event.kind == "data"]
            asked = [event for event in log if event.direction == "request"]
            answered = [event for event in log if event.direction == "reply"]
            assert {e.raw["transaction"] for e in asked} == {e.raw["transaction"] for e in answered}
            assert asked[0].raw["body"]["textroom"] == "join"
            assert asked[0].raw["body"]["pin"] == asked[0].raw["body"]["token"] == "***"

    run(main())


def test_many_messages_and_their_acknowledgements(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with textroom(gateway.ws_url, 2) as [alice, bob]:
            await alice.join(room=ROOM, username="alice")
            await bob.join(room=ROOM, username="bob")
            async with bob.events(["message"]) as heard:
                calls = [
                    alice.message(room=ROOM, text=f"{n}", to="bob" if n % 2 else None) for n in range(200)
                ]
                replies = await asyncio.gather(*calls)
                assert [reply.sent for reply in replies] == [{}, {"bob": True}] * 100
                texts = [(await heard.get(1)).raw["plugindata"]["data"]["text"] for _ in range(200)]
                assert texts == [f"{n}" for n in range(200)]

    run(main())


def test_an_ended_channel_fails_what_waits_and_cannot_be_set_up_again(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with textroom(gateway.ws_url, 2) as [alice, bob]:
            for handle, name in ((alice, "alice"), (bob, "bob")):
                await handle.join(room=ROOM, username=name)
            began = time.monotonic()
            hangup = asyncio.create_task(alice.hangup())
            await until(lambda: alice.state == "hungup")
            with pytest.raises(JanusStateError, match="data channel has ended"):
                await alice.message(room=ROOM, text="too late")
            await hangup
            assert alice.rooms == {}
            await until(lambda: people(bob) == {"bob": None})
            await right(bob)
            for again in (
                alice.join(room=ROOM, username="alice"),
                alice.setup(),
                alice.message(room=1, text=""),
            ):
                with pytest.raises(JanusStateError, match=r"Janus API.*only once: attach another"):
                    await again
            await refused(416, "ALREADY_SETUP", "already setup", alice.setup(connect=False))
            assert (await alice.exists(room=ROOM)).exists  # the handle is as usable as before
            assert time.monotonic() - began < 5

            # A detached handle that is attached anew can be set up anew.
            await alice.detach()
            with pytest.raises(JanusStateError, match="detached"):
                await alice.join(room=ROOM, username="alice")
            assert bob.session is not None
            await alice.attach(bob.session)
            await alice.join(room=ROOM, username="alice")
            await right(alice, bob)

    run(main())


def test_a_peer_connection_of_ones_own(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with textroom(gateway.ws_url) as [text]:
            await refused(416, "ALREADY_SETUP", "not setup", text.restart())
            with pytest.raises(JanusServerError) as caught:
                await text.ack(jsep={"type": "answer", "sdp": "v=0"})
            assert caught.value.name == "JSEP_INVALID_SDP"
            candidates = text.events(["trickle"])  # they come as soon as there is an offer
            offered = await text.setup(connect=False)
            assert (offered.textroom, offered.result) == ("event", "ok")
            assert offered.jsep is not None
            peer = Peer()
            try:
                answer = await peer.answer(offered.jsep, receive=())
                acked = await text.ack(jsep=answer)
                assert (acked.data, acked.jsep) == ({"textroom": "event", "result": "ok"}, None)
                while not (candidate := (await candidates.get(2)).raw["candidate"]).get("completed"):
                    await peer.add_candidate(candidate)
                await peer.connected()
                channel, heard = peer.channel("JanusDataChannel"), asyncio.Queue[Any]()
                channel.on_message = heard.put_nowait
                await channel.opened()
                request = {"textroom": "join", "transaction": "1", "room": ROOM, "username": "raw"}
                await channel.send(json.dumps(request))
                async with asyncio.timeout(2):
                    assert json.loads(await heard.get())["textroom"] == "join"
                    assert json.loads(await heard.get())["transaction"] == "1"
                restarted = await text.restart()
                assert restarted.jsep is not None
                assert restarted.jsep["type"] == "offer"
            finally:
                await peer.close()

        async with textroom(gateway.ws_url) as [text]:
            await text.setup()
            with pytest.raises(JanusStateError, match="cannot restart ICE"):
                await text.restart()
            await text.join(room=ROOM, username="still")

    run(main())


def test_text_ids_and_the_administrators_key() -> None:
    settings = {"janus.plugin.textroom": {"general": {"string_ids": True, "admin_key": "k"}}}
    with running_gateway(settings=settings) as gateway:

        async def main() -> None:
            async with JanusSession(gateway.ws_url) as session:
                text = JanusTextRoomPlugin()
                await text.attach(session)
                await refused(413, "MISSING_ELEMENT", "admin_key", text.create(room="hall"))
                await refused(419, "UNAUTHORIZED", "admin_key", text.create(room="hall", admin_key="x"))
                made = await text.create(room="hall", is_private=True, admin_key="k")
                assert made.room == "hall"
                assert "hall" not in [room.room for room in (await text.list()).rooms]
                assert "hall" in [room.room for room in (await text.list(admin_key="k")).rooms]
                await text.join(room="hall", username="me")
                assert set(text.rooms) == {"hall"}
                await refused(414, "INVALID_ELEMENT", "room", text.join(room=5, username="me"))
                await text.leave(room="hall")
                assert text.rooms == {}
                await text.destroy(room="hall")

        run(main())


def test_from_a_notebook(gateway: LocalGateway) -> None:
    """Every verb gives a `Call`, and what is shown is plain data."""
    try:
        session = connect(gateway.ws_url).result(5)
        text = session.attach("textroom").result(5)
        text.create(room=ROOM).result(5)
        text.join(room=ROOM, username="me").result(15)
        assert list(text.rooms[ROOM].participants) == ["me"]
        sent = text.message(room=ROOM, text="hello", tos=["me", "you"]).result(5)
        assert sent.sent == {"me": True, "you": False}
        with pytest.raises(JanusOptionError, match="Did you mean 'username'"):
            text.join(room=ROOM, user="me")
        text.message(room=ROOM, text="hello, all").result(5)
        assert [one.text for one in text.rooms[ROOM].messages] == ["hello", "hello, all"]
        text.destroy(room=ROOM).result(5)
        session.destroy().result(10)
    finally:
        workspace().close()
        background().stop()
