"""AudioBridge against the real plugin: every request, every event, the view of a room, and sound."""

from __future__ import annotations

import asyncio
import wave
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusAudioBridgePlugin,
    JanusOptionError,
    JanusPluginError,
    JanusSession,
    JanusStateError,
    JanusVersionError,
)
from tests.client.scripted import errors_in, run, until
from tests.gateways import janus_before, needs_an_old_janus, running_gateway
from tests.live import sound
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from pathlib import Path

    from janus_notebook import JanusEvent, LocalGateway
    from janus_notebook.plugins.audiobridge import AudioParticipant
    from janus_notebook.plugins.requests import Id

pytestmark = pytest.mark.live

ROOM = 4321
OTHER = 4322
SECRET = "of-the-room"
PIN = "to-join"


async def handle(session: JanusSession) -> JanusAudioBridgePlugin:
    plugin = JanusAudioBridgePlugin()
    await plugin.attach(session)
    return plugin


@asynccontextmanager
async def in_room(
    gateway: LocalGateway, names: str, **options: Any
) -> AsyncIterator[tuple[JanusSession, JanusAudioBridgePlugin, list[JanusAudioBridgePlugin]]]:
    """A room that is destroyed in the end, somebody who manages it, and handles."""
    async with JanusSession(gateway.ws_url) as session:
        manager = await handle(session)
        await manager.create(room=ROOM, secret=SECRET, **options)
        try:
            yield session, manager, [await handle(session) for _ in names]
        finally:
            if (await manager.exists(room=ROOM)).exists:
                await manager.destroy(room=ROOM, secret=SECRET)


async def refused(call: Coroutine[Any, Any, Any]) -> tuple[int, str]:
    with pytest.raises(JanusPluginError) as caught:
        await call
    return caught.value.code, caught.value.name


def by_id(people: tuple[AudioParticipant, ...]) -> list[AudioParticipant]:
    return sorted(people, key=lambda who: str(who.id))


async def agrees(manager: JanusAudioBridgePlugin, *bridges: JanusAudioBridgePlugin) -> None:
    """Wait until the views of the room say what Janus says; the events may come after its answer."""
    views: list[list[AudioParticipant]] = []
    truth: list[AudioParticipant] = []
    try:
        async with asyncio.timeout(5):
            while not views or any(view != truth for view in views):
                truth = by_id((await manager.listparticipants(room=ROOM)).participants)
                views = [by_id(bridge.room.participants) for bridge in bridges]
    except TimeoutError:
        raise AssertionError(f"{views} instead of {truth}") from None


