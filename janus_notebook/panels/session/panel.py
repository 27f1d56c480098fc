"""`SessionPanel`: server, transport, state, handles and counters of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Dict, List

from janus_notebook.panels import assets
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.session.static import session_parts
from janus_notebook.panels.snapshot import is_moving

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["SessionPanel"]


class SessionDrawing(assets.Drawing):
    """See ``js/session.js``."""

    head = Dict(help="server, address, state, keepalive").tag(sync=True)
    handles: List[Any] = List(help="id, plugin and state of each").tag(sync=True)
    counters = Dict(help="requests, replies, events, in flight, errors, dropped").tag(sync=True)


class SessionPanel(Panel["AnySession"]):
    """A live view of a session."""

    def __init__(self, core: AnySession, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._head: dict[str, Any] = {}
        state = loop.run_sync(self.live)
        drawing = SessionDrawing(
            _esm=assets.module("session"), _css=assets.style(), _dom_classes=self.classes, **state
        )
        self.begin(drawing, state)

    @property
    def session(self) -> AnySession | None:
        return self.core

    @property
    def alive(self) -> bool:
        core = self.core
        return core is not None and is_moving(core)

    def snapshot(self) -> dict[str, Any]:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        snapshot = session_snapshot(core)
        head, before = snapshot["head"], self._head
        if head["since"] is None and (head["id"], head["state"]) == (before.get("id"), before.get("state")):
            # The log has let go of the entry that told when; it has not changed since we saw it.
            head |= {name: before[name] for name in ("since", "since_elapsed")}
        self._head = head
        return snapshot

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return session_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        return snapshot | {"counters": None}

    def live(self) -> dict[str, Any]:
        snapshot, core = self.snapshot(), self.core
        assert core is not None
        return {**snapshot, "beat": self.beat(core.events.elapsed - (snapshot["head"]["since_elapsed"] or 0))}
