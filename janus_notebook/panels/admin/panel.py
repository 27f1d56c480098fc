"""`AdminPanel`: everybody's sessions, the VideoRooms' connections, settings and tokens of a server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from traitlets import Dict, List

from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.panels import assets
from janus_notebook.panels.admin import settings
from janus_notebook.panels.admin.reading import Watch
from janus_notebook.panels.admin.snapshot import admin_snapshot, handle_details
from janus_notebook.panels.admin.static import admin_parts
from janus_notebook.panels.panel import Panel

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["INTERVALS", "AdminPanel"]

INTERVALS: Final = (0, 1, 5, 30)
"""Seconds between readings that a person may choose; 0 for none."""

MODULES: Final = ("tabs", "confirm", "tree", "graph", "admin_sessions", "admin_settings", "admin_tokens")


class AdminDrawing(assets.Drawing):
    """See ``js/admin.js``."""

    head = Dict(help="address, state, when it was read, why it could not be").tag(sync=True)
    facts: List[Any] = List(help="names and values of the server").tag(sync=True)
    settings: List[Any] = List(help="what can be set, and how it is").tag(sync=True)
    sessions: List[Any] = List(help="everybody's sessions with their handles").tag(sync=True)
    rooms: List[Any] = List(help="the VideoRooms: publishers, subscribers, links").tag(sync=True)
    tokens = Dict(help="of the stored tokens all but themselves").tag(sync=True)


class AdminPanel(Panel["JanusAdmin"]):
    """A live view of a server's Admin API.

    It asks the server when it is first shown, when a person says so, and every so many seconds if a person
    has chosen that. `watch` holds what was read last.

    Args:
        own_labels: gives what the handles of this kernel's own sessions are called, by the ids of session
            and handle; these sessions are marked.
    """

    def __init__(
        self,
        core: JanusAdmin,
        *,
        loop: BackgroundLoop,
        painter: Painter,
        own_labels: Callable[[], Mapping[int, Mapping[int, str]]] = dict,
    ) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self._own_labels = own_labels
        self._numbers: dict[str, int] = {}
        self._state, self._since = "", 0.0
        self.watch = Watch(self._core, lambda: painter.hurry(self), self.fail)
        for name, doing, run in (
            ("refresh", "refresh", self._refresh),
            ("interval", "change the automatic refresh", self._set_interval),
            ("set", "change the setting", self._set),
            ("destroy", "destroy the session", self._destroy),
            ("detach", "detach the handle", self._detach),
            ("hangup", "hang up", self._hang_up),
            ("token_add", "add the token", self._add_token),
            ("token_remove", "remove the token", self._remove_token),
            ("token_plugin", "change what the token is good for", self._change_token),
        ):
            self.actions.add(name, doing, run)
        state = loop.run_sync(self.live)
        self.begin(
            AdminDrawing(
                _esm=assets.module("admin", *MODULES),
                _css=assets.style("tree", "admin"),
                _dom_classes=self.classes,
                **state,
            ),
            state,
        )

    @property
    def session(self) -> AnySession | None:
        return None

    @property
    def alive(self) -> bool:
        core = self.core
        return core is not None and core.state != "closed" and self.watch.interval > 0

    def snapshot(self) -> dict[str, Any]:
        reading = self.watch.reading
        for token in () if reading is None else reading.tokens or ():
            self._numbers.setdefault(token.token, len(self._numbers) + 1)
        return admin_snapshot(self._admin(), self.watch, self._own_labels(), self._numbers)

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return admin_parts(snapshot)

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        """What a saved notebook has to tell anew: who is there, how they stand, the settings."""
        head = {key: snapshot["head"][key] for key in ("url", "state", "failure")}
        counting = dict.fromkeys(("idle", "age", "in", "out"))
        sessions = [
            session | counting | {"handles": [handle | counting for handle in session["handles"]]}
            for session in snapshot["sessions"]
        ]
        return snapshot | {"head": head, "sessions": sessions}

    def live(self) -> dict[str, Any]:
        snapshot = self.snapshot()
        if snapshot["head"]["state"] != self._state:
            self._state, self._since = snapshot["head"]["state"], time.monotonic()
        return {**snapshot, "beat": self.beat(time.monotonic() - self._since)}

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """A handle as it was read last, or a token for the clipboard: it goes to the one who asks, no trait
        has it, and so no notebook."""
        match request:
            case {"type": "handle", "session": str(session), "handle": str(handle)}:
                reading = self.watch.reading
                for found in () if reading is None else reading.sessions:
                    for info in found.handles:
                        if (str(info.session_id), str(info.handle_id)) == (session, handle):
                            return {"type": "handle", "text": handle_details(info)}
                return {"type": "handle", "gone": True}
            case {"type": "token", "number": number}:
                return {"type": "token", "token": self._known(number)}
        return None

    def refresh_every(self, seconds: int) -> None:
        """Read the server at once and then every so many seconds (`INTERVALS`); 0 ends that. On any thread.

        Raises:
            JanusOptionError: none of `INTERVALS`.
        """
        self._loop.run_sync(self.watch.every, _interval(seconds))

    def release(self) -> None:
        """Close the widgets, and end the automatic refresh. Idempotent."""
        if not self.closed and self._loop.running:
            self._loop.run_sync(self.watch.every, 0)
        super().release()

    # -- what the controls do ----------------------------------------------------------------

    async def _refresh(self, _arguments: Mapping[str, Any]) -> str:
        await self.watch.refresh()
        return ""  # the head says what became of it

    async def _set_interval(self, arguments: Mapping[str, Any]) -> str:
        seconds = _interval(arguments.get("seconds"))
        self.watch.every(seconds)
        return f"refreshes every {seconds} s" if seconds else "refreshes only when asked"

    async def _set(self, arguments: Mapping[str, Any]) -> str:
        said = await settings.change(self._admin(), arguments)
        await self.watch.refresh()
        return said

    async def _destroy(self, arguments: Mapping[str, Any]) -> str:
        session = _id(arguments, "session")
        await self._admin().destroy_session(session)
        await self.watch.refresh()
        return f"session {session} is destroyed; its owner was not told"

    async def _detach(self, arguments: Mapping[str, Any]) -> str:
        handle = _id(arguments, "handle")
        await self._admin().detach_handle(_id(arguments, "session"), handle)
        await self.watch.refresh()
        return f"handle {handle} is detached"

    async def _hang_up(self, arguments: Mapping[str, Any]) -> str:
        handle = _id(arguments, "handle")
        await self._admin().hangup_webrtc(_id(arguments, "session"), handle)
        await self.watch.refresh()
        return f"the PeerConnection of handle {handle} is closed"

    async def _add_token(self, arguments: Mapping[str, Any]) -> str:
        given, plugins = arguments.get("token"), _texts(arguments.get("plugins"))
        if not plugins:
            raise JanusOptionError("a token has to be good for a plugin at least", hint="Choose one.")
        token = given if isinstance(given, str) and given else secrets.token_urlsafe(24)
        taken = await self._admin().add_token(token, plugins=plugins)
        await self.watch.refresh()
        number = self._numbers.setdefault(token, len(self._numbers) + 1)
        made = "" if given else "; it was made at random: Copy gives it to you"
        return f"token {number} is good for {', '.join(map(_short, taken.plugins)) or 'nothing'}{made}"

    async def _remove_token(self, arguments: Mapping[str, Any]) -> str:
        number = arguments.get("number")
        await self._admin().remove_token(self._token(number))
        await self.watch.refresh()
        return f"token {number} is removed"

    async def _change_token(self, arguments: Mapping[str, Any]) -> str:
        number, plugins = arguments.get("number"), _texts([arguments.get("plugin")])
        token, admin = self._token(number), self._admin()
        change = admin.allow_token if arguments.get("allow") is True else admin.disallow_token
        left = (await change(token, plugins=plugins)).plugins
        await self.watch.refresh()
        return f"token {number} is good for {', '.join(map(_short, left)) or 'nothing'} now"

    def _admin(self) -> JanusAdmin:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core

    def _token(self, number: object) -> str:
        if (token := self._known(number)) is None:
            raise JanusStateError(f"there is no token {number!r} here")
        return token

    def _known(self, number: object) -> str | None:
        return next((token for token, known in self._numbers.items() if known == number), None)


def _id(arguments: Mapping[str, Any], name: str) -> int:
    text = arguments.get(name)
    if not isinstance(text, str) or not text.isdecimal():
        raise JanusOptionError(f"the id of a {name} is expected, not {text!r}")
    return int(text)


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _short(plugin: str) -> str:
    return plugin.removeprefix("janus.plugin.")


def _interval(seconds: object) -> int:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds not in INTERVALS:
        raise JanusOptionError(f"the automatic refresh is one of {INTERVALS} s, not {seconds!r}")
    return seconds