def test_rooms(gateway: LocalGateway, tmp_path: Path) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            bridge = await handle(session)
            made = await bridge.create(
                room=OTHER,
                description="ours",
                secret=SECRET,
                pin=PIN,
                sampling_rate=48000,
                allowed=["one"],
                groups=["first", "second"],
                default_prebuffering=2 if janus_before("1.2.0") else None,
                default_bitrate=64_000,
                default_expectedloss=5,
                spatial_audio=True,
                extra={"of_tomorrow": 1},
            )
            assert made.data == {"audiobridge": "created", "room": OTHER, "permanent": False}
            assert (made.audiobridge, made.room, made.permanent) == ("created", OTHER, False)
            assert await refused(bridge.create(room=OTHER)) == (486, "ROOM_EXISTS")
            assert await refused(bridge.create(room="text")) == (484, "INVALID_ELEMENT")

            other = await bridge.create()  # the server chooses the id
            assert isinstance(other.room, int)
            assert (await bridge.destroy(room=other.room)).data == {
                "audiobridge": "destroyed",
                "room": other.room,
                "permanent": False,
            }
            assert await refused(bridge.destroy(room=other.room)) == (485, "NO_SUCH_ROOM")

            listed = {room.room: room for room in (await bridge.list()).rooms}
            assert listed[OTHER].description == "ours"
            assert (listed[OTHER].pin_required, listed[OTHER].spatial_audio) == (True, True)
            assert (listed[OTHER].sampling_rate, listed[OTHER].num_participants) == (48000, 0)

            assert await refused(bridge.edit(room=OTHER, new_description="x")) == (483, "MISSING_ELEMENT")
            assert await refused(bridge.edit(room=OTHER, secret="no")) == (489, "UNAUTHORIZED")
            edited = await bridge.edit(
                room=OTHER, secret=SECRET, new_description="theirs", new_is_private=True, new_pin=""
            )
            assert edited.data == {"audiobridge": "edited", "room": OTHER, "permanent": False}
            assert OTHER not in {room.room for room in (await bridge.list()).rooms}
            assert (await bridge.exists(room=OTHER)).data == {
                "audiobridge": "success",
                "room": OTHER,
                "exists": True,
            }
            assert (await bridge.exists(room=other.room)).exists is False

            added = await bridge.allowed(room=OTHER, secret=SECRET, action="add", allowed=["two"])
            assert (added.audiobridge, added.room) == ("success", OTHER)
            assert sorted(added.allowed) == ["one", "two"]
            assert await refused(bridge.join(room=OTHER, group="first")) == (489, "UNAUTHORIZED")
            assert await refused(bridge.join(room=OTHER, token="two")) == (483, "MISSING_ELEMENT")
            assert await refused(bridge.join(room=OTHER, token="two", group="third")) == (
                494,
                "NO_SUCH_GROUP",
            )
            removed = await bridge.allowed(room=OTHER, secret=SECRET, action="remove", allowed=["two"])
            assert removed.allowed == ("one",)
            assert (await bridge.allowed(room=OTHER, secret=SECRET, action="disable")).allowed == ()
            wrong = bridge.allowed(room=OTHER, secret=SECRET, action="add", extra={"action": "what"})
            assert await refused(wrong) == (484, "INVALID_ELEMENT")

            recording = await bridge.enable_recording(
                room=OTHER, secret=SECRET, record=True, record_dir=str(tmp_path), record_file="mix.wav"
            )
            assert recording.data == {"audiobridge": "success", "record": True}
            stopped = await bridge.enable_recording(room=OTHER, secret=SECRET, record=False)
            assert (stopped.record, stopped.unreadable) == (False, ())
            mjrs = await bridge.enable_mjrs(room=OTHER, secret=SECRET, mjrs=True, mjrs_dir=str(tmp_path))
            assert mjrs.data == {"audiobridge": "success", "mjrs": True}
            assert (await bridge.enable_mjrs(room=OTHER, secret=SECRET, mjrs=False)).mjrs is False
            assert await refused(bridge.enable_mjrs(room=1, mjrs=True)) == (485, "NO_SUCH_ROOM")

            assert (await bridge.listparticipants(room=OTHER)).data == {
                "audiobridge": "participants",
                "room": OTHER,
                "participants": [],
            }
            for call in (bridge.mute, bridge.unmute, bridge.kick):
                assert await refused(call(room=OTHER, id=1, secret=SECRET)) == (492, "NO_SUCH_USER")
            assert await refused(bridge.resetdecoder()) == (487, "NOT_JOINED")
            assert await refused(bridge.leave()) == (487, "NOT_JOINED")
            assert await refused(bridge.configure(muted=True)) == (487, "NOT_JOINED")
            assert await refused(bridge.changeroom(room=OTHER)) == (487, "NOT_JOINED")
            assert (await bridge.hangup_call()).data == {"audiobridge": "hangingup"}
            assert await refused(bridge.destroy(room=OTHER)) == (483, "MISSING_ELEMENT")
            await bridge.destroy(room=OTHER, secret=SECRET)

    run(main())


