"""What the live tests of VideoRoom share: rooms, publishers of one colour, and what Janus says of a room."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from janus_notebook import JanusSession
from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from numpy.typing import NDArray

    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom import RoomSubscriber, RoomView

SECRET = "of-the-room"


def colour(level: int) -> Callable[[], NDArray[np.uint8]]:
    """A video source: small pictures of one grey, ten a second."""

    def picture() -> NDArray[np.uint8]:
        time.sleep(0.1)
        return np.full((48, 64, 3), level, np.uint8)

    return picture


async def handle(session: JanusSession) -> JanusVideoRoomPlugin:
    """An attached handle."""
    plugin = JanusVideoRoomPlugin()
    await plugin.attach(session)
    return plugin


@asynccontextmanager
async def room(url: str, room: Id | None = 77, **options: Any) -> AsyncIterator[JanusVideoRoomPlugin]:
    """A new room with a secret, and a handle of a session of its own to manage it; destroyed at the end."""
    async with JanusSession(url) as session:
        manager = await handle(session)
        made = await manager.create(room=room, secret=SECRET, **options)
        assert made.room is not None
        try:
            yield manager
        finally:
            if (await manager.exists(room=made.room)).exists:
                await manager.destroy(room=made.room, secret=SECRET)


async def publisher(
    session: JanusSession, level: int | None, *, room: Id = 77, audio: object = None, **options: Any
) -> JanusVideoRoomPlugin:
    """Somebody who has joined, and publishes a colour if one is given."""
    plugin = await handle(session)
    await plugin.join(room=room, **options)
    if level is not None:
        await plugin.publish(colour(level), audio)
    return plugin


def known(view: RoomView) -> set[tuple[Any, ...]]:
    """Who is in the room and who publishes, as the view says it."""
    return {(each.id, each.display, each.publisher) for each in view.participants}


async def is_right(manager: JanusVideoRoomPlugin, *views: RoomView, room: Id = 77) -> None:
    """Wait until the views equal Janus's own list, which may change meanwhile."""
    for view in views:
        for _ in range(50):
            listed = await manager.listparticipants(room=room)
            wanted = {(each.id, each.display, each.publisher) for each in listed.participants}
            version = view.version
            if known(view) == wanted:
                break
            await view.changed(5, since=version)
        else:
            raise AssertionError(f"{view!r} is not {wanted}")


async def shows(subscriber: RoomSubscriber, feed: Id, level: int) -> None:
    """Wait for a picture of a feed that has its colour."""
    track = subscriber.track(feed, "video")
    for _ in range(40):  # the first frames may be from before a switch, or the codec has not settled
        mean = (await track.snapshot()).mean()
        if abs(mean - level) < 12:
            return
    raise AssertionError(f"feed {feed} shows {mean}, not {level}")


def sent(plugin: JanusVideoRoomPlugin, *names: str) -> list[dict[str, Any]]:
    """The bodies of the requests with these names that the handle has sent."""
    assert plugin.session is not None
    bodies = [
        event.raw["body"]
        for event in plugin.session.events
        if (event.direction, event.kind, event.handle_id) == ("request", "message", plugin.id)
    ]
    return [body for body in bodies if body["request"] in names]


def offers(plugin: JanusVideoRoomPlugin) -> int:
    """How many offers Janus has sent to the handle."""
    assert plugin.session is not None
    return sum(
        event.handle_id == plugin.id
        and event.direction in ("reply", "event")
        and event.raw.get("jsep", {}).get("type") == "offer"
        for event in plugin.session.events
    )
