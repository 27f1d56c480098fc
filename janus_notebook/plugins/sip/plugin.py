"""`JanusSipPlugin`: register, call, be called, hang up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from janus_notebook.errors import JanusMediaError, JanusPluginError, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.negotiation import TAKE_IT
from janus_notebook.plugins.requests import Extra, request
from janus_notebook.plugins.sip.events import DETAILS, SipHangup, SipIncomingCall, SipRegisteredEvent, detail
from janus_notebook.plugins.sip.replies import JanusSipError, SipCall, SipDeclined, SipRegistered, SipReply
from janus_notebook.plugins.sip.requests import Headers, SipRequests
from janus_notebook.protocol.events import JanusEvent, PluginEvent
from janus_notebook.protocol.plugin_events import register_details

if TYPE_CHECKING:
    from janus_notebook.client.log import Subscription
    from janus_notebook.client.session import JanusSession
    from janus_notebook.protocol.messages import Message

__all__ = ["JanusSipPlugin"]

# As long as a telephone rings.
RINGING_SECONDS = 60.0

# How long the PeerConnection of a call that is over may take to close.
CLOSING_SECONDS = 1.0

R = TypeVar("R", bound=SipReply)

Jsep = Mapping[str, Any]

# What makes media of its own, and is not the plugin's.
MEDIA = frozenset({"audio", "video", "ice_servers"})


class _Media(NamedTuple):
    audio: object
    video: object
    ice_servers: Iterable[Mapping[str, Any]]


class JanusSipPlugin(SipRequests):
    """A handle on SIP (``janus.plugin.sip``): one line of a telephone.

    ::

        await phone.register(username="sip:alice@example.org", secret="...", proxy="sip:sip.example.org")
        await phone.call(uri="sip:bob@example.org", audio="tone")
        await phone.hangup_call()

        await phone.wait_for("incomingcall")
        await phone.accept(audio="tone")

    Media are made here, unless `call` or `accept` is given a `jsep`: then it is by hand, and Janus's
    answer comes as an event. A line has one call at a time; further lines of the same account are handles
    that register with ``type="helper"``.

    Attributes:
        registration: the account as it stands, or None.
        incoming: the call that rings here (an ``incomingcall`` event), or None.
        call_id: the Call-ID of the call that there is, ringing or standing, or None.
    """

    plugin_name: ClassVar[str] = "janus.plugin.sip"
    begins_media = "call() or accept()"
    details = DETAILS

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self.registration: SipRegistered | None = None
        self.incoming: PluginEvent | None = None
        self.call_id: str | None = None
        self._other = ""  # whom that call is with

    # -- the account ----------------------------------------------------------------------------

    @request(newer={"automatic_ringing": "1.3.3"})
    async def register(
        self,
        *,
        username: str,
        secret: str | None = None,
        ha1_secret: str | None = None,
        authuser: str | None = None,
        display_name: str | None = None,
        type: str | None = None,
        send_register: bool | None = None,
        force_udp: bool | None = None,
        force_tcp: bool | None = None,
        sips: bool | None = None,
        rfc2543_cancel: bool | None = None,
        user_agent: str | None = None,
        headers: Headers = None,
        contact_params: Headers = None,
        master_id: int | None = None,
        refresh: bool | None = None,
        incoming_header_prefixes: Sequence[str] | None = None,
        register_ttl: int | None = None,
        automatic_ringing: bool | None = None,
        proxy: str | None = None,
        outbound_proxy: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipRegistered:
        """Register an account, and return once the registrar has taken it.

        Args:
            username: the account's URI, such as ``sip:alice@example.org``. A helper has that of its account,
                whatever is given.
            secret: its password; either this or `ha1_secret`, but for guests and helpers.
            ha1_secret: its HA1 (MD5 of ``user:realm:password``) instead of the password.
            authuser: the name to authenticate with, where it is not the URI's.
            display_name: the name that others see.
            type: ``guest`` to call without an account at a registrar, ``helper`` for a further line of
                another handle's account; None for an account.
            send_register: False to take the account for registered without a REGISTER; not with a guest.
            force_udp: UDP only; this is the default.
            force_tcp: TCP only.
            sips: require TLS.
            rfc2543_cancel: give up calls in the way of RFC 2543, without waiting for a first answer.
            user_agent: for the header of that name.
            headers: further headers of the REGISTER.
            contact_params: further parameters of its ``Contact`` URI.
            master_id: for a helper, the account's (``registration.master_id`` of its handle).
            refresh: True to register anew while registered, with other values.
            incoming_header_prefixes: beginnings of the names of headers that events shall have in
                ``headers``, such as ``X-``.
            register_ttl: for how many seconds; Janus renews it.
            automatic_ringing: whether Janus tells callers by itself that it rings; see `send_ringing`
                (Janus 1.3.3 and newer).
            proxy: the registrar's URI, where it is not the host of `username`.
            outbound_proxy: the URI through which everything is sent.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None means the session's default.

        Raises:
            JanusSipError: the registrar refused it, or did not answer.
            JanusPluginError: 443 MISSING_ELEMENT, 444 INVALID_ELEMENT, 445 ALREADY_REGISTERED, 446
                INVALID_ADDRESS, 453 HELPER_ERROR.
            JanusTimeoutError: no answer of the registrar in time.
        """
        arguments = locals()
        deadline = self._deadline(timeout)
        async with self.events(["registered", "registration_failed"]) as events:
            reply = await self._ask("register", SipRegistered, arguments)
            if reply.event == "registering":
                reply = await self._registration(username, events, deadline)
        self.registration = reply
        return reply

    @request()
    async def unregister(self, *, extra: Extra = None, timeout: float | None = None) -> SipReply:
        """Take the account off the registrar, and return once it is gone; helpers end with it.

        A helper leaves its account, which stays.

        Args:
            extra, timeout: see the class.

        Raises:
            JanusSipError: the registrar refused it.
            JanusPluginError: 447 WRONG_STATE, not registered, or without a REGISTER.
        """
        arguments = locals()
        deadline = self._deadline(timeout)
        async with self.events(["unregistered", "registration_failed"]) as events:
            reply = await self._ask("unregister", SipReply, arguments)
            if self.registration is not None and self.registration.register_sent:
                await self._registration(self.registration.username, events, deadline)
        self.registration = None
        return reply

    async def _registration(self, username: str, events: Subscription, deadline: float) -> SipRegistered:
        """Wait for the registrar's answer."""
        try:
            event = await self._next(events, deadline)
        except JanusTimeoutError as exc:
            exc.hint = "The registrar did not answer. Is it at the host of the URI, or is a proxy needed?"
            raise
        reply = SipRegistered.from_message(event.raw)
        if reply.event == "registration_failed":
            raise self._refused("the registrar refuses", username, reply)
        return reply

    # -- calls ----------------------------------------------------------------------------------

    @request()
    async def call(
        self,
        *,
        uri: str,
        audio: object = "tone",
        video: object = None,
        headers: Headers = None,
        call_id: str | None = None,
        srtp: str | None = None,
        srtp_profile: str | None = None,
        autoaccept_reinvites: bool | None = None,
        refer_id: int | None = None,
        secret: str | None = None,
        ha1_secret: str | None = None,
        authuser: str | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        jsep: Jsep | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipCall:
        """Call somebody, and return once the call was accepted and media can flow.

        Meanwhile ``proceeding``, ``ringing`` and ``progress`` events tell how it goes. A call that fails,
        or is cancelled here, is given up on the other side too.

        With both sides in one notebook, don't await it before the other side has accepted::

            calling = alice.call(uri="sip:bob@example.org")      # in a script: asyncio.create_task(...)
            await bob.wait_for("incomingcall")
            await bob.accept()
            await calling

        Args:
            uri: whom to call.
            audio: what we say; see `JanusEchoTestPlugin.publish`. None to listen only.
            video: what we show; see `JanusEchoTestPlugin.publish`. None for no video either way.
            headers: further headers of the INVITE.
            call_id: the Call-ID to use; random by default.
            srtp: ``sdes_optional`` to offer encrypted media to the other side, ``sdes_mandatory`` to insist.
            srtp_profile: for it, such as ``AES_CM_128_HMAC_SHA1_80``.
            autoaccept_reinvites: False to answer a change of the call here (see `update`), not in Janus.
            refer_id: of the ``transfer`` event that asked for this call.
            secret: a password for this call, of a guest.
            ha1_secret: the same as HA1.
            authuser: the name for it.
            ice_servers: STUN and TURN servers between us and Janus; see `JanusEchoTestPlugin.publish`.
            jsep: an offer made by hand; then no media are made here, and the answer to the request
                (``calling``) is returned at once. The SDP answer comes with ``progress`` or ``accepted``.
            extra: further parameters that a newer server knows.
            timeout: seconds until the call must be accepted; None for 60, or with `jsep` for the
                session's default.

        Raises:
            JanusSipError: refused, given up or ended on the other side: 486 busy, 603 declined ...
            JanusStateError: there is a call already.
            JanusPluginError: 447 WRONG_STATE, not registered; 446 INVALID_ADDRESS; 452 TOO_STRICT.
            JanusTimeoutError, JanusMediaError: as `JanusEchoTestPlugin.publish`.
        """
        arguments = _without_media(locals())
        if self.call_id is not None:
            raise self._busy()
        mine = arguments["call_id"] = call_id or secrets.token_hex(12)

        async def send(offer: Jsep) -> SipCall:
            # Known before it is sent: the end of the call may be told before the call itself.
            self.call_id, self._other = mine, uri
            try:
                return await self._ask("call", SipCall, {**arguments, "jsep": offer})
            except JanusPluginError:
                self.call_id = None
                raise

        if jsep is not None:
            return await send(jsep)
        await self._former_gone()
        seconds = RINGING_SECONDS if timeout is None else timeout
        return await self._dial(uri, send, _Media(audio, video, ice_servers), seconds)

    @request(newer={"srtp_profile": "1.4.0"})
    async def accept(
        self,
        *,
        audio: object = "tone",
        video: object = None,
        srtp: str | None = None,
        headers: Headers = None,
        autoaccept_reinvites: bool | None = None,
        srtp_profile: str | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        jsep: Jsep | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipCall:
        """Accept the call that rings here, and return once media can flow.

        Args:
            audio: what we say; see `JanusEchoTestPlugin.publish`. None to listen only.
            video: what we show, if the caller offers video; see `JanusEchoTestPlugin.publish`.
            srtp: ``sdes_mandatory`` to insist on encrypted media on the other side.
            headers: further headers of the answer.
            autoaccept_reinvites: False to answer a change of the call here (see `update`), not in Janus.
            srtp_profile: for a caller who wants the offer to come from here (Janus 1.4.0 and newer).
            ice_servers: STUN and TURN servers between us and Janus; see `JanusEchoTestPlugin.publish`.
            jsep: an answer made by hand (an offer, if the caller sent none); then no media are made here.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None for the session's default.

        Raises:
            JanusStateError: no call rings here.
            JanusPluginError: 447 WRONG_STATE, no call; 452 TOO_STRICT, the caller does not encrypt.
            JanusSipError: the caller gave up meanwhile.
            JanusTimeoutError, JanusMediaError: as `JanusEchoTestPlugin.publish`.
        """
        arguments = _without_media(locals())

        async def send(own: Jsep) -> SipCall:
            return await self._ask("accept", SipCall, {**arguments, "jsep": own})

        if jsep is not None:
            reply = await send(jsep)
        else:
            event = self.incoming
            if event is None:
                raise JanusStateError("no call rings here", hint='wait_for("incomingcall") waits for one.')
            await self._former_gone()
            session, _ = self._attached()
            seconds = session.timeout if timeout is None else timeout
            if event.jsep is None:
                caller = str(event.detail.get("result", {}).get("username", ""))
                reply = await self._dial(caller, send, _Media(audio, video, ice_servers), seconds)
            else:
                reply = await self._answer(
                    event.jsep, send, audio=audio, video=video, ice_servers=ice_servers, timeout=seconds
                )
        self.incoming = None
        return reply

    @request("1.3.1", newer={"srtp_profile": "1.4.0"})
    async def progress(
        self,
        *,
        jsep: Jsep,
        srtp: str | None = None,
        headers: Headers = None,
        autoaccept_reinvites: bool | None = None,
        srtp_profile: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipCall:
        """Send media to the caller before the call is accepted (183); `accept` must still follow.

        Args:
            jsep: the answer, made by hand (an offer, if the caller sent none).
            srtp: ``sdes_mandatory`` to insist on encrypted media on the other side.
            headers: further headers of the 183.
            autoaccept_reinvites: False to answer a change of the call here (see `update`), not in Janus.
            srtp_profile: for a caller who wants the offer to come from here (Janus 1.4.0 and newer).
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 447 WRONG_STATE, nobody calls; 448 MISSING_SDP; 452 TOO_STRICT.
        """
        return await self._ask("progress", SipCall, locals())

    @request()
    async def decline(
        self,
        *,
        code: int | None = None,
        headers: Headers = None,
        refer_id: int | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipDeclined:
        """Refuse the call that rings here, or a transfer.

        Args:
            code: the SIP status to send, from 400; by default 486 (603 from Janus 1.2.2 on), and 603 for
                a transfer.
            headers: further headers of the answer.
            refer_id: of the ``transfer`` event, to refuse the transfer.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 447 WRONG_STATE, no such transfer.
            JanusTimeoutError: no call rings here: the plugin says nothing then.
        """
        arguments = locals()
        if refer_id is not None:
            return await self._ask("decline", SipDeclined, arguments)
        return await self._ending("decline", SipDeclined, arguments, "call that rings here")

    @request(name="hangup")
    async def hangup_call(
        self, *, headers: Headers = None, extra: Extra = None, timeout: float | None = None
    ) -> SipReply:
        """End the call, or give up one that still rings on the other side; return once it is over.

        This is the plugin's request ``hangup``; `hangup` is that of every handle, and closes the
        PeerConnection, with which a call ends too. A call that rings here is refused by `decline`.

        Args:
            headers: further headers of the BYE.
            extra, timeout: see the class.

        Raises:
            JanusTimeoutError: there is no call: the plugin says nothing then.
        """
        return await self._ending("hangup", SipReply, locals(), "call")

    @request()
    async def update(
        self,
        *,
        audio: object = None,
        video: object = None,
        jsep: Jsep | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipCall:
        """Change the media of the call (a re-INVITE), and return once the other side has accepted it.

        An ``updatingcall`` event with an offer is answered without being asked for, unless media are
        made by hand; one without an offer is answered by this.

        Args:
            audio: what we say from now on; see `JanusEchoTestPlugin.publish`. None leaves it as it is,
                False stops it.
            video: what we show from now on, likewise.
            jsep: an offer or an answer made by hand; then the answer to the request (``updating`` or
                ``updated``) is returned at once.
            extra, timeout: see the class.

        Raises:
            JanusStateError: there is no call with media made here.
            JanusSipError: the other side hung up.
            JanusPluginError: 447 WRONG_STATE, no call; 448 MISSING_SDP.
            JanusTimeoutError: no answer; also if the other side has refused, of which Janus says nothing.
            JanusMediaError: as `JanusEchoTestPlugin.publish`.
        """
        arguments = _without_media(locals())

        async def send(own: Jsep) -> SipCall:
            return await self._ask("update", SipCall, {**arguments, "jsep": own})

        if jsep is not None:
            return await send(jsep)
        self._live_peer()
        session, _ = self._attached()
        seconds = session.timeout if timeout is None else timeout
        return await self._dial("the other side", send, _Media(audio, video, ()), seconds, again=True)

    async def on_offer(self, jsep: Jsep, event: PluginEvent) -> None:
        """The other side changes the call: answer its offer."""
        if event.name == "updatingcall":
            await self._answer(jsep, self._send_update)

    async def _send_update(self, jsep: Jsep) -> SipCall:
        return await self._ask("update", SipCall, {"jsep": jsep})

    # -- how a call goes --------------------------------------------------------------------------

    async def _dial(
        self,
        other: str,
        send: Callable[[Jsep], Awaitable[SipCall]],
        media: _Media,
        timeout: float,
        *,
        again: bool = False,
    ) -> SipCall:
        """Offer, and wait until the other side has accepted; its answer may come before that."""
        deadline = self._deadline(timeout)
        video = media.video is not None or any(track.kind == "video" for track in self.tracks)
        async with self.events(["progress", "accepted", "hangup_call"]) as events:

            async def answered(offer: Jsep) -> SipCall:
                return await self._until(("progress", "accepted"), other, await send(offer), events, deadline)

            try:
                call = await self._offer(
                    answered,
                    audio=media.audio,
                    video=media.video,
                    receive=("audio", "video") if video else ("audio",),
                    ice_servers=media.ice_servers,
                    # It is our own wait for the other side that is to say what was waited for.
                    timeout=timeout + 1,
                    again=again,
                )
            except JanusMediaError as exc:
                await self._raise_if_ended(other, events, exc)
                raise
            try:
                return await self._until(("accepted",), other, call, events, deadline)
            except BaseException:
                # Media flow, but the call was never accepted, and nobody here waits for that any more.
                if self.session is not None and self.id is not None:
                    self.session.spawn(self.hangup(), name="janus-sip-give-up")
                raise

    async def _until(
        self, wanted: tuple[str, ...], other: str, call: SipCall, events: Subscription, deadline: float
    ) -> SipCall:
        """Follow the call until it has come as far as is wanted.

        The first answer to the request may be any of what the call brings, for all of it has the
        transaction of the request.
        """
        while call.event not in wanted:
            if call.event == "hangup":
                self.call_id = None
                raise self._refused("there is no call with", other, call)
            try:
                event = await self._next(events, deadline)
            except JanusTimeoutError as exc:
                raise JanusTimeoutError(
                    f"{other} did not answer in time",
                    hint="" if self.state == "connected" else TAKE_IT,
                ).within(plugin=self.name, handle_id=self.id) from exc
            said = SipCall.from_message(event.raw)
            if said.call_id == call.call_id:  # else it tells the end of the call before
                call = said
        return call

    async def _raise_if_ended(self, other: str, events: Subscription, cause: JanusMediaError) -> None:
        """Say so if the other side has ended the call: Janus tells that first, and closes its media then."""
        with suppress(JanusTimeoutError, StopAsyncIteration):
            while True:
                said = SipCall.from_message((await events.get(0)).raw)
                if said.event == "hangup":
                    raise self._refused("no media before the end of the call with", other, said) from cause

    async def _ending(self, name: str, reply: type[R], arguments: Mapping[str, Any], state: str) -> R:
        """Send what ends a call, and wait for its end, and for that of its PeerConnection.

        Until then the line is busy, for us and for others.
        """

        async def end() -> R:
            async with self.events(["hangup_call"]) as ended:
                answer = await self._ask_in_call(name, reply, arguments, state)
                await self._next(ended, self._deadline(arguments["timeout"]))
                return answer

        return await self._closing(end)

    async def _next(self, events: Subscription, deadline: float) -> JanusEvent:
        left = deadline - asyncio.get_running_loop().time()
        try:
            return await events.get(max(left, 0.001))
        except StopAsyncIteration:
            raise self._not_attached() from None

    def _deadline(self, timeout: float | None) -> float:
        session, _ = self._attached()
        return asyncio.get_running_loop().time() + (session.timeout if timeout is None else timeout)

    def _refused(self, what: str, username: str, reply: SipCall | SipRegistered) -> JanusSipError:
        result = reply.data["result"]
        error = JanusSipError(what, username, result.get("code", 0), result.get("reason", ""))
        return error.within(plugin=self.name, handle_id=self.id)

    def _busy(self) -> JanusStateError:
        does, ends = "is in a call with", "hangup_call() ends it"
        if self.incoming is not None:
            does, ends = "is called by", "accept() or decline() it"
        error = JanusStateError(
            f"{self.name} {does} {self._other} already", hint=f"{ends}; a helper's handle can have another."
        )
        return error.within(plugin=self.name, handle_id=self.id)

    async def _former_gone(self) -> None:
        """Wait for the end of an earlier call's PeerConnection: Janus closes it after the call is over."""
        async with self.events(["hangup"]) as ended:
            if self.webrtc:
                with suppress(JanusTimeoutError, StopAsyncIteration):
                    await ended.get(CLOSING_SECONDS)
        if self.webrtc:
            await self.release()

    def on_event(self, event: JanusEvent) -> None:
        """Follow the account and the call."""
        super().on_event(event)
        if not isinstance(event, PluginEvent):
            return
        match event.detail:
            case SipRegisteredEvent():
                self.registration = SipRegistered.from_message(event.raw)
            case SipIncomingCall(call_id=call_id, username=username):
                self.incoming, self.call_id, self._other = event, call_id, username
            case SipHangup(call_id=call_id) if call_id in (None, self.call_id):
                self.incoming = self.call_id = None
            case _ if event.name in ("unregistered", "registration_failed"):
                self.registration = None

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """The handle exists on the server now, with no account and no call."""
        self.registration = self.incoming = self.call_id = None
        super().begin(session, handle_id, message)


def _without_media(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in MEDIA}


register_details(JanusSipPlugin.plugin_name, detail, JanusSipPlugin.details)
