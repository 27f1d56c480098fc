"""Live panels of sessions, handles and their events, with static forms for saved notebooks.

Each is a view of one core object that lives on the background loop. Showing it again shows the same panel.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.bridge import background
from janus_notebook.errors import JanusOptionError, JanusTimeoutError
from janus_notebook.panels import display, static

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from janus_notebook.bridge import Call
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.doctor import Diagnosis
    from janus_notebook.panels.board import Board
    from janus_notebook.panels.panel import Panel
    from janus_notebook.panels.static import Part
    from janus_notebook.panels.view.options import ViewOptions
    from janus_notebook.panels.view.show import View
    from janus_notebook.panels.view.source import Source
    from janus_notebook.plugins.browser.call import BrowserCall
    from janus_notebook.plugins.videoroom.room import RoomView

__all__ = [
    "close_all",
    "close_panels",
    "panel_of",
    "show_admin",
    "show_camera",
    "show_doctor",
    "show_events",
    "show_handle",
    "show_log",
    "show_session",
    "show_view",
]

FIRST_SECONDS: Final = 4.0

_boards: dict[str, Board] = {}


def show_session(session: AnySession) -> None:
    """Show the panel of a session in the running cell; in a terminal, its text."""
    if display.has_widgets():
        from janus_notebook.panels.handle.panel import HandlePanel
        from janus_notebook.panels.session.panel import SessionPanel

        board = _board()
        panel_of = partial(board.panel, HandlePanel)
        board.show(board.panel(SessionPanel, session, panel_of=panel_of))
    else:
        from janus_notebook.panels.session.snapshot import session_snapshot
        from janus_notebook.panels.session.static import session_parts

        _show_text(session_parts(background().run_sync(session_snapshot, session)))


def show_handle(plugin: AnyHandle) -> None:
    """Show the panel of a handle in the running cell; in a terminal, its text."""
    if display.has_widgets():
        from janus_notebook.panels.handle.panel import HandlePanel

        board = _board()
        board.show(board.panel(HandlePanel, plugin))
    else:
        from janus_notebook.panels.handle.snapshot import handle_snapshot
        from janus_notebook.panels.handle.static import handle_parts

        _show_text(handle_parts(background().run_sync(handle_snapshot, plugin)))


def show_events(session: AnySession, handle_id: int | None = None) -> None:
    """Show the event stream of a session, or of one of its handles; in a terminal, its newest lines."""
    _show_log(session.events, session, handle_id)


def show_log(log: EventLog) -> None:
    """Show the event stream of a log."""
    _show_log(log, None, None)


def show_admin(admin: JanusAdmin, own_labels: Callable[[], Mapping[int, Mapping[int, str]]] = dict) -> None:
    """Show the panel of a server's Admin API; in a terminal, its text. The server is asked once for that.

    Args:
        admin: the connection.
        own_labels: gives what the handles of this kernel's own sessions are called, by the ids of session
            and handle; these sessions are marked.
    """
    if display.has_widgets():
        from janus_notebook.panels.admin.panel import AdminPanel

        board = _board()
        panel = board.panel(AdminPanel, admin, own_labels=own_labels)
        _wait(background().submit(panel.watch.refresh, name="reading of the server"))
        board.show(panel)
    else:
        from janus_notebook.panels.admin.reading import Watch
        from janus_notebook.panels.admin.snapshot import admin_snapshot
        from janus_notebook.panels.admin.static import admin_parts

        watch = Watch(lambda: admin, lambda: None, lambda _: None)
        background().submit(watch.refresh, name="reading of the server").result()
        _show_text(admin_parts(admin_snapshot(admin, watch, own_labels(), {})))


def show_doctor(diagnosis: Diagnosis) -> Callable[[], None]:
    """Show the panel of a diagnosis, which may still be going on.

    Returns:
        What publishes its static form as it is now: for the end of the cell, after which a front end that
        runs a notebook by itself takes no more.
    """
    from janus_notebook.panels.doctor.panel import DoctorPanel

    board = _board()
    panel = board.panel(DoctorPanel, diagnosis)
    board.show(panel)
    return panel.publish


def show_room(view: RoomView) -> None:
    """Show the panel of a VideoRoom, as somebody in it sees it; in a terminal, its text.

    Its settings are asked for once, when the panel is made.
    """
    if display.has_widgets():
        from janus_notebook.panels.room.panel import RoomPanel

        board = _board()
        panel = board.panel(RoomPanel, view)
        _wait(background().submit(panel.first, name="reading of the room"))
        board.show(panel)
    else:
        from janus_notebook.panels.room.snapshot import room_snapshot
        from janus_notebook.panels.room.static import room_parts

        _show_text(room_parts(background().run_sync(room_snapshot, view)))


def show_view(core: object, source: Source, options: ViewOptions) -> View | None:
    """Show video in the running cell; in a terminal, where to find a picture instead.

    Args:
        core: what `source` finds the track of.
        source: how.
        options: how it is shown.
    """
    if not display.has_widgets():
        why = "pictures need a notebook; here, await track.snapshot() gives one as an array"
        _show_text([static.Title(f"Live view of {source.title} {source.ident} ({source.which})", "", why)])
        return None
    from janus_notebook.panels.view.show import View, view_panel

    board = _board()
    panel = view_panel(board, core, source, options)
    board.show(panel)
    return View(panel, board, lambda: board.show(panel))


def show_camera(call: BrowserCall) -> None:
    """Show a handle's media in the browser; only where there are widgets. It begins with that."""
    from janus_notebook.panels.camera.panel import CameraPanel

    board = _board()
    board.show(board.panel(CameraPanel, call))


