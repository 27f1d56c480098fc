"""What VideoRoom answers, and what its answers and events are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.plugins.requests import Id
from janus_notebook.protocol.typed import Record

__all__ = [
    "ForwardedPublisher",
    "Forwarder",
    "ListedParticipant",
    "ListedRoom",
    "Publisher",
    "PublisherStream",
    "RemoteDestination",
    "RemoteList",
    "RemotePublisherAdded",
    "RemotePublisherChanged",
    "RemotelyPublished",
    "RoomAllowed",
    "RoomConfigured",
    "RoomCreated",
    "RoomDestroyed",
    "RoomDone",
    "RoomEdited",
    "RoomExists",
    "RoomForwarders",
    "RoomJoined",
    "RoomJoinedAndConfigured",
    "RoomList",
    "RoomParticipants",
    "RoomRecording",
    "RoomSubscription",
    "RoomSwitched",
    "RtpForwardStopped",
    "RtpForwarded",
    "RtpStream",
    "SubscribedStream",
    "User",
]


class _Part(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A part of an answer or event. Its repr shows what differs from the defaults."""


class User(_Part, frozen=True, kw_only=True):
    """Somebody in a room.

    Attributes:
        id: the participant.
        display: the name, or "".
        metadata: what it attached to itself (Janus 1.3.0 and newer).
    """

    id: Id
    display: str = ""
    metadata: Any = None


class PublisherStream(_Part, frozen=True, kw_only=True):
    """One stream of a publisher.

    Attributes:
        mid, mindex: its id and place in the publisher's SDP.
        type: ``audio``, ``video`` or ``data``.
        codec: such as ``opus`` or ``vp8``; "" for data.
        description: the publisher's own text for it.
        disabled: it is not sent at present; its mid stays.
        moderated: it is muted by `moderate`.
        simulcast, svc: it has layers.
        fec, dtx, stereo: of Opus.
        h264_profile, vp9_profile: of these codecs.
        talking: whether its publisher talks; None where the room does not say.
    """

    mid: str = ""
    mindex: int = 0
    type: str = ""
    codec: str = ""
    description: str = ""
    disabled: bool = False
    moderated: bool = False
    simulcast: bool = False
    svc: bool = False
    fec: bool = False
    dtx: bool = False
    stereo: bool = False
    h264_profile: str = ""
    vp9_profile: str = ""
    talking: bool | None = None


class Publisher(User, frozen=True, kw_only=True):
    """Somebody who publishes.

    Attributes:
        streams: what it publishes.
        audio_codec, video_codec: of the first stream of each kind, or "".
        talking: None where the room does not say.
        dummy: it is the room's placeholder (see `create`).
    """

    streams: tuple[PublisherStream, ...] = ()
    audio_codec: str = ""
    video_codec: str = ""
    talking: bool | None = None
    dummy: bool = False


class SubscribedStream(_Part, frozen=True, kw_only=True):
    """One stream of a subscription: what is received under one mid.

    Attributes:
        mid, mindex: its id and place in the subscription's SDP.
        type: ``audio``, ``video`` or ``data``.
        active: whether it shows a feed now; one that does not may be used for another feed later.
        ready: whether its offer was answered.
        send: whether Janus relays it.
        feed_id, feed_display: the publisher; None and "" if it is not active.
        feed_mid, feed_description: the publisher's stream.
        codec, h264_profile, vp9_profile: as in `PublisherStream`.
        min_delay, max_delay: playout delay in ms, where it was set.
        simulcast, svc, playout_delay: what was negotiated for it.
        sources, source_ids: of data: how many publishers, and which.
        crossrefid: the text given when subscribing.
    """

    mid: str = ""
    mindex: int = 0
    type: str = ""
    active: bool = False
    ready: bool = False
    send: bool = True
    feed_id: Id | None = None
    feed_display: str = ""
    feed_mid: str = ""
    feed_description: str = ""
    codec: str = ""
    h264_profile: str = msgspec.field(name="h264-profile", default="")
    vp9_profile: str = msgspec.field(name="vp9-profile", default="")
    min_delay: int | None = None
    max_delay: int | None = None
    simulcast: Any = None
    svc: Any = None
    playout_delay: Any = msgspec.field(name="playout-delay", default=None)
    sources: int | None = None
    source_ids: tuple[Id, ...] = ()
    crossrefid: str = ""


