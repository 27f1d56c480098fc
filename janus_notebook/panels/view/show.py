"""The panel of a view, made for the running cell or taken over from its last run; what ``view()`` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from janus_notebook.panels.view.cells import Places, run_id
from janus_notebook.panels.view.panel import ViewPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    import ipywidgets

    from janus_notebook.panels.board import Board
    from janus_notebook.panels.view.options import ViewOptions
    from janus_notebook.panels.view.source import Source

__all__ = ["View", "view_panel"]

Place = tuple[object, ...]

_boards: WeakKeyDictionary[Board, tuple[Places, WeakValueDictionary[Place, ViewPanel]]] = WeakKeyDictionary()


def view_panel(board: Board, core: object, source: Source, options: ViewOptions) -> ViewPanel:
    """The panel of a view that the running cell shows.

    A cell that is run again goes on with the panel it had, whatever has changed in it.
    """
    places, shown = _boards.setdefault(board, (Places(), WeakValueDictionary()))
    place: Place | None = places.next()
    if place is None:  # a view of the same is the same view
        place = (id(core), source.which, options.fps, options.static, options.recipe.key)
    before = shown.get(place)
    if before is not None and before.core is not core:
        before.close()
    panel = board.panel(ViewPanel, core, place, source=source, options=options)
    board.loop.run_sync(panel.change, source, options)
    shown[place] = panel
    return panel


class View:
    """A view that is shown in a cell.

    Attributes:
        widget: the ipywidgets widget, for a layout of your own: ``HBox([one.widget, other.widget])``.
    """

    def __init__(self, panel: ViewPanel, board: Board, show: Callable[[], None]) -> None:
        self._panel, self._board, self._show = panel, board, show
        self._shown_by = run_id()

    @property
    def widget(self) -> ipywidgets.DOMWidget:
        """See the class."""
        return self._panel.widget

    @property
    def facts(self) -> dict[str, Any]:
        """What it has shown: ``state``, ``reason``, ``fps``, ``kilobytes`` a second, ``latency`` and
        ``worst_latency`` in milliseconds, ``shown`` and ``left_out`` pictures, ``most_under_way``.
        """
        return self._board.loop.run_sync(self._panel.facts)

    def close(self) -> None:
        """End the view; its cell keeps the static form. Idempotent."""
        self._panel.close()

    def __repr__(self) -> str:
        source, state = self._panel.source, "closed" if self._panel.closed else self._panel.playing.state
        return f"<View of {' '.join(filter(None, [source.title, source.ident]))} ({source.which}), {state}>"

    def _ipython_display_(self) -> None:
        if run_id() == self._shown_by and self._shown_by:
            return  # the call that made it has shown it in this very run of the cell
        self._show()
