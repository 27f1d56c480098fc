"""VideoRoom as people use it, with real media through the real Janus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusSession
from tests.client.scripted import errors_in, run, until
from tests.live.videoroom import SECRET, is_right, offers, publisher, room, sent, shows

if TYPE_CHECKING:
    from janus_notebook import LocalGateway
    from janus_notebook.plugins.videoroom import RoomSubscriber

pytestmark = pytest.mark.live


def answered(subscriber: RoomSubscriber) -> bool:
    """Whether each offer that came got one answer."""
    return offers(subscriber.handle) == len(sent(subscriber.handle, "start"))


def test_three_publishers_and_two_subscribers(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with (
            room(gateway.ws_url, publishers=4, notify_joining=True) as manager,
            JanusSession(gateway.ws_url) as session,
            JanusSession(gateway.ws_url) as other,
        ):
            one = await publisher(session, 40, id=1, display="one", audio="tone")
            await is_right(manager, one.view)
            two = await publisher(session, 120, id=2, display="two")
            await is_right(manager, one.view, two.view)
            watcher = await publisher(other, None, id=9, display="watcher")
            await is_right(manager, one.view, two.view, watcher.view)
            assert watcher.view.feeds == (1, 2)

            first = await watcher.subscriber()
            second = await watcher.subscriber()
            await first.set(watcher.view.feeds)
            await second.set({1: ["0"]})
            assert {feed: [s.type for s in streams] for feed, streams in first.feeds.items()} == {
                1: ["audio", "video"],
                2: ["video"],
            }
            assert [(s.feed_id, s.feed_display, s.type) for s in second.streams.values()] == [
                (1, "one", "audio")
            ]
            await shows(first, 1, 40)
            await shows(first, 2, 120)
            await first.set([2, 1])
            await first.set({1: None, 2: ["0"]})
            assert sent(first.handle, "update", "subscribe", "unsubscribe") == []

            # A third comes; both take it up, with one change each.
            three = await publisher(session, 200, id=3, display="three")
            views = one.view, two.view, three.view, watcher.view
            await is_right(manager, *views)
            await first.set(watcher.view.feeds)
            await second.set([2, 3])
            assert sent(first.handle, "update") == [{"request": "update", "subscribe": [{"feed": 3}]}]
            assert sent(second.handle, "update") == [
                {"request": "update", "subscribe": [{"feed": 2}, {"feed": 3}], "unsubscribe": [{"feed": 1}]}
            ]
            await shows(first, 3, 200)
            await shows(second, 3, 200)
            await shows(second, 2, 120)
            assert (offers(first.handle), offers(second.handle)) == (2, 2)

            # One leaves, and comes back with a new handle.
            await two.leave()
            assert two.view.state == "left"
            await is_right(manager, one.view, three.view, watcher.view)
            await until(lambda: 2 not in first.feeds and 2 not in second.feeds)
            await until(lambda: answered(first) and answered(second))
            two = await publisher(session, 90, id=2, display="two again")
            views = one.view, two.view, three.view, watcher.view
            await is_right(manager, *views)
            await first.set(watcher.view.feeds)
            await shows(first, 2, 90)
            await shows(first, 1, 40)

            # One is kicked, and comes back.
            await manager.kick(room=77, id=3, secret=SECRET)
            await is_right(manager, one.view, two.view, watcher.view)
            await until(lambda: three.view.state == "kicked" and three.state == "hungup")
            await until(lambda: set(first.feeds) == {1, 2} and set(second.feeds) == set())
            await until(lambda: answered(first) and answered(second))
            three = await publisher(session, 220, id=3, display="three")
            views = one.view, two.view, three.view, watcher.view
            await is_right(manager, *views)
            await second.set(watcher.view.publishers)
            await shows(second, 3, 220)
            await shows(second, 2, 90)

            # One unpublishes, and publishes again on the same handle.
            await one.unpublish()
            await is_right(manager, *views)
            me = one.view.me
            assert me is not None
            assert (me.publisher, me.streams, one.state, one.tracks) == (False, (), "hungup", ())
            await until(lambda: set(first.feeds) == {2} and set(second.feeds) == {2, 3})
            await one.publish("pattern", None)
            await is_right(manager, *views)
            await watcher.view.until(lambda view: set(view.feeds) == {1, 2, 3})
            await first.set(watcher.view.feeds)
            await second.set(watcher.view.feeds)
            assert set(first.feeds) == set(second.feeds) == {1, 2, 3}
            assert (await first.track(1).snapshot()).shape[2] == 3
            await shows(first, 3, 220)

            # Janus told everybody the same, and each offer was answered once.
            for view in views:
                assert {each.id: each.streams for each in view.participants} == {
                    each.id: each.streams for each in watcher.view.participants
                }
            for subscriber in (first, second):
                assert answered(subscriber)
                active = [(s.feed_id, s.feed_mid) for s in subscriber.streams.values() if s.active]
                assert len(active) == len(set(active))
            assert errors_in(session) == errors_in(other) == []

    run(main())