class ListedRoom(_Part, frozen=True, kw_only=True):
    """A room as `list` shows it; times in seconds, bitrates in bits per second. See `create`."""

    room: Id
    description: str = ""
    pin_required: bool = False
    is_private: bool = False
    max_publishers: int = 0
    num_participants: int = 0
    bitrate: int = 0
    bitrate_cap: bool = False
    fir_freq: int = 0
    require_pvtid: bool = False
    require_e2ee: bool = False
    dummy_publisher: bool = False
    notify_joining: bool = False
    audiocodec: str = ""
    videocodec: str = ""
    opus_fec: bool = False
    opus_dtx: bool = False
    video_svc: bool = False
    record: bool = False
    rec_dir: str = ""
    lock_record: bool = False
    audiolevel_ext: bool = False
    audiolevel_event: bool = False
    audio_active_packets: int | None = None
    audio_level_average: int | None = None
    videoorient_ext: bool = False
    playoutdelay_ext: bool = False
    transport_wide_cc_ext: bool = False


class ListedParticipant(User, frozen=True, kw_only=True):
    """Somebody as `listparticipants` shows it.

    Attributes:
        publisher: whether it publishes.
        talking: None where the room does not say.
        dummy: it is the room's placeholder.
        remote: it publishes on another server.
    """

    publisher: bool = False
    talking: bool | None = None
    dummy: bool = False
    remote: bool = False


class Forwarder(_Part, frozen=True, kw_only=True):
    """Where a stream is forwarded to.

    Attributes:
        stream_id: for `stop_rtp_forward`.
        type: ``audio``, ``video`` or ``data``.
        host, port: where the packets go.
        local_rtcp_port, remote_rtcp_port: of its RTCP, if there is any.
        ssrc, pt: that they are sent with, where they were chosen.
        substream: the simulcast layer, where it is one.
        srtp: whether they are encrypted.
    """

    stream_id: int
    type: str = ""
    host: str = ""
    port: int = 0
    local_rtcp_port: int | None = None
    remote_rtcp_port: int | None = None
    ssrc: int | None = None
    pt: int | None = None
    substream: int | None = None
    srtp: bool = False


class ForwardedPublisher(_Part, frozen=True, kw_only=True):
    """A publisher with its forwarders."""

    publisher_id: Id
    display: str = ""
    forwarders: tuple[Forwarder, ...] = ()


class RtpStream(_Part, frozen=True, kw_only=True):
    """The older form of what `rtp_forward` answers: the port and the id of the forwarder for each kind."""

    host: str = ""
    audio: int | None = None
    audio_stream_id: int | None = None
    audio_rtcp: int | None = None
    video: int | None = None
    video_stream_id: int | None = None
    video_rtcp: int | None = None
    video_2: int | None = None
    video_stream_id_2: int | None = None
    video_3: int | None = None
    video_stream_id_3: int | None = None
    data: int | None = None
    data_stream_id: int | None = None


class RemoteDestination(_Part, frozen=True, kw_only=True):
    """Where a publisher's media is sent to by `publish_remotely`."""

    remote_id: str = ""
    host: str = ""
    port: int = 0
    rtcp_port: int | None = None


class _RoomReply(PluginReply, frozen=True, kw_only=True):
    """An answer about a room.

    Attributes:
        videoroom: the kind of answer, in Janus's word.
        room: the room; None where Janus does not repeat it.
    """

    videoroom: str = ""
    room: Id | None = None


class RoomCreated(_RoomReply, frozen=True, kw_only=True):
    """The room that `create` made. `permanent`: it was written to the configuration file."""

    permanent: bool = False


class RoomEdited(_RoomReply, frozen=True, kw_only=True):
    """The room that `edit` changed. `permanent`: in the configuration file as well."""

    permanent: bool = False


class RoomDestroyed(_RoomReply, frozen=True, kw_only=True):
    """The room that `destroy` ended. `permanent`: in the configuration file as well."""

    permanent: bool = False


class RoomList(_RoomReply, frozen=True, kw_only=True):
    """What `list` answers. `rooms`: those that are not private (Janus's key is ``list``)."""

    rooms: tuple[ListedRoom, ...] = msgspec.field(name="list", default=())


class RoomExists(_RoomReply, frozen=True, kw_only=True):
    """What `exists` answers."""

    exists: bool = False


class RoomAllowed(_RoomReply, frozen=True, kw_only=True):
    """What `allowed` answers. `allowed`: the tokens of the list now, if it is enabled."""

    allowed: tuple[str, ...] = ()


class RoomDone(_RoomReply, frozen=True, kw_only=True):
    """It was done; there is no more to say."""


class RoomParticipants(_RoomReply, frozen=True, kw_only=True):
    """What `listparticipants` answers."""

    participants: tuple[ListedParticipant, ...] = ()


class RoomRecording(_RoomReply, frozen=True, kw_only=True):
    """What `enable_recording` answers. `record`: whether the room records now."""

    record: bool = False


