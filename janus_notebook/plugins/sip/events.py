"""What the SIP plugin says on its own, or after the first answer to a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from janus_notebook.plugins.sip.replies import lifted
from janus_notebook.protocol.plugin_events import PluginDetail

__all__ = [
    "DETAILS",
    "SipAccepted",
    "SipCalling",
    "SipDetail",
    "SipDtmf",
    "SipHangingUp",
    "SipHangup",
    "SipIncomingCall",
    "SipInfo",
    "SipMessage",
    "SipMessageDelivery",
    "SipMissedCall",
    "SipNotify",
    "SipProceeding",
    "SipProgress",
    "SipRegisteredEvent",
    "SipRegistrationFailed",
    "SipRinging",
    "SipSubscribeFailed",
    "SipSubscribeSucceeded",
    "SipTransfer",
    "SipUnregistered",
    "SipUpdatingCall",
    "detail",
]


class SipDetail(PluginDetail, frozen=True, kw_only=True):
    """An event of the SIP plugin; fields of its ``result`` are fields here.

    Attributes:
        call_id: the SIP Call-ID of the call, message or subscription it is about.
    """

    call_id: str | None = None

    @classmethod
    def read(cls, data: dict[str, Any], **given: Any) -> Self:
        found: Self = lifted(super().read, data, given)
        return found

    @property
    def summary(self) -> str:
        said = [
            f"{field.name}={value}"
            for field in msgspec.structs.fields(self)
            if field.name not in ("data", "unreadable", "call_id")
            and (value := getattr(self, field.name)) not in (None, "", False)
        ]
        return " ".join([self.name, *said])


class SipRegisteredEvent(SipDetail, frozen=True, kw_only=True):
    """``registered``: the registrar took the account, for the first time or again.

    Attributes:
        username: the user part of the account's URI.
        register_sent: whether a REGISTER was sent.
        helper: whether this is a further line of another handle's account.
        master_id: names this account to its helpers.
        unique_id: of this line (Janus 1.4.0 and newer).
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "registered"

    username: str = ""
    register_sent: bool = False
    helper: bool = False
    master_id: int | None = None
    unique_id: str | None = None
    headers: dict[str, str] | None = None


class SipUnregistered(SipDetail, frozen=True, kw_only=True):
    """``unregistered``: the account is gone from the registrar.

    Attributes:
        username: the user part of the account's URI.
        register_sent: whether a REGISTER was sent, where the server says so.
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "unregistered"

    username: str = ""
    register_sent: bool = False
    headers: dict[str, str] | None = None


class SipRegistrationFailed(SipDetail, frozen=True, kw_only=True):
    """``registration_failed``: the registrar refused the account, now or when it was to be renewed.

    Attributes:
        code, reason: the SIP status.
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "registration_failed"

    code: int = 0
    reason: str = ""
    headers: dict[str, str] | None = None


class SipCalling(SipDetail, frozen=True, kw_only=True):
    """``calling``: the INVITE is on its way. An event only where something else answered `call` first."""

    name: ClassVar[str] = "calling"


class SipRinging(SipDetail, frozen=True, kw_only=True):
    """``ringing``: it rings on the other side.

    Attributes:
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "ringing"

    headers: dict[str, str] | None = None


class SipProceeding(SipDetail, frozen=True, kw_only=True):
    """``proceeding``: a provisional answer came.

    Attributes:
        code: its SIP status, such as 180 or 183.
    """

    name: ClassVar[str] = "proceeding"

    code: int = 0


class _SipAnswer(SipDetail, frozen=True, kw_only=True):
    username: str = ""
    isfocus: bool = False
    headers: dict[str, str] | None = None


class SipProgress(_SipAnswer, frozen=True, kw_only=True):
    """``progress``: the other side sends media before it has accepted; the event's JSEP is its answer.

    Attributes:
        username: the URI that was called.
        isfocus: whether it is a conference.
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "progress"


