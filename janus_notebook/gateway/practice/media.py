"""Real media for the practice gateway's EchoTest: what comes in goes out again. Needs the ``media`` extra."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiortc import RTCConfiguration, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy

from janus_notebook.errors import JanusMediaError
from janus_notebook.media import require_media
from janus_notebook.media import sdp as sdp_text
from janus_notebook.media.connection import Connection
from janus_notebook.media.ice import parsed_candidate
from janus_notebook.media.jsep import mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiortc import RTCDataChannel

__all__ = ["EchoPeer"]

LOOPBACK = "127.0.0.1"
NO_MEDIA_SECS = 1.0  # Janus's no_media_timer
# Frames that wait for the encoder; of more, the oldest go: an echo that is late is no use.
WAITING = {"audio": 10, "video": 1}
DATA_PREFIX = "Janus EchoTest here! You wrote: "


class EchoPeer:
    """The gateway's side of one PeerConnection, on the running loop.

    Media are decoded and encoded again. Once made, it must be closed.

    Args:
        notify: sends a core event: its kind, and its fields by name.
        on_end: called with Janus's reason when the connection has ended by itself.

    Attributes:
        described: whether an offer has been answered.
    """

    def __init__(self, notify: Callable[..., None], on_end: Callable[[str], object]) -> None:
        require_media("the echo")
        self._notify = notify
        self._on_end = on_end
        self._pc: LoopbackConnection | None = None
        self._tracks: list[EchoTrack] = []
        self._flags = {"audio": True, "video": True}
        self._early: list[Mapping[str, Any]] = []
        self.described = False
        self._work: set[asyncio.Task[Any]] = set()
        self._up = self._ended = False
        self._turn = asyncio.Lock()

    def configure(self, *, audio: bool, video: bool) -> None:
        """Choose what is echoed."""
        self._flags = {"audio": audio, "video": video}
        for track in self._tracks:
            track.enabled = self._flags[track.kind]

    def add_candidates(self, candidates: Iterable[Mapping[str, Any]]) -> None:
        """Take the client's candidates, which may come before its offer. Those that are none are dropped."""
        self._early += candidates
        if self.described and not self._ended:
            self._run(self._add_early())

    async def answer(self, jsep: Mapping[str, Any], *, trickle: bool) -> dict[str, Any]:
        """Take an offer and return the answer as a ``jsep``.

        It runs to its end even when the caller is cancelled, as aiortc leaves its sockets otherwise.

        Args:
            jsep: the offer.
            trickle: send our candidates as ``trickle`` events, rather than in the answer.

        Raises:
            JanusMediaError: aiortc does not understand the offer, or has no answer to it.
        """
        return await asyncio.shield(self._run(self._answer(jsep["sdp"], trickle)))

    async def close(self) -> None:
        """End the connection and all that belongs to it. Idempotent."""
        self._ended = True
        async with self._turn:
            if self._pc is not None:
                await self._pc.shut()
            for track in self._tracks:
                track.stop()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    # --- inside

    async def _answer(self, sdp: str, trickle: bool) -> dict[str, Any]:
        async with self._turn:
            if self._ended:
                raise JanusMediaError("the PeerConnection is closed")
            pc = self._opened()
            with mapped("the offer was not understood"):
                await pc.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
            for transceiver in pc.getTransceivers():
                # As Janus answers: nothing comes in that could go out again.
                transceiver.direction = "sendrecv" if transceiver.sender.track is not None else "recvonly"
            with mapped("the offer could not be answered"):
                await pc.setLocalDescription(await pc.createAnswer())
            self.described = True
            await self._add_early()
            text = pc.localDescription.sdp
            if trickle:
                for candidate in [*sdp_text.local_candidates(text), {"completed": True}]:
                    self._notify("trickle", candidate=candidate)
                text = sdp_text.without_candidates(text)
            return {"type": "answer", "sdp": text}

    def _opened(self) -> LoopbackConnection:
        if self._pc is None:
            # An empty list, not None: None means a public STUN server to aiortc.
            config = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
            self._pc = LoopbackConnection(config, self._changed)
            self._pc.on("track", self._on_track)
            self._pc.on("datachannel", self._on_channel)
        return self._pc

    async def _add_early(self) -> None:
        assert self._pc is not None
        while self._early:
            candidate = self._early.pop(0)
            try:
                parsed_candidate(candidate)
            except JanusMediaError:
                continue  # Janus has said ack to it, and drops it as well
            await self._pc.add_trickled(candidate)

    def _on_track(self, source: MediaStreamTrack) -> None:
        assert self._pc is not None
        transceiver = next(t for t in self._pc.getTransceivers() if t.receiver.track is source)
        mid = str(transceiver.mid)

        def receiving(now: bool) -> None:
            self._notify("media", mid=mid, type=source.kind, receiving=now)

        track = EchoTrack(source, receiving)
        track.enabled = self._flags[source.kind]
        self._tracks.append(track)
        transceiver.sender.replaceTrack(track)
        self._run(track.drain())

    @staticmethod
    def _on_channel(channel: RTCDataChannel) -> None:
        def echo(data: str | bytes) -> None:
            channel.send(DATA_PREFIX + data if isinstance(data, str) else data)

        channel.on("message", echo)

    def _changed(self) -> None:
        pc = self._pc
        if pc is None or self._ended:
            return
        if pc.connectionState == "connected" and not self._up:
            self._up = True
            self._notify("webrtcup")
        elif pc.failure is not None or pc.connectionState in ("failed", "closed"):
            self._ended = True
            self._on_end(_reason(pc))

    def _run(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(work, name="janus-practice-echo")
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task


def _reason(pc: Connection) -> str:
    """Return Janus's word for why a connection ended."""
    if pc.iceConnectionState == "failed":
        return "ICE failed"
    if pc.failure is not None or pc.connectionState == "failed":
        return "DTLS error"
    return "DTLS alert"  # the other side said goodbye


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


class LoopbackConnection(Connection):
    """A `Connection` that can be reached over loopback too.

    aioice leaves 127.0.0.1 out. The practice gateway and its client are on one machine, so that without
    any network they have only this address.
    """

    async def setLocalDescription(  # noqa: N802 (aiortc's name)
        self,
        sessionDescription: RTCSessionDescription | None = None,  # noqa: N803 (aiortc's name)
    ) -> None:
        for transceiver in self.getTransceivers():
            _also_on_loopback(transceiver.receiver.transport)
        if self.sctp is not None:
            _also_on_loopback(self.sctp.transport)
        await super().setLocalDescription(sessionDescription)


def _also_on_loopback(dtls: Any) -> None:
    """Let the transport's ICE gather 127.0.0.1 as well. aiortc has no option for it."""
    ice = dtls.transport.iceGatherer._connection
    gather = ice.get_component_candidates

    async def with_loopback(component: int, addresses: list[str], *args: Any, **kwargs: Any) -> Any:
        return await gather(component, [*(a for a in addresses if a != LOOPBACK), LOOPBACK], *args, **kwargs)

    ice.get_component_candidates = with_loopback
