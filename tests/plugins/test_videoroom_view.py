"""The view of a room: whatever order and number of its events, it ends as the room is."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusOptionError, JanusSession, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin, RoomSubscriber, RoomView
from janus_notebook.plugins.videoroom.replies import ListedParticipant, RoomSubscription
from tests.client.scripted import attached, run, scripted

if TYPE_CHECKING:
    from tests.client.scripted import Message, ScriptedServer

ROOM = {"room": 77}


def event(**fields: Any) -> dict[str, Any]:
    return {"videoroom": "event", **ROOM, **fields}


def stream(mid: str, **more: Any) -> dict[str, Any]:
    return {"type": "video", "mindex": int(mid), "mid": mid, "codec": "vp8", **more}


def published(feed: int, display: str = "", mids: str = "01") -> dict[str, Any]:
    return event(publishers=[{"id": feed, "display": display, "streams": [stream(mid) for mid in mids]}])


def joined(**more: Any) -> RoomView:
    view = RoomView()
    answer = {
        "videoroom": "joined",
        **ROOM,
        "description": "Ours",
        "id": 1,
        "private_id": 9,
        "publishers": [],
    }
    view.follow(answer | more, {"request": "join", "display": "me"})
    return view


# What one participant does, one group after the other. Janus may tell the events of a group in any order,
# and each of them more than once before the next group begins.
Group = list[dict[str, Any]]


def history(random: random.Random, who: int) -> tuple[list[Group], dict[str, Any] | None]:
    """A life in a room, and what is known of it at the end; None if it is over."""
    groups: list[Group] = [[event(joining={"id": who, "display": "a"})]]
    state: dict[str, Any] | None = {"display": "a", "streams": {}, "publisher": False, "talking": None}
    for _ in range(random.randrange(8)):
        if state is None:
            groups.append([event(joining={"id": who, "display": "b"})])
            state = {"display": "b", "streams": {}, "publisher": False, "talking": None}
            continue
        match random.choice(
            ("publish", "unpublish", "leave", "detach", "kick", "rename", "moderate", "talk")
        ):
            case "publish":
                mids = random.choice(("0", "01", "012"))
                groups.append([published(who, state["display"], mids)])
                state = state | {"streams": dict.fromkeys(mids, False), "publisher": True, "talking": None}
            case "unpublish":
                groups.append([event(unpublished=who)])
                state = state | {"streams": {}, "publisher": False, "talking": None}
            case "leave":
                groups.append([event(leaving=who)])
                state = None
            case "detach":
                groups.append([event(unpublished=who), event(unpublished=who), event(leaving=who)])
                state = None
            case "kick":
                groups.append([event(kicked=who), event(unpublished=who)])
                state = None
            case "rename":
                name = random.choice("xyz")
                groups.append([{"videoroom": "event", "id": who, "display": name}])
                state = state | {"display": name}
            case "moderate" if state["streams"]:
                mid = random.choice([*state["streams"]])
                groups.append([event(id=who, mid=mid, moderation="muted")])
                state = state | {"streams": state["streams"] | {mid: True}}
            case "talk" if state["publisher"]:
                talks = random.random() < 0.5
                word = "talking" if talks else "stopped-talking"
                groups.append([{"videoroom": word, **ROOM, "id": who, "mid": "0", "mindex": 0}])
                state = state | {"talking": talks}
    return groups, state


def told(random: random.Random, groups: list[Group]) -> list[dict[str, Any]]:
    """The events of one participant, in an order and number in which Janus may tell them."""
    events = []
    for group in groups:
        some = group + random.choices(group, k=random.randrange(3))
        random.shuffle(some)
        events += some
    return events


def interleaved(random: random.Random, streams: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    order = [index for index, events in enumerate(streams) for _ in events]
    random.shuffle(order)
    iterators = [iter(events) for events in streams]
    return [next(iterators[index]) for index in order]


def facts(view: RoomView) -> dict[Any, Any]:
    return {
        each.id: {
            "display": each.display,
            "streams": {stream.mid: stream.moderated for stream in each.streams},
            "publisher": each.publisher,
            "talking": each.talking,
        }
        for each in view.participants
        if not each.me
    }


@pytest.mark.parametrize("seed", range(300))
def test_any_order_and_number_of_events_ends_in_the_same_view(seed: int) -> None:
    chance = random.Random(seed)
    lives = {who: history(chance, who) for who in range(2, 2 + chance.randrange(1, 6))}
    wanted = {who: state for who, (_, state) in lives.items() if state is not None}
    for _ in range(3):
        events = interleaved(chance, [told(chance, groups) for groups, _ in lives.values()])
        early = chance.randrange(len(events) + 1)
        view = RoomView()
        for each in events[:early]:  # they overtake the answer to the join
            view.follow(each)
        answer = {"videoroom": "joined", **ROOM, "id": 1, "private_id": 9, "publishers": []}
        view.follow(answer, {"request": "join"})
        for each in events[early:]:
            view.follow(each)
        assert facts(view) == wanted


def test_what_is_repeated_is_no_change() -> None:
    view = joined()
    for each in (published(2, "two"), event(id=2, mid="0", moderation="muted"), event(unpublished=2)):
        version = view.version
        view.follow(each)
        assert view.version == version + 1
        view.follow(each)
        assert view.version == version + 1
    view.follow(event(leaving=2))
    for late in (event(unpublished=2), event(leaving=2), event(id=2, display="x"), event(kicked=2)):
        version = view.version
        view.follow(late)
        assert (view.version, len(view.participants)) == (version, 1)


def test_what_a_view_says() -> None:
    view = RoomView()
    assert (repr(view), view.summary, view.me, view.participants) == (
        "<RoomView new>",
        "no room joined",
        None,
        (),
    )
    view = joined(
        publishers=[{"id": 2, "display": "<b>\x1b[31m", "streams": [stream("0", description="desk")]}],
        attendees=[{"id": 3}],
    )
    assert (view.room, view.id, view.private_id, view.description, view.feeds) == (77, 1, 9, "Ours", (2,))
    assert view.participant(3) is view.participants[1]
    assert view.participant(4) is None
    assert repr(view) == (
        "<RoomView of room 77, 3 participants: "
        r"<1 'me': me>, <3>, <2 '<b>\x1b[31m': video mid 0 vp8 'desk'>>"
    )
    assert view.summary == (
        "room 77 'Ours': joined, 3 participants, 1 publishing\n"
        "  1 'me': me\n"
        "  3\n"
        r"  2 '<b>\x1b[31m': video mid 0 vp8 'desk'"
    )
    assert "9" not in repr(view)
    alone = joined()
    assert repr(alone) == "<RoomView of room 77, 1 participant: <1 'me': me>>"
    assert alone.summary == "room 77 'Ours': joined, 1 participant, 0 publishing\n  1 'me': me"
    view.follow(event(unpublished="ok"), {"request": "unpublish"})
    view.follow(event(leaving="ok"), {"request": "leave"})
    assert (view.summary, repr(view)) == ("room 77 'Ours': left", "<RoomView left (room 77)>")


def test_the_own_side() -> None:
    view = joined()
    view.follow(event(configured="ok", streams=[stream("0")]), {"request": "publish"})
    assert view.me is not None
    assert (view.me.publisher, len(view.me.streams)) == (False, 1)
    view.follow_media(up=True)
    assert view.me.publisher
    view.follow(event(configured="ok"), {"request": "configure", "display": "new"})
    view.follow(event(leaving=1))  # about oneself "ok" is said
    assert view.me.display == "new"
    view.follow_media(up=False)
    assert (view.me.publisher, view.me.streams) == (False, ())
    view.follow(event(leaving="ok", reason="kicked"))
    assert (view.state, view.participants) == ("kicked", ())
    view.follow({"videoroom": "destroyed", **ROOM})
    view.end("left")
    assert view.state == "kicked"
    view.begin()
    assert (view.state, view.room, view.id) == ("new", None, None)


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"videoroom": []},
        {"videoroom": "event"},
        {"videoroom": "event", "publishers": [5, {"id": []}]},
        {"videoroom": "event", "joining": "x"},
        {"videoroom": "event", "joining": {"display": 5}},
        {"videoroom": "event", "leaving": {}},
        {"videoroom": "event", "id": 2, "display": 7},
        {"videoroom": "event", "id": 2, "mid": 0, "moderation": 1},
        {"videoroom": "talking", "id": None},
        {"videoroom": "joined", "id": "nobody asked"},
    ],
)
def test_what_is_strange_changes_nothing(strange: dict[str, Any]) -> None:
    view = joined()
    view.follow(published(2, "two"))
    before = facts(view)
    view.follow(strange)
    assert facts(view) == before


def test_correcting_it() -> None:
    view = joined(publishers=[{"id": 2, "streams": [stream("0")]}, {"id": 3, "streams": [stream("0")]}])
    view.correct(
        [
            ListedParticipant(id=4, display="four", publisher=True),
            ListedParticipant(id=1, display="me"),
            ListedParticipant(id=3, display="three", publisher=False),
        ]
    )
    assert [(each.id, each.display, each.publisher, len(each.streams)) for each in view.participants] == [
        (1, "me", False, 0),
        (3, "three", False, 0),
        (4, "four", True, 0),
    ]
    assert (view.stops(2), view.stops(3), view.stops(4)) == (1, 1, 0)
    version = view.version
    view.correct(
        [
            ListedParticipant(id=each.id, display=each.display, publisher=each.publisher)
            for each in view.participants
        ]
    )
    assert view.version == version


def test_waiting_for_changes() -> None:
    async def main() -> None:
        view = joined()
        seen = []

        async def watch() -> None:
            async for each in view:
                seen.append(each.feeds)

        watching = asyncio.create_task(watch())
        waiting = asyncio.create_task(view.until(lambda view: view.feeds == (2, 3)))
        await asyncio.sleep(0)
        version = view.version
        view.follow(published(2))
        assert await view.changed(1, since=version) is view
        await asyncio.sleep(0)
        view.follow(published(3))
        view.follow(published(4))
        view.follow(event(leaving=4))
        assert await waiting is view
        with pytest.raises(JanusTimeoutError, match=r"nothing changed in the room within 0\.01 s"):
            await view.changed(0.01)
        with pytest.raises(JanusTimeoutError, match=r"not so yet in the room: <RoomView of room 77"):
            await view.until(lambda view: not view.feeds, 0.01)
        view.end("left")
        await watching
        assert seen == [(), (2,), (2, 3), ()]
        with pytest.raises(JanusStateError, match="room 77 was left"):
            await view.changed()

    run(main())


def answers(**bodies: Any) -> Any:
    """A server's answers by the request's name, sent as the real one does."""

    def answer(request: Message) -> list[Message]:
        name = request["body"]["request"]
        plugindata = {"plugin": "janus.plugin.videoroom", "data": bodies.get(name, {"videoroom": "success"})}
        return [
            {
                "janus": "success",
                "session_id": request["session_id"],
                "sender": request["handle_id"],
                "transaction": request["transaction"],
                "plugindata": plugindata,
            }
        ]

    return answer


NEWER: list[tuple[str, dict[str, Any]]] = [
    ("create", {"room": 1, "threads": 2, "dummy_e2ee": True}),
    ("join", {"room": 1, "ptype": "publisher", "metadata": {"a": [1]}, "display": "me"}),
    ("configure", {"metadata": {"a": 1}, "streams": [{"mid": "0", "send": True}]}),
    ("switch", {"streams": [{"feed": 1, "mid": "0", "sub_mid": "0", "substream": 1, "temporal_layer": 2}]}),
    (
        "publish_remotely",
        {
            "room": 1,
            "publisher_id": 1,
            "remote_id": "x",
            "host": "h",
            "port": 5,
            "srtp_suite": 80,
            "srtp_crypto": "k",
        },
    ),
    (
        "add_remote_publisher",
        {"room": 1, "streams": [], "metadata": {}, "srtp_suite": 32, "srtp_crypto": "k"},
    ),
    ("update_remote_publisher", {"room": 1, "id": 2, "streams": [], "metadata": {}}),
]


def test_what_newer_servers_know_is_sent_to_them() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.info["version_string"] = "1.4.1"
            server.on["message"] = answers()
            async with attached(server) as (session, _):
                plugin = JanusVideoRoomPlugin()
                await plugin.attach(session)
                for name, body in NEWER:
                    await getattr(plugin, name)(**body)
                    assert server.received[-1]["body"] == {"request": name, **body}
                with pytest.raises(JanusOptionError, match="video_svc"):
                    await plugin.create(video_svc=True)
                with pytest.raises(JanusOptionError, match="Did you mean 'substream'"):
                    await plugin.switch(streams=[{"substrem": 1}])  # type: ignore[typeddict-unknown-key]
                with pytest.raises(JanusOptionError, match="Did you mean 'display'"):
                    await plugin.join(room=1, dispaly="x")  # type: ignore[call-arg]

    run(main())


JOINED: dict[str, Any] = {"videoroom": "joined", **ROOM, "id": 1, "private_id": 9, "publishers": []}


def bodies(server: ScriptedServer) -> list[dict[str, Any]]:
    return [request["body"] for request in server.received if request["janus"] == "message"]


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (event(leaving="ok", reason="kicked"), "you were kicked from room 77"),
        ({"videoroom": "destroyed", **ROOM}, "room 77 was destroyed"),
        (None, "you left room 77"),
    ],
)
def test_who_is_no_longer_in_the_room_is_told_so(end: dict[str, Any] | None, why: str) -> None:
    async def main() -> None:
        async with scripted() as server:
            server.on["message"] = answers(join=JOINED, leave=event(leaving="ok"))
            async with attached(server) as (session, _):
                plugin = JanusVideoRoomPlugin()
                await plugin.attach(session)
                await plugin.leave()  # whether one is in a room is Janus's to say before the join
                await plugin.join(room=77)
                if end is None:
                    await plugin.leave()
                else:
                    plugin.view.follow(end)
                sent = len(bodies(server))
                for call in (
                    plugin.join(room=77),
                    plugin.joinandconfigure(room=77),
                    plugin.publish(),
                    plugin.publish(jsep={"type": "offer", "sdp": ""}),
                    plugin.configure(display="x"),
                    plugin.unpublish(),
                    plugin.leave(),
                ):
                    with pytest.raises(JanusStateError) as caught:
                        await call
                    assert str(caught.value) == f"{why}. Janus lets a handle join once: attach another one."
                    assert caught.value.handle_id == plugin.id
                assert len(bodies(server)) == sent
                await plugin.detach()
                with pytest.raises(JanusStateError, match="attach"):
                    await plugin.join(room=77)
                await plugin.attach(session)
                await plugin.join(room=77)

    run(main())


def test_a_subscriber_knows_that_its_room_was_destroyed() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.on["message"] = answers(join=JOINED)
            async with attached(server) as (session, _):
                plugin = JanusVideoRoomPlugin()
                await plugin.attach(session)
                await plugin.join(room=77)
                plugin.view.follow(published(2))
                subscriber = await plugin.subscriber()
                subscriber.handle.follow_streams(
                    {"videoroom": "updated", "streams": [stream("0", active=True, feed_id=2, feed_mid="0")]}
                )
                assert repr(subscriber) == "<RoomSubscriber of room 77, attached: 2: video (mid 0)>"
                plugin.view.follow({"videoroom": "destroyed", **ROOM})
                sent = len(bodies(server))

                async def is_over() -> None:
                    assert subscriber.feeds == {}
                    assert repr(subscriber) == "<RoomSubscriber of room 77, which was destroyed: no feeds>"
                    for call in (subscriber.set([2]), subscriber.set([]), subscriber.switch({"0": (2, "0")})):
                        with pytest.raises(JanusStateError) as caught:
                            await call
                        assert str(caught.value) == (
                            "room 77 was destroyed. Make a new subscriber: await room.subscriber()."
                        )

                await is_over()
                assert len(bodies(server)) == sent
                # The same handle, new, in a room of the same id: only a new subscriber is of that one.
                await plugin.detach()
                await plugin.attach(session)
                await plugin.join(room=77)
                await is_over()
                again = await plugin.subscriber()
                assert repr(again) == "<RoomSubscriber of room 77, attached: no feeds>"
                await subscriber.close()
                await subscriber.close()

    run(main())


def test_mids_that_a_feed_does_not_have_are_refused_here() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.on["message"] = answers(join=JOINED)
            async with attached(server) as (session, _):
                plugin = JanusVideoRoomPlugin()
                await plugin.attach(session)
                await plugin.join(room=77)
                two = [stream("0", type="audio"), stream("1", disabled=True)]
                plugin.view.follow(event(publishers=[{"id": 2, "streams": two}]))
                subscriber = await plugin.subscriber()
                sent = len(bodies(server))
                for mids, named in ((["0", "5"], "'5'"), ([0], "0")):
                    with pytest.raises(JanusOptionError) as caught:
                        await subscriber.set({2: mids})
                    assert str(caught.value) == (
                        f"feed 2 has no mid {named}. It has '0' (audio), '1' (video)."
                    )
                assert len(bodies(server)) == sent
                # Of a feed that the view does not know Janus says it.
                await subscriber.set({2: ["0"], 3: ["7"]})
                assert bodies(server)[-1]["streams"] == [{"feed": 2, "mid": "0"}, {"feed": 3, "mid": "7"}]

    run(main())


def test_a_subscriber_brings_the_pin_and_token_of_the_join() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.on["message"] = answers(join=JOINED)
            async with attached(server) as (session, _):
                plugin = JanusVideoRoomPlugin()
                await plugin.attach(session)
                await plugin.join(room=77, pin="the-pin", token="the-token")

                async def brings(**given: Any) -> tuple[Any, Any]:
                    subscriber = await plugin.subscriber(**given)
                    await subscriber.set([2])
                    assert "the-" not in f"{subscriber!r} {plugin!r} {plugin.view!r} {plugin.view.summary}"
                    return bodies(server)[-1].get("pin"), bodies(server)[-1].get("token")

                assert await brings() == await brings(room=77) == ("the-pin", "the-token")
                assert await brings(pin="other") == ("other", "the-token")
                assert await brings(room=78) == (None, None)
                assert await brings(room=78, pin="of 78") == ("of 78", None)
                await plugin.detach()
                await plugin.attach(session)
                await plugin.join(room=77)
                assert await brings() == (None, None)

    run(main())


def test_parts_of_answers_show_what_they_say() -> None:
    answer = {
        "videoroom": "updated",
        "streams": [stream("1", active=True, feed_id=2, feed_mid="0"), {"mid": "0", "mindex": 0}],
    }
    assert repr(RoomSubscription.read(answer, jsep=None, raw={}).streams) == (
        "(SubscribedStream(mid='1', mindex=1, type='video', active=True, feed_id=2, feed_mid='0', "
        "codec='vp8'), "
        "SubscribedStream(mid='0'))"
    )
    assert repr(ListedParticipant(id=4, publisher=True)) == "ListedParticipant(id=4, publisher=True)"
    assert repr(RoomSubscriber(JanusSession("ws://127.0.0.1:1"), room=5, pin="the-pin")) == (
        "<RoomSubscriber of room 5, new: no feeds>"
    )
