"""What the SIP plugin answers, and the error of a SIP request that was refused on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.errors import JanusCallError
from janus_notebook.protocol.typed import Typed

__all__ = [
    "JanusSipError",
    "SipCall",
    "SipDeclined",
    "SipForwarder",
    "SipForwarderStopped",
    "SipForwarders",
    "SipRegistered",
    "SipReply",
    "SipTransferring",
    "lifted",
]


def lifted(read: Callable[..., Any], data: dict[str, Any], given: dict[str, Any]) -> Any:
    """Read fields from an object and from its ``result``; the object stays as it came."""
    result = data.get("result")
    inner = result if isinstance(result, dict) else {}
    return msgspec.structs.replace(read({**data, **inner}, **given), data=data)


class JanusSipError(JanusCallError):
    """SIP said no: the other side of a call, a proxy on the way, or the registrar.

    Attributes:
        code: the SIP status, such as 403 or 486.
        reason: its text, such as ``Busy Here``.
        username: who it is about: the URI that was called or calls, or the account.
    """

    def __init__(self, what: str, username: str, code: int, reason: str) -> None:
        super().__init__(username, reason)
        self.code = code
        self.message = f"{what} {username}: {reason or 'no reason given'} (SIP {code})"
        self.args = (self.message,)


class SipReply(PluginReply, frozen=True, kw_only=True):
    """The plugin's answer to a request; fields of its ``result`` are fields here.

    Attributes:
        event: what has begun or is done, such as ``infosent``.
        call_id: the SIP Call-ID of the call or the message, where there is one.
    """

    event: str = ""
    call_id: str | None = None

    @classmethod
    def read(cls, data: dict[str, Any], **given: Any) -> Self:
        found: Self = lifted(super().read, data, given)
        return found


class SipRegistered(SipReply, frozen=True, kw_only=True):
    """The account is ready for calls.

    Attributes:
        username: the user part of the account's URI.
        register_sent: whether a REGISTER was sent; False for guests and helpers.
        helper: whether this is a further line of another handle's account.
        master_id: names this account to its helpers.
        unique_id: of this line, in the events of newer servers (Janus 1.4.0 and newer).
        headers: of the registrar's answer, if prefixes were asked for.
    """

    username: str = ""
    register_sent: bool = False
    helper: bool = False
    master_id: int | None = None
    unique_id: str | None = None
    headers: dict[str, str] | None = None


class SipCall(SipReply, frozen=True, kw_only=True):
    """How far a call has come: ``calling``, ``progress``, ``accepting``, ``accepted``, ``updating`` ...

    Attributes:
        username: the URI of the other side, once it has answered.
        isfocus: whether the other side is a conference.
        headers: of its answer, if `register` asked for their prefixes.
        code, reason: the SIP status of a call that has ended.
    """

    username: str = ""
    isfocus: bool = False
    headers: dict[str, str] | None = None
    code: int = 0
    reason: str = ""


class SipDeclined(SipReply, frozen=True, kw_only=True):
    """A call, or a transfer, was declined.

    Attributes:
        code: the SIP status that was sent.
        refer_id: of the transfer, if it was one.
    """

    code: int = 0
    refer_id: int | None = None


class SipTransferring(SipReply, frozen=True, kw_only=True):
    """A REFER was sent.

    Attributes:
        refer_to: its ``Refer-To``, where the server says so.
    """

    refer_to: str | None = None


class SipForwarder(Typed, frozen=True, kw_only=True):
    """One stream that the plugin forwards as plain RTP.

    Attributes:
        stream_id: names it to `stop_rtp_forward`.
        type: ``audio``, ``video``, ``peer_audio`` or ``peer_video``.
        media: ``audio`` or ``video``.
        host, port: where it goes to.
        pt: its payload type, if it was set.
        ssrc: its SSRC, if it was set.
        srtp: whether it is encrypted.
    """

    stream_id: int = 0
    type: str = ""
    media: str = ""
    host: str = ""
    port: int = 0
    pt: int | None = None
    ssrc: int | None = None
    srtp: bool = False


class SipForwarders(SipReply, frozen=True, kw_only=True):
    """Forwarders: the new ones (`rtp_forward`), or all (`listforwarders`)."""

    @property
    def forwarders(self) -> tuple[SipForwarder, ...]:
        """One for each stream."""
        result = self.data.get("result")
        result = result if isinstance(result, dict) else {}
        found = result.get("forwarders", result.get("rtp_forwarders"))
        return tuple(SipForwarder.read(item) for item in found or () if isinstance(item, dict))


class SipForwarderStopped(SipReply, frozen=True, kw_only=True):
    """A forwarder was stopped.

    Attributes:
        stream_id: which one.
    """

    stream_id: int = 0