def test_the_life_of_a_room(gateway: LocalGateway) -> None:
    """Who comes, goes, is muted, talks and is thrown out: the view says what Janus says, at each step."""
    from janus_notebook.media.pattern import Tone

    async def main() -> None:
        options = {"pin": PIN, "audiolevel_event": True, "audio_active_packets": 5, "audio_level_average": 40}
        async with in_room(gateway, "abc", **options) as (session, manager, (alice, bob, carol)):
            seen: dict[str, JanusEvent] = {}

            async def saw(bridge: JanusAudioBridgePlugin, name: str) -> None:
                """Wait until a handle has had an event."""

                def look() -> bool:
                    for event in session.events:
                        if event.direction == "event" and event.handle_id == bridge.id:
                            seen.setdefault(event.name, event)
                    return name in seen

                await until(look)

            joined = await alice.join(room=ROOM, display="alice", pin=PIN)
            assert joined.data == {
                "audiobridge": "joined",
                "room": ROOM,
                "id": joined.id,
                "participants": [],
            }
            assert (alice.room.id, alice.room.me, len(alice.room)) == (ROOM, joined.id, 1)
            joined = await bob.join(room=ROOM, display="bob", pin=PIN, muted=True, id=77)
            assert (joined.id, [who.display for who in joined.participants]) == (77, ["alice"])
            await agrees(manager, alice, bob)
            assert alice.room["bob"].muted
            assert await refused(carol.join(room=ROOM, id=77, pin=PIN)) == (490, "ID_EXISTS")
            assert await refused(carol.join(room=ROOM, pin="no")) == (489, "UNAUTHORIZED")
            assert await refused(bob.join(room=ROOM, pin=PIN)) == (491, "ALREADY_JOINED")

            tone = Tone(500)
            configured = await alice.publish(tone)
            assert configured.data == {"audiobridge": "event", "result": "ok"}
            assert configured.jsep is not None
            joined_by_offer = await carol.publish(
                room=ROOM, display="carol", pin=PIN, muted=True, generate_offer=True
            )
            assert joined_by_offer.audiobridge == "joined"
            await agrees(manager, alice, bob, carol)
            assert alice.room["carol"].setup
            await until(lambda: bob.room["alice"].talking)
            assert repr(bob.room) == (
                "<AudioRoom 4321, 3 participants: alice (talking), bob (you, no media, muted), carol (muted)>"
            )

            assert (await bob.configure(muted=False, display="bobby", volume=80)).result == "ok"
            await agrees(manager, alice, bob, carol)
            assert "bobby" in alice.room
            assert (await manager.mute(room=ROOM, id=alice.room.me or 0, secret=SECRET)).room == ROOM
            await until(lambda: bob.room["alice"].muted and alice.room["alice"].muted)
            again = await manager.mute(room=ROOM, id=alice.room.me or 0, secret=SECRET)
            assert again.data == {"audiobridge": "success"}
            await manager.unmute(room=ROOM, id=alice.room.me or 0, secret=SECRET)
            await agrees(manager, alice, bob, carol)
            assert (await manager.mute_room(room=ROOM, secret=SECRET)).room == ROOM
            await until(lambda: alice.room.muted is True)
            await manager.unmute_room(room=ROOM, secret=SECRET)
            await until(lambda: alice.room.muted is False)
            assert (await alice.resetdecoder()).data == {"audiobridge": "success"}
            tone.amplitude = 0.0
            await until(lambda: not bob.room["alice"].talking and not alice.room["alice"].talking)
            await agrees(manager, alice, bob, carol)

            assert (await bob.leave()).data == {"audiobridge": "left", "room": ROOM, "id": 77}
            assert (bob.room.id, bob.room.ended) == (None, "left")
            await agrees(manager, alice, carol)
            with pytest.raises(JanusStateError, match="in no room"):
                await bob.room.refresh()
            await bob.join(room=ROOM, display="bob", pin=PIN)
            assert len(await bob.room.refresh()) == 3

            assert (await manager.kick(room=ROOM, id=carol.room.me or 0, secret=SECRET)).data == {
                "audiobridge": "success"
            }
            await until(lambda: carol.room.ended == "kicked")
            assert carol.state == "hungup"
            await agrees(manager, alice, bob)
            await carol.publish(room=ROOM, display="carol", pin=PIN)
            await carol.hangup_call()
            assert (carol.state, carol.room.id, carol.tracks) == ("hungup", None, ())
            await agrees(manager, alice, bob)
            await bob.hangup()  # without media: Janus would not tell him that he is out
            assert bob.room.id is None
            await agrees(manager, alice)

            await bob.join(room=ROOM, display="bob", pin=PIN)
            assert (await manager.kick_all(room=ROOM, secret=SECRET)).data == {"audiobridge": "success"}
            await until(lambda: (alice.room.ended, bob.room.ended) == ("kicked", "kicked"))
            for name in (
                "joined",
                "participant",
                "talking",
                "stopped-talking",
                "leaving",
                "kicked",
                "kicked_all",
                "muted",
            ):
                await saw(alice, name)
            other = await carol.create()
            assert other.room is not None
            await carol.join(room=other.room)
            await manager.destroy(room=other.room)
            await until(lambda: carol.room.ended == "the room was destroyed")
            await saw(carol, "destroyed")
            golden.check(
                *(
                    event
                    for name, event in seen.items()
                    if name not in ("media", "webrtcup", "hangup", "trickle")
                )
            )
            assert errors_in(session) == []

    run(main())


