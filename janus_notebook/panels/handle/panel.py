"""`HandlePanel`: the ladder of a handle's connection, its media and charts, its controls, its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

import ipywidgets
from traitlets import Dict, List

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.errors import JanusStateError
from janus_notebook.monitor import sampling
from janus_notebook.panels import assets
from janus_notebook.panels.events.panel import EventStreamPanel
from janus_notebook.panels.handle.controls import controls_for
from janus_notebook.panels.handle.controls.base import Context, Run
from janus_notebook.panels.handle.snapshot import follow_handle, handle_id_of, handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.room.panel import RoomPanel
from janus_notebook.panels.snapshot import is_moving
from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin, RoomView

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.panels.handle.negotiation import Negotiation
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["HandlePanel"]

ON_THE_SERVER: Final = ("attached", "negotiating", "connected", "hungup")
REPEATED_POINTS: Final = 5
"""A batch repeats as many: the front end may have been loading the module meanwhile."""


class HandleDrawing(assets.Drawing):
    """See ``js/handle.js``."""

    head = Dict(help="plugin, id, state").tag(sync=True)
    verdict = Dict(help="how the connection stands: level, title, text, advice").tag(sync=True)
    ladder: List[Any] = List(help="the steps of the connection, with their times").tag(sync=True)
    path = Dict(help="what the media go over").tag(sync=True)
    media: List[Any] = List(help="one row per media section").tag(sync=True)
    figures = Dict(help="whose figures they are, or why there are none").tag(sync=True)
    history = Dict(help="the points of the charts when the panel was made").tag(sync=True)
    points = Dict(help="the newest points only: first, last, rows").tag(sync=True)
    groups: List[Any] = List(help="the controls of the plugin").tag(sync=True)
    events: List[Any] = List(help="the newest rows of the log").tag(sync=True)
    below = Dict(help="what can be opened below, and what is: stream, room").tag(sync=True)


class HandlePanel(Panel["AnyHandle"]):
    """A live view of a plugin handle. While it is open the handle's media are sampled."""

    def __init__(self, core: AnyHandle, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._said: Negotiation | None = None
        self._watch: sampling.Watch | None = None
        self._watched: Callable[[], object] = lambda: None
        self._epoch = 0  # the points of another session are counted anew
        self._stream: EventStreamPanel | None = None
        self._room: RoomPanel | None = None
        self._context = Context()
        self._controls = controls_for(core)
        self._sent = (0, 0)  # the points of the charts: epoch and number of the last one
        for name, doing, run in (
            ("hangup", "hang up", self._hang_up),
            ("detach", "detach", self._detach),
            ("stream", "show the events", self._show_stream),
            ("room", "show the room", self._show_room),
            ("bundle", "write the support bundle", self._bundle),
        ):
            self.actions.add(name, doing, run)
        for name, (doing, control) in (self._controls.actions if self._controls else {}).items():
            self.actions.add(f"plugin.{name}", doing, partial(self._control, control))
        state = loop.run_sync(self._start)
        drawing = HandleDrawing(
            _esm=assets.module("handle", "confirm", "chart", "rungs", "forms"),
            _css=assets.style("handle"),
            **state,
        )
        self._box = ipywidgets.VBox([drawing], _dom_classes=self.classes)
        self.begin(drawing, state, widget=self._box)

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
        self._follow()
        return self._snapshot()

    def _follow(self) -> None:
        handle = self._handle()
        self._said = follow_handle(handle, self._said)
        self._follow_figures(handle)

    def _snapshot(self, button: str = "") -> dict[str, Any]:
        series = self._watch.series if self._watch else None
        return handle_snapshot(self._handle(), self._said, series, button=button)

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return handle_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        media = [row | {"frames": None, "we": None, "janus": None} for row in snapshot["media"]]
        moving = {"secs": None, "note": ""}
        ladder = [rung | moving if rung["status"] in ("now", "slow") else rung for rung in snapshot["ladder"]]
        verdict = snapshot["verdict"]
        if verdict["level"] == "busy":
            verdict = verdict | {"text": ""}
        return snapshot | {"media": media, "ladder": ladder, "verdict": verdict}

    def live(self) -> dict[str, Any]:
        self._follow()
        groups, session = self._groups(), self.session
        buttons = [button for group in groups for button in group["buttons"]]
        snapshot = self._snapshot(
            next((each["label"] for each in buttons if each["begins"] and not each["off"]), "")
        )
        since = snapshot["head"]["since_elapsed"]
        seconds = session.events.elapsed - since if session is not None and since is not None else 0.0
        traits = {**snapshot, "beat": self.beat(seconds), "groups": groups}
        series = self._watch.series if self._watch is not None else None
        if series is not None and (self._epoch, series.total) != self._sent:
            self._sent = self._epoch, series.total
            traits["points"] = self._batch(series.total - REPEATED_POINTS)
        below = {
            "stream": {"open": self._stream is not None, "can": handle_id_of(self._handle()) is not None},
            "room": {"open": self._room is not None, "can": self._view() is not None},
        }
        return {**traits, "below": below}

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        match request:
            case {"type": "points", "after": int(after)}:
                return {"type": "points", "batch": self._batch(after)}
        return None

    def release(self) -> None:
        if self.closed:
            return
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        room, self._room = self._room, None
        if room is not None:
            if self._loop.running:
                self._loop.run_sync(self._painter.discard, room)
            room.release()
        super().release()
        watch, self._watch = self._watch, None
        if watch is not None and self._loop.running:
            self._loop.run_sync(watch.close)

    # -- on the loop's thread --------------------------------------------------------------------

    def _start(self) -> dict[str, Any]:
        state = self.live()
        series = self._watch.series if self._watch is not None else None
        self._sent = self._epoch, series.total if series is not None else 0
        return {**state, "history": self._batch(0), "points": {}}

    def _follow_figures(self, handle: AnyHandle) -> None:
        """Sample the handle in the session that it is in, for as long as the panel is open."""
        if self.closed or not self.alive or not isinstance(handle, JanusPlugin):
            return  # what was sampled stays to be seen
        if self._watch is not None and self._watched() is handle.session:
            self._watch.renew()
        elif handle.session is not None:
            if self._watch is not None:
                self._watch.close()
            self._watch, self._watched = sampling.watch(handle.session, handle), ref(handle.session)
            self._epoch += 1

    def _batch(self, after: int) -> dict[str, Any]:
        """The points after a number; it covers every number from ``first`` to ``last``."""
        series = self._watch.series if self._watch is not None else None
        rows = series.since(max(after, 0)) if series is not None else []
        last = series.total if series is not None else 0
        return {"epoch": self._epoch, "first": last - len(rows) + 1, "last": last, "rows": rows}

    def _groups(self) -> list[dict[str, Any]]:
        handle = self._handle()
        if self._controls is None or self._said is None or not self.alive:
            return []
        context, said, series = self._context, self._said, self._watch.series if self._watch else None
        context.settings = said.settings
        context.layered = said.ours is not None and any(each.layered for each in said.ours.sections)
        context.sent_bps = series.points[-1][2] if series is not None and series.points else None
        return [group.plain() for group in self._controls.groups(handle, self._context)]

    # -- what the buttons do ---------------------------------------------------------------------

    async def _control(self, run: Run, arguments: Mapping[str, Any]) -> str:
        return await run(self._handle(), arguments, self._context)

    async def _hang_up(self, _arguments: Mapping[str, Any]) -> str:
        await self._handle().hangup()
        return "Janus hung up"

    async def _detach(self, _arguments: Mapping[str, Any]) -> str:
        await self._handle().detach()
        return "the handle is detached"

    async def _show_stream(self, _arguments: Mapping[str, Any]) -> str:
        """Open all of the handle's events below, or close them."""
        stream, self._stream = self._stream, None
        if stream is not None:
            self._stack()
            stream.close()
            return ""
        session, handle_id = self.session, handle_id_of(self._handle())
        if session is None or handle_id is None:
            raise JanusStateError("the handle was never attached", hint="Attach it first.")
        self._stream = EventStreamPanel(
            session.events, loop=self._loop, painter=self._painter, session=session, handle_id=handle_id
        )
        self._stack()
        return ""

    async def _show_room(self, _arguments: Mapping[str, Any]) -> str:
        """Open the view of the room below, or close it."""
        room, self._room = self._room, None
        if room is not None:
            self._stack()
            await room.watching.close()
            room.close()
            return ""
        view = self._view()
        if view is None:
            raise JanusStateError("the handle is in no room", hint="Join one first.")
        self._room = RoomPanel(view, loop=self._loop, painter=self._painter)
        self._stack()
        await self._room.first()
        return ""

    def _view(self) -> RoomView | None:
        """The VideoRoom that the handle is in."""
        handle = self._handle()
        view = handle.view if isinstance(handle, JanusVideoRoomPlugin) else None
        return view if view is not None and view.state == "joined" else None

    def _stack(self) -> None:
        """Let what is open stand below the drawing."""
        below = [panel.widget for panel in (self._room, self._stream) if panel is not None]
        self._box.children = (self.drawing, *below)

    async def _bundle(self, _arguments: Mapping[str, Any]) -> str:
        session = self.session
        if session is None:
            raise JanusStateError("the handle was never attached", hint="Attach it first.")
        bundle = await session.bundle()
        return f"written: {bundle.path}" + (
            f" (without {len(bundle.missing)} parts)" if bundle.missing else ""
        )

    def _handle(self) -> AnyHandle:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core
