"""The panels' exact messages, with a front end that writes them down."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusPlugin, JanusServerError, JanusSession
from janus_notebook.panels.events.panel import EventStreamPanel
from janus_notebook.panels.handle.panel import HandlePanel
from janus_notebook.panels.session.panel import SessionPanel
from tests.panels.conftest import FrontEnd, event, make_handle, make_session, until

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board


@pytest.fixture
def session(loop: BackgroundLoop) -> JanusSession:
    return loop.run_sync(make_session)


@pytest.fixture
def handle(loop: BackgroundLoop, session: JanusSession) -> JanusPlugin:
    return loop.run_sync(make_handle, session)


def state(front_end: FrontEnd, widget: Any, name: str) -> Any:
    """The newest value of a trait that was sent in an update."""
    return next((s[name] for s in reversed(front_end.updates(widget)) if name in s), None)


def test_a_session_panel_sends_what_changed(
    board: Board, session: JanusSession, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    panel = board.panel(SessionPanel, session)
    assert panel.drawing.head["state"] == "connected"
    loop.run_sync(make_handle, session)
    until(lambda: state(front_end, panel.drawing, "handles"))
    sent = next(s for s in front_end.updates(panel.drawing) if "handles" in s)
    assert [(row["id"], row["state"]) for row in sent["handles"]] == [("42", "attached")]
    assert "head" not in sent  # it did not change
    loop.run_sync(session._end, "lost", "the cable was cut")
    until(lambda: (state(front_end, panel.drawing, "head") or {}).get("state") == "lost")
    until(lambda: state(front_end, panel.drawing, "beat") == {"alive": False, "seconds": 0})


def test_a_living_panel_moves_every_second(board: Board, session: JanusSession, front_end: FrontEnd) -> None:
    panel = board.panel(SessionPanel, session)
    beats: list[float] = []

    def four() -> bool:
        beats[:] = [
            at
            for at, comm, data in front_end.sent
            if comm == panel.drawing.model_id and "beat" in data["state"]
        ]
        return len(beats) >= 4

    until(four)
    assert max(b - a for a, b in itertools.pairwise(beats)) < 1


def test_the_handle_panels_buttons(
    board: Board,
    session: JanusSession,
    handle: JanusPlugin,
    loop: BackgroundLoop,
    front_end: FrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = board.panel(HandlePanel, handle)
    comm = front_end.open[panel.drawing.model_id]
    loop.run_sync(handle.on_jsep)
    asked, let_go = threading.Event(), asyncio.Event()

    async def hangup(timeout: float | None = None) -> dict[str, Any]:
        assert loop.on_thread
        asked.set()
        await let_go.wait()
        raise JanusServerError(459, "<b>no such handle</b>")

    monkeypatch.setattr(handle, "hangup", hangup)
    comm.ask({"type": "do", "action": "hangup", "request": "a-1"})
    assert asked.wait(5)
    until(lambda: panel.drawing.notice == {"text": "hang up …", "failed": False, "busy": ["hangup"]})
    until(lambda: {"type": "heard", "request": "a-1"} in replies(front_end, panel.drawing))
    comm.ask(
        {"type": "do", "action": "hangup", "arguments": None, "request": "a-2"}
    )  # the same is being done
    comm.ask({"type": "do", "action": "no such", "request": "a-3"})
    until(lambda: len(replies(front_end, panel.drawing)) == 3)
    loop.run_sync(let_go.set)
    until(lambda: panel.drawing.notice["failed"])
    assert panel.drawing.notice["text"].startswith("could not hang up: <b>no such handle</b> (459")
    assert panel.drawing.notice["busy"] == []

    async def detach() -> dict[str, Any]:
        handle.end("")
        return {}

    monkeypatch.setattr(handle, "detach", detach)
    comm.ask({"type": "do", "action": "detach", "request": "a-4"})
    until(lambda: panel.drawing.notice == {"text": "the handle is detached", "failed": False, "busy": []})
    assert state(front_end, panel.drawing, "head")["state"] == "detached"


def test_a_handle_panel_sends_only_the_parts_that_changed(
    board: Board, session: JanusSession, handle: JanusPlugin, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    panel = board.panel(HandlePanel, handle)
    loop.run_sync(lambda: event(session, "media", 42, mid="0", type="audio", receiving=True))
    until(lambda: state(front_end, panel.drawing, "media"))
    sent = next(s for s in front_end.updates(panel.drawing) if "media" in s)
    assert set(sent) - {"beat"} == {"media", "events"}


def grown_up(loop: BackgroundLoop, panel: Any) -> None:
    """Make the panel older than the two seconds in which its batches repeat."""

    def age() -> None:
        panel._born -= 10

    loop.run_sync(age)


def test_the_stream_sends_new_rows_only(
    board: Board, session: JanusSession, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    panel = board.panel(EventStreamPanel, session.events, session=session)
    initial = panel.drawing.initial
    assert [row["seq"] for row in initial["rows"]] == [1, 2]
    assert (initial["first"], initial["last"], initial["skipped"]) == (1, 2, 0)
    loop.run_sync(event, session, "webrtcup", 42)
    until(lambda: panel.drawing.batch.get("last") == 3)
    loop.run_sync(event, session, "webrtcup", 42)
    until(lambda: panel.drawing.batch.get("last") == 4)
    assert panel.drawing.batch["first"] == 3  # young: the module may not have been there for the first one
    grown_up(loop, panel)
    loop.run_sync(event, session, "webrtcup", 42)
    until(lambda: panel.drawing.batch["last"] == 5)
    assert [row["seq"] for row in panel.drawing.batch["rows"]] == [5]
    assert panel.drawing.batch["first"] == 5
    assert all("initial" not in s for s in front_end.updates(panel.drawing))


def test_a_flood_is_cut_into_ten_small_batches_a_second(
    board: Board, session: JanusSession, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    panel = board.panel(EventStreamPanel, session.events, session=session)
    others: list[Any] = [
        board.panel(SessionPanel, session),
        board.panel(HandlePanel, loop.run_sync(make_handle, session)),
    ]
    grown_up(loop, panel)
    before = session.events.total

    async def flood() -> None:
        for _ in range(150):  # 5,000 a second
            for _ in range(50):
                event(session, "media", 42, mid="0", type="audio", receiving=True)
            await asyncio.sleep(0.01)

    began = time.monotonic()
    loop.submit(flood(), name="flood").result(30)
    seconds = time.monotonic() - began
    until(lambda: panel.drawing.batch["last"] == before + 7500)
    for any_panel in [panel, *others]:
        mine = [at for at, comm, _ in front_end.sent if comm == any_panel.drawing.model_id]
        during = [at for at in mine if began <= at <= began + seconds]
        assert 3 * seconds < len(during) <= 10 * seconds + 1
        assert min(b - a for a, b in itertools.pairwise(mine)) >= 0.1 - 1e-6
    batches = [s["batch"] for s in front_end.updates(panel.drawing) if "batch" in s]
    assert max(len(batch["rows"]) for batch in batches) <= 200
    for earlier, later in itertools.pairwise(batches):
        assert later["first"] == earlier["last"] + 1  # no gap, nothing twice
    assert all(b["skipped"] + len(b["rows"]) == b["last"] - b["first"] + 1 for b in batches)
    assert batches[-1]["dropped"] == session.events.dropped > 0


def replies(front_end: FrontEnd, widget: Any) -> list[dict[str, Any]]:
    return [m["content"] for m in front_end.messages(widget) if m["method"] == "custom"]


def test_one_handles_stream_holds_its_rows_only(
    board: Board, session: JanusSession, loop: BackgroundLoop
) -> None:
    loop.run_sync(make_handle, session)
    panel = board.panel(EventStreamPanel, session.events, 42, session=session, handle_id=42)
    grown_up(loop, panel)
    for handle_id in (42, 43):
        loop.run_sync(event, session, "webrtcup", handle_id)
    until(lambda: panel.drawing.batch.get("last") == session.events.total)
    rows = [*panel.drawing.initial["rows"], *panel.drawing.batch["rows"]]
    assert {row["handle"] for row in rows} == {"42"}


def test_hostile_text_can_be_sent(board: Board, session: JanusSession, loop: BackgroundLoop) -> None:
    panel = board.panel(EventStreamPanel, session.events, session=session)
    loop.run_sync(
        lambda: event(session, "\ud800\u202e", 42, plugindata={"data": {"x": "\udfff\x00" * 500_000}})
    )
    loop.run_sync(lambda: event(session, "event", 42, plugindata={"data": {"x": "\udfff\x00" * 500_000}}))
    until(lambda: panel.drawing.batch.get("last") == 4)
    assert len(json.dumps(panel.drawing.batch, ensure_ascii=False).encode()) < 2000


def test_a_panel_that_raises_says_so_in_the_log(
    board: Board, session: JanusSession, front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, other = (
        board.panel(SessionPanel, session),
        board.panel(EventStreamPanel, session.events, session=session),
    )
    monkeypatch.setattr(panel, "live", lambda: 1 / 0)
    until(lambda: any(e.kind == "error" for e in session.events))
    assert session.events[-1].summary == "a panel stopped: ZeroDivisionError: division by zero."
    assert panel not in board.painter.panels
    until(lambda: other.drawing.batch.get("last") == session.events.total)


def test_the_same_object_has_the_same_panel_and_closing_leaves_nothing(
    board: Board, session: JanusSession, handle: JanusPlugin, front_end: FrontEnd
) -> None:
    def ask() -> list[Any]:
        return [
            board.panel(SessionPanel, session),
            board.panel(HandlePanel, handle),
            board.panel(EventStreamPanel, session.events),
        ]

    first = ask()
    comms = len(front_end.open)
    for _ in range(50):
        assert ask() == first
    assert len(front_end.open) == comms
    assert len(board.panels) == 3
    first[0].close()
    assert board.panel(SessionPanel, session) is not first[0]
    board.close()
    assert front_end.open == {}
    assert board.panels == []
    assert not board.painter.running
    board.close()


def test_a_panel_does_not_keep_its_session_alive(
    board: Board, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    session = loop.run_sync(make_session)
    board.panel(SessionPanel, session)
    board.panel(EventStreamPanel, session.events, session=session)
    assert front_end.open
    session.events.record("local", "state", {"state": "closed"})
    session.state = "closed"
    del session

    def gone() -> bool:
        gc.collect()
        return not front_end.open

    until(gone)
    until(lambda: not board.painter.running)


def test_closing_takes_the_panels_of_gone_objects_along(
    board: Board, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    session = loop.run_sync(make_session)
    board.panel(SessionPanel, session)
    del session
    gc.collect()
    board.close()
    assert front_end.open == {}


def test_widgets_closed_behind_its_back_are_made_anew(
    board: Board, session: JanusSession, front_end: FrontEnd
) -> None:
    first = board.panel(SessionPanel, session)
    first.widget.close()
    second = board.panel(SessionPanel, session)
    assert second is not first
    assert second.widget.model_id in front_end.open
    assert board.painter.panels == (second,)