def test_two_hear_each_other(gateway: LocalGateway, tmp_path: Path) -> None:
    """A tone of one is found by its frequency in what the other receives; and a file, and a forwarder."""
    from janus_notebook.media.pattern import Tone

    sound.write_opus(tmp_path / "call.opus", 2000, 0.6)

    async def main() -> None:
        async with in_room(gateway, "ab", sampling_rate=48000) as (session, manager, (alice, bob)):
            await alice.publish(Tone(500), room=ROOM, display="alice")
            await bob.publish(Tone(1200), room=ROOM, display="bob", generate_offer=True)
            await asyncio.gather(
                sound.hears(alice.track("audio"), 1200), sound.hears(bob.track("audio"), 500)
            )
            with pytest.raises(JanusStateError, match="is publishing already"):
                await alice.publish()
            with pytest.raises(JanusStateError, match="is publishing already"):
                await bob.publish(generate_offer=True)

            # Muted: silence; in another room: alone; back again: heard.
            await bob.configure(muted=True)
            await sound.falls_silent(alice.track("audio"))
            await bob.configure(muted=False)
            await sound.hears(alice.track("audio"), 1200)
            with sound.rtp_socket("127.0.0.1") as receiver:
                port = receiver.getsockname()[1]
                forward = await manager.rtp_forward(
                    room=ROOM, secret=SECRET, host="127.0.0.1", port=port, codec="pcmu", ssrc=99
                )
                assert forward.data == {
                    "audiobridge": "success",
                    "room": ROOM,
                    "stream_id": forward.stream_id,
                    "host": "127.0.0.1",
                    "port": port,
                }
                got = await sound.packets(receiver, 25)
                mix = sound.from_mu_law(b"".join(packet[12:] for packet in got))
                assert min(abs(sound.strongest(mix, 8000) - tone) for tone in (500, 1200)) < 8
                (listed,) = (await manager.listforwarders(room=ROOM, secret=SECRET)).rtp_forwarders
                assert (listed.stream_id, listed.ip, listed.port) == (forward.stream_id, "127.0.0.1", port)
                assert (listed.codec, listed.ssrc, listed.srtp) == ("pcmu", 99, False)
                stopped = await manager.stop_rtp_forward(
                    room=ROOM, secret=SECRET, stream_id=forward.stream_id
                )
                assert stopped.data == {
                    "audiobridge": "success",
                    "room": ROOM,
                    "stream_id": forward.stream_id,
                }
            assert (await manager.listforwarders(room=ROOM, secret=SECRET)).rtp_forwarders == ()
            assert await refused(manager.rtp_forward(room=1, host="127.0.0.1", port=1)) == (
                485,
                "NO_SUCH_ROOM",
            )

            async with alice.events(["announcement-started", "announcement-stopped"]) as announcements:
                path = str(tmp_path / "call.opus")
                played = await manager.play_file(room=ROOM, secret=SECRET, filename=path, file_id="bell")
                assert played.data == {"audiobridge": "success", "room": ROOM, "file_id": "bell"}
                started = await announcements.get(5)
                assert (await manager.is_playing(room=ROOM, secret=SECRET, file_id="bell")).playing
                taken = manager.play_file(room=ROOM, secret=SECRET, filename=path, file_id="bell")
                assert await refused(taken) == (490, "ID_EXISTS")
                golden.check(started, await announcements.get(5))
            assert not (await manager.is_playing(room=ROOM, secret=SECRET, file_id="bell")).playing
            await manager.play_file(room=ROOM, secret=SECRET, filename=path, file_id="again", loop=True)
            ended = await manager.stop_file(room=ROOM, secret=SECRET, file_id="again")
            assert ended.data == {"audiobridge": "success", "room": ROOM, "file_id": "again"}
            missing = manager.play_file(room=ROOM, secret=SECRET, filename="/no/such.opus")
            assert await refused(missing) == (499, "UNKNOWN_ERROR")

            record = await manager.enable_recording(
                room=ROOM, secret=SECRET, record=True, record_file=str(tmp_path / "mix.wav")
            )
            assert record.record
            other = await manager.create(sampling_rate=48000)
            assert other.room is not None
            moved = await bob.changeroom(room=other.room, display="bob")
            assert (moved.audiobridge, moved.room, moved.participants) == ("roomchanged", other.room, ())
            assert (bob.room.id, bob.room["bob"].setup) == (other.room, True)
            await agrees(manager, alice)
            assert await refused(bob.changeroom(room=other.room)) == (491, "ALREADY_JOINED")
            await sound.falls_silent(alice.track("audio"))
            await bob.changeroom(room=ROOM, display="bob")
            await sound.hears(alice.track("audio"), 1200)
            await manager.destroy(room=other.room)
            await manager.enable_recording(room=ROOM, secret=SECRET, record=False)
            await until((tmp_path / "mix.wav").exists)
            assert errors_in(session) == []
        # Its header has the size when the file is closed, some time after the room is gone.
        await until(lambda: any((tmp_path / "mix.wav").read_bytes()[4:8]))
        with wave.open(str(tmp_path / "mix.wav")) as mix_file:
            assert (mix_file.getframerate(), mix_file.getnchannels()) == (48000, 1)

    run(main())


