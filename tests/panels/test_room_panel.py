"""The Room panel: who is in the room and who was, what its controls ask for, and what it receives."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from janus_notebook import JanusError, JanusMediaError, JanusPluginError, JanusVideoRoomPlugin
from janus_notebook.panels import assets
from janus_notebook.panels.room import watching
from janus_notebook.panels.room.panel import RoomPanel
from janus_notebook.panels.room.snapshot import room_snapshot
from janus_notebook.panels.room.static import room_parts
from janus_notebook.panels.room.still import still
from janus_notebook.panels.static import html, plain
from janus_notebook.plugins.videoroom import RoomView
from janus_notebook.plugins.videoroom.replies import ListedRoom, RoomDone, RoomList
from tests.panels.conftest import FrontEnd, make_session, until
from tests.panels.test_admin_panel import Page

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook import JanusSession
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board

ROOM = {"room": 77}
VIDEO = {"mid": "1", "mindex": 1, "type": "video", "codec": "vp8", "simulcast": True, "moderated": True}
AUDIO = {"mid": "0", "mindex": 0, "type": "audio", "codec": "opus"}
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e\ud800\x00" + "A" * 100_000


def join(view: RoomView, description: str = "Physics") -> None:
    """One joins as number 1; Ada publishes already, Grace only listens."""
    answer = {
        "videoroom": "joined",
        **ROOM,
        "description": description,
        "id": 1,
        "private_id": 9,
        "publishers": [{"id": 2, "display": "Ada", "streams": [AUDIO, VIDEO], "talking": True}],
        "attendees": [{"id": 3, "display": "Grace"}],
    }
    view.follow(answer, {"request": "join", "display": "me"})


def event(view: RoomView, **fields: Any) -> None:
    view.follow({"videoroom": "event", **ROOM, **fields})


# -- what it shows -------------------------------------------------------------------------------


def test_who_is_there_and_who_was() -> None:
    view = RoomView()
    assert plain(room_parts(room_snapshot(view))) == "VideoRoom: ○ new (no room was joined yet)"
    join(view)
    event(view, joining={"id": 4, "display": "Alan"})
    event(view, publishers=[{"id": 4, "display": "Alan", "streams": [AUDIO]}])
    event(view, unpublished=4)
    event(view, kicked=4)
    event(view, leaving=3)
    event(view, leaving=3)
    told = room_snapshot(view)
    assert [(move["who"], move["what"], move["me"]) for move in told["moves"]] == [
        ("me", "joined", True),
        ("Alan", "joined", False),
        ("Alan", "published", False),
        ("Alan", "unpublished", False),
        ("Alan", "kicked", False),
        ("Grace", "left", False),
    ]
    me, ada = told["people"]
    assert (me["me"], me["streams"], ada["me"], ada["since"], ada["talking"]) == (True, [], False, None, True)
    assert me["since"] is not None
    assert ada["streams"][1]["words"] == ["simulcast"]
    assert [stream["muted"] for stream in ada["streams"]] == [False, True]
    assert (told["head"]["count"], told["head"]["publishing"]) == (2, 1)
    view.end("destroyed")
    after = room_snapshot(view)
    assert (after["head"]["state"], after["people"]) == ("destroyed", [])
    assert [move["what"] for move in after["moves"]][-1] == "destroyed"
    join(view)  # another time: the history begins anew
    assert [move["what"] for move in room_snapshot(view)["moves"]] == ["joined"]


def test_the_settings_of_the_room() -> None:
    view = RoomView()
    join(view)
    assert room_snapshot(view)["facts"] == []
    assert "does not list a private room" in room_snapshot(view, asked=1.0)["facts"][0][1]
    about = ListedRoom(
        room=77,
        max_publishers=6,
        bitrate=128_000,
        audiocodec="opus",
        videocodec="vp8",
        pin_required=True,
        record=True,
        lock_record=True,
        fir_freq=10,
        require_pvtid=True,
    )
    assert dict(room_snapshot(view, about=about, asked=1.0)["facts"]) == {
        "Publishers": "at most 6 at once",
        "Bitrate": "at most 128 kbit/s each",
        "Audio": "opus",
        "Video": "vp8",
        "Pin": "asked of who joins",
        "Recorded": "yes, only with the secret",
        "Key frames": "asked for every 10 s",
        "Who talks": "not told",
        "Listeners": "nobody hears of them",
        "Subscribers": "must be in the room themselves",
    }


def test_hostile_texts() -> None:
    view = RoomView()
    join(view, HOSTILE)
    streams = [{**AUDIO, "description": HOSTILE, "codec": HOSTILE, "mid": HOSTILE}]
    event(view, publishers=[{"id": 4, "display": HOSTILE, "streams": streams}])
    told = room_snapshot(view)
    state, parts = json.dumps(told, ensure_ascii=False), room_parts(told)
    for text in (state, plain(parts), html(parts)):
        assert not {"\x1b", "\u202e", "\ud800", "\x00"} & set(text)
        assert len(text) < 10_000
    assert "<img" not in html(parts)


def test_a_picture_is_small_and_a_jpeg() -> None:
    frame = np.full((480, 641, 3), (200, 30, 30), np.uint8)
    url = still(frame)
    head, data = url.split(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data)[:2] == b"\xff\xd8"
    assert len(url) < 20_000
    assert still(np.zeros((3, 3, 3), np.uint8)).startswith(head)


# -- what its controls do ------------------------------------------------------------------------


class Room(JanusVideoRoomPlugin):
    """A handle whose requests are written down."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.made: list[Subscriber] = []
        self.failure: JanusError | None = None

    async def refresh(self, timeout: float | None = None) -> RoomView:
        self.asked.append(("refresh", {}))
        return self.view

    async def list(self, **_: Any) -> RoomList:
        rooms = (ListedRoom(room=77, max_publishers=6), ListedRoom(room=78))
        return RoomList(rooms=rooms, data={}, jsep=None, raw={})

    async def kick(self, **fields: Any) -> RoomDone:
        return await self._managed("kick", fields)

    async def moderate(self, **fields: Any) -> RoomDone:
        return await self._managed("moderate", fields)

    async def _managed(self, name: str, fields: dict[str, Any]) -> RoomDone:
        self.asked.append((name, fields))
        if fields["secret"] != "right":
            raise JanusPluginError(433, "Unauthorized", name="UNAUTHORIZED", plugin=self.name)
        return RoomDone(data={}, jsep=None, raw={})

    async def subscriber(self, **_: Any) -> Any:
        self.made.append(Subscriber(self.failure))
        return self.made[-1]


