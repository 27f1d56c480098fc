"""VideoRoom as people use it, with real media through the real Janus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusMediaError,
    JanusOptionError,
    JanusPluginError,
    JanusSession,
    JanusStateError,
)
from janus_notebook.plugins.videoroom import RoomSubscriber
from tests.client.scripted import errors_in, run, until
from tests.live.videoroom import SECRET, colour, is_right, offers, publisher, room, sent, shows

if TYPE_CHECKING:
    from janus_notebook import LocalGateway

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


def mids(subscriber: RoomSubscriber) -> dict[Any, list[str]]:
    """What is received: the publisher's mids by feed."""
    return {feed: sorted(s.feed_mid for s in streams) for feed, streams in subscriber.feeds.items()}


def changes(subscriber: RoomSubscriber) -> list[dict[str, Any]]:
    """The requests that changed the subscription, without their name."""
    names = ("update", "subscribe", "unsubscribe")
    return [
        {key: value for key, value in body.items() if key != "request"}
        for body in sent(subscriber.handle, *names)
    ]


def has_no_duplicates(subscriber: RoomSubscriber) -> bool:
    active = [(s.feed_id, s.feed_mid) for s in subscriber.streams.values() if s.active]
    return len(active) == len(set(active))


def test_setting_the_feeds(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url) as manager, JanusSession(gateway.ws_url) as session:
            watcher = await publisher(session, None, id=9)
            await publisher(session, 40, id=1, audio="tone")
            await publisher(session, 120, id=2)
            three = await publisher(session, 200, id=3)
            await watcher.view.until(lambda view: set(view.feeds) == {1, 2, 3})
            subscriber = await watcher.subscriber()
            for wrong in ("12", 5, [True], [None], {1: "0"}, {1: 0}):
                with pytest.raises(JanusOptionError, match=r"feed"):
                    await subscriber.set(wrong)  # type: ignore[arg-type]
            assert await subscriber.set([]) == {}
            with pytest.raises(JanusStateError, match="has no media here"):
                subscriber.handle.track("video")
            with pytest.raises(JanusMediaError, match=r"Name the feed first: track\(feed, 'video'\)\."):
                subscriber.track("video")
            with pytest.raises(JanusMediaError, match="no 'video' of feed 1 is received: <RoomSubscriber"):
                subscriber.track(1)

            # A feed that is not there: nothing is changed, and the next try is as good as the first.
            with pytest.raises(JanusPluginError, match=r"No such feed \(99\) \(428 NO_SUCH_FEED\)"):
                await subscriber.set([1, 99])
            assert (subscriber.feeds, subscriber.streams) == ({}, {})
            await subscriber.set({1: ["1"], 2: None})
            assert mids(subscriber) == {1: ["1"], 2: ["0"]}
            with pytest.raises(JanusPluginError, match="428 NO_SUCH_FEED"):
                await subscriber.set([1, 2, 3, 99])
            with pytest.raises(
                JanusOptionError, match=r"feed 1 has no mid '7'\. It has '0' \(audio\), '1' \(video"
            ):
                await subscriber.set({1: ["1", "7"], 2: None})
            assert mids(subscriber) == {1: ["1"], 2: ["0"]}
            await shows(subscriber, 2, 120)
            tries = len(changes(subscriber))

            await subscriber.set([2, 1])
            assert changes(subscriber)[tries:] == [{"subscribe": [{"feed": 1, "mid": "0"}]}]
            assert subscriber.stream(1, "audio").feed_mid == subscriber.stream(1, "0").feed_mid == "0"
            # One feed for another, in one change: the mid is used again, and its track is a new one.
            before = subscriber.track(2)
            await subscriber.set({1: ["1"], 3: None})
            assert changes(subscriber)[tries + 1 :] == [
                {
                    "subscribe": [{"feed": 3}],
                    "unsubscribe": [{"feed": 2}, {"feed": 1, "mid": "0"}],
                }
            ]
            after = subscriber.track(3)
            assert (after.mid, after is not before, before.ended is not None) == (before.mid, True, True)
            await shows(subscriber, 3, 200)
            await shows(subscriber, 1, 40)
            await subscriber.set({})
            assert subscriber.feeds == {}
            assert "no feeds" in repr(subscriber)
            await subscriber.set(watcher.view.publishers)
            await shows(subscriber, 2, 120)
            await shows(subscriber, 1, 40)
            await subscriber.set(watcher.view.feeds)
            assert len(changes(subscriber)) == tries + 4

            # At once: they wait for each other, and the last one counts.
            await asyncio.gather(*(subscriber.set(feeds) for feeds in ([1], [2], [1, 2], [3, 2])))
            assert mids(subscriber) == {2: ["0"], 3: ["0"]}
            assert has_no_duplicates(subscriber)
            assert answered(subscriber)

            # A caller that gives up: what was begun is brought to its end.
            count = len(changes(subscriber))
            giving_up = asyncio.create_task(subscriber.set([1, 2]))
            await until(lambda: len(changes(subscriber)) == count + 1)
            giving_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await giving_up
            await subscriber.set([1, 2])
            assert len(changes(subscriber)) == count + 1
            assert mids(subscriber) == {1: ["0", "1"], 2: ["0"]}

            # A publisher that detaches, or unpublishes: Janus makes the offer.
            await subscriber.set([1, 2, 3])
            await three.detach()
            await until(lambda: set(subscriber.feeds) == {1, 2} and answered(subscriber))
            assert not any(s.active for s in subscriber.streams.values() if s.feed_id not in (1, 2))
            await subscriber.set([1, 2])
            assert len(changes(subscriber)) == count + 2
            await subscriber.close()
            await subscriber.close()
            assert (subscriber.feeds, subscriber.handle.state) == ({}, "detached")
            await subscriber.set([2])
            await shows(subscriber, 2, 120)
            assert (await manager.exists(room=77)).exists
            assert errors_in(session) == []

    run(main())


