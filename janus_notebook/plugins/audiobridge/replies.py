"""The answers of AudioBridge."""

from __future__ import annotations

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.plugins.audiobridge.objects import (
    AudioAnnouncement,
    AudioForwarder,
    AudioParticipant,
    AudioRoomFacts,
    RtpAddress,
)
from janus_notebook.plugins.requests import Id

__all__ = [
    "AudioAllowed",
    "AudioAnnouncements",
    "AudioConfigured",
    "AudioFile",
    "AudioFilePlaying",
    "AudioFilesStopped",
    "AudioForwardStopped",
    "AudioForwarders",
    "AudioForwarding",
    "AudioHangingUp",
    "AudioJoined",
    "AudioLeft",
    "AudioMjrs",
    "AudioParticipants",
    "AudioRecording",
    "AudioReply",
    "AudioRoomCreated",
    "AudioRoomDestroyed",
    "AudioRoomEdited",
    "AudioRoomExists",
    "AudioRooms",
    "AudioSuccess",
]


class AudioReply(PluginReply, frozen=True, kw_only=True):
    """An answer of AudioBridge.

    Attributes:
        audiobridge: what kind of answer it is, such as ``success`` or ``joined``.
    """

    audiobridge: str = ""


class AudioSuccess(AudioReply, frozen=True, kw_only=True):
    """It was done.

    Attributes:
        room: where, if the plugin says so; it does not where there was nothing to change.
    """

    room: Id | None = None


class AudioRoomCreated(AudioReply, frozen=True, kw_only=True):
    """A room was made.

    Attributes:
        room: its id.
        permanent: whether it is in the server's configuration file now.
    """

    room: Id | None = None
    permanent: bool = False


class AudioRoomEdited(AudioRoomCreated, frozen=True, kw_only=True):
    """A room was changed. The fields are those of `AudioRoomCreated`."""


class AudioRoomDestroyed(AudioRoomCreated, frozen=True, kw_only=True):
    """A room is gone. `permanent`: whether it is gone from the server's configuration file too."""


class AudioRecording(AudioReply, frozen=True, kw_only=True):
    """The answer to `enable_recording`.

    Attributes:
        record: whether the mix is being recorded now.
    """

    record: bool = False


class AudioMjrs(AudioReply, frozen=True, kw_only=True):
    """The answer to `enable_mjrs`.

    Attributes:
        mjrs: whether the participants are being recorded now.
    """

    mjrs: bool = False


class AudioRooms(AudioReply, frozen=True, kw_only=True):
    """The answer to `list`.

    Attributes:
        rooms: the rooms that are not private (``reply["list"]`` as Janus sends it).
    """

    rooms: tuple[AudioRoomFacts, ...] = msgspec.field(name="list", default=())


class AudioRoomExists(AudioReply, frozen=True, kw_only=True):
    """The answer to `exists`.

    Attributes:
        room: the id that was asked for.
        exists: whether there is such a room.
    """

    room: Id | None = None
    exists: bool = False


class AudioAllowed(AudioReply, frozen=True, kw_only=True):
    """The answer to `allowed`.

    Attributes:
        room: where.
        allowed: the tokens that may join now; empty if no token is asked for.
    """

    room: Id | None = None
    allowed: tuple[str, ...] = ()


class AudioParticipants(AudioReply, frozen=True, kw_only=True):
    """The answer to `listparticipants`.

    Attributes:
        room: where.
        participants: everybody in it, oneself too.
    """

    room: Id | None = None
    participants: tuple[AudioParticipant, ...] = ()


class AudioForwarding(AudioReply, frozen=True, kw_only=True):
    """The answer to `rtp_forward`.

    Attributes:
        room: whose mix is sent.
        group: of these only, if a group was chosen.
        stream_id: for `stop_rtp_forward`.
        host, port: where it is sent.
    """

    room: Id | None = None
    group: str = ""
    stream_id: int = 0
    host: str = ""
    port: int = 0


class AudioForwardStopped(AudioReply, frozen=True, kw_only=True):
    """The answer to `stop_rtp_forward`.

    Attributes:
        room: where.
        stream_id: what has ended.
    """

    room: Id | None = None
    stream_id: int = 0


class AudioForwarders(AudioReply, frozen=True, kw_only=True):
    """The answer to `listforwarders`.

    Attributes:
        room: where.
        rtp_forwarders: all of them.
    """

    room: Id | None = None
    rtp_forwarders: tuple[AudioForwarder, ...] = ()


class AudioFile(AudioReply, frozen=True, kw_only=True):
    """The answer to `play_file` and `stop_file`.

    Attributes:
        room: where.
        file_id: which one.
    """

    room: Id | None = None
    file_id: str = ""


class AudioFilePlaying(AudioFile, frozen=True, kw_only=True):
    """The answer to `is_playing`, with the fields of `AudioFile`.

    Attributes:
        playing: whether it is being played.
    """

    playing: bool = False


class AudioFilesStopped(AudioReply, frozen=True, kw_only=True):
    """The answer to `stop_all_files`.

    Attributes:
        room: where.
        file_id_list: what has ended.
    """

    room: Id | None = None
    file_id_list: tuple[str, ...] = ()


class AudioAnnouncements(AudioReply, frozen=True, kw_only=True):
    """The answer to `listannouncements`.

    Attributes:
        room: where.
        announcements: the files that are played there.
    """

    room: Id | None = None
    announcements: tuple[AudioAnnouncement, ...] = ()


class AudioJoined(AudioReply, frozen=True, kw_only=True):
    """The answer to `join` and `changeroom`.

    Attributes:
        room: where one is now.
        id: one's own id in it.
        participants: who was there before; oneself is not among them.
        rtp: where to send RTP, for a participant without WebRTC.
    """

    room: Id | None = None
    id: Id | None = None
    participants: tuple[AudioParticipant, ...] = ()
    rtp: RtpAddress | None = None


class AudioConfigured(AudioReply, frozen=True, kw_only=True):
    """The answer to `configure`.

    Attributes:
        result: ``ok``.
    """

    result: str = ""


class AudioLeft(AudioReply, frozen=True, kw_only=True):
    """The answer to `leave`.

    Attributes:
        room: where one was.
        id: one's own id in it.
    """

    room: Id | None = None
    id: Id | None = None


class AudioHangingUp(AudioReply, frozen=True, kw_only=True):
    """The answer to `hangup_call`."""
