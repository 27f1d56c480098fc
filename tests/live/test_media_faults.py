"""What goes wrong with media through the real Janus: one clear error or event each, and one goes on."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook import JanusError, JanusMediaError, JanusOptionError, JanusSession, JanusTimeoutError
from janus_notebook.plugins.audiobridge import JanusAudioBridgePlugin
from tests.client.scripted import errors_in, run, until
from tests.leaks import threads
from tests.live.sound import RATE, strongest
from tests.live.test_media import sees_the_bars
from tests.live.test_media_sources import GREY, echo, picture, shows
from tests.live.videoroom import handle, room
from tests.media.pairs import sockets

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

ELSEWHERE = "candidate:1 1 udp 2130706431 192.0.2.1 9 typ host"  # an address for documentation (RFC 5737)
WRONG = ":".join(["00"] * 32)


def test_a_source_that_cannot_be_had_is_one_error_and_the_handle_publishes_after_it(
    gateway: LocalGateway, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(os.urandom(5000))

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            for source, error, text in (
                ("camera", JanusMediaError, "there is no camera /dev/video0 on the kernel's machine"),
                ("no.mp4", JanusOptionError, "there is no file 'no.mp4'"),
                (str(broken), JanusMediaError, "broken.mp4' cannot be opened"),
            ):
                with pytest.raises(error, match=text):
                    await plugin.publish(source)
                assert (plugin.state, plugin.webrtc) == ("attached", {})
            assert errors_in(plugin.session) == []  # type: ignore[arg-type]
            await plugin.publish()
            await sees_the_bars(plugin)

    run(main())


def test_a_source_that_stalls_is_one_event_and_goes_on_by_itself(
    gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("janus_notebook.media.streams.STALL_SECONDS", 1.0)
    held, stuck = threading.Event(), threading.Event()
    held.set()

    def frames() -> Any:
        if not held.is_set():
            stuck.set()
        held.wait(30)
        return picture(GREY)

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish(frames, None)
            await shows(plugin, GREY)
            session: Any = plugin.session
            before = len(errors_in(session))  # a machine that stands still for a second has stalls as well
            held.clear()
            await until(stuck.is_set)
            await until(lambda: len(errors_in(session)) > before)
            assert "no video is being sent: its source has given nothing" in errors_in(session)[-1]
            count = plugin.track("video").frames_received
            held.set()
            await until(lambda: plugin.track("video").frames_received > count + 5)
            await plugin.replace(video="pattern")
            await sees_the_bars(plugin)

    try:
        run(main())
    finally:
        held.set()


def test_a_room_that_takes_none_of_the_codecs(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url, videocodec="vp8") as manager:
            session: Any = manager.session
            publisher = await handle(session)
            await publisher.join(room=77)
            with pytest.raises(JanusError) as caught:
                await publisher.publish(audio=None, codecs=["h264"])
            assert isinstance(caught.value, JanusError)
            assert publisher.webrtc == {}
            await publisher.publish(codecs=["h264"])  # the sound is taken
            (told,) = [text for text in errors_in(session) if "video is not sent" in text]
            assert "the other side does not take it" in told
            await publisher.unpublish()
            await publisher.publish()
            assert publisher.state == "connected"

    run(main())


@pytest.mark.parametrize("broken", ["ICE", "DTLS"])
def test_a_connection_that_cannot_be_made_names_the_step(
    gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    from janus_notebook.media.peer import Peer

    accept = Peer.accept

    async def ignored(*_: object) -> None:
        """Take no candidate."""

    async def another(self: Peer, jsep: Any) -> None:
        lines = [
            f"a=fingerprint:sha-256 {WRONG}" if line.startswith("a=fingerprint:") else line
            for line in jsep["sdp"].splitlines()
        ]
        await accept(self, {**jsep, "sdp": "\r\n".join(lines) + "\r\n"})

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            with monkeypatch.context() as patch:
                if broken == "ICE":
                    elsewhere = [{"candidate": ELSEWHERE, "sdpMid": "0", "sdpMLineIndex": 0}]
                    patch.setattr(Peer, "candidates", lambda _: [*elsewhere, {"completed": True}])
                    patch.setattr(Peer, "add_candidate", ignored)
                    with pytest.raises((JanusTimeoutError, JanusMediaError), match=r"ICE|media can flow"):
                        await plugin.publish(timeout=3)
                else:
                    patch.setattr(Peer, "accept", another)
                    with pytest.raises((JanusTimeoutError, JanusMediaError), match=r"DTLS|media can flow"):
                        await plugin.publish(timeout=3)
            assert plugin.webrtc == {}
            await plugin.publish()
            await sees_the_bars(plugin)

    run(main())


def handles_open() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_hundred_calls_leave_nothing(gateway: LocalGateway, tmp_path: Path) -> None:
    from aiortc import RTCPeerConnection

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            counts = []
            for index in range(110):
                await plugin.publish(lambda: picture(GREY), "tone")
                recording = await plugin.record(tmp_path / "call.mp4", overwrite=True)
                stream = plugin.track("video").frames()
                await stream.get()
                await plugin.replace(video=picture(GREY) if index % 2 else "pattern")
                await plugin.hangup()
                await recording.wait()
                if index >= 9:
                    gc.collect()
                    peers = sum(isinstance(thing, RTCPeerConnection) for thing in gc.get_objects())
                    await until(lambda: len(threads()) == 0)
                    counts.append((peers, sockets(), handles_open()))
            first, last = np.median(counts[:10], axis=0), np.median(counts[-10:], axis=0)
            assert first.tolist() == last.tolist(), counts

    run(main())


async def lasting_tone(track: Any, seconds: float) -> None:
    """The tone is there for so long, within 1 %. How long its longest hole is, the benchmark measures."""
    parts = []
    stream = track.chunks(seconds=0.5)
    await stream.get()  # its beginning
    async for chunk in stream:
        assert chunk.gap == 0
        parts.append(chunk.data[:, 0])
        if sum(map(len, parts)) >= seconds * RATE:
            break
    sound = np.concatenate(parts)
    assert strongest(sound, RATE) == pytest.approx(440, rel=0.01)


@pytest.mark.nightly
def test_a_tone_for_half_a_minute_through_echotest_and_audiobridge(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish(None, "tone")
            await lasting_tone(plugin.track("audio"), 30)
        async with JanusSession(gateway.ws_url) as session:
            one, other = JanusAudioBridgePlugin(), JanusAudioBridgePlugin()
            await one.attach(session)
            await other.attach(session)
            made = await one.create(sampling_rate=48_000)
            assert made.room is not None
            try:
                await one.publish("tone", room=made.room)
                await other.publish(None, room=made.room)
                await lasting_tone(other.track("audio"), 30)
            finally:
                await one.destroy(room=made.room)

    run(main())


def test_consumers_of_every_kind_at_once(gateway: LocalGateway) -> None:
    """A slow reader, a fast one and one that never reads do not disturb each other."""

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish()
            track = plugin.track("video")
            idle, slow, fast = track.frames(), track.frames(), track.frames(format="gray")
            ages = []

            async def slowly() -> None:
                for _ in range(4):
                    frame = await slow.get()
                    ages.append(frame.number - track.frames_received)
                    await asyncio.sleep(0.3)

            async def quickly() -> None:
                for _ in range(20):
                    await fast.get()

            await asyncio.gather(slowly(), quickly())
            assert min(ages) >= -1  # it was the newest, or the one before while it was converted
            assert slow.dropped > 0
            assert idle.dropped >= 20
            assert [chunk.sample_rate for chunk in [await plugin.track("audio").chunks().get()]] == [RATE]

    run(main())
