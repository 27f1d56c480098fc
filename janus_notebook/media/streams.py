"""aiortc's senders and receivers, able to take what a later negotiation has agreed on."""

from __future__ import annotations

import asyncio
import copy
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.codecs import get_encoder, is_rtx
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    unpack_remb_fci,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters, RTCRtpSendParameters

__all__ = ["STALL_SECONDS", "Receiver", "Sender"]

# A source that gives nothing for so long is no longer thought to be slow.
STALL_SECONDS = 5.0
# Below it no codec makes a picture of any use.
LEAST_BITRATE = 30_000


class Outlet(MediaStreamTrack):
    """What a sender reads: a source that may change, or come to its end, without the sender's notice.

    aiortc's sender is at its end once its track is, and stops the track that it was given; a source that
    somebody passed in is not ours to stop.

    Args:
        kind: ``"audio"`` or ``"video"``.
        on_switch: called before the first frame of another source is given out.

    Attributes:
        on_stall: called when the source has given nothing for `STALL_SECONDS`, once until it does again.
    """

    def __init__(self, kind: str, on_switch: Callable[[], None]) -> None:
        super().__init__()
        self.on_stall: Callable[[], None] | None = None
        self.kind = kind
        self._on_switch = on_switch
        self._source: MediaStreamTrack | None = None
        self._switched = asyncio.Event()
        self._reading: asyncio.Task[Any] | None = None
        self._interrupted = False

    def use(self, source: MediaStreamTrack | None) -> None:
        """Read from `source` from now on; None gives nothing."""
        if source is not self._source:
            self._source = source
            self._switched.set()
            if self._reading is not None and not self._interrupted:
                self._interrupted = True
                self._reading.cancel()  # what it waits for may never come

    async def recv(self) -> Any:
        """Return the next frame of the source that there is then."""
        while True:
            source = self._source
            if source is None:
                self._switched.clear()
                await self._switched.wait()
                continue
            # No task of its own: it would cost the loop two more rounds for each frame.
            reading = self._reading = asyncio.current_task()
            stall = asyncio.get_running_loop().call_later(STALL_SECONDS, self._stalled)
            frame = None
            try:
                frame = await source.recv()
            except MediaStreamError:
                if self._source is source:
                    self._source = None
            except asyncio.CancelledError:
                if not self._interrupted or (reading is not None and reading.cancelling() > 1):
                    raise
            finally:
                stall.cancel()
                self._reading = None
                if self._interrupted and reading is not None:
                    reading.uncancel()
                self._interrupted = False
            if frame is None:
                continue
            if self._source is not source:
                # The last frame of what was replaced meanwhile: given out now, it would be taken for the
                # first of the new source, whose own times are earlier, which no encoder takes.
                continue
            if self._switched.is_set():
                self._switched.clear()
                self._on_switch()
            return frame

    def _stalled(self) -> None:
        if self.on_stall is not None:
            self.on_stall()


class Sender(RTCRtpSender):
    """A sender whose source and codec may change while it sends; aiortc's keeps the first codec.

    The SSRC stays, as in a browser, so that Janus and whoever receives it need not be told; timestamps
    go on with the clock from one source to the next.

    Attributes:
        keyframe_requests: how often the other side has asked for a whole picture (PLI, FIR).
        remb: the most that the other side wants to get of video, in bits a second, as it last said; or None.
    """

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        self._outlet = Outlet(kind, self._begin)
        self._agreed: RTCRtpCodecParameters | None = None
        self._shift: int | None = 0
        self._last: tuple[float, int] | None = None
        self._bitrate: int | None = None
        self.keyframe_requests = 0
        self.remb: int | None = None
        super().__init__(self._outlet, transport)

    def use(
        self,
        source: MediaStreamTrack | None,
        *,
        bitrate: int | None = None,
        on_stall: Callable[[], None] | None = None,
    ) -> None:
        """Send `source` from now on; None sends nothing.

        Args:
            source: what to send.
            bitrate: of video, in bits a second: what the encoder aims at, unless the other side wants
                less. None leaves it to the encoder.
            on_stall: see `Outlet`.
        """
        self._bitrate = bitrate
        self._limit()
        self._outlet.on_stall = on_stall
        self._outlet.use(source)

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Send as agreed from now on."""
        codecs = parameters.codecs
        if self._agreed is None:
            # The sending task reads this object for each packet.
            parameters.codecs = [copy.copy(codecs[0]), *codecs[1:]]
            self._agreed = parameters.codecs[0]
            self._begin()
            self._shift = 0
            await super().send(parameters)
        elif _format(codecs[0]) != _format(self._agreed):
            inside: Any = self
            vars(self._agreed).update(vars(codecs[0]))
            self._begin()
            inside._RTCRtpSender__rtx_payload_type = next(
                (c.payloadType for c in codecs if is_rtx(c) and c.parameters["apt"] == codecs[0].payloadType),
                None,
            )

    def _begin(self) -> None:
        """What comes next has nothing to do with what was sent before: a new encoder, and its own times."""
        inside: Any = self
        # Made here and not by aiortc at the next frame, so that its first picture keeps to the bitrate.
        inside._RTCRtpSender__encoder = get_encoder(self._agreed) if self._agreed is not None else None
        self._limit()
        self._shift = None

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        await super()._handle_rtcp_packet(packet)
        if not isinstance(packet, RtcpPsfbPacket):
            return
        if packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            self.keyframe_requests += 1
        elif packet.fmt == RTCP_PSFB_APP:
            with suppress(ValueError):  # some other message of an application
                bitrate, ssrcs = unpack_remb_fci(packet.fci)
                if self._ssrc in ssrcs:
                    self.remb = bitrate
                    self._limit()

    def _limit(self) -> None:
        """Have the encoder keep to what was asked for here, and by the other side."""
        inside: Any = self
        encoder = inside._RTCRtpSender__encoder
        if encoder is None or not hasattr(encoder, "target_bitrate"):
            return
        if self.remb is not None:
            encoder.target_bitrate = self.remb  # aiortc keeps it between the bounds of each codec
        asked = [rate for rate in (self._bitrate, self.remb) if rate is not None]
        # aiortc's lower bound is above what a server may ask for, its upper one below what a user may.
        if asked and (self._bitrate is not None or min(asked) < encoder.target_bitrate):
            field = f"_{type(encoder).__name__}__target_bitrate"
            if hasattr(encoder, field):
                setattr(encoder, field, max(min(asked), LEAST_BITRATE))

    async def _next_encoded_frame(self, codec: RTCRtpCodecParameters) -> Any:
        encoded = await super()._next_encoded_frame(codec)
        if encoded is not None:
            now = asyncio.get_running_loop().time()
            if self._shift is None:
                self._shift = 0
                if self._last is not None:
                    then, stamp = self._last
                    self._shift = stamp + int((now - then) * codec.clockRate) - encoded.timestamp
            self._last = now, encoded.timestamp + self._shift
            encoded.timestamp = self._last[1] & 0xFFFFFFFF
        return encoded


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
