"""`HandlePanel`: state, WebRTC facts, media and last events of a handle, with its two buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from traitlets import Dict, List

from janus_notebook.panels import assets
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.snapshot import is_moving

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["HandlePanel"]

ON_THE_SERVER = ("attached", "negotiating", "connected", "hungup")


class HandleDrawing(assets.Drawing):
    """See ``js/handle.js``."""

    head = Dict(help="plugin, id, state").tag(sync=True)
    ladder: List[Any] = List(help="the steps of a connection, with their times").tag(sync=True)
    webrtc = Dict(help="what our own peer connection knows").tag(sync=True)
    media: List[Any] = List(help="one row per media section").tag(sync=True)
    events: List[Any] = List(help="the newest rows of the log").tag(sync=True)


class HandlePanel(Panel["AnyHandle"]):
    """A live view of a plugin handle."""

    def __init__(self, core: AnyHandle, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self.actions.add("hangup", "hang up", self._hang_up)
        self.actions.add("detach", "detach", self._detach)
        state = loop.run_sync(self.live)
        self.begin(
            HandleDrawing(
                _esm=assets.module("handle"), _css=assets.style(), _dom_classes=self.classes, **state
            ),
            state,
        )

    @property
    def session(self) -> AnySession | None:
        core = self.core
        return core.session if core is not None else None

    @property
    def alive(self) -> bool:
        core = self.core
        session = self.session
        if core is None or session is None:
            return False
        return core.state in ON_THE_SERVER and is_moving(session)

    def snapshot(self) -> dict[str, Any]:
        return handle_snapshot(self._handle())

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return handle_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        return snapshot | {"media": [row | {"frames": None} for row in snapshot["media"]]}

    def live(self) -> dict[str, Any]:
        snapshot, session = self.snapshot(), self.session
        since = snapshot["head"]["since_elapsed"]
        seconds = session.events.elapsed - since if session is not None and since is not None else 0.0
        return {**snapshot, "beat": self.beat(seconds)}

    async def _hang_up(self, _arguments: Mapping[str, Any]) -> str:
        await self._handle().hangup()
        return "Janus hung up"

    async def _detach(self, _arguments: Mapping[str, Any]) -> str:
        await self._handle().detach()
        return "the handle is detached"

    def _handle(self) -> AnyHandle:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core