class Track:
    """A received track with one picture."""

    last_frame_at = 1.0

    async def snapshot(self, timeout: float, fresh: bool) -> Any:
        return np.zeros((48, 64, 3), np.uint8)


class Subscriber:
    """A subscription: what it was set to."""

    def __init__(self, failure: JanusError | None) -> None:
        self.feeds: dict[Any, tuple[()]] = {}
        self.closed = 0
        self.failure = failure

    async def set(self, feeds: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.feeds = dict.fromkeys(feeds, ())

    def track(self, feed: Any) -> Track:
        if feed not in self.feeds:
            raise JanusMediaError("it is not received")
        return Track()

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def session(loop: BackgroundLoop) -> JanusSession:
    return loop.run_sync(make_session)


@pytest.fixture
def room(loop: BackgroundLoop, session: JanusSession) -> Room:
    def make() -> Room:
        handle = Room()
        handle.begin(session, 42, {"janus": "success"})
        session.handles._by_id[42] = handle
        join(handle.view)
        event(handle.view, publishers=[{"id": 4, "display": "Alan", "streams": [AUDIO]}])
        return handle

    return loop.run_sync(make)


@pytest.fixture
def panel(board: Board, room: Room, loop: BackgroundLoop) -> RoomPanel:
    made = board.panel(RoomPanel, room.view)
    loop.submit(made.first, name="first").result(5)
    return made


@pytest.fixture
def page(panel: RoomPanel, front_end: FrontEnd) -> Page:
    return Page(panel, front_end)


def test_it_asks_once_and_then_when_told_to(
    page: Page, panel: RoomPanel, room: Room, loop: BackgroundLoop
) -> None:
    until(lambda: panel.drawing.facts)
    assert panel.drawing.facts[0] == ["Publishers", "at most 6 at once"]
    loop.submit(panel.first, name="first").result(5)
    assert room.asked == [("refresh", {})]
    page.do("refresh")
    assert room.asked == [("refresh", {})] * 2
    assert panel.drawing.head["asked"] is not None
    assert panel.alive


def test_muting_and_kicking_take_the_secret_that_is_typed_or_known(
    page: Page, panel: RoomPanel, room: Room, loop: BackgroundLoop
) -> None:
    said = page.do("kick", id="2", secret="")
    assert said.startswith("could not kick: Unauthorized (433")
    assert said.endswith("Type the room's secret into the field, and try again.")
    assert page.do("moderate", id="2", mid="0", mute=True, secret="right") == "Ada is muted"
    assert not panel.drawing.head["secret"]
    loop.run_sync(
        room._on_answer,
        {"request": "create", "secret": "right"},
        {"plugindata": {"data": {"videoroom": "created", **ROOM}}},
    )
    assert page.do("moderate", id="2", mid="0", mute=False) == "Ada is heard and seen again"
    assert page.do("kick", id="2") == "Ada was thrown out"
    assert panel.drawing.head["secret"]
    assert "right" not in json.dumps(panel.live())
    assert "nobody of that id" in page.do("kick", id="99")
    fields = {"room": 77, "id": 2, "secret": "right"}
    assert room.asked[2:] == [
        ("moderate", {**fields, "mid": "0", "mute": True}),
        ("moderate", {**fields, "mid": "0", "mute": False}),
        ("kick", fields),
    ]


def test_what_is_received_ends_with_the_panel(
    page: Page, panel: RoomPanel, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "STILL_SECONDS", 0.02)
    assert page.do("receive", id="2", on=True) == "receiving Ada"
    (subscriber,) = room.made
    until(lambda: panel.drawing.stills.get("2", "").startswith("data:image/jpeg"))
    assert page.do("receive", id="4", on=True) == "receiving Alan"
    assert [*subscriber.feeds] == [2, 4]
    until(lambda: [each["received"] for each in panel.drawing.people] == [False, False, True, True])
    assert page.do("receive", id="2", on=False) == "no longer receiving Ada"
    assert [*subscriber.feeds] == [4]
    until(lambda: [*panel.drawing.stills] == ["4"])
    task = panel.watching._task
    assert task is not None
    panel.close()
    assert task.done()
    assert (subscriber.closed, panel.watching.feeds) == (1, ())
    panel.close()
    assert subscriber.closed == 1


def test_a_subscription_that_fails_leaves_nothing(page: Page, panel: RoomPanel, room: Room) -> None:
    room.failure = JanusMediaError("ICE failed")
    assert page.do("receive", id="2", on=True) == "could not receive: ICE failed."
    assert (room.made[0].closed, panel.watching.active) == (1, False)
    room.failure = None
    assert page.do("receive", id="2", on=True) == "receiving Ada"
    assert page.do("receive", id="2", on=False) == "no longer receiving Ada"
    assert (room.made[1].closed, panel.watching.active) == (1, False)


def test_the_end_of_the_room(page: Page, panel: RoomPanel, room: Room, loop: BackgroundLoop) -> None:
    loop.run_sync(room.view.end, "kicked")
    until(lambda: panel.drawing.head["state"] == "kicked")
    assert not panel.alive
    assert "nobody of that id" in page.do("receive", id="2", on=True)
    text = plain(panel.parts(panel.taken()))
    assert "VideoRoom 77 “Physics”: ✕ kicked" in text
    assert "me (you)  kicked" in text


def test_a_view_without_a_handle(board: Board, front_end: FrontEnd, loop: BackgroundLoop) -> None:
    view = RoomView()
    loop.run_sync(join, view)
    page = Page(board.panel(RoomPanel, view), front_end)
    assert (
        page.do("refresh")
        == "could not refresh: this view has no handle. Show the view of a handle: room.view."
    )


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_its_module(tmp_path: Path) -> None:
    text = assets.module("room", "confirm").replace("export default", "const exported =")
    lines = """
        const words = ["simulcast"];
        const stream = { type: "video", codec: "vp8", description: "slides", words, muted: true };
        const head = { state: "joined", count: 1, publishing: 0 };
        console.log(JSON.stringify([streamText(stream), headText(head), headText({ state: "kicked" })]));
    """
    path = tmp_path / "room.mjs"
    path.write_text(f"{text}\n{lines}", encoding="utf-8")
    done = subprocess.run(["node", path], check=True, timeout=30, capture_output=True, text=True)
    assert json.loads(done.stdout) == [
        "▣ video vp8 slides (simulcast, muted by moderation)",
        "1 participant, 0 publishing",
        "You were thrown out.",
    ]
    assert "innerHTML" not in text
