"""`HandlePanel`: state, WebRTC facts, media and last events of a handle, with its two buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
from traitlets import Dict, List, Unicode

from janus_notebook.errors import JanusError
from janus_notebook.panels import assets
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.snapshot import clean, handle_snapshot, is_moving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.panels.painter import Painter

__all__ = ["HandlePanel"]

HAS_PEER_CONNECTION = ("negotiating", "connected")
ON_THE_SERVER = ("attached", "negotiating", "connected", "hungup")


class HandleDrawing(assets.Drawing):
    """See ``js/handle.js``."""

    head = Dict(help="plugin, id, state").tag(sync=True)
    ladder: List[Any] = List(help="the steps of a connection, with their times").tag(sync=True)
    webrtc = Dict(help="what our own peer connection knows").tag(sync=True)
    media: List[Any] = List(help="one row per media section").tag(sync=True)
    events: List[Any] = List(help="the newest rows of the log").tag(sync=True)
    notice = Unicode(help="what became of the last click").tag(sync=True)


class HandlePanel(Panel["AnyHandle"]):
    """A live view of a plugin handle."""

    def __init__(self, core: AnyHandle, *, loop: BackgroundLoop, painter: Painter) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._notice = ""
        self._busy = False
        state = loop.run_sync(self.live)
        drawing = HandleDrawing(_esm=assets.module("handle"), _css=assets.style(), **state)
        hangup_off, detach_off = self._disabled(str(state["head"]["state"]))
        self.hangup_button = ipywidgets.Button(
            description="Hang up",
            icon="phone",
            tooltip="Close the PeerConnection; the handle stays attached",
            disabled=hangup_off,
        )
        self.detach_button = ipywidgets.Button(
            description="Detach",
            icon="unlink",
            tooltip="Give the handle back to the server; this panel keeps its last state",
            disabled=detach_off,
        )
        self.hangup_button.on_click(
            lambda _: self._ask("hang up", "Janus hung up", lambda plugin: plugin.hangup())
        )
        self.detach_button.on_click(
            lambda _: self._ask("detach", "the handle is detached", lambda plugin: plugin.detach())
        )
        buttons = ipywidgets.HBox([self.hangup_button, self.detach_button])
        buttons.add_class("janus-buttons")
        self.begin(ipywidgets.VBox([drawing, buttons]), drawing, state)

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
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return handle_snapshot(core)

    def live(self) -> dict[str, Any]:
        snapshot, session = self.snapshot(), self.session
        since = snapshot["head"]["since_elapsed"]
        seconds = session.events.elapsed - since if session is not None and since is not None else 0.0
        return {**snapshot, "notice": self._notice, "beat": self.beat(seconds)}

    def paint_controls(self) -> int:
        core, messages = self.core, 0
        disabled = self._disabled(core.state if core is not None else "detached")
        for button, value in zip((self.hangup_button, self.detach_button), disabled, strict=True):
            if button.disabled != value:
                button.disabled = value
                messages += 1
        return messages

    def _disabled(self, state: str) -> tuple[bool, bool]:
        """Whether "Hang up" and "Detach" mean nothing now."""
        return self._busy or state not in HAS_PEER_CONNECTION, self._busy or state not in ON_THE_SERVER

    def _ask(self, what: str, done: str, action: Callable[[AnyHandle], Awaitable[object]]) -> None:
        """A click, on whatever thread: the work is the loop's."""
        self._loop.submit(lambda: self._act(what, done, action), name=f"{what} from a panel")

    async def _act(self, what: str, done: str, action: Callable[[AnyHandle], Awaitable[object]]) -> None:
        core = self.core
        if core is None or self._busy:
            return
        self._tell(f"asked Janus to {what} …", busy=True)
        try:
            await action(core)
        except JanusError as exc:
            self._tell(f"could not {what}: {clean(exc)}", busy=False)
        except BaseException:
            self._tell(f"could not {what}: see the log", busy=False)
            raise
        else:
            self._tell(done, busy=False)

    def _tell(self, text: str, *, busy: bool) -> None:
        self._notice, self._busy = text, busy
        self._painter.hurry(self)