class SipAccepted(_SipAnswer, frozen=True, kw_only=True):
    """``accepted``: the call, or a change of it, was accepted; the event's JSEP is the answer.

    There is no JSEP if a `SipProgress` brought it before.

    Attributes:
        username: the URI of the other side.
        isfocus: whether it is a conference.
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "accepted"


class _SipInvitation(SipDetail, frozen=True, kw_only=True):
    username: str = ""
    displayname: str = ""
    callee: str = ""
    srtp: str = ""
    referred_by: str = ""
    replaces: str = ""
    isfocus: bool = False
    headers: dict[str, str] | None = None


class SipIncomingCall(_SipInvitation, frozen=True, kw_only=True):
    """``incomingcall``: somebody calls; answer with `accept` or `decline`.

    The event's JSEP is the offer; there is none if the caller wants the offer to come from here.

    Attributes:
        username: the URI of the caller.
        displayname: the caller's name, if there is one.
        callee: the URI that was called.
        srtp: ``sdes_optional`` or ``sdes_mandatory`` if the caller offers encryption, else "".
        referred_by: who has sent the caller here, in a transfer.
        replaces: the Call-ID of the call that this one is to replace, in a transfer.
        isfocus: whether the caller is a conference.
        headers: of the INVITE, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "incomingcall"


class SipUpdatingCall(_SipInvitation, frozen=True, kw_only=True):
    """``updatingcall``: the other side changes the call, and `update` is to answer.

    It comes only to a call that was made or accepted with ``autoaccept_reinvites=False``; else Janus
    answers by itself. The fields are those of `SipIncomingCall`.
    """

    name: ClassVar[str] = "updatingcall"


class SipMissedCall(SipDetail, frozen=True, kw_only=True):
    """``missed_call``: somebody called while this line was busy, and was told so.

    Attributes:
        caller: the URI of the caller.
        displayname: the caller's name, if there is one.
        callee: the URI that was called.
    """

    name: ClassVar[str] = "missed_call"

    caller: str = ""
    displayname: str = ""
    callee: str = ""


class SipHangingUp(SipDetail, frozen=True, kw_only=True):
    """``hangingup``: Janus ends the call by itself, for its PeerConnection is gone."""

    name: ClassVar[str] = "hangingup"


class SipHangup(SipDetail, frozen=True, kw_only=True):
    """``hangup``: the call is over, or did not come about. It is followed as ``hangup_call``.

    Attributes:
        code, reason: the SIP status: 200 for a call that was hung up, 486 for a busy line, 487 for a
            call that the caller gave up ...
        reason_header, reason_header_protocol, reason_header_cause: parts of the ``Reason`` header, if the
            other side sent one.
        headers: of the message, where the server has them.
    """

    name: ClassVar[str] = "hangup_call"

    code: int = 0
    reason: str = ""
    reason_header: str = ""
    reason_header_protocol: str = ""
    reason_header_cause: str = ""
    headers: dict[str, str] | None = None


class SipTransfer(SipDetail, frozen=True, kw_only=True):
    """``transfer``: the other side asks us to call somebody else (REFER).

    Do it with ``call(uri=refer_to, refer_id=refer_id)``, on a helper's handle while this call stands, or
    refuse it with ``decline(refer_id=refer_id)``.

    Attributes:
        refer_id: names the transfer to these requests.
        refer_to: whom to call.
        referred_by: who asks for it.
        replaces: the Call-ID of the call that the new one is to replace, if any.
        headers: of the REFER, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "transfer"

    refer_id: int = 0
    refer_to: str = ""
    referred_by: str = ""
    replaces: str = ""
    headers: dict[str, str] | None = None


class SipInfo(SipDetail, frozen=True, kw_only=True):
    """``info``: an INFO came in the call, such as a DTMF digit.

    Attributes:
        sender: the URI that it came from.
        displayname: the sender's name, if there is one.
        type: of the content, such as ``application/dtmf-relay``.
        content: as text.
        headers: of the INFO, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "info"

    sender: str = ""
    displayname: str = ""
    type: str = ""
    content: str = ""
    headers: dict[str, str] | None = None


