"""The data channel of the practice gateway's TextRoom. Needs the ``media`` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiortc import RTCSessionDescription

from janus_notebook.gateway.practice.peer import PracticePeer
from janus_notebook.media.jsep import mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiortc import RTCDataChannel

    from janus_notebook.media.connection import Connection

__all__ = ["ChannelPeer"]

LABEL = "JanusDataChannel"
PLACEHOLDER = 1022  # id of a channel that nobody opens: without one aiortc has nothing to offer


class ChannelPeer(PracticePeer):
    """A PeerConnection that offers data channels. Texts come on any, and go out on `LABEL`.

    Args:
        notify, on_end: as in `PracticePeer`.
        hear: takes each text.
    """

    def __init__(
        self, notify: Callable[..., None], on_end: Callable[[str], object], hear: Callable[[str], None]
    ) -> None:
        super().__init__(notify, on_end)
        self._hear = hear
        self._out: RTCDataChannel | None = None

    def wire(self, pc: Connection) -> None:
        pc.createDataChannel("practice", negotiated=True, id=PLACEHOLDER)
        pc.on("datachannel", self._on_channel)

    def send(self, text: str) -> None:
        """Send a text, unless the connection has ended."""
        if self._pc is None or self._ended:
            return
        if self._out is None:
            # The client opened one with another label; Janus opens this one then.
            self._out = self._pc.createDataChannel(LABEL)
        if self._out.readyState == "open":
            self._out.send(text)
        elif self._out.readyState == "connecting":
            self._out.on("open", lambda out=self._out: out.send(text))

    async def offer(self, *, trickle: bool) -> dict[str, Any]:
        """Return the offer as a ``jsep``.

        Raises:
            JanusMediaError: it could not be made.
        """

        async def step() -> dict[str, Any]:
            pc = self.opened()
            with mapped("the offer could not be made"):
                await pc.setLocalDescription(await pc.createOffer())
            return self.local(pc, trickle=trickle)

        return await self.in_turn(step)

    async def accept(self, jsep: Mapping[str, Any]) -> None:
        """Take the client's answer.

        Raises:
            JanusMediaError: it does not fit the offer.
        """

        async def step() -> None:
            pc = self.opened()
            with mapped("the answer was not understood"):
                await pc.setRemoteDescription(RTCSessionDescription(sdp=jsep["sdp"], type="answer"))
            self.described = True
            await self.add_early()

        await self.in_turn(step)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label == LABEL:
            self._out = channel

        def heard(data: str | bytes) -> None:
            if isinstance(data, str):
                self._hear(data)

        channel.on("message", heard)
