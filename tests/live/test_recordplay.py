"""Record&Play against the real plugin: what is recorded here is played back, and recognised."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusMediaError,
    JanusOptionError,
    JanusPluginError,
    JanusRecordPlayPlugin,
    JanusSession,
    JanusStateError,
    JanusVersionError,
)
from janus_notebook.plugins.recordplay import Recording, RecordPlayDone, RecordPlayResult
from janus_notebook.protocol.events import PluginEvent
from tests.client.scripted import errors_in, run, until
from tests.gateways import janus_before
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live


@asynccontextmanager
async def recordplay(url: str) -> AsyncIterator[JanusRecordPlayPlugin]:
    async with JanusSession(url) as session:
        plugin = JanusRecordPlayPlugin()
        await plugin.attach(session)
        yield plugin
        assert errors_in(session) == []


async def refused(code: int, name: str, what: str, call: Any) -> None:
    with pytest.raises(JanusPluginError, match=what) as caught:
        await call
    assert (caught.value.code, caught.value.name) == (code, name)


async def counters(plugin: JanusRecordPlayPlugin, enough: int = 5) -> list[int]:
    """The numbers of frames of ours that are played."""
    from janus_notebook.media.pattern import bars_match, read_counter

    seen: list[int] = []
    async with asyncio.timeout(10):
        while len(seen) < enough:
            frame = await plugin.track("video").snapshot()
            try:
                seen += [read_counter(frame)] if bars_match(frame) else []
            except JanusMediaError:
                continue  # the first frames may come from before the codec has settled
    return seen


def test_recorded_and_played(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with recordplay(gateway.ws_url) as plugin:
            assert plugin.session is not None
            made = await plugin.record_on_server(name="lecture", video="pattern", audio="tone")
            assert (made.status, made.data["recordplay"], plugin.state) == ("recording", "event", "connected")
            assert made.jsep is not None
            assert made.id is not None
            assert made.id not in [one.id for one in (await plugin.list()).recordings]  # not complete
            await until(lambda: {s.type for s in plugin.media.values() if s.receiving} == {"audio", "video"})
            with pytest.raises(JanusStateError, match="already"):
                await plugin.record_on_server(name="another")
            with pytest.raises(JanusStateError, match="already"):
                await plugin.play(id=made.id)
            await asyncio.sleep(1.5)  # so long is the recording
            paused = await plugin.pause()
            assert paused.data == {"recordplay": "event", "result": {"status": "paused", "id": made.id}}
            assert (await plugin.resume()).status == "resumed"
            async with plugin.events(["done"]) as done:
                stopped = await plugin.stop()
                ended = {"status": "stopped", "id": made.id}
                if not janus_before("1.3.1"):
                    ended["is_private"] = False
                assert stopped.data == {"recordplay": "event", "result": ended}
                event = await done.get(5)
            assert isinstance(event, PluginEvent)
            assert isinstance(event.detail, RecordPlayDone)
            if janus_before("1.3.1"):
                assert (event.detail.result, event.detail.id) == ("done", None)
                golden.check(event)
            else:
                assert isinstance(event.detail.result, RecordPlayResult)
                assert (event.detail.result.status, event.detail.id) == ("done", made.id)
            assert (plugin.state, plugin.tracks) == ("hungup", ())

            (recording,) = [one for one in (await plugin.list()).recordings if one.id == made.id]
            assert recording == Recording(
                id=made.id,
                name="lecture",
                date=recording.date,
                audio=True,
                audio_codec="opus",
                video=True,
                video_codec="vp8",
            )

            async with plugin.events(["done"]) as done:
                playing = await plugin.play(id=made.id)
                assert playing.data == {"recordplay": "event", "result": {"status": "playing"}}
                assert [track.kind for track in plugin.tracks] == ["audio", "video"]
                seen = await counters(plugin)
                assert seen == sorted(seen)
                assert seen[0] < 120  # of about two seconds, and the time before it connected
                samples = await plugin.track("audio").snapshot()
                assert samples.shape[1] == 2
                await done.get(10)  # by itself
            await until(lambda: plugin.state == "hungup" and plugin.tracks == ())

            # What is played can be stopped, and begun anew at once. Janus 1.1.2 crashes if it is asked to
            # play while the thread that played before is still there.
            for _ in range(3):
                await plugin.play(id=made.id)
                assert (await plugin.stop()).id == made.id
            await plugin.play(id=made.id)
            await counters(plugin, 1)
            await plugin.hangup()
            await plugin.record_on_server(name="after it", video=None)
            await plugin.stop()

    run(main())


def test_what_needs_no_media(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with recordplay(gateway.ws_url) as plugin:
            assert (await plugin.update()).data == {"recordplay": "ok"}
            reply = await plugin.configure(video_bitrate_max=512_000, video_keyframe_interval=4000)
            assert reply.data == {
                "recordplay": "configure",
                "status": "ok",
                "settings": {"video-keyframe-interval": 4000, "video-bitrate-max": 512_000},
            }
            settings = (await plugin.configure()).settings
            assert (settings.video_bitrate_max, settings.video_keyframe_interval) == (512_000, 4000)
            await refused(414, "INVALID_ELEMENT", "video-bitrate-max", plugin.configure(video_bitrate_max=-1))
            for call in (plugin.pause(), plugin.resume()):
                idle = await call
                assert (idle.data, idle.result, idle.status) == ({"recordplay": "event"}, None, "")
            assert (await plugin.stop()).data == {"recordplay": "event", "result": {"status": "stopped"}}
            await refused(416, "NOT_FOUND", "No such recording", plugin.play(id=1))
            await refused(416, "NOT_FOUND", "No such recording", plugin.play(id=1, answer=False))
            await refused(418, "INVALID_STATE", "an't restart", plugin.play(id=1, restart=True, answer=False))
            await refused(418, "INVALID_STATE", "Not a playout", plugin.request({"request": "start"}))
            await refused(413, "INVALID_REQUEST", "nknown", plugin.request({"request": "film"}))
            await refused(415, "MISSING_ELEMENT", "SDP offer", plugin.request({"request": "record"}))
            with pytest.raises(JanusOptionError, match="nothing to record"):
                await plugin.record_on_server(name="x", video=None, audio=None)
            with pytest.raises(JanusOptionError, match="Give it as jsep"):
                await plugin.record_on_server(name="x", update=True)
            with pytest.raises(JanusOptionError, match="cannot restart ICE"):
                await plugin.play(id=1, restart=True)
            for name, given in (
                ("list", {"admin_key": "k"}),
                ("update", {"admin_key": "k"}),
                ("record_on_server", {"name": "x", "is_private": True}),
            ):
                if janus_before("1.3.1"):
                    with pytest.raises(JanusVersionError, match=r"before Janus 1\.3\.1"):
                        await getattr(plugin, name)(**given)
            assert plugin.state == "attached"

    run(main())


def test_a_webrtc_of_ones_own(gateway: LocalGateway) -> None:
    """The bare requests: an offer by hand, and an answer by hand."""
    from janus_notebook.media import Peer

    async def main() -> None:
        async with recordplay(gateway.ws_url) as plugin:
            peer = Peer()
            try:
                async with plugin.events(["trickle"]) as candidates:
                    offer = await peer.offer(audio="tone")
                    made = await plugin.record_on_server(name="tone", id=4, audiocodec="opus", jsep=offer)
                    assert (made.status, made.id) == ("recording", 4)
                    assert made.jsep is not None
                    await peer.accept(made.jsep)
                    while not (event := await candidates.get(5)).raw["candidate"].get("completed"):
                        await peer.add_candidate(event.raw["candidate"])
                await peer.connected()
                await until(lambda: any(state.receiving for state in plugin.media.values()))
                await plugin.stop()
            finally:
                await peer.close()
            await refused(
                420, "RECORDING_EXISTS", "4", plugin.record_on_server(name="again", id=4, video=None)
            )
            assert plugin.state in ("attached", "hungup")

            peer = Peer()
            try:
                offered = await plugin.play(id=4, answer=False)
                assert offered.data == {"recordplay": "event", "result": {"status": "preparing", "id": 4}}
                assert offered.jsep is not None
                answer = await peer.answer(offered.jsep)
                assert (await plugin.start(jsep=answer)).status == "playing"
                assert (await plugin.stop()).id == 4
            finally:
                await peer.close()

    run(main())
