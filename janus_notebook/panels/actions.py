"""`Actions`: what a panel's buttons ask for, done on the loop of the sessions, one at a time for each name.

The front end sends ``{"type": "do", "action": name, "arguments": {...}, "request": n}`` and is answered with
``{"type": "heard", "request": n}`` at once: until then it says that the click is queued. What became of it
is the notice, which every view of the panel shows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from janus_notebook.errors import JanusError
from janus_notebook.panels.snapshot import clean

__all__ = ["NO_NOTICE", "Action", "Actions"]

NO_NOTICE: Final[dict[str, Any]] = {"text": "", "failed": False, "busy": []}


@dataclass(frozen=True)
class Action:
    """What one button does.

    Attributes:
        doing: said while it is done, and in a failure: ``"hang up"``, after "could not".
        run: does it, with the arguments that the front end sent, and returns what to say then. The arguments
            are plain JSON of a browser: it checks them, and raises a `JanusOptionError` for wrong ones.
    """

    doing: str
    run: Callable[[Mapping[str, Any]], Awaitable[str]]


class Actions:
    """The actions of one panel by name, and what became of the last one.

    Args:
        on_change: called when the notice has changed, on the loop's thread.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._known: dict[str, Action] = {}
        self._busy: list[str] = []
        self._on_change = on_change
        self.notice: dict[str, Any] = NO_NOTICE

    def add(self, name: str, doing: str, run: Callable[[Mapping[str, Any]], Awaitable[str]]) -> None:
        """Offer an action; see `Action`."""
        self._known[name] = Action(doing, run)

    async def do(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Do it, unless the same is being done. A `JanusError` becomes the notice; any other is raised."""
        action = self._known.get(name)
        if action is None or name in self._busy:
            return
        self._busy.append(name)
        self._tell(f"{action.doing} …")
        failure = f"could not {action.doing}"
        try:
            said = await action.run(arguments)
        except JanusError as exc:
            self._busy.remove(name)
            self._tell(f"{failure}: {clean(exc)}", failed=True)
        except BaseException as exc:
            self._busy.remove(name)
            self._tell(f"{failure}: {type(exc).__name__}: {clean(exc)}", failed=True)
            raise
        else:
            self._busy.remove(name)
            self._tell(said)

    def _tell(self, text: str, *, failed: bool = False) -> None:
        self.notice = {"text": text, "failed": failed, "busy": list(self._busy)}
        self._on_change()
