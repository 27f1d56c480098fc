"""`_offer`, `_answer`, `on_offer` and `_channel` against the real Janus, by raw requests."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from janus_notebook import JanusPluginError, JanusSession, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.webrtc import WebRtcPlugin
from tests.client.scripted import errors_in, run, until
from tests.media.test_renegotiation import flat, shows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook import LocalGateway, PluginReply
    from janus_notebook.protocol.events import PluginEvent

pytestmark = pytest.mark.live

FEEDS = {1: "red", 2: "green", 3: "blue"}


class Room(WebRtcPlugin):
    plugin_name: ClassVar[str] = "janus.plugin.videoroom"
    served = 0
    at_once = 0

    async def publish(self, feed: int, room: int, **sources: Any) -> None:
        await self.request({"request": "join", "ptype": "publisher", "room": room, "id": feed})
        await self.configure(receive=(), **sources)

    async def configure(self, **options: Any) -> PluginReply:
        return await self._offer(lambda jsep: self.request({"request": "configure"}, jsep), **options)

    async def change(self, request: str, **body: Any) -> PluginReply:
        """Ask for something that Janus answers with an offer, and answer that."""
        renewed = body.pop("renewed", ())
        reply = await self.request({"request": request, **body})
        assert reply.jsep is not None
        await self._answer(reply.jsep, self.start, renewed=renewed)
        return reply

    async def start(self, jsep: dict[str, Any]) -> PluginReply:
        return await self.request({"request": "start"}, jsep)

    async def on_offer(self, jsep: Mapping[str, Any], event: PluginEvent) -> None:
        self.at_once += 1
        assert self.at_once == 1
        await self._answer(jsep, self.start)
        self.at_once -= 1
        self.served += 1


async def attached(session: JanusSession) -> Room:
    room = Room()
    await room.attach(session)
    return room


async def created(session: JanusSession) -> tuple[Room, int]:
    """A handle, and a room that it has made."""
    admin = await attached(session)
    return admin, int((await admin.request({"request": "create", "publishers": 6}))["room"])


def received(room: Room) -> list[tuple[str, str]]:
    return [(track.mid, track.kind) for track in room.tracks]


async def sees(room: Room, feeds: dict[str, int]) -> None:
    """Each video section shows its feed, and nothing else is received."""
    assert [mid for mid, kind in received(room) if kind == "video"] == list(feeds)
    for mid, feed in feeds.items():
        await shows(room.track(mid), FEEDS[feed])


def test_a_subscriber_whose_sections_come_and_go(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            _, room = await created(session)
            publishers = {feed: await attached(session) for feed in FEEDS}
            for feed, publisher in publishers.items():
                await publisher.publish(feed, room, video=flat(FEEDS[feed]))
            viewer = await attached(session)
            await viewer.change("join", ptype="subscriber", room=room, streams=[{"feed": 1}, {"feed": 2}])
            await sees(viewer, {"0": 1, "1": 2})
            first, second = viewer.tracks

            await viewer.change("unsubscribe", streams=[{"feed": 1}])
            assert first.ended == "it is no longer sent"
            await sees(viewer, {"1": 2})

            # The section is used again: the same mid, the same SSRC, another feed.
            reply = await viewer.change("subscribe", streams=[{"feed": 3}])
            assert [(s["mid"], s["feed_id"]) for s in reply["streams"]] == [("0", 3), ("1", 2)]
            await sees(viewer, {"0": 3, "1": 2})
            assert viewer.track("0") is not first
            assert viewer.track("1") is second

            await viewer.change("subscribe", streams=[{"feed": 1}])
            await sees(viewer, {"0": 3, "1": 2, "2": 1})
            # At once, so that the section is never inactive: only `renewed` says that it is another feed.
            await viewer.change(
                "update", unsubscribe=[{"sub_mid": "1"}], subscribe=[{"feed": 1}], renewed=["1"]
            )
            assert second.ended is not None
            await sees(viewer, {"0": 3, "1": 1, "2": 1})
            third = viewer.track("2")
            body = {"request": "switch", "streams": [{"feed": 2, "mid": "0", "sub_mid": "2"}]}
            assert (await viewer.request(body))["switched"] == "ok"
            await sees(viewer, {"0": 3, "1": 1, "2": 2})
            assert viewer.track("2") is third

            # Janus itself offers when a feed goes.
            await publishers[1].request({"request": "unpublish"})
            await until(lambda: viewer.served == 1 and publishers[1].state == "hungup")
            await sees(viewer, {"0": 3, "2": 2})
            await publishers[3].detach()
            await until(lambda: viewer.served == 2)
            await sees(viewer, {"2": 2})

            await viewer.change("unsubscribe", streams=[{"feed": 2}])
            assert received(viewer) == []
            assert viewer.state == "connected"
            await publishers[1].configure(video=flat("red"), receive=())
            reply = await viewer.change("subscribe", streams=[{"feed": 1}])
            await sees(viewer, {"0": 1})
            assert len(reply["streams"]) == 3  # none was added
            assert errors_in(session) == []

    run(main())


def test_a_publisher_changes_what_it_sends(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            _, room = await created(session)
            publisher, viewer = await attached(session), await attached(session)
            await publisher.publish(1, room, video=flat("red"))
            await viewer.change("join", ptype="subscriber", room=room, streams=[{"feed": 1}])
            track = viewer.track("video")
            await shows(track, "red")
            await publisher.configure(video=flat("blue"), audio="tone", receive=())
            await shows(track, "blue")  # what Janus sends stays one stream
            await viewer.change("subscribe", streams=[{"feed": 1, "mid": "1"}])
            await viewer.track("audio").snapshot()
            reply = await publisher.configure(audio=False, receive=())
            assert [stream.get("disabled") for stream in reply["streams"]] == [None, True]
            assert publisher.webrtc["sources"] == {"video": "live"}
            await shows(track, "blue")
            assert errors_in(session) == []

    run(main())


def test_an_ice_restart(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            _, room = await created(session)
            publisher, viewer = await attached(session), await attached(session)
            await publisher.publish(1, room, video=flat("red"))
            await viewer.change("join", ptype="subscriber", room=room, streams=[{"feed": 1}])
            await shows(viewer.track("video"), "red")
            track = viewer.track("video")
            await viewer.change("configure", restart=True)
            await publisher.configure(video=flat("green"), receive=())
            await shows(track, "green")
            # Consent is asked for every 5 s or so; that it is still given is told by the connection alone.
            await asyncio.sleep(6)
            await track.snapshot()
            assert viewer.webrtc["state"] == "connected"

    run(main())


def test_a_renegotiation_that_fails_changes_nothing(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            _, room = await created(session)
            publisher, viewer = await attached(session), await attached(session)
            await publisher.publish(1, room, video=flat("red"))
            await viewer.change("join", ptype="subscriber", room=room, streams=[{"feed": 1}])

            async def refused(jsep: dict[str, Any]) -> PluginReply:
                return await publisher.request({"request": "configure", "bitrate": "much"}, jsep)

            async def silent(jsep: dict[str, Any]) -> PluginReply:
                await asyncio.sleep(60)
                raise AssertionError

            before = publisher.webrtc["sources"]
            for video, audio in ((flat("blue"), None), (flat("green"), "tone")):
                with pytest.raises(JanusPluginError):
                    await publisher._offer(refused, video=video, audio=audio, receive=())
                with pytest.raises(JanusTimeoutError, match=r"did not answer the offer within 0\.2 s"):
                    await publisher._offer(silent, video=video, audio=audio, receive=(), timeout=0.2)
                assert publisher.webrtc["sources"] == before
            with pytest.raises(JanusStateError, match="is publishing already"):
                await publisher.configure(again=False)
            await shows(viewer.track("video"), "red")
            await publisher.configure(video=flat("blue"), receive=())
            await shows(viewer.track("video"), "blue")

    run(main())


@pytest.mark.parametrize("moment", ["at once", "asked", "answered"])
def test_a_cancelled_renegotiation_is_brought_to_its_end(gateway: LocalGateway, moment: str) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            _, room = await created(session)
            publisher, viewer = await attached(session), await attached(session)
            await publisher.publish(1, room, video=flat("red"))
            await viewer.change("join", ptype="subscriber", room=room, streams=[{"feed": 1}])

            def offers() -> int:
                return sum(
                    e.kind == "message" and e.raw["handle_id"] == publisher.id and "jsep" in e.raw
                    for e in session.events
                    if e.direction == "request"
                )

            replies = sum(e.direction == "reply" and e.kind == "event" for e in session.events)
            moments = {
                "at once": lambda: True,
                "asked": lambda: offers() == 2,
                "answered": lambda: (
                    sum(e.direction == "reply" and e.kind == "event" for e in session.events) > replies
                ),
            }
            call = asyncio.create_task(publisher.configure(video=flat("blue"), receive=()))
            await until(moments[moment])
            call.cancel()
            await asyncio.wait([call])
            if offers() == 2:
                await shows(viewer.track("video"), "blue")
            await publisher.configure(video=flat("green"), receive=())
            await shows(viewer.track("video"), "green")
            assert errors_in(session) == []

    run(main())


@pytest.mark.parametrize("how", ["hangup", "detach", "destroy"])
def test_ended_while_renegotiating(gateway: LocalGateway, how: str) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            _, room = await created(session)
            publisher = await attached(session)
            await publisher.publish(1, room, video=flat("red"))
            channel_peer = publisher._peer
            assert channel_peer is not None
            call = asyncio.create_task(publisher.configure(video=flat("blue"), data=True, receive=()))
            await until(lambda: channel_peer.facts()["signaling"] == "have-local-offer")
            async with asyncio.timeout(2):
                await (session.destroy() if how == "destroy" else getattr(publisher, how)())
                await asyncio.gather(call, return_exceptions=True)
            assert (channel_peer.state, publisher.tracks) == ("closed", ())

    run(main())


class Text(WebRtcPlugin):
    plugin_name: ClassVar[str] = "janus.plugin.textroom"


class Echo(WebRtcPlugin):
    plugin_name: ClassVar[str] = "janus.plugin.echotest"


def test_a_data_channel_alone_that_janus_offers(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            text = Text()
            await text.attach(session)
            offer = (await text.request({"request": "setup"})).jsep
            assert offer is not None
            await text._answer(offer, lambda jsep: text.request({"request": "ack"}, jsep))
            channel = text._channel()
            got: list[Any] = []
            channel.on_message = got.append
            await channel.opened()
            await channel.send('{"textroom": "list", "transaction": "t"}')
            await until(lambda: got)
            assert json.loads(got[0])["transaction"] == "t"
            await text.hangup()
            assert channel.state == "closed"
            assert errors_in(session) == []

    run(main())


def test_a_data_channel_that_we_offer(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            echo = Echo()
            await echo.attach(session)
            with pytest.raises(JanusStateError, match="has no media here"):
                echo._channel()
            await echo._offer(lambda jsep: echo.request({"audio": True}, jsep), data=True, receive=())
            got: list[Any] = []
            for label in ("JanusDataChannel", "another"):
                channel = echo._channel(label)
                channel.on_message = got.append
                await channel.opened()
                await channel.send(f"on {label}")
            await until(lambda: len(got) == 2)
            assert got == [f"Janus EchoTest here! You wrote: on {x}" for x in ("JanusDataChannel", "another")]
            for number in range(100):
                await echo._channel().send(f"{number} " + "x" * 5000)
            await until(lambda: len(got) == 102)
            assert [text.split()[5] for text in got[2:]] == [str(number) for number in range(100)]

    run(main())
