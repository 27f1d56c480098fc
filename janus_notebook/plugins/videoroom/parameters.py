"""The objects that requests of VideoRoom take in their lists."""

from __future__ import annotations

from typing import TypedDict

from janus_notebook.plugins.requests import Id

__all__ = [
    "ConfigureStream",
    "Description",
    "DummyStream",
    "ForwardStream",
    "PublishStream",
    "RemoteStream",
    "SubscribeStream",
    "SwitchStream",
    "UnsubscribeStream",
]


class DummyStream(TypedDict, total=False):
    """A stream of the placeholder that `create` may put into a room.

    Attributes:
        codec: such as ``vp8``.
        fmtp: its format parameters.
    """

    codec: str
    fmtp: str


class Description(TypedDict, total=False):
    """A text for one of the own streams.

    Attributes:
        mid: of the stream; required.
        description: what it shows, for people; required.
    """

    mid: str
    description: str


class PublishStream(TypedDict, total=False):
    """Tuning of one of the own streams.

    Attributes:
        mid: of the stream.
        send: whether it is relayed.
        min_delay: lower bound of the playout delay, in ms.
        max_delay: upper bound, in ms.
        keyframe: ask for a key frame.
    """

    mid: str
    send: bool
    min_delay: int
    max_delay: int
    keyframe: bool


class ConfigureStream(TypedDict, total=False):
    """Tuning of one stream, published or subscribed to.

    Attributes:
        mid: of the stream.
        send: whether it is relayed.
        audio_active_packets: how many packets an audio level is averaged over.
        substream: simulcast layer, 0 (lowest) to 2.
        temporal: temporal layer, 0 to 2.
        fallback: microseconds without packets before a lower layer is taken.
        spatial_layer: SVC spatial layer, 0 to 2.
        temporal_layer: SVC temporal layer, 0 to 2.
        min_delay: lower bound of the playout delay, in ms.
        max_delay: upper bound, in ms.
        keyframe: ask for a key frame.
    """

    mid: str
    send: bool
    audio_active_packets: int
    substream: int
    temporal: int
    fallback: int
    spatial_layer: int
    temporal_layer: int
    min_delay: int
    max_delay: int
    keyframe: bool


class SubscribeStream(TypedDict, total=False):
    """What to subscribe to.

    Attributes:
        feed: the publisher to subscribe to; required.
        mid: one stream of it, by the publisher's mid; without it, all.
        substream: simulcast layer, 0 (lowest) to 2.
        temporal: temporal layer, 0 to 2.
        spatial_layer: SVC spatial layer, 0 to 2.
        temporal_layer: SVC temporal layer, 0 to 2.
        min_delay: lower bound of the playout delay, in ms.
        max_delay: upper bound, in ms.
        crossrefid: a text of yours that comes back with the stream (Janus 1.0.4 and newer).
        send: False to begin without media (Janus 1.1.1 and newer).
    """

    feed: Id
    mid: str
    substream: int
    temporal: int
    spatial_layer: int
    temporal_layer: int
    min_delay: int
    max_delay: int
    crossrefid: str
    send: bool


class UnsubscribeStream(TypedDict, total=False):
    """What to end: a feed, one stream of it, or an own mid.

    Attributes:
        feed: the publisher.
        mid: one stream of it, by the publisher's mid.
        sub_mid: the mid in the own subscription.
    """

    feed: Id
    mid: str
    sub_mid: str


class SwitchStream(TypedDict, total=False):
    """What one of the own mids is to show.

    Attributes:
        feed: the publisher; required.
        mid: the stream, by the publisher's mid; required.
        sub_mid: the mid in the own subscription; required.
        substream: simulcast layer (Janus 1.1.4 and newer).
        temporal: temporal layer (likewise).
        spatial_layer: SVC spatial layer (likewise).
        temporal_layer: SVC temporal layer (likewise).
    """

    feed: Id
    mid: str
    sub_mid: str
    substream: int
    temporal: int
    spatial_layer: int
    temporal_layer: int


class ForwardStream(TypedDict, total=False):
    """Where one stream is forwarded to.

    Attributes:
        port: UDP port it goes to; required.
        mid: the stream, by the publisher's mid; required.
        host: another address than the one beside `streams`.
        host_family: ``ipv4`` or ``ipv6``.
        rtcp_port: port for RTCP.
        ssrc: SSRC to send it with.
        pt: payload type to send it with.
        simulcast: let Janus choose the best simulcast layer.
        srtp_suite: encrypt: 32 or 80.
        srtp_crypto: key for it, in base64.
        port_2: port for the second simulcast layer.
        ssrc_2: its SSRC.
        pt_2: its payload type.
        port_3: port for the third.
        ssrc_3: its SSRC.
        pt_3: its payload type.
        secret: the room's secret, which Janus reads beside `streams`.
    """

    port: int
    mid: str
    host: str
    host_family: str
    rtcp_port: int
    ssrc: int
    pt: int
    simulcast: bool
    srtp_suite: int
    srtp_crypto: str
    port_2: int
    ssrc_2: int
    pt_2: int
    port_3: int
    ssrc_3: int
    pt_3: int
    secret: str


class RemoteStream(TypedDict, total=False):
    """A stream of a publisher on another server.

    Attributes:
        mid: of the stream; required.
        mindex: its place, from 0; required.
        type: ``audio``, ``video`` or ``data``; required.
        codec: such as ``opus`` or ``vp8``.
        description: a text for people.
        disabled: it is not sent at present.
        stereo: Opus in stereo.
        fec: Opus with error correction.
        dtx: Opus without packets in silence.
        h264_profile: of H.264.
        vp9_profile: of VP9.
        simulcast: it has simulcast layers.
        svc: it has SVC layers.
        audiolevel_ext_id: number of the header extension for audio levels.
        videoorient_ext_id: number of the one for orientation.
        playoutdelay_ext_id: number of the one for playout delay.
    """

    mid: str
    mindex: int
    type: str
    codec: str
    description: str
    disabled: bool
    stereo: bool
    fec: bool
    dtx: bool
    h264_profile: str
    vp9_profile: str
    simulcast: bool
    svc: bool
    audiolevel_ext_id: int
    videoorient_ext_id: int
    playoutdelay_ext_id: int
