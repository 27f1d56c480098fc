"""How a panel gets into a cell, and what stays of it in the saved notebook.

A saved notebook that is opened without a kernel has no widgets: the front end writes "Error displaying
widget" in their place. So a panel is shown as two outputs. The first holds its static form and is kept
up to date; the second is the live widget. A style sheet in the first hides it while the live one is there,
and hides the second while it is not.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels import static

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.panel import Panel
    from janus_notebook.panels.static import Part

__all__ = ["StaticForm", "has_widgets", "show", "show_text"]

REFRESH_SECONDS: Final = 2.0
WIDGET_VIEW: Final = "application/vnd.jupyter.widget-view+json"
LIVE_NOTE: Final = "(live panel: run this cell with a kernel to see it move)"


class StaticForm:
    """The output that holds a panel's static form, published anew when it has changed.

    Args:
        panel_id: of the panel, for its CSS classes.
        parts: makes the form of a snapshot.
        steady: takes out of a snapshot what merely counts on.
    """

    def __init__(
        self,
        panel_id: str,
        parts: Callable[[dict[str, Any]], list[Part]],
        steady: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self.panel_id = panel_id
        self._parts = parts
        self._steady = steady
        self._publisher: Any = None
        self._published: dict[str, Any] = {}
        self._at = 0.0

    def show(self, snapshot: dict[str, Any], publisher: Any) -> None:
        """Publish it as a new output of the running cell."""
        self._publish(publisher, snapshot, update=False)

    def follow(self, snapshot: dict[str, Any], publisher: Any, now: float) -> None:
        """Keep what `show` published up to date from now on. On the loop's thread, as `refresh`."""
        # A cell that captures its outputs keeps what it got; there is nothing to update.
        self._publisher = publisher if getattr(publisher, "pub_socket", None) is not None else None
        self._published, self._at = snapshot, now

    def refresh(
        self, now: float, take: Callable[[], dict[str, Any]], *, final: bool, always: bool = False
    ) -> None:
        """Publish it again where it was shown, if it has changed: every 2 s at most, and at the end.

        A count that has moved is no change: each one would mark the notebook as unsaved, for ever. With
        `always` it is published whatever was before: a client that runs a notebook with no front end
        overhears what comes between two cells.
        """
        if self._publisher is None or (not final and now - self._at < REFRESH_SECONDS):
            return
        snapshot = take()
        if always or self._compared(snapshot, counts=final) != self._compared(self._published, counts=final):
            self._publish(self._publisher, snapshot, update=True)
            self._published, self._at = snapshot, now

    def _compared(self, snapshot: dict[str, Any], *, counts: bool) -> dict[str, Any]:
        """A snapshot without its clock and, unless `counts`, without what counts on."""
        return (snapshot if counts or not snapshot else self._steady(snapshot)) | {"taken": None}

    def _publish(self, publisher: Any, snapshot: dict[str, Any], *, update: bool) -> None:
        parts = self._parts(snapshot)
        data = {"text/html": wrapped(parts, self.panel_id), "text/plain": static.plain(parts)}
        transient = {"display_id": f"janus-{self.panel_id}"}
        if not update:
            publisher.publish(data=data, transient=transient)
            return
        # `publish` would first wait until the kernel has written what the cell has printed: on the loop's
        # thread, and beside a cell that computes for seconds.
        publisher.session.send(
            publisher.pub_socket,
            "update_display_data",
            {"data": data, "metadata": {}, "transient": transient},
            parent=publisher.parent_header,
            ident=publisher.topic,
        )


def wrapped(parts: list[Part], panel_id: str) -> str:
    """The static HTML with the rules that let either it or the live panel be seen."""
    mine, live, output = f".janus-static-{panel_id}", f".janus-live-{panel_id}", ".jp-OutputArea-child"
    rules = (
        f"body:has({live}) {mine},body:has({live}) {output}:has({mine}){{display:none}}"
        f"{output}:has({mine})+{output}:not(:has({live})){{display:none}}"
    )
    return f'<style>{rules}</style><div class="janus-static {mine[1:]}">{static.html(parts)}</div>'


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def has_widgets() -> bool:
    """Whether the front end can have widgets: it talks to a kernel, it is no terminal."""
    return getattr(_shell(), "kernel", None) is not None


def show(panel: Panel[Any], loop: BackgroundLoop) -> None:
    """Show a panel in the running cell: its static form, then the live widget."""
    publisher = _shell().display_pub
    snapshot = loop.run_sync(panel.taken)
    panel.static.show(snapshot, publisher)
    loop.run_sync(panel.static.follow, snapshot, publisher, time.monotonic())
    # Colab loads no widget but its own without what anywidget knows to say of one; elsewhere this is {}.
    bundle = panel.drawing._repr_mimebundle_()
    view = {WIDGET_VIEW: panel.widget.get_view_spec(), "text/plain": LIVE_NOTE}
    publisher.publish(data=view, metadata=bundle[1] if bundle else {})


def show_text(text: str) -> None:
    """Show plain text, where nothing else can be shown."""
    shell = _shell()
    if shell is None:
        sys.stdout.write(text + "\n")
    else:
        shell.display_pub.publish(data={"text/plain": text})
