"""NoSIP against the real plugin: a call between two handles by plain SDP, and each request by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusMediaError,
    JanusNoSipPlugin,
    JanusOptionError,
    JanusPluginError,
    JanusSession,
    JanusStateError,
    JanusVersionError,
)
from tests.client.scripted import errors_in, run, until
from tests.gateways import needs_an_old_janus
from tests.live import sound

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

# What a telephone would send: PCMU at an address of its own.
TELEPHONE = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "c=IN IP4 127.0.0.1",
        "m=audio {port} RTP/AVP 0",
        "a=rtpmap:0 PCMU/8000",
        "a=sendrecv",
        "",
    ]
)


async def handles(session: JanusSession, count: int) -> list[JanusNoSipPlugin]:
    made = [JanusNoSipPlugin() for _ in range(count)]
    for plugin in made:
        await plugin.attach(session)
    return made


async def refused(call: Coroutine[Any, Any, Any]) -> tuple[int, str]:
    with pytest.raises(JanusPluginError) as caught:
        await call
    return caught.value.code, caught.value.name


def test_a_call_between_two_handles(gateway: LocalGateway, tmp_path: Path) -> None:
    """A tone of one is found by its frequency in what the other receives."""
    from janus_notebook.media.pattern import Tone, bars_match

    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            alice, bob = await handles(session, 2)
            reply = await alice.call(
                bob,
                audio=Tone(500),
                video="pattern",
                peer_audio=Tone(1200),
                srtp="sdes_mandatory",
                info="a call",
            )
            assert (reply.nosip, reply.event, reply.srtp) == ("event", "processed", "sdes_mandatory")
            assert reply.jsep is not None
            assert reply.jsep["type"] == "answer"
            await asyncio.gather(
                sound.hears(alice.track("audio"), 1200), sound.hears(bob.track("audio"), 500)
            )
            async with asyncio.timeout(10):
                while not bars_match(await bob.track("video").snapshot()):
                    pass
            base = str(tmp_path / "call")
            started = await alice.recording(action="start", audio=True, peer_audio=True, filename=base)
            assert started.data == {"nosip": "event", "result": {"event": "recordingupdated"}}
            assert (await alice.recording(action="stop", audio=True, peer_audio=True)).event == (
                "recordingupdated"
            )
            with pytest.raises(JanusStateError, match=r"is in a call already. hangup_call\(\) ends it"):
                await alice.call(bob)
            ended = await alice.hangup_call()
            assert ended.data == {"nosip": "event", "result": {"event": "hangingup"}}
            assert (alice.state, alice.tracks) == ("hungup", ())
            assert bob.state == "connected"  # nobody has told him
            await bob.hangup()
            assert errors_in(session) == []

    run(main())
    recorded = sorted(path.name for path in tmp_path.iterdir())
    assert recorded == ["call-peer-audio.mjr", "call-user-audio.mjr"]


def test_a_call_to_a_telephone(gateway: LocalGateway) -> None:
    """What is no handle of ours: a function that takes our SDP and gives the other's; and the way back."""
    from janus_notebook.media.pattern import Tone

    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            caller, called = await handles(session, 2)
            with sound.rtp_socket("127.0.0.1") as line:
                answer = TELEPHONE.format(port=line.getsockname()[1])
                offers: list[str] = []

                async def ring(sdp: str) -> str:
                    offers.append(sdp)
                    return answer

                await caller.call(ring, audio=Tone(500))
                assert "m=video" not in offers[0]
                await talk(line, caller, offers[0])
            await caller.hangup()

            with sound.rtp_socket("127.0.0.1") as line:
                reply = await called.answer(TELEPHONE.format(port=line.getsockname()[1]), audio=Tone(500))
                assert (reply.event, reply.type, reply.update) == ("generated", "answer", False)
                await talk(line, called, reply.sdp)
            assert errors_in(session) == []

    async def talk(line: Any, plugin: JanusNoSipPlugin, sdp: str) -> None:
        """Hear and be heard as the SDP of Janus says."""
        port = next(row for row in sdp.splitlines() if row.startswith("m=audio")).split()[1]
        line.connect(("127.0.0.1", int(port)))
        talking = asyncio.create_task(sound.send_tone(line, 1200))
        try:
            await sound.hears(plugin.track("audio"), 1200, rate=sound.PCMU_RATE)
            got = await sound.packets(line, 25)
        finally:
            talking.cancel()
        assert {sound.payload_type(packet) for packet in got} == {0}
        mix = sound.from_mu_law(b"".join(packet[12:] for packet in got))
        assert abs(sound.strongest(mix, 8000) - 500) < 8

    run(main())


def test_what_is_refused(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            (alice,) = await handles(session, 1)
            with pytest.raises(JanusPluginError, match=r"446 MISSING_SDP.*whole SDP, from 'v=0' on"):
                await alice.process(type="offer", sdp="nonsense")
            with pytest.raises(JanusOptionError, match=r"unknown type 'ofer'\. Did you mean 'offer'\?"):
                await alice.process(type="ofer", sdp="v=0")  # type: ignore[arg-type] # a slip
            no_media = "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP x\r\n"
            assert await refused(alice.process(type="offer", sdp=no_media)) == (446, "MISSING_SDP")
            closed = TELEPHONE.format(port=0)
            assert await refused(alice.process(type="offer", sdp=closed)) == (447, "INVALID_SDP")
            telephone = TELEPHONE.format(port=9)
            strict = alice.process(type="offer", sdp=telephone, srtp="sdes_mandatory")
            assert await refused(strict) == (450, "TOO_STRICT")
            assert await refused(alice.recording(action="start")) == (449, "RECORDING_ERROR")
            wrong = alice.recording(action="start", audio=True, extra={"action": "what"})
            assert await refused(wrong) == (444, "INVALID_ELEMENT")
            assert await refused(alice.request({"request": "generate"})) == (446, "MISSING_SDP")
            assert await refused(alice.request({"request": "what"})) == (442, "INVALID_REQUEST")
            with pytest.raises(JanusOptionError, match="can't be called"):
                await alice.call(alice)

    run(main())


@needs_an_old_janus
def test_what_is_newer_than_this_server(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            (alice,) = await handles(session, 1)
            for call in (
                alice.keyframe(user=True),
                alice.rtp_forward(streams=[{"type": "audio", "host": "127.0.0.1", "port": 1}]),
                alice.stop_rtp_forward(stream_id=1),
                alice.listforwarders(),
            ):
                with pytest.raises(JanusVersionError, match=r"this server is 1\.1\.2"):
                    await call

    run(main())


def test_what_fails_leaves_handles_that_work(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            alice, bob, carol, dave = await handles(session, 4)

            async def busy(sdp: str) -> str:
                raise JanusMediaError("nobody is there")

            with pytest.raises(JanusMediaError, match="nobody is there"):
                await alice.call(busy)
            assert (alice.state, alice.webrtc) == ("hungup", {})

            async def mumble(sdp: str) -> str:
                return "hello?"

            assert await refused(alice.call(mumble)) == (446, "MISSING_SDP")
            with pytest.raises(JanusOptionError, match="cannot be sent"):
                await alice.call(bob, peer_audio="noise")
            assert bob.webrtc == {}
            call = asyncio.create_task(carol.call(dave))
            await until(lambda: dave.state == "connected")
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(lambda: (carol.state, dave.state) == ("hungup", "hungup"))
            await alice.call(bob)
            assert (alice.state, bob.state) == ("connected", "connected")
            assert errors_in(session) == []

    run(main())
