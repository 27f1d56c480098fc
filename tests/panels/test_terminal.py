"""Lines of events as they come, and the line below a cell that waits, in a terminal."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.bridge import BackgroundLoop
from janus_notebook.client.log import EventLog
from janus_notebook.panels import terminal
from janus_notebook.panels.terminal import ERASE, StatusLine, follow, line

if TYPE_CHECKING:
    from collections.abc import Iterator


class Screen(io.StringIO):
    """A terminal that keeps what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.painted = threading.Event()

    def write(self, text: str) -> int:
        if "waiting for" in text:
            self.painted.set()
        return super().write(text)

    def isatty(self) -> bool:
        return True


class Session:
    """As much of a session as `follow` looks at."""

    state = "connected"


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop("janus-notebook-test")
    loop.start()
    yield loop
    loop.stop()


def log_of(*texts: str) -> EventLog:
    log = EventLog()
    for text in texts:
        record(log, text)
    return log


def record(log: EventLog, text: str, handle_id: int | None = None) -> None:
    raw = {"janus": "error", "error": {"code": 1, "reason": text}}
    log.record("local", "error", raw, handle_id=handle_id)


def test_a_loaded_log_is_printed_and_that_is_all() -> None:
    out = io.StringIO()
    assert follow(log_of("one", "two", "three"), last=2, out=out) == 2
    first, second = out.getvalue().splitlines()
    assert first.split()[0] == "2"
    assert "two" in first
    assert "three" in second


def test_events_are_printed_as_they_come_until_the_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    log, session, out = log_of("one"), Session(), io.StringIO()
    steps = iter(["two", "three", None])

    def sleep(_seconds: float) -> None:
        text = next(steps)
        if text is None:
            record(log, "the last word")
            session.state = "closed"
        else:
            assert text not in out.getvalue()
            record(log, text)

    monkeypatch.setattr("time.sleep", sleep)
    anything: Any = session
    assert follow(log, session=anything, out=out) == 4
    assert [word for word in ("one", "two", "three", "the last word") if word in out.getvalue()] == [
        "one",
        "two",
        "three",
        "the last word",
    ]


def test_ctrl_c_ends_it_and_only_one_handles_events_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    log, session, out = EventLog(), Session(), io.StringIO()
    record(log, "mine", handle_id=7)
    record(log, "another's", handle_id=8)

    def sleep(_seconds: float) -> None:
        if len(log) == 2:
            record(log, "another's again", handle_id=8)
            record(log, "mine again", handle_id=7)
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    anything: Any = session
    assert follow(log, handle_id=7, session=anything, out=out) == 2
    assert "another" not in out.getvalue()
    assert "mine again" in out.getvalue()


def test_what_the_ring_let_go_meanwhile_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    log, session, out = EventLog(capacity=3), Session(), io.StringIO()
    record(log, "one")

    def sleep(_seconds: float) -> None:
        for number in range(10):
            record(log, f"flood {number}")
        session.state = "closed"

    monkeypatch.setattr("time.sleep", sleep)
    anything: Any = session
    follow(log, session=anything, out=out)
    assert "… 7 entries came too fast to be shown …" in out.getvalue()
    assert "flood 9" in out.getvalue()


def test_a_line_holds_no_control_characters() -> None:
    log = log_of("\x1b[2Jgone\r\n\u202egnp")
    assert not {"\x1b", "\r", "\n", "\u202e"} & set(line(log[0]))


def test_the_status_line_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert StatusLine.suits(Screen())
    assert not StatusLine.suits(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not StatusLine.suits(Screen())


def test_the_status_line_comes_after_a_while_and_goes_with_the_wait(
    loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    screen, times = Screen(), [0.0]
    log = log_of("x" * 100)
    status = StatusLine(lambda: loop, lambda: [log], out=screen, clock=lambda: times[0])

    async def work() -> None:
        await asyncio.Event().wait()

    call = loop.submit(work, name="publish")
    status.paint(lambda: [call])
    assert screen.getvalue() == ""  # it may be over at once
    times[0] = 3.0
    status.paint(lambda: [call])
    shown = screen.getvalue()
    assert shown.startswith(f"{ERASE}waiting for publish, 3 s · error: ")
    assert len(shown) - len(ERASE) <= 59
    status.paint(list)
    assert screen.getvalue() == shown + ERASE
    call.cancel()


def test_a_line_is_gone_before_the_cell_goes_on(
    loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the cell prints next starts on an empty line."""
    monkeypatch.setattr(terminal, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(terminal, "PAINT_SECONDS", 0.01)
    screen = Screen()
    status = StatusLine(lambda: loop, list, out=screen)
    status.begin()
    try:

        async def work() -> None:
            await asyncio.to_thread(screen.painted.wait, 10)

        loop.submit(work, name="work").result(10)
        screen.write("printed")
    finally:
        status.end()
    assert f"{ERASE}printed" in screen.getvalue()
    before = screen.getvalue()
    status.end()
    assert screen.getvalue() == before
