"""Media through the real Janus: publish, candidates both ways, and every way to end it early."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusError,
    JanusMediaError,
    JanusOptionError,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
)
from tests.admin import admin, assert_empty
from tests.client.scripted import errors_in, run, until
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live


async def sees_the_bars(plugin: JanusEchoTestPlugin) -> None:
    """Wait for an echoed frame that shows the pattern."""
    from janus_notebook.media.pattern import bars_match

    for _ in range(100):  # the first frames may come from before the codec has settled
        if bars_match(await plugin.track("video").snapshot()):
            return
    raise AssertionError("no echoed frame shows the bars")


async def drained(plugin: JanusEchoTestPlugin) -> None:
    """Take the frames that are still on their way, up to the error that there are no more."""
    while True:
        await plugin.track("video").snapshot(timeout=0.5)


async def attached(url: str) -> tuple[JanusSession, JanusEchoTestPlugin]:
    session, plugin = JanusSession(url), JanusEchoTestPlugin()
    await session.create()
    await plugin.attach(session)
    return session, plugin


def logged(session: JanusSession, direction: str, kind: str) -> list[dict[str, Any]]:
    return [event.raw for event in session.events if (event.direction, event.kind) == (direction, kind)]


@pytest.mark.parametrize("full_trickle", [True, False])
def test_publish_and_see_it_come_back(
    gateway: LocalGateway, plain_gateway: LocalGateway, full_trickle: bool
) -> None:
    async def main() -> None:
        session, plugin = await attached((gateway if full_trickle else plain_gateway).ws_url)
        async with session:
            reply = await plugin.publish()
            assert reply["result"] == "ok"
            assert reply.jsep is not None
            assert reply.jsep["type"] == "answer"
            assert plugin.state == "connected"
            sent = logged(session, "request", "trickle")[0]["candidates"]
            assert sent[-1] == {"completed": True}
            received = [raw["candidate"] for raw in logged(session, "event", "trickle")]
            assert ("a=candidate" in reply.jsep["sdp"]) is not full_trickle
            assert bool(received) is full_trickle
            if full_trickle:
                assert received[-1] == {"completed": True}
            await sees_the_bars(plugin)
            await until(
                lambda: (
                    {state.type for state in plugin.media.values() if state.receiving} == {"audio", "video"}
                )
            )
            assert [event.state for event in plugin.transitions] == ["attached", "negotiating", "connected"]
            with pytest.raises(JanusStateError, match="is publishing already"):
                await plugin.publish()
            assert (await plugin.hangup())["janus"] == "success"
            assert (plugin.state, plugin.reason, plugin.tracks) == ("hungup", "Janus API", ())
            with pytest.raises(JanusStateError, match="has no media here"):
                plugin.track("video")
            await plugin.publish()
            await sees_the_bars(plugin)
            assert errors_in(session) == []

    run(main())
    assert_empty(plain_gateway)


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_one_kind_only(gateway: LocalGateway, kind: str) -> None:
    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            await (plugin.publish(video=None) if kind == "audio" else plugin.publish(audio=None))
            body = logged(session, "request", "message")[0]["body"]
            assert body == {"audio": kind == "audio", "video": kind == "video"}
            await until(lambda: [s.type for s in plugin.media.values() if s.receiving] == [kind])
            if kind == "video":
                await sees_the_bars(plugin)

    run(main())


def test_what_publish_refuses(gateway: LocalGateway) -> None:
    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            refused: tuple[dict[str, Any], ...] = (
                {"video": "patern"},
                {"video": 5},
                {"timeout": 0},
                {"ice_servers": [{"url": "stun:x"}]},
                {"ice_servers": "stun:x"},
                {"video": iter([])},
            )
            with pytest.raises(JanusOptionError, match=r"nothing to publish\. Give video="):
                await plugin.publish(None, None)
            for wrong in refused:
                with pytest.raises(JanusOptionError):
                    await plugin.publish(**wrong)
            with pytest.raises((JanusPluginError, JanusServerError)):
                await plugin.configure(audio=True, jsep={"type": "offer", "sdp": "nonsense"})
            with pytest.raises(JanusServerError, match="464 JSEP_UNKNOWN_TYPE"):
                await plugin.configure(audio=True, jsep={"type": "ofer", "sdp": "v=0"})
            assert plugin.state == "attached"
            with pytest.raises((JanusTimeoutError, JanusMediaError)):
                await plugin.publish(timeout=0.001)
            await plugin.publish()
            await sees_the_bars(plugin)

    run(main())


def picture() -> Any:
    return np.full((120, 160, 3), 90, np.uint8)


def test_a_generator_function_is_published(gateway: LocalGateway) -> None:
    def frames() -> Iterator[Any]:
        while True:
            yield picture()

    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            await plugin.publish(frames)
            assert abs((await plugin.track("video").snapshot()).mean() - 90) < 12
            assert errors_in(session) == []

    run(main())


def test_a_source_whose_first_frame_fails_is_not_published(gateway: LocalGateway) -> None:
    def floats() -> Iterator[Any]:
        yield picture().astype(np.float32)

    def broken() -> Any:
        raise ZeroDivisionError("in the cell")

    release = threading.Event()
    slow_calls: list[object] = []

    def slow() -> Any:
        slow_calls.append(None)
        release.wait(30)
        return picture()

    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            with pytest.raises(JanusOptionError, match=r"not float32 \(120, 160, 3\)"):
                await plugin.publish(floats)
            with pytest.raises(JanusOptionError, match=r"not uint8 \(120, 160\)"):
                await plugin.publish(iter([picture()[..., 0]]))
            with pytest.raises(JanusMediaError, match="raised ZeroDivisionError: in the cell") as caught:
                await plugin.publish(broken)
            assert isinstance(caught.value.__cause__, ZeroDivisionError)
            with pytest.raises(JanusTimeoutError, match=r"gave no picture or sound within 0\.2 s"):
                await plugin.publish(slow, timeout=0.2)
            call = asyncio.create_task(plugin.publish(slow))
            await until(lambda: len(slow_calls) == 2)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert not release.is_set()
            release.set()
            assert logged(session, "request", "message") == []
            assert (plugin.state, plugin.webrtc, errors_in(session)) == ("attached", {}, [])
            await plugin.publish()
            await sees_the_bars(plugin)

    try:
        run(main())
    finally:
        release.set()


@pytest.mark.parametrize("how", ["hangup", "detach", "destroy"])
def test_ended_while_the_first_frame_is_made(gateway: LocalGateway, how: str) -> None:
    asked, release = threading.Event(), threading.Event()

    def slow() -> Any:
        asked.set()
        release.wait(30)
        return picture()

    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            call = asyncio.create_task(plugin.publish(slow))
            await until(asked.is_set)
            await (session.destroy() if how == "destroy" else getattr(plugin, how)())
            assert not call.done()
            release.set()
            with pytest.raises(JanusStateError):
                await call
            assert logged(session, "request", "message") == []
            assert (plugin.webrtc, errors_in(session)) == ({}, [])

    try:
        run(main())
    finally:
        release.set()


def test_a_source_that_fails_while_live_is_in_the_handles_log(gateway: LocalGateway) -> None:
    enough = threading.Event()

    def produce() -> Any:
        if enough.is_set():
            raise RuntimeError("no more ideas")
        return picture()

    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            await plugin.publish(produce)
            await plugin.track("video").snapshot()
            handle = plugin.id
            enough.set()
            why = "the video source raised RuntimeError: no more ideas."
            await until(lambda: plugin.webrtc["sources"]["video"] == f"failed: {why}")
            with pytest.raises(JanusTimeoutError, match=f"Our own video is no longer sent: {why}"):
                await drained(plugin)
            await plugin.hangup()
        logs = [event for event in session.events if (event.direction, event.kind) == ("local", "error")]
        assert [(event.handle_id, event.raw["error"]["reason"]) for event in logs] == [
            (handle, f"video is no longer sent: {why}")
        ]

    run(main())


MOMENTS: dict[str, Callable[[JanusSession], object]] = {
    "at once": lambda _: True,
    "offer sent": lambda session: logged(session, "request", "message"),
    "candidates sent": lambda session: logged(session, "request", "trickle"),
    "first reply": lambda session: logged(session, "reply", "ack"),
    "answer": lambda session: logged(session, "reply", "event"),
    "webrtcup": lambda session: logged(session, "event", "webrtcup"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_cancelled_and_published_again_at_once(gateway: LocalGateway, moment: str) -> None:
    """The undoing of the first attempt must not reach the second."""

    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            call = asyncio.create_task(plugin.publish())
            await until(lambda: MOMENTS[moment](session) or call.done())
            call.cancel()  # does nothing if it has just returned
            began = asyncio.get_running_loop().time()
            await asyncio.wait([call])
            assert asyncio.get_running_loop().time() - began < 1
            if moment == "webrtcup" and not call.cancelled():
                await plugin.hangup()
            else:
                assert call.cancelled()
            await plugin.publish()
            await sees_the_bars(plugin)
            assert plugin.state == "connected"

    run(main())


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_cancelled_after_a_while(gateway: LocalGateway, delay: float) -> None:
    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            try:
                await asyncio.wait_for(plugin.publish(), delay)
            except TimeoutError:
                await plugin.configure(bitrate=100_000)
                await plugin.publish()
            await sees_the_bars(plugin)

    run(main())


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("how", ["detach", "destroy"])
def test_ended_while_publishing(gateway: LocalGateway, moment: str, how: str) -> None:
    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        call = asyncio.create_task(plugin.publish())
        await until(lambda: MOMENTS[moment](session) or call.done())
        await (plugin.detach() if how == "detach" else session.destroy())
        assert plugin.state == "detached"
        (result,) = await asyncio.gather(call, return_exceptions=True)
        # Once Janus is up, both sides may be, so that it has just returned.
        assert isinstance(result, JanusError) or moment == "webrtcup"
        assert plugin.tracks == ()
        if how == "detach":
            await plugin.attach(session)
            await plugin.publish()
            await sees_the_bars(plugin)
        await session.destroy()

    run(main())


def test_hung_up_by_an_administrator(gateway: LocalGateway) -> None:
    async def main() -> None:
        session, plugin = await attached(gateway.ws_url)
        async with session:
            await plugin.publish()
            event = asyncio.create_task(plugin.wait_for("hangup"))
            ids = {"session_id": session.id, "handle_id": plugin.id}
            await asyncio.to_thread(admin, gateway, "hangup_webrtc", **ids)
            await event
            assert plugin.state == "hungup"
            await plugin.publish()
            await sees_the_bars(plugin)

    run(main())


@pytest.mark.parametrize("moment", ["offer sent", "answer", "connected"])
def test_janus_killed_while_publishing(moment: str) -> None:
    with running_gateway() as gateway:

        async def main() -> None:
            session, plugin = await attached(gateway.ws_url)
            call = asyncio.create_task(plugin.publish())
            await until(call.done if moment == "connected" else lambda: MOMENTS[moment](session))
            assert gateway.pid is not None
            os.kill(gateway.pid, signal.SIGKILL)
            (result,) = await asyncio.gather(call, return_exceptions=True)
            assert isinstance(result, JanusError) is (moment != "connected")
            await until(lambda: session.state == "lost")
            assert plugin.state == "detached"
            assert await session.destroy() == {}
            assert plugin.tracks == ()

        run(main())
