"""One WebRTC peer connection: offer or answer, candidates, sources out, tracks in."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from aiortc import RTCConfiguration, RTCIceServer, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.media import sdp as sdp_text
from janus_notebook.media.connection import Connection
from janus_notebook.media.facts import facts, stats_by_mid
from janus_notebook.media.ice import checked_servers, masked_server, parsed_candidate
from janus_notebook.media.jsep import described, mapped
from janus_notebook.media.sources import ArraySource, source_track
from janus_notebook.media.tracks import ReceivedTrack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from aiortc import MediaStreamTrack

__all__ = ["Peer"]

KINDS = ("audio", "video")


class Peer:
    """A peer connection on the running asyncio loop. It negotiates once; make a new one for the next.

    Nothing is sent, and no socket opened, before `offer` or `answer`; from then on, also if they
    failed, it must be closed. Sources that the peer makes itself are stopped by `close`; a track
    that you pass in stays yours.

    Args:
        ice_servers: STUN and TURN servers as dicts with ``urls`` and, for TURN, ``username`` and
            ``credential``. None by default: no public server is ever asked.
        on_change: called with no arguments, on the loop, after a state has changed or a track has
            come or gone; several changes at once make one call. May be set later.
        on_source_failure: called with the error, on the loop, when the function or iterator that
            gives our pictures has failed while it is sent. May be set later.

    Raises:
        JanusOptionError: `ice_servers` is not a list of such dicts.
    """

    def __init__(
        self,
        *,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        on_change: Callable[[], None] | None = None,
        on_source_failure: Callable[[JanusMediaError], None] | None = None,
    ) -> None:
        self.on_change = on_change
        self.on_source_failure = on_source_failure
        self._ice_servers = checked_servers(ice_servers)
        self._pc: Connection | None = None
        self._tracks: list[ReceivedTrack] = []
        self._sources: dict[str, MediaStreamTrack] = {}
        self._owned: list[MediaStreamTrack] = []
        self._receive: tuple[str, ...] = KINDS
        self._remote_set = False
        self._early: list[Mapping[str, Any]] = []
        self._local: list[dict[str, Any]] | None = None
        self._changed = asyncio.Event()
        self._change_due = False
        self._was_connected = False
        self._closing: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        servers = [masked_server(server) for server in self._ice_servers]
        return f"<Peer {self.state}, tracks: {_listed(self._tracks)}, ice_servers={servers}>"

    # --- negotiation

    async def prepare(self, *, video: object = None, audio: object = None) -> None:
        """Choose what to send, and make the first picture of a function or iterator.

        `offer` and `answer` do this with their own arguments. On its own it can be cancelled with
        nothing to undo, however long the picture takes; then call them without sources.

        Args:
            video, audio: what to send; None sends nothing of that kind. See `sources.ACCEPTED`.

        Raises:
            JanusOptionError: a source that cannot be sent, or its first picture is wrong.
            JanusStateError: this peer has negotiated before, or is closed.
            JanusMediaError: the function or iterator raised; its error is the cause.
        """
        self._check_unused()
        given = {"audio": audio, "video": video}
        chosen = {
            kind: source_track(kind, source)
            for kind, source in given.items()
            if source is not None and source is not False
        }
        self._owned += [track for track, made_here in chosen.values() if made_here]
        for kind, (track, _) in chosen.items():
            if isinstance(track, ArraySource):
                await track.prepare()
                track.on("ended", partial(self._source_ended, kind, track))
        self._sources = {kind: track for kind, (track, _) in chosen.items()}

    async def offer(
        self,
        *,
        video: object = None,
        audio: object = None,
        receive: Collection[str] = KINDS,
        trickle: bool = False,
    ) -> dict[str, Any]:
        """Return an offer as Janus's ``jsep``: ``type``, ``sdp``, ``trickle``.

        Args:
            video, audio: what to send; see `sources.ACCEPTED`. If both are None, what `prepare` chose.
            receive: the kinds to ask for: ``"audio"``, ``"video"``, both or none.
            trickle: leave the candidates out of the SDP; send `candidates()` by ``trickle``.

        Raises:
            JanusOptionError: a source that cannot be sent, or nothing to send or receive.
            JanusStateError: this peer has negotiated before, or is closed.
            JanusMediaError: the offer could not be made, as with no network to reach, or a source failed.
        """
        await self._begin(video, audio, receive)
        if not self._sources and not self._receive:
            raise JanusOptionError("there is nothing to offer", hint="Give video=, audio= or receive=.")
        pc = self._open()
        for kind in KINDS:
            if kind in self._sources:
                direction = "sendrecv" if kind in self._receive else "sendonly"
                pc.addTransceiver(self._sources[kind], direction)
            elif kind in self._receive:
                pc.addTransceiver(kind, "recvonly")
        with mapped("the offer could not be made"):
            await pc.setLocalDescription(await pc.createOffer())
        return self._described(pc, trickle)

    async def accept(self, jsep: Mapping[str, Any]) -> None:
        """Take the answer to our offer.

        Raises:
            JanusOptionError: `jsep` is not an answer.
            JanusStateError: no offer waits for one.
            JanusMediaError: the answer does not fit the offer, or cannot be parsed.
        """
        description = described(jsep, "answer")
        if self._pc is None or self._closing or self._pc.signalingState != "have-local-offer":
            raise JanusStateError(f"no offer waits for an answer (the peer is {self.state})")
        description.sdp = sdp_text.rejected_as_inactive(description.sdp, self._pc.localDescription.sdp)
        await self._set_remote(self._pc, description)

    async def answer(
        self,
        jsep: Mapping[str, Any],
        *,
        video: object = None,
        audio: object = None,
        receive: Collection[str] = KINDS,
        trickle: bool = False,
    ) -> dict[str, Any]:
        """Take an offer and return the answer as Janus's ``jsep``. The rest is as in `offer`.

        Raises:
            JanusOptionError: `jsep` is not an offer, a source cannot be sent, or the offer
                has no section for it.
            JanusStateError: this peer has negotiated before, or is closed.
            JanusMediaError: the offer cannot be parsed or answered, or a source failed.
        """
        description = described(jsep, "offer")
        await self._begin(video, audio, receive)
        pc = self._open()
        await self._set_remote(pc, description)
        for transceiver in pc.getTransceivers():
            transceiver.direction = "recvonly" if transceiver.kind in self._receive else "inactive"
        for kind, track in self._sources.items():
            if kind not in {transceiver.kind for transceiver in pc.getTransceivers()}:
                raise JanusOptionError(f"the offer has no {kind} section to send {kind} in")
            pc.addTrack(track)
        with mapped("the offer could not be answered"):
            await pc.setLocalDescription(await pc.createAnswer())
        return self._described(pc, trickle)

    async def add_candidate(self, candidate: Mapping[str, Any] | None) -> None:
        """Take a candidate of the other side, as Janus's ``trickle`` carries it.

        It may come before the description, and is kept until then. As all media share one
        transport, candidates of any section but the first are ignored. ``{"completed": True}``,
        None or an empty candidate mean that no more will come.

        Raises:
            JanusMediaError: the text is not a candidate (RFC 8839, section 5.1).
        """
        if self._closing:
            return
        candidate = candidate or {"completed": True}
        if not self._remote_set or self._pc is None:
            parsed_candidate(candidate)  # raises for the one who brought it
            self._early.append(dict(candidate))
            return
        await self._pc.add_trickled(candidate)

    def candidates(self) -> list[dict[str, Any]]:
        """Return what to send by ``trickle``: each local candidate, then ``{"completed": True}``.

        Raises:
            JanusStateError: there is no local description yet.
        """
        return [*self.local_candidates, {"completed": True}]

    @property
    def local_candidates(self) -> list[dict[str, Any]]:
        """Our own candidates, all known as soon as there is an offer or answer."""
        if self._local is None:
            raise JanusStateError("there are no candidates yet", hint="Make an offer or an answer first.")
        return [dict(candidate) for candidate in self._local]

    # --- state

    @property
    def state(self) -> str:
        """``new``, ``connecting``, ``connected``, ``failed`` or ``closed``."""
        if self._closing:
            return "closed"
        if self._pc is None:
            return "new"
        if self._pc.failure is not None:
            return "failed"
        return str(self._pc.connectionState)

    def facts(self) -> dict[str, Any]:
        """Return what is known now, as plain data.

        ``state``, ``signaling``, ``ice_gathering``, ``ice``, ``dtls`` are words of the WebRTC
        standard; ``pair`` is the candidate pair in use or None; ``sources`` tells for each kind
        that is sent whether it is ``live`` or how it ended; ``tracks`` lists what is received.
        """
        return facts(self.state, self._pc, self._sources, self._tracks)

    async def connected(self, timeout: float = 15.0) -> None:
        """Wait until ICE and DTLS are through and media can flow.

        Args:
            timeout: seconds.

        Raises:
            JanusTimeoutError: not within `timeout`; says which step it hangs in.
            JanusMediaError: ICE or DTLS failed, or the connection was closed.
        """
        try:
            async with asyncio.timeout(timeout):
                while self.state != "connected":
                    if self.state in ("failed", "closed"):
                        if self._closing or self._pc is None:
                            raise JanusMediaError("not connected: it was closed")
                        what, hint = self._pc.broken_step()
                        raise JanusMediaError(f"not connected: {what}", hint=hint) from self._pc.failure
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as exc:
            step, hint = self._pc.missing_step() if self._pc else ("there is no offer or answer yet", "")
            raise JanusTimeoutError(f"not connected within {timeout:g} s: {step}", hint=hint) from exc

    @property
    def tracks(self) -> tuple[ReceivedTrack, ...]:
        """The received tracks, in the order of the media sections."""
        return tuple(self._tracks)

    def track(self, which: str) -> ReceivedTrack:
        """Return the first track of a kind (``"audio"``, ``"video"``), or the one with that mid.

        Raises:
            JanusMediaError: there is none; names those there are.
        """
        for track in self._tracks:
            if which in (track.kind, track.mid):
                return track
        hint = "" if self._remote_set else "Tracks appear with the other side's description."
        raise JanusMediaError(
            f"no track {which!r} is received; there are: {_listed(self._tracks)}", hint=hint
        )

    async def stats(self) -> dict[str, Any]:
        """Return counters as plain data: ``transport``, and ``media`` by mid. See `facts.stats_by_mid`."""
        if self._pc is None:
            return {"transport": {}, "media": {}}
        return await stats_by_mid(self._pc, {track.mid: track.frames_received for track in self._tracks})

    async def close(self) -> None:
        """End the connection, its tracks and the sources made for it. Idempotent.

        It runs to its end even when the caller is cancelled.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="janus-peer-close")
        await asyncio.shield(self._closing)

    # --- inside

    def _check_unused(self) -> None:
        if self._pc is not None or self._closing:
            raise JanusStateError(f"this peer is {self.state}", hint="Make a new Peer to negotiate again.")

    async def _begin(self, video: object, audio: object, receive: Collection[str]) -> None:
        """Check the arguments of a negotiation and keep them."""
        kinds = (receive,) if isinstance(receive, str) else tuple(receive)
        for kind in kinds:
            if kind not in KINDS:
                raise JanusOptionError.unknown("kind of media in receive", str(kind), KINDS)
        if video is not None or audio is not None:
            await self.prepare(video=video, audio=audio)
        self._check_unused()  # also after the first picture, which may have taken a while
        self._receive = kinds

    def _open(self) -> Connection:
        servers = [RTCIceServer(**server) for server in self._ice_servers]
        # An empty list, not None: None means a public STUN server to aiortc.
        config = RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        pc = self._pc = Connection(config, self._notify)
        pc.on("track", self._on_track)
        return pc

    async def _set_remote(self, pc: Connection, description: RTCSessionDescription) -> None:
        with mapped(f"the {description.type} was not understood"):
            await pc.setRemoteDescription(description)
        while self._early:
            await pc.add_trickled(self._early.pop(0))
        self._remote_set = True  # only now, so that candidates that come meanwhile keep their order

    def _described(self, pc: Connection, trickle: bool) -> dict[str, Any]:
        """Return the local description as jsep, and keep our candidates."""
        description = pc.localDescription
        self._local = sdp_text.local_candidates(description.sdp)
        if not self._local:
            raise JanusMediaError(
                "ICE found no address of this machine to use",
                hint="Is a network interface up?",
            )
        text = sdp_text.without_candidates(description.sdp) if trickle else description.sdp
        return {"type": description.type, "sdp": text, "trickle": trickle}

    def _on_track(self, source: MediaStreamTrack) -> None:
        pc = self._pc
        if pc is None or source.kind not in self._receive:
            return
        transceiver = next(t for t in pc.getTransceivers() if t.receiver.track is source)
        track = ReceivedTrack(source, str(transceiver.mid), self._unsent)
        self._tracks.append(track)
        track.start(self._notify)
        self._notify()

    def _source_ended(self, kind: str, source: ArraySource) -> None:
        if source.error is not None and not self._closing and self.on_source_failure is not None:
            error = JanusMediaError(f"{kind} is no longer sent: {source.error}")
            error.__cause__ = source.error
            self.on_source_failure(error)

    def _unsent(self, kind: str) -> str:
        """Return why a source of ours gives no more, as a sentence; "" if it does, or there is none."""
        source = self._sources.get(kind)
        if source is None or source.readyState == "live":
            return ""
        why = getattr(source, "error", None) or "its source has ended."
        return f"Our own {kind} is no longer sent: {why}"

    def _notify(self) -> None:
        """Wake `connected`, and tell the owner once the loop comes round."""
        self._was_connected = self._was_connected or self.state == "connected"
        self._changed.set()
        if not self._change_due:
            self._change_due = True
            # From the loop, so that an error in the callback is reported there and harms nothing here.
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._change_due = False
        if self.on_change is not None:
            self.on_change()

    async def _close(self) -> None:
        for source in self._owned:
            source.stop()
        for track in self._tracks:
            track.end("the peer connection was closed")
        try:
            if self._pc is not None:
                await self._pc.shut()
        finally:
            for track in self._tracks:
                # Once connected, the decoder's thread tells each track of its end; that message
                # must find its reader.
                await track.close(grace=1.0 if self._was_connected else 0.0)
        self._notify()
        await asyncio.sleep(0)  # the turn of the loop in which `on_change` hears of it


def _listed(tracks: Iterable[ReceivedTrack]) -> str:
    return ", ".join(f"{track.kind} (mid {track.mid})" for track in tracks) or "none"