class SipMessage(SipDetail, frozen=True, kw_only=True):
    """``message``: a MESSAGE came, in a call or outside.

    Attributes:
        sender: the URI that it came from.
        displayname: the sender's name, if there is one.
        content_type: such as ``text/plain``.
        content: as text.
        headers: of the MESSAGE, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "message"

    sender: str = ""
    displayname: str = ""
    content_type: str = ""
    content: str = ""
    headers: dict[str, str] | None = None


class SipMessageDelivery(SipDetail, frozen=True, kw_only=True):
    """``messagedelivery``: what became of a `message`; `call_id` is that of the answer to it.

    Attributes:
        code, reason: the SIP status; 200 if it was delivered.
    """

    name: ClassVar[str] = "messagedelivery"

    code: int = 0
    reason: str = ""


class SipNotify(SipDetail, frozen=True, kw_only=True):
    """``notify``: news of a subscription, or of a transfer that we asked for.

    Attributes:
        notify: the event package; ``refer`` for a transfer.
        substate: ``active``, ``pending`` or ``terminated``.
        content_type: such as ``message/sipfrag``.
        content: as text; for a transfer the status line of the new call.
        headers: of the NOTIFY, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "notify"

    notify: str = ""
    substate: str = ""
    content_type: str = msgspec.field(name="content-type", default="")
    content: str = ""
    headers: dict[str, str] | None = None


class _SipSubscription(SipDetail, frozen=True, kw_only=True):
    code: int = 0
    reason: str = ""
    expires: int | None = None
    headers: dict[str, str] | None = None


class SipSubscribeSucceeded(_SipSubscription, frozen=True, kw_only=True):
    """``subscribe_succeeded``: a subscription stands, or has ended as we asked.

    Attributes:
        code, reason: the SIP status, 200 or 202.
        expires: for how many seconds it stands; 0 when it has ended.
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "subscribe_succeeded"


class SipSubscribeFailed(_SipSubscription, frozen=True, kw_only=True):
    """``subscribe_failed``: a subscription was refused.

    Attributes:
        code, reason: the SIP status.
        expires: not of any meaning here.
        headers: of the answer, if `register` asked for their prefixes.
    """

    name: ClassVar[str] = "subscribe_failed"


class SipDtmf(SipDetail, frozen=True, kw_only=True):
    """``dtmf``: the other side pressed a key, in RTP (RFC 4733); newer servers only.

    Attributes:
        sender: the URI of the other side.
        signal: the key.
        duration: as in the RTP packet, in units of its clock.
    """

    name: ClassVar[str] = "dtmf"

    sender: str = ""
    signal: str = ""
    duration: int = 0


DETAILS: tuple[type[SipDetail], ...] = (
    SipRegisteredEvent,
    SipUnregistered,
    SipRegistrationFailed,
    SipCalling,
    SipRinging,
    SipProceeding,
    SipProgress,
    SipAccepted,
    SipIncomingCall,
    SipUpdatingCall,
    SipMissedCall,
    SipHangingUp,
    SipHangup,
    SipTransfer,
    SipInfo,
    SipMessage,
    SipMessageDelivery,
    SipNotify,
    SipSubscribeSucceeded,
    SipSubscribeFailed,
    SipDtmf,
)

# By the name that Janus gives them; ours of a call's end differs, for the core has one too.
_BY_EVENT = {"hangup" if cls is SipHangup else cls.name: cls for cls in DETAILS}


def detail(data: Mapping[str, Any]) -> type[PluginDetail]:
    """The class for an event's data."""
    result = data.get("result")
    event = result.get("event") if isinstance(result, Mapping) else None
    return _BY_EVENT.get(event, PluginDetail) if isinstance(event, str) else PluginDetail
