"""`RoomPanel`: a VideoRoom as somebody in it sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from traitlets import Dict, List

from janus_notebook.errors import JanusOptionError, JanusPluginError, JanusStateError
from janus_notebook.panels import assets
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.room.snapshot import room_snapshot
from janus_notebook.panels.room.static import room_parts
from janus_notebook.panels.room.watching import Watching
from janus_notebook.panels.snapshot import clean, is_moving
from janus_notebook.plugins.videoroom.plugin import JanusVideoRoomPlugin
from janus_notebook.plugins.videoroom.room import RoomView

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part
    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom.replies import ListedRoom
    from janus_notebook.plugins.videoroom.room import Participant

__all__ = ["RoomPanel"]

ASK_SECONDS: Final = 5.0
UNAUTHORIZED: Final = 433


class RoomDrawing(assets.Drawing):
    """See ``js/room.js``."""

    head = Dict(help="room, description, state, numbers").tag(sync=True)
    people: List[Any] = List(help="who is in the room, with what they publish").tag(sync=True)
    moves: List[Any] = List(help="who came and went").tag(sync=True)
    facts: List[Any] = List(help="the room's settings").tag(sync=True)
    stills = Dict(help="pictures of what is received, by participant").tag(sync=True)


class RoomPanel(Panel["RoomView"]):
    """A live view of a room.

    It follows the events that the handle gets anyway. It asks VideoRoom for the room's settings when it is
    first shown, and when a person says so. What a person receives here is a subscription of its own, which
    ends with the panel.
    """

    def __init__(self, core: RoomView, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._about: ListedRoom | None = None
        self._asked: float | None = None
        self._room: Id | None = None  # that was asked about
        self.watching = Watching(lambda: painter.hurry(self), self.fail)
        self.actions.add("refresh", "refresh", self._refresh)
        self.actions.add("receive", "receive", self._receive)
        self.actions.add("kick", "kick", self._kick)
        self.actions.add("moderate", "mute or unmute", self._moderate)
        state = loop.run_sync(self.live)
        self.begin(
            RoomDrawing(
                _esm=assets.module("room", "confirm"),
                _css=assets.style("admin", "room"),
                _dom_classes=self.classes,
                **state,
            ),
            state,
        )

    @property
    def session(self) -> AnySession | None:
        handle = self._handle_or_none()
        return handle.session if handle is not None else None

    @property
    def alive(self) -> bool:
        core, session = self.core, self.session
        return core is not None and session is not None and core.state == "joined" and is_moving(session)

    def snapshot(self) -> dict[str, Any]:
        view = self._view()
        known = self._room == view.room
        return room_snapshot(
            view,
            about=self._about if known else None,
            asked=self._asked if known else None,
            received=self.watching.feeds,
            secret=self._known_secret() is not None,
        )

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return room_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        people = [person | {"talking": None, "received": False} for person in snapshot["people"]]
        return snapshot | {"people": people, "head": snapshot["head"] | {"asked": None}}

    def live(self) -> dict[str, Any]:
        since = self._view().history.since(self._view().id or 0)
        seconds = time.time() - since if since is not None else 0.0
        stills = {clean(feed, 80): picture for feed, picture in self.watching.stills.items()}
        return {**self.snapshot(), "stills": stills, "beat": self.beat(seconds)}

    async def first(self) -> None:
        """Ask for the room's settings, unless that was done. A failure becomes the notice."""
        view = self._view()
        if view.state == "joined" and self._room != view.room:
            await self.actions.do("refresh", {})

    def close(self) -> None:
        """Also ends what is received. Idempotent, on any thread."""
        if not self.closed and self.watching.active and self._loop.running:
            self._loop.submit(self.watching.close, name="end of a room panel").result(ASK_SECONDS)
        super().close()

    def release(self) -> None:
        """Close the widgets. Idempotent."""
        if self.watching.active and self._loop.running:  # nobody closed it: its room is gone
            self._loop.submit(self.watching.close, name="end of a room panel")
        super().release()

    # -- what the controls do ----------------------------------------------------------------

    async def _refresh(self, _arguments: Mapping[str, Any]) -> str:
        handle, room = self._handle(), self._view().room
        await handle.refresh(timeout=ASK_SECONDS)
        listed = await handle.list(timeout=ASK_SECONDS)
        self._about = next((each for each in listed.rooms if each.room == room), None)
        self._asked, self._room = time.time(), room
        return ""

    async def _receive(self, arguments: Mapping[str, Any]) -> str:
        who, on = self._person(arguments), arguments.get("on") is True
        now = [feed for feed in self.watching.feeds if feed in self._view().feeds and feed != who.id]
        await self.watching.choose(self._handle(), [*now, who.id] if on else now)
        return f"{'receiving' if on else 'no longer receiving'} {clean(who.display or who.id, 80)}"

    async def _kick(self, arguments: Mapping[str, Any]) -> str:
        who = self._person(arguments)
        await self._managing("kick", arguments, id=who.id)
        return f"{clean(who.display or who.id, 80)} was thrown out"

    async def _moderate(self, arguments: Mapping[str, Any]) -> str:
        who, mute = self._person(arguments), arguments.get("mute") is True
        mid = str(arguments.get("mid"))
        await self._managing("moderate", arguments, id=who.id, mid=mid, mute=mute)
        return f"{clean(who.display or who.id, 80)} is {'muted' if mute else 'heard and seen again'}"

    async def _managing(self, name: str, arguments: Mapping[str, Any], **fields: Any) -> None:
        """Ask for what needs the room's secret: the one that was typed, or else one that is known here."""
        typed = arguments.get("secret")
        secret = typed if isinstance(typed, str) and typed else self._known_secret()
        try:
            await getattr(self._handle(), name)(room=self._view().room, secret=secret, **fields)
        except JanusPluginError as exc:
            if exc.code == UNAUTHORIZED:
                exc.hint = "Type the room's secret into the field, and try again."
            raise

    def _known_secret(self) -> str | None:
        """What a handle of this session has made the room with."""
        session, room = self.session, self._view().room
        if session is None or room is None:
            return None
        handles = [handle for handle in session.plugins if isinstance(handle, JanusVideoRoomPlugin)]
        return next((secret for handle in handles if (secret := handle.secret_of(room)) is not None), None)

    def _person(self, arguments: Mapping[str, Any]) -> Participant:
        wanted = arguments.get("id")
        for each in self._view().participants:
            if clean(each.id, 80) == wanted:
                return each
        raise JanusOptionError("nobody of that id is in the room any more")

    def _view(self) -> RoomView:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core

    def _handle_or_none(self) -> JanusVideoRoomPlugin | None:
        core = self.core
        return core.handle if core is not None else None

    def _handle(self) -> JanusVideoRoomPlugin:
        if (handle := self._handle_or_none()) is None:
            raise JanusStateError("this view has no handle", hint="Show the view of a handle: room.view.")
        return handle
