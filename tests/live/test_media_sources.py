"""What can be sent through the real Janus, and what is changed while it is sent."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook import JanusEchoTestPlugin, JanusOptionError, JanusSession, JanusStateError
from tests.client.scripted import errors_in, run, until
from tests.live.sound import hears
from tests.live.videoroom import handle, room
from tests.media.test_files import film

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

GREY, RED, BLUE = (128, 128, 128), (220, 30, 30), (30, 30, 220)


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (160, 120)) -> Any:
    return np.full((size[1], size[0], 3), colour, np.uint8)


@asynccontextmanager
async def echo(url: str) -> AsyncIterator[JanusEchoTestPlugin]:
    session, plugin = JanusSession(url), JanusEchoTestPlugin()
    async with session:
        await plugin.attach(session)
        yield plugin


class One:
    """A single track, where a handle is expected."""

    def __init__(self, track: Any) -> None:
        self.track = lambda _: track


async def shows(plugin: Any, colour: tuple[int, int, int], size: tuple[int, int] = (160, 120)) -> None:
    """Wait for an echoed picture of this colour and size."""
    async for frame in plugin.track("video").frames():
        close = np.abs(frame.data.mean(axis=(0, 1)) - colour).max() < 16
        if close and frame.shape == (size[1], size[0], 3):
            return


def wave(frequency: float, rate: int) -> Iterator[Any]:
    start = 0
    while True:
        time = np.arange(start, start + rate // 10) / rate
        yield (np.sin(2 * np.pi * frequency * time) * 0.3).astype(np.float32)
        start += rate // 10


def test_numpy_goes_out_is_replaced_paused_and_resumed_without_negotiating(gateway: LocalGateway) -> None:
    from janus_notebook.media import SoundSource

    async def colours() -> AsyncIterator[Any]:
        while True:
            yield picture(BLUE)

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish(picture(GREY), SoundSource(lambda: wave(1000, 16_000), 16_000))
            await shows(plugin, GREY)
            await hears(plugin.track("audio"), 1000)
            assert await plugin.replace(video=colours) == {"audio": "live", "video": "live"}
            await shows(plugin, BLUE)
            await plugin.replace(video=lambda: picture(RED, (320, 240)), audio="tone")
            await shows(plugin, RED, (320, 240))
            await hears(plugin.track("audio"), 440)
            assert await plugin.replace(audio=False) == {"audio": "paused", "video": "live"}
            await falls_still(plugin.track("audio"))
            await plugin.replace(audio=True)
            await hears(plugin.track("audio"), 440)
            with pytest.raises(JanusOptionError, match="there is no file 'clip'"):
                await plugin.replace(video="clip")
            await shows(plugin, RED, (320, 240))
            session: Any = plugin.session
            messages = [e for e in session.events if (e.direction, e.kind) == ("request", "message")]
            assert len(messages) == 1
            assert errors_in(session) == []

    run(main())


async def falls_still(track: Any) -> None:
    """Wait until no sound arrives any more."""
    while True:
        count = track.frames_received
        await asyncio.sleep(0.3)
        if track.frames_received == count:
            return


def test_a_size_that_changes_and_a_source_that_ends(gateway: LocalGateway) -> None:
    sizes = threading.Event()
    over = threading.Event()

    def frames() -> Iterator[Any]:
        while not over.is_set():
            yield picture(GREY, (320, 180) if sizes.is_set() else (160, 120))

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish(frames, None)
            await shows(plugin, GREY)
            sizes.set()
            await shows(plugin, GREY, (320, 180))
            over.set()
            await until(lambda: plugin.webrtc["sources"] == {"video": "ended"})
            session: Any = plugin.session
            await until(
                lambda: any(
                    e.raw["sources"] == {"video": "ended"} for e in session.events if e.kind == "peer"
                )
            )
            assert errors_in(session) == []
            await plugin.replace(video=picture(BLUE))
            await shows(plugin, BLUE)
            with pytest.raises(JanusStateError, match="there is no audio to replace: video is sent"):
                await plugin.replace(audio="tone")

    run(main())


def test_a_film_with_its_sound(gateway: LocalGateway, tmp_path: Path) -> None:
    from janus_notebook.media import MediaFile

    clip = film(tmp_path / "clip.mp4", seconds=1.0)

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish(MediaFile(clip, loop=True))
            async with plugin.track("video").frames() as pictures:
                seen = set()
                async for frame in pictures:
                    seen.add(frame.data.mean() > 128)
                    if len(seen) == 2:
                        break
            await hears(plugin.track("audio"), 2000 / (2 * np.pi))
            await plugin.hangup()
            with pytest.raises(JanusOptionError, match="there is no file"):
                await plugin.publish("clip.mp4")
            await plugin.publish(str(clip))
            await until(lambda: set(plugin.webrtc["sources"].values()) == {"ended"}, 20)
            assert plugin.state == "connected"

    run(main())


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_codec_bitrate_and_keyframes(gateway: LocalGateway, codec: str) -> None:
    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            with pytest.raises(JanusOptionError, match="unknown codec 'vp9'"):
                await plugin.publish(codecs=["vp9"])
            await plugin.publish(video="pattern", audio=None, codecs=[codec], bitrate=100_000)
            await plugin.track("video").snapshot()
            mid = plugin.track("video").mid
            assert (await plugin.stats())["media"][mid]["codec"].lower() == codec
            sender: Any = next(t.sender for t in plugin._peer._pc.getTransceivers() if t.kind == "video")  # type: ignore[union-attr]
            encoder = sender._RTCRtpSender__encoder
            assert encoder.target_bitrate == 100_000  # aiortc's own lower bound is above it
            await plugin.configure(bitrate=64_000)
            await until(lambda: sender.remb == 64_000 and encoder.target_bitrate == 64_000)
            before = sender.keyframe_requests
            await plugin.configure(video=False)
            await plugin.configure(video=True)  # Janus asks for a keyframe when it relays again
            await until(lambda: sender.keyframe_requests > before)
            assert (await plugin.stats())["media"][mid]["remb"] == 64_000

    run(main())


def test_several_tracks_of_a_kind_in_a_room(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url) as manager:
            session: Any = manager.session
            publisher, watcher = await handle(session), await handle(session)
            await publisher.join(room=77)
            await publisher.publish([picture(RED), picture(BLUE)], None)
            assert publisher.webrtc["sources"] == {"video": "live", "video 2": "live"}
            await watcher.join(room=77)
            subscriber = await watcher.subscriber()
            await until(lambda: watcher.view.feeds)
            await subscriber.set(watcher.view.feeds)
            first, second = (One(track) for track in subscriber.handle.tracks)
            await asyncio.gather(shows(first, RED), shows(second, BLUE))
            await publisher.replace(video=[None, picture(GREY)])
            await asyncio.gather(shows(first, RED), shows(second, GREY))
            await subscriber.close()
            await publisher.leave()

    run(main())
