"""An SDP offer and its answer, candidates both ways, and the hangup: signalling only, no media."""

from __future__ import annotations

from typing import TYPE_CHECKING

from janus_notebook import JanusEchoTestPlugin
from tests.client.scripted import errors_in, run, until

if TYPE_CHECKING:
    from tests.core.targets import Target

FINGERPRINT = ":".join(["A0", "1B", "2C", "3D", "4E", "5F", "60", "71"] * 4)
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "a=rtpmap:111 opus/48000/2",
        "",
    ]
)


def test_an_offer_is_answered(target: Target) -> None:
    """With full trickle the server's candidates come as events; without, they are in its answer."""

    async def main() -> None:
        async with target.session() as session:
            plugin, other = JanusEchoTestPlugin(), JanusEchoTestPlugin()
            await plugin.attach(session)
            await other.attach(session)
            for _ in range(2):  # a handle can negotiate again after its hangup
                # As `publish` does: Janus says that it hung up before its old ICE agent has ended, and
                # answers an offer in between with no candidate.
                await plugin._settled()
                log_begins = len(session.events)
                reply = await plugin.configure(audio=True, jsep={"type": "offer", "sdp": OFFER})
                assert reply["result"] == "ok"
                assert reply.jsep is not None
                assert reply.jsep["type"] == "answer"
                answer = reply.jsep["sdp"]
                assert "m=audio" in answer
                assert "opus/48000" in answer
                assert "a=ice-ufrag:" in answer

                def trickled(begin: int = log_begins) -> list[dict[str, object]]:
                    new = list(session.events)[begin:]
                    return [e.raw["candidate"] for e in new if (e.direction, e.kind) == ("event", "trickle")]

                if target.full_trickle:
                    await until(lambda: {"completed": True} in trickled())
                    assert any("candidate" in candidate for candidate in trickled())
                else:
                    assert "a=candidate:" in answer
                    assert trickled() == []
                assert plugin.state == "negotiating"
                assert (await plugin.trickle(None))["janus"] == "ack"
                await plugin.hangup()
                await until(lambda: plugin.state == "hungup")
            ours = [e.handle_id for e in session.events if e.direction == "event"]
            assert set(ours) == {plugin.id}
            assert other.state == "attached"
            assert errors_in(session) == []

    run(main())
