"""`SessionPanel`: server, connection, handles, counters and uncaught errors of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import ipywidgets
from traitlets import Dict, List, Unicode

from janus_notebook.client.replay import Replay
from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.panels import assets
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.session.history import History
from janus_notebook.panels.session.snapshot import handle_key, session_snapshot
from janus_notebook.panels.session.static import session_parts
from janus_notebook.panels.session.support import write_support_bundle
from janus_notebook.panels.snapshot import is_moving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.panels.handle.panel import HandlePanel
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["SessionPanel"]


class SessionDrawing(assets.Drawing):
    """See ``js/session.js``."""

    head = Dict(help="server, address, state, keepalive").tag(sync=True)
    handles: List[Any] = List(help="id, plugin, state and media of each").tag(sync=True)
    counters = Dict(help="requests, replies, events, in flight, errors, dropped").tag(sync=True)
    history = Dict(help="the states of the connection, newest first").tag(sync=True)
    trips = Dict(help="round-trip times in milliseconds").tag(sync=True)
    errors = Dict(help="what no call could raise, newest first").tag(sync=True)
    shown = Unicode(help="the id of the handle whose panel stands below, or nothing").tag(sync=True)


class SessionPanel(Panel["AnySession"]):
    """A live view of a session; the panel of one of its handles can be opened in it.

    Args:
        panel_of: gives the panel of a handle; the same that a cell would show.
    """

    def __init__(
        self,
        core: AnySession,
        *,
        loop: BackgroundLoop,
        painter: Painter,
        panel_of: Callable[[AnyHandle], HandlePanel] | None = None,
    ) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._panel_of = panel_of
        self._history = History()
        # Handles that were seen here: one that is gone can be looked at as long as somebody has it.
        self._known: WeakValueDictionary[int, AnyHandle] = WeakValueDictionary()
        self._shown = ""
        self.actions.add("ping", "ping", self._ping)
        self.actions.add("bundle", "write the support bundle", self._bundle)
        self.actions.add("destroy", "destroy the session", self._destroy)
        self.actions.add("show", "open the handle's panel", self._show)
        state = loop.run_sync(self.live)
        drawing = SessionDrawing(
            _esm=assets.module("session", "confirm", "carry", "openings", "spark"),
            _css=assets.style("admin", "session"),
            **state,
        )
        box = ipywidgets.VBox([drawing], _dom_classes=(*self.classes, "janus-stack"))
        self.begin(drawing, state, widget=box)

    @property
    def session(self) -> AnySession | None:
        return self.core

    @property
    def alive(self) -> bool:
        core = self.core
        return core is not None and is_moving(core)

    def snapshot(self) -> dict[str, Any]:
        core = self._session()
        present = core.handles if isinstance(core, Replay) else core.plugins
        for plugin in present:
            if (key := handle_key(plugin)) is not None:
                self._known[key] = plugin
        gone = [plugin for plugin in dict.fromkeys(self._known.values()) if plugin.id is None]
        return session_snapshot(core, self._history, gone)

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return session_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        handles = [handle | {"media": None} for handle in snapshot["handles"]]  # it counts slow links
        return snapshot | {"counters": None, "trips": None, "handles": handles}

    def live(self) -> dict[str, Any]:
        snapshot, core = self.snapshot(), self._session()
        seconds = core.events.elapsed - (snapshot["head"]["since_elapsed"] or 0)
        return {**snapshot, "shown": self._shown, "beat": self.beat(seconds)}

    def release(self) -> None:
        # The panel below is the handle's own, and may be shown elsewhere.
        if not self.closed:
            self._stack(None)
        super().release()

    # -- actions -----------------------------------------------------------------------------------

    async def _ping(self, _arguments: Mapping[str, Any]) -> str:
        core = self._session()
        if isinstance(core, Replay):
            raise JanusStateError("this is a recording: there is no server to ask")
        return f"The server answered in {await core.ping() * 1000:.1f} ms"

    async def _bundle(self, _arguments: Mapping[str, Any]) -> str:
        return await write_support_bundle(self._session())

    async def _destroy(self, _arguments: Mapping[str, Any]) -> str:
        core = self._session()
        if isinstance(core, Replay):
            raise JanusStateError("this is a recording: there is no session to destroy")
        await core.destroy()
        return "The session is destroyed"

    async def _show(self, arguments: Mapping[str, Any]) -> str:
        """Open the panel of a handle below; the one that is open is closed by the same click."""
        wanted = arguments.get("handle")
        if not isinstance(wanted, str) or wanted == self._shown:
            self._shown = ""
            self._stack(None)
            return ""
        plugin = next((p for key, p in self._known.items() if str(key) == wanted), None)
        if plugin is None or self._panel_of is None:
            raise JanusOptionError(f"handle {wanted} is gone", hint="Nothing of it is left to show.")
        panel = self._panel_of(plugin)
        self._painter.add(panel)
        self._stack(panel)
        self._shown = wanted
        return ""

    def _stack(self, below: HandlePanel | None) -> None:
        """Let this stand below the drawing."""
        widgets = (self.drawing,) if below is None else (self.drawing, below.widget)
        assert isinstance(self.widget, ipywidgets.Box)
        if self.widget.children != widgets:
            self.widget.children = widgets

    def _session(self) -> AnySession:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core
