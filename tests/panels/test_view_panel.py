"""The live view's panel: pictures that pages confirm, options, ends, cells that are run again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusMediaError, JanusOptionError
from janus_notebook.media import ReceivedTrack, TestPattern
from janus_notebook.media.preview_jpeg import Jpeg
from janus_notebook.panels.static import html, plain
from janus_notebook.panels.view import cells, flow
from janus_notebook.panels.view.figures import Figures
from janus_notebook.panels.view.options import view_options
from janus_notebook.panels.view.panel import ViewDrawing, ViewPanel
from janus_notebook.panels.view.show import View, view_panel
from janus_notebook.panels.view.source import handle_source, track_source
from tests.media.test_tracks import Fed
from tests.panels.conftest import make_handle, make_session
from tests.panels.conftest import until as until_soon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av import VideoFrame

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board
    from tests.panels.conftest import FrontEnd

PATTERN = TestPattern(160, 120)


def until(condition: Callable[[], Any]) -> None:
    until_soon(condition, 30)


class Scene:
    """A track that gets frames, panels on it, and a page that confirms when it is told to."""

    def __init__(self, loop: BackgroundLoop, board: Board, front_end: FrontEnd) -> None:
        self.loop, self.board, self.front_end = loop, board, front_end
        self.pictures: list[tuple[object, dict[str, Any], list[bytes]]] = []
        self.fed: list[tuple[Fed, ReceivedTrack]] = []

    def track(self, kind: str = "video") -> ReceivedTrack:
        async def make() -> ReceivedTrack:
            source = Fed(kind)
            track = ReceivedTrack(source, "v")
            track.start(lambda: None, lambda: None)
            self.fed.append((source, track))
            return track

        return self.loop.submit(make, name="track").result(10)

    def feed(self, counter: int | None, which: int = -1) -> None:
        source, track = self.fed[which]
        frame = None if counter is None else PATTERN.draw(counter)
        before = track.frames_received
        self.loop.run_sync(source.queue.put_nowait, frame)
        until(lambda: track.frames_received > before or track.ended)

    def panel(self, track: ReceivedTrack, **options: Any) -> ViewPanel:
        return view_panel(self.board, track, track_source(track), view_options(**{"fps": 60, **options}))

    def says(self, panel: ViewPanel, kind: str, **more: Any) -> None:
        comm = self.front_end.open[panel.drawing.model_id]
        comm.ask({"type": kind, "viewer": "a page", **more})
        self.loop.run_sync(lambda: None)

    def sent(self, panel: ViewPanel) -> list[dict[str, Any]]:
        return [content for drawing, content, _ in self.pictures if drawing is panel.drawing]

    def got(self, panel: ViewPanel, count: int) -> dict[str, Any]:
        """Wait for the picture of this number."""
        until(lambda: len(self.sent(panel)) >= count)
        assert len(self.sent(panel)) == count
        return self.sent(panel)[-1]

    def quiet(self) -> None:
        """A round of the loop, for what might be sent and must not."""

        async def rounds() -> None:
            for _ in range(20):
                await asyncio.sleep(0.01)

        self.loop.submit(rounds, name="rounds").result(20)


@pytest.fixture
def scene(
    loop: BackgroundLoop, board: Board, front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    scene = Scene(loop, board, front_end)

    def send(drawing: ViewDrawing, content: dict[str, Any], buffers: Any = None) -> None:
        if buffers is not None:
            scene.pictures.append((drawing, content, buffers))

    monkeypatch.setattr(ViewDrawing, "send", send)
    for patience in ("SILENT_SECONDS", "DEAF_SECONDS", "LONG_SECONDS"):  # this machine may be slow
        monkeypatch.setattr(flow, patience, 1e6)
    yield scene
    board.close()
    for _, track in scene.fed:
        loop.submit(track.close, name="end").result(10)


def test_a_rate_is_that_of_a_while() -> None:
    figures = Figures()
    for number in range(4):
        figures.sent(number, 100.0, 1000, 0, 100.0)
        figures.seen(number, 100.1 + number * 1e-4)  # in one breath
    assert figures.now(100.2)["fps"] == 0.0
    assert figures.now(101.1)["fps"] == 3.0
    assert (figures.now(101.1)["latency"], figures.now(200.0)["fps"]) == (100, 0.0)


def test_pictures_come_when_a_page_looks_and_two_at_most_are_under_way(scene: Scene) -> None:
    track = scene.track()
    panel = scene.panel(track)
    scene.feed(1)
    scene.quiet()
    assert scene.pictures == []
    assert panel.facts()["state"] == "waiting"
    scene.says(panel, "here")
    content = scene.got(panel, 1)
    assert (content["type"], content["n"], content["width"], content["height"]) == ("picture", 1, 160, 120)
    assert (content["blind"], content["problem"]) == (False, "")
    assert scene.pictures[0][2][0][:3] == b"\xff\xd8\xff"  # a JPEG
    scene.feed(2)
    scene.got(panel, 2)
    for counter in range(3, 9):
        scene.feed(counter)
    scene.quiet()
    scene.got(panel, 2)
    scene.says(panel, "seen", n=1)
    assert scene.got(panel, 3)["n"] == 3
    scene.says(panel, "seen", n=3)
    facts = panel.facts()
    assert (facts["state"], facts["shown"], facts["most_under_way"]) == ("playing", 2, 2)
    assert facts["left_out"] == 5  # 3 to 7: the third picture is the newest
    scene.says(panel, "away")
    scene.feed(10)
    scene.quiet()
    scene.got(panel, 3)
    for nonsense in ({}, {"viewer": 3}, {"viewer": "x" * 100}, {"n": "1"}, {"n": None}):
        scene.says(panel, "seen", **nonsense)
    assert panel.facts()["state"] == "playing"


def test_several_views_of_a_track_are_encoded_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    encode = Jpeg.__call__

    def encoding(jpeg: Jpeg, frame: VideoFrame) -> bytes:
        made.append(frame)
        return encode(jpeg, frame)

    monkeypatch.setattr(Jpeg, "__call__", encoding)
    track = scene.track()
    one, two = scene.panel(track), scene.panel(track, fps=59)
    assert one is not two
    for panel in (one, two):
        scene.says(panel, "here")
    for counter in range(1, 6):
        scene.feed(counter)
        for panel in (one, two):
            number = scene.got(panel, counter)["n"]
            scene.says(panel, "seen", n=number)
    assert len(made) == 5
    same = [picture for drawing, _, (picture,) in scene.pictures if drawing is one.drawing]
    assert same == [picture for drawing, _, (picture,) in scene.pictures if drawing is two.drawing]


def test_it_can_be_paused(scene: Scene) -> None:
    panel = scene.panel(scene.track())
    scene.says(panel, "here")
    scene.feed(1)
    scene.got(panel, 1)
    scene.says(panel, "seen", n=1)
    scene.says(panel, "do", action="pause", arguments={"on": True}, request="1")
    until(lambda: panel.facts()["state"] == "paused")
    for counter in (2, 3, 4):
        scene.feed(counter)
    scene.quiet()
    scene.got(panel, 1)
    scene.says(panel, "do", action="pause", arguments={"on": False}, request="2")
    scene.got(panel, 2)
    assert panel.facts()["left_out"] == 0


def test_an_overlay_that_fails_is_told_and_recovers(scene: Scene) -> None:
    def moody(picture: Any) -> None:
        if picture[5, 5].sum() == 0 or moods.pop(0):
            raise ValueError("bad mood\x1b")

    moods = [True, False]
    panel = scene.panel(scene.track(), overlay=moody)
    scene.says(panel, "here")
    scene.feed(1)
    assert scene.got(panel, 1)["problem"].startswith(r"overlay: ValueError: bad mood\x1b (line ")
    assert panel.live()["problem"] == scene.sent(panel)[0]["problem"]
    assert "bad mood" in plain(panel.parts(panel.snapshot()))
    scene.feed(2)
    assert scene.got(panel, 2)["problem"] == ""
    assert panel.live()["problem"] == ""
    assert panel.live()["head"]["overlay"] == "moody"


def test_a_track_that_ends_says_why_and_leaves_nothing(scene: Scene) -> None:
    track = scene.track()
    panel = scene.panel(track)
    scene.says(panel, "here")
    scene.feed(1)
    scene.got(panel, 1)
    scene.feed(None)
    until(lambda: panel.facts()["state"] == "ended")
    assert panel.facts()["reason"].startswith("the other side, or the connection, ended it")
    assert not panel.alive
    panel.close()
    panel.close()
    assert scene.front_end.open == {}
    assert panel.playing._task is not None
    assert panel.playing._task.done()


def test_a_handle_is_followed_from_track_to_track(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session()
    handle = make_handle(session)
    tracks: list[ReceivedTrack] = []

    def track(_self: object, which: str) -> ReceivedTrack:
        if tracks:
            return tracks[-1]
        raise JanusMediaError(f"no track {which!r} is received")

    monkeypatch.setattr(JanusEchoTestPlugin, "track", track)
    options = view_options(fps=60)
    panel = view_panel(scene.board, handle, handle_source(handle, "video"), options)
    until(lambda: panel.facts()["reason"] == "no track 'video' is received.")
    assert panel.facts()["state"] == "waiting"
    tracks.append(scene.track())
    scene.says(panel, "here")
    scene.feed(1)
    scene.got(panel, 1)
    tracks.append(scene.track())
    scene.loop.run_sync(tracks[0].end, "it is no longer sent")
    scene.feed(2)
    scene.got(panel, 2)
    scene.loop.run_sync(handle._set_state, "hungup", "DTLS alert")
    scene.loop.run_sync(tracks[1].end, "closed")
    until(lambda: "hung up (DTLS alert)" in panel.facts()["reason"])
    assert panel.facts()["state"] == "waiting"
    scene.loop.run_sync(handle.end, "detached by us")
    until(lambda: panel.facts()["state"] == "ended")
    assert scene.board.close_panels((handle,)) == 1


def test_what_cannot_be_shown_is_refused_at_once(scene: Scene) -> None:
    handle = make_handle(make_session())
    for which in ("vidoe", "7", 3):
        with pytest.raises(JanusOptionError):
            handle_source(handle, which)  # type: ignore[arg-type]  # as a person may mistype it
    with pytest.raises(JanusOptionError, match=r"mid v is audio, and view\(\) shows video"):
        track_source(scene.track("audio"))
    wrong: list[dict[str, Any]] = [
        {"fps": 0},
        {"fps": 61},
        {"fps": True},
        {"fps": "15"},
        {"width": 3},
        {"width": 2.5},
        {"quality": 0},
        {"quality": 101},
        {"overlay": "grey"},
    ]
    for options in wrong:
        with pytest.raises(JanusOptionError, match=next(iter(options))):
            view_options(**options)


def test_the_saved_notebook_holds_no_picture_unless_asked(scene: Scene) -> None:
    track = scene.track()
    scene.feed(1)
    for static in (False, True):
        panel = scene.panel(track, static=static)
        scene.says(panel, "here")
        scene.got(panel, 1)
        parts = panel.parts(scene.loop.run_sync(panel.taken))
        assert ("data:image/jpeg;base64," in html(parts)) is static
        assert ("view(static=True) keeps the last one" in plain(parts)) is not static
        assert "data:" not in plain(parts)
        before, after = scene.loop.run_sync(panel.taken), scene.loop.run_sync(panel.taken)
        after["figures"] = after["figures"] | {"shown": 99, "left_out": 3}
        after["taken"] = before["taken"]
        assert panel.steady(before) == panel.steady(after)


# -- cells ---------------------------------------------------------------------------------------


class Shell:
    """What a kernel's shell says of the running cell."""

    def __init__(self) -> None:
        self.parent: dict[str, Any] = {}
        self.display_trap = SimpleNamespace(is_active=False)

    def get_parent(self) -> dict[str, Any]:
        return self.parent

    def run(self, cell: str | None, run: int) -> None:
        metadata = {} if cell is None else {"cellId": cell}
        self.parent = {"header": {"msg_id": f"run-{run}"}, "metadata": metadata}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell()
    monkeypatch.setattr(cells, "_shell", lambda: shell)
    return shell