def test_plain_rtp(gateway: LocalGateway) -> None:
    """Somebody without WebRTC takes part, heard and hearing."""
    from janus_notebook.media.pattern import Tone

    async def main() -> None:
        async with in_room(gateway, "ab", sampling_rate=8000, allow_rtp_participants=True) as (
            session,
            manager,
            (alice, phone),
        ):
            await alice.publish(Tone(500), room=ROOM, display="alice")
            with sound.rtp_socket("0.0.0.0") as line:
                joined = await phone.join(
                    room=ROOM,
                    display="phone",
                    codec="pcmu",
                    rtp={"ip": "127.0.0.1", "port": line.getsockname()[1]},
                )
                assert joined.rtp is not None
                assert joined.data["rtp"] == {"ip": joined.rtp.ip, "port": joined.rtp.port, "payload_type": 0}
                if janus_before("1.1.4"):
                    await agrees(manager, alice, phone)
                    assert "phone (no media)" in repr(alice.room)
                else:  # where it counts as set up from the start, but nobody tells the phone
                    await agrees(manager, alice)
                line.connect(("127.0.0.1", joined.rtp.port))
                talking = asyncio.create_task(sound.send_tone(line, 1200))
                try:
                    await sound.hears(alice.track("audio"), 1200)
                    got = await sound.packets(line, 25)
                finally:
                    talking.cancel()
            assert {sound.payload_type(packet) for packet in got} == {0}
            mix = sound.from_mu_law(b"".join(packet[12:] for packet in got))
            assert abs(sound.strongest(mix, 8000) - 500) < 8
            assert alice.room["phone"].setup  # from the first packet on; nobody tells the phone itself
            assert by_id(await phone.room.refresh()) == by_id(alice.room.participants)
            assert await refused(manager.join(room=ROOM, rtp={}, id=phone.room.me)) == (490, "ID_EXISTS")
            await phone.hangup()
            await agrees(manager, alice)
            assert errors_in(session) == []
        async with in_room(gateway, "a") as (_, _, (alice,)):
            assert await refused(alice.join(room=ROOM, rtp={"ip": "127.0.0.1", "port": 9})) == (
                489,
                "UNAUTHORIZED",
            )

    run(main())


