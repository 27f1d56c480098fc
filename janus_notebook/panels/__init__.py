"""Live panels of sessions, handles and their events, with static forms for saved notebooks.

Each is a view of one core object that lives on the background loop. Showing it again shows the same panel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.bridge import background
from janus_notebook.panels import display, static
from janus_notebook.panels.snapshot import handle_snapshot, session_snapshot, stream_snapshot

if TYPE_CHECKING:
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.panels.board import Board

__all__ = ["close_all", "show_events", "show_handle", "show_log", "show_session"]

_boards: dict[str, Board] = {}


def show_session(session: AnySession) -> None:
    """Show the panel of a session in the running cell; in a terminal, its text."""
    if display.has_widgets():
        board = _board()
        board.show(board.session(session))
    else:
        _show_text(background().run_sync(session_snapshot, session))


def show_handle(plugin: AnyHandle) -> None:
    """Show the panel of a handle in the running cell; in a terminal, its text."""
    if display.has_widgets():
        board = _board()
        board.show(board.handle(plugin))
    else:
        _show_text(background().run_sync(handle_snapshot, plugin))


def show_events(session: AnySession, handle_id: int | None = None) -> None:
    """Show the event stream of a session, or of one of its handles; in a terminal, its newest lines."""
    _show_log(session.events, session, handle_id)


def show_log(log: EventLog) -> None:
    """Show the event stream of a log."""
    _show_log(log, None, None)


def close_all() -> None:
    """Close every panel and stop the painter; the static forms stay. Idempotent."""
    if (board := _boards.pop("board", None)) is not None:
        board.close()


def _board() -> Board:
    if "board" not in _boards:
        from janus_notebook.panels.board import Board  # here, for anywidget takes its time to import

        _boards["board"] = Board(background())
    return _boards["board"]


def _show_text(snapshot: dict[str, Any]) -> None:
    display.show_text(static.plain(snapshot))


def _show_log(log: EventLog, session: AnySession | None, handle_id: int | None) -> None:
    if display.has_widgets():
        board = _board()
        board.show(board.events(log, session=session, handle_id=handle_id))
    else:
        _show_text(background().run_sync(stream_snapshot, log, handle_id))
