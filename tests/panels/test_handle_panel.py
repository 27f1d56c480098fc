"""The handle panel's messages: new points only, controls that call the handle, all events on demand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from janus_notebook import JanusPlugin, JanusPluginError, JanusSession
from janus_notebook.client.replay import Replay
from janus_notebook.monitor import sampling
from janus_notebook.panels.handle.controls import controls_for
from janus_notebook.panels.handle.controls.base import Context
from janus_notebook.panels.handle.panel import HandlePanel
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.plugins import known_plugins, make_plugin
from janus_notebook.plugins.videoroom.replies import ListedRoom
from tests.panels.conftest import FrontEnd, event, make_handle, make_session, until

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board

SECRET = "hunter2"


@pytest.fixture
def session(loop: BackgroundLoop) -> JanusSession:
    return loop.run_sync(make_session)


@pytest.fixture
def handle(loop: BackgroundLoop, session: JanusSession) -> JanusPlugin:
    return loop.run_sync(make_handle, session)


class Asked:
    """In place of a handle's method: writes down how it was called, answers or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self.error = error

    async def __call__(self, **arguments: Any) -> None:
        self.calls.append({name: value for name, value in arguments.items() if value is not None})
        if self.error is not None:
            raise self.error


def make(loop: BackgroundLoop, session: JanusSession, name: str) -> Any:
    def attached() -> JanusPlugin:
        plugin = make_plugin(name)
        plugin.begin(session, 42, {})
        session.handles._by_id[42] = plugin
        return plugin

    return loop.run_sync(attached)


def do(front_end: FrontEnd, panel: HandlePanel, action: str, **arguments: Any) -> str:
    """Press a control, and return what the panel says when it is done."""
    front_end.open[panel.drawing.model_id].ask(
        {"type": "do", "action": action, "arguments": arguments, "request": f"r-{action}"}
    )
    until(lambda: panel.drawing.notice.get("text") and not panel.drawing.notice["busy"])
    text = str(panel.drawing.notice["text"])
    loop = panel._loop
    loop.run_sync(lambda: panel.actions._tell(""))
    until(lambda: panel.drawing.notice["text"] == "")
    return text


def labels(groups: list[dict[str, Any]]) -> list[str]:
    buttons = [
        *(b for g in groups for b in g["buttons"]),
        *(b for g in groups for r in g["rows"] for b in r["buttons"]),
    ]
    assert all(button["title"] and button["label"] for button in buttons)
    return [button["label"] for button in buttons]


def test_only_new_points_are_sent(
    board: Board,
    session: JanusSession,
    handle: JanusPlugin,
    loop: BackgroundLoop,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampling, "PERIOD_SECONDS", 60.0)  # the points are the test's own
    watch = loop.run_sync(sampling.watch, session, handle)
    series = watch.series

    def add(count: int) -> None:
        for _ in range(count):
            series._add([float(series.total), 1000.0, None, None, None, None])

    loop.run_sync(add, 100)
    panel = board.panel(HandlePanel, handle)
    assert (panel.drawing.history["first"], panel.drawing.history["last"]) == (1, 100)
    assert len(panel.drawing.history["rows"]) == 100
    loop.run_sync(add, 1)
    until(lambda: panel.drawing.points.get("last") == 101)
    batch = panel.drawing.points
    assert (batch["first"], len(batch["rows"])) == (97, 5)  # with the few before it, should one be missed
    assert all("history" not in update for update in front_end.updates(panel.drawing))
    front_end.open[panel.drawing.model_id].ask({"type": "points", "after": 90, "request": "p"})

    def answers() -> list[dict[str, Any]]:
        contents = [m["content"] for m in front_end.messages(panel.drawing) if m["method"] == "custom"]
        return [content for content in contents if content["type"] == "points"]

    until(answers)
    [answer] = answers()
    assert (answer["batch"]["first"], answer["batch"]["last"], answer["request"]) == (91, 101, "p")
    loop.run_sync(watch.close)
    assert sampling._samplers[session].running  # for the panel
    panel.close()
    assert not sampling._samplers[session].running


