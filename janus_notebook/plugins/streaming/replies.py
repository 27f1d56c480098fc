"""Streaming's answers."""

from __future__ import annotations

from typing import Any

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.client.requests import Id
from janus_notebook.config import mask
from janus_notebook.protocol.typed import Record
from janus_notebook.texts import short_repr

__all__ = [
    "CreatedMountpoint",
    "CreatedPort",
    "Mountpoint",
    "MountpointAbout",
    "MountpointCreated",
    "MountpointDestroyed",
    "MountpointEditAnswer",
    "MountpointInfo",
    "MountpointList",
    "MountpointMedium",
    "StreamAnswer",
    "StreamResult",
    "StreamStatus",
]


class StreamAnswer(PluginReply, frozen=True, kw_only=True):
    """An answer that says no more than that it was done.

    Attributes:
        streaming: ``ok``, or what was done (``kicked_all``).
    """

    streaming: str = ""


# -- mountpoints ----------------------------------------------------------------------------------


class MountpointMedium(Record, frozen=True, kw_only=True):
    """One medium of a mountpoint. What the server does not say, or not without the secret, is None.

    Attributes:
        type: ``audio``, ``video`` or ``data``.
        mid: its media section in the SDP; "" for a file, whose only medium has none.
        mindex: its place among the media.
        label: a text for people.
        msid: the stream and track names in the SDP.
        pt, codec, rtpmap, fmtp: payload type, codec, and their words in the SDP.
        age_ms: milliseconds since the last packet came in, or since the mountpoint was made.
        videobufferkf: whether the last keyframe is kept for new viewers.
        videosimulcast, videosvc: whether the source sends simulcast or SVC.
        skew_compensation: whether a drifting clock of the source is compensated.
        port, rtcpport, port2, port3: UDP ports where the source's packets are expected.
        recording: file name of the recording under way.
    """

    type: str = ""
    mid: str = ""
    mindex: int | None = None
    label: str = ""
    msid: str | None = None
    pt: int | None = None
    codec: str | None = None
    rtpmap: str | None = None
    fmtp: str | None = None
    age_ms: int | None = None
    videobufferkf: bool = False
    videosimulcast: bool = False
    videosvc: bool = False
    skew_compensation: bool = False
    port: int | None = None
    rtcpport: int | None = None
    port2: int | None = None
    port3: int | None = None
    recording: str | None = None


class Mountpoint(Record, frozen=True, kw_only=True):
    """A mountpoint in the list.

    Attributes:
        id: a whole number, or a text on a server with ``string_ids``.
        type: ``live``, or ``on demand`` (with a blank) for a file that each viewer gets from its start.
        description, metadata: texts of its maker; None where there is none.
        enabled: False after ``disable``.
        age_ms: for a file milliseconds since it was last sent, on servers that say it.
        media: of a mountpoint fed by RTP or RTSP.
    """

    id: Id = 0
    type: str = ""
    description: str | None = None
    metadata: str | None = None
    enabled: bool = True
    age_ms: int | None = None
    media: tuple[MountpointMedium, ...] = ()


class MountpointInfo(Mountpoint, frozen=True, kw_only=True):
    """All that the server says of a mountpoint. What it says only with the secret is None without.

    Attributes:
        name: the one it was created with.
        viewers: how many watch it.
        is_private: whether it is left out of the list.
        secret, pin: as they were set; masked in the repr.
        filename: the file that is sent.
        rtsp: whether it is fed by RTSP.
        url, rtsp_user, rtsp_pwd, rtsp_quirk: of its RTSP source; the password is masked in the repr.
        srtp: whether its source encrypts.
        collision: milliseconds after which another SSRC is accepted.
        threads: helper threads for many viewers.
        host: address that its ports are bound to.
    """

    name: str | None = None
    viewers: int | None = None
    is_private: bool | None = None
    secret: str | None = None
    pin: str | None = None
    filename: str | None = None
    rtsp: bool = False
    url: str | None = None
    rtsp_user: str | None = None
    rtsp_pwd: str | None = None
    rtsp_quirk: bool | None = None
    srtp: bool = False
    collision: int | None = None
    threads: int | None = None
    host: str | None = None

    def __repr__(self) -> str:
        known = {key: value for key, value in msgspec.structs.asdict(self).items() if value is not None}
        return f"<MountpointInfo {short_repr(mask(known))}>"