def panel_of(shown: object) -> Panel[Any]:
    """The live panel that a cell would show of something, for a page of one's own::

        ipywidgets.Tab([panel_of(session).widget, panel_of(await admin()).widget])

    It is the same panel as anywhere else, and lives as long as what it shows. In a saved notebook a page of
    one's own leaves nothing; a cell that shows the object itself leaves its static form.

    Args:
        shown: what shows a panel as the last line of a cell, or a `Diagnosis`.

    Raises:
        JanusOptionError: it has no panel, or the front end is a terminal.
    """
    from janus_notebook.doctor import Diagnosis

    show = partial(show_doctor, shown) if isinstance(shown, Diagnosis) else _display_of(shown)
    if show is not None and display.has_widgets():
        with _board().aside() as panels:
            show()
        if panels:
            return panels[-1]
    what = "here, in a terminal, there are no panels" if show is not None else f"{shown!r} has no panel"
    raise JanusOptionError(what, hint="A session, a handle, session.events, admin(), a room's view have one.")


def _display_of(shown: object) -> Callable[[], object] | None:
    display_of: Callable[[], object] | None = getattr(shown, "_ipython_display_", None)
    return display_of


def close_all() -> None:
    """Close every panel and stop the painter; the static forms stay. Idempotent."""
    if (board := _boards.pop("board", None)) is not None:
        board.close()


def close_panels(*cores: object) -> int:
    """Close the panels of these objects, and return how many there were; their static forms stay."""
    board = _boards.get("board")
    return 0 if board is None else board.close_panels(cores)


def _board() -> Board:
    if "board" not in _boards:
        from janus_notebook.panels.board import Board  # here, for anywidget takes its time to import

        _boards["board"] = Board(background())
    return _boards["board"]


def _wait(reading: Call[object]) -> None:
    """Wait for what a panel is to show at first; what takes longer comes into the shown panel."""
    with suppress(JanusTimeoutError):
        reading.result(FIRST_SECONDS)


def _show_text(parts: list[Part]) -> None:
    display.show_text(static.plain(parts))


def _show_log(log: EventLog, session: AnySession | None, handle_id: int | None) -> None:
    if display.has_widgets():
        from janus_notebook.panels.events.panel import EventStreamPanel

        board = _board()
        board.show(board.panel(EventStreamPanel, log, handle_id, session=session, handle_id=handle_id))
    else:
        from janus_notebook.panels.events.snapshot import stream_snapshot
        from janus_notebook.panels.events.static import stream_parts

        _show_text(stream_parts(background().run_sync(stream_snapshot, log, handle_id)))
