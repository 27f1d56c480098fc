"""`Panel`: what the panels have in common. A panel is a view of one core object."""

from __future__ import annotations

import time
import uuid
import weakref
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import ipywidgets

from janus_notebook.errors import JanusError
from janus_notebook.panels import assets
from janus_notebook.panels.actions import NO_NOTICE, Actions
from janus_notebook.panels.display import StaticForm

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.assets import Drawing
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["Panel"]

Core = TypeVar("Core")

ANSWERS_AT_ONCE: Final = 2
"""How many requests of the front end are answered in one tick."""


class Panel(ABC, Generic[Core]):
    """A live view of one core object, with its static form.

    It holds the object weakly: a panel that was shown does not keep a session alive, and is closed when
    its object is gone. Made and closed on any thread, painted on the loop's.

    Attributes:
        id: of this panel, as its CSS classes carry it.
        widget: the root widget, to be shown.
        drawing: what its module draws; the root itself, unless there is more than that.
        actions: what its buttons do; a derived class adds to them.
        closed: whether its widgets are closed.
    """

    widget: ipywidgets.DOMWidget
    drawing: Drawing

    def __init__(self, core: Core, *, loop: BackgroundLoop, painter: Painter) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.closed = False
        self.static = StaticForm(self.id, self.parts, self.steady)
        self.actions = Actions(lambda: painter.hurry(self))
        self._core = weakref.ref(core)
        self._loop = loop
        self._painter = painter
        self._painted: dict[str, Any] = {}
        self._answers: deque[dict[str, Any]] = deque(maxlen=50)

    # -- what a panel says of itself; on the loop's thread ---------------------------------------

    @property
    def core(self) -> Core | None:
        """What it shows, or None when that is gone."""
        return self._core()

    @property
    @abstractmethod
    def session(self) -> AnySession | None:
        """The session, for its log and its errors."""

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether what it shows can still change by itself."""

    @property
    def orphaned(self) -> bool:
        """Whether what it shows no longer exists."""
        return self.core is None

    @abstractmethod
    def snapshot(self) -> dict[str, Any]:
        """What the static form shows, as plain data."""

    @abstractmethod
    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        """What the static form is made of."""

    @staticmethod
    def steady(snapshot: dict[str, Any]) -> dict[str, Any]:
        """The snapshot without what merely counts on.

        The static form is published anew when this has changed: each time marks the notebook as unsaved.
        """
        return snapshot

    @abstractmethod
    def live(self) -> dict[str, Any]:
        """The traits of the drawing as they should be now; without `notice`, which is `actions`' own."""

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The reply to a message of the front end that asks for something; None where there is none.

        An action is not asked for here, but by `actions`.
        """
        return None

    # -- painting; on the loop's thread ----------------------------------------------------------

    def paint(self, now: float) -> int:
        """Send what has changed; return how many comm messages that took."""
        messages = self._send({**self.live(), "notice": self.actions.notice})
        for _ in range(min(ANSWERS_AT_ONCE, len(self._answers))):
            self.drawing.send(self._answers.popleft())
            messages += 1
        self.static.refresh(now, self.taken, final=not self.alive)
        return messages

    def _send(self, traits: dict[str, Any]) -> int:
        changed = {
            name: value
            for name, value in traits.items()
            if name not in self._painted or self._painted[name] != value
        }
        if not changed:
            return 0
        with self.drawing.hold_sync():
            for name, value in changed.items():
                setattr(self.drawing, name, value)
        self._painted.update(changed)
        return 1

    def fail(self, error: Exception) -> None:
        """Say in the session's log that painting failed."""
        text = f"a panel stopped: {type(error).__name__}: {error}"
        if (session := self.session) is not None:
            session.on_error(JanusError(text))
        else:
            self._loop.report("panel", error)

    def taken(self) -> dict[str, Any]:
        """The snapshot with the time it was taken."""
        return {**self.snapshot(), "taken": int(time.time())}

    def beat(self, seconds: float) -> dict[str, Any]:
        """What moves while it is alive. In half seconds, so that it changes every second at the latest."""
        return {"alive": self.alive, "seconds": round(seconds * 2) / 2 if self.alive else 0}

    # -- from any thread -------------------------------------------------------------------------

    @property
    def classes(self) -> tuple[str, ...]:
        """The CSS classes of the root widget."""
        folder = type(self).__module__.split(".")[-2]  # each panel has one, and a style sheet called like it
        return "janus-frame", f"janus-live-{self.id}", assets.scope(folder)

    def begin(
        self, drawing: Drawing, painted: dict[str, Any], *, widget: ipywidgets.DOMWidget | None = None
    ) -> None:
        """Take over the drawing that a derived class has made out of `painted`, and start painting.

        Args:
            drawing: with the traits of `painted`.
            widget: the root, if the drawing is only a part of it. The root has the `classes`.
        """
        self.widget, self.drawing, self._painted = widget or drawing, drawing, painted | {"notice": NO_NOTICE}
        drawing.on_msg(self._on_message)
        self._loop.run_sync(self._painter.add, self)

    def close(self) -> None:
        """Publish the last static form, close the widgets, stop painting. Idempotent, on any thread."""
        if self.closed:
            return
        if self._loop.running:
            self._loop.run_sync(self._finish)
        self.release()

    def _finish(self) -> None:
        self._painter.discard(self)
        if not self.orphaned:
            self.static.refresh(time.monotonic(), self.taken, final=True, always=True)

    def release(self) -> None:
        """Close the widgets, with their layouts and styles. Idempotent."""
        if self.closed:
            return
        self.closed = True
        for widget in _family(self.widget):
            widget.close()

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """A message of the front end, on whatever thread: the answer is made on the loop's."""
        if isinstance(content, dict):
            self._loop.submit(lambda: self._take(content), name="answer of a panel")

    async def _take(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "do", "action": str(name)}:
                arguments = content.get("arguments")
                self._reply({"type": "heard"}, content)
                await self.actions.do(name, arguments if isinstance(arguments, dict) else {})
            case _ if (reply := self.answer(content)) is not None:
                self._reply(reply, content)

    def _reply(self, reply: dict[str, Any], content: dict[str, Any]) -> None:
        self._answers.append({**reply, "request": content.get("request")})
        self._painter.hurry(self)


def _family(widget: ipywidgets.DOMWidget) -> list[Any]:
    """A widget with everything that was made for it and has a comm of its own."""
    members = [widget, widget.layout]
    if widget.has_trait("style"):
        members.append(widget.style)
    for child in getattr(widget, "children", ()):
        members += _family(child)
    return members
