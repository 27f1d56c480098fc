"""`Board`: the panels of one background loop, one for each core object, and their painter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from janus_notebook.panels import display
from janus_notebook.panels.event_stream import EventStreamPanel
from janus_notebook.panels.handle_panel import HandlePanel
from janus_notebook.panels.painter import Painter
from janus_notebook.panels.session_panel import SessionPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.panels.panel import Panel

__all__ = ["Board"]

P = TypeVar("P", bound="Panel[Any]")


class Board:
    """Makes the panel of an object when it is first asked for, and gives the same one from then on.

    Args:
        loop: where the sessions live, running.
    """

    def __init__(self, loop: BackgroundLoop) -> None:
        self.loop = loop
        self.painter = Painter()
        self._panels: WeakKeyDictionary[object, dict[object, Panel[Any]]] = WeakKeyDictionary()
        self._open: list[Panel[Any]] = []  # those whose object is gone included, until they are closed

    @property
    def panels(self) -> list[Panel[Any]]:
        """The panels that are open."""
        return [panel for panel in self._open if not panel.closed]

    def session(self, core: AnySession) -> SessionPanel:
        """The panel of a session."""
        return self._get(
            core, "session", SessionPanel, lambda: SessionPanel(core, loop=self.loop, painter=self.painter)
        )

    def handle(self, core: AnyHandle) -> HandlePanel:
        """The panel of a handle."""
        return self._get(
            core, "handle", HandlePanel, lambda: HandlePanel(core, loop=self.loop, painter=self.painter)
        )

    def events(
        self, log: EventLog, *, session: AnySession | None = None, handle_id: int | None = None
    ) -> EventStreamPanel:
        """The event stream of a log, or of one handle in it."""
        return self._get(
            log,
            ("events", handle_id),
            EventStreamPanel,
            lambda: EventStreamPanel(
                log, loop=self.loop, painter=self.painter, session=session, handle_id=handle_id
            ),
        )

    def show(self, panel: Panel[Any]) -> None:
        """Show a panel in the running cell."""
        self.loop.run_sync(self.painter.add, panel)  # anew, if the loop was stopped since
        display.show(panel, self.loop)

    def close(self) -> None:
        """Close every panel, with its comms, and stop the painter. Idempotent."""
        for panel in self.panels:
            panel.close()
        if self.loop.running:
            self.loop.submit(self.painter.close, name="close of the panels").result(5)

    def _get(self, core: object, key: object, kind: type[P], make: Callable[[], P]) -> P:
        panels = self._panels.setdefault(core, {})
        panel = panels.get(key)
        if isinstance(panel, kind) and panel.widget.comm is not None:
            return panel
        if panel is not None:
            panel.close()  # its widgets were closed behind its back
        panel = panels[key] = make()
        self._open = [*self.panels, panel]
        return panel
