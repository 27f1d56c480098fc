"""What a sub-command works with: the notebook's names, its settings, and which session or handle is meant."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.replay import Replay, ReplayedHandle
from janus_notebook.client.session import JanusSession
from janus_notebook.errors import JanusOptionError, JanusStateError, JanusTimeoutError, nearest
from janus_notebook.notebook.connect import NotebookHandle, NotebookSession, open_sessions
from janus_notebook.notebook.forms import core_of
from janus_notebook.notebook.names import label_handles, named, names_in

if TYPE_CHECKING:
    from janus_notebook.bridge import Call
    from janus_notebook.client.replay import AnyHandle, AnySession

__all__ = ["Context"]

T = TypeVar("T")

NO_SESSION = "Make one: %janus connect, or session = await connect()."


class Context:
    """The notebook that a ``%janus`` line runs in.

    Args:
        shell: IPython's.
        settings: `JanusMagics`, for its settings.
        local: the variables of the function that the line is in.
    """

    def __init__(self, shell: Any, settings: Any = None, local: Mapping[str, Any] | None = None) -> None:
        self.shell = shell
        self.settings = settings
        self._local = local or {}

    @property
    def names(self) -> dict[str, Any]:
        """The user's variables."""
        names: dict[str, Any] = self.shell.user_ns
        return names

    def value(self, name: str) -> Any:
        """What a variable holds, or an attribute of it: ``a`` or ``a.id``.

        Raises:
            LookupError: there is none.
        """
        first, *attributes = name.split(".")
        value = self._local[first] if first in self._local else self.names[first]
        for attribute in attributes:
            try:
                value = getattr(value, attribute)
            except AttributeError as exc:
                raise LookupError(name) from exc
        return value

    def assign(self, name: str, value: Any) -> None:
        """Give `value` a name in the notebook.

        Raises:
            JanusOptionError: `name` can't be a variable.
        """
        self.check_name(name)
        self.shell.push({name: value})
        label_handles(self.names)

    @staticmethod
    def check_name(name: str) -> None:
        """Refuse what can't be a variable, before any work is done for it."""
        if keyword.iskeyword(name):
            raise JanusOptionError(
                f"{name!r} is a word of Python, and can't be a variable", hint="Choose another."
            )
        if not name.isidentifier():
            raise JanusOptionError(
                f"{name!r} can't be a variable",
                hint="Use letters, digits and underscores, and no digit first.",
            )

    def timeout(self, options: Any) -> float | None:
        """How long the line waits: its ``--timeout``, or else that of ``%config JanusMagics``."""
        given: float | None = getattr(options, "timeout", None)
        return given if given is not None else getattr(self.settings, "timeout", None)

    @staticmethod
    def wait(call: Call[T], timeout: float | None) -> T:
        """The value of a call that has no deadline of its own; it is cancelled if it takes longer.

        Raises:
            JanusTimeoutError: it does.
        """
        try:
            return call.result(timeout)
        except JanusTimeoutError:
            if timeout is None or not call.cancel():
                raise
            raise JanusTimeoutError(
                f"{call.name} took longer than {timeout:g} s, and was given up",
                hint="--timeout gives it more.",
            ) from None

    # -- which session or handle is meant --------------------------------------------------------

    def sessions(self) -> dict[str, NotebookSession]:
        """The open sessions by name; one without a name is listed under its id."""
        return self._named(open_sessions(), lambda session: f"session-{session.id}")

    def handles(self) -> dict[str, NotebookHandle]:
        """The attached handles of all open sessions by name; one without a name under its id."""
        found = [handle for session in open_sessions() for handle in session.plugins]
        return self._named(found, lambda handle: str(handle.id))

    def _named(self, objects: list[Any], otherwise: Any) -> dict[str, Any]:
        names = names_in(self.names)
        return {names.get(id(core_of(item)), otherwise(item)): item for item in objects}

    def _same(self, name: str, known: Mapping[str, T]) -> T | None:
        """The one of `known` that has also this name."""
        core = named(self.names.get(name))
        return next((item for item in known.values() if core_of(item) is core), None)

    def session(self, name: str | None) -> NotebookSession:
        """The open session called `name`; without a name, the newest.

        Raises:
            JanusStateError: there is none, or it has ended.
            JanusOptionError: it is not the name of one.
        """
        known = self.sessions()
        if name in known:
            return known[name]
        if name is not None:
            if (same := self._same(name, known)) is not None:
                return same
            self._refuse_former(name, JanusSession, "session", "Make a new one: %janus connect.")
        if not known:
            raise JanusStateError("there is no session", hint=NO_SESSION)
        if name is None:
            return list(known.values())[-1]
        raise self._unknown("session", name, known)

    def handle(self, name: str | None) -> NotebookHandle:
        """The attached handle called `name` or with that id; without a name, the only one.

        Raises:
            JanusStateError: there is none, or it is gone.
            JanusOptionError: it is not the name of one, or there are several.
        """
        known = self.handles()
        by_id = {str(handle.id): handle for handle in known.values()}
        if name is not None and name in {**by_id, **known}:
            return {**by_id, **known}[name]
        if name is not None:
            if (same := self._same(name, known)) is not None:
                return same
            self._refuse_former(name, JanusPlugin, "handle", "Attach again: %janus attach PLUGIN.")
        if not known:
            raise JanusStateError("there is no handle", hint="Attach one: %janus attach echotest.")
        if name is None:
            if len(known) > 1:
                raise JanusOptionError("which handle?", hint="There are: " + ", ".join(known) + ".")
            return next(iter(known.values()))
        raise self._unknown("handle", name, known)

    def seen(self, name: str | None) -> tuple[AnySession, AnyHandle | None]:
        """The session to look at, and the handle if it is one; without a name, the newest session.

        What has ended can be looked at as well, and what is replayed.

        Raises:
            JanusStateError: there is none.
            JanusOptionError: it is not the name of one.
        """
        if name is None or name in self.sessions():
            return core_of(self.session(name)), None
        found = named(self.names.get(name))
        if isinstance(found, JanusSession | Replay):
            return found, None
        if isinstance(found, JanusPlugin | ReplayedHandle) and found.session is not None:
            return found.session, found
        known = {**self.sessions(), **self.handles()}
        if not known:
            raise JanusStateError(f"no session or handle is called {name!r}", hint=NO_SESSION)
        if name in known or name.isdecimal():
            handle: JanusPlugin = core_of(self.handle(name))
            assert handle.session is not None  # it is attached
            return handle.session, handle
        raise self._unknown("session or handle", name, known)

    def _refuse_former(self, name: str, kind: type, what: str, hint: str) -> None:
        """Say of a variable how its session or handle has ended, or what it is instead."""
        found = named(self.names.get(name))
        if isinstance(found, kind):
            former: Any = found
            why = f": {former.reason}" if former.reason else ""
            raise JanusStateError(f"the {what} {name} is {former.state}{why}", hint=hint)

    def _unknown(self, what: str, name: str, known: Iterable[str]) -> JanusOptionError:
        held = self.names.get(name)
        is_one = f", but {type(held).__name__}" if held is not None else ""
        return JanusOptionError(f"no {what} is called {name!r}{is_one}", hint=nearest(name, known))
