"""SIP's requests as they are sent, replies of newer servers, and what overtakes what."""

from __future__ import annotations

import asyncio
import inspect
import pickle
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusCallError, JanusOptionError, JanusSession, JanusSipPlugin
from janus_notebook.plugins.requests import requests_of
from janus_notebook.plugins.sip import JanusSipError
from janus_notebook.plugins.sip.events import SipHangup, SipIncomingCall, SipNotify
from janus_notebook.plugins.sip.replies import SipForwarder, SipReply
from janus_notebook.protocol.plugin_events import PluginDetail, detail_of
from tests.client.scripted import run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.client.scripted import Message, ScriptedServer

NAME = "janus.plugin.sip"
OFFER = {"type": "offer", "sdp": "v=0"}
STREAM = {
    "type": "audio",
    "host": "127.0.0.1",
    "host_family": "ipv4",
    "port": 5000,
    "ssrc": 1,
    "pt": 8,
    "srtp_suite": 80,
    "srtp_crypto": "a key",
}
SAMPLES: dict[str, Any] = {"streams": [STREAM]}
OURS = {"self", "extra", "timeout", "jsep", "ice_servers"}
# Media that we make; of `recording` they are the plugin's.
MADE_HERE = {"call": {"audio", "video"}, "accept": {"audio", "video"}, "update": {"audio", "video"}}


@asynccontextmanager
async def sip(version: str = "1.4.1") -> AsyncIterator[tuple[ScriptedServer, JanusSipPlugin]]:
    """A handle on a server that claims a version."""
    async with scripted() as server:
        server.info["version_string"] = version
        async with JanusSession(server.url, timeout=2) as session:
            plugin = JanusSipPlugin()
            await plugin.attach(session)
            yield server, plugin


def said(request: Message, event: str, call_id: str | None = None, **result: Any) -> Message:
    """An event of the plugin, with the transaction of a request, or (by `push`) without."""
    data = {"sip": "event", "result": {"event": event, **result}}
    return {
        "janus": "event",
        "session_id": request["session_id"],
        "sender": request["handle_id"],
        "transaction": request["transaction"],
        "plugindata": {"plugin": NAME, "data": data | ({"call_id": call_id} if call_id else {})},
    }


def bodies(server: ScriptedServer) -> list[dict[str, Any]]:
    return [request["body"] for request in server.received if request["janus"] == "message"]


@pytest.mark.parametrize("name", sorted(requests_of(JanusSipPlugin).keys() - {"hangup", "decline"}))
def test_every_parameter_is_sent_under_its_name(name: str) -> None:
    async def main() -> None:
        async with sip() as (server, plugin):
            method = requests_of(JanusSipPlugin)[name]
            keys = inspect.signature(method).parameters.keys() - OURS - MADE_HERE.get(name, set())
            arguments = {key: SAMPLES.get(key, f"<{key}>") for key in keys}
            jsep = {"jsep": OFFER} if name in ("call", "accept", "update", "progress") else {}
            await method(plugin, **arguments, **jsep, extra={"x_new": 1})
            (request,) = (request for request in server.received if request["janus"] == "message")
            assert request["body"] == {"request": name, "x_new": 1} | arguments
            assert request.get("jsep") == jsep.get("jsep")
            assert "a key" not in str([event.raw for event in server_log(plugin)])

    run(main())


def server_log(plugin: JanusSipPlugin) -> list[Any]:
    assert plugin.session is not None
    return list(plugin.session.events)


@pytest.mark.parametrize("name", ["hangup", "decline"])
def test_what_ends_a_call_waits_for_its_end(name: str) -> None:
    async def main() -> None:
        async with sip() as (server, plugin):
            # The end of the call comes first.
            server.on["message"] = lambda request: [
                said(request, "hangup", "c", code=200, reason="x") | {"transaction": None},
                said(request, f"{name}-ing", "c"),
                server.ack(request),
            ]
            method = requests_of(JanusSipPlugin)[name]
            reply = await method(plugin, headers={"X-A": "b"}, timeout=1)
            assert (reply.event, reply.call_id) == (f"{name}-ing", "c")
            assert bodies(server) == [{"request": name, "headers": {"X-A": "b"}}]

    run(main())


def test_replies_of_newer_servers() -> None:
    forwarder = {
        "stream_id": 7,
        "type": "audio",
        "media": "audio",
        "host": "127.0.0.1",
        "port": 5000,
        "pt": 8,
    }
    results: dict[str, dict[str, Any]] = {
        "rtp_forward": {"event": "rtp_forward", "forwarders": [forwarder]},
        "listforwarders": {"event": "forwarders", "rtp_forwarders": [forwarder]},
        "stop_rtp_forward": {"event": "stop_rtp_forward", "stream_id": 7},
        "keyframe": {"event": "keyframesent"},
        "progress": {"event": "progressed"},
        "transfer": {"event": "transferring", "refer_to": "<sip:c@d>"},
    }

    async def main() -> None:
        async with sip() as (server, plugin):
            server.on["message"] = lambda request: [
                server.ack(request),
                said(request, call_id="c", **results[request["body"]["request"]]),
            ]
            made = await plugin.rtp_forward(streams=[{"type": "audio", "host": "127.0.0.1", "port": 5000}])
            (one,) = made.forwarders
            assert (one.stream_id, one.media, one.pt, one.srtp) == (7, "audio", 8, False)
            assert isinstance(one, SipForwarder)
            assert (await plugin.listforwarders()).forwarders == (one,)
            assert (await plugin.stop_rtp_forward(stream_id=7)).stream_id == 7
            assert (await plugin.keyframe(peer=True)).event == "keyframesent"
            assert (await plugin.progress(jsep=OFFER)).event == "progressed"
            assert (await plugin.transfer(uri="sip:c@d", replace="c")).refer_to == "<sip:c@d>"
            # An answer with no result at all.
            server.on["message"] = lambda request: [
                said(request, "") | {"plugindata": {"plugin": NAME, "data": {"sip": "event"}}}
            ]
            ringing = await plugin.send_ringing()
            assert (ringing.event, ringing.data) == ("", {"sip": "event"})
            with pytest.raises(JanusOptionError, match=r"key of streams\[0\] 'hostt'"):
                await plugin.rtp_forward(streams=[{"hostt": "x"}])  # type: ignore[typeddict-unknown-key]

    run(main())