class MountpointList(PluginReply, frozen=True, kw_only=True):
    """The answer to `list`.

    Attributes:
        mountpoints: the public ones, and with the server's ``admin_key`` the private ones too.
    """

    streaming: str = ""
    mountpoints: tuple[Mountpoint, ...] = msgspec.field(name="list", default=())


class MountpointAbout(PluginReply, frozen=True, kw_only=True):
    """The answer to `info`.

    Attributes:
        info: the mountpoint.
    """

    streaming: str = ""
    info: MountpointInfo = MountpointInfo()


class CreatedPort(Record, frozen=True, kw_only=True):
    """Where a medium of a new mountpoint expects its source's packets.

    Attributes:
        type: ``audio``, ``video`` or ``data``.
        mid: of the medium.
        msid: as it was asked for.
        host: address that the port is bound to, where one was chosen.
        port, rtcp_port, port_2, port_3: UDP ports: of RTP, of RTCP, and of the simulcast substreams.
    """

    type: str = ""
    mid: str = ""
    msid: str | None = None
    host: str | None = None
    port: int = 0
    rtcp_port: int | None = None
    port_2: int | None = None
    port_3: int | None = None


class CreatedMountpoint(Record, frozen=True, kw_only=True):
    """A mountpoint that was just made.

    Attributes:
        id: its id.
        type: ``live`` or ``on demand``.
        description: a text for people.
        is_private: whether it is left out of the list.
        ports: of the media, where they were given as ``media``.
        host: address that its ports are bound to, where one was chosen.
        audio_port, audio_rtcp_port, video_port, video_rtcp_port, video_port_2, video_port_3, data_port:
            of the media, where they were given in the flat form.
        audio_host, video_host, data_host: where they are bound to an address.
    """

    id: Id = 0
    type: str = ""
    description: str | None = None
    is_private: bool = False
    ports: tuple[CreatedPort, ...] = ()
    host: str | None = None
    audio_port: int | None = None
    audio_rtcp_port: int | None = None
    audio_host: str | None = None
    video_port: int | None = None
    video_rtcp_port: int | None = None
    video_port_2: int | None = None
    video_port_3: int | None = None
    video_host: str | None = None
    data_port: int | None = None
    data_host: str | None = None


class MountpointCreated(PluginReply, frozen=True, kw_only=True):
    """The answer to `create`.

    Attributes:
        streaming: ``created``.
        created: the mountpoint's *name*; its id is ``stream.id``.
        permanent: whether it was written to the configuration.
        stream: the mountpoint.
        warning: ``deprecated_api`` where the media were given in the flat form.
    """

    streaming: str = ""
    created: str = ""
    permanent: bool = False
    stream: CreatedMountpoint = CreatedMountpoint()
    warning: str | None = None


class MountpointEditAnswer(PluginReply, frozen=True, kw_only=True):
    """The answer to `edit`.

    Attributes:
        streaming: ``edited``.
        id: of the mountpoint.
        permanent: whether the change was written to the configuration.
    """

    streaming: str = ""
    id: Id = 0
    permanent: bool = False


class MountpointDestroyed(PluginReply, frozen=True, kw_only=True):
    """The answer to `destroy`.

    Attributes:
        streaming: ``destroyed``.
        destroyed: the mountpoint's id.
    """

    streaming: str = ""
    destroyed: Id = 0


# -- viewers --------------------------------------------------------------------------------------


class StreamResult(Record, frozen=True, kw_only=True):
    """What an answer to a viewer says.

    Attributes:
        status: ``preparing``, ``updating``, ``starting``, ``started``, ``pausing``, ``stopping`` or ``idle``.
        event: ``configured``, of `configure`.
        switched: ``ok``, of `switch`.
        id: of the mountpoint that is watched now, of `switch`.
    """

    status: str | None = None
    event: str | None = None
    switched: str | None = None
    id: Id | None = None


class StreamStatus(PluginReply, frozen=True, kw_only=True):
    """The answer to a viewer's request.

    Attributes:
        streaming: ``event``.
        result: what it says.
    """

    streaming: str = ""
    result: StreamResult = StreamResult()

    @property
    def status(self) -> str:
        """The status in the result; "" where there is none."""
        return self.result.status or ""

    @classmethod
    def idle(cls) -> StreamStatus:
        """What newer servers answer to a `stop` when nothing runs; older ones leave it without an answer."""
        data: dict[str, Any] = {"streaming": "event", "result": {"status": "idle"}}
        return cls.read(data, jsep=None, raw={})
