"""Real media for the practice gateway's EchoTest: what comes in goes out again. Needs the ``media`` extra."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiortc import RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from janus_notebook.gateway.practice.peer import PracticePeer
from janus_notebook.media.jsep import mapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import RTCDataChannel, RTCRtpTransceiver

    from janus_notebook.gateway.practice.narrowing import Narrowed
    from janus_notebook.media.connection import Connection

__all__ = ["EchoPeer"]

NO_MEDIA_SECS = 1.0  # Janus's no_media_timer
# Frames that wait for the encoder; of more, the oldest go: an echo that is late is no use.
WAITING = {"audio": 10, "video": 1}
DATA_PREFIX = "Janus EchoTest here! You wrote: "


class EchoPeer(PracticePeer):
    """A PeerConnection that sends back audio, video and what comes on data channels.

    Media are decoded and encoded again.
    """

    def __init__(self, notify: Callable[..., None], on_end: Callable[[str], object]) -> None:
        super().__init__(notify, on_end)
        self._tracks: list[EchoTrack] = []
        self._echoed: list[RTCRtpTransceiver] = []
        self._flags = {"audio": True, "video": True}

    def configure(self, *, audio: bool, video: bool) -> None:
        """Choose what is echoed."""
        self._flags = {"audio": audio, "video": video}
        for track in self._tracks:
            track.enabled = self._flags[track.kind]

    async def answer(self, offer: Narrowed, *, trickle: bool) -> dict[str, Any]:
        """Take an offer and return the answer as a ``jsep``.

        Args:
            offer: what is to be answered of the client's offer.
            trickle: send our candidates as ``trickle`` events, rather than in the answer.

        Raises:
            JanusMediaError: aiortc does not understand the offer, or has no answer to it.
        """

        async def step() -> dict[str, Any]:
            pc = self.opened()
            with mapped("the offer was not understood"):
                await pc.setRemoteDescription(RTCSessionDescription(sdp=offer.text, type="offer"))
            for transceiver in pc.getTransceivers():
                # As Janus answers: where nothing comes in, nothing goes out.
                transceiver.direction = "sendrecv" if transceiver in self._echoed else "recvonly"
            with mapped("the offer could not be answered"):
                await pc.setLocalDescription(await pc.createAnswer())
            self.described = True
            await self.add_early()
            answer = self.local(pc, trickle=trickle)
            return answer | {"sdp": offer.restored(answer["sdp"])}

        return await self.in_turn(step)

    def wire(self, pc: Connection) -> None:
        pc.on("track", self._on_track)
        pc.on("datachannel", _echo_channel)

    def release(self) -> None:
        for track in self._tracks:
            track.stop()

    def _on_track(self, source: MediaStreamTrack) -> None:
        assert self._pc is not None
        transceiver = next(t for t in self._pc.getTransceivers() if t.receiver.track is source)
        mid = str(transceiver.mid)

        def receiving(now: bool) -> None:
            self.notify("media", mid=mid, type=source.kind, receiving=now)

        track = EchoTrack(source, receiving)
        track.enabled = self._flags[source.kind]
        self._tracks.append(track)
        self._echoed.append(transceiver)
        transceiver.sender.replaceTrack(track)
        self.run(track.drain())


def _echo_channel(channel: RTCDataChannel) -> None:
    def echo(data: str | bytes) -> None:
        channel.send(DATA_PREFIX + data if isinstance(data, str) else data)

    channel.on("message", echo)


class EchoTrack(MediaStreamTrack):
    """Gives out the frames of another track.

    Args:
        source: the received track.
        receiving: told True when frames come, and False when none has come for `NO_MEDIA_SECS`.

    Attributes:
        enabled: whether frames go out; they are taken in any case.
    """

    def __init__(self, source: MediaStreamTrack, receiving: Callable[[bool], None]) -> None:
        super().__init__()
        self.kind = source.kind
        self.enabled = True
        self._source = source
        self._receiving = receiving
        self._frames: asyncio.Queue[Any] = asyncio.Queue()

    async def recv(self) -> Any:
        """Return the next frame; aiortc's sender calls this."""
        frame = await self._frames.get()
        if frame is None:
            self.stop()
            raise MediaStreamError
        return frame

    async def drain(self) -> None:
        """Take frames until there are no more."""
        coming = False
        try:
            while True:
                try:
                    async with asyncio.timeout(NO_MEDIA_SECS if coming else None):
                        frame = await self._source.recv()
                except TimeoutError:
                    coming = False
                    self._receiving(False)
                    continue
                if not coming:
                    coming = True
                    self._receiving(True)
                if self.enabled:
                    if self._frames.qsize() >= WAITING[self.kind]:
                        self._frames.get_nowait()
                    self._frames.put_nowait(frame)
        except MediaStreamError:
            pass  # the other side, or the connection, has ended
        finally:
            self._frames.put_nowait(None)
