"""SIP against Debian's sipp: the account, calls in each direction, and what goes on in them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pytest

from janus_notebook import (
    JanusCallError,
    JanusPluginError,
    JanusSession,
    JanusSipPlugin,
    JanusStateError,
    JanusTimeoutError,
    JanusVersionError,
)
from janus_notebook.media import Peer as MediaPeer
from janus_notebook.plugins.sip import JanusSipError
from janus_notebook.plugins.sip.events import (
    SipDetail,
    SipHangup,
    SipIncomingCall,
    SipInfo,
    SipMessage,
    SipMessageDelivery,
    SipMissedCall,
    SipNotify,
    SipSubscribeFailed,
    SipSubscribeSucceeded,
    SipTransfer,
    SipUpdatingCall,
)
from janus_notebook.protocol.events import PluginEvent
from tests.admin import admin, assert_empty
from tests.client.scripted import errors_in, run, until
from tests.gateways import janus_before, needs_an_old_janus, running_gateway
from tests.live.sip_peer import HOST, free_port, needs_sipp, peer
from tests.live.sip_script import REGISTRAR, SDP, SDP_HEADER, Script
from tests.plugins import golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
    from pathlib import Path

    from janus_notebook import LocalGateway, Subscription
    from tests.live.sip_peer import Peer

pytestmark = [pytest.mark.live, needs_sipp]

D = TypeVar("D", bound=SipDetail)

DIGIT = "Content-Type: application/dtmf-relay"
TEXT = "Content-Type: text/plain"
FRAGMENT = (
    "Event: refer",
    "Subscription-State: terminated;reason=noresource",
    "Content-Type: message/sipfrag",
)


@pytest.fixture(scope="module")
def sip_gateway() -> Iterator[LocalGateway]:
    # It must not ask the registrar by OPTIONS whether it is there: no script expects that.
    with running_gateway(settings={"janus.plugin.sip": {"general": {"keepalive_interval": 0}}}) as gateway:
        yield gateway


@pytest.fixture
def gateway(sip_gateway: LocalGateway) -> Iterator[LocalGateway]:
    yield sip_gateway
    assert_empty(sip_gateway)


@asynccontextmanager
async def lines(gateway: LocalGateway, count: int = 1) -> AsyncIterator[list[JanusSipPlugin]]:
    """Handles of one session, with no account yet."""
    async with JanusSession(gateway.ws_url) as session:
        phones = [JanusSipPlugin() for _ in range(count)]
        for phone in phones:
            await phone.attach(session)
        yield phones
        assert errors_in(session) == []


@asynccontextmanager
async def guest(gateway: LocalGateway) -> AsyncIterator[JanusSipPlugin]:
    """A handle that can call."""
    async with lines(gateway) as (phone,):
        await phone.register(username=f"sip:alice@{HOST}", type="guest", incoming_header_prefixes=["X-"])
        yield phone


async def address(registrar: Peer, user: str) -> str:
    """Where an account is, as the registrar has heard."""
    found: list[str] = []

    def looked() -> bool:
        found.extend(re.findall(rf"{user} is at sip:{user}@(\S+)", registrar.log))
        return bool(found)

    await until(looked)
    return found[-1]


@asynccontextmanager
async def registered(gateway: LocalGateway) -> AsyncIterator[tuple[JanusSipPlugin, str]]:
    """A handle that can be called, and where."""
    async with peer(REGISTRAR, calls=None) as registrar, lines(gateway) as (phone,):
        await phone.register(username=registrar.uri("alice"), secret="wonderland")
        yield phone, await address(registrar, "alice")


async def refused(request: Awaitable[Any], code: int, name: str, match: str | None = None) -> None:
    with pytest.raises(JanusPluginError, match=match) as caught:
        await request
    assert (caught.value.code, caught.value.name) == (code, name)


async def silent(request: Awaitable[Any], match: str) -> None:
    with pytest.raises(JanusTimeoutError, match=f"does not answer this at all when there is no {match}"):
        await request


async def idle(gateway: LocalGateway, phone: JanusSipPlugin) -> None:
    """Wait until Janus would take a call: for a moment after one has ended it answers that it is busy."""
    assert phone.session is not None

    def is_idle() -> bool:
        at = {"session_id": phone.session.id, "handle_id": phone.id} if phone.session is not None else {}
        facts = admin(gateway, "handle_info", **at)["info"]["plugin_specific"]
        return not any(facts[name] for name in ("establishing", "established", "hangingup"))

    await until(is_idle)


async def said(events: Subscription, kind: type[D]) -> D:
    """The next event, which must be of this type."""
    event = await events.get(5)
    assert isinstance(event, PluginEvent)
    assert isinstance(event.detail, kind)
    return event.detail


async def hears(phone: JanusSipPlugin, hertz: int) -> None:
    """Wait for a frame of this tone."""
    for _ in range(200):
        samples = (await phone.track("audio").snapshot())[:, 0]
        rate = len(samples) * 50
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), rate))  # 1 Hz apart
        if abs(int(spectrum.argmax()) - hertz) < 30 and np.abs(samples).max() > 0.02:
            return
    raise AssertionError(f"{spectrum.argmax()} Hz")


def line_of(reply: Any, where: dict[str, Any]) -> dict[str, str]:
    """The line's own name, which newer servers tell."""
    if janus_before("1.4.0"):
        return {}
    assert reply.unique_id == where["unique_id"]
    return {"unique_id": reply.unique_id}


