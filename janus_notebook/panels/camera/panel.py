"""`CameraPanel`: a handle's media in the page that shows it, signalled through the kernel."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from traitlets import Dict, Unicode

from janus_notebook.errors import JanusOptionError
from janus_notebook.panels import assets
from janus_notebook.panels.camera.cells import Cells
from janus_notebook.panels.camera.snapshot import camera_snapshot
from janus_notebook.panels.camera.static import camera_parts
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.snapshot import is_moving

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part
    from janus_notebook.plugins.browser.call import BrowserCall

__all__ = ["LIBRARIES", "CameraPanel"]

LIBRARIES: Final = (
    *("camera_pattern", "camera_media", "camera_stats", "camera_peer", "camera_picture"),
    *("camera_switches", "camera_call"),
)


class CameraDrawing(assets.Drawing):
    """See ``js/camera.js``."""

    ident = Unicode(help="of the widget: all its views in a page share one connection").tag(sync=True)
    head = Dict(help="title, id, state, reason, page that has it").tag(sync=True)
    names = Dict(help="whom one sees, by mid").tag(sync=True)


class CameraPanel(Panel["BrowserCall"]):
    """A live view of a call whose media are in the page. It is the wire between the two, as well."""

    def __init__(self, core: BrowserCall, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._stood: tuple[str, float] = ("", 0.0)  # its state, and since when
        self._cells = Cells()
        self.actions.add("start", "start", self._start)
        state = loop.run_sync(self.live)
        drawing = CameraDrawing(
            _esm=assets.module("camera", *LIBRARIES),
            _css=assets.style("camera"),
            _dom_classes=self.classes,
            ident=uuid.uuid4().hex,
            **state,
        )
        self.begin(drawing, state)
        loop.run_sync(lambda: core.use_wire(self._post, self._cells.deaf))

    @property
    def session(self) -> AnySession | None:
        core = self.core
        return core.handle.session if core is not None else None

    @property
    def alive(self) -> bool:
        core, session = self.core, self.session
        return core is not None and session is not None and core.on_its_way and is_moving(session)

    def snapshot(self) -> dict[str, Any]:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return camera_snapshot(core)

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return camera_parts(snapshot)

    def live(self) -> dict[str, Any]:
        snapshot = self.snapshot()
        state, now = snapshot["head"]["state"], time.monotonic()
        if state != self._stood[0]:
            self._stood = state, now
        return {
            "head": snapshot["head"],
            "names": snapshot["names"],
            "beat": self.beat(now - self._stood[1]),
        }

    def release(self) -> None:
        """Also ends the media: there is no wire any more. Idempotent."""
        if self.closed:
            return
        self._cells.close()
        core = self.core
        if core is not None and self._loop.running:
            self._loop.submit(lambda: core.end("its widget was closed"), name="end of a camera panel")
        super().release()

    # -- the wire ----------------------------------------------------------------------------------

    def _post(self, message: dict[str, Any]) -> None:
        """To the pages; what they are to do is not painted, and waits for no tick."""
        if not self.closed:
            self.drawing.send(message)
            self._painter.hurry(self)

    def _on_message(self, widget: object, content: Any, buffers: Any) -> None:
        """What a page says goes to the call; the rest are clicks."""
        self._cells.heard()
        if isinstance(content, dict) and content.get("type") == "page":
            parts = [bytes(buffer) for buffer in buffers or ()]
            self._loop.submit(lambda: self._hear(content, parts), name="word of a page")
        else:
            super()._on_message(widget, content, buffers)

    async def _hear(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        if (core := self.core) is not None:
            core.hear_page(content, buffers)
            self._painter.hurry(self)

    async def _start(self, arguments: Mapping[str, Any]) -> str:
        page = arguments.get("page")
        if not isinstance(page, str) or not page:
            raise JanusOptionError("a page is expected")
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        await core.begin(page)
        return ""
