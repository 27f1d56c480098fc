"""What a handle does with offers and candidates that Janus sends on its own."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from janus_notebook import (
    JanusAudioBridgePlugin,
    JanusEchoTestPlugin,
    JanusMediaError,
    JanusNoSipPlugin,
    JanusOptionError,
    JanusRecordPlayPlugin,
    JanusSipPlugin,
    JanusStateError,
    JanusStreamingPlugin,
    JanusTextRoomPlugin,
    JanusVideoCallPlugin,
    JanusVideoRoomPlugin,
)
from janus_notebook.media import Peer
from janus_notebook.plugins.negotiation import MOST_CANDIDATES, Attempt, all_of
from janus_notebook.plugins.webrtc import WebRtcPlugin
from tests.client.scripted import ScriptedServer, attached, errors_in, run, scripted, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook import JanusSession
    from janus_notebook.protocol.events import PluginEvent

CANDIDATE = "candidate:1 1 udp 2015363839 10.255.255.1 9 typ host"


class Callee(WebRtcPlugin):
    plugin_name: ClassVar[str] = "janus.plugin.echotest"

    def __init__(self) -> None:
        super().__init__()
        self.began: list[str] = []
        self.done: list[str] = []

    async def on_offer(self, jsep: Mapping[str, Any], event: PluginEvent) -> None:
        assert self.began == self.done  # never two at once
        self.began.append(jsep["sdp"])
        await asyncio.sleep(0.01)
        self.done.append(jsep["sdp"])
        if jsep["sdp"] == "bad":
            raise JanusMediaError("it cannot be answered")


async def called(server: ScriptedServer, session: JanusSession) -> Callee:
    """A handle with a peer connection that has not begun."""
    callee = Callee()
    await callee.attach(session)
    callee._peer = Peer()
    return callee


def push(server: ScriptedServer, handle: WebRtcPlugin, *sdps: str, kind: str = "offer") -> None:
    assert handle.session is not None
    for sdp in sdps:
        server.push(
            {
                "janus": "event",
                "session_id": handle.session.id,
                "sender": handle.id,
                "plugindata": {"plugin": handle.name, "data": {"n": sdp}},
                "jsep": {"type": kind, "sdp": sdp},
            }
        )


def trickle(server: ScriptedServer, handle: WebRtcPlugin, candidate: str) -> None:
    assert handle.session is not None
    candidates = {"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0}
    server.push(
        {"janus": "trickle", "session_id": handle.session.id, "sender": handle.id, "candidate": candidates}
    )


def test_offers_of_janus_are_handled_in_order_and_one_at_a_time() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, _):
            callee = await called(server, session)
            push(server, callee, "an answer", kind="answer")
            push(server, callee, "1", "2", "bad", "3")
            await until(lambda: callee.done == ["1", "2", "bad", "3"])
            assert len(errors_in(session)) == 1
            assert "it cannot be answered" in errors_in(session)[0]

    run(main())


def test_an_offer_waits_for_the_negotiation_under_way_and_is_of_its_connection() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, _):
            callee = await called(server, session)
            async with callee._negotiation:
                push(server, callee, "1", "2")
                await callee.wait_for("event")
                await asyncio.sleep(0.03)
                assert callee.began == []
            await until(lambda: callee.done == ["1", "2"])
            async with callee._negotiation:
                push(server, callee, "of a connection that ended")
                await callee.wait_for("event")
                callee._peer = Peer()
            push(server, callee, "3")
            await until(lambda: len(callee.done) == 3)
            await callee.release()
            push(server, callee, "without a connection")
            await callee.wait_for("event")
            await asyncio.sleep(0.03)
            assert callee.done == ["1", "2", "3"]
            assert errors_in(session) == []

    run(main())


def test_candidates_wait_for_a_peer_and_go_with_their_connection() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, _):
            callee = Callee()
            await callee.attach(session)
            trickle(server, callee, CANDIDATE)
            await callee.wait_for("trickle")
            peer: Any = Peer()
            feeding = asyncio.create_task(callee._trickled.feed(peer))
            await until(lambda: len(peer._early) == 1)
            trickle(server, callee, CANDIDATE)
            await until(lambda: len(peer._early) == 2)
            feeding.cancel()
            await asyncio.wait([feeding])

            callee._peer = peer
            trickle(server, callee, CANDIDATE)
            await until(lambda: len(peer._early) == 3)
            trickle(server, callee, "nonsense")
            await until(lambda: errors_in(session))
            assert "'nonsense' is not an ICE candidate" in errors_in(session)[0]

            callee._peer = None
            trickle(server, callee, CANDIDATE)
            await callee.wait_for("trickle")
            server.push({"janus": "hangup", "session_id": session.id, "sender": callee.id, "reason": "x"})
            await callee.wait_for("hangup")
            assert not callee._trickled._waiting

    run(main())


def test_a_candidate_that_cannot_be_read_ends_the_feeding() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, _):
            callee = Callee()
            await callee.attach(session)
            waiting = asyncio.create_task(callee.wait_for("trickle"))
            await asyncio.sleep(0)
            trickle(server, callee, "nonsense")
            event = await waiting
            for _ in range(MOST_CANDIDATES + 5):
                callee._trickled.add(event)
            assert len(callee._trickled._waiting) == MOST_CANDIDATES
            with pytest.raises(JanusMediaError, match="not an ICE candidate") as caught:
                await callee._trickled.feed(Peer())
            assert caught.value.handle_id == callee.id

    run(main())


def test_the_first_failure_ends_the_rest() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("forever")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise JanusStateError("no")

    async def gives(value: int) -> int:
        return value

    async def main() -> None:
        assert await all_of(gives(1), gives(2)) == [1, 2]
        with pytest.raises(JanusStateError):
            await all_of(forever(), fails())
        beside = asyncio.create_task(fails())
        with pytest.raises(JanusStateError):
            await all_of(forever(), beside=beside)
        assert ended == ["forever", "forever"]

    asyncio.run(main())


def test_no_time_is_no_timeout() -> None:
    for timeout in (0, -1, float("nan")):
        with pytest.raises(JanusOptionError, match="seconds above 0"):
            Attempt(lambda *_: None, lambda _: None, {}, timeout)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (JanusEchoTestPlugin, "publish()"),
        (JanusVideoRoomPlugin, "join() and publish()"),
        (JanusAudioBridgePlugin, "join() and publish()"),
        (JanusTextRoomPlugin, "join()"),
        (JanusStreamingPlugin, "watch()"),
        (JanusVideoCallPlugin, "call() or accept()"),
        (JanusSipPlugin, "call() or accept()"),
        (JanusNoSipPlugin, "call() or answer()"),
        (JanusRecordPlayPlugin, "play() or record_on_server()"),
    ],
)
def test_media_before_there_are_any(plugin: type[WebRtcPlugin], words: str) -> None:
    handle = plugin()
    with pytest.raises(JanusStateError) as caught:
        handle.track("video")
    assert str(caught.value) == f"{handle.name} has no media here. {words} first."
    for name in re.findall(r"\w+(?=\()", words):
        assert hasattr(plugin, name)
