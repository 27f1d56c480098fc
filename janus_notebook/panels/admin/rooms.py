"""Who is connected to whom in the VideoRooms, from what the plugin says of each handle.

A publisher's handle and its subscribers' have nothing in common but a ``private_id``, where the subscriber
brought one: by it a subscription is known to be of the person who joined under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.admin.reading import VIDEOROOM
from janus_notebook.panels.snapshot import NAME_LIMIT, clean, ident

if TYPE_CHECKING:
    from janus_notebook.client.admin.handle_info import HandleInfo
    from janus_notebook.panels.admin.reading import Reading

__all__ = ["received", "rooms_snapshot"]

STREAMS_SHOWN: Final = 20
"""Of one publisher."""


@dataclass
class _Room:
    publishers: dict[str, dict[str, Any]] = field(default_factory=dict)  # by the participant's id
    persons: dict[int, str] = field(default_factory=dict)  # names by private_id
    silent: list[tuple[int | None, str]] = field(default_factory=list)  # those who publish nothing
    subscribers: list[HandleInfo] = field(default_factory=list)


def rooms_snapshot(reading: Reading, ours: Mapping[int, Mapping[int, str]]) -> list[dict[str, Any]]:
    """The rooms in which somebody is, each with its publishers, its subscribers, and what goes between them.

    Args:
        reading: of the server.
        ours: by the ids of this kernel's own sessions, what their handles are called.
    """
    rooms: dict[str, _Room] = {}
    for session in reading.sessions:
        for handle in session.handles:
            said = handle.plugin_specific
            if handle.plugin != VIDEOROOM or said.get("room") is None:
                continue
            room = rooms.setdefault(clean(said["room"], NAME_LIMIT), _Room())
            if said.get("type") == "subscriber":
                room.subscribers.append(handle)
            else:
                _take_publisher(room, handle, handle.session_id in ours)
    return [
        _room_snapshot(name, rooms[name], reading.rooms.get(name, {}), ours)
        for name in sorted(rooms, key=lambda name: (len(name), name))
    ]


def _take_publisher(room: _Room, handle: HandleInfo, ours: bool) -> None:
    said = handle.plugin_specific
    display, private_id = said.get("display"), said.get("private_id")
    name = clean(display if display else f"participant {said.get('id')}", NAME_LIMIT)
    if isinstance(private_id, int):
        room.persons[private_id] = name
    streams = [
        {
            "mid": clean(stream.get("mid", ""), 20),
            "type": clean(stream.get("type", ""), 20),
            "codec": clean(stream.get("codec", ""), 20),
        }
        for stream in _objects(said.get("streams"))
    ]
    if not streams:
        room.silent.append((private_id if isinstance(private_id, int) else None, name))
        return
    node = _node(handle, name, ours)
    room.publishers[str(said.get("id"))] = node | {"streams": streams[:STREAMS_SHOWN]}


def _room_snapshot(
    name: str, room: _Room, listed: Mapping[str, Any], ours: Mapping[int, Mapping[int, str]]
) -> dict[str, Any]:
    subscribers: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for handle in room.subscribers:
        private_id = handle.plugin_specific.get("private_id")
        person = room.persons.get(private_id) if isinstance(private_id, int) else None
        label = ours.get(handle.session_id, {}).get(handle.handle_id)
        named = person or handle.opaque_id or label or f"handle {handle.handle_id}"
        paused = handle.plugin_specific.get("paused") is True
        to = f"s{len(subscribers)}"
        node = _node(handle, clean(named, NAME_LIMIT), handle.session_id in ours)
        subscribers.append(node | {"key": to, "paused": paused})
        for feed, streams in received(handle).items():
            if feed not in room.publishers:  # on another server, or it has gone since
                feed_name = str(streams[0].get("feed_display") or f"feed {feed}")
                room.publishers[feed] = {
                    "name": clean(feed_name, NAME_LIMIT),
                    "handle": None,
                    "session": None,
                    "ours": False,
                    "state": "",
                    "streams": [],
                }
            links.append({"from": feed, "to": to, **_link(streams, paused)})
    keys = {feed: f"p{at}" for at, feed in enumerate(room.publishers)}
    brought = (handle.plugin_specific.get("private_id") for handle in room.subscribers)
    watching = {private_id for private_id in brought if isinstance(private_id, int)}
    return {
        "room": name,
        "description": clean(listed.get("description") or "", NAME_LIMIT),
        "publishers": [node | {"key": keys[feed]} for feed, node in room.publishers.items()],
        "subscribers": subscribers,
        "links": [link | {"from": keys[link["from"]]} for link in links],
        "others": [known for private_id, known in room.silent if private_id not in watching],
    }


def _node(handle: HandleInfo, name: str, ours: bool) -> dict[str, Any]:
    return {
        "name": name,
        "handle": ident(handle.handle_id),
        "session": ident(handle.session_id),
        "ours": ours,
        "state": handle.state,
    }


def received(handle: HandleInfo) -> dict[str, list[dict[str, Any]]]:
    """The streams of a subscription by the feed that they come from. Data of many feeds come as one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for stream in _objects(handle.plugin_specific.get("streams")):
        if stream.get("active") is False:
            continue
        sources = stream.get("source_ids")
        feeds = [stream.get("feed_id")] if not isinstance(sources, list) else sources
        for feed in feeds:
            if feed is not None:
                found.setdefault(str(feed), []).append(stream)
    return found


def _link(streams: Iterable[Mapping[str, Any]], paused: bool) -> dict[str, Any]:
    streams = list(streams)
    return {
        "streams": [
            clean(" ".join(str(stream[key]) for key in ("type", "codec") if stream.get(key)), 40)
            for stream in streams[:STREAMS_SHOWN]
        ],
        "video": any(stream.get("type") == "video" for stream in streams),
        "still": paused or all(stream.get("send") is False for stream in streams),
    }


def _objects(value: object) -> Iterator[dict[str, Any]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