class RtpForwarded(_RoomReply, frozen=True, kw_only=True):
    """What `rtp_forward` answers.

    Attributes:
        publisher_id: the publisher.
        forwarders: one for each stream, when they were given by `streams`.
        rtp_stream: the older form, when ports were given beside it.
    """

    publisher_id: Id | None = None
    forwarders: tuple[Forwarder, ...] = ()
    rtp_stream: RtpStream | None = None

    @property
    def stream_ids(self) -> tuple[int, ...]:
        """The ids for `stop_rtp_forward`, in either form."""
        found = [forwarder.stream_id for forwarder in self.forwarders]
        if self.rtp_stream is not None:
            older = self.rtp_stream
            each = (
                older.audio_stream_id,
                older.video_stream_id,
                older.video_stream_id_2,
                older.video_stream_id_3,
                older.data_stream_id,
            )
            found += [stream_id for stream_id in each if stream_id is not None]
        return tuple(found)


class RtpForwardStopped(_RoomReply, frozen=True, kw_only=True):
    """The forwarder that `stop_rtp_forward` ended."""

    publisher_id: Id | None = None
    stream_id: int | None = None


class RoomForwarders(_RoomReply, frozen=True, kw_only=True):
    """What `listforwarders` answers: the publishers that are forwarded."""

    publishers: tuple[ForwardedPublisher, ...] = ()


class RemotelyPublished(_RoomReply, frozen=True, kw_only=True):
    """What `publish_remotely` and `unpublish_remotely` answer: the publisher, and the destination's name."""

    id: Id | None = None
    remote_id: str = ""


class RemoteList(_RoomReply, frozen=True, kw_only=True):
    """What `listremotes` answers. `remotes`: where it is sent to (Janus's key is ``list``)."""

    id: Id | None = None
    remotes: tuple[RemoteDestination, ...] = msgspec.field(name="list", default=())


class RemotePublisherAdded(_RoomReply, frozen=True, kw_only=True):
    """What `add_remote_publisher` answers: its id here, and where to send its media and RTCP."""

    id: Id | None = None
    ip: str = ""
    port: int = 0
    rtcp_port: int | None = None


class RemotePublisherChanged(_RoomReply, frozen=True, kw_only=True):
    """What `update_remote_publisher` and `remove_remote_publisher` answer: its id here."""

    id: Id | None = None


class RoomJoined(_RoomReply, frozen=True, kw_only=True):
    """What `join` answers.

    Attributes:
        description: of the room.
        id: the own id, of a publisher.
        private_id: what a subscriber of the same person may have to bring, of a publisher.
        publishers: the others who publish.
        attendees: the others who do not, in a room with ``notify_joining``.
        streams: what is subscribed to, of a subscriber; the offer is in `PluginReply.jsep`.
        warning: such as ``deprecated_api``.
    """

    description: str = ""
    id: Id | None = None
    private_id: int | None = None
    publishers: tuple[Publisher, ...] = ()
    attendees: tuple[User, ...] = ()
    streams: tuple[SubscribedStream, ...] = ()
    warning: str = ""


class RoomJoinedAndConfigured(_RoomReply, frozen=True, kw_only=True):
    """What `joinandconfigure` answers: as `RoomJoined` for a publisher, with what it publishes itself."""

    description: str = ""
    id: Id | None = None
    private_id: int | None = None
    publishers: tuple[Publisher, ...] = ()
    attendees: tuple[User, ...] = ()
    streams: tuple[PublisherStream, ...] = ()
    audio_codec: str = ""
    video_codec: str = ""


class RoomConfigured(_RoomReply, frozen=True, kw_only=True):
    """What `configure` and `publish` answer.

    Attributes:
        configured: ``ok``.
        audio_codec, video_codec, streams: what is published, if an offer was sent.
    """

    configured: str = ""
    audio_codec: str = ""
    video_codec: str = ""
    streams: tuple[PublisherStream, ...] = ()


class RoomSubscription(_RoomReply, frozen=True, kw_only=True):
    """What `subscribe`, `unsubscribe` and `update` answer.

    Attributes:
        videoroom: ``updated``, or ``updating`` while an earlier offer waits for its answer.
        streams: what is subscribed to now; empty if nothing changed, and with ``updating``.
    """

    streams: tuple[SubscribedStream, ...] = ()


class RoomSwitched(_RoomReply, frozen=True, kw_only=True):
    """What `switch` answers.

    Attributes:
        switched: ``ok``.
        changes: how many mids show another feed now; it may be fewer than were asked for.
        streams: what is subscribed to now.
    """

    switched: str = ""
    changes: int = 0
    streams: tuple[SubscribedStream, ...] = ()
