"""AudioBridge without a server: the view of a room, events that we know, and what newer servers get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusAudioBridgePlugin, JanusOptionError, JanusSession
from janus_notebook.plugins.audiobridge import (
    AudioJoined,
    AudioKicked,
    AudioParticipant,
    AudioParticipantJoined,
    AudioResumed,
    AudioRoom,
)
from janus_notebook.plugins.audiobridge.events import AudioDetail
from janus_notebook.protocol.plugin_events import detail_of
from tests.client.scripted import run, scripted, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

ROOM = 1234
PLUGIN = JanusAudioBridgePlugin.plugin_name


def said(what: str = "event", **fields: Any) -> AudioDetail:
    detail = detail_of(PLUGIN, {"audiobridge": what, "room": ROOM, **fields})
    assert isinstance(detail, AudioDetail)
    return detail


def person(number: int, display: str, **fields: Any) -> dict[str, Any]:
    return {"id": number, "display": display, "setup": True, "muted": False, **fields}


def joined(*people: dict[str, Any], room: int = ROOM, me: int = 1) -> AudioJoined:
    data = {"audiobridge": "joined", "room": room, "id": me, "participants": list(people)}
    return AudioJoined.read(data, jsep=None, raw={})


@pytest.fixture
def room() -> AudioRoom:
    """One with oneself and bob in it."""
    room = JanusAudioBridgePlugin().room
    room.begin(joined(person(2, "bob")), {"display": "me", "muted": True}, False, [])
    return room


def test_who_is_in_it(room: AudioRoom) -> None:
    me = AudioParticipant(id=1, display="me", muted=True)
    assert room.participants == tuple(room) == (AudioParticipant(id=2, display="bob", setup=True), me)
    assert room["me"] == room[1] == me
    assert [key in room for key in ("bob", 2, me, "eve", "")] == [True, True, True, False, False]
    with pytest.raises(JanusOptionError, match=r"unknown participant 'bop'\. Did you mean 'bob'\?"):
        room["bop"]
    assert repr(room) == "<AudioRoom 1234, 2 participants: bob, me (you, no media, muted)>"


EVENTS = [
    (said("joined", participants=[person(3, "eve", setup=False)]), "eve (no media)"),
    (said(participants=[person(2, "bobby", muted=True)]), "bobby (muted)"),
    (said("talking", id=2), "bob (talking)"),
    (said(suspended=2), "bob (suspended)"),
    (said(participants=[person(2, "bob", suspended=True)]), "bob (suspended)"),
    (said(muted=True), "(muted), 2"),
]


@pytest.mark.parametrize(("event", "shown"), EVENTS, ids=[shown for _, shown in EVENTS])
def test_an_event_may_come_twice(room: AudioRoom, event: AudioDetail, shown: str) -> None:
    room.on_event(event)
    once = repr(room)
    assert shown in once
    room.on_event(event)
    assert repr(room) == once


def test_what_an_event_does_not_say_stays(room: AudioRoom) -> None:
    room.on_event(said("talking", id=2))
    room.on_event(said(participants=[person(2, "bobby")]))
    assert "bobby (talking)" in repr(room)
    room.on_event(said("stopped-talking", id=2))
    assert "bobby," in repr(room)
    room.on_event(said("talking", id=99))  # of somebody whom nobody has announced
    room.on_event(said(leaving=99))
    assert len(room) == 2


def test_leaving(room: AudioRoom) -> None:
    room.on_event(said(kicked=2))
    assert "bob" in room  # he leaves when his media is closed
    room.on_event(said(leaving=2))
    room.on_event(said(leaving=2))
    assert [who.id for who in room] == [1]
    room.on_event(said(leaving=1))
    assert (room.id, room.me, room.muted, room.ended, len(room)) == (None, None, None, "left", 0)
    room.on_event(said("joined", participants=[person(3, "eve")]))
    assert repr(room) == "<AudioRoom: none, left>"


@pytest.mark.parametrize("event", [said(kicked=1), said(kicked_all=1)])
def test_being_kicked(room: AudioRoom, event: AudioDetail) -> None:
    room._plugin.state = "connected"
    room.on_event(event)
    assert len(room) == 2
    room.end("hung up: Close PC")
    assert room.ended == "kicked"
    room.begin(joined(), {}, False, [])
    room.end("left")
    assert room.ended == "left"
    room.begin(joined(), {}, False, [])
    room._plugin.state = "attached"  # no hangup will follow
    room.on_event(event)
    assert (room.id, room.ended) == (None, "kicked")


def test_the_room_is_destroyed(room: AudioRoom) -> None:
    room.on_event(said("destroyed"))
    assert repr(room) == "<AudioRoom: none, the room was destroyed>"


def test_what_another_room_says_is_of_no_account(room: AudioRoom) -> None:
    for data in ({"leaving": 2}, {"muted": True}, {"participants": [person(9, "eve")]}):
        detail = detail_of(PLUGIN, {"audiobridge": "event", "room": 5678, **data})
        assert isinstance(detail, AudioDetail)
        room.on_event(detail)
    assert [who.id for who in room] == [2, 1]
    assert room.muted is None


def test_events_overtake_the_answer_to_a_join() -> None:
    """The list in the answer was made before some of them, and after others."""
    room = JanusAudioBridgePlugin().room
    with room.record() as seen:
        room.on_event(said("joined", participants=[person(3, "eve")]))
        room.on_event(said(leaving=2))
        room.on_event(said(participants=[person(4, "dave", muted=True)]))
    assert len(room) == 0
    room.begin(joined(person(2, "bob"), person(4, "dave")), {}, False, seen)
    assert sorted(who.display for who in room) == ["", "dave", "eve"]
    assert room["dave"].muted
    room.on_event(said("joined", participants=[person(5, "zoe")]))
    assert len(seen) == 3


def test_a_resumed_participant_gets_a_new_list(room: AudioRoom) -> None:
    room.on_event(said(suspended=1))
    room.on_event(said(resumed=1, participants=[person(7, "new")]))
    assert [(who.id, who.suspended) for who in room] == [(7, False), (1, False)]
    room.on_event(said(suspended=7))
    room.on_event(said(resumed=7))
    assert not room["new"].suspended


def test_events() -> None:
    assert type(said("joined", participants=[])) is AudioParticipantJoined
    assert type(said(kicked=1)) is AudioKicked
    resumed = said(resumed=1, participants=[person(7, "new")])
    assert isinstance(resumed, AudioResumed)
    assert resumed.participants == (AudioParticipant(id=7, display="new", setup=True),)
    for strange in ({"audiobridge": ["joined"]}, {"audiobridge": "event", "x": 1}, {"audiobridge": "x"}):
        assert detail_of(PLUGIN, strange).name == "event"


CALLS: list[tuple[Callable[[JanusAudioBridgePlugin], Coroutine[Any, Any, Any]], dict[str, Any]]] = [
    (
        lambda bridge: bridge.suspend(room="hall", id="me", pause_events=True, stop_record=True),
        {"request": "suspend", "room": "hall", "id": "me", "pause_events": True, "stop_record": True},
    ),
    (
        lambda bridge: bridge.resume(room=1, id=2, record=True, filename="x", secret="s"),
        {"request": "resume", "room": 1, "id": 2, "record": True, "filename": "x", "secret": "s"},
    ),
    (
        lambda bridge: bridge.denoise_enable(room=1, id=2),
        {"request": "denoise_enable", "room": 1, "id": 2},
    ),
    (
        lambda bridge: bridge.denoise_disable(room=1, id=2),
        {"request": "denoise_disable", "room": 1, "id": 2},
    ),
    (lambda bridge: bridge.stop_all_files(room=1), {"request": "stop_all_files", "room": 1}),
    (lambda bridge: bridge.listannouncements(room=1), {"request": "listannouncements", "room": 1}),
    (
        lambda bridge: bridge.configure(denoise=True, rtp={"ip": "10.0.0.1", "port": 9}),
        {"request": "configure", "denoise": True, "rtp": {"ip": "10.0.0.1", "port": 9}},
    ),
    (
        lambda bridge: bridge.join(room=1, suspended=True, pause_events=True),
        {"request": "join", "room": 1, "suspended": True, "pause_events": True},
    ),
    (
        lambda bridge: bridge.create(signed_tokens=True, denoise=False, extra={"new": 1}),
        {"request": "create", "signed_tokens": True, "denoise": False, "new": 1},
    ),
]


def test_what_a_newer_server_gets() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.info["version_string"] = "1.4.2"
            async with JanusSession(server.url) as session:
                bridge = JanusAudioBridgePlugin()
                await bridge.attach(session)
                for call, body in CALLS:
                    await call(bridge)
                    sent = next(m for m in reversed(server.received) if m["janus"] == "message")
                    assert sent["body"] == body
                with pytest.raises(JanusOptionError, match=r"'prebuffer' from Janus 1\.2\.0 on"):
                    await bridge.configure(prebuffer=3)
                misspelt: Any = {"prot": 9}
                with pytest.raises(
                    JanusOptionError, match=r"unknown key of rtp 'prot'\. Did you mean 'port'"
                ):
                    await bridge.join(room=1, rtp=misspelt)

    run(main())


def test_the_answers_of_a_newer_server() -> None:
    answers = {
        "listannouncements": {
            "audiobridge": "announcements",
            "room": 1,
            "announcements": [{"file_id": "bell", "filename": "/x.opus", "playing": True, "loop": False}],
        },
        "stop_all_files": {"audiobridge": "success", "room": 1, "file_id_list": ["bell"]},
    }

    async def main() -> None:
        async with scripted() as server:
            server.info["version_string"] = "1.4.2"
            server.on["message"] = lambda request: [
                server.event(request, **answers[request["body"]["request"]])
            ]
            async with JanusSession(server.url) as session:
                bridge = JanusAudioBridgePlugin()
                await bridge.attach(session)
                (announcement,) = (await bridge.listannouncements(room=1)).announcements
                assert (announcement.file_id, announcement.playing) == ("bell", True)
                assert (await bridge.stop_all_files(room=1)).file_id_list == ("bell",)

    run(main())


def test_a_handle_that_is_attached_anew_is_in_no_room() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.on["message"] = lambda request: [
                server.event(request, audiobridge="joined", room=1, id=2, participants=[])
            ]
            async with JanusSession(server.url, recover="recreate") as session:
                bridge = JanusAudioBridgePlugin()
                await bridge.attach(session)
                await bridge.join(room=1)
                assert len(bridge.room) == 1
                server.drop()
                await until(lambda: session.state == "recovered")
                assert repr(bridge.room) == "<AudioRoom: none, the session on the server is gone>"

    run(main())


def test_a_join_after_a_hangup_waits_until_the_server_has_let_go() -> None:
    """Janus says hangup before AudioBridge has taken one out of the room."""

    async def main() -> None:
        async with scripted() as server, JanusSession(server.url) as session:
            asked: list[str] = []

            def answer(request: dict[str, Any]) -> list[Any]:
                asked.append(request["body"]["request"])
                if asked[-1] == "join":
                    return [server.event(request, audiobridge="joined", room=1, id=2, participants=[])]
                still = [person(2, "me")] if asked.count("listparticipants") < 3 else []
                return [server.event(request, audiobridge="participants", participants=still)]

            server.on["message"] = answer
            bridge = JanusAudioBridgePlugin()
            await bridge.attach(session)
            await bridge.join(room=1)
            server.push({"janus": "hangup", "session_id": session.id, "sender": bridge.id, "reason": "ICE"})
            await until(lambda: bridge.room.id is None)
            for _ in range(2):  # the second comes from no hangup
                await bridge.join(room=1)
            assert asked == ["join", *["listparticipants"] * 3, "join", "join"]

    run(main())
