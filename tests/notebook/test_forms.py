"""The notebook forms are the core classes: same verbs, names, parameters and documentation."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from janus_notebook.bridge import Call, background
from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.client.admin.capture import Capture
from janus_notebook.client.log import EventLog, Subscription
from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.replay import Replay
from janus_notebook.client.session import JanusSession
from janus_notebook.errors import (
    JanusMediaError,
    JanusOptionError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.gateway import LocalGateway
from janus_notebook.media.reading import ChunkStream, FrameStream
from janus_notebook.media.recorder import MediaRecording
from janus_notebook.media.tracks import ReceivedTrack
from janus_notebook.notebook import connect as connect_module
from janus_notebook.notebook.forms import HIDDEN, core_of, derive, form_of, is_hidden
from janus_notebook.plugins import known_plugins, plugin_class
from janus_notebook.plugins.audiobridge import AudioJoined, AudioRoom, JanusAudioBridgePlugin
from janus_notebook.plugins.browser.call import BrowserCall
from janus_notebook.plugins.echotest import JanusEchoTestPlugin
from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin, RoomSubscriber, RoomView
from janus_notebook.plugins.videoroom.room import RoomChanges

PLUGINS = [plugin_class(name) for name in known_plugins()]
CORE = [JanusSession, JanusPlugin, *PLUGINS, Subscription, EventLog, ReceivedTrack, LocalGateway, Replay]
CORE += [
    BrowserCall,
    ChunkStream,
    FrameStream,
    MediaRecording,
    JanusAdmin,
    Capture,
    AudioRoom,
    RoomView,
    RoomChanges,
    RoomSubscriber,
]


@pytest.fixture(autouse=True)
def bridge() -> Iterator[None]:
    yield
    background().stop()


@pytest.mark.parametrize("core", CORE, ids=lambda core: core.__name__)
def test_every_public_verb_of_the_core_is_there_with_its_signature_and_documentation(core: type) -> None:
    form = derive(core)
    for name, member in inspect.getmembers_static(core):
        if name.startswith("_") or is_hidden(name, member):
            assert name.startswith("_") or not hasattr(form, name)
            continue
        if isinstance(member, property):
            assert getattr(form, name).__doc__ == member.__doc__
        elif inspect.isfunction(member):
            verb = getattr(form, name)
            assert verb.__doc__ == member.__doc__
            theirs, ours = inspect.signature(member), inspect.signature(verb)
            assert ours.parameters == theirs.parameters
            if inspect.iscoroutinefunction(member):
                assert ours.return_annotation == f"Call[{theirs.return_annotation}]"


def test_every_hidden_name_is_one_of_the_core() -> None:
    known = {name for core in CORE for name in dir(core)} | {"lock", "connection", "credentials", "handles"}
    of_tracks = {"newer", "read", "reads"}
    assert known | of_tracks | {"answering", "in_browser", "subscription_bell"} >= HIDDEN


def test_a_form_is_made_once_and_can_be_turned_back() -> None:
    session = JanusSession("ws://localhost:1")
    form = form_of(session)
    assert isinstance(form, connect_module.NotebookSession)
    assert form_of(session) is form
    assert form_of(form) is form
    assert core_of(form) is session
    assert form_of("text") == "text"
    assert type(form) is type(form_of(JanusSession("ws://localhost:1")))


def test_what_the_core_sets_on_the_object_is_read_through() -> None:
    plugin = form_of(JanusEchoTestPlugin(opaque_id="mine"))
    assert (plugin.opaque_id, plugin.state, plugin.id, plugin.session) == ("mine", "new", None, None)
    assert {"opaque_id", "state", "configure"} <= set(dir(plugin))
    assert "lock" not in dir(plugin)
    with pytest.raises(AttributeError, match="lock"):
        _ = plugin.lock
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = plugin.nothing_like_it


def test_a_coroutine_becomes_a_call_that_runs_on_the_background_loop() -> None:
    plugin = form_of(JanusPlugin("echotest"))
    call = plugin.request({})
    assert isinstance(call, Call)
    with pytest.raises(JanusStateError, match="not attached"):
        call.result(5)

    async def main() -> None:
        with pytest.raises(JanusStateError, match="not attached"):
            await plugin.hangup()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (
            lambda p: p.configure(vidoe=True),
            "unknown parameter of configure() 'vidoe'. Did you mean 'video'?",
        ),
        (lambda p: p.configure(True), "configure(): too many positional arguments. It is configure("),
        (lambda p: p.request(), "request(): missing a required argument: 'body'. It is request(body"),
        (lambda p: p.events(kind=["media"]), "unknown parameter of events() 'kind'. Did you mean 'kinds'?"),
    ],
)
def test_wrong_arguments_are_refused_in_the_cell_that_gave_them(use: Any, text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        use(form_of(JanusEchoTestPlugin()))
    assert str(caught.value).startswith(text)


def test_forms_among_the_arguments_reach_the_core_as_core_objects() -> None:
    session, plugin = form_of(JanusSession("ws://localhost:1")), form_of(JanusPlugin("echotest"))
    with pytest.raises(JanusStateError, match="the session is new"):
        session.attach_plugin(plugin).result(5)
    with pytest.raises(JanusStateError, match="the session is new"):
        plugin.attach(session=session).result(5)


def test_a_log_reads_like_the_cores() -> None:
    core = JanusSession("ws://localhost:1")
    log: Any = form_of(core).events
    assert issubclass(type(log), connect_module.NotebookEventLog)
    assert len(log) == 0
    core.events.record("event", "media", {"janus": "media"})
    assert len(log) == 1
    assert log[-1].kind == "media"
    assert [event.seq for event in log] == [1]


def test_a_subscription_is_read_in_any_loop() -> None:
    core = JanusSession("ws://localhost:1")
    subscription = form_of(core).events.subscribe(["media"])

    async def main() -> list[int]:
        background().run_sync(core.events.record, "event", "media", {"janus": "media"})
        background().run_sync(core.events.record, "event", "media", {"janus": "media"})
        background().run_sync(core_of(subscription).close)
        return [event.seq async for event in subscription]

    assert asyncio.run(main()) == [1, 2]


def test_the_view_of_a_room_reads_as_in_the_core() -> None:
    bridge = JanusAudioBridgePlugin()
    data = {"room": 1, "id": 2, "participants": [{"id": 3, "display": "bob"}]}
    bridge.room.begin(AudioJoined.read(data, jsep=None, raw={}), {"display": "me"}, True, [])
    room = form_of(bridge).room
    assert ("bob" in room, "eve" in room, 2 in room, len(room)) == (True, False, True, 2)
    assert [who.display for who in room] == ["bob", "me"]
    assert room["me"].setup
    assert repr(room) == repr(bridge.room)
    call = room.refresh()
    assert isinstance(call, Call)
    with pytest.raises(JanusStateError):
        call.result(5)


def test_a_rooms_view_and_subscriber_are_used_in_cells() -> None:
    room = form_of(JanusVideoRoomPlugin())
    view = room.view
    assert (repr(view), view.participants, view.feeds, view.summary) == (
        "<RoomView new>",
        (),
        (),
        "no room joined",
    )
    with pytest.raises(JanusTimeoutError, match="nothing changed"):
        view.changed(0.01).result(5)
    with pytest.raises(JanusStateError, match="not attached"):
        room.subscriber().result(5)
    with pytest.raises(JanusStateError, match="not attached"):
        room.publish().result(5)
    with pytest.raises(JanusOptionError, match="Did you mean 'display'"):
        room.join(room=1, dispaly="me")
    changes = view.__aiter__()
    assert type(changes).__name__ == "NotebookRoomChanges"
    assert changes.__anext__().result(5) is view
    subscriber = form_of(RoomSubscriber(JanusSession("ws://localhost:1"), room=1))
    assert (subscriber.feeds, subscriber.streams, subscriber.handle.state) == ({}, {}, "new")
    with pytest.raises(JanusMediaError, match="no 'video' of feed 5 is received"):
        subscriber.track(5)
    with pytest.raises(JanusStateError, match="the session is new"):
        subscriber.set([5]).result(5)
    subscriber.close().result(5)
