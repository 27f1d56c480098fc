"""VideoCall against the real plugin: calls between handles with real media, and those that end otherwise."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from janus_notebook import (
    JanusCallError,
    JanusPluginError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
    JanusVideoCallPlugin,
    connect,
)
from janus_notebook.bridge import background
from janus_notebook.media.peer import Peer
from janus_notebook.notebook.workspace import workspace
from janus_notebook.plugins.videocall import CallAccepted, CallHangup, CallUpdate, IncomingCall
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.plugin_events import PluginDetail
from tests.client.scripted import run, until
from tests.media.test_renegotiation import flat, shows
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from janus_notebook import JanusEvent, LocalGateway
    from janus_notebook.plugins.videocall import CallAnswer

pytestmark = pytest.mark.live

D = TypeVar("D", bound=PluginDetail)


@asynccontextmanager
async def people(url: str, *names: str) -> AsyncIterator[list[JanusVideoCallPlugin]]:
    """Handles on one session, each with its name."""
    async with JanusSession(url) as session:
        handles = [JanusVideoCallPlugin() for _ in names]
        for handle, name in zip(handles, names, strict=True):
            await handle.attach(session)
            reply = await handle.register(username=name)
            assert reply.data == {"videocall": "event", "result": {"event": "registered", "username": name}}
            assert handle.username == name
        yield handles
        assert [
            event for event in session.events if event.kind == "error" and event.direction == "local"
        ] == []


async def calls(
    caller: JanusVideoCallPlugin, callee: JanusVideoCallPlugin, **sources: Any
) -> asyncio.Task[CallAnswer]:
    """A call that rings there."""
    async with callee.events(["incomingcall"]) as heard:
        calling = asyncio.create_task(caller.call(username=callee.username, **sources))
        await heard.get(10)
    assert callee.caller == caller.username
    return calling


def detail(event: JanusEvent, kind: type[D]) -> D:
    assert isinstance(event, PluginEvent)
    assert isinstance(event.detail, kind)
    golden.check(event)
    return event.detail


async def refused(code: int, name: str, what: str, call: Any) -> None:
    with pytest.raises(JanusPluginError, match=what) as caught:
        await call
    assert (caught.value.code, caught.value.name) == (code, name)
    assert caught.value.plugin == "janus.plugin.videocall"


def parted(*handles: JanusVideoCallPlugin) -> bool:
    return all(
        (handle.partner, handle.caller, handle.tracks, handle.state) == ("", "", (), "hungup")
        for handle in handles
    )


def test_names(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with people(gateway.ws_url, "alice", "bob") as [alice, bob]:
            listed = await alice.list()
            assert sorted(listed.users) == ["alice", "bob"]
            assert listed.data == {"videocall": "event", "result": {"list": [*listed.users]}}
            assert alice.session is not None
            carol = JanusVideoCallPlugin()
            await carol.attach(alice.session)
            await refused(473, "REGISTER_FIRST", "Register", carol.call(username="bob"))
            await refused(476, "USERNAME_TAKEN", "alice", carol.register(username="alice"))
            await refused(477, "ALREADY_REGISTERED", "bob", bob.register(username="robert"))
            await refused(478, "NO_SUCH_USERNAME", "nobody", alice.call(username="nobody"))
            await refused(479, "USE_ECHO_TEST", "yourself", alice.call(username="alice"))
            await refused(475, "MISSING_ELEMENT", "username", alice.request({"request": "call"}))
            await refused(474, "INVALID_ELEMENT", "bitrate", alice.set(bitrate=-1))
            await refused(472, "INVALID_REQUEST", "dance", alice.request({"request": "dance"}))
            with pytest.raises(JanusStateError, match="nobody calls"):
                await bob.accept()
            await refused(481, "NO_CALL", "No incoming call", bob.request({"request": "accept"}))
            with pytest.raises(JanusStateError, match="no media here"):
                await bob.renegotiate()
            # Janus does not mind that there is nothing to hang up.
            hung_up = await bob.hangup_call()
            assert (hung_up.event, hung_up.username, hung_up.reason) == ("hangup", "bob", "Explicit hangup")
            tuned = await alice.set(
                audio=True, video=True, bitrate=100_000, record=False, substream=0, temporal=0, fallback=1000
            )
            assert tuned.data == {"videocall": "event", "result": {"event": "set"}}
            # The name goes with the handle.
            await bob.detach()
            assert bob.username == ""
            async with asyncio.timeout(5):
                while (await alice.list()).users != ("alice",):
                    pass  # Janus takes it back after its answer

    run(main())


def test_a_call_with_media_both_ways(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with people(gateway.ws_url, "alice", "bob", "carol") as [alice, bob, carol]:
            async with alice.events(["data", "event"]) as at_alice, bob.events(["event"]) as at_bob:
                calling = await calls(alice, bob, video=flat("red"))
                incoming = await at_bob.get(1)
                assert detail(incoming, IncomingCall).username == "alice"
                assert isinstance(incoming, PluginEvent)
                assert incoming.jsep is not None
                assert incoming.jsep["type"] == "offer"

                accepted = await bob.accept(video=flat("green"))
                assert accepted.data == {"videocall": "event", "result": {"event": "accepted"}}
                taken = await calling
                assert taken.jsep is not None
                assert (taken.event, taken.username, taken.jsep["type"]) == ("accepted", "bob", "answer")
                assert detail(await at_alice.get(1), CallAccepted).username == "bob"
                assert (alice.partner, bob.partner, bob.caller) == ("bob", "alice", "")
                await shows(alice.track("video"), "green")
                await shows(bob.track("video"), "red")
                await alice.track("audio").snapshot()
                await bob.track("audio").snapshot()

                # Whoever else calls them is told that they are busy, and they hear nothing of it.
                for busy in ("alice", "bob"):
                    with pytest.raises(JanusCallError, match="User busy") as caught:
                        await carol.call(username=busy)
                    assert (caught.value.username, caught.value.reason) == (busy, "User busy")
                    assert caught.value.plugin == "janus.plugin.videocall"
                assert parted(carol)
                with pytest.raises(
                    JanusStateError, match=r"is in a call with bob already. hangup_call\(\) ends"
                ):
                    await alice.call(username="carol")
                assert (alice.partner, bob.partner) == ("bob", "alice")

                # Negotiated anew by each of them: the other follows.
                updated = await alice.renegotiate(video=flat("blue"))
                assert updated.jsep is not None
                assert updated.jsep["type"] == "answer"
                await shows(bob.track("video"), "blue")
                detail(await at_bob.get(1), CallUpdate)
                await bob.renegotiate(video=False)
                await until(lambda: [track.kind for track in alice.tracks] == ["audio"])
                await shows(bob.track("video"), "blue")
                await bob.renegotiate(video=flat("red"))
                await until(lambda: [track.kind for track in alice.tracks] == ["audio", "video"])
                await shows(alice.track("video"), "red")

                await bob.hangup_call(reason="good night")
                reasons: list[str] = []
                while "good night" not in reasons:
                    if (event := await at_alice.get(1)).name == "hangup_call":
                        over = detail(event, CallHangup)
                        assert over.username == "bob"
                        reasons.append(over.reason)
                await until(lambda: parted(alice, bob))

            # And again, from the other side, with less.
            calling = await calls(bob, alice, video=None)
            await alice.accept()
            await calling
            assert [track.kind for track in alice.tracks] == ["audio"]
            await bob.track("video").snapshot()
            await alice.hangup()
            await until(lambda: parted(alice, bob))

    run(main())


def test_a_call_that_does_not_come_about(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with people(gateway.ws_url, "alice", "bob") as [alice, bob]:
            # Declined.
            calling = await calls(alice, bob)
            await bob.hangup_call(reason="not now")
            # Under load Janus's own reason may be the only one that is there in time.
            with pytest.raises(
                JanusCallError, match=r"bob (declined the call|hung up) \((not now|Remote WebRTC hangup)\)"
            ):
                await calling
            await until(lambda: parted(alice, bob))

            # Without a word.
            calling = await calls(alice, bob)
            await bob.hangup_call()
            with pytest.raises(JanusCallError, match=r"^bob (declined the call|hung up)") as caught:
                await calling
            assert "We did" not in str(caught.value)
            await until(lambda: parted(alice, bob))

            # Nobody takes it.
            with pytest.raises(
                JanusTimeoutError, match=r"bob did not answer within 0.2 s.*accept\(\) before you await"
            ):
                await alice.call(username="bob", timeout=0.2)
            await until(lambda: parted(alice, bob))

            # The caller gives up: by hanging up, by being cancelled, by going away.
            calling = await calls(alice, bob)
            await alice.hangup_call(reason="changed my mind")
            with pytest.raises(JanusCallError, match="changed my mind"):
                await calling
            await until(lambda: parted(alice, bob))
            with pytest.raises(JanusStateError, match="nobody calls"):
                await bob.accept()

            calling = await calls(alice, bob)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            await until(lambda: parted(alice, bob))

            calling = await calls(alice, bob)
            await alice.detach()
            with pytest.raises(JanusStateError, match="detached"):
                await calling
            await until(lambda: parted(bob))

            # After all of it, they can still call each other.
            assert bob.session is not None
            await alice.attach(bob.session)
            await alice.register(username="alice again")
            calling = await calls(bob, alice, video=None)
            await alice.accept()
            await calling

    run(main())


def test_one_call_after_the_other(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with people(gateway.ws_url, "alice", "bob") as both:
            for number in range(4):
                caller, callee = both if number % 2 else reversed(both)
                calling = await calls(caller, callee, video=None)
                await callee.accept()
                await calling
                await (caller if number in (0, 3) else callee).hangup_call()

    run(main())


def test_peer_connections_of_ones_own(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with people(gateway.ws_url, "alice", "bob") as [alice, bob]:
            here, there = Peer(), Peer()
            try:
                offer = await here.offer(audio="tone", receive=("audio",))
                async with alice.events(["accepted", "update"]) as at_alice, bob.events(["event"]) as at_bob:
                    ringing = await alice.call(username="bob", jsep=offer)
                    assert ringing.data == {"videocall": "event", "result": {"event": "calling"}}
                    incoming = await at_bob.get(1)
                    assert isinstance(incoming, PluginEvent)
                    assert incoming.jsep is not None
                    await bob.accept(jsep=await there.answer(incoming.jsep, audio="tone"))
                    accepted = await at_alice.get(1)
                    assert isinstance(accepted, PluginEvent)
                    assert accepted.jsep is not None
                    await here.accept(accepted.jsep)
                    assert (alice.partner, bob.partner) == ("bob", "alice")

                    # What comes with `set` goes to the other side as it is.
                    assert (await alice.set(jsep=offer)).event == "set"
                    update = await at_bob.get(1)
                    assert isinstance(update, PluginEvent)
                    assert update.jsep is not None
                    assert update.jsep["type"] == "offer"
                with pytest.raises(JanusStateError, match="no media here"):
                    await alice.renegotiate()
                await alice.hangup_call()
                await until(lambda: (alice.partner, bob.partner, bob.state) == ("", "", "hungup"))

                # Taken with what the caller has offered, and no more.
                async with bob.events(["incomingcall"]) as at_bob:
                    await alice.call(username="bob", jsep=offer)
                    await at_bob.get(1)
                await bob.accept()
                assert bob.webrtc["sources"] == {"audio": "live"}
                with pytest.raises(JanusTimeoutError, match=r"alice did not answer within 0.2 s"):
                    await bob.renegotiate(audio=False, timeout=0.2)
                assert bob.webrtc["sources"] == {"audio": "live"}
                await bob.hangup_call()
                with pytest.raises(JanusPluginError) as caught:
                    await alice.request({"request": "call", "username": "bob"})
                assert caught.value.name == "MISSING_SDP"
            finally:
                await here.close()
                await there.close()

    run(main())


def test_both_sides_in_one_notebook(gateway: LocalGateway) -> None:
    try:
        session = connect(gateway.ws_url).result(5)
        alice, bob = session.attach("videocall").result(5), session.attach("videocall").result(5)
        alice.register(username="alice").result(5)
        bob.register(username="bob").result(5)
        calling = alice.call(username="bob", video=None)
        assert bob.wait_for("incomingcall").result(10).detail.username == "alice"
        bob.accept().result(15)
        assert calling.result(15).event == "accepted"
        alice.hangup_call().result(5)
        session.destroy().result(10)
    finally:
        workspace().close()
        background().stop()
