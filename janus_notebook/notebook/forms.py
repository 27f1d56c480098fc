"""Notebook forms: one function derives them from the core classes.

A form holds a core object that lives on the background loop. It has the same verbs with the same
names, signatures and docstrings; where the core has a coroutine, the form returns a `Call`. What the
core returns is given in its notebook form too, so that ``await echo.track("video").snapshot()`` works
in a cell as it does in a script.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from janus_notebook.bridge import Call, background
from janus_notebook.client.arguments import bind
from janus_notebook.errors import JanusOptionError, nearest

__all__ = ["Form", "core_of", "derive", "form_of", "is_hidden", "register"]

# Public in the core for the sake of its own parts, and of no use in a cell.
HIDDEN = frozenset(
    {
        "answer_later",
        "answering",
        "begin",
        "change_me",
        "check_idle",
        "connection",
        "correct",
        "credentials",
        "end",
        "exchange",
        "follow",
        "follow_media",
        "follow_streams",
        "forget_streams",
        "hear_page",
        "in_browser",
        "lock",
        "lost",
        "newer",
        "offer",
        "on_connection_end",
        "on_error",
        "on_event",
        "on_jsep",
        "on_jsep_refused",
        "on_offer",
        "on_refused",
        "on_reply",
        "on_request",
        "read",
        "reads",
        "rebind",
        "reconnecting",
        "record",
        "recovered",
        "release",
        "settled",
        "spawn",
        "subscription_bell",
        "end_former",
        "end_subscriptions",
        "start",
        "use_peers",
        "use_wire",
    }
)

# The same, but only as attributes of objects: a method of this name is for everybody.
HIDDEN_ATTRIBUTES = HIDDEN | {"handles"}

# What an interrupted cell says it was waiting for, where that is no verb of ours.
SPOKEN = {"__anext__": "the next one", "__aenter__": "the session", "__aexit__": "the end of the session"}

# Special methods that read; they are safe from any thread.
READERS = ("__iter__", "__len__", "__getitem__", "__contains__")

# By qualified name, so that a class of an optional part is known without being imported.
_registered: dict[str, type[Form]] = {}
_derived: dict[type, type[Form]] = {}
_forms: WeakValueDictionary[int, Form] = WeakValueDictionary()


class UnknownNameError(JanusOptionError, AttributeError):
    """A form has no such attribute; in a cell one line, with the nearest that it has."""


class Form:
    """A core object in the hands of a notebook. `core` is the object itself."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        # Only for what is not in the class: attributes that the core sets on the object.
        if name.startswith("_"):
            raise AttributeError(name)  # what IPython and others probe for
        if name in HIDDEN_ATTRIBUTES or not hasattr(self._core, name):
            known = [known for known in dir(self) if not known.startswith("_")]
            raise UnknownNameError(f"{self!r} has no {name!r}", hint=nearest(name, known))
        return form_of(getattr(self._core, name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_core":
            raise UnknownNameError(
                f"{name!r} can't be set on {self!r}", hint="It shows what is; its methods change things."
            )
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        attributes = {name for name in vars(self._core) if not name.startswith("_")} - HIDDEN_ATTRIBUTES
        return sorted({*super().__dir__(), *attributes})

    def __repr__(self) -> str:
        return repr(self._core)


def register(core_class: str, form_class: type[Form] = Form) -> None:
    """Give a core class and its subclasses a notebook form, derived on top of `form_class`.

    Args:
        core_class: the class by module and name, such as ``client.session.JanusSession``.
        form_class: what the form has beside the core's own members.
    """
    _registered[f"janus_notebook.{core_class}"] = form_class


def _base(core_class: type) -> type[Form] | None:
    """The form class that was registered for a class or the nearest of its bases."""
    names = (f"{known.__module__}.{known.__qualname__}" for known in core_class.__mro__)
    return next((_registered[name] for name in names if name in _registered), None)


def core_of(value: Any) -> Any:
    """The core object of a form; anything else as it is."""
    return value._core if isinstance(value, Form) else value


def form_of(value: Any) -> Any:
    """The notebook form of a core object, the same one each time; anything else as it is.

    Tuples are gone through, for properties such as ``session.plugins``.
    """
    if type(value) is tuple:
        return tuple(form_of(item) for item in value)
    if _base(type(value)) is None:
        return value
    form = _forms.get(id(value))
    if form is None or form._core is not value:
        form = _forms.setdefault(id(value), derive(type(value))(value))
    return form


def derive(core_class: type) -> type[Form]:
    """Return the notebook class of a core class; made once for each."""
    form_class = _derived.get(core_class)
    if form_class is None:
        base = _base(core_class) or Form
        members = {
            name: _member(name, member)
            for name, member in inspect.getmembers_static(core_class)
            if _is_shown(name, member) and name not in vars(base)
        }
        name = "Notebook" + core_class.__name__.removeprefix("Janus")
        form_class = type(name, (base,), {"__doc__": core_class.__doc__, **members})
        form_class.__module__ = __name__
        _derived[core_class] = form_class
    return form_class


def is_hidden(name: str, member: object) -> bool:
    """Say whether a member of this name is no use in a cell.

    A request of a plugin may have such a name, and what records media is not what notes an event.
    """
    records_media = name == "record" and inspect.iscoroutinefunction(member)
    return name in HIDDEN and not hasattr(member, "request") and not records_media


def _is_shown(name: str, member: object) -> bool:
    if name.startswith("_"):
        return name in READERS or name in ("__aiter__", "__anext__", "__aenter__", "__aexit__")
    return not is_hidden(name, member) and (inspect.isfunction(member) or isinstance(member, property))


def _member(name: str, member: Any) -> Any:
    if isinstance(member, property):
        return property(lambda form: form_of(member.__get__(form._core)), doc=member.__doc__)
    if name == "__aiter__":
        return _running(member)  # of a stream it gives the stream itself, and so its form
    if name == "__aenter__":
        return _entering(member)
    if name in READERS:
        return lambda form, *args: form_of(member(form._core, *args))
    if inspect.iscoroutinefunction(member):
        return _calling(name, member)
    return _running(member)


def _calling(name: str, coroutine_function: Callable[..., Any]) -> Callable[..., Call[Any]]:
    """A verb: runs on the background loop and returns its `Call` at once."""

    signature = inspect.signature(coroutine_function)

    @functools.wraps(coroutine_function)
    def verb(form: Form, *args: Any, **kwargs: Any) -> Call[Any]:
        bound = _bind(name, signature, form, args, kwargs)

        async def work() -> Any:
            return form_of(await coroutine_function(*bound.args, **bound.kwargs))

        return background().submit(work, name=SPOKEN.get(name, name))

    _sign(verb, coroutine_function, "Call[{}]")
    return verb


def _running(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain method: runs on the background loop, which owns the object, and returns its result."""

    signature = inspect.signature(function)

    @functools.wraps(function)
    def method(form: Form, *args: Any, **kwargs: Any) -> Any:
        bound = _bind(function.__name__, signature, form, args, kwargs)
        return form_of(background().run_sync(lambda: function(*bound.args, **bound.kwargs)))

    return method


def _bind(
    name: str, signature: inspect.Signature, form: Form, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    """Fit arguments to a verb at once, in the cell that gave them, rather than when it runs."""
    given = {key: core_of(value) for key, value in kwargs.items()}
    return bind(name, signature, (form._core, *map(core_of, args)), given)


def _entering(enter: Callable[..., Any]) -> Callable[..., Any]:
    """``async with form`` gives the form, not the core object."""
    verb = _calling("__aenter__", enter)

    async def aenter(form: Form) -> Form:
        await verb(form)
        return form

    return aenter


def _sign(verb: Any, core: Callable[..., Any], returns: str) -> None:
    """Show the core's parameters, and that a `Call` comes back."""
    signature = inspect.signature(core)
    given = signature.return_annotation
    name = given if isinstance(given, str) else getattr(given, "__name__", str(given))
    verb.__signature__ = signature.replace(return_annotation=returns.format(name))
