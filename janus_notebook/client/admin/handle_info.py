"""`HandleInfo`: what the Admin API tells of a handle, with a field for each part of it.

Times are microseconds of the server's monotonic clock, whose zero means nothing; `HandleInfo.seconds_ago`
makes them of use. Statistics are the server's: ``in`` is what it received from the peer.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from janus_notebook.client.frames import load_pandas
from janus_notebook.protocol.typed import Record, Typed
from janus_notebook.texts import NAME_LIMIT, clean

__all__ = [
    "Bwe",
    "Dtls",
    "DtlsPackets",
    "DtlsStats",
    "Flags",
    "HandleInfo",
    "Ice",
    "Media",
    "MediaCodecs",
    "MediaDirection",
    "MediaMsid",
    "MediaRtcp",
    "MediaSsrc",
    "MediaStats",
    "Rtcp",
    "Sdps",
    "Traffic",
    "WebRtc",
]

MICROSECONDS = 1_000_000


class Flags(Record, frozen=True, kw_only=True, rename="kebab"):
    """How far the negotiation of a handle has come.

    Attributes:
        got_offer, got_answer: which SDPs there have been.
        negotiated: whether offer and answer have come together.
        processing_offer, starting, cleaning: what is going on.
        ice_restart: whether ICE begins anew.
        ready: whether the PeerConnection stands.
        stopped, alert: whether it was ended, on our side or the peer's.
        trickle: whether the peer trickles its candidates.
        all_trickles: whether it said that there are no more.
        resend_trickles: whether ours have to be sent again.
        trickle_synced: whether trickled candidates waited for the SDP.
        data_channels, has_audio, has_video: what was negotiated.
        new_datachan_sdp: whether data channels use the newer form in the SDP.
        rfc4588_rtx: whether lost packets are sent again in a stream of their own.
        e2ee: whether the media are encrypted end to end.
    """

    got_offer: bool = False
    got_answer: bool = False
    negotiated: bool = False
    processing_offer: bool = False
    starting: bool = False
    ice_restart: bool = False
    ready: bool = False
    stopped: bool = False
    alert: bool = False
    trickle: bool = False
    all_trickles: bool = False
    resend_trickles: bool = False
    trickle_synced: bool = False
    data_channels: bool = False
    has_audio: bool = False
    has_video: bool = False
    new_datachan_sdp: bool = False
    rfc4588_rtx: bool = False
    cleaning: bool = False
    e2ee: bool = False


class Sdps(Record, frozen=True, kw_only=True):
    """The SDPs of a handle.

    Attributes:
        profile: of the media sections, such as ``UDP/TLS/RTP/SAVPF``.
        local, remote: the server's and the peer's.
    """

    profile: str = ""
    local: str = ""
    remote: str = ""


class Ice(Record, frozen=True, kw_only=True):
    """ICE of a PeerConnection.

    Attributes:
        stream_id, component_id: libnice's numbers.
        state: ``disconnected, gathering, connecting, connected, ready, failed``.
        failed_detected: when it was seen to have failed, or None.
        icetimer_started: whether the server waits for it to recover.
        gathered: when all local candidates were known.
        connected: when a pair of candidates first worked.
        local_candidates, remote_candidates: as in SDP.
        selected_pair: the pair that is used, one text for people.
        ready: libnice's own flag.
    """

    stream_id: int | None = None
    component_id: int | None = None
    state: str = ""
    failed_detected: int | None = msgspec.field(name="failed-detected", default=None)
    icetimer_started: bool | None = msgspec.field(name="icetimer-started", default=None)
    gathered: int | None = None
    connected: int | None = None
    local_candidates: tuple[str, ...] = msgspec.field(name="local-candidates", default=())
    remote_candidates: tuple[str, ...] = msgspec.field(name="remote-candidates", default=())
    selected_pair: str = msgspec.field(name="selected-pair", default="")
    ready: int | None = None


class DtlsPackets(Record, frozen=True, kw_only=True):
    """What one direction has carried."""

    packets: int = 0
    bytes: int = 0


class DtlsStats(Record, frozen=True, kw_only=True):
    """What DTLS itself has carried, in each direction."""

    in_: DtlsPackets = msgspec.field(name="in", default=DtlsPackets())
    out: DtlsPackets = DtlsPackets()


class Dtls(Record, frozen=True, kw_only=True, rename="kebab"):
    """DTLS of a PeerConnection.

    Attributes:
        fingerprint, remote_fingerprint: of the certificates; `remote_fingerprint_hash` is its kind.
        dtls_role: ``active`` (the server began) or ``passive``.
        dtls_state: ``created, trying, connected, failed``.
        retransmissions: how many messages had to be sent again.
        valid: whether the peer's certificate has the fingerprint of its SDP.
        srtp_profile: how media are encrypted.
        ready: whether media can be.
        handshake_started, connected: when.
        sctp_association: whether there are data channels.
        stats: packets and bytes of DTLS itself, data channels included.
    """

    fingerprint: str = ""
    remote_fingerprint: str = ""
    remote_fingerprint_hash: str = ""
    dtls_role: str = ""
    dtls_state: str = ""
    retransmissions: int = 0
    valid: bool = False
    srtp_profile: str = ""
    ready: bool = False
    handshake_started: int | None = None
    connected: int | None = None
    sctp_association: bool = False
    stats: DtlsStats = DtlsStats()


class Bwe(Record, frozen=True, kw_only=True, rename="kebab"):
    """How the bandwidth is estimated: with transport-wide congestion control or not, and its extension."""

    twcc: bool = False
    twcc_ext_id: int = 0


class MediaMsid(Record, frozen=True, kw_only=True, rename="kebab"):
    """The names of the streams and tracks (SDP ``a=msid``)."""

    local_stream: str | None = None
    local_track: str | None = None
    remote_stream: str | None = None
    remote_track: str | None = None


class MediaSsrc(Record, frozen=True, kw_only=True, rename="kebab"):
    """The RTP sources: the server's own, and the peer's (more for simulcast and retransmissions)."""

    ssrc: int | None = None
    ssrc_rtx: int | None = None
    ssrc_peer: int | None = None
    ssrc_peer_sim_1: int | None = None
    ssrc_peer_sim_2: int | None = None
    ssrc_peer_rtx: int | None = None
    ssrc_peer_rtx_sim_1: int | None = None
    ssrc_peer_rtx_sim_2: int | None = None


class MediaDirection(Record, frozen=True, kw_only=True):
    """Whether the server sends, and whether it receives."""

    send: bool = False
    recv: bool = False


class MediaCodecs(Record, frozen=True, kw_only=True, rename="kebab"):
    """The codec and the payload types: of it, of redundant Opus, of retransmissions."""

    pt: int | None = None
    opus_red_pt: int | None = None
    rtx_pt: int | None = None
    codec: str = ""


class Rtcp(Record, frozen=True, kw_only=True, rename="kebab"):
    """What RTCP tells of a source.

    Attributes:
        base: its clock rate in Hz.
        rtt: the round trip in milliseconds.
        lost: packets of the peer's that did not arrive.
        lost_by_remote: packets of ours that the peer misses.
        jitter_local, jitter_remote: in milliseconds, as seen here and there.
        in_link_quality, out_link_quality: 0 to 100, how much arrives; the ``media`` ones without what
            was sent again.
    """

    base: int = 0
    rtt: int = 0
    lost: int = 0
    lost_by_remote: int = 0
    jitter_local: int = 0
    jitter_remote: int = 0
    in_link_quality: int = 0
    in_media_link_quality: int = 0
    out_link_quality: int = 0
    out_media_link_quality: int = 0


class MediaRtcp(Record, frozen=True, kw_only=True):
    """`Rtcp` of the source, and of the further layers of simulcast."""

    main: Rtcp | None = None
    sim1: Rtcp | None = None
    sim2: Rtcp | None = None


class Traffic(Record, frozen=True, kw_only=True):
    """What one direction of a medium has carried.

    Attributes:
        packets, bytes: since the PeerConnection began.
        bytes_lastsec: bytes in the last second.
        nacks: packets that were asked for again.
        retransmissions: packets that came again.
        video_simulcast_1, video_simulcast_2: the same of the further layers of simulcast.
    """

    packets: int = 0
    bytes: int = 0
    bytes_lastsec: int = 0
    nacks: int | None = None
    retransmissions: int | None = None
    video_simulcast_1: Traffic | None = msgspec.field(name="video-simulcast-1", default=None)
    video_simulcast_2: Traffic | None = msgspec.field(name="video-simulcast-2", default=None)

    @property
    def bits_per_second(self) -> int:
        """The bitrate of the last second, over all layers."""
        layers = (self.video_simulcast_1, self.video_simulcast_2)
        return 8 * self.bytes_lastsec + sum(layer.bits_per_second for layer in layers if layer is not None)


class MediaStats(Record, frozen=True, kw_only=True):
    """What a medium has carried: ``in`` from the peer, ``out`` to it."""

    in_: Traffic = msgspec.field(name="in", default=Traffic())
    out: Traffic = Traffic()


class Media(Record, frozen=True, kw_only=True):
    """One medium of a PeerConnection.

    Attributes:
        type: ``audio``, ``video`` or ``data``.
        mindex: which section of the SDP it is, from 0.
        mid: the name of that section.
        msid: the names of its streams and tracks.
        do_nacks: whether lost packets are sent again.
        nack_queue_ms: how many milliseconds of packets are kept for that.
        ssrc: its RTP sources.
        rid_simulcast: how simulcast layers are told apart by their names, where they are.
        direction: which ways it goes.
        codecs: its codec and payload types.
        rtcp: what RTCP says of it.
        stats: what it has carried.
    """

    type: str = ""
    mindex: int | None = None
    mid: str = ""
    msid: MediaMsid = MediaMsid()
    do_nacks: bool = False
    nack_queue_ms: int | None = msgspec.field(name="nack-queue-ms", default=None)
    ssrc: MediaSsrc = MediaSsrc()
    rid_simulcast: Any = msgspec.field(name="rid-simulcast", default=None)
    direction: MediaDirection = MediaDirection()
    codecs: MediaCodecs = MediaCodecs()
    rtcp: MediaRtcp = MediaRtcp()
    stats: MediaStats = MediaStats()


class WebRtc(Record, frozen=True, kw_only=True):
    """A PeerConnection.

    Attributes:
        ice, dtls: how it is connected.
        extensions: the RTP header extensions, with their numbers.
        bwe: how its bandwidth is estimated.
        media: its media by ``mid``.
    """

    ice: Ice = Ice()
    dtls: Dtls = Dtls()
    extensions: dict[str, int] = msgspec.field(default_factory=dict)
    bwe: Bwe = Bwe()
    media: dict[str, Media] = msgspec.field(default_factory=dict)


class HandleInfo(Typed, frozen=True, kw_only=True):
    """What the server knows of a handle; `data` is all of it as it came.

    Attributes:
        session_id: the session that it is in; the next three are about that.
        session_last_activity: when the session's owner last asked for something.
        session_timeout: seconds without requests after which it ends; -1 for the server's own timeout.
        session_transport: what its owner came by, such as ``janus.transport.websockets``; "" for nobody.
        handle_id: the handle.
        opaque_id: the text that its owner gave it.
        token: the token that it was attached with; a secret.
        loop_running: whether its event loop runs.
        created, current_time: when it was made, and when this was told.
        plugin: the package name of the plugin.
        plugin_specific: what the plugin says of it, in the plugin's words.
        flags: how far its negotiation has come; None with ``plugin_only``.
        agent_created, agent_started: when ICE began.
        ice_mode: ``full`` or ``lite``.
        ice_role: ``controlled`` or ``controlling``.
        sdps: the SDPs.
        pending_trickles: how many candidates wait for the SDP they belong to.
        queued_packets: how many packets wait to be sent.
        dump_to_pcap, dump_to_text2pcap: whether a capture is under way, and to which file:
        pcap_file, text2pcap_file: on the server's machine.
        webrtc: the PeerConnection, or None.
    """

    session_id: int = 0
    session_last_activity: int | None = None
    session_timeout: int | None = None
    session_transport: str = ""
    handle_id: int = 0
    opaque_id: str | None = None
    token: str | None = None
    loop_running: bool = msgspec.field(name="loop-running", default=False)
    created: int | None = None
    current_time: int | None = None
    plugin: str = ""
    plugin_specific: dict[str, Any] = msgspec.field(default_factory=dict)
    flags: Flags | None = None
    agent_created: int | None = msgspec.field(name="agent-created", default=None)
    agent_started: int | None = msgspec.field(name="agent-started", default=None)
    ice_mode: str = msgspec.field(name="ice-mode", default="")
    ice_role: str = msgspec.field(name="ice-role", default="")
    sdps: Sdps = Sdps()
    pending_trickles: int | None = msgspec.field(name="pending-trickles", default=None)
    queued_packets: int | None = msgspec.field(name="queued-packets", default=None)
    dump_to_pcap: bool = msgspec.field(name="dump-to-pcap", default=False)
    dump_to_text2pcap: bool = msgspec.field(name="dump-to-text2pcap", default=False)
    pcap_file: str | None = msgspec.field(name="pcap-file", default=None)
    text2pcap_file: str | None = msgspec.field(name="text2pcap-file", default=None)
    webrtc: WebRtc | None = None

    def seconds_ago(self, when: int | None) -> float | None:
        """How long before `current_time` one of the server's times was; None where there is none."""
        if when is None or self.current_time is None:
            return None
        return (self.current_time - when) / MICROSECONDS

    @property
    def age(self) -> float | None:
        """Seconds since the handle was made."""
        return self.seconds_ago(self.created)

    @property
    def idle(self) -> float | None:
        """Seconds since the session's owner last asked for something."""
        return self.seconds_ago(self.session_last_activity)

    @property
    def state(self) -> Literal["attached", "negotiating", "connected", "hungup"]:
        """How it stands, as `JanusPlugin.state` says it; ``attached`` also after a call that never began."""
        flags = self.flags or Flags()
        if self.webrtc is not None:
            return "connected" if flags.ready else "negotiating"
        # Newer servers raise the alert of a new handle too, so that it alone says nothing; `starting` stays.
        ended = flags.alert or flags.stopped
        return "hungup" if ended and flags.starting else "attached"

    @property
    def media(self) -> dict[str, Media]:
        """The media by ``mid``; empty without a PeerConnection."""
        return self.webrtc.media if self.webrtc is not None else {}

    @property
    def bitrate_in(self) -> int:
        """Bits that the peer sent in the last second, over all media."""
        return sum(media.stats.in_.bits_per_second for media in self.media.values())

    @property
    def bitrate_out(self) -> int:
        """Bits that the server sent to the peer in the last second, over all media."""
        return sum(media.stats.out.bits_per_second for media in self.media.values())

    def to_frame(self) -> Any:
        """The statistics of the media as a pandas DataFrame: a row for each medium, indexed by ``mid``.

        Columns: ``type``, ``codec``, ``send``, ``recv``; ``in_`` and ``out_`` before ``packets``, ``bytes``,
        ``bits_per_second`` and ``nacks``; ``rtt`` and the rest of `Rtcp`'s attributes.

        Raises:
            JanusOptionError: pandas is not installed.
        """
        pandas = load_pandas("to_frame()")
        rows = [_row(mid, media) for mid, media in self.media.items()]
        empty = _row("", Media())
        frame = pandas.DataFrame(rows, columns=list(empty)).set_index("mid")
        return frame.astype({"in_nacks": "Int64", "out_nacks": "Int64"})

    def __repr__(self) -> str:
        plugin, state = clean(self.plugin, NAME_LIMIT), clean(self.state, NAME_LIMIT)
        what = f"{plugin} {self.handle_id} in session {self.session_id}: {state}"
        return f"<HandleInfo {what}, {self.bitrate_in} bit/s in, {self.bitrate_out} bit/s out>"


def _row(mid: str, media: Media) -> dict[str, Any]:
    row: dict[str, Any] = {
        "mid": mid,
        "type": media.type,
        "codec": media.codecs.codec,
        "send": media.direction.send,
        "recv": media.direction.recv,
    }
    for way, traffic in (("in", media.stats.in_), ("out", media.stats.out)):
        row[f"{way}_packets"] = traffic.packets
        row[f"{way}_bytes"] = traffic.bytes
        row[f"{way}_bits_per_second"] = traffic.bits_per_second
        row[f"{way}_nacks"] = traffic.nacks
    return row | msgspec.structs.asdict(media.rtcp.main or Rtcp())
