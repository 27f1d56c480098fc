"""What AudioBridge's requests, replies and events are made of."""

from __future__ import annotations

from typing import TypedDict

from janus_notebook.plugins.requests import Id
from janus_notebook.protocol.typed import Record

__all__ = [
    "AudioAnnouncement",
    "AudioForwarder",
    "AudioParticipant",
    "AudioRoomFacts",
    "RtpAddress",
    "RtpEndpoint",
]


class RtpEndpoint(TypedDict, total=False):
    """Where a participant without WebRTC wants its RTP: ``join(rtp={"ip": ..., "port": ...})``.

    Keys:
        ip, port: where Janus sends the mix, once it has received a packet from there.
        payload_type: of Opus, in both directions; G.711 has its own.
        audiolevel_ext: id of the RTP extension with the audio level, if the packets have it.
        fec: whether Opus carries forward error correction.
    """

    ip: str
    port: int
    payload_type: int
    audiolevel_ext: int
    fec: bool


class RtpAddress(Record, frozen=True, kw_only=True):
    """Where Janus wants the RTP of such a participant.

    Attributes:
        ip: what Janus takes for its own address; not loopback, even if both are on one machine.
        port: UDP port.
        payload_type: to send with.
    """

    ip: str = ""
    port: int = 0
    payload_type: int | None = None


class AudioParticipant(Record, frozen=True, kw_only=True):
    """Somebody in a room.

    Attributes:
        id: its id in the room.
        display: its name; "" if it has none.
        setup: whether its media is connected; with plain RTP, whether Janus has received a packet. Janus
            forgets to say so of somebody who comes back with a PeerConnection that was kept.
        muted: whether it is muted, by itself or by an administrator of the room.
        talking: whether it is talking, where audio levels are used; else False.
        spatial_position: 0 (left) to 100 (right), in a room with spatial audio.
        suspended: whether it is in the room without taking part (Janus 1.2.1 and newer).
    """

    id: Id
    display: str = ""
    setup: bool = False
    muted: bool = False
    talking: bool = False
    spatial_position: int | None = None
    suspended: bool = False


class AudioRoomFacts(Record, frozen=True, kw_only=True):
    """A room, as `JanusAudioBridgePlugin.list` tells of it.

    Attributes:
        room: its id.
        description: its name.
        pin_required: whether joining needs a PIN.
        sampling_rate: of the mix, in hertz.
        spatial_audio: whether the mix is stereo, with a place for each participant.
        record: whether the mix is being recorded.
        muted: whether the whole room is muted.
        num_participants: how many are in it.
    """

    room: Id
    description: str = ""
    pin_required: bool = False
    sampling_rate: int = 0
    spatial_audio: bool = False
    record: bool = False
    muted: bool = False
    num_participants: int = 0


class AudioForwarder(Record, frozen=True, kw_only=True):
    """A forwarder of a room's mix.

    Attributes:
        stream_id: its id.
        group: whose mix it sends, where the room has groups and one was chosen.
        ip, port: where it sends.
        ssrc, ptype: of its packets.
        codec: ``opus``, ``pcmu`` or ``pcma``.
        srtp: whether its packets are encrypted.
        always_on: whether it sends silence while the room is empty.
    """

    stream_id: int
    group: str = ""
    ip: str = ""
    port: int = 0
    ssrc: int | None = None
    codec: str = ""
    ptype: int | None = None
    srtp: bool = False
    always_on: bool = False


class AudioAnnouncement(Record, frozen=True, kw_only=True):
    """A file that is played in a room.

    Attributes:
        file_id: its id.
        filename: where it is on the server.
        playing: whether it has begun.
        loop: whether it starts anew at its end.
    """

    file_id: str
    filename: str = ""
    playing: bool = False
    loop: bool = False
