"""NoSIP without a server: what newer servers get, and say."""

from __future__ import annotations

from typing import Any

from janus_notebook import JanusNoSipPlugin, JanusSession
from janus_notebook.plugins.nosip import NoSipForwarder
from tests.client.scripted import run, scripted

FORWARDER = {"stream_id": 5, "type": "peer_audio", "host": "10.0.0.1", "port": 9, "media": "audio", "pt": 111}

RESULTS: dict[str, dict[str, Any]] = {
    "rtp_forward": {"event": "rtp_forward", "forwarders": [FORWARDER]},
    "listforwarders": {"event": "forwarders", "rtp_forwarders": [FORWARDER]},
    "stop_rtp_forward": {"event": "stop_rtp_forward", "stream_id": 5},
    "keyframe": {"event": "keyframesent"},
    "generate": {"event": "generated", "type": "offer", "sdp": "v=0", "update": True, "unique_id": "u"},
    "process": {"event": "processed", "srtp": "sdes_optional", "update": True, "unique_id": "u"},
}


def test_a_newer_server() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.info["version_string"] = "1.4.1"
            server.on["message"] = lambda request: [
                server.event(request, nosip="event", result=RESULTS[request["body"]["request"]])
            ]
            async with JanusSession(server.url) as session:
                plugin = JanusNoSipPlugin()
                await plugin.attach(session)
                forwarder = NoSipForwarder(
                    stream_id=5, type="peer_audio", host="10.0.0.1", port=9, media="audio", pt=111
                )
                made = await plugin.rtp_forward(
                    streams=[{"type": "peer_audio", "host": "10.0.0.1", "port": 9, "pt": 111}]
                )
                assert made.forwarders == (forwarder,)
                assert (await plugin.listforwarders()).forwarders == (forwarder,)
                assert (await plugin.stop_rtp_forward(stream_id=5)).stream_id == 5
                assert (await plugin.keyframe(user=True)).event == "keyframesent"
                offer = {"type": "offer", "sdp": "v=0"}
                generated = await plugin.generate(jsep=offer, srtp="sdes_optional", update=True)
                assert (generated.type, generated.sdp, generated.update) == ("offer", "v=0", True)
                assert generated.unique_id == "u"
                processed = await plugin.process(type="answer", sdp="v=0", srtp_profile="p", info="i")
                assert (processed.srtp, processed.update, processed.unique_id) == ("sdes_optional", True, "u")
            sent = [message for message in server.received if message["janus"] == "message"]
            assert [message["body"] for message in sent] == [
                {
                    "request": "rtp_forward",
                    "streams": [{"type": "peer_audio", "host": "10.0.0.1", "port": 9, "pt": 111}],
                },
                {"request": "listforwarders"},
                {"request": "stop_rtp_forward", "stream_id": 5},
                {"request": "keyframe", "user": True},
                {"request": "generate", "srtp": "sdes_optional", "update": True},
                {"request": "process", "type": "answer", "sdp": "v=0", "srtp_profile": "p", "info": "i"},
            ]
            assert sent[4]["jsep"] == offer

    run(main())