def told(phone: JanusSipPlugin) -> dict[str, PluginEvent]:
    """The last event of each name that the plugin sent to a handle."""
    assert phone.session is not None
    events = (event for event in phone.session.events if isinstance(event, PluginEvent))
    return {event.name: event for event in events if event.handle_id == phone.id}


# -- the account ------------------------------------------------------------------------------------


def test_an_account_is_registered_and_taken_off(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with peer(REGISTRAR, calls=None) as registrar, lines(gateway, 2) as (phone, other):
            alice, bob = registrar.uri("alice"), registrar.uri("bob")
            reply = await phone.register(
                username=alice,
                secret="wonderland",
                display_name="Alice",
                user_agent="ours",
                proxy=f"sip:{HOST}:{registrar.port}",
                outbound_proxy=f"sip:{HOST}:{registrar.port}",
                headers={"X-Mine": "yes"},
                contact_params={"lang": "en"},
                register_ttl=600,
                force_udp=True,
                sips=False,
                rfc2543_cancel=False,
                incoming_header_prefixes=["X-"],
            )
            assert reply.data == {
                "sip": "event",
                "result": {
                    "event": "registered",
                    "username": "alice",
                    "register_sent": True,
                    "master_id": reply.master_id,
                    "headers": {"X-Registrar": "sipp"},
                },
                **line_of(reply, reply.data),
            }
            assert (reply.event, reply.username, reply.headers) == (
                "registered",
                "alice",
                {"X-Registrar": "sipp"},
            )
            assert (phone.registration, phone.call_id) == (reply, None)
            for part in ("X-Mine: yes", "User-Agent: ours", "Expires: 600", "Contact: Alice", "lang=en"):
                assert part in registrar.told
            assert "wonderland" not in registrar.told
            await refused(phone.register(username=alice, secret="x"), 445, "ALREADY_REGISTERED")

            with pytest.raises(JanusSipError, match=rf"refuses {bob}: Forbidden \(SIP 403\)") as caught:
                await other.register(username=bob, secret="looking-glass")
            assert (caught.value.code, caught.value.reason, other.registration) == (403, "Forbidden", None)
            assert other.session is not None
            assert "looking-glass" not in repr(caught.value) + str([e.raw for e in other.session.events])
            ha1 = hashlib.md5(b"bob:wonder:wonderland").hexdigest()
            assert (await other.register(username=bob, ha1_secret=ha1, authuser="bob")).register_sent
            again = await phone.register(username=alice, secret="wonderland", refresh=True)
            assert again.register_sent

            assert (await phone.unregister()).event == "unregistering"
            assert phone.registration is None
            await refused(phone.unregister(), 447, "WRONG_STATE", "not registered")
            golden.check(told(phone)["registered"], told(phone)["unregistered"])
            golden.check(told(other)["registration_failed"])
            assert (await phone.register(username=alice, secret="wonderland")).username == "alice"

    run(main())


def test_guests_and_helpers_send_no_register(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with lines(gateway, 2) as (phone, helper):
            alice = f"sip:alice@{HOST}"
            await refused(phone.register(username="alice", type="guest"), 446, "INVALID_ADDRESS")
            await refused(phone.register(username=alice), 443, "MISSING_ELEMENT", "secret or ha1_secret")
            both = phone.register(username=alice, secret="a", ha1_secret="b")
            await refused(both, 444, "INVALID_ELEMENT", "Conflicting")
            sends = phone.register(username=alice, type="guest", send_register=True)
            await refused(sends, 444, "INVALID_ELEMENT", "send_register")
            transports = phone.register(username=alice, secret="a", force_udp=True, force_tcp=True)
            await refused(transports, 444, "INVALID_ELEMENT", "force_tcp")
            await refused(phone.register(username=alice, secret="a", proxy="x"), 446, "INVALID_ADDRESS")
            await refused(phone.unregister(), 447, "WRONG_STATE", "register first")
            await refused(phone.message(content="x", uri=alice), 447, "WRONG_STATE")
            await refused(phone.subscribe(event="presence"), 447, "WRONG_STATE")

            reply = await phone.register(username=alice, secret="a", send_register=False)
            assert reply.data == {
                "sip": "event",
                "result": {
                    "event": "registered",
                    "username": "alice",
                    "register_sent": False,
                    "master_id": reply.master_id,
                    **line_of(reply, reply.data["result"]),
                },
            }
            await refused(helper.register(username=alice, type="helper"), 443, "MISSING_ELEMENT", "master_id")
            nobodys = helper.register(username=alice, type="helper", master_id=1)
            await refused(nobodys, 453, "HELPER_ERROR", "No such master")
            line = await helper.register(username=alice, type="helper", master_id=reply.master_id)
            assert (line.helper, line.master_id, line.register_sent) == (True, reply.master_id, False)
            assert (await helper.unregister()).event == "unregistering"
            await refused(phone.unregister(), 447, "WRONG_STATE", "not registered")
            assert (await phone.reset()).event == "reset"

    run(main())


def test_a_registrar_that_is_not_there(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with lines(gateway) as (phone,):
            with pytest.raises(JanusSipError, match=r"Service Unavailable \(SIP 503\)"):
                await phone.register(username=f"sip:alice@{HOST}:{free_port()}", secret="x")

    run(main())


@needs_an_old_janus
def test_a_newer_request_is_refused_here(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with lines(gateway) as (phone,):
            newer = [
                phone.progress(jsep={"type": "answer", "sdp": ""}),
                phone.send_ringing(),
                phone.keyframe(user=True),
                phone.rtp_forward(streams=[{"type": "audio", "host": HOST, "port": 5000}]),
                phone.stop_rtp_forward(stream_id=1),
                phone.listforwarders(),
                phone.register(username="sip:a@b", automatic_ringing=False),
                phone.accept(srtp_profile="AES_CM_128_HMAC_SHA1_80"),
                phone.subscribe(event="presence", content="x"),
            ]
            for request in newer:
                with pytest.raises(JanusVersionError, match=r"this server is 1\.1\.2"):
                    await request

    run(main())


# -- we call ----------------------------------------------------------------------------------------


def test_a_call_and_everything_in_it(gateway: LocalGateway, tmp_path: Path) -> None:
    bobs = (
        Script()
        .gets_first("INVITE", "X-Why: fun", "m=audio [1-9]")
        .says("100 Trying")
        .says("180 Ringing", "", "X-Bell: loud")
        .says("200 OK", SDP, "X-Door: open")
        .gets("ACK")
        .gets("INFO", "Signal=7", "Duration=200", "application/dtmf-relay", "X-Key: seven")
        .agrees()
        .gets("INFO", "text/x-note", "a word")
        .agrees()
        .gets("MESSAGE", "hello in the call", "text/plain")
        .agrees()
        .gets("INVITE", "a=inactive")
        .agrees("200 OK", SDP)
        .gets("ACK")
        .asks("INFO", "Signal=1\nDuration=100\n", DIGIT, "X-Key: one")
        .gets("INVITE", without="a=inactive")
        .agrees("200 OK", SDP)
        .gets("ACK")
        .asks("MESSAGE", "hello back", TEXT)
        .gets("REFER", "Refer-To: <sip:carol@example.org>")
        .agrees("202 Accepted")
        .asks("NOTIFY", "SIP/2.0 200 OK\n", *FRAGMENT)
        .gets("BYE", "X-Bye: now")
        .agrees()
    )

    async def main() -> None:
        async with peer(bobs) as bob, guest(gateway) as phone:
            uri = bob.uri("bob")
            reply = await phone.call(uri=uri, headers={"X-Why": "fun"}, call_id="our-own-id", timeout=10)
            assert reply.jsep is not None
            assert (reply.event, reply.username, reply.call_id) == ("accepted", uri, "our-own-id")
            assert (phone.call_id, phone.state, reply.headers) == (
                "our-own-id",
                "connected",
                {"X-Door": "open"},
            )
            await hears(phone, 440)  # sipp sends back what it gets

            with pytest.raises(JanusStateError, match=rf"is in a call with {uri} already. hangup_call"):
                await phone.call(uri=uri)
            digit = await phone.dtmf_info(digit="7", duration=200, headers={"X-Key": "seven"})
            assert digit.data == {
                "sip": "event",
                "result": {"event": "dtmfsent"},
                "call_id": "our-own-id",
            }
            await refused(phone.dtmf_info(digit="77"), 444, "INVALID_ELEMENT")
            assert (await phone.info(type="text/x-note", content="a word")).event == "infosent"
            async with phone.events(["messagedelivery"]) as delivered:
                sent = await phone.message(content="hello in the call")
                assert (sent.event, sent.call_id) == ("messagesent", "our-own-id")
                delivery = await said(delivered, SipMessageDelivery)
                assert (delivery.code, delivery.call_id) == (200, "our-own-id")
            await refused(phone.hold(direction="sendrecv"), 444, "INVALID_ELEMENT")
            async with phone.events(["info", "message"]) as heard:
                assert (await phone.hold(direction="inactive")).event == "holding"
                # What the other side sends after that comes when Janus knows that it is held.
                info = await said(heard, SipInfo)
                assert (info.type, info.content) == ("application/dtmf-relay", "Signal=1\r\nDuration=100\r\n")
                assert info.headers == {"X-Key": "one"}
                assert (await phone.unhold()).event == "resuming"
                message = await said(heard, SipMessage)
                assert (message.sender, message.content) == (uri, "hello back\r\n")
            tape = str(tmp_path / "a-call")
            for action in ("start", "stop"):
                done = await phone.recording(action=action, audio=True, peer_audio=True, filename=tape)
                assert done.event == "recordingupdated"
            await refused(phone.recording(action="start"), 451, "RECORDING_ERROR")
            await refused(phone.recording(action="dance", audio=True), 444, "INVALID_ELEMENT")
            await refused(phone.transfer(uri="carol"), 446, "INVALID_ADDRESS")
            await refused(phone.transfer(uri="sip:carol@example.org", replace="x"), 454, "NO_SUCH_CALLID")
            async with phone.events(["notify"]) as news:
                assert (await phone.transfer(uri="sip:carol@example.org")).event == "transferring"
                notify = await said(news, SipNotify)
                assert (notify.notify, notify.content) == ("refer", "SIP/2.0 200 OK\r\n")
            over = await phone.hangup_call(headers={"X-Bye": "now"})
            assert over.event == "hangingup"
            assert (phone.call_id, phone.state, phone.tracks) == (None, "hungup", ())
            names = ("ringing", "proceeding", "accepted", "info", "message", "messagedelivery", "notify")
            golden.check(*(told(phone)[name] for name in (*names, "hangup_call")))

    run(main())


def test_what_needs_a_call_and_has_none(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with guest(gateway) as phone:
            await refused(phone.dtmf_info(digit="1"), 0, "UNKNOWN_CODE", "not in a call")
            await refused(phone.info(type="a/b", content="x"), 0, "UNKNOWN_CODE", "not in a call")
            await refused(phone.message(content="x"), 0, "UNKNOWN_CODE", "not in a call")
            await refused(phone.transfer(uri="sip:c@d"), 0, "UNKNOWN_CODE", "not in a call")
            await refused(phone.recording(action="start", audio=True), 0, "UNKNOWN_CODE", "not in a call")
            with pytest.raises(JanusStateError, match="no call rings here"):
                await phone.accept()
            with pytest.raises(JanusStateError, match="has no media here"):
                await phone.update(audio="tone")
            await silent(phone.hangup_call(timeout=0.1), "call")
            await silent(phone.hold(timeout=0.1), "call that stands")
            await silent(phone.unhold(timeout=0.1), "call that stands")
            await silent(phone.decline(timeout=0.1), "call that rings here")
            await refused(phone.decline(refer_id=7), 447, "WRONG_STATE", "no transfer")
            await refused(phone.unsubscribe(event="presence"), 447, "WRONG_STATE", "not subscribed")
            await refused(phone.call(uri="bob", jsep=None), 446, "INVALID_ADDRESS")
            assert phone.call_id is None

    run(main())


@pytest.mark.parametrize(("status", "code"), [("486 Busy Here", 486), ("603 Decline", 603)])
def test_a_call_that_is_refused_and_another_one(gateway: LocalGateway, status: str, code: int) -> None:
    busy = Script().gets_first("INVITE").says("180 Ringing").says(status).gets("ACK")
    early = Script().gets_first("INVITE").says("183 Session Progress", SDP).says("200 OK", SDP)
    early.gets("ACK").gets("INFO", "Signal=1").agrees()
    early.asks("BYE", "", 'Reason: Q.850;cause=16;text="Enough"')

    async def main() -> None:
        async with peer(busy) as bob, peer(early) as carol, guest(gateway) as phone:
            with pytest.raises(JanusCallError, match=rf"no call with sip:bob.*\(SIP {code}\)") as caught:
                await phone.call(uri=bob.uri("bob"), timeout=10)
            assert isinstance(caught.value, JanusSipError)
            assert (caught.value.code, caught.value.reason) == (code, status[4:])
            assert (phone.call_id, phone.webrtc) == (None, {})
            async with phone.events(["hangup_call"]) as ended:
                reply = await phone.call(uri=carol.uri("carol"), timeout=10)
                assert (reply.event, reply.jsep) == ("accepted", None)
                await phone.dtmf_info(digit="1")
                end = await said(ended, SipHangup)
                assert (end.reason_header, end.reason_header_cause) == ("Enough", "16")
            golden.check(told(phone)["progress"])

    run(main())


def test_a_call_that_ends_before_media_flow(gateway: LocalGateway) -> None:
    brief = Script().gets_first("INVITE").says("200 OK", SDP).gets("ACK").asks("BYE")

    async def main() -> None:
        async with peer(brief) as bob, guest(gateway) as phone:

            class Late(MediaPeer):
                async def accept(self, jsep: Mapping[str, Any]) -> None:
                    await until(lambda: phone.state == "hungup")
                    await super().accept(jsep)

            phone.use_peers(Late)
            with pytest.raises(JanusSipError, match=r"no media before the end of the call with sip:bob"):
                await phone.call(uri=bob.uri("bob"), timeout=10)
            assert phone.call_id is None
            await bob.over()

    run(main())


@pytest.mark.parametrize("how", ["timeout", "cancelled", "hung up"])
def test_a_call_that_is_given_up_here(gateway: LocalGateway, how: str) -> None:
    rings = Script().gets_first("INVITE").says("180 Ringing").gets("CANCEL").agrees()
    rings.says("487 Request Terminated").gets("ACK")

    async def main() -> None:
        async with peer(rings) as bob, guest(gateway) as phone:
            ringing = asyncio.create_task(phone.wait_for("ringing"))
            seconds = 1.0 if how == "timeout" else 10.0
            call = asyncio.create_task(phone.call(uri=bob.uri("bob"), timeout=seconds))
            await ringing
            if how == "cancelled":
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
            elif how == "hung up":
                await phone.hangup_call()
                with pytest.raises(JanusSipError, match=r"\(SIP 487\)"):
                    await call
            else:
                with pytest.raises(JanusTimeoutError, match=r"sip:bob.* did not answer in time"):
                    await call
            await bob.over()
            await until(lambda: phone.call_id is None)

    run(main())


# -- we are called ----------------------------------------------------------------------------------


def test_we_are_called_and_everything_in_it(gateway: LocalGateway) -> None:
    caller = (
        Script()
        .begins("INVITE", SDP)
        .hears(100, optional=True)
        .hears(180)
        .hears_first(200, "m=audio [1-9]", "X-Door: open")
        .acks()
        .asks("INFO", "Signal=5\nDuration=160\n", DIGIT)
        .asks("MESSAGE", "hello in the call", TEXT)
        .asks("REFER", "", "Refer-To: <sip:carol@example.org>", f"Referred-By: <sip:bob@{HOST}>")
        .gets("NOTIFY", "SIP/2.0 480", "terminated")
        .agrees()
        .invites_again(SDP)
        .asks("MESSAGE", "changed", TEXT)
        .gets("INFO", "Signal=9")
        .agrees()
        .asks("BYE")
    )

    async def main() -> None:
        async with registered(gateway) as (phone, to):
            async with phone.events(["incomingcall"]) as calls, peer(caller, to=to, user="alice") as bob:
                call = await said(calls, SipIncomingCall)
                assert (call.username, call.callee) == (bob.uri("peer"), f"sip:alice@{to}")
                assert (phone.incoming, phone.call_id) == (told(phone)["incomingcall"], call.call_id)
                with pytest.raises(JanusStateError, match=rf"is called by {call.username} already. accept"):
                    await phone.call(uri=call.username)
                async with phone.events(["info", "message", "transfer", "hangup_call"]) as heard:
                    reply = await phone.accept(headers={"X-Door": "open"})
                    assert reply.data == {
                        "sip": "event",
                        "result": {"event": "accepted"},
                        "call_id": call.call_id,
                    }
                    assert phone.incoming is None
                    assert (await said(heard, SipInfo)).content == "Signal=5\r\nDuration=160\r\n"
                    assert (await said(heard, SipMessage)).content_type == "text/plain"
                    transfer = await said(heard, SipTransfer)
                    assert (transfer.refer_to, transfer.call_id) == ("sip:carol@example.org", None)
                    assert transfer.referred_by.endswith(f"<sip:bob@{HOST}>")
                    declined = await phone.decline(refer_id=transfer.refer_id, code=480)
                    assert (declined.event, declined.code, declined.refer_id) == (
                        "declining",
                        480,
                        transfer.refer_id,
                    )
                    assert (await said(heard, SipMessage)).content == "changed\r\n"
                    await hears(phone, 440)
                    await phone.dtmf_info(digit="9")
                    end = await said(heard, SipHangup)
                    assert (end.code, end.call_id) == (200, call.call_id)
                assert phone.call_id is None
            await until(lambda: phone.state == "hungup")
            golden.check(told(phone)["incomingcall"], told(phone)["transfer"])

    run(main())


def test_called_again_and_again(gateway: LocalGateway) -> None:
    declined = Script().begins("INVITE", SDP).hears(100, optional=True).hears(180)
    busy = 486 if janus_before("1.2.2") else 603
    declined.hears_first(busy, "X-Why: not now").refused()
    offerless = Script().begins("INVITE").hears(100, optional=True).hears(180)
    offerless.hears_first(200, "m=audio [1-9]").acks(SDP, SDP_HEADER).gets("BYE").agrees()
    given_up = Script().begins("INVITE", SDP).hears(100, optional=True).hears(180).gives_up()

    async def main() -> None:
        async with registered(gateway) as (phone, to), phone.events(["incomingcall", "hangup_call"]) as heard:
            async with peer(declined, to=to, user="alice"):
                await said(heard, SipIncomingCall)
                reply = await phone.decline(headers={"X-Why": "not now"})
                assert (reply.event, reply.code) == ("declining", busy)
                assert (await said(heard, SipHangup)).code == busy
            assert (phone.incoming, phone.call_id) == (None, None)
            await idle(gateway, phone)

            async with peer(given_up, to=to, user="alice"):
                await said(heard, SipIncomingCall)
                end = await said(heard, SipHangup)
                assert (end.code, end.reason_header) == (487, "changed my mind")
            assert (phone.incoming, phone.call_id) == (None, None)
            await idle(gateway, phone)

            async with peer(offerless, to=to, user="alice"):
                event = await heard.get(5)
                assert isinstance(event, PluginEvent)
                assert event.jsep is None
                accepted = await phone.accept()
                assert accepted.jsep is not None
                assert (accepted.event, accepted.jsep["type"]) == ("accepted", "answer")
                await hears(phone, 440)
                await phone.hangup_call()
                assert (await said(heard, SipHangup)).code == 200

    run(main())


def test_a_transfer_is_carried_out_by_a_helper(gateway: LocalGateway) -> None:
    """One account, two lines: the second call is the helper's, and a third one is missed."""
    carols = (
        Script().gets_first("INVITE", "Referred-By: ").says("180 Ringing").says("200 OK", SDP).gets("ACK")
    )
    carols.gets("BYE").agrees()
    third = Script().begins("INVITE", SDP).hears(100, optional=True).hears_first(486).refused()

    def refers(uri: str) -> Script:
        script = Script().begins("INVITE", SDP).hears(100, optional=True).hears(180).hears_first(200).acks()
        script.asks("REFER", "", f"Refer-To: <{uri}>", f"Referred-By: <sip:bob@{HOST}>")
        script.gets("NOTIFY", "SIP/2.0 180").agrees()
        return script.gets("NOTIFY", "SIP/2.0 200").agrees().gets("BYE").agrees()

    async def main() -> None:
        async with registered(gateway) as (phone, to), peer(carols) as carol:
            helper = JanusSipPlugin()
            assert phone.session is not None
            assert phone.registration is not None
            await helper.attach(phone.session)
            await helper.register(
                username="sip:any@any", type="helper", master_id=phone.registration.master_id
            )
            async with phone.events(["incomingcall", "transfer", "missed_call"]) as heard:
                async with peer(refers(carol.uri("carol")), to=to, user="alice"):
                    await said(heard, SipIncomingCall)
                    await phone.accept()
                    transfer = await said(heard, SipTransfer)
                    await helper.call(uri=transfer.refer_to, refer_id=transfer.refer_id, timeout=10)
                    async with peer(third, to=to, user="alice"):
                        missed = await said(heard, SipMissedCall)
                        assert missed.callee == f"sip:alice@{to}"
                    await phone.hangup_call()
                await helper.hangup_call()
            golden.check(told(phone)["missed_call"])

    run(main())


# -- outside a call -----------------------------------------------------------------------------------


def test_messages_outside_a_call(gateway: LocalGateway) -> None:
    takes = Script().gets_first("MESSAGE", "hello there", "text/x-hello", "X-Mood: good").says("200 OK")
    refuses = Script().gets_first("MESSAGE").says("404 Not Found")
    sends = Script().begins("MESSAGE", "hello alice", TEXT).hears(200)

    async def main() -> None:
        async with registered(gateway) as (phone, to), peer(takes) as bob, peer(refuses) as nobody:
            async with phone.events(["messagedelivery", "message"]) as heard:
                sent = await phone.message(
                    uri=bob.uri("bob"),
                    content="hello there",
                    content_type="text/x-hello",
                    call_id="a-message",
                    headers={"X-Mood": "good"},
                )
                assert (sent.event, sent.call_id) == ("messagesent", "a-message")
                delivery = await said(heard, SipMessageDelivery)
                assert (delivery.code, delivery.call_id) == (200, "a-message")
                sent = await phone.message(uri=nobody.uri("x"), content="hello")
                delivery = await said(heard, SipMessageDelivery)
                assert (delivery.code, delivery.reason) == (404, "Not Found")
                assert delivery.call_id == sent["result"]["call_id"]
                async with peer(sends, to=to, user="alice") as bob_again:
                    message = await said(heard, SipMessage)
                    assert (message.sender, message.content) == (bob_again.uri("peer"), "hello alice\r\n")
            await refused(phone.message(uri="bob", content="x"), 446, "INVALID_ADDRESS")

    run(main())


def test_subscriptions(gateway: LocalGateway) -> None:
    news = (
        Script()
        .gets_first("SUBSCRIBE", "Event: message-summary", "Expires: 60", "X-Why: news")
        .says("202 Accepted", "", "Expires: 60")
        .asks(
            "NOTIFY",
            "Messages-Waiting: yes\n",
            "Event: message-summary",
            "Subscription-State: active;expires=60",
            "Content-Type: application/simple-message-summary",
        )
        .gets("SUBSCRIBE", "Expires: 0")
        .agrees("200 OK", "", "Expires: 0")
    )
    none = Script().gets_first("SUBSCRIBE").says("489 Bad Event")

    async def main() -> None:
        async with guest(gateway) as phone, peer(news) as box, peer(none) as nobody:
            async with phone.events(["subscribe_succeeded", "subscribe_failed", "notify"]) as heard:
                reply = await phone.subscribe(
                    event="message-summary",
                    to=box.uri("box"),
                    accept="application/simple-message-summary",
                    subscribe_ttl=60,
                    call_id="a-subscription",
                    headers={"X-Why": "news"},
                )
                assert reply.data["result"] == {"event": "subscribing", "call_id": "a-subscription"}
                made = await said(heard, SipSubscribeSucceeded)
                assert (made.code, made.expires, made.call_id) == (202, 60, "a-subscription")
                notify = await said(heard, SipNotify)
                assert (notify.notify, notify.substate) == ("message-summary", "active")
                assert notify.content_type == "application/simple-message-summary"
                ended = await phone.unsubscribe(event="message-summary", to=box.uri("box"))
                assert ended.event == "unsubscribing"
                assert (await said(heard, SipSubscribeSucceeded)).code == 200
                await phone.subscribe(event="other-news", to=nobody.uri("x"))
                assert (await said(heard, SipSubscribeFailed)).code == 489
            golden.check(told(phone)["subscribe_succeeded"], told(phone)["subscribe_failed"])

    run(main())


# -- two lines of Janus -------------------------------------------------------------------------------


@pytest.mark.parametrize("srtp", [None, "sdes_mandatory"])
def test_two_lines_of_janus_call_each_other(gateway: LocalGateway, srtp: str | None) -> None:
    from janus_notebook.media.pattern import Tone

    async def main() -> None:
        async with peer(REGISTRAR, calls=None) as registrar, lines(gateway, 2) as (alice, bob):
            await alice.register(username=registrar.uri("alice"), secret="wonderland")
            await bob.register(username=registrar.uri("bob"), secret="wonderland")
            to = await address(registrar, "bob")
            async with bob.events(["incomingcall", "updatingcall"]) as heard:
                high = Tone(frequency=800.0)
                call = asyncio.create_task(
                    alice.call(uri=f"sip:bob@{to}", audio="tone", srtp=srtp, timeout=10)
                )
                incoming = await said(heard, SipIncomingCall)
                assert incoming.srtp == (srtp or "")
                await bob.accept(audio=high, srtp=srtp, autoaccept_reinvites=False)
                await call
                await asyncio.gather(hears(alice, 800), hears(bob, 440))
                if srtp is None:
                    reply = await alice.update(audio=Tone(frequency=600.0))
                    assert (reply.event, reply.call_id) == ("accepted", alice.call_id)
                    await said(heard, SipUpdatingCall)
                    await asyncio.gather(hears(alice, 800), hears(bob, 600))
                    golden.check(told(bob)["updatingcall"])
            assert alice.session is not None
            raws = str([event.raw for event in alice.session.events])
            assert "inline:" not in raws
            async with bob.events(["hangup_call"]) as ended:
                await alice.hangup()  # the PeerConnection, and the call with it
                assert (await said(ended, SipHangup)).code == 200
            await until(lambda: (alice.call_id, alice.state) == (None, "hungup"))
            await until(lambda: "hangingup" in told(alice))
            golden.check(told(alice)["hangingup"])

    run(main())
