"""aiortc's senders and receivers, able to take what a later negotiation has agreed on."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.codecs import is_rtx
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

if TYPE_CHECKING:
    from aiortc import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters, RTCRtpSendParameters

__all__ = ["Receiver", "Sender"]


class Lent(MediaStreamTrack):
    """A track to send that stays its owner's: aiortc's sender stops the track that it was given."""

    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = source.kind
        self._source = source

    async def recv(self) -> Any:
        """Return the source's next frame."""
        if self.readyState != "live":
            raise MediaStreamError
        return await self._source.recv()


class Sender(RTCRtpSender):
    """A sender whose codec may change while it sends; aiortc's keeps the first one.

    Args:
        source: the track to send, or only its kind.
        transport: what it is sent over.
    """

    def __init__(self, source: MediaStreamTrack | str, transport: RTCDtlsTransport) -> None:
        super().__init__(source if isinstance(source, str) else Lent(source), transport)
        self._agreed: RTCRtpCodecParameters | None = None

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Send as agreed from now on."""
        codecs = parameters.codecs
        if self._agreed is None:
            # The sending task reads this object for each packet.
            parameters.codecs = [copy.copy(codecs[0]), *codecs[1:]]
            self._agreed = parameters.codecs[0]
            await super().send(parameters)
        elif _format(codecs[0]) != _format(self._agreed):
            inside: Any = self
            vars(self._agreed).update(vars(codecs[0]))
            inside._RTCRtpSender__encoder = None  # the next frame makes the right one
            inside._RTCRtpSender__rtx_payload_type = next(
                (c.payloadType for c in codecs if is_rtx(c) and c.parameters["apt"] == codecs[0].payloadType),
                None,
            )


class Receiver(RTCRtpReceiver):
    """A receiver that learns of formats agreed on later; aiortc's knows the first ones only."""

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Receive what was agreed from now on, beside what was agreed before."""
        inside: Any = self
        if not inside._RTCRtpReceiver__started:
            await super().receive(parameters)
            return
        inside._RTCRtpReceiver__codecs.update({codec.payloadType: codec for codec in parameters.codecs})
        inside._RTCRtpReceiver__rtx_ssrc.update({e.rtx.ssrc: e.ssrc for e in parameters.encodings if e.rtx})
        inside.transport._register_rtp_receiver(self, parameters)


def _format(codec: RTCRtpCodecParameters) -> tuple[str, int | None]:
    return codec.mimeType.lower(), codec.payloadType
