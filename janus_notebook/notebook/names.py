"""The names that a person gave to sessions and handles: the variables of the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.notebook.forms import core_of
from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber

__all__ = ["label_handles", "named", "names_in"]

# What was called by a variable here; a label that somebody set by hand is theirs.
_given: WeakKeyDictionary[JanusPlugin, str] = WeakKeyDictionary()


def named(value: Any) -> Any:
    """The core object that a variable names: of a VideoRoom's subscription its handle."""
    core = core_of(value)
    return core.handle if isinstance(core, RoomSubscriber) else core


def names_in(variables: Mapping[str, Any]) -> dict[int, str]:
    """The name of each object among the variables, by the ``id`` of what is `named`; of several the oldest.

    That one is not the variable of a loop over others. Names that begin with an underscore are IPython's
    own: ``_``, ``_12``.
    """
    return {
        id(named(value)): name
        for name, value in reversed(list(variables.items()))
        if not name.startswith("_")
    }


def label_handles(variables: Mapping[str, Any] | None = None) -> None:
    """Let panels and diagrams call each handle by its variable.

    A handle that has lost its variable loses the name, unless it is detached: then it is what it was.

    Args:
        variables: the notebook's; None looks for them in IPython.
    """
    if variables is None:
        variables = _notebook_variables()
    found: dict[JanusPlugin, str] = {}
    for name, value in list(variables.items()):
        handle = named(value)
        if isinstance(handle, JanusPlugin) and not name.startswith("_"):
            found.setdefault(handle, name)
    for handle, given in list(_given.items()):
        if handle not in found and handle.label == given and handle.state != "detached":
            handle.label = ""
            del _given[handle]
    for handle, name in found.items():
        if handle.label in ("", _given.get(handle)):
            _given[handle] = name
            if handle.label != name:
                handle.label = name


def _notebook_variables() -> Mapping[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    variables: dict[str, Any] = {} if shell is None else shell.user_ns
    return variables