def test_the_controls_call_the_typed_methods(
    board: Board,
    session: JanusSession,
    handle: JanusPlugin,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked()
    monkeypatch.setattr(handle, "configure", asked)
    monkeypatch.setattr(handle, "publish", asked)
    panel = board.panel(HandlePanel, handle)
    assert labels(panel.drawing.groups) == [
        "Send test media",
        "Echo audio",
        "Echo video",
        "Record",
        "Cap bitrate",
    ]
    assert panel.drawing.verdict["text"] == "Begin with the button “Send test media” below, or publish()."
    assert panel.snapshot()["verdict"]["text"] == "Begin with publish()."  # without buttons
    said = [
        do(front_end, panel, "plugin.publish"),
        do(front_end, panel, "plugin.audio", on=False),
        do(front_end, panel, "plugin.video", on=True),
        do(front_end, panel, "plugin.record", on=True),
        do(front_end, panel, "plugin.bitrate", bitrate=" 512 "),
        do(front_end, panel, "plugin.substream", value=1),
    ]
    assert asked.calls == [
        {},
        {"audio": False},
        {"video": True},
        {"record": True},
        {"bitrate": 512_000},
        {"substream": 1},
    ]
    assert said[1] == "audio is not echoed"
    assert "echotest-….mjr" in said[3]
    assert said[5] == "the medium layer is echoed"
    assert said[4] == "Janus asks the sender for at most 512 kbit/s; a sender need not obey"
    refused = [
        do(front_end, panel, "plugin.audio", on="yes"),
        do(front_end, panel, "plugin.bitrate", bitrate="fast"),
        do(front_end, panel, "plugin.bitrate"),
    ]
    assert refused[0] == "could not switch the audio: on must be true or false, not 'yes'."
    assert refused[1].startswith("could not cap the bitrate: bitrate must be a whole number from 0 to")
    assert refused[1].endswith("from 0 to 1,000,000, not “fast”.")
    assert refused[2].endswith("and nothing was typed in.")
    assert "choose a layer" in do(front_end, panel, "plugin.substream", value=None)
    assert len(asked.calls) == 6
    asked.error = JanusPluginError(413, "<b>no</b>")
    assert "<b>no</b>" in do(front_end, panel, "plugin.video", on=False)


def test_toggles_show_what_was_granted(
    board: Board, session: JanusSession, handle: JanusPlugin, loop: BackgroundLoop
) -> None:
    panel = board.panel(HandlePanel, handle)

    def configure() -> None:
        request = {"janus": "message", "transaction": "x", "body": {"audio": False}}
        session.events.record("request", "message", request, 7001, 42)
        reply = {"janus": "event", "transaction": "x", "plugindata": {"data": {"result": "ok"}}}
        session.events.record("reply", "event", reply, 7001, 42)

    loop.run_sync(configure)
    until(
        lambda: [b["value"] for b in panel.drawing.groups[0]["buttons"] if b["action"] == "audio"] == [False]
    )


def joined(room: Any) -> None:
    people = [
        {"id": 11, "display": "<b>Ann</b>", "streams": [{"mid": "0", "type": "audio", "codec": "opus"}]},
        {"id": 12, "display": "Bob", "streams": []},
    ]
    data = {"videoroom": "joined", "room": 7, "id": 1, "private_id": 3, "publishers": people}
    room.view.follow(data, {"request": "join", "room": 7, "display": "me"})


def test_a_videoroom_has_participants_and_moderation(
    board: Board,
    session: JanusSession,
    loop: BackgroundLoop,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = make(loop, session, "videoroom")
    panel = board.panel(HandlePanel, room)
    assert labels(panel.drawing.groups) == ["Join"]
    assert "“Join” below, or join() and publish()" in panel.drawing.verdict["text"]
    methods = {name: Asked() for name in ("join", "moderate", "kick", "leave", "unpublish")}
    for name, asked in methods.items():
        monkeypatch.setattr(room, name, asked)
    assert do(front_end, panel, "plugin.join", room="7", display="", pin=SECRET) == "joined room 7"
    assert methods["join"].calls == [{"room": 7, "pin": SECRET}]
    assert do(front_end, panel, "plugin.join", room=" ") == "could not join the room: fill in room first."
    loop.run_sync(joined, room)
    until(lambda: len(panel.drawing.groups) == 2)
    people = panel.drawing.groups[1]
    assert people["title"] == "Participants known (3)"
    assert [row["cells"] for row in people["rows"]] == [
        ["me (you)", "1", "nothing"],
        ["<b>Ann</b>", "11", "audio 0 opus"],
        ["Bob", "12", "yes"],
    ]
    assert [b["label"] for b in people["rows"][1]["buttons"]] == ["Mute audio (mid 0)", "Kick"]
    mute = people["rows"][1]["buttons"][0]
    assert "muted" in do(front_end, panel, "plugin.moderate", **mute["args"], secret=SECRET)
    assert methods["moderate"].calls == [{"room": 7, "id": 11, "mid": "0", "mute": True, "secret": SECRET}]
    kick = people["rows"][2]["buttons"][0]
    assert kick["sure"] == "Throw Bob out of the room?"
    assert do(front_end, panel, "plugin.kick", **kick["args"], secret="") == "Bob was thrown out"
    assert methods["kick"].calls == [{"room": 7, "id": 12}]
    assert "it is no longer there: '99'" in do(front_end, panel, "plugin.kick", id="99")
    assert do(front_end, panel, "plugin.leave") == "left the room"
    # What was typed into a field went to the method, and nowhere else.
    shown = json.dumps([data for _, _, data in front_end.sent], default=str)
    assert SECRET not in shown
    assert SECRET not in repr([entry.raw for entry in session.events])
    assert SECRET not in json.dumps(handle_snapshot(room))


def test_an_echo_offers_layers_where_the_sender_has_several(
    board: Board, session: JanusSession, handle: JanusPlugin, loop: BackgroundLoop
) -> None:
    panel = board.panel(HandlePanel, handle)
    sdp = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=rid:h send\r\na=simulcast:send h;l\r\n"
    offer = {"janus": "message", "handle_id": 42, "body": {}, "jsep": {"type": "offer", "sdp": sdp}}
    loop.run_sync(session.events.record, "request", "message", offer, session.id, 42)
    until(lambda: "Layer" in labels(panel.drawing.groups))


class Settings:
    """What `list` gives of a room with a cap."""

    def __init__(self, bitrate: int, *, hard: bool) -> None:
        self.rooms = [ListedRoom(room=7, bitrate=bitrate, bitrate_cap=hard)]


@pytest.mark.parametrize(
    ("bitrate", "hard", "asked", "note", "said"),
    [
        (
            128_000,
            True,
            512,
            "128 kbit/s for each publisher; nobody",
            "The room allows no more than 128 kbit/s",
        ),
        (
            128_000,
            True,
            0,
            "128 kbit/s for each publisher; nobody",
            "The room allows no more than 128 kbit/s",
        ),
        (128_000, True, 64, "128 kbit/s for each publisher; nobody", "at most 64 kbit/s"),
        (128_000, False, 512, "who may ask for another", "at most 512 kbit/s"),
        (0, False, 512, "caps nobody's bitrate", "at most 512 kbit/s"),
    ],
)
def test_a_rooms_cap_is_told_where_the_bitrate_is_set(
    board: Board,
    session: JanusSession,
    loop: BackgroundLoop,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
    bitrate: int,
    hard: bool,
    asked: int,
    note: str,
    said: str,
) -> None:
    room = make(loop, session, "videoroom")
    panel = board.panel(HandlePanel, room)
    loop.run_sync(joined, room)

    async def listed(**_: Any) -> Settings:
        return Settings(bitrate, hard=hard)

    monkeypatch.setattr(room, "configure", Asked())
    monkeypatch.setattr(room, "list", listed)
    until(lambda: len(panel.drawing.groups) == 2)
    assert panel.drawing.groups[0]["note"] == ""  # nobody was asked
    assert said in do(front_end, panel, "plugin.bitrate", bitrate=str(asked))
    until(lambda: note in panel.drawing.groups[0]["note"])


def test_what_is_sent_beyond_a_cap_is_explained(loop: BackgroundLoop, session: JanusSession) -> None:
    room = make(loop, session, "videoroom")
    loop.run_sync(joined, room)
    controls = controls_for(room)
    assert controls is not None
    context = Context(known={"room": Settings(128_000, hard=False).rooms[0]})
    for settings, sent, more in (
        ({}, 100_000, ""),
        ({}, 300_000, "128 kbit/s"),
        ({"bitrate": 900_000}, 300_000, ""),
    ):
        context.settings, context.sent_bps = settings, sent
        found = controls.groups(room, context)[0].note
        assert (f"More than {more} is sent" in found) if more else ("More than" not in found)


def test_the_view_of_a_room_opens_below_and_closes(
    board: Board,
    session: JanusSession,
    loop: BackgroundLoop,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = make(loop, session, "videoroom")
    panel = board.panel(HandlePanel, room)
    assert panel.drawing.below["room"] == {"open": False, "can": False}
    assert "in no room" in do(front_end, panel, "room")
    loop.run_sync(joined, room)

    async def listed(**_: Any) -> Settings:
        return Settings(0, hard=False)

    async def refreshed(**_: Any) -> None:
        return None

    monkeypatch.setattr(room, "list", listed)
    monkeypatch.setattr(room, "refresh", refreshed)
    until(lambda: panel.drawing.below["room"]["can"])
    before = set(front_end.open)
    press = {"type": "do", "action": "room", "request": "r"}

    def stands() -> tuple[bool, int, bool]:
        return panel.drawing.below["room"]["open"], len(panel.widget.children), set(front_end.open) > before

    def comes_to_stand(*wanted: object) -> None:
        front_end.open[panel.drawing.model_id].ask(press)
        until(lambda: stands() == wanted)

    comes_to_stand(True, 2, True)
    comes_to_stand(False, 1, False)
    comes_to_stand(True, 2, True)
    panel.close()
    assert not set(front_end.open)


def test_a_subscriber_chooses_layers(
    board: Board,
    session: JanusSession,
    loop: BackgroundLoop,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = make(loop, session, "videoroom")
    streams = [
        {"mid": "0", "type": "audio", "active": True, "feed_id": 11, "feed_display": "Ann"},
        {
            "mid": "1",
            "type": "video",
            "active": True,
            "feed_id": 11,
            "codec": "vp8",
            "simulcast": {"substream": 2},
        },
        {"mid": "2", "type": "video", "active": False},
        {
            "mid": "3",
            "type": "video",
            "active": True,
            "feed_id": 12,
            "codec": "vp9",
            "svc": {"spatial-layer": 2},
        },
    ]
    loop.run_sync(room.follow_streams, {"videoroom": "attached", "streams": streams})
    asked = Asked()
    monkeypatch.setattr(room, "configure", asked)
    panel = board.panel(HandlePanel, room)
    [group] = panel.drawing.groups
    assert [row["cells"] for row in group["rows"]] == [
        ["0", "audio of Ann"],
        ["1", "video of 11 vp8"],
        ["2", "nothing now"],
        ["3", "video of 12 vp9"],
    ]
    # A choice only where there is more than one.
    assert [b["label"] for b in group["rows"][0]["buttons"]] == ["Pause"]
    assert [b["label"] for b in group["rows"][2]["buttons"]] == ["Pause"]
    assert [b["label"] for b in group["rows"][3]["buttons"]] == ["Pause", "SVC", "SVC rate"]
    assert [b["label"] for b in group["rows"][1]["buttons"]] == ["Pause", "Simulcast", "Frame rate"]
    do(front_end, panel, "plugin.layer", mid="1", layer="substream", value=0)
    do(front_end, panel, "plugin.send", mid="0", on=False)
    do(front_end, panel, "plugin.keyframe")
    assert asked.calls == [
        {"streams": [{"mid": "1", "substream": 0}]},
        {"streams": [{"mid": "0", "send": False}]},
        {"keyframe": True},
    ]
    for wrong in ({"layer": "mid", "value": 1}, {"layer": "substream", "value": "high"}):
        assert "choose a layer" in do(front_end, panel, "plugin.layer", mid="1", **wrong)


@pytest.mark.parametrize("name", known_plugins())
def test_every_plugin_has_controls_that_explain_themselves(
    name: str, loop: BackgroundLoop, session: JanusSession
) -> None:
    handle = make(loop, session, name)
    controls = controls_for(handle)
    assert controls is not None
    groups = [group.plain() for group in loop.run_sync(controls.groups, handle, Context())]
    assert labels(groups)
    actions = {button["action"] for group in groups for button in group["buttons"]}
    assert actions <= set(controls.actions)
    for group in groups:
        for field in [*group["fields"], *(f for b in group["buttons"] for f in b["fields"])]:
            assert field["label"]
            assert field["title"]
            assert (field["kind"] == "secret") == (field["name"] in ("pin", "secret"))
    json.dumps(groups)


def test_what_has_no_methods_has_no_controls(loop: BackgroundLoop, session: JanusSession) -> None:
    assert controls_for(JanusPlugin("echotest")) is None
    assert controls_for(JanusPlugin("janus.plugin.anything")) is None


def test_all_events_are_opened_and_closed_in_the_panel(
    board: Board, session: JanusSession, handle: JanusPlugin, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    panel = board.panel(HandlePanel, handle)
    comms = len(front_end.open)
    box: Any = panel.widget
    comm = front_end.open[panel.drawing.model_id]
    comm.ask({"type": "do", "action": "stream", "request": "s-1"})
    until(lambda: panel.drawing.below["stream"]["open"])
    assert len(box.children) == 2
    assert len(front_end.open) > comms
    loop.run_sync(event, session, "webrtcup", 42)
    comm.ask({"type": "do", "action": "stream", "request": "s-2"})
    until(lambda: not panel.drawing.below["stream"]["open"])
    assert len(box.children) == 1
    assert len(front_end.open) == comms
    comm.ask({"type": "do", "action": "stream", "request": "s-3"})
    until(lambda: panel.drawing.below["stream"]["open"])
    panel.close()
    assert front_end.open == {}


def test_the_support_bundle_says_where_it_is(
    board: Board,
    session: JanusSession,
    handle: JanusPlugin,
    front_end: FrontEnd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    panel = board.panel(HandlePanel, handle)
    said = do(front_end, panel, "bundle")
    [path] = tmp_path.glob("*.zip")
    assert said.startswith("written: ")
    assert path.name in said


def test_a_failing_admin_api_is_shown(
    board: Board, session: JanusSession, handle: JanusPlugin, loop: BackgroundLoop
) -> None:
    panel = board.panel(HandlePanel, handle)
    watch = cast(sampling.Watch, panel._watch)
    loop.run_sync(watch.series.forget_janus, "Unauthorized (403)")
    until(lambda: panel.drawing.figures["error"] == "Admin API: Unauthorized (403)")


def test_a_recording_shows_the_same_ladder_and_no_controls(
    board: Board, session: JanusSession, handle: JanusPlugin, loop: BackgroundLoop, tmp_path: Path
) -> None:
    def call() -> None:
        handle.on_jsep()
        event(session, "webrtcup", 42)
        event(session, "media", 42, mid="0", type="audio", receiving=True)
        event(session, "hangup", 42, reason="ICE failed")
        session.events.save(tmp_path / "call.jsonl")

    loop.run_sync(call)

    async def play() -> Replay:
        replay = Replay.open(tmp_path / "call.jsonl", speed=math.inf)
        replay.play()
        await replay.finished()
        return replay

    replay = loop.submit(play, name="play").result(5)
    panel = board.panel(HandlePanel, replay.handles[0])
    assert panel.drawing.groups == []
    assert panel.drawing.figures["note"] == "A recording has no figures."
    assert panel.drawing.ladder == handle_snapshot(handle)["ladder"]
    assert panel.drawing.verdict["title"] == "ICE pair failed"
