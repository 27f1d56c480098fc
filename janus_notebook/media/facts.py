"""What aiortc knows of a connection, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.media import sdp as sdp_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiortc import MediaStreamTrack

    from janus_notebook.media.connection import Connection
    from janus_notebook.media.sending import Sending
    from janus_notebook.media.tracks import ReceivedTrack

__all__ = ["facts", "stats_by_mid"]


def facts(
    state: str,
    pc: Connection | None,
    sending: Sending,
    tracks: Iterable[ReceivedTrack],
) -> dict[str, Any]:
    """Return what `Peer.facts` documents; `pc` is None before a negotiation."""
    return {
        "state": state,
        "signaling": pc.signalingState if pc else "stable",
        "ice_gathering": pc.iceGatheringState if pc else "new",
        "ice": pc.iceConnectionState if pc else "new",
        "dtls": pc.dtls_state if pc else "new",
        "pair": candidate_pair(pc) if pc else None,
        "sources": {
            slot: "paused" if slot in sending.paused else _source_state(track)
            for slot, track in sending.sources.items()
        },
        "tracks": [
            {
                "mid": track.mid,
                "kind": track.kind,
                "frames": track.frames_received,
                "size": track.size,
                "last_frame_at": track.last_frame_at,
                "ended": track.ended,
            }
            for track in tracks
        ],
    }


def _source_state(track: MediaStreamTrack) -> str:
    error = getattr(track, "error", None)
    return str(track.readyState) if error is None else f"failed: {error}"


def candidate_pair(pc: Connection) -> dict[str, dict[str, Any]] | None:
    """Return the candidate pair in use: ``local`` and ``remote``, each with address, port, type, protocol."""
    if pc.dtls is None:
        return None
    # aiortc has no public way to the selected pair; without this attribute we know none.
    ice = pc.dtls.transport
    nominated = getattr(getattr(ice, "_connection", None), "_nominated", {})
    pair = next(iter(nominated.values()), None)
    if pair is None:
        return None
    return {
        side: {
            "address": candidate.host,
            "port": candidate.port,
            "type": candidate.type,
            "protocol": candidate.transport,
        }
        for side, candidate in (("local", pair.local_candidate), ("remote", pair.remote_candidate))
    }


async def stats_by_mid(pc: Connection, frames: dict[str, int]) -> dict[str, Any]:
    """Return the counters of a connection.

    ``transport``: ``bytes_in``, ``bytes_out``, ``packets_in``, ``packets_out`` with their overhead.
    ``media``: for each mid ``kind``, ``direction``, ``codec``; ``packets_in``, ``lost_in``,
    ``jitter_in_secs``, ``frames_in``; ``packets_out``, ``bytes_out``; ``keyframe_requests`` and ``remb``
    (the most that the other side wants, in bits a second); and, as the other side
    reports them, ``lost_out``, ``jitter_out_secs``, ``rtt_secs``, ``bytes_in`` (sent to us up to
    its last report; aiortc does not count what it receives by stream). None is "not known (yet)".

    Args:
        pc: the connection.
        frames: decoded frames by mid.
    """
    described = {d.type: d.sdp for d in (pc.localDescription, pc.remoteDescription) if d is not None}
    codecs = sdp_text.codecs(described.get("answer", ""))
    total = next(iter(pc.dtls._get_stats().values()), None) if pc.dtls is not None else None
    transport = (
        {
            "bytes_in": total.bytesReceived,
            "bytes_out": total.bytesSent,
            "packets_in": total.packetsReceived,
            "packets_out": total.packetsSent,
        }
        if total is not None
        else {}
    )
    media: dict[str, dict[str, Any]] = {}
    for transceiver in pc.getTransceivers():
        sender: Any = transceiver.sender
        mid = str(transceiver.mid)
        codec, clock_rate = codecs.get(mid, (None, 0))
        reports = [*(await transceiver.receiver.getStats()).values()]
        reports += (await transceiver.sender.getStats()).values()
        by_type = {report.type: report for report in reports}
        received, sent = by_type.get("inbound-rtp"), by_type.get("outbound-rtp")
        about_us, about_them = by_type.get("remote-inbound-rtp"), by_type.get("remote-outbound-rtp")

        def seconds(report: Any, rate: int = clock_rate) -> float | None:
            return report.jitter / rate if report and rate else None

        media[mid] = {
            "kind": transceiver.kind,
            "direction": transceiver.currentDirection,
            "codec": codec,
            "packets_in": received.packetsReceived if received else 0,
            "bytes_in": about_them.bytesSent if about_them else None,
            "frames_in": frames.get(mid, 0),
            "lost_in": received.packetsLost if received else 0,
            "jitter_in_secs": seconds(received),
            "packets_out": sent.packetsSent if sent else 0,
            "bytes_out": sent.bytesSent if sent else 0,
            "keyframe_requests": sender.keyframe_requests,
            "remb": sender.remb,
            "lost_out": about_us.packetsLost if about_us else None,
            "jitter_out_secs": seconds(about_us),
            "rtt_secs": about_us.roundTripTime if about_us else None,
        }
    return {"transport": transport, "media": media}
