"""One WebRTC peer connection: offer or answer, candidates, sources out, tracks in."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from aiortc import RTCConfiguration, RTCIceServer, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.media import sdp as sdp_text
from janus_notebook.media.channels import DataChannel
from janus_notebook.media.connection import Connection
from janus_notebook.media.facts import facts, stats_by_mid
from janus_notebook.media.ice import checked_servers, masked_server, parsed_candidate
from janus_notebook.media.jsep import described, mapped, unknown_formats
from janus_notebook.media.recorder import MediaRecording, record
from janus_notebook.media.sending import Sending
from janus_notebook.media.tracks import ReceivedTrack
from janus_notebook.texts import NAME_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from aiortc import MediaStreamTrack, RTCDataChannel, RTCRtpTransceiver

__all__ = ["Peer"]

KINDS = ("audio", "video")
# The label that Janus and its own clients use where nothing else is said.
DEFAULT_LABEL = "JanusDataChannel"


class Peer:
    """A peer connection on the running asyncio loop.

    It negotiates any number of times, by `offer` and `accept` or by `answer`, in any order. Nothing is
    sent, and no socket opened, before the first of them; from then on, also if it failed, the peer must
    be closed. Sources that it makes itself are stopped by `close`, or when they are replaced; a track
    that you pass in stays yours.

    Args:
        ice_servers: STUN and TURN servers as dicts with ``urls`` and, for TURN, ``username`` and
            ``credential``. None by default: no public server is ever asked.
        on_change: called with no arguments, on the loop, after a state has changed, or a track has
            come, given its first frame, or gone; several changes at once make one call. May be set later.
        on_source_failure: called with the error, on the loop, when a source has failed or stalled while it
            is sent, or the other side does not take it. May be set later.

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
        self._tracks: dict[str, ReceivedTrack] = {}
        self._past_tracks: set[ReceivedTrack] = set()
        self._channels: dict[str, DataChannel] = {}
        self._sending = Sending(self._source_failed, self._notify)
        self._received_before: tuple[str, ...] = KINDS
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
        return f"<Peer {self.state}, tracks: {_listed(self.tracks)}, ice_servers={servers}>"

    # --- negotiation

    async def prepare(
        self,
        *,
        video: object = None,
        audio: object = None,
        codecs: Sequence[str] | None = None,
        bitrate: int | None = None,
    ) -> None:
        """Choose what to send from the next negotiation on; a function or iterator makes its first picture.

        `offer` and `answer` do this with their own arguments. On its own it can be cancelled with
        nothing to undo, however long the picture takes; then call them without sources.

        Args:
            video, audio: what to send; None leaves it as it is (at first, nothing is sent), False stops
                sending it. See `sources.ACCEPTED`. A list gives several tracks of a kind.
            codecs: the names of those to offer, such as ``["h264", "opus"]``, the best first; of a kind
                that has none among them, all are offered. None leaves it as it is.
            bitrate: of each video in bits a second, the most if the other side wants less; 0 leaves it to
                the encoder. None leaves it as it is.

        Raises:
            JanusOptionError: a source that cannot be sent, its first picture is wrong, an unknown codec.
            JanusStateError: this peer is closed.
            JanusMediaError: the function or iterator raised; its error is the cause.
        """
        self._check_open()
        self._sending.tune(codecs, bitrate)
        await self._sending.choose(audio=audio, video=video)

    async def replace(self, *, video: object = None, audio: object = None) -> None:
        """Send something else in place of what is sent, with no negotiation.

        Args:
            video, audio: what to send, as in `prepare`; None leaves it as it is, False sends nothing until
                True sends again what was sent before.

        Raises:
            JanusOptionError: a source that cannot be sent, or its first picture is wrong.
            JanusStateError: nothing of that kind is sent here, or this peer is closed.
            JanusMediaError: the source failed.
        """
        self._check_open()
        await self._sending.replace(audio=audio, video=video)
        self._notify()

    async def offer(
        self,
        *,
        video: object = None,
        audio: object = None,
        data: bool = False,
        receive: Collection[str] = KINDS,
        trickle: bool = False,
    ) -> dict[str, Any]:
        """Return an offer as Janus's ``jsep``: ``type``, ``sdp``, ``trickle``.

        What fails on a connection that has negotiated before leaves it as it was.

        Args:
            video, audio: what to send; see `prepare`. If both are None, what `prepare` chose.
            data: whether to open the data channel with Janus's own label, if there is none yet.
            receive: the kinds to ask for: ``"audio"``, ``"video"``, both or none.
            trickle: leave the candidates out of the SDP; send `candidates()` by ``trickle``.

        Raises:
            JanusOptionError: a source that cannot be sent, or nothing to send or receive.
            JanusStateError: an offer waits for its answer, or this peer is closed.
            JanusMediaError: the offer could not be made, as with no network to reach, or a source failed.
        """
        kinds = await self._begin(video, audio, receive)
        if self._pc is None and not data and not kinds and not self._sending.chosen:
            raise JanusOptionError(
                "there is nothing to offer", hint="Give video=, audio=, data= or receive=."
            )
        async with self._change(kinds) as pc:
            for kind in KINDS:
                self._sending.place(kind, pc.getTransceivers(), pc.addTransceiver)
                if kind in kinds and kind not in {t.kind for t in pc.getTransceivers()}:
                    pc.addTransceiver(kind)
            self._sending.direct(pc.getTransceivers(), kinds)
            if data and pc.sctp is None:
                self._open_channel(pc, DEFAULT_LABEL)
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
        refused = sdp_text.rejected(description.sdp)
        offer = self._pc.localDescription.sdp
        if refused and len(sdp_text.mids(offer)) == len(sdp_text.mids(description.sdp)):
            description.sdp = sdp_text.as_inactive(description.sdp, refused, offer)
        await self._set_remote(self._pc, description)
        self._sending.settle(self._pc.getTransceivers())
        for slot, why in self._sending.untaken():
            self._source_failed(JanusMediaError(f"{slot} is not sent: {why}"))

    async def answer(
        self,
        jsep: Mapping[str, Any],
        *,
        video: object = None,
        audio: object = None,
        receive: Collection[str] = KINDS,
        renewed: Collection[str] = (),
        trickle: bool = False,
    ) -> dict[str, Any]:
        """Take an offer and return the answer as Janus's ``jsep``. The rest is as in `offer`.

        A track that the offer no longer sends ends; a section that is used again gives a new track. Of
        a section that we have no codec for, nothing is received. A data section is always taken.

        Args:
            jsep: the offer.
            video, audio, receive, trickle: as in `offer`.
            renewed: mids that carry something else from this offer on though they were never inactive:
                they get new tracks, too.

        Raises:
            JanusOptionError: `jsep` is not an offer, a source cannot be sent, or the offer
                has no section for it.
            JanusStateError: an offer of ours waits for its answer, or this peer is closed.
            JanusMediaError: the offer cannot be parsed or answered, or a source failed.
        """
        description = described(jsep, "offer")
        kinds = await self._begin(video, audio, receive)
        async with self._change(kinds) as pc:
            with mapped("the offer was not understood"):
                refused = sdp_text.rejected(description.sdp) | unknown_formats(description.sdp)
                description.sdp = (
                    sdp_text.as_inactive(description.sdp, refused) if refused else description.sdp
                )
            await self._set_remote(pc, description, renewed)
            wanted = [t for t in pc.getTransceivers() if t._offerDirection in ("sendonly", "sendrecv")]
            for kind in KINDS:
                self._sending.place(kind, wanted, _no_section)
            self._sending.direct(pc.getTransceivers(), kinds)
            with mapped("the offer could not be answered"):
                await pc.setLocalDescription(await pc.createAnswer())
            answer = self._described(pc, trickle)
        self._sending.settle(pc.getTransceivers())
        answer["sdp"] = sdp_text.refusing(answer["sdp"], jsep["sdp"], refused)
        return answer

    async def rollback(self) -> None:
        """Forget an offer that waits for its answer: sources and sections are as before. Else nothing."""
        if self._pc is not None and not self._closing and self._pc.signalingState != "stable":
            await self._pc.rollback()
            self._sending.restore()
            self._receive = self._received_before
            if self._pc.sctp is None:
                self._end_channels("the offer came to nothing")
            self._sending.settle(self._pc.getTransceivers())

    def channel(self, label: str = DEFAULT_LABEL) -> DataChannel:
        """Return the data channel with this label; it is opened if the other side has not done so.

        Raises:
            JanusStateError: this peer has not negotiated data, or is closed.
        """
        known = self._channels.get(label)
        if known is not None and known.state != "closed":
            return known
        self._check_open()
        if self._pc is None or self._pc.sctp is None:
            raise JanusStateError("no data was negotiated here", hint="Offer with data=True, or answer data.")
        return self._open_channel(self._pc, label)

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
        that is sent whether it is ``live``, ``paused``, or how it ended; ``tracks`` lists what is received.
        """
        return facts(self.state, self._pc, self._sending, self.tracks)

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
        if self._pc is None:
            return ()
        mids = (str(transceiver.mid) for transceiver in self._pc.getTransceivers())
        return tuple(self._tracks[mid] for mid in mids if mid in self._tracks)

    def track(self, which: str) -> ReceivedTrack:
        """Return the first track of a kind (``"audio"``, ``"video"``), or the one with that mid.

        Raises:
            JanusMediaError: there is none; names those there are.
        """
        for track in self.tracks:
            if which in (track.kind, track.mid):
                return track
        hint = "" if self._remote_set else "Tracks appear with the other side's description."
        raise JanusMediaError(f"no track {which!r} is received; there are: {_listed(self.tracks)}", hint=hint)

    async def record(self, path: str | Path, *, overwrite: bool = False) -> MediaRecording:
        """Record all received tracks into one file, from now on; see `ReceivedTrack.record`.

        Raises:
            JanusMediaError: nothing is received.
            JanusOptionError: as in `ReceivedTrack.record`.
        """
        tracks = [track for track in self.tracks if track.ended is None]
        if not tracks:
            raise JanusMediaError("no track is received here, so there is nothing to record")
        return await record(tracks, path, overwrite=overwrite, on_failure=self._source_failed)

    async def stats(self) -> dict[str, Any]:
        """Return counters as plain data: ``transport``, and ``media`` by mid. See `facts.stats_by_mid`."""
        if self._pc is None:
            return {"transport": {}, "media": {}}
        return await stats_by_mid(self._pc, {track.mid: track.frames_received for track in self.tracks})

    async def close(self) -> None:
        """End the connection, its tracks and the sources made for it. Idempotent.

        It runs to its end even when the caller is cancelled.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="janus-peer-close")
        await asyncio.shield(self._closing)

    # --- inside

    def _check_open(self) -> None:
        if self._closing:
            raise JanusStateError(f"this peer is {self.state}", hint="Make a new Peer to negotiate again.")

    async def _begin(self, video: object, audio: object, receive: Collection[str]) -> tuple[str, ...]:
        """Check the arguments of a negotiation; return the kinds to receive."""
        kinds = (receive,) if isinstance(receive, str) else tuple(receive)
        for kind in kinds:
            if kind not in KINDS:
                raise JanusOptionError.unknown("kind of media in receive", str(kind), KINDS)
        if video is not None or audio is not None:
            await self.prepare(video=video, audio=audio)
        self._check_open()  # also after the first picture, which may have taken a while
        if self._pc is not None and self._pc.signalingState != "stable":
            raise JanusStateError(
                "an offer waits for its answer already", hint="Give it to accept(), or call rollback()."
            )
        return kinds

    @asynccontextmanager
    async def _change(self, receive: tuple[str, ...]) -> AsyncIterator[Connection]:
        """Change sources and sections; a failure after the first negotiation undoes it."""
        again = self._pc is not None
        pc = self._pc or self._open()
        self._sending.save()
        pc.save()
        self._received_before, self._receive = self._receive, receive
        try:
            yield pc
        except BaseException:
            if again:
                await self.rollback()
            raise

    def _open_channel(self, pc: Connection, label: str) -> DataChannel:
        channel = self._channels[label] = DataChannel(label)
        channel.use(pc.createDataChannel(label))
        return channel

    def _on_datachannel(self, raw: RTCDataChannel) -> None:
        """The other side has opened a channel."""
        channel = self._channels.setdefault(raw.label, DataChannel(raw.label))
        if channel.state == "closed":
            channel = self._channels[raw.label] = DataChannel(raw.label)
        channel.use(raw)
        self._notify()

    def _end_channels(self, reason: str) -> None:
        for channel in self._channels.values():
            channel.end(reason)
        self._channels = {}

    def _open(self) -> Connection:
        servers = [RTCIceServer(**server) for server in self._ice_servers]
        # An empty list, not None: None means a public STUN server to aiortc.
        config = RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        pc = self._pc = Connection(config, self._notify)
        pc.on("track", self._on_track)
        pc.on("datachannel", self._on_datachannel)
        pc.on_retired = self._on_retired
        return pc

    async def _set_remote(
        self, pc: Connection, description: RTCSessionDescription, renewed: Collection[str] = ()
    ) -> None:
        with mapped(f"the {description.type} was not understood"):
            await pc.setRemoteDescription(description, renewed)
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
        if pc is None or self._closing or source.kind not in self._receive:
            return
        transceiver = next(t for t in pc.getTransceivers() if t.receiver.track is source)
        track = ReceivedTrack(source, str(transceiver.mid), self._sending.unsent)
        track.on_failure = self._source_failed
        self._tracks[track.mid] = track
        track.start(self._notify, partial(self._track_ended, track))
        self._notify()

    def _on_retired(self, source: MediaStreamTrack) -> None:
        track = next((track for track in self._tracks.values() if track.reads(source)), None)
        if track is not None:
            self._past_tracks.add(self._tracks.pop(track.mid))
            track.end("it is no longer sent")

    def _track_ended(self, track: ReceivedTrack) -> None:
        self._past_tracks.discard(track)
        self._notify()

    def _source_failed(self, error: JanusMediaError) -> None:
        if self.on_source_failure is not None:
            self.on_source_failure(error)

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
        self._sending.stop()
        tracks = [*self._tracks.values(), *self._past_tracks]
        for track in tracks:
            track.end("the peer connection was closed")
        try:
            if self._pc is not None:
                await self._pc.shut()
        finally:
            self._end_channels("the peer connection was closed")
            for track in tracks:
                # Once connected, the decoder's thread tells each track of its end; that message
                # must find its reader.
                await track.close(grace=1.0 if self._was_connected else 0.0)
        self._notify()
        await asyncio.sleep(0)  # the turn of the loop in which `on_change` hears of it


def _no_section(kind: str) -> RTCRtpTransceiver:
    raise JanusOptionError(f"the offer has no {kind} section to send {kind} in")


def _listed(tracks: Iterable[ReceivedTrack]) -> str:
    return ", ".join(f"{track.kind} (mid {clean(track.mid, NAME_LIMIT)})" for track in tracks) or "none"