def test_what_a_call_brings_may_overtake_its_first_answer() -> None:
    async def main() -> None:
        async with sip("1.1.2") as (server, plugin):
            server.on["message"] = lambda request: [
                said(request, "hangup", request["body"]["call_id"], code=404, reason="Not Found"),
                said(request, "calling", request["body"]["call_id"]),
                server.ack(request),
            ]
            with pytest.raises(
                JanusSipError, match=r"no call with sip:bob@b: Not Found \(SIP 404\)"
            ) as caught:
                await plugin.call(uri="sip:bob@b", timeout=5)
            assert plugin.call_id is None
            assert isinstance(caught.value, JanusCallError)
            again = pickle.loads(pickle.dumps(caught.value))
            assert (str(again), again.code, again.username) == (str(caught.value), 404, "sip:bob@b")

            # The end of an earlier call is not that of this one.
            server.on["message"] = lambda request: [
                server.ack(request),
                said(request, "proceeding", request["body"]["call_id"], code=180),
                said(request, "calling", request["body"]["call_id"]),
                said(request, "hangup", "an earlier one", code=200, reason="Over"),
                said(request, "hangup", request["body"]["call_id"], code=486, reason="Busy"),
            ]
            with pytest.raises(JanusSipError, match=r"Busy \(SIP 486\)"):
                await plugin.call(uri="sip:bob@b", timeout=5)
            assert plugin.call_id is None

    run(main())


def test_a_call_by_hand_is_followed() -> None:
    async def main() -> None:
        async with sip("1.1.2") as (server, plugin):
            server.on["message"] = lambda request: [said(request, "calling", request["body"]["call_id"])]
            reply = await plugin.call(uri="sip:bob@b", jsep=OFFER)
            assert (reply.event, plugin.call_id) == ("calling", reply.call_id)
            first = server.received[-1]
            server.push(said(first, "hangup", reply.call_id, code=487, reason="Cancelled"))
            await until(lambda: plugin.call_id is None)
            # Refused, it is none.
            refusal = {"sip": "event", "error_code": 447, "error": "Wrong state"}
            server.on["message"] = lambda request: [server.event(request, **refusal)]
            call = asyncio.create_task(plugin.call(uri="sip:bob@b", jsep=OFFER))
            await asyncio.wait([call])
            assert (str(call.exception()), plugin.call_id)[1] is None

            server.push(said(first, "incomingcall", "in", username="sip:carol@c") | {"transaction": None})
            await until(lambda: plugin.call_id == "in")
            assert plugin.incoming is not None
            server.on["message"] = lambda request: [said(request, "accepted", "in")]
            accepted: SipReply = await plugin.accept(jsep={"type": "answer", "sdp": "v=0"})
            assert (accepted.event, plugin.call_id) == ("accepted", "in")
            assert vars(plugin)["incoming"] is None

    run(main())


def test_secrets_are_masked() -> None:
    async def main() -> None:
        async with sip("1.1.2") as (server, plugin):
            server.on["message"] = lambda request: [
                said(request, "registered", username="alice", register_sent=False, master_id=1)
            ]
            await plugin.register(username="sip:a@b", secret="pa55", headers={"Authorization": "pa55"})
            await plugin.register(username="sip:a@b", ha1_secret="pa55", type="helper", master_id=1)
            assert "pa55" in str(bodies(server))
            assert "pa55" not in str([event.raw for event in server_log(plugin)]) + repr(plugin.registration)

    run(main())


def test_events_read_what_their_result_holds() -> None:
    data: dict[str, Any] = {"sip": "event", "call_id": "c", "result": {"event": "hangup", "code": 200}}
    end = detail_of(NAME, data)
    assert isinstance(end, SipHangup)
    assert (end.name, end.code, end.call_id, end.data) == ("hangup_call", 200, "c", data)
    assert end.summary == "hangup_call code=200"
    notify = detail_of(
        NAME, {"result": {"event": "notify", "content-type": "a/b", "content": "x", "code": "?"}}
    )
    assert isinstance(notify, SipNotify)
    assert (notify.content_type, notify.unreadable) == ("a/b", ())
    wrong = detail_of(NAME, {"result": {"event": "incomingcall", "username": 5, "callee": "sip:a@b"}})
    assert isinstance(wrong, SipIncomingCall)
    assert (wrong.username, wrong.callee, wrong.unreadable) == ("", "sip:a@b", ("username",))
    strange: list[dict[str, Any]] = [
        {"result": "x"},
        {"result": {"event": ["x"]}},
        {"result": {"event": "new"}},
    ]
    for other in strange:
        assert type(detail_of(NAME, other)) is PluginDetail