def test_a_cell_that_runs_again_shows_the_same_views(scene: Scene, shell: Shell) -> None:
    track = scene.track()
    shell.run("a", 1)
    first, second = scene.panel(track), scene.panel(track, width=80)
    shell.run("b", 2)
    elsewhere = scene.panel(track)
    assert len({first, second, elsewhere}) == 3
    for run in range(3, 53):
        shell.run("a", run)
        assert scene.panel(track, fps=1 + run % 50, overlay=lambda picture: picture) is first
        assert scene.panel(track, width=80) is second
    assert len(scene.board.panels) == len(scene.front_end.open) // 2 == 3  # each has a layout, too
    assert first.playing.options.fps == 3
    shell.run("a", 60)
    other = scene.track()
    replaced = scene.panel(other)
    assert first.closed
    assert replaced.core is other


def test_without_the_names_of_cells_views_of_the_same_are_the_same(scene: Scene, shell: Shell) -> None:
    track = scene.track()
    shell.run(None, 1)
    assert scene.panel(track) is scene.panel(track)
    assert scene.panel(track, width=80) is not scene.panel(track)


def test_what_view_returns(scene: Scene, shell: Shell) -> None:
    shown: list[str] = []
    shell.run("a", 1)
    panel = scene.panel(scene.track())
    view = View(panel, scene.board, lambda: shown.append("again"))
    view._ipython_display_()  # as the last line of the cell that made it
    assert (shown, repr(view)) == ([], "<View of Received track (video, mid v), waiting>")
    shell.run("b", 2)
    view._ipython_display_()
    assert shown == ["again"]
    assert view.widget is panel.widget
    assert view.facts["shown"] == 0
    view.close()
    assert "closed" in repr(view)


def test_a_kernel_that_cannot_hear_its_pages_sends_by_the_clock(scene: Scene, shell: Shell) -> None:
    panel = scene.panel(scene.track())
    shell.display_trap.is_active = True  # a cell runs, and no page was ever heard
    scene.feed(1)
    assert scene.got(panel, 1)["blind"] is True
    scene.feed(2)
    assert scene.got(panel, 2)["blind"] is True
    until(lambda: panel.live()["figures"]["blind"])
    panel.playing.independent = True  # it can: nobody looks then
    scene.feed(3)
    scene.quiet()
    scene.got(panel, 2)
