"""`ViewPanel`: received video in a cell."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from traitlets import Bool, Dict, Unicode

from janus_notebook.errors import JanusMediaError
from janus_notebook.panels import assets
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.snapshot import NAME_LIMIT, clean
from janus_notebook.panels.view.playing import Playing
from janus_notebook.panels.view.static import view_parts

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnySession
    from janus_notebook.media.tracks import ReceivedTrack
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part
    from janus_notebook.panels.view.options import ViewOptions
    from janus_notebook.panels.view.source import Source

__all__ = ["ViewPanel"]

CLOSE_SECONDS: Final = 5.0
FIGURES_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 30
"""How often the picture in the static form is a newer one: each marks the notebook as unsaved."""


class ViewDrawing(assets.Drawing):
    """See ``js/view.js``. The pictures are no trait, but binary messages: nothing keeps them."""

    head = Dict(help="what is shown, its state, and why it is in that state").tag(sync=True)
    figures = Dict(help="rates and counts, once a second").tag(sync=True)
    problem = Unicode(help="what is wrong with the overlay").tag(sync=True)
    paused = Bool(help="whether somebody has stopped it for now").tag(sync=True)


class ViewPanel(Panel[Any]):
    """A live view of received video.

    The painter writes its traits, as for every panel. Pictures go beside it, as they come: `Playing` sends
    none before a page has confirmed what was sent before.

    Args:
        core: what `source` finds the track of; held weakly.
        source: how.
        options: of the view; `change` exchanges them.
    """

    def __init__(
        self, core: Any, *, loop: BackgroundLoop, painter: Painter, source: Source, options: ViewOptions
    ) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self.source = source
        self._figures: tuple[float, dict[str, Any]] = (0.0, {})
        self._began = time.monotonic()
        self.playing = Playing(
            options, find=self._find, alive=lambda: self.alive, send=self._ship, on_error=self.fail
        )
        self.actions.add("pause", "pause or resume", self._pause)
        state = loop.run_sync(self.live)
        self.begin(
            ViewDrawing(
                _esm=assets.module("view", "screen"),
                _css=assets.style("view"),
                _dom_classes=self.classes,
                **state,
            ),
            state,
        )
        loop.run_sync(self.playing.start)

    @property
    def session(self) -> AnySession | None:
        core = self.core
        return self.source.session(core) if core is not None else None

    @property
    def alive(self) -> bool:
        core = self.core
        return core is not None and self.source.alive(core)

    def change(self, source: Source, options: ViewOptions) -> None:
        """Show something else of the same core, or otherwise. On the loop's thread."""
        if (source.which, options) != (self.source.which, self.playing.options):
            self.playing.change(options)
        self.source = source

    def facts(self) -> dict[str, Any]:
        """What it has shown, as plain data."""
        figures, flow = self.playing.figures, self.playing.flow
        return {
            "state": self.playing.state,
            "reason": self.playing.reason,
            **self._now(),
            "worst_latency": round(figures.worst * 1000),
            "most_under_way": flow.most_under_way,
            "problem": self._problem(),
        }

    def snapshot(self) -> dict[str, Any]:
        playing = self.playing
        last = playing.last
        kept = last if playing.options.static else None
        return {
            "head": self._head(),
            "figures": self._now(),
            "problem": self._problem(),
            "picture": ""
            if kept is None
            else "data:image/jpeg;base64," + base64.b64encode(kept.data).decode("ascii"),
        }

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return view_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        head = snapshot["head"]
        if head["state"] == "waiting":
            head = head | {"reason": ""}  # it counts seconds
        picture = snapshot["picture"] and snapshot["taken"] // KEPT_SECONDS
        size = {"size": snapshot["figures"]["size"]}
        return snapshot | {"head": head, "figures": size, "picture": picture}

    def live(self) -> dict[str, Any]:
        now = time.monotonic()
        if now - self._figures[0] >= FIGURES_SECONDS:
            self._figures = now, self._now()
        return {
            "head": self._head(),
            "figures": self._figures[1],
            "problem": self._problem(),
            "paused": self.playing.paused,
            "beat": self.beat(now - self._began),
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        self.playing.hear(request)
        return None

    def close(self) -> None:
        """Also ends what is sent. Idempotent, on any thread."""
        if not self.closed and self._loop.running:
            self._loop.submit(self.playing.close, name="end of a view").result(CLOSE_SECONDS)
        super().close()

    def release(self) -> None:
        """Close the widgets. Idempotent."""
        if not self.closed and self._loop.running:  # nobody closed it: what it showed is gone
            self._loop.submit(self.playing.close, name="end of a view")
        super().release()

    # -- inside ----------------------------------------------------------------------------------

    async def _pause(self, arguments: Mapping[str, Any]) -> str:
        self.playing.pause(arguments.get("on") is True)
        return ""

    def _find(self) -> ReceivedTrack:
        core = self.core
        if core is None:
            raise JanusMediaError("what was shown is gone")
        return self.source.find(core)

    def _ship(self, content: dict[str, Any], picture: bytes) -> None:
        if not self.closed:
            self.drawing.send(content, [picture])

    def _on_message(self, widget: object, content: Any, buffers: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            # Pages have a thread of their own: a cell does not keep the kernel from hearing them.
            self.playing.independent = True
        super()._on_message(widget, content, buffers)

    def _head(self) -> dict[str, Any]:
        playing = self.playing
        overlay = playing.options.recipe.overlay
        return {
            "title": self.source.title,
            "ident": self.source.ident,
            "which": self.source.which,
            "state": playing.state,
            "reason": playing.reason,
            "fps": playing.options.fps,
            "overlay": ""
            if overlay is None
            else clean(getattr(overlay, "__name__", type(overlay).__name__), NAME_LIMIT),
        }

    def _problem(self) -> str:
        last = self.playing.last
        return last.problem if last is not None and self.playing.options.recipe.overlay is not None else ""

    def _now(self) -> dict[str, Any]:
        figures, last = self.playing.figures, self.playing.last
        return {
            **figures.now(time.time()),
            "size": "" if last is None else f"{last.width} x {last.height}",
            "shown": figures.shown,
            "left_out": figures.left_out,
            "blind": self.playing.blind and self.playing.state == "playing",
        }
