"""What a sub-command works with: the notebook's names, and which session or handle is meant."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from typing import Any, TypeVar

from janus_notebook.errors import JanusOptionError, JanusStateError, nearest
from janus_notebook.notebook.connect import NotebookHandle, NotebookSession, open_sessions

__all__ = ["Context"]

T = TypeVar("T")


class Context:
    """The notebook that a ``%janus`` line runs in."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    @property
    def names(self) -> dict[str, Any]:
        """The user's variables."""
        names: dict[str, Any] = self.shell.user_ns
        return names

    def assign(self, name: str, value: Any) -> None:
        """Give `value` a name in the notebook.

        Raises:
            JanusOptionError: `name` can't be a variable.
        """
        self.check_name(name)
        self.shell.push({name: value})

    @staticmethod
    def check_name(name: str) -> None:
        """Refuse what can't be a variable, before any work is done for it."""
        if keyword.iskeyword(name):
            raise JanusOptionError(
                f"{name!r} is a word of Python, and can't be a variable", hint="Choose another."
            )
        if not name.isidentifier():
            raise JanusOptionError(
                f"{name!r} can't be a variable", hint="Use letters, digits and underscores."
            )

    def sessions(self) -> dict[str, NotebookSession]:
        """The open sessions by name; one without a name is listed under its id."""
        return self._named(open_sessions(), lambda session: f"session-{session.id}")

    def handles(self) -> dict[str, NotebookHandle]:
        """The attached handles of all open sessions by name; one without a name under its id."""
        found = [handle for session in open_sessions() for handle in session.plugins]
        return self._named(found, lambda handle: str(handle.id))

    def _named(self, objects: list[Any], otherwise: Any) -> dict[str, Any]:
        # The names that a person gave, not IPython's own `_`, `_12` and `Out`.
        names = {id(value): name for name, value in self.names.items() if not name.startswith("_")}
        return {names.get(id(item), otherwise(item)): item for item in objects}

    def session(self, name: str | None) -> NotebookSession:
        """The session called `name`; without a name, the only one or the newest.

        Raises:
            JanusStateError: there is none.
            JanusOptionError: it is not the name of one.
        """
        known = self.sessions()
        if not known:
            raise JanusStateError("there is no session", hint="Make one: session = await connect().")
        if name is None:
            return list(known.values())[-1]
        return _pick("session", name, known, known)

    def handle(self, name: str | None) -> NotebookHandle:
        """The handle called `name` or with that id; without a name, the only one.

        Raises:
            JanusStateError: there is none.
            JanusOptionError: it is not the name of one, or there are several.
        """
        known = self.handles()
        if not known:
            raise JanusStateError("there is no handle", hint="Attach one: %janus attach echotest.")
        if name is None:
            if len(known) > 1:
                raise JanusOptionError("which handle?", hint="There are: " + ", ".join(known) + ".")
            return next(iter(known.values()))
        by_id = {str(handle.id): handle for handle in known.values()}
        return _pick("handle", name, {**by_id, **known}, known)


def _pick(what: str, name: str, known: dict[str, T], shown: Iterable[str]) -> T:
    if name not in known:
        raise JanusOptionError(f"no {what} is called {name!r}", hint=nearest(name, shown))
    return known[name]
