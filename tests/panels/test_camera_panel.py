"""The camera panel: the wire between a page and a call, whoever else listens, and what stays of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.panels.camera.cells import Cells
from janus_notebook.panels.camera.panel import CameraPanel
from janus_notebook.panels.static import plain
from janus_notebook.plugins import browser
from tests.panels.conftest import make_handle, make_session, until

if TYPE_CHECKING:
    import pytest

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board
    from janus_notebook.plugins.browser.call import BrowserCall
    from tests.panels.conftest import FrontEnd


def make_call(loop: BackgroundLoop) -> BrowserCall:
    def make() -> BrowserCall:
        handle = make_handle(make_session())
        size: dict[str, Any] = {}
        return browser.camera(handle, None, None, "camera", size, (), {})

    return loop.run_sync(make)


def test_the_first_page_has_it_and_is_asked_for_the_camera(
    board: Board, loop: BackgroundLoop, front_end: FrontEnd
) -> None:
    call = make_call(loop)
    panel = board.panel(CameraPanel, call)
    assert board.panel(CameraPanel, call) is panel
    comm = front_end.open[panel.drawing.model_id]

    def told(page: str) -> list[Any]:
        sent = [message.get("content", {}) for message in front_end.messages(panel.drawing)]
        return [each.get("verb", "ack") for each in sent if each.get("to") == page]

    assert panel.drawing.head["state"] == "waiting"
    for page in ("one", "two"):
        comm.ask({"type": "page", "from": page, "seq": 1, "say": "hello"})
    until(lambda: told("one") == ["ack", "capture"] and told("two") == ["ack"])
    until(lambda: panel.drawing.head["state"] == "asking")
    assert panel.drawing.head["page"] == "one"

    # Only its own page is believed.
    comm.ask({"type": "page", "from": "two", "seq": 2, "say": "bye", "why": "pagehide"})
    until(lambda: told("two") == ["ack", "ack"])
    assert call.state == "asking"
    error = {"name": "NotAllowedError", "what": "camera", "secure": True, "origin": "http://lab"}
    comm.ask({"type": "page", "from": "one", "seq": 2, "re": 1, "error": error})
    until(lambda: panel.drawing.head["state"] == "failed")
    assert "denies the camera to http://lab" in panel.drawing.head["reason"]
    text = plain(panel.parts(loop.run_sync(panel.taken)))
    assert text.startswith("In the browser: EchoTest: ")
    assert "denies the camera" in text

    # Another page may start it again there; for nonsense nothing happens.
    for nonsense in (
        {"type": "page"},
        {"type": "page", "from": 5},
        {"type": "page", "from": "one", "re": []},
    ):
        comm.ask(nonsense)
    comm.ask({"type": "do", "action": "start", "arguments": {"page": "two"}, "request": "r"})
    until(lambda: told("two")[-1] == "capture")
    assert call.page == "two"
    board.close_panels((call,))
    until(lambda: call.state == "ended")
    assert call.reason == "its widget was closed"


def test_a_kernel_that_runs_a_cell_hears_nothing_until_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    callbacks: dict[str, list[Any]] = {"pre_run_cell": [], "post_run_cell": []}

    class Events:
        def __init__(self) -> None:
            self.callbacks = callbacks

        def register(self, name: str, callback: Any) -> None:
            callbacks[name].append(callback)

        def unregister(self, name: str, callback: Any) -> None:
            callbacks[name].remove(callback)

    class Shell:
        events = Events()

    monkeypatch.setattr("IPython.core.getipython.get_ipython", Shell)
    cells = Cells()
    assert cells.deaf()  # it was made within a cell
    callbacks["post_run_cell"][0]()
    cells.heard()
    assert not cells.deaf()
    callbacks["pre_run_cell"][0]()
    assert cells.deaf()  # what came between two cells proves nothing
    cells.heard()
    assert not cells.deaf()
    cells.close()
    cells.close()
    assert callbacks == {"pre_run_cell": [], "post_run_cell": []}
