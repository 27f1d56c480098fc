"""VideoRoom's requests of a subscriber."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice.plugin import Done
from janus_notebook.gateway.practice.plugins.parameters import RefusalError
from janus_notebook.gateway.practice.plugins.videoroom.management import (
    CHECKER,
    INVALID_ELEMENT,
    NO_SUCH_FEED,
    UNAUTHORIZED,
    VideoRooms,
)
from janus_notebook.gateway.practice.plugins.videoroom.rooms import (
    Publisher,
    PublisherStream,
    Subscriber,
    VideoRoomRoom,
    event,
)

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["REQUESTS", "join"]

JOIN = {
    "private_id": "count",
    "streams": "array",
    "feed": "count",
    "autoupdate": "boolean",
    "close_pc": "boolean",
    "audio": "boolean",
    "video": "boolean",
    "data": "boolean",
    "offer_audio": "boolean",
    "offer_video": "boolean",
    "offer_data": "boolean",
}
SOURCE = {"mid": "string", "feed": "count!"}
OWN_STREAM = {"sub_mid": "string", "feed": "count", "mid": "string"}
SWITCH = {"mid": "string!", "sub_mid": "string!", "feed": "count!"}
TUNING = {
    "mid": "string",
    "send": "boolean",
    "substream": "count",
    "temporal": "count",
    "fallback": "count",
    "spatial_layer": "count",
    "temporal_layer": "count",
    "min_delay": "integer",
    "max_delay": "integer",
}

Body = Mapping[str, Any]
Source = tuple[Publisher, PublisherStream]


def join(rooms: VideoRooms, handle: PracticeHandle, body: Body) -> tuple[Subscriber, Done]:
    """Join a room as a subscriber.

    Raises:
        RefusalError: the room does not take this one, or what it wants is not there.
    """
    room = rooms.find(body)
    rooms.admit(body, room)
    CHECKER.check(body, JOIN)
    listed = body.get("streams") or []
    if not listed:
        CHECKER.check(body, {"feed": "count!"})
    items = listed or [{"feed": body["feed"]}]
    sources = [source for item in items for source in _sources(room, item, disabled=True)]
    if room.require_pvtid and body.get("private_id") not in [p.private_id for p in room.publishers.values()]:
        raise RefusalError(UNAUTHORIZED, "Unauthorized (this room requires a valid private_id)")
    subscriber = Subscriber(handle, room, autoupdate=body.get("autoupdate", True))
    for source in sources:
        subscriber.add(*source)
    data: dict[str, Any] = {"videoroom": "attached", "room": room.id}
    if not listed:
        data |= {"id": body["feed"], "warning": "deprecated_api"}
        display = room.publishers[body["feed"]].display
        if display is not None:
            data["display"] = display
    return subscriber, Done(data | {"streams": subscriber.listed()}, subscriber.offer())


def _sources(room: VideoRoomRoom, item: object, *, disabled: bool = False) -> list[Source]:
    """Return the streams that ``{feed, mid?}`` names."""
    CHECKER.check(_object(item), SOURCE)
    assert isinstance(item, dict)
    publisher = room.publishers.get(item["feed"])
    if publisher is None or not publisher.streams:
        raise RefusalError(NO_SUCH_FEED, f"No such feed ({item['feed']})")
    if "mid" not in item:
        return [(publisher, s) for s in publisher.streams if disabled or s.codec is not None]
    stream = next((s for s in publisher.streams if s.mid == item["mid"]), None)
    if stream is None:
        raise RefusalError(NO_SUCH_FEED, f"No such mid '{item['mid']}' in feed ({item['feed']})")
    return [(publisher, stream)]


def _object(item: object) -> Body:
    if not isinstance(item, dict):
        raise RefusalError(INVALID_ELEMENT, "Invalid element type (streams should contain objects)")
    return item


def _start(subscriber: Subscriber, body: Body, answered: bool) -> Done:
    if answered:
        subscriber.answered()
    return Done(event(subscriber.room, started="ok"))


def _pause(subscriber: Subscriber, body: Body, answered: bool) -> Done:
    return Done(event(subscriber.room, paused="ok"))


def _leave(subscriber: Subscriber, body: Body, answered: bool) -> Done:
    subscriber.streams = []
    subscriber.negotiation.close("Close PC")
    return Done(event(subscriber.room, left="ok"))


def _configure(subscriber: Subscriber, body: Body, answered: bool) -> Done | None:
    CHECKER.check(body, {"streams": "array", "restart": "boolean", "update": "boolean"})
    for item in body.get("streams", ()):
        CHECKER.check(_object(item), TUNING)
        if "mid" not in item:
            continue
        stream = next((s for s in subscriber.streams if s.mid == item["mid"]), None)
        if stream is None:
            raise RefusalError(NO_SUCH_FEED, f"No such mid '{item['mid']}' in subscription")
        stream.send = item.get("send", stream.send)
    if not body.get("restart", False):
        return Done(event(subscriber.room, configured="ok"))
    if subscriber.negotiation.waiting:
        return None  # Janus says ack, and never answers
    return Done(event(subscriber.room, configured="ok"), subscriber.offer(restart=True))


def _update(subscriber: Subscriber, body: Body, answered: bool) -> Done:
    """Answer ``subscribe``, ``unsubscribe`` and ``update``, which does both."""
    request = body["request"]
    if request == "update":
        CHECKER.check(body, {"subscribe": "array", "unsubscribe": "array"})
        if "subscribe" not in body and "unsubscribe" not in body:
            text = "At least one of either 'subscribe' or 'unsubscribe' must be present"
            raise RefusalError(CHECKER.missing, text)
        lists = {name: body[name] for name in ("subscribe", "unsubscribe") if name in body}
    else:
        CHECKER.check(body, {"streams": "array!"})
        lists = {request: body["streams"]}
    for name, items in lists.items():
        if not items:
            raise RefusalError(INVALID_ELEMENT, f"Empty {name.removesuffix('e')[:-1]}ption list")
    added = [s for item in lists.get("subscribe", ()) for s in _sources(subscriber.room, item)]
    removed = _unsubscribed(subscriber, lists.get("unsubscribe", ()))
    for stream in removed:
        stream.lose()
    for source in added:
        subscriber.add(*source)
    data: dict[str, Any] = {"videoroom": "updated", "room": subscriber.room.id}
    if not added and not removed:
        return Done(data)
    if subscriber.negotiation.waiting:
        subscriber.behind = True
        return Done(data | {"videoroom": "updating"})
    return Done(data | {"streams": subscriber.listed()}, subscriber.offer())


def _unsubscribed(subscriber: Subscriber, items: Sequence[object]) -> list[Any]:
    """Return the own streams that ``{sub_mid}``, ``{feed}`` or ``{feed, mid}`` name."""
    found = []
    for item in items:
        given = _object(item)
        CHECKER.check(given, OWN_STREAM)
        for stream in subscriber.streams:
            if stream.source is None or not given:
                continue
            publisher, published = stream.source
            facts = {"sub_mid": stream.mid, "feed": publisher.id, "mid": published.mid}
            if all(facts[name] == given[name] for name in facts if name in given) and stream not in found:
                found.append(stream)
    return found


def _switch(subscriber: Subscriber, body: Body, answered: bool) -> Done:
    CHECKER.check(body, {"feed": "count", "streams": "array"})
    room = subscriber.room
    if not body.get("streams"):
        feed = body.get("feed", 0)
        publisher = room.publishers.get(feed)
        if publisher is None or not publisher.streams:
            raise RefusalError(NO_SUCH_FEED, f"No such feed ({feed})")
        raise RefusalError(INVALID_ELEMENT, "Empty switch list")
    wanted = []
    for item in body["streams"]:
        given = _object(item)
        CHECKER.check(given, SWITCH)
        wanted += [(given["sub_mid"], source) for source in _sources(room, given)]
    changes = 0
    for sub_mid, source in wanted:
        own = next((s for s in subscriber.streams if s.mid == sub_mid), None)
        if own is not None and own.type == source[1].type and own.source != source:
            own.source = source
            own.codec = source[1].codec or own.codec
            changes += 1
    return Done(event(room, switched="ok", changes=changes, streams=subscriber.listed()))


REQUESTS: dict[str, Callable[[Subscriber, Body, bool], Done | None]] = {
    "start": _start,
    "pause": _pause,
    "leave": _leave,
    "configure": _configure,
    "subscribe": _update,
    "unsubscribe": _update,
    "update": _update,
    "switch": _switch,
}
