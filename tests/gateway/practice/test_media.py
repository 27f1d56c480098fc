"""EchoTest's media: our own client publishes to the practice gateway, and to the real Janus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusMediaError,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusTimeoutError,
)
from janus_notebook.gateway.practice import PracticeGateway
from tests.client.scripted import errors_in, run, until
from tests.gateway.practice.conversation import AUDIO, SESSION
from tests.gateway.practice.speaker import speaking
from tests.gateways import needs_janus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

Gateway = Any  # a PracticeGateway or a LocalGateway: they have the same names


@pytest.fixture(
    scope="module",
    params=["practice", pytest.param("janus", marks=[needs_janus, pytest.mark.live])],
)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def started(kind: str, **options: Any) -> Any:
    return PracticeGateway(**options) if kind == "practice" else running_gateway(**options)


@pytest.fixture(scope="module")
def echoing(kind: str) -> Iterator[Gateway]:
    with started(kind) as gateway:
        yield gateway


async def drained(plugin: JanusEchoTestPlugin) -> None:
    """Take the frames that are still on their way, up to the error that there are no more."""
    while True:
        await plugin.track("video").snapshot(timeout=0.5)


async def sees_the_bars(plugin: JanusEchoTestPlugin) -> None:
    """Wait for an echoed frame that shows the pattern."""
    from janus_notebook.media import bars_match

    for _ in range(100):  # the first frames may come from before the codec has settled
        if bars_match(await plugin.track("video").snapshot()):
            return
    raise AssertionError("no echoed frame shows the bars")


async def attached(url: str) -> tuple[JanusSession, JanusEchoTestPlugin]:
    session, plugin = JanusSession(url), JanusEchoTestPlugin()
    await session.create()
    await plugin.attach(session)
    return session, plugin


def logged(session: JanusSession, kind: str) -> list[dict[str, Any]]:
    return [event.raw for event in session.events if (event.direction, event.kind) == ("event", kind)]


@pytest.mark.parametrize("full_trickle", [True, False])
def test_publish_and_see_it_come_back(network: None, kind: str, full_trickle: bool) -> None:
    async def main(url: str) -> None:
        session, plugin = await attached(url)
        async with session:
            reply = await plugin.publish()
            assert reply["result"] == "ok"
            assert reply.jsep is not None
            assert reply.jsep["type"] == "answer"
            received = [raw["candidate"] for raw in logged(session, "trickle")]
            assert ("a=candidate" in reply.jsep["sdp"]) is not full_trickle
            assert bool(received) is full_trickle
            if full_trickle:
                assert received[-1] == {"completed": True}
            await sees_the_bars(plugin)
            assert (await plugin.track("audio").snapshot()).any()
            # Looked at anew each time: it is another dict after each event.
            await until(lambda: {m.type for m in plugin.media.values() if m.receiving} == {"audio", "video"})
            assert (await plugin.hangup())["janus"] == "success"
            assert (plugin.state, plugin.reason) == ("hungup", "Janus API")
            assert any(raw["plugindata"]["data"].get("result") == "done" for raw in logged(session, "event"))
            await plugin.publish()
            await sees_the_bars(plugin)
            assert errors_in(session) == []

    with started(kind, full_trickle=full_trickle) as gateway:
        run(main(gateway.ws_url))


def test_what_is_switched_off_does_not_come_back(network: None, echoing: Gateway, kind: str) -> None:
    async def main() -> None:
        session, plugin = await attached(echoing.ws_url)
        async with session:
            await plugin.publish()
            await sees_the_bars(plugin)
            await plugin.configure(video=False)
            with pytest.raises(JanusTimeoutError):
                await drained(plugin)
            assert (await plugin.track("audio").snapshot()).any()
            await plugin.configure(video=True)
            if kind == "practice":  # Janus sends packets on as they are, and aiortc misses a key frame then
                await sees_the_bars(plugin)

    run(main())


@pytest.mark.parametrize("only", ["audio", "video"])
def test_one_kind_only(network: None, echoing: Gateway, only: str) -> None:
    async def main() -> None:
        session, plugin = await attached(echoing.ws_url)
        async with session:
            await (plugin.publish(video=None) if only == "audio" else plugin.publish(audio=None))
            await until(lambda: [m.type for m in plugin.media.values() if m.receiving] == [only])

    run(main())


@pytest.mark.parametrize("when", ["offered", "connected"])
@pytest.mark.parametrize("how", ["detach", "destroy", "drop"])
def test_ended_early(network: None, echoing: Gateway, when: str, how: str) -> None:
    """Nothing is left, and the gateway goes on."""

    async def main() -> None:
        session, plugin = await attached(echoing.ws_url)
        call = asyncio.create_task(plugin.publish())
        if when == "offered":
            await until(lambda: any(event.kind == "message" for event in session.events) or call.done())
        else:
            await call
        if how == "drop":
            call.cancel()
        await (plugin.detach() if how == "detach" else session.destroy())
        await asyncio.gather(call, return_exceptions=True)
        await session.destroy()
        again, plugin = await attached(echoing.ws_url)
        async with again:
            await plugin.publish()
            await sees_the_bars(plugin)

    run(main())


def test_a_client_that_goes_away(network: None, echoing: Gateway) -> None:
    async def main() -> None:
        from janus_notebook.media import Peer

        async with speaking(echoing.ws_url) as speaker:
            handle = await speaker.attach("echotest")
            peer = Peer()
            reply = await handle.request({"audio": True}, await peer.offer(audio="tone", video="pattern"))
            await speaker.wait(lambda m: m["janus"] == "trickle" and "completed" in m["candidate"])
            for event in handle.events("trickle"):
                await peer.add_candidate(event["candidate"])
            await handle.ask("trickle", candidates=peer.candidates())
            await peer.accept(reply["jsep"])
            await speaker.wait(lambda m: m["janus"] == "webrtcup")
            await peer.close()
            hangup = await speaker.wait(lambda m: m["janus"] == "hangup")
            assert hangup["reason"] == "DTLS alert"
            await handle.event("result")
            reply = await handle.ask("hangup")
            assert reply["janus"] == "success"

    run(main())


def test_data_channels_are_echoed(network: None, echoing: Gateway) -> None:
    async def main() -> None:
        from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

        from janus_notebook.media.ice import parsed_candidate

        heard: asyncio.Queue[str | bytes] = asyncio.Queue()
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        channel = pc.createDataChannel("JanusDataChannel")
        channel.on("message", heard.put_nowait)
        try:
            async with speaking(echoing.ws_url) as speaker:
                handle = await speaker.attach("echotest")
                await pc.setLocalDescription(await pc.createOffer())
                offer = {"type": "offer", "sdp": pc.localDescription.sdp}
                reply = await handle.request({"audio": True}, offer)
                await speaker.wait(lambda m: m["janus"] == "trickle" and "completed" in m["candidate"])
                await pc.setRemoteDescription(RTCSessionDescription(reply["jsep"]["sdp"], "answer"))
                for event in handle.events("trickle"):
                    candidate = parsed_candidate(event["candidate"])
                    if candidate is not None:
                        candidate.sdpMid, candidate.sdpMLineIndex = "0", 0
                        await pc.addIceCandidate(candidate)
                await until(lambda: channel.readyState == "open", 10)
                channel.send("hello")
                assert await asyncio.wait_for(heard.get(), 5) == "Janus EchoTest here! You wrote: hello"
                channel.send(b"\x00\xff")
                assert await asyncio.wait_for(heard.get(), 5) == b"\x00\xff"
        finally:
            await pc.close()

    run(main())


@pytest.mark.parametrize("full_trickle", [True, False])
def test_without_media_nothing_is_faked(network: None, full_trickle: bool) -> None:
    """The client's own deadline ends it: no webrtcup comes."""

    async def main(url: str) -> None:
        session, plugin = await attached(url)
        async with session:
            with pytest.raises((JanusTimeoutError, JanusMediaError)):
                await plugin.publish(timeout=1.5)
            assert logged(session, "webrtcup") == []

    with PracticeGateway(media=False, full_trickle=full_trickle) as gateway:
        run(main(gateway.ws_url))


def test_a_machine_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides fall back on loopback."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [])

    async def main(url: str) -> None:
        session, plugin = await attached(url)
        async with session:
            await plugin.publish()
            await sees_the_bars(plugin)
            assert plugin.webrtc["pair"]["remote"]["address"] == "127.0.0.1"

    with PracticeGateway() as gateway:
        run(main(gateway.ws_url))


def test_an_offer_that_cannot_be_answered(network: None) -> None:
    async def main(url: str) -> None:
        session, plugin = await attached(url)
        async with session:
            with pytest.raises(JanusServerError) as refused:
                await plugin.configure(audio=True, jsep={"type": "offer", "sdp": "nonsense"})
            assert refused.value.code == 465
            odd = SESSION + AUDIO + "a=ssrc:x cname:y\r\n"
            with pytest.raises(JanusPluginError) as unanswered:
                await plugin.configure(audio=True, jsep={"type": "offer", "sdp": odd})
            assert unanswered.value.code == 414
            await plugin.publish()
            await sees_the_bars(plugin)

    with PracticeGateway() as gateway:
        run(main(gateway.ws_url))
