"""The events of AudioBridge: what happens in the room that a handle has joined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from janus_notebook.plugins.audiobridge.objects import AudioParticipant
from janus_notebook.plugins.requests import Id
from janus_notebook.protocol.plugin_events import PluginDetail

__all__ = [
    "DETAILS",
    "AudioAnnouncementStarted",
    "AudioAnnouncementStopped",
    "AudioDetail",
    "AudioKicked",
    "AudioKickedAll",
    "AudioLeaving",
    "AudioParticipantChanged",
    "AudioParticipantJoined",
    "AudioResumed",
    "AudioRoomGone",
    "AudioRoomMuted",
    "AudioStoppedTalking",
    "AudioSuspended",
    "AudioTalking",
    "detail",
]


class AudioDetail(PluginDetail, frozen=True, kw_only=True):
    """Something that has happened in a room.

    Attributes:
        room: the room's id.
    """

    room: Id | None = None


class AudioParticipantJoined(AudioDetail, frozen=True, kw_only=True):
    """``joined``: somebody else has come.

    Attributes:
        participants: the one who has.
    """

    name: ClassVar[str] = "joined"

    participants: tuple[AudioParticipant, ...] = ()


class AudioParticipantChanged(AudioDetail, frozen=True, kw_only=True):
    """``participant``: somebody is set up, muted, unmuted, or has another name.

    Attributes:
        participants: the one who is, as it is now.
    """

    name: ClassVar[str] = "participant"

    participants: tuple[AudioParticipant, ...] = ()


class AudioLeaving(AudioDetail, frozen=True, kw_only=True):
    """``leaving``: somebody has left the room.

    Attributes:
        leaving: the id of the one who has.
    """

    name: ClassVar[str] = "leaving"

    leaving: Id | None = None


class AudioKicked(AudioDetail, frozen=True, kw_only=True):
    """``kicked``: somebody is thrown out; ``leaving`` follows when the media is closed.

    Attributes:
        kicked: the id of the one who is, which may be one's own.
    """

    name: ClassVar[str] = "kicked"

    kicked: Id | None = None


class AudioKickedAll(AudioDetail, frozen=True, kw_only=True):
    """``kicked_all``: everybody is thrown out.

    Attributes:
        kicked_all: one's own id.
    """

    name: ClassVar[str] = "kicked_all"

    kicked_all: Id | None = None


class AudioRoomMuted(AudioDetail, frozen=True, kw_only=True):
    """``muted``: the whole room was muted, or no longer is.

    Attributes:
        muted: whether it is. Who joined with the room's secret is heard all the same.
    """

    name: ClassVar[str] = "muted"

    muted: bool = False


class AudioRoomGone(AudioDetail, frozen=True, kw_only=True):
    """``destroyed``: the room is no more."""

    name: ClassVar[str] = "destroyed"


class AudioTalking(AudioDetail, frozen=True, kw_only=True):
    """``talking``: somebody has begun to talk. Needs a room with ``audiolevel_event``.

    Attributes:
        id: of the one who has, which may be one's own.
    """

    name: ClassVar[str] = "talking"

    id: Id | None = None


class AudioStoppedTalking(AudioDetail, frozen=True, kw_only=True):
    """``stopped-talking``: somebody has fallen silent.

    Attributes:
        id: of the one who has, which may be one's own.
    """

    name: ClassVar[str] = "stopped-talking"

    id: Id | None = None


class AudioAnnouncementStarted(AudioDetail, frozen=True, kw_only=True):
    """``announcement-started``: a file is being played.

    Attributes:
        file_id: which one, as `play_file` answered.
    """

    name: ClassVar[str] = "announcement-started"

    file_id: str = ""


class AudioAnnouncementStopped(AudioDetail, frozen=True, kw_only=True):
    """``announcement-stopped``: a file has come to its end, or was stopped.

    Attributes:
        file_id: which one.
    """

    name: ClassVar[str] = "announcement-stopped"

    file_id: str = ""


class AudioSuspended(AudioDetail, frozen=True, kw_only=True):
    """``suspended``: somebody no longer takes part, but has not left (Janus 1.2.1 and newer).

    Attributes:
        suspended: the id of the one who does not.
    """

    name: ClassVar[str] = "suspended"

    suspended: Id | None = None


class AudioResumed(AudioDetail, frozen=True, kw_only=True):
    """``resumed``: somebody takes part again (Janus 1.2.1 and newer).

    Attributes:
        resumed: the id of the one who does.
        participants: all others, for oneself when one's events had been paused; else None.
    """

    name: ClassVar[str] = "resumed"

    resumed: Id | None = None
    participants: tuple[AudioParticipant, ...] | None = None


# By the value of "audiobridge".
_NAMED: dict[str, type[PluginDetail]] = {
    detail.name: detail
    for detail in (
        AudioParticipantJoined,
        AudioRoomGone,
        AudioTalking,
        AudioStoppedTalking,
        AudioAnnouncementStarted,
        AudioAnnouncementStopped,
    )
}

# By the key that makes an "event" what it is; ``resumed`` may come with participants.
_KEYED: dict[str, type[PluginDetail]] = {
    "leaving": AudioLeaving,
    "kicked": AudioKicked,
    "kicked_all": AudioKickedAll,
    "muted": AudioRoomMuted,
    "suspended": AudioSuspended,
    "resumed": AudioResumed,
    "participants": AudioParticipantChanged,
}

DETAILS = (*_NAMED.values(), *_KEYED.values())


def detail(data: Mapping[str, Any]) -> type[PluginDetail]:
    """The class for an event's data."""
    what = data.get("audiobridge")
    if what != "event":
        return _NAMED.get(what, PluginDetail) if isinstance(what, str) else PluginDetail
    return next((known for key, known in _KEYED.items() if key in data), PluginDetail)
