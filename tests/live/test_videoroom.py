"""VideoRoom's requests and events against the real plugin."""

from __future__ import annotations

import asyncio
import socket
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook import (
    JanusPluginError,
    JanusSession,
    JanusStateError,
    JanusVersionError,
)
from janus_notebook.plugins.videoroom.replies import RemoteDestination
from tests.admin import admin
from tests.client.scripted import errors_in, run, until
from tests.gateways import janus_before, needs_an_old_janus, running_gateway
from tests.live.videoroom import SECRET, colour, handle, known, publisher, room, sent, shows
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from janus_notebook import LocalGateway
    from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin

pytestmark = pytest.mark.live


async def refused(call: Awaitable[Any], code: int, name: str) -> JanusPluginError:
    with pytest.raises(JanusPluginError) as caught:
        await call
    assert (caught.value.code, caught.value.name) == (code, name), caught.value
    assert caught.value.plugin == "janus.plugin.videoroom"
    return caught.value


ALL_OF_CREATE: dict[str, Any] = {
    "description": "everything",
    "is_private": False,
    "allowed": ["t1"],
    "secret": SECRET,
    "pin": "1111",
    "require_pvtid": True,
    "signed_tokens": False,
    "bitrate": 64000,
    "bitrate_cap": True,
    "fir_freq": 10,
    "publishers": 2,
    "audiocodec": "opus,pcmu",
    "videocodec": "vp9,h264",
    "vp9_profile": "2",
    "h264_profile": "42e01f",
    "opus_fec": True,
    "opus_dtx": True,
    **({"video_svc": True} if janus_before("1.1.4") else {}),
    "audiolevel_ext": True,
    "audiolevel_event": True,
    "audio_active_packets": 50,
    "audio_level_average": 40,
    "videoorient_ext": False,
    "playoutdelay_ext": False,
    "transport_wide_cc_ext": False,
    "record": False,
    "rec_dir": "/nowhere",
    "lock_record": True,
    "permanent": False,
    "notify_joining": True,
    "require_e2ee": False,
    "dummy_publisher": True,
    "dummy_streams": [{"codec": "opus"}, {"codec": "h264", "fmtp": "profile-level-id=42e01f"}],
    "extra": {"x_new": 1},
}


