"""`DoctorPanel`: an examination as it goes on, and the browser's own part of it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Dict, List, Unicode

from janus_notebook.doctor.browser import take_report
from janus_notebook.panels import assets
from janus_notebook.panels.doctor.static import doctor_parts, doctor_snapshot
from janus_notebook.panels.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.doctor import Diagnosis
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["DoctorPanel"]


class DoctorDrawing(assets.Drawing):
    """See ``js/doctor.js``."""

    url = Unicode(help="of the server").tag(sync=True)
    running = Bool(help="whether this machine's steps go on").tag(sync=True)
    verdict = Dict(help="state, title, text").tag(sync=True)
    machine: List[Any] = List(help="name, title, status, seen, fix, seconds of each step").tag(sync=True)
    browser: List[Any] = List(help="the same of the browser's steps").tag(sync=True)


class DoctorPanel(Panel["Diagnosis"]):
    """A live view of a diagnosis.

    Its module looks at the browser when this machine's steps are done, and sends what it saw: that becomes
    a part of the diagnosis. It asks for the camera only when somebody clicks.
    """

    def __init__(self, core: Diagnosis, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self.actions.add("browser", "take the browser's answer", self._take_browser)
        state = loop.run_sync(self.live)
        drawing = DoctorDrawing(
            _esm=assets.module("doctor"),
            _css=assets.style("doctor"),
            _dom_classes=self.classes,
            **state,
        )
        self.begin(drawing, state)

    @property
    def session(self) -> None:
        return None

    @property
    def alive(self) -> bool:
        core = self.core
        return core is not None and not core.done

    def snapshot(self) -> dict[str, Any]:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return doctor_snapshot(core)

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return doctor_parts(snapshot)

    def live(self) -> dict[str, Any]:
        return self.snapshot()

    def publish(self) -> None:
        """Publish the static form as it is now. On any thread."""
        self._loop.run_sync(partial(self.static.refresh, time.monotonic(), self.taken, final=True))

    async def _take_browser(self, facts: Mapping[str, Any]) -> str:
        if (core := self.core) is not None:
            take_report(core, facts)
        return ""
