"""What the Room panel shows, as small plain dicts."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.snapshot import NAME_LIMIT, clean

if TYPE_CHECKING:
    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom.replies import ListedRoom, PublisherStream
    from janus_notebook.plugins.videoroom.room import Participant, RoomView

__all__ = ["room_snapshot"]

MOVES_SHOWN: Final = 30
PEOPLE_SHOWN: Final = 200

PRIVATE: Final = "not known: VideoRoom does not list a private room"


def room_snapshot(
    view: RoomView,
    *,
    about: ListedRoom | None = None,
    asked: float | None = None,
    received: Collection[Id] = (),
    secret: bool = False,
) -> dict[str, Any]:
    """What the Room panel shows.

    Args:
        view: the room.
        about: its settings, as VideoRoom listed them last.
        asked: when that was, POSIX seconds; None if it was never asked.
        received: the feeds that the panel receives.
        secret: whether the room's secret is known here.
    """
    me, people = view.me, view.participants
    return {
        "head": {
            "room": "" if view.room is None else clean(view.room, NAME_LIMIT),
            "description": clean(view.description, NAME_LIMIT),
            "state": view.state,
            "me": "" if me is None else clean(me.display or me.id, NAME_LIMIT),
            "count": len(people),
            "publishing": sum(each.publisher for each in people),
            "secret": secret,
            "asked": None if asked is None else round(asked, 3),
            "handle": view.handle is not None,
        },
        "people": [_person(view, each, each.id in received) for each in people[:PEOPLE_SHOWN]],
        "moves": [
            {
                "time": round(move.time, 3),
                "what": move.what,
                "who": clean(move.display or f"participant {move.id}", NAME_LIMIT),
                "me": move.me,
            }
            for move in view.history.moves[-MOVES_SHOWN:]
        ],
        "facts": _facts(view, about, asked),
    }


def _person(view: RoomView, each: Participant, received: bool) -> dict[str, Any]:
    since = view.history.since(each.id)
    return {
        "id": clean(each.id, NAME_LIMIT),
        "name": clean(each.display or f"participant {each.id}", NAME_LIMIT),
        "me": each.me,
        "publisher": each.publisher,
        "talking": each.talking,
        "dummy": each.dummy,
        "since": None if since is None else round(since, 3),
        "received": received,
        "streams": [_stream(stream) for stream in each.streams] if each.publisher else [],
    }


def _stream(stream: PublisherStream) -> dict[str, Any]:
    words = [
        word
        for word, holds in (
            ("simulcast", stream.simulcast),
            ("SVC", stream.svc),
            ("stereo", stream.stereo),
            ("not sent now", stream.disabled),
        )
        if holds
    ]
    return {
        "mid": clean(stream.mid, 20),
        "type": clean(stream.type, 20),
        "codec": clean(stream.codec, 20),
        "description": clean(stream.description, NAME_LIMIT),
        "muted": stream.moderated,
        "words": words,
    }


def _facts(view: RoomView, about: ListedRoom | None, asked: float | None) -> list[list[str]]:
    if about is None:
        return [] if asked is None or view.state != "joined" else [["Settings", PRIVATE]]
    yes_no = ("no", "yes")
    recording = yes_no[about.record] + (", only with the secret" if about.lock_record else "")
    facts = [
        ("Publishers", f"at most {about.max_publishers} at once"),
        ("Bitrate", f"at most {about.bitrate / 1000:,.0f} kbit/s each" if about.bitrate else "no cap"),
        ("Audio", about.audiocodec or "none"),
        ("Video", about.videocodec or "none"),
        ("Pin", "asked of who joins" if about.pin_required else "none"),
        ("Recorded", recording),
        ("Key frames", f"asked for every {about.fir_freq} s" if about.fir_freq else "when needed"),
        ("Who talks", "told" if about.audiolevel_event else "not told"),
        ("Listeners", "everybody hears of them" if about.notify_joining else "nobody hears of them"),
        ("End to end", "encryption is required" if about.require_e2ee else ""),
        ("Subscribers", "must be in the room themselves" if about.require_pvtid else ""),
    ]
    return [[name, clean(value)] for name, value in facts if value]
