"""Every panel, what it sends to the page and what stays in the notebook, with hostile text everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.panels import static
from janus_notebook.panels.admin.panel import AdminPanel
from janus_notebook.panels.display import wrapped
from janus_notebook.panels.events.panel import EventStreamPanel
from janus_notebook.panels.handle.panel import HandlePanel
from janus_notebook.panels.room.panel import RoomPanel
from janus_notebook.panels.session.panel import SessionPanel
from tests.hostile.corpus import CORPUS, FEW, MARK, check_html, check_text, check_values
from tests.hostile.sessions import LONG, hostile_admin, hostile_room, hostile_session

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board
    from janus_notebook.panels.panel import Panel
    from tests.panels.conftest import FrontEnd

SECONDS = 60.0  # a busy machine
TEXT_LIMIT = 4_000
FORM_LIMIT = 200_000


def check(panel: Panel[Any], loop: BackgroundLoop) -> str:
    """Hold what a panel shows against what may be shown; return its plain form."""

    def taken() -> tuple[dict[str, Any], dict[str, Any], list[static.Part]]:
        snapshot = panel.taken()
        return panel.live(), snapshot, panel.parts(snapshot)

    live, snapshot, parts = loop.run_sync(taken, timeout=SECONDS)
    check_values(live, TEXT_LIMIT, "live")
    check_values(snapshot, TEXT_LIMIT, "snapshot")
    assert len(json.dumps(live)) < FORM_LIMIT
    check_html(wrapped(parts, panel.id), FORM_LIMIT)
    shown = static.plain(parts)
    check_text(shown, FORM_LIMIT)
    return shown


@pytest.mark.parametrize("name", FEW)
def test_every_panel(name: str, board: Board, loop: BackgroundLoop, front_end: FrontEnd) -> None:
    text = CORPUS[name]
    session = loop.run_sync(hostile_session, text, timeout=SECONDS)
    room = loop.run_sync(hostile_room, text)
    admin = loop.run_sync(hostile_admin, text)
    admin_panel = board.panel(AdminPanel, admin)
    loop.submit(admin_panel.watch.refresh, name="refresh").result(SECONDS)
    stream = board.panel(EventStreamPanel, session.events, None, session=session, handle_id=None)
    panels: list[Panel[Any]] = [
        board.panel(SessionPanel, session),
        *(board.panel(HandlePanel, plugin) for plugin in session.plugins),
        stream,
        board.panel(RoomPanel, room),
        admin_panel,
    ]
    # Cut or whole: it was shown.
    mark = {"spreadsheet": "HYPERLINK", "paths": "../", "statements": "end"}.get(name, MARK)
    assert all(mark in check(panel, loop) for panel in panels)
    for event in [*session.events][:: 20 if len(text) > LONG else 3]:
        reply = loop.run_sync(stream.answer, {"type": "json", "seq": event.seq}, timeout=SECONDS)
        assert reply is not None
        check_text(reply["text"], FORM_LIMIT + 100)
        json.loads(reply["text"])
    for plugin in session.plugins:
        check_text(repr(plugin), 300, lines=False)
    check_text(repr(session), 300, lines=False)
    check_text(repr(room), 10_000)
    loop.run_sync(session._end, "lost", text)
    check(panels[0], loop)
    assert not front_end.sent or max(len(json.dumps(data)) for _, _, data in front_end.sent) < FORM_LIMIT
