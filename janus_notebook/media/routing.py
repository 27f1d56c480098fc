"""Which receiver an RTP packet belongs to, on a connection whose media sections come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiortc.rtcdtlstransport import RtpRouter

if TYPE_CHECKING:
    from aiortc.rtp import RtpPacket

__all__ = ["Router"]


class Router(RtpRouter):
    """aiortc's router, made for more than one negotiation.

    aiortc gives a packet of an unknown SSRC to the only receiver of its payload type, and never looks
    at the mid that the packet carries. After a section went inactive, the packets that were still on
    their way would so end up in the decoder of another one. Here the mid decides where there is one
    (RFC 8843, section 9.2), and an SSRC whose receiver is gone stays silent until it is announced anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self._silenced: set[int] = set()

    def register_receiver(
        self, receiver: Any, ssrcs: list[int], payload_types: list[int], mid: str | None = None
    ) -> None:
        """Send packets with these marks to `receiver`, beside those it gets already."""
        self._silenced.difference_update(ssrcs)
        super().register_receiver(receiver, ssrcs, payload_types, mid)

    def unregister_receiver(self, receiver: Any) -> None:
        """Send nothing more to `receiver`."""
        self._silenced.update(ssrc for ssrc, user in self.ssrc_table.items() if user is receiver)
        super().unregister_receiver(receiver)

    def route_rtp(self, packet: RtpPacket) -> Any:
        """Return the receiver of a packet, or None."""
        mid = packet.extensions.mid
        if mid is not None:
            receiver = self.mid_table.get(mid)
            if receiver is not None:
                self.ssrc_table[packet.ssrc] = receiver  # its RTCP, which has no mid, goes there, too
            return receiver
        return None if packet.ssrc in self._silenced else super().route_rtp(packet)
