"""Media in a browser page, for every plugin: the signalling against the real Janus, with a page of aiortc."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from janus_notebook import (
    JanusAudioBridgePlugin,
    JanusEchoTestPlugin,
    JanusMediaError,
    JanusPlugin,
    JanusRecordPlayPlugin,
    JanusSession,
    JanusStateError,
    JanusStreamingPlugin,
    JanusTextRoomPlugin,
    JanusVideoCallPlugin,
    JanusVideoRoomPlugin,
)
from janus_notebook.plugins import browser
from janus_notebook.plugins.textroom import TextMessage
from janus_notebook.protocol.events import BrowserEvent, PluginEvent
from tests.admin import admin
from tests.client.scripted import errors_in, run, until
from tests.live.videoroom import room
from tests.pages import PeerPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from janus_notebook import JanusPlugin, LocalGateway
    from janus_notebook.plugins.browser.call import BrowserCall

pytestmark = pytest.mark.live

P = TypeVar("P", bound="JanusPlugin")
SIZE: dict[str, Any] = {}
PATIENCE = 20.0
EXAMPLE = 1234  # of Janus's own configuration, for sound and for text


def camera(handle: JanusPlugin, *, audio: bool | None = None, **request: Any) -> BrowserCall:
    return browser.camera(handle, None, audio, "test", SIZE, (), request)


@asynccontextmanager
async def shown(call: BrowserCall) -> AsyncIterator[PeerPage]:
    """A page shows it, and goes away without a word at the end."""
    page = PeerPage(call)
    try:
        page.say("hello")
        await call.ready(PATIENCE)
        yield page
    finally:
        await call.end("the test is over")
        await page.close()


@asynccontextmanager
async def session_on(gateway: LocalGateway) -> AsyncIterator[JanusSession]:
    async with JanusSession(gateway.ws_url) as session:
        yield session
        assert errors_in(session) == []


async def attached(session: JanusSession, kind: Callable[[], P]) -> P:
    handle = kind()
    await handle.attach(session)
    return handle


async def received(page: PeerPage, kind: str) -> None:
    """Wait until the page has a picture, or a sound, of Janus."""
    assert page.peer is not None
    peer = page.peer
    await until(lambda: any(t.kind == kind and t.frames_received for t in peer.tracks), PATIENCE)


def started(viewer: JanusPlugin) -> int:
    """How many answers of ours Janus has taken."""
    assert viewer.session is not None
    of_plugin = [e.raw.get("plugindata", {}) for e in viewer.session.events if e.handle_id == viewer.id]
    return sum(each.get("data", {}).get("started") == "ok" for each in of_plugin)


def test_echo_test_and_how_it_ends(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with session_on(gateway) as session:
            echo = await attached(session, JanusEchoTestPlugin)
            call = camera(echo, audio=True, bitrate=256_000)
            async with shown(call) as page:
                assert page.asked[:2] == ["capture", "offer"]
                assert (page.wants["video"], page.wants["audio"]) == ("test", "test")
                await received(page, "video")
                await received(page, "audio")
                assert (echo.state, echo.webrtc["state"], echo.webrtc["dtls"]) == (
                    "connected", "connected", "connected",
                )  # fmt: skip
                assert (await call.snapshot()).tolist() == [[[1, 2, 3], [4, 5, 6]]]
                with pytest.raises(JanusMediaError, match="the media are in the browser"):
                    echo.track("video")
                with pytest.raises(JanusStateError, match="is publishing already"):
                    await echo.publish()
                page.say("bye", why="button")
                await until(lambda: echo.state == "hungup")
                assert (call.state, call.reason) == ("ended", "you hung up")
                with pytest.raises(JanusMediaError, match="you hung up"):
                    await call.ready()
                await call.restart()
                await call.ready(PATIENCE)
                await echo.hangup()
                await until(lambda: call.state == "ended")
                assert call.reason == "the handle was hung up"
            states = [e.state for e in session.events if isinstance(e, BrowserEvent)]
            round_ = ["asking", "connecting", "connected", "ended"]
            assert states == round_ * 2
            await echo.publish(audio=None)  # from here again
            assert echo.tracks
            await echo.hangup()

    run(main())


def test_camera_again_and_a_handle_and_a_session_that_end(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with session_on(gateway) as session:
            echo = await attached(session, JanusEchoTestPlugin)
            first = camera(echo)
            async with shown(first):
                second = camera(echo)  # the cell was run once more
                third = camera(echo)  # and again, before a page showed it
                async with shown(third) as page:
                    for former in (first, second):
                        assert (former.state, former.reason) == ("ended", "camera() was called again")
                    other = PeerPage(third, "p2")

                    def both(message: dict[str, Any], pages: tuple[PeerPage, ...] = (page, other)) -> None:
                        for each in pages:
                            each.take(message)

                    third.use_wire(both, lambda: False)
                    other.say("hello")
                    assert other.asked == []
                    await third.begin("p2")  # the other page takes it
                    await third.ready(PATIENCE)
                    assert (page.asked[-1], page.peer, third.page) == ("close", None, "p2")
                    await received(other, "video")
                    await echo.detach()
                    await until(lambda: third.state == "ended" and other.peer is None)
                    await other.close()
                    with pytest.raises(JanusStateError, match="not attached"):
                        await third.restart()
            again = await attached(session, JanusEchoTestPlugin)
            last = camera(again)
            async with shown(last) as page:
                await session.destroy()
                await until(lambda: last.state == "ended" and page.peer is None)

    run(main())


def test_a_page_that_falls_silent_is_hung_up(gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with session_on(gateway) as session:
            echo = await attached(session, JanusEchoTestPlugin)
            call = camera(echo)
            async with shown(call) as page:
                page.deaf, page.mute = True, True  # the kernel computes: nothing can be heard
                monkeypatch.setattr("janus_notebook.plugins.browser.call.SILENT_SECONDS", 0.5)
                for _ in range(3):
                    assert call._page is not None
                    call._page.wait(1.0)
                assert call.state == "connected"
                page.deaf = False
                await until(lambda: call.state == "ended", PATIENCE)
                assert "nothing was heard of the page" in call.reason
                await until(lambda: echo.state == "hungup", PATIENCE)
                info = admin(gateway, "handle_info", session_id=session.id, handle_id=echo.id)["info"]
                assert "webrtc" not in info

    run(main())


def test_a_video_room_both_ways(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url), session_on(gateway) as session:
            me = await attached(session, JanusVideoRoomPlugin)
            with pytest.raises(ValueError, match="must be told room="):
                camera(me)
            await me.join(room=77, display="kernel")
            here = await attached(session, JanusVideoRoomPlugin)
            async with shown(camera(here, room=77, display="page")):
                await until(lambda: bool(me.view.feeds), PATIENCE)
                async with await me.subscriber() as subscriber:
                    await subscriber.set(me.view.feeds)
                    picture = await subscriber.track(me.view.feeds[0], "video").snapshot()
                    assert picture.shape[2] == 3
                await me.publish(audio=None)
                viewer = await attached(session, JanusVideoRoomPlugin)
                call = camera(viewer, room=77, feeds=[me.view.id])
                async with shown(call) as page:
                    assert "capture" not in page.asked
                    await received(page, "video")
                    assert call.names == {"0": "kernel"}
                    await me.unpublish()  # Janus offers by itself, and the page answers
                    await until(lambda: page.asked.count("answer") == 2, PATIENCE)
                    await until(lambda: started(viewer) == 2, PATIENCE)  # Janus has that answer

    run(main())


def test_calls_both_ways(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with session_on(gateway) as session:
            ann, bob = [await attached(session, JanusVideoCallPlugin) for _ in range(2)]
            await ann.register(username="ann")
            await bob.register(username="bob")
            with pytest.raises(JanusStateError, match="nobody calls"):
                camera(bob)
            async with bob.events(["incomingcall"]) as calls:
                calling, taking = camera(ann, username="bob"), None
                pages = [PeerPage(calling)]
                pages[0].say("hello")
                await calls.get(PATIENCE)
                taking = camera(bob)
                pages.append(PeerPage(taking))
                pages[1].say("hello")
                await calling.ready(PATIENCE)
                await taking.ready(PATIENCE)
                for page in pages:
                    await received(page, "video")
                    await received(page, "audio")
                assert calling.names == {"": "bob"}
                pages[0].say("bye", why="pagehide")
                await until(lambda: taking.state == "ended", PATIENCE)
                for page in pages:
                    await page.close()
                await calling.end("over")

    run(main())


def test_sound_text_recordings_and_streams(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with session_on(gateway) as session:
            bridge = await attached(session, JanusAudioBridgePlugin)
            with pytest.raises(ValueError, match="takes no video"):
                browser.camera(bridge, True, None, "test", SIZE, (), {"room": EXAMPLE})
            async with shown(camera(bridge, room=EXAMPLE, display="page")) as page:
                assert (page.wants["video"], page.wants["audio"]) == (None, "test")
                await received(page, "audio")

            text, other = [await attached(session, JanusTextRoomPlugin) for _ in range(2)]
            await other.join(room=EXAMPLE, username="kernel")
            chat = camera(text, room=EXAMPLE, username="page")
            async with shown(chat), other.events(["message"]) as messages:
                await text.message(room=EXAMPLE, text="ça va, 🙂")
                event = await messages.get(PATIENCE)
                assert isinstance(event, PluginEvent)
                assert isinstance(event.detail, TextMessage)
                assert (event.detail.sender, event.detail.text) == ("page", "ça va, 🙂")

            tape = await attached(session, JanusRecordPlayPlugin)
            recording = camera(tape, name="lesson")
            async with shown(recording) as page:
                await until(
                    lambda: bool(tape.media and all(m.receiving for m in tape.media.values())), PATIENCE
                )
                await asyncio.sleep(1.5)  # as long as the recording is to be
                await tape.stop()
            (lesson,) = [one for one in (await tape.list()).recordings if one.name == "lesson"]
            player = await attached(session, JanusRecordPlayPlugin)
            async with shown(camera(player, id=lesson.id)) as page:
                await received(page, "video")

            stream = await attached(session, JanusStreamingPlugin)
            media: list[Any] = [{"type": "audio", "mid": "a", "port": 0, "pt": 111, "codec": "opus"}]
            made = await stream.create(type="rtp", media=media)
            async with shown(camera(stream, id=made.stream.id)) as page:
                assert page.asked[0] == "answer"
            await stream.destroy(id=made.stream.id)

    run(main())