def test_rooms(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = await handle(session)
            made = await plugin.create(room=55, **ALL_OF_CREATE)
            assert made.data == {"videoroom": "created", "room": 55, "permanent": False}
            assert (made.room, made.permanent) == (55, False)
            (body,) = sent(plugin, "create")
            masked = {"secret": "***", "pin": "***", "allowed": ["***"]}
            assert body == {"request": "create", "room": 55, "x_new": 1} | {
                key: masked.get(key, value) for key, value in ALL_OF_CREATE.items() if key != "extra"
            }

            assert (await plugin.exists(room=55)).data == {"videoroom": "success", "room": 55, "exists": True}
            assert not (await plugin.exists(room=56)).exists
            listed = next(each for each in (await plugin.list()).rooms if each.room == 55)
            assert (listed.description, listed.max_publishers, listed.videocodec) == (
                "everything",
                2,
                "vp9,h264",
            )
            assert (listed.audio_active_packets, listed.bitrate_cap, listed.pin_required) == (50, True, True)

            (dummy,) = (await plugin.listparticipants(room=55)).participants
            assert (dummy.dummy, dummy.publisher) == (True, True)

            edited = await plugin.edit(
                room=55,
                secret=SECRET,
                new_description="less",
                new_is_private=True,
                new_secret="other",
                new_pin="2222",
                new_require_pvtid=False,
                new_bitrate=1000,
                new_fir_freq=0,
                new_publishers=5,
                new_lock_record=False,
                new_rec_dir="/tmp",
                permanent=False,
            )
            assert edited.data == {"videoroom": "edited", "room": 55, "permanent": False}
            assert 55 not in [each.room for each in (await plugin.list()).rooms]
            await refused(plugin.edit(room=55, secret=SECRET), 433, "UNAUTHORIZED")

            allowed = await plugin.allowed(room=55, secret="other", action="add", allowed=["t2"])
            assert sorted(allowed.allowed) == ["t1", "t2"]
            allowed = await plugin.allowed(room=55, secret="other", action="remove", allowed=["t1"])
            assert allowed.data == {"videoroom": "success", "room": 55, "allowed": ["t2"]}
            assert (await plugin.allowed(room=55, secret="other", action="disable")).allowed == ()
            await refused(plugin.allowed(room=55, secret="other", action="dissable"), 430, "INVALID_ELEMENT")

            recording = await plugin.enable_recording(room=55, record=False, secret="other")
            assert recording.data == {"videoroom": "success", "record": False}
            nobody = await plugin.listforwarders(room=55, secret="other")
            assert nobody.data == {"videoroom": "forwarders", "room": 55, "publishers": []}

            await refused(plugin.create(room=55), 427, "ROOM_EXISTS")
            await refused(plugin.create(room="55"), 430, "INVALID_ELEMENT")
            await refused(plugin.create(bitrate=-1), 430, "INVALID_ELEMENT")
            await refused(plugin.request({"request": "kick"}), 429, "MISSING_ELEMENT")
            await refused(plugin.request({"request": "crate"}), 423, "INVALID_REQUEST")
            for call in (
                plugin.edit(room=99),
                plugin.destroy(room=99),
                plugin.allowed(room=99, action="disable"),
                plugin.kick(room=99, id=1),
                plugin.moderate(room=99, id=1, mid="0", mute=True),
                plugin.listparticipants(room=99),
                plugin.listforwarders(room=99),
                plugin.enable_recording(room=99, record=True),
                plugin.rtp_forward(room=99, publisher_id=1, host="127.0.0.1", audio_port=9),
                plugin.stop_rtp_forward(room=99, publisher_id=1, stream_id=1),
                plugin.join(room=99),
            ):
                await refused(call, 426, "NO_SUCH_ROOM")
            for call in (
                plugin.destroy(room=55, secret=SECRET),
                plugin.kick(room=55, id=1, secret="x"),
                plugin.moderate(room=55, id=1, mid="0", mute=True, secret="x"),
                plugin.listforwarders(room=55, secret="x"),
                plugin.enable_recording(room=55, record=True, secret="x"),
            ):
                await refused(call, 433, "UNAUTHORIZED")
            await refused(plugin.destroy(room=55), 429, "MISSING_ELEMENT")
            await refused(plugin.kick(room=55, id=1, secret="other"), 428, "NO_SUCH_FEED")
            await refused(
                plugin.moderate(room=55, id=1, mid="0", mute=True, secret="other"), 428, "NO_SUCH_FEED"
            )
            gone = await plugin.destroy(room=55, secret="other")
            assert gone.data == {"videoroom": "destroyed", "room": 55, "permanent": False}

    run(main())


def test_joining_and_what_is_refused(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with (
            room(gateway.ws_url, pin="1111", publishers=1, description="ours") as manager,
            JanusSession(gateway.ws_url) as session,
        ):
            plugin = await handle(session)
            for call in (
                plugin.publish(colour(50), None),
                plugin.configure(),
                plugin.leave(),
                plugin.unpublish(),
                plugin.start(),
                plugin.pause(),
                plugin.switch(streams=[]),
                plugin.subscribe(streams=[]),
                plugin.unsubscribe(streams=[]),
                plugin.update(),
            ):
                await refused(call, 424, "JOIN_FIRST")
            assert plugin.webrtc == {}
            await refused(plugin.join(room=77), 429, "MISSING_ELEMENT")
            await refused(plugin.join(room=77, pin="2222"), 433, "UNAUTHORIZED")
            await refused(plugin.join(room=77, pin="1111", ptype="listener"), 430, "INVALID_ELEMENT")
            with pytest.raises(JanusStateError, match="joined no room"):
                await plugin.subscriber()
            with pytest.raises(JanusStateError, match="is in no room"):
                await plugin.refresh()

            joined = await plugin.join(room=77, pin="1111", display="me", id=5)
            assert (joined.videoroom, joined.room, joined.id, joined.publishers) == ("joined", 77, 5, ())
            assert joined.description == "ours"
            assert joined.private_id == plugin.view.private_id is not None
            assert (plugin.view.state, plugin.view.room, plugin.view.id) == ("joined", 77, 5)
            assert known(plugin.view) == {(5, "me", False)}
            await refused(plugin.join(room=77, pin="1111"), 425, "ALREADY_JOINED")
            await refused(plugin.unpublish(), 435, "NOT_PUBLISHED")
            await plugin.publish(colour(50), None)
            with pytest.raises(
                JanusStateError, match=r"already\. configure\(\) changes it; unpublish\(\) first"
            ):
                await plugin.publish(colour(50), None)

            second = await handle(session)
            await refused(second.join(room=77, pin="1111", id=5), 436, "ID_EXISTS")
            await second.join(room=77, pin="1111")
            await refused(second.publish(colour(50), None), 432, "PUBLISHERS_FULL")
            assert (second.webrtc, second.view.me and second.view.me.publisher) == ({}, False)

            third = await handle(session)
            error = await refused(
                third.join(room=77, pin="1111", ptype="subscriber", streams=[{"feed": 9}]),
                428,
                "NO_SUCH_FEED",
            )
            assert "No such feed (9)" in str(error)
            attached = await third.join(room=77, pin="1111", ptype="subscriber", streams=[{"feed": 5}])
            assert attached.videoroom == "attached"
            assert attached.jsep is not None
            assert [(s.mid, s.type, s.active, s.feed_id) for s in attached.streams] == [
                ("0", "video", True, 5)
            ]

            left = await second.leave()
            assert left.data == {"videoroom": "event", "room": 77, "leaving": "ok"}
            assert (second.view.state, second.view.participants) == ("left", ())
            with pytest.raises(JanusStateError, match="you left room 77"):
                await second.join(room=77, pin="1111")
            again = {"request": "join", "room": 77, "ptype": "publisher", "pin": "1111"}
            await refused(second.request(again), 425, "ALREADY_JOINED")
            await second.detach()
            await second.attach(session)
            assert second.view.state == "new"
            await second.join(room=77, pin="1111")
            await until(lambda: known(second.view) >= {(5, "me", True)})
            assert manager.view.state == "new"
            assert errors_in(session) == []

    run(main())


def voice() -> Any:
    """An audio track that is a loud square wave while its `loud` is true, else silence."""
    from aiortc.mediastreams import MediaStreamTrack
    from av import AudioFrame

    class Voice(MediaStreamTrack):
        kind = "audio"

        def __init__(self) -> None:
            super().__init__()
            self.loud = True
            self.samples = 0

        async def recv(self) -> Any:
            await asyncio.sleep(0.02)
            wave = np.where(np.arange(960) // 48 % 2, 8000, -8000) * self.loud
            frame = AudioFrame.from_ndarray(wave.astype(np.int16).reshape(1, -1), "s16", "mono")
            frame.pts, frame.sample_rate, frame.time_base = self.samples, 48000, Fraction(1, 48000)
            self.samples += 960
            return frame

    return Voice()


def test_every_event_and_the_view_of_it(gateway: LocalGateway) -> None:
    async def main() -> None:
        options = {"audiolevel_event": True, "audio_active_packets": 10, "audio_level_average": 60}
        async with (
            room(gateway.ws_url, notify_joining=True, **options) as manager,
            JanusSession(gateway.ws_url) as session,
        ):
            one = await publisher(session, None, id=1, display="one")
            sound = voice()
            try:
                async with one.events() as events:

                    async def next_is(name: str) -> Any:
                        async for event in events:
                            if event.name == name:
                                golden.check(event)
                                return event.detail  # type: ignore[attr-defined]
                        raise AssertionError(f"no {name}")

                    two = await handle(session)
                    joined = await two.join(room=77, id=2, display="two")
                    assert [each.id for each in joined.attendees] == [1]
                    assert (await next_is("joining")).joining.display == "two"
                    configured = await two.publish(
                        colour(90), sound, descriptions=[{"mid": "1", "description": "desk"}]
                    )
                    assert configured.configured == "ok"
                    assert configured.video_codec == "vp8"
                    assert [(s.mid, s.type, s.description) for s in configured.streams] == [
                        ("0", "audio", ""),
                        ("1", "video", "desk"),
                    ]
                    published = (await next_is("publishers")).publishers[0]
                    assert (published.id, published.display, len(published.streams)) == (2, "two", 2)
                    assert (await next_is("talking")).id == 2
                    await until(lambda: one.view.publishers[0].talking)
                    sound.loud = False
                    stopped = await next_is("stopped-talking")
                    assert (stopped.mid, stopped.audio_level_dbov_avg > 60) == ("0", True)
                    assert one.view.publishers[0].talking is False

                    muted = await manager.moderate(room=77, id=2, mid="1", mute=True, secret=SECRET)
                    assert muted.data == {"videoroom": "success"}
                    assert (await next_is("moderation")).moderation == "muted"
                    assert [s.moderated for s in one.view.publishers[0].streams] == [False, True]
                    await two.view.until(lambda view: view.me and view.me.streams[1].moderated)
                    await manager.moderate(room=77, id=2, mid="1", mute=False, secret=SECRET)
                    assert (await next_is("moderation")).moderation == "unmuted"
                    assert not one.view.publishers[0].streams[1].moderated

                    await two.configure(display="second", bitrate=100_000, keyframe=True)
                    assert (await next_is("display")).display == "second"
                    assert known(one.view) == known(two.view) == {(1, "one", False), (2, "second", True)}
                    assert "'second'" in one.view.summary
                    assert "video mid 1 vp8 'desk'" in repr(one.view)

                    await two.unpublish()
                    assert (await next_is("unpublished")).unpublished == 2
                    await two.publish(colour(90), None)
                    await next_is("publishers")
                    await two.leave()
                    assert (await next_is("leaving")).leaving == 2
                    assert known(one.view) == {(1, "one", False)}

                    three = await publisher(session, None, id=3, display="three")
                    await next_is("joining")
                    async with three.events(["leaving"]) as own:
                        await manager.kick(room=77, id=3, secret=SECRET)
                        thrown_out = (await own.get(5)).raw["plugindata"]["data"]
                    assert thrown_out == {
                        "videoroom": "event",
                        "room": 77,
                        "leaving": "ok",
                        "reason": "kicked",
                    }
                    assert (await next_is("kicked")).kicked == 3
                    assert (three.view.state, three.view.participants) == ("kicked", ())
                    with pytest.raises(JanusStateError, match="you were kicked from room 77"):
                        await three.configure(display="x")
                    rename = {"request": "configure", "display": "x"}
                    await refused(three.request(rename), 426, "NO_SUCH_ROOM")

                    await manager.destroy(room=77, secret=SECRET)
                    await next_is("destroyed")
                    assert (one.view.state, one.view.participants) == ("destroyed", ())
                    with pytest.raises(JanusStateError, match="changes no more"):
                        await one.view.changed(1)
                    with pytest.raises(JanusStateError, match="room 77 was destroyed"):
                        await one.publish()
                    again = {"request": "join", "room": 77, "ptype": "publisher"}
                    await refused(one.request(again), 425, "ALREADY_JOINED")
            finally:
                sound.stop()
            assert errors_in(session) == []

    run(main())


def udp() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    listening.setblocking(False)
    return listening


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    made = [udp() for _ in range(4)]
    yield made
    for each in made:
        each.close()


async def packet(listening: socket.socket) -> bytes:
    async with asyncio.timeout(5):
        return await asyncio.get_running_loop().sock_recv(listening, 2048)


def test_rtp_forwarding(gateway: LocalGateway, sockets: list[socket.socket]) -> None:
    ports = [each.getsockname()[1] for each in sockets]

    async def main() -> None:
        async with room(gateway.ws_url) as manager, JanusSession(gateway.ws_url) as session:
            await publisher(session, 90, audio="tone", id=1, display="one")
            place: dict[str, Any] = {"room": 77, "publisher_id": 1, "secret": SECRET}
            newer = await manager.rtp_forward(
                **place,
                host="127.0.0.1",
                streams=[
                    {"mid": "0", "port": ports[0], "pt": 111, "ssrc": 1234},
                    {"mid": "1", "port": ports[1], "host": "127.0.0.1"},
                ],
            )
            assert (newer.videoroom, newer.room, newer.publisher_id, newer.rtp_stream) == (
                "rtp_forward",
                77,
                1,
                None,
            )
            assert [(f.type, f.port, f.host) for f in newer.forwarders] == [
                ("audio", ports[0], "127.0.0.1"),
                ("video", ports[1], "127.0.0.1"),
            ]
            older = await manager.rtp_forward(
                **place,
                host="127.0.0.1",
                audio_port=ports[2],
                video_port=ports[3],
                audio_pt=112,
                video_pt=100,
            )
            assert older.forwarders == ()
            assert older.rtp_stream is not None
            assert (older.rtp_stream.audio, older.rtp_stream.video) == (ports[2], ports[3])
            assert len(older.stream_ids) == len(newer.stream_ids) == 2

            audio, *others = [await packet(each) for each in sockets]
            assert (audio[1] & 0x7F, int.from_bytes(audio[8:12])) == (111, 1234)
            assert all(each[0] >> 6 == 2 for each in others)  # RTP's version
            assert [each[1] & 0x7F for each in others[1:]] == [112, 100]

            listed = await manager.listforwarders(room=77, secret=SECRET)
            (of_one,) = listed.publishers
            assert (of_one.publisher_id, of_one.display) == (1, "one")
            ids = {*newer.stream_ids, *older.stream_ids}
            assert {each.stream_id for each in of_one.forwarders} == ids
            for stream_id in ids:
                stopped = await manager.stop_rtp_forward(**place, stream_id=stream_id)
                assert stopped.data == {
                    "videoroom": "stop_rtp_forward",
                    "room": 77,
                    "publisher_id": 1,
                    "stream_id": stream_id,
                }
            assert (await manager.listforwarders(room=77, secret=SECRET)).publishers == ()
            await refused(manager.stop_rtp_forward(**place, stream_id=5), 428, "NO_SUCH_FEED")
            await refused(
                manager.rtp_forward(**{**place, "publisher_id": 4}, host="127.0.0.1", audio_port=9),
                428,
                "NO_SUCH_FEED",
            )

    run(main())


def test_a_publisher_of_another_room(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with (
            room(gateway.ws_url) as manager,
            room(gateway.ws_url, 78) as elsewhere,
            JanusSession(gateway.ws_url) as session,
        ):
            one = await publisher(session, 90, audio="tone", id=1, display="one")
            watcher = await publisher(session, None, room=78, id=9)
            me = one.view.me
            assert me is not None
            streams: Any = [
                {"mid": s.mid, "mindex": s.mindex, "type": s.type, "codec": s.codec} for s in me.streams
            ]
            there: dict[str, Any] = {"room": 78, "id": 5, "secret": SECRET}
            added = await elsewhere.add_remote_publisher(
                **there, display="far", iface="127.0.0.1", port=0, streams=streams
            )
            assert (added.room, added.id, added.port > 0) == (78, 5, True)
            await watcher.view.until(lambda view: view.feeds == (5,))
            await refused(
                elsewhere.add_remote_publisher(**there, display="far", streams=streams), 436, "ID_EXISTS"
            )
            assert [
                p.remote for p in (await elsewhere.listparticipants(room=78)).participants if p.id == 5
            ] == [True]

            here: dict[str, Any] = {"room": 77, "publisher_id": 1, "secret": SECRET}
            target: dict[str, Any] = {"host": "127.0.0.1", "port": added.port, "rtcp_port": added.rtcp_port}
            published = await manager.publish_remotely(**here, remote_id="there", **target)
            assert published.data == {"videoroom": "success", "room": 77, "id": 1, "remote_id": "there"}
            subscriber = await watcher.subscriber()
            await subscriber.set([5])
            await shows(subscriber, 5, 90)
            listed = await manager.listremotes(**here)
            assert listed.remotes == (
                RemoteDestination(
                    remote_id="there", host="127.0.0.1", port=added.port, rtcp_port=added.rtcp_port
                ),
            )
            changed = await elsewhere.update_remote_publisher(
                **there, streams=[{"mid": "1", "mindex": 1, "type": "video", "codec": "vp8"}]
            )
            assert changed.data == {"videoroom": "success"}
            stopped = await manager.unpublish_remotely(**here, remote_id="there")
            assert (stopped.videoroom, stopped.id) == ("success", 1)
            assert (await manager.listremotes(**here)).remotes == ()
            await refused(manager.unpublish_remotely(**here, remote_id="nowhere"), 428, "NO_SUCH_FEED")
            removed = await elsewhere.remove_remote_publisher(**there)
            assert removed.data == {"videoroom": "success"}
            await watcher.view.until(lambda view: view.feeds == ())
            await refused(elsewhere.remove_remote_publisher(**there), 428, "NO_SUCH_FEED")
            await refused(elsewhere.update_remote_publisher(**there, streams=streams), 428, "NO_SUCH_FEED")
            here["secret"] = "x"
            await refused(manager.listremotes(**here), 433, "UNAUTHORIZED")
            await refused(manager.publish_remotely(**here, remote_id="x", **target), 433, "UNAUTHORIZED")

    run(main())


def test_recording(gateway: LocalGateway, tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            room(gateway.ws_url, rec_dir=str(tmp_path)) as manager,
            JanusSession(gateway.ws_url) as session,
        ):
            one = await publisher(session, 90, id=1)
            assert (await manager.enable_recording(room=77, record=True, secret=SECRET)).record
            await until(lambda: len(list(tmp_path.iterdir())) == 1)
            assert (await manager.list()).rooms  # it goes on
            await manager.enable_recording(room=77, record=False, secret=SECRET)
            await one.configure(record=True, filename="mine")
            await until(lambda: any(each.name.startswith("mine-") for each in tmp_path.iterdir()))
            await one.configure(record=False)

    run(main())


def test_an_offer_of_somebody_else_is_sent_as_it_is(gateway: LocalGateway) -> None:
    from janus_notebook.media.peer import Peer

    async def main() -> None:
        async with room(gateway.ws_url, notify_joining=True), JanusSession(gateway.ws_url) as session:
            one, two = await handle(session), await handle(session)
            peers = [Peer(), Peer()]
            try:
                offer = await peers[0].offer(video=colour(90), receive=())
                joined = await one.joinandconfigure(room=77, id=1, display="one", jsep=offer, bitrate=100_000)
                assert joined.jsep is not None
                assert (joined.videoroom, joined.id, [s.type for s in joined.streams]) == (
                    "joined",
                    1,
                    ["video"],
                )
                await peers[0].accept(joined.jsep)
                await peers[0].connected()
                await one.view.until(lambda view: view.me and view.me.publisher)
                body = sent(one, "joinandconfigure")[0]
                assert body == {
                    "request": "joinandconfigure",
                    "room": 77,
                    "ptype": "publisher",
                    "id": 1,
                    "display": "one",
                    "bitrate": 100_000,
                }
                assert one.webrtc == {}
                await two.join(room=77, id=2)
                offer = await peers[1].offer(video=colour(40), receive=())
                configured = await two.publish(jsep=offer, audio=False, video=True, display="two")
                assert configured.jsep is not None
                await peers[1].accept(configured.jsep)
                await peers[1].connected()
                body = sent(two, "publish")[0]
                assert body == {"request": "publish", "audio": False, "video": True, "display": "two"}
                await one.view.until(lambda view: view.feeds == (2,))
                await two.view.until(lambda view: view.me and view.me.publisher)
                assert known(one.view) == known(two.view) == {(1, "one", True), (2, "two", True)}
            finally:
                for peer in peers:
                    await peer.close()

            three = await handle(session)
            joined = await three.joinandconfigure(room=77, id=3, display="three", video=colour(9), audio=None)
            assert (joined.id, joined.video_codec, three.state) == (3, "vp8", "connected")
            await three.leave()
            assert errors_in(session) == []

    run(main())


def test_a_subscription_by_hand(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url), JanusSession(gateway.ws_url) as session:
            await publisher(session, 40, id=1, display="one")
            two = await publisher(session, 200, id=2, display="two")
            sub = await handle(session)
            joined = await sub.join(room=77, ptype="subscriber", streams=[{"feed": 1}])
            assert joined.jsep is not None
            answered = await sub.answer(joined.jsep)
            assert answered.data == {"videoroom": "event", "room": 77, "started": "ok"}
            assert sub.subscribed["0"].feed_display == "one"
            assert abs((await sub.track("0").snapshot()).mean() - 40) < 12
            await refused(sub.join(room=77, ptype="subscriber", streams=[{"feed": 1}]), 425, "ALREADY_JOINED")
            await refused(sub.subscribe(streams=[{"feed": 7}]), 428, "NO_SUCH_FEED")
            await refused(sub.subscribe(streams=[]), 430, "INVALID_ELEMENT")
            await refused(sub.unsubscribe(streams=[]), 430, "INVALID_ELEMENT")
            await refused(sub.update(), 429, "MISSING_ELEMENT")
            await refused(sub.configure(streams=[{"mid": "9", "send": False}]), 428, "NO_SUCH_FEED")
            pause: dict[str, Any] = {"streams": [{"mid": "0", "send": False}]}
            for options, sends in ((pause, False), ({"video": True}, True)):
                await sub.configure(**options)
                assert sub.subscribed["0"].send is sends
                at = {"session_id": session.id, "handle_id": sub.id}
                info = await asyncio.to_thread(admin, gateway, "handle_info", **at)
                assert info["info"]["plugin_specific"]["streams"][0]["send"] is sends  # Janus means the same

            nothing = await sub.unsubscribe(streams=[{"feed": 7}])
            assert nothing.data == {"videoroom": "updated", "room": 77}
            added = await sub.subscribe(streams=[{"feed": 2, "crossrefid": "mine"}])
            assert (added.videoroom, added.streams[1].crossrefid) == ("updated", "mine")
            # Before the answer, every other change has to wait for it, and then makes an offer by itself.
            waiting = await sub.unsubscribe(streams=[{"sub_mid": "0"}])
            assert (waiting.data, waiting.jsep) == ({"videoroom": "updating", "room": 77}, None)
            assert added.jsep is not None
            async with sub.events(["updated"]) as updates:
                await sub.answer(added.jsep)
                golden.check(await updates.get(5))
            await until(lambda: not sub.subscribed["0"].active)
            await until(lambda: len(sent(sub, "start")) == 3 and not sub.answering)
            updated = await sub.update(subscribe=[{"feed": 1}], unsubscribe=[{"feed": 2}])
            assert updated.jsep is not None
            await sub.answer(updated.jsep)
            assert {mid: s.feed_id for mid, s in sub.subscribed.items()} == {"0": 1, "1": None}

            switched = await sub.switch(streams=[{"feed": 2, "mid": "0", "sub_mid": "0"}])
            assert (switched.switched, switched.changes) == ("ok", 1)
            assert sub.subscribed["0"].feed_id == 2
            paused = await sub.pause()
            assert paused.data == {"videoroom": "event", "room": 77, "paused": "ok"}
            resumed = await sub.start()
            assert resumed.data == {"videoroom": "event", "room": 77, "started": "ok"}
            configured = await sub.configure(streams=[{"mid": "0", "send": False, "keyframe": True}])
            assert configured.data == {"videoroom": "event", "room": 77, "configured": "ok"}
            renewed = await sub.configure(update=True)
            assert renewed.configured == "ok"
            assert renewed.jsep is not None
            await sub.answer(renewed.jsep)
            # Nobody waits for this offer any more: it is answered all the same, or there would be no other.
            answers = len(sent(sub, "start"))
            async with session.events.subscribe(handle_id=sub.id, directions=["request"]) as requests:
                asked = asyncio.create_task(sub.subscribe(streams=[{"feed": 1}]))
                await requests.get(5)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            await until(lambda: sub.subscribed["1"].feed_id == 1 and len(sent(sub, "start")) == answers + 1)
            await until(lambda: not sub.answering)
            restarted = await sub.configure(restart=True)
            assert restarted.jsep is not None
            await two.detach()
            left = await sub.leave()
            assert left.data == {"videoroom": "event", "room": 77, "left": "ok"}
            assert (sub.subscribed, sub.tracks, sub.state) == ({}, (), "hungup")

    run(main())


@needs_an_old_janus
def test_what_is_newer_than_this_server(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = await handle(session)
            for call in (
                plugin.create(threads=2),
                plugin.create(dummy_e2ee=True),
                plugin.join(room=1, metadata={}),
                plugin.publish(metadata={}),
                plugin.configure(metadata={}),
                plugin.switch(streams=[{"feed": 1, "mid": "0", "sub_mid": "0", "substream": 1}]),
                plugin.add_remote_publisher(room=1, streams=[], srtp_suite=80),
                plugin.publish_remotely(
                    room=1, publisher_id=1, remote_id="x", host="x", port=1, srtp_crypto="x"
                ),
            ):
                with pytest.raises(
                    JanusVersionError, match=r"before Janus 1\.[123]\.\d; this server is 1\.1\.2"
                ):
                    await call
            assert sent(plugin, "create", "join", "publish") == []

    run(main())


@pytest.fixture(scope="module")
def string_gateway() -> Iterator[LocalGateway]:
    settings = {
        "janus.plugin.videoroom": {
            "general": {"string_ids": True, "admin_key": "key-of-admins", "lock_rtp_forward": True}
        }
    }
    with running_gateway(settings=settings) as gateway:
        yield gateway


def test_ids_that_are_texts(string_gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(string_gateway.ws_url) as session:
            manager: JanusVideoRoomPlugin = await handle(session)
            await refused(manager.create(room="lobby"), 429, "MISSING_ELEMENT")
            await refused(manager.create(room="lobby", admin_key="x"), 433, "UNAUTHORIZED")
            await refused(manager.create(room=7, admin_key="key-of-admins"), 430, "INVALID_ELEMENT")
            made = await manager.create(
                room="lobby", admin_key="key-of-admins", is_private=True, notify_joining=True
            )
            assert made.room == "lobby"
            assert "lobby" not in [each.room for each in (await manager.list()).rooms]
            assert "lobby" in [each.room for each in (await manager.list(admin_key="key-of-admins")).rooms]
            await refused(manager.list(admin_key="other"), 433, "UNAUTHORIZED")

            ann = await publisher(session, 60, room="lobby", id="ann", display="Ann")
            # Its id is the word that Janus uses for oneself.
            two = await publisher(session, 180, room="lobby", id="ok", display="Oh Kay")
            await ann.view.until(lambda view: view.feeds == ("ok",))
            subscriber = await ann.subscriber()
            await subscriber.set(["ok"])
            await shows(subscriber, "ok", 180)
            assert subscriber.feeds["ok"][0].feed_id == "ok"
            place: dict[str, Any] = {"room": "lobby", "publisher_id": "ann", "host": "127.0.0.1"}
            place["video_port"] = 9
            await refused(manager.rtp_forward(**place), 429, "MISSING_ELEMENT")
            await refused(manager.rtp_forward(**place, admin_key="x"), 433, "UNAUTHORIZED")
            forwarded = await manager.rtp_forward(**place, admin_key="key-of-admins")
            assert forwarded.publisher_id == "ann"
            await two.leave()
            await ann.view.until(lambda view: view.feeds == ())
            assert (ann.view.state, known(ann.view)) == ("joined", {("ann", "Ann", True)})
            anonymous = await handle(session)
            joined = await anonymous.join(room="lobby")
            assert isinstance(joined.id, str)
            await manager.destroy(room="lobby")
            assert errors_in(session) == []

    run(main())
