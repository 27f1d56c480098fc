"""Streaming against the real plugin: mountpoints, and viewers with real media from ffmpeg."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pytest

from janus_notebook import (
    JanusError,
    JanusPluginError,
    JanusSession,
    JanusStreamingPlugin,
    JanusVersionError,
)
from janus_notebook.plugins.streaming import CreatedPort, MountpointEdited, StreamLayer, StreamMessage
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.plugin_events import PluginDetail
from tests.client.scripted import errors_in, run, until
from tests.ffmpeg import AUDIO_PT, VIDEO_PT, Audio, Video, sending, tone_file
from tests.gateways import janus_before, running_gateway
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from janus_notebook import JanusEvent, LocalGateway
    from janus_notebook.plugins.streaming import MountpointCreated, NewMedium

pytestmark = pytest.mark.live

D = TypeVar("D", bound=PluginDetail)

AUDIO: NewMedium = {"type": "audio", "mid": "a", "port": 0, "rtcpport": 0, "pt": AUDIO_PT, "codec": "opus"}
VIDEO: NewMedium = {"type": "video", "mid": "v", "port": 0, "rtcpport": 0, "pt": VIDEO_PT, "codec": "vp8"}
DATA: NewMedium = {"type": "data", "mid": "d", "port": 0}

BLUE, RED = (32, 128, 192), (192, 48, 32)


@asynccontextmanager
async def streaming(url: str) -> AsyncIterator[JanusStreamingPlugin]:
    """A handle; the mountpoints that are left are destroyed after it."""
    async with JanusSession(url) as session:
        plugin = JanusStreamingPlugin()
        await plugin.attach(session)
        try:
            yield plugin
        finally:
            for mountpoint in (await plugin.list()).mountpoints:
                await plugin.destroy(id=mountpoint.id, secret="s")
        assert errors_in(session) == []


def detail(event: JanusEvent, kind: type[D]) -> D:
    assert isinstance(event, PluginEvent)
    assert isinstance(event.detail, kind)
    return event.detail


async def refused(code: int, name: str, what: str, call: Any) -> None:
    with pytest.raises(JanusPluginError, match=what) as caught:
        await call
    assert (caught.value.code, caught.value.name) == (code, name)


def video_at(port: CreatedPort, **more: Any) -> Video:
    assert port.rtcp_port is not None
    return Video(port.port, port.rtcp_port, **more)


def audio_at(port: CreatedPort, **more: Any) -> Audio:
    assert port.rtcp_port is not None
    return Audio(port.port, port.rtcp_port, **more)


async def sees(plugin: JanusStreamingPlugin, colour: tuple[int, int, int], size: tuple[int, int]) -> None:
    """Wait for a frame of this colour and size."""
    for _ in range(100):
        frame = await plugin.track("video").snapshot()
        if frame.shape == (size[1], size[0], 3) and np.abs(frame.mean(axis=(0, 1)) - colour).max() < 12:
            return
    raise AssertionError(f"{frame.shape} {frame.mean(axis=(0, 1))}")


async def hears(plugin: JanusStreamingPlugin, hertz: int, rate: int = 48_000) -> None:
    """Wait for 20 ms of this tone."""
    for _ in range(100):
        samples = (await plugin.track("audio").snapshot())[:, 0]
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), rate))  # 1 Hz apart
        if abs(int(spectrum.argmax()) - hertz) < 20 and np.abs(samples).max() > 0.02:
            return
    raise AssertionError(f"{spectrum.argmax()} Hz")


# -- mountpoints ----------------------------------------------------------------------------------


def test_mountpoints_are_made_changed_and_ended(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made = await plugin.create(
                type="rtp",
                id=7,
                name="seven",
                description="d",
                metadata="m",
                secret="s",
                pin="p",
                media=[AUDIO, {**VIDEO, "label": "camera", "msid": "x y", "bufferkf": True}, DATA],
            )
            audio, video, data = made.stream.ports
            assert made.data == {
                "streaming": "created",
                "created": "seven",
                "permanent": False,
                "stream": {
                    "id": 7,
                    "type": "live",
                    "description": "d",
                    "is_private": False,
                    "ports": [
                        {"type": "audio", "mid": "a", "port": audio.port, "rtcp_port": audio.rtcp_port},
                        {
                            "type": "video",
                            "mid": "v",
                            "msid": "x y",
                            "port": video.port,
                            "rtcp_port": video.rtcp_port,
                        },
                        {"type": "data", "mid": "d", "port": data.port},
                    ],
                },
            }
            assert (made.created, made.stream.id, made.unreadable) == ("seven", 7, ())
            await refused(
                456, "CANT_CREATE", "already exists", plugin.create(type="rtp", id=7, media=[AUDIO])
            )
            film = plugin.create(type="rtp", extra={"type": "film"})
            await refused(454, "INVALID_ELEMENT", "Unknown stream type .film.", film)
            await refused(453, "MISSING_ELEMENT", "filename", plugin.create(type="live"))
            await refused(
                454, "INVALID_ELEMENT", "port", plugin.create(type="rtp", media=[{**AUDIO, "port": -1}])
            )

            listed = (await plugin.list()).mountpoints
            assert [(m.id, m.type, m.description, m.metadata, m.enabled) for m in listed] == [
                (7, "live", "d", "m", True)
            ]
            assert [(m.mid, m.type, m.label) for m in listed[0].media] == [
                ("a", "audio", "audio"),
                ("v", "video", "camera"),
                ("d", "data", "data"),
            ]

            public = (await plugin.info(id=7, secret="wrong")).info
            assert (public.name, public.secret, public.viewers, public.media[0].port) == (
                None,
                None,
                None,
                None,
            )
            known = await plugin.info(id=7, secret="s")
            info = known.info
            assert (info.name, info.secret, info.pin, info.viewers, info.enabled) == (
                "seven",
                "s",
                "p",
                0,
                True,
            )
            assert [(m.mindex, m.pt, m.codec, m.rtpmap, m.port, m.rtcpport) for m in info.media] == [
                (0, 111, "opus", "opus/48000/2", audio.port, audio.rtcp_port),
                (1, 96, "vp8", "VP8/90000", video.port, video.rtcp_port),
                (2, None, None, None, data.port, None),
            ]
            kept = janus_before("1.3.3")  # then milliseconds and bytes of it took its place
            assert (info.media[1].videobufferkf, info.media[1].msid, known.unreadable) == (kept, "x y", ())

            await refused(453, "MISSING_ELEMENT", "secret", plugin.edit(id=7))
            await refused(457, "UNAUTHORIZED", "secret", plugin.edit(id=7, secret="wrong"))
            edited = await plugin.edit(
                id=7, secret="s", new_description="n", new_metadata="o", new_secret="t", new_is_private=True
            )
            assert edited.data == {"streaming": "edited", "id": 7, "permanent": False}
            assert (await plugin.list()).mountpoints == ()
            changed = (await plugin.info(id=7, secret="t")).info
            assert (changed.description, changed.metadata, changed.is_private) == ("n", "o", True)

            await refused(457, "UNAUTHORIZED", "secret", plugin.destroy(id=7, secret="s"))
            gone = await plugin.destroy(id=7, secret="t")
            assert gone.data == {"streaming": "destroyed", "destroyed": 7}
            for call in (
                plugin.info(id=7),
                plugin.edit(id=7),
                plugin.destroy(id=7),
                plugin.enable(id=7),
                plugin.disable(id=7),
                plugin.kick_all(id=7),
                plugin.recording(id=7, action="start"),
                plugin.watch(id=7),
            ):
                await refused(455, "NO_SUCH_MOUNTPOINT", "7", call)

    run(main())


def test_the_flat_form_and_rtsp(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made = await plugin.create(
                type="rtp",
                audio=True,
                audioport=0,
                audiortcpport=0,
                audiopt=111,
                audiocodec="opus",
                video=True,
                videoport=0,
                videopt=96,
                videocodec="vp8",
                videosimulcast=True,
                videoport2=0,
                videoport3=0,
                data=True,
                dataport=0,
                collision=2000,
                threads=1,
            )
            assert made.warning == "deprecated_api"
            stream = made.stream
            info = (await plugin.info(id=stream.id)).info
            assert [medium.port for medium in info.media] == [
                stream.audio_port,
                stream.video_port,
                stream.data_port,
            ]
            video = info.media[1]
            assert info.media[0].rtcpport == stream.audio_rtcp_port
            assert (video.port2, video.port3) == (stream.video_port_2, stream.video_port_3)
            assert (video.videosimulcast, info.collision, info.threads) == (True, 2000, 1)
            await refused(
                452, "INVALID_REQUEST", "Missing audio", plugin.recording(id=stream.id, action="start")
            )

            # Nobody listens there.
            url = "rtsp://127.0.0.1:1/x"
            await refused(456, "CANT_CREATE", "RTSP", plugin.create(type="rtsp", url=url, audio=True))
            made = await plugin.create(
                type="rtsp", url=url, rtsp_user="u", rtsp_pwd="w", audio=True, rtsp_failcheck=False
            )
            about = await plugin.info(id=made.stream.id)
            assert (about.info.rtsp, about.info.url, about.info.rtsp_user, about.info.rtsp_pwd) == (
                True,
                url,
                "u",
                "w",
            )
            assert "'rtsp_pwd': '***'" in repr(about)
            if janus_before("1.3.3"):
                with pytest.raises(JanusVersionError, match=r"'rtsp_quirk' before Janus 1\.3\.3"):
                    await plugin.create(type="rtsp", url=url, rtsp_quirk=True)

    run(main())


def test_recording_and_disable(gateway: LocalGateway, tmp_path: Path) -> None:
    """`disable` in its default form killed Janus 1.1.2 where not every medium is being recorded."""

    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made = await plugin.create(type="rtp", media=[AUDIO, VIDEO], secret="s")
            mountpoint, secret = made.stream.id, "s"
            of_it: dict[str, Any] = {"id": mountpoint, "secret": secret}

            async def recorded() -> list[str | None]:
                return [medium.recording for medium in (await plugin.info(**of_it)).info.media]

            start = await plugin.recording(
                **of_it, action="start", media=[{"mid": "v", "filename": str(tmp_path / "film")}]
            )
            assert start.data == {"streaming": "ok"}
            assert await recorded() == [None, "film.mjr"]
            await refused(
                452,
                "INVALID_REQUEST",
                "ecording",
                plugin.recording(**of_it, action="start", video=str(tmp_path / "again")),
            )
            assert (await plugin.disable(**of_it, stop_recording=False)).streaming == "ok"
            assert (await plugin.info(**of_it)).info.enabled is False
            assert await recorded() == [None, "film.mjr"]
            assert (await plugin.disable(**of_it)).streaming == "ok"
            assert await recorded() == [None, None]
            assert (await plugin.disable(**of_it, stop_recording=True)).streaming == "ok"
            assert (await plugin.enable(**of_it)).streaming == "ok"
            assert (await plugin.info(**of_it)).info.enabled is True
            await plugin.recording(**of_it, action="start", audio=str(tmp_path / "song"))
            assert (await plugin.recording(**of_it, action="stop", audio=True)).streaming == "ok"
            assert sorted(os.listdir(tmp_path)) == ["film.mjr", "song.mjr"]
            await refused(454, "INVALID_ELEMENT", "action", plugin.recording(**of_it, action="halt"))
            await refused(
                453, "MISSING_ELEMENT", "secret", plugin.disable(id=mountpoint, stop_recording=False)
            )
            await refused(457, "UNAUTHORIZED", "secret", plugin.kick_all(id=mountpoint, secret="x"))
            assert (await plugin.kick_all(**of_it)).data == {"streaming": "kicked_all"}
            await plugin.destroy(**of_it)

    run(main())


def test_text_ids_and_the_administrators_key() -> None:
    settings = {"janus.plugin.streaming": {"general": {"string_ids": True, "admin_key": "k"}}}
    with running_gateway(settings=settings) as gateway:

        async def main() -> None:
            async with streaming(gateway.ws_url) as plugin:
                await refused(453, "MISSING_ELEMENT", "admin_key", plugin.create(type="rtp", media=[AUDIO]))
                await refused(
                    457, "UNAUTHORIZED", "admin_key", plugin.create(type="rtp", media=[AUDIO], admin_key="x")
                )
                made = await plugin.create(
                    type="rtp", id="news", media=[AUDIO], is_private=True, admin_key="k"
                )
                assert made.stream.id == "news"
                assert (await plugin.list()).mountpoints == ()
                assert [m.id for m in (await plugin.list(admin_key="k")).mountpoints] == ["news"]
                await refused(454, "INVALID_ELEMENT", "id", plugin.info(id=1))
                offer = await plugin.watch(id="news", answer=False)
                assert offer.jsep is not None
                assert (await plugin.destroy(id="news")).destroyed == "news"

        run(main())


# -- viewers --------------------------------------------------------------------------------------


def test_watching_what_ffmpeg_sends(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            one = await plugin.create(type="rtp", media=[AUDIO, VIDEO], pin="p", metadata="m")
            two = await plugin.create(type="rtp", media=[AUDIO, VIDEO])
            sources = (
                audio_at(one.stream.ports[0], hertz=1000),
                video_at(one.stream.ports[1], colour=BLUE, size=(320, 240)),
                audio_at(two.stream.ports[0], hertz=2000),
                video_at(two.stream.ports[1], colour=RED, size=(160, 120)),
            )
            await refused(453, "MISSING_ELEMENT", "pin", plugin.watch(id=one.stream.id))
            await refused(457, "UNAUTHORIZED", "pin", plugin.watch(id=one.stream.id, pin="x"))
            with sending(*sources):
                async with plugin.events(["started"]) as started:
                    reply = await plugin.watch(id=one.stream.id, pin="p")
                    assert reply.data == {"streaming": "event", "result": {"status": "starting"}}
                    golden.check(await started.get(5))
                assert (plugin.state, [track.mid for track in plugin.tracks]) == ("connected", ["a", "v"])
                await sees(plugin, BLUE, (320, 240))
                await hears(plugin, 1000)
                assert (await plugin.info(id=one.stream.id)).info.viewers == 1
                await refused(460, "INVALID_STATE", "Already watching", plugin.watch(id=two.stream.id))

                assert (await plugin.pause()).status == "pausing"
                assert (await plugin.start()).status == "started"
                await sees(plugin, BLUE, (320, 240))
                await hears(plugin, 1000)
                reply = await plugin.configure(mid="v", send=True, substream=0, min_delay=0, max_delay=100)
                assert reply.data == {"streaming": "event", "result": {"event": "configured"}}
                if janus_before("1.2.0"):
                    assert (await plugin.configure(audio=True, video=True)).result.event == "configured"

                reply = await plugin.switch(id=two.stream.id)
                assert reply.data == {
                    "streaming": "event",
                    "result": {"switched": "ok", "id": two.stream.id},
                }
                await sees(plugin, RED, (160, 120))
                await hears(plugin, 2000)
                await refused(455, "NO_SUCH_MOUNTPOINT", "9", plugin.switch(id=9))

                async with plugin.events(["edited"]) as edited:
                    await plugin.edit(id=two.stream.id, new_metadata="now", edited_event=True)
                    event = await edited.get(5)
                edit = detail(event, MountpointEdited)
                assert (edit.id, edit.metadata) == (two.stream.id, "now")
                golden.check(event)

                assert (await plugin.stop()).status == "stopping"
                assert (plugin.state, plugin.tracks) == ("hungup", ())
                assert (await plugin.stop()).status == "idle"
                for call in (plugin.start(), plugin.pause(), plugin.configure(mid="v"), plugin.switch(id=1)):
                    await refused(455, "NO_SUCH_MOUNTPOINT", "Can't", call)

                # The handle can watch again, one medium alone, and negotiate that anew.
                await plugin.watch(id=two.stream.id, media=["v"])
                assert [track.mid for track in plugin.tracks] == ["v"]
                await sees(plugin, RED, (160, 120))
                assert (await plugin.watch(id=two.stream.id)).status == "started"
                assert [track.mid for track in plugin.tracks] == ["v"]
                await sees(plugin, RED, (160, 120))

    run(main())


@pytest.mark.parametrize("how", ["kicked_all", "stopped"])
def test_being_removed_from_a_mountpoint(gateway: LocalGateway, how: str) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            one = await plugin.create(type="rtp", media=[AUDIO])
            two = await plugin.create(type="rtp", media=[AUDIO])
            await plugin.watch(id=one.stream.id)
            async with plugin.events([how]) as removed:
                await (plugin.kick_all if how == "kicked_all" else plugin.destroy)(id=one.stream.id)
                golden.check(await removed.get(5))
            # Its hangup may not have come yet; it must not end what begins here.
            await plugin.watch(id=two.stream.id)
            assert (plugin.state, len(plugin.tracks)) == ("connected", 1)
            await plugin.destroy(id=two.stream.id)
            await until(lambda: plugin.state == "hungup" and plugin.tracks == ())
            assert (await plugin.stop()).status == "idle"

    run(main())


@pytest.mark.parametrize(
    ("kind", "suffix", "more"),
    [
        ("live", ".alaw", {}),
        ("ondemand", ".mulaw", {}),
        ("ondemand", ".opus", {"audiocodec": "opus", "audiopt": 111}),
    ],
)
def test_streaming_from_a_file(
    gateway: LocalGateway, tmp_path: Path, kind: str, suffix: str, more: dict[str, Any]
) -> None:
    file = tone_file(tmp_path / f"tone{suffix}", 700)

    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made = await plugin.create(type=kind, filename=str(file), audio=True, **more)
            assert made.stream.type == {"live": "live", "ondemand": "on demand"}[kind]
            info = (await plugin.info(id=made.stream.id)).info
            assert info.filename == str(file)
            await plugin.watch(id=made.stream.id)
            await hears(plugin, 700, 48_000 if suffix == ".opus" else 8000)
            await refused(458, "CANT_SWITCH", "RTP", plugin.switch(id=made.stream.id))
            if kind == "live":
                with pytest.raises(JanusPluginError):
                    await plugin.create(type=kind, filename=str(tmp_path / "none.alaw"), audio=True)

    run(main())


def test_messages_of_a_data_stream(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made = await plugin.create(
                type="rtp", media=[AUDIO, {**DATA, "buffermsg": True}], databuffermsg=True
            )
            port = made.stream.ports[1].port
            async with plugin.events(["message"]) as messages:
                await plugin.watch(id=made.stream.id)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
                    # The channel opens a moment after the PeerConnection; what comes before is lost.
                    async with asyncio.timeout(5):
                        event = None
                        while event is None:
                            source.sendto("now: Grüße".encode(), ("127.0.0.1", port))
                            try:
                                event = await messages.get(0.05)
                            except JanusError:
                                continue
            assert detail(event, StreamMessage).text == "now: Grüße"
            golden.check(event)

    run(main())


def test_layers_of_simulcast(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            medium: NewMedium = {**VIDEO, "simulcast": True, "port2": 0, "port3": 0}
            port = (await plugin.create(type="rtp", id=3, media=[medium])).stream.ports[0]
            assert port.port_2 is not None
            low, high = video_at(port, size=(160, 120)), video_at(port, size=(320, 240))
            with sending(low, high._replace(port=port.port_2)):
                async with plugin.events(["layer"]) as layers:
                    await plugin.watch(id=3)
                    for substream, size in ((1, (320, 240)), (0, (160, 120))):
                        await plugin.configure(mid="v", substream=substream)
                        while True:
                            event = await layers.get(5)
                            layer = detail(event, StreamLayer).result
                            if (layer.mid, layer.substream) == ("v", substream):
                                break
                        golden.check(event)
                        await sees(plugin, BLUE, size)

    run(main())


def test_a_webrtc_of_ones_own(gateway: LocalGateway) -> None:
    """The bare requests: Janus's offer is answered by hand."""
    from janus_notebook.media import Peer

    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made: MountpointCreated = await plugin.create(type="rtp", media=[AUDIO, VIDEO])
            peer = Peer()
            try:
                async with plugin.events(["trickle"]) as candidates:
                    offered = await plugin.watch(id=made.stream.id, media=["a"], answer=False)
                    assert offered.data == {"streaming": "event", "result": {"status": "preparing"}}
                    assert offered.jsep is not None
                    assert offered.jsep["type"] == "offer"
                    answer = await peer.answer(offered.jsep)
                    assert (await plugin.start(jsep=answer)).status == "starting"
                    while not (event := await candidates.get(5)).raw["candidate"].get("completed"):
                        await peer.add_candidate(event.raw["candidate"])
                await peer.connected()
                await until(lambda: plugin.state == "connected")
                again = await plugin.watch(id=made.stream.id, restart=True, answer=False)
                assert again.jsep is not None
                assert (again.status, again.jsep["type"]) == ("updating", "offer")
                assert (await plugin.stop()).status == "stopping"
            finally:
                await peer.close()
            if janus_before("1.1.4"):
                with pytest.raises(JanusVersionError, match=r"no parameter 'jsep' before Janus 1\.1\.4"):
                    await plugin.watch(id=made.stream.id, jsep={"type": "offer", "sdp": "v=0"})

    run(main())


@pytest.mark.parametrize("moment", ["at once", "asked", "offered", "answered"])
def test_cancelled_and_watched_again_at_once(gateway: LocalGateway, moment: str) -> None:
    async def main() -> None:
        async with streaming(gateway.ws_url) as plugin:
            made = await plugin.create(type="rtp", media=[AUDIO])
            assert plugin.session is not None
            log = plugin.session.events

            def bodies(direction: str) -> list[Any]:
                return [e.raw for e in log if e.direction == direction and e.handle_id == plugin.id]

            def reached() -> bool:
                asked = any(raw.get("body", {}).get("request") == "watch" for raw in bodies("request"))
                offered = any(raw.get("jsep", {}).get("type") == "offer" for raw in bodies("reply"))
                answered = any(raw.get("body", {}).get("request") == "start" for raw in bodies("request"))
                return {"at once": True, "asked": asked, "offered": offered, "answered": answered}[moment]

            call = asyncio.create_task(plugin.watch(id=made.stream.id))
            await until(reached)
            call.cancel()
            await asyncio.wait([call])
            assert call.cancelled()
            await plugin.watch(id=made.stream.id)
            assert (plugin.state, len(plugin.tracks)) == ("connected", 1)

    run(main())