def test_what_fails_leaves_a_handle_that_works(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with in_room(gateway, "a") as (session, manager, (alice,)):
            with pytest.raises(JanusOptionError, match="display without a room"):
                await alice.publish(display="alice")
            await alice.join(room=ROOM, display="alice")
            with pytest.raises(JanusOptionError, match="cannot be sent"):
                await alice.publish("noise")
            await agrees(manager, alice)  # Janus was not asked: she is still there
            assert "alice" in alice.room
            for options in ({}, {"generate_offer": True}):
                call = asyncio.create_task(alice.publish(**options))  # type: ignore[arg-type]
                await until(lambda: alice.state == "negotiating")
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                await alice.join(room=ROOM, display="alice")
                await agrees(manager, alice)
            await alice.publish(None)  # to listen only
            await agrees(manager, alice)
            assert alice.room["alice"].setup
            await alice.detach()
            assert (alice.room.id, len(alice.room)) == (None, 0)
            assert errors_in(session) == []

    run(main())


@needs_an_old_janus
def test_what_is_newer_than_this_server(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            bridge = await handle(session)
            for call in (
                bridge.suspend(room=1, id=1),
                bridge.resume(room=1, id=1),
                bridge.denoise_enable(room=1, id=1),
                bridge.denoise_disable(room=1, id=1),
                bridge.listannouncements(room=1),
                bridge.stop_all_files(room=1),
                bridge.join(room=1, suspended=True),
                bridge.create(signed_tokens=True),
                bridge.configure(rtp={"ip": "127.0.0.1", "port": 1}),
            ):
                with pytest.raises(JanusVersionError, match=r"this server is 1\.1\.2"):
                    await call

    run(main())


def test_ids_that_are_texts() -> None:
    settings = {"janus.plugin.audiobridge": {"general": {"string_ids": True, "admin_key": "of-the-server"}}}
    with running_gateway(settings=settings) as gateway:

        async def main() -> None:
            async with JanusSession(gateway.ws_url) as session:
                bridge, other = await handle(session), await handle(session)
                assert await refused(bridge.create(room="hall")) == (483, "MISSING_ELEMENT")
                assert await refused(bridge.create(room="hall", admin_key="no")) == (489, "UNAUTHORIZED")
                key = "of-the-server"
                made = await bridge.create(room="hall", is_private=True, admin_key=key)
                assert made.room == "hall"
                assert await refused(bridge.exists(room=1)) == (484, "INVALID_ELEMENT")
                assert "hall" in {room.room for room in (await bridge.list(admin_key=key)).rooms}
                assert "hall" not in {room.room for room in (await bridge.list()).rooms}
                joined = await bridge.join(room="hall", id="me", display="I")
                assert (joined.id, joined.unreadable) == ("me", ())
                assert isinstance((await other.join(room="hall", display="you")).id, str)
                await until(lambda: "you" in bridge.room)
                identity: Id = other.room["I"].id
                assert identity == "me"
                await other.leave()
                await until(lambda: len(bridge.room) == 1)

        run(main())
