"""`Board`: the panels of one background loop, one for each core object, and their painter."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from janus_notebook.panels import display
from janus_notebook.panels.painter import Painter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook.bridge import BackgroundLoop
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
        self._aside: list[Panel[Any]] | None = None

    @property
    def panels(self) -> list[Panel[Any]]:
        """The panels that are open."""
        return [panel for panel in self._open if not panel.closed]

    def panel(self, kind: type[P], core: object, key: object = None, **options: Any) -> P:
        """The panel of this kind of an object; made when it is first asked for.

        Args:
            kind: its class.
            core: what it shows; the panel is gone with it.
            key: tells apart several panels of one kind and object.
            options: of the class, for one that is made now.
        """
        panels = self._panels.setdefault(core, {})
        panel = panels.get((kind, key))
        if isinstance(panel, kind) and panel.widget.comm is not None:
            return panel
        if panel is not None:
            panel.close()  # its widgets were closed behind its back
        made = kind(core, loop=self.loop, painter=self.painter, **options)
        panels[kind, key] = made
        self._open = [*self.panels, made]
        return made

    def show(self, panel: Panel[Any]) -> None:
        """Show a panel in the running cell."""
        self.loop.run_sync(self.painter.add, panel)  # anew, if the loop was stopped since
        if self._aside is None:
            display.show(panel, self.loop)
        else:
            self._aside.append(panel)

    @contextmanager
    def aside(self) -> Iterator[list[Panel[Any]]]:
        """What is shown meanwhile goes into this list, and into no cell."""
        before, self._aside = self._aside, []
        try:
            yield self._aside
        finally:
            self._aside = before

    def close_panels(self, cores: tuple[object, ...]) -> int:
        """Close the panels of these objects; return how many there were."""
        chosen = [panel for panel in self.panels if any(panel.core is core for core in cores)]
        for panel in chosen:
            panel.close()
        return len(chosen)

    def close(self) -> None:
        """Close every panel, with its comms, and stop the painter. Idempotent."""
        for panel in self.panels:
            panel.close()
        if self.loop.running:
            self.loop.submit(self.painter.close, name="close of the panels").result(5)