def test_changes_that_meet_janus_s_own_offers(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url), JanusSession(gateway.ws_url) as session:
            watcher = await publisher(session, None, id=9)
            await publisher(session, 40, id=1)
            two = await publisher(session, 120, id=2)
            subscriber = await watcher.subscriber()
            await watcher.view.until(lambda view: set(view.feeds) == {1, 2})
            for _ in range(4):
                await subscriber.set([1, 2])
                assert mids(subscriber) == {1: ["0"], 2: ["0"]}
                # Janus makes an offer of its own when one stops, while ours is on its way.
                await asyncio.gather(two.unpublish(), subscriber.set({2: None}))
                await subscriber.set([1])
                await until(lambda: answered(subscriber))
                assert mids(subscriber) == {1: ["0"]}
                await two.publish(colour(120), None)
                await watcher.view.until(lambda view: set(view.feeds) == {1, 2})
            assert has_no_duplicates(subscriber)
            await shows(subscriber, 1, 40)
            assert errors_in(session) == []

    run(main())


def test_switching_tuning_pausing_and_beginning_again(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with (
            room(gateway.ws_url, require_pvtid=True, pin="1111"),
            JanusSession(gateway.ws_url) as session,
        ):
            one = await publisher(session, 40, id=1, pin="1111")
            await publisher(session, 200, id=2, pin="1111")
            alone = RoomSubscriber(session, room=77, pin="1111")
            with pytest.raises(JanusPluginError, match="433 UNAUTHORIZED"):
                await alone.set([1])
            await alone.close()
            subscriber = await one.subscriber()  # with the pin and the private id of the one who joined
            async with subscriber:
                await subscriber.set([1])
                await shows(subscriber, 1, 40)
                track = subscriber.track(1)
                switched = await subscriber.switch({track.mid: (2, "0")})
                assert switched.changes == 1
                assert mids(subscriber) == {2: ["0"]}
                assert subscriber.track(2) is track
                await shows(subscriber, 2, 200)
                with pytest.raises(JanusPluginError, match="428 NO_SUCH_FEED"):
                    await subscriber.switch({track.mid: (5, "0")})
                await subscriber.set([2])
                assert offers(subscriber.handle) == 1

                await subscriber.configure(2, send=False)
                assert sent(subscriber.handle, "configure")[-1]["streams"] == [{"mid": "0", "send": False}]
                await subscriber.configure(2, "video", send=True, substream=0, keyframe=True)
                with pytest.raises(JanusOptionError, match="Did you mean 'substream'"):
                    await subscriber.configure(2, substrem=0)
                await subscriber.pause()
                await subscriber.resume()
                await shows(subscriber, 2, 200)

                # The PeerConnection breaks: the next change makes a new one, on a new handle.
                before = subscriber.handle.id
                await subscriber.handle.hangup()
                assert (subscriber.feeds, subscriber.handle.tracks) == ({}, ())
                await subscriber.set([1, 2])
                assert subscriber.handle.id != before
                await shows(subscriber, 1, 40)
            assert subscriber.handle.state == "detached"
            assert errors_in(session) == []

    run(main())


def test_without_a_view_and_with_an_older_server(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url), JanusSession(gateway.ws_url) as session:
            await publisher(session, 40, id=1, audio="tone")
            await publisher(session, 200, id=2)
            subscriber = RoomSubscriber(session, room=77)
            with pytest.raises(JanusPluginError, match=r"No such mid '7' in feed \(1\)"):
                await subscriber.set({1: ["7"]})
            await subscriber.set({1: ["1"]})
            await subscriber.set([1])
            assert mids(subscriber) == {1: ["0", "1"]}
            assert changes(subscriber) == [{"subscribe": [{"feed": 1}], "unsubscribe": [{"feed": 1}]}]
            await subscriber.set([1])
            assert len(changes(subscriber)) == 1
            assert session.server is not None
            session.server["version_string"] = "1.0.1"
            await subscriber.set([2])
            assert changes(subscriber)[1:] == [{"streams": [{"feed": 1}]}, {"streams": [{"feed": 2}]}]
            assert mids(subscriber) == {2: ["0"]}
            await shows(subscriber, 2, 200)
            assert answered(subscriber)
            assert errors_in(session) == []

    run(main())


def test_the_room_is_destroyed_and_made_again(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url) as manager, JanusSession(gateway.ws_url) as session:
            watcher = await publisher(session, None, id=9)
            await publisher(session, 40, id=1)
            await watcher.view.until(lambda view: view.feeds == (1,))
            subscriber = await watcher.subscriber()
            await subscriber.set([1])
            await manager.destroy(room=77, secret=SECRET)
            await until(lambda: watcher.view.state == "destroyed")
            assert subscriber.feeds == {}
            assert repr(subscriber) == "<RoomSubscriber of room 77, which was destroyed: no feeds>"
            await manager.create(room=77, secret=SECRET)
            await publisher(session, 200, id=1)
            with pytest.raises(JanusStateError, match=r"room 77 was destroyed\. Make a new subscriber"):
                await subscriber.set([1])
            await subscriber.close()
            async with await watcher.subscriber() as again:  # of the room that there is now
                await again.set([1])
                await shows(again, 1, 200)
            assert errors_in(session) == []

    run(main())


def test_a_view_is_held_against_the_list(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with room(gateway.ws_url) as manager, JanusSession(gateway.ws_url) as session:
            one = await publisher(session, None, id=1, display="one")
            await publisher(session, None, id=2, display="two")  # nobody is told of it
            assert [each.id for each in one.view.participants] == [1]
            assert await one.refresh() is one.view
            await is_right(manager, one.view)
            assert [each.display for each in one.view.participants] == ["one", "two"]

    run(main())
