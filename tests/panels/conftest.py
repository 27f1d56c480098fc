"""A background loop, sessions without a server, and a front end that writes down what it is sent."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import ipywidgets.widgets.widget as widget_module
import pytest

from janus_notebook import JanusEchoTestPlugin, JanusSession
from janus_notebook.bridge import BackgroundLoop
from janus_notebook.panels.board import Board
from janus_notebook.protocol.router import Occurred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def until(condition: Callable[[], Any], timeout: float = 5.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


class FrontEnd:
    """What the widgets' comms sent, with the time of each message."""

    def __init__(self) -> None:
        self.open: dict[str, Any] = {}
        self.sent: list[tuple[float, str, dict[str, Any]]] = []

    def messages(self, widget: Any) -> list[dict[str, Any]]:
        return [data for _, comm_id, data in self.sent if comm_id == widget.model_id]

    def updates(self, widget: Any) -> list[dict[str, Any]]:
        """The states of its update messages."""
        return [data["state"] for data in self.messages(widget) if data["method"] == "update"]


class RecordingComm:
    kernel = "a test"

    def __init__(self, front_end: FrontEnd, **options: Any) -> None:
        self._front_end = front_end
        self.comm_id = options.get("comm_id") or f"comm-{len(front_end.open)}-{id(self)}"
        self.receive: Callable[[dict[str, Any]], None] = lambda _: None
        front_end.open[self.comm_id] = self

    def on_msg(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self.receive = callback

    def send(self, data: dict[str, Any], **_: Any) -> None:
        self._front_end.sent.append((time.monotonic(), self.comm_id, data))

    def close(self, **_: Any) -> None:
        self._front_end.open.pop(self.comm_id, None)

    def ask(self, content: dict[str, Any]) -> None:
        """A custom message of the front end."""
        self.receive({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


@pytest.fixture
def front_end(monkeypatch: pytest.MonkeyPatch) -> FrontEnd:
    front_end = FrontEnd()
    monkeypatch.setattr(
        widget_module.comm, "create_comm", lambda **options: RecordingComm(front_end, **options)
    )
    return front_end


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    loop.start()
    yield loop
    loop.stop()


@pytest.fixture
def board(loop: BackgroundLoop, front_end: FrontEnd) -> Iterator[Board]:
    board = Board(loop)
    yield board
    board.close()


def make_session(url: str = "ws://user:hunter2@127.0.0.1:1/janus?token=hunter2") -> JanusSession:
    """A session as it is after `create`, with no server behind it."""
    session = JanusSession(base_url=url, log_capacity=1000)
    session.connection.server = {
        "janus": "server_info",
        "name": "Janus WebRTC Server",
        "version_string": "1.1.2",
        "session-timeout": 60,
    }
    session._set_state("connecting")
    session.id = 7001
    session._set_state("connected")
    return session


def make_handle(session: JanusSession, handle_id: int = 42) -> JanusEchoTestPlugin:
    """A handle as it is after `attach`."""
    plugin = JanusEchoTestPlugin()
    plugin.begin(session, handle_id, {"janus": "success"})
    session.handles._by_id[handle_id] = plugin
    return plugin


def event(session: JanusSession, kind: str, handle_id: int | None, **fields: Any) -> None:
    """Janus sends an event."""
    message = {"janus": kind, "session_id": session.id, **fields}
    text = json.dumps(message, ensure_ascii=False).encode(errors="replace")
    session.on_event(Occurred(kind, session.id, handle_id, message), text)
