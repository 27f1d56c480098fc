"""The SIP plugin's requests that are one message and one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, TypeVar

from janus_notebook.errors import JanusTimeoutError
from janus_notebook.plugins.requests import Extra, request
from janus_notebook.plugins.sip.replies import (
    SipForwarders,
    SipForwarderStopped,
    SipReply,
    SipTransferring,
)
from janus_notebook.plugins.webrtc import WebRtcPlugin

__all__ = ["Headers", "SipForward", "SipRequests"]

R = TypeVar("R", bound=SipReply)

# Header names and their values, for the SIP message that a request sends.
Headers = Mapping[str, str] | None


class SipForward(TypedDict, total=False):
    """A stream to forward as plain RTP: `type`, `host` and `port` are needed.

    `type` is ``audio``, ``video`` (what we send), ``peer_audio`` or ``peer_video`` (what the other side
    sends); `host_family` is ``ipv4`` or ``ipv6``; `ssrc` and `pt` replace those of the packets;
    `srtp_suite` (32 or 80) and `srtp_crypto` (a base64 key) encrypt it.
    """

    type: str
    host: str
    host_family: str
    port: int
    ssrc: int
    pt: int
    srtp_suite: int
    srtp_crypto: str


class SipRequests(WebRtcPlugin):
    """Every request but those with a flow of their own.

    Each takes ``extra``, parameters that a newer server knows, and ``timeout`` in seconds. `headers` are
    further SIP headers (name to value) for the message that it sends.
    """

    async def _ask_in_call(self, name: str, reply: type[R], arguments: Mapping[str, Any], state: str) -> R:
        """Ask what the plugin leaves without any answer in a wrong state."""
        try:
            return await self._ask(name, reply, arguments)
        except JanusTimeoutError as exc:
            exc.hint = f"The plugin does not answer this at all when there is no {state}."
            raise

    @request(newer={"headers": "1.0.2", "content": "1.4.0", "content_type": "1.4.0"})
    async def subscribe(
        self,
        *,
        event: str,
        to: str | None = None,
        accept: str | None = None,
        subscribe_ttl: int | None = None,
        call_id: str | None = None,
        headers: Headers = None,
        content: str | None = None,
        content_type: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Subscribe to news about an account (SUBSCRIBE); they come as ``notify`` events.

        The answer says only that it was sent: ``subscribe_succeeded`` or ``subscribe_failed`` follows.

        Args:
            event: the event package, such as ``message-summary``.
            to: the URI it is about; the account's own by default.
            accept: the content types that are understood, as in the ``Accept`` header.
            subscribe_ttl: for how many seconds.
            call_id: the Call-ID to use; random by default.
            headers: further headers of the SUBSCRIBE (Janus 1.0.2 and newer).
            content: its body (Janus 1.4.0 and newer).
            content_type: of the body (Janus 1.4.0 and newer).
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 447 WRONG_STATE, not registered.
        """
        return await self._ask("subscribe", SipReply, locals())

    @request(newer={"headers": "1.0.2", "content": "1.4.0", "content_type": "1.4.0"})
    async def unsubscribe(
        self,
        *,
        event: str,
        to: str | None = None,
        accept: str | None = None,
        subscribe_ttl: int | None = None,
        call_id: str | None = None,
        headers: Headers = None,
        content: str | None = None,
        content_type: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """End a subscription; ``subscribe_succeeded`` follows.

        Args:
            event: the event package of the subscription.
            to: the URI it is about; the account's own by default.
            accept: the content types that are understood.
            subscribe_ttl: has no meaning here.
            call_id: the Call-ID to use.
            headers: further headers of the SUBSCRIBE (Janus 1.0.2 and newer).
            content: its body (Janus 1.4.0 and newer).
            content_type: of the body (Janus 1.4.0 and newer).
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 447 WRONG_STATE, not registered, or not subscribed to it.
        """
        return await self._ask("unsubscribe", SipReply, locals())

    @request()
    async def transfer(
        self,
        *,
        uri: str,
        replace: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipTransferring:
        """Ask the other side of the call to call somebody else (REFER).

        How it goes comes as ``notify`` events of the package ``refer``. The call itself stands until one
        side hangs up.

        Args:
            uri: whom it should call.
            replace: the Call-ID of a call of another line of this server, which the new one takes the
                place of (an attended transfer); None for a plain transfer.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, no call; 446 INVALID_ADDRESS; 454 NO_SUCH_CALLID.
        """
        return await self._ask("transfer", SipTransferring, locals())

    @request()
    async def hold(
        self,
        *,
        direction: str | None = None,
        headers: Headers = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Put the call on hold: Janus tells the other side by a re-INVITE.

        Args:
            direction: what is left of the media: ``sendonly`` (the default), ``recvonly``, ``inactive``.
            headers: further headers of the re-INVITE.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 444 INVALID_ELEMENT, another direction.
            JanusTimeoutError: there is no call: the plugin says nothing then.
        """
        return await self._ask_in_call("hold", SipReply, locals(), "call that stands")

    @request()
    async def unhold(
        self, *, headers: Headers = None, extra: Extra = None, timeout: float | None = None
    ) -> SipReply:
        """Take the call up again as it was before `hold`.

        Args:
            headers: further headers of the re-INVITE.
            extra, timeout: see the class.

        Raises:
            JanusTimeoutError: there is no call: the plugin says nothing then.
        """
        return await self._ask_in_call("unhold", SipReply, locals(), "call that stands")

    @request(newer={"send_peer_pli": "1.1.1"})
    async def recording(
        self,
        *,
        action: str,
        audio: bool | None = None,
        video: bool | None = None,
        peer_audio: bool | None = None,
        peer_video: bool | None = None,
        filename: str | None = None,
        send_peer_pli: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Record the call on the server, or stop; at least one of the four media must be True.

        Args:
            action: ``start``, ``stop``, ``pause`` or ``resume``.
            audio: what we send.
            video: what we send.
            peer_audio: what the other side sends.
            peer_video: what the other side sends.
            filename: base name of the files; the plugin appends ``-user-audio``, ``-peer-audio`` ...
            send_peer_pli: ask the other side for a keyframe at the start (Janus 1.1.1 and newer).
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, no call; 444 INVALID_ELEMENT, another action; 451 RECORDING_ERROR,
                no media named, or the files cannot be written.
        """
        return await self._ask("recording", SipReply, locals())

    @request()
    async def info(
        self,
        *,
        type: str,
        content: str,
        headers: Headers = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Send an INFO in the call.

        Args:
            type: of the content, such as ``application/json``.
            content: as text.
            headers: further headers of the INFO.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, no call.
        """
        return await self._ask("info", SipReply, locals())

    @request("1.3.3")
    async def send_ringing(self, *, extra: Extra = None, timeout: float | None = None) -> SipReply:
        """Tell the caller that it rings here, where `register` got ``automatic_ringing=False``.

        Args:
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, nobody calls.
        """
        return await self._ask("send_ringing", SipReply, locals())

    @request()
    async def message(
        self,
        *,
        content: str,
        content_type: str | None = None,
        uri: str | None = None,
        headers: Headers = None,
        call_id: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Send a MESSAGE, in the call or to anybody.

        The answer says only that it was sent; a ``messagedelivery`` event with the same `call_id` says
        what became of it.

        Args:
            content: as text.
            content_type: ``text/plain`` by default.
            uri: to whom; None for the other side of the call.
            headers: further headers of the MESSAGE.
            call_id: the Call-ID to use with `uri`; random by default.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, no call and no `uri`; 446 INVALID_ADDRESS; 447 WRONG_STATE, not
                registered.
        """
        return await self._ask("message", SipReply, locals())

    @request()
    async def dtmf_info(
        self,
        *,
        digit: str,
        duration: int | None = None,
        headers: Headers = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Send a DTMF digit in an INFO (``application/dtmf-relay``).

        Args:
            digit: one character: 0 to 9, ``*``, ``#``, A to D.
            duration: in milliseconds, up to 5000; 160 by default.
            headers: further headers of the INFO.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, no call; 444 INVALID_ELEMENT, more than one character.
        """
        return await self._ask("dtmf_info", SipReply, locals())

    @request("1.3.1")
    async def keyframe(
        self,
        *,
        user: bool | None = None,
        peer: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> SipReply:
        """Ask for a video keyframe.

        Args:
            user: from us.
            peer: from the other side, if it takes such requests.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: code 0, no call.
        """
        return await self._ask("keyframe", SipReply, locals())

    @request("1.4.0")
    async def rtp_forward(
        self, *, streams: Sequence[SipForward], extra: Extra = None, timeout: float | None = None
    ) -> SipForwarders:
        """Forward media of the call as plain RTP.

        Args:
            streams: what and where to; see `SipForward`.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 443 MISSING_ELEMENT, 444 INVALID_ELEMENT, 447 WRONG_STATE.
        """
        return await self._ask("rtp_forward", SipForwarders, locals())

    @request("1.4.0")
    async def stop_rtp_forward(
        self, *, stream_id: int, extra: Extra = None, timeout: float | None = None
    ) -> SipForwarderStopped:
        """Stop a forwarder.

        Args:
            stream_id: of the forwarder, as `rtp_forward` and `listforwarders` tell it.
            extra, timeout: see the class.

        Raises:
            JanusPluginError: 455 NO_SUCH_STREAM.
        """
        return await self._ask("stop_rtp_forward", SipForwarderStopped, locals())

    @request("1.4.0")
    async def listforwarders(self, *, extra: Extra = None, timeout: float | None = None) -> SipForwarders:
        """List the forwarders of the call.

        Args:
            extra, timeout: see the class.
        """
        return await self._ask("listforwarders", SipForwarders, locals())

    @request("1.0.1")
    async def reset(self, *, extra: Extra = None, timeout: float | None = None) -> SipReply:
        """Free a line that takes itself for busy although it has no call; with a call it does nothing.

        Args:
            extra, timeout: see the class.
        """
        return await self._ask("reset", SipReply, locals())
