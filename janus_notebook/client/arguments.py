"""Fitting arguments to a method, with an error that helps where they do not fit."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, ParamSpec, TypeVar

from janus_notebook.errors import JanusOptionError

__all__ = ["bind", "check_choice", "checked"]

P = ParamSpec("P")
R = TypeVar("R")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function say in one line which of its arguments is misspelt or missing; see `bind`."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bind(function.__name__, signature, args, kwargs)
        return function(*args, **kwargs)

    return call


def bind(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Fit the arguments of a call to a signature.

    Args:
        name: of the method or function, for the error.
        signature: of a method with ``self``, or of a function.
        args: in order; of a method the object first.
        kwargs: by name.

    Raises:
        JanusOptionError: a name is unknown (names the nearest), one is missing, or there are too many.
    """
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values()):
        known = [parameter for parameter in signature.parameters if parameter != "self"]
        for given in kwargs:
            if given not in known:
                raise JanusOptionError.unknown(f"parameter of {name}()", given, known)
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as exc:
        parameters = [known for known in signature.parameters.values() if known.name != "self"]
        shown = signature.replace(parameters=parameters, return_annotation=signature.empty)
        why = str(exc).replace("keyword-only ", "")  # Python 3.13 adds it
        raise JanusOptionError(f"{name}(): {why}", hint=f"It is {name}{shown}.") from exc


def check_choice(name: str, value: object, known: Collection[str], extra: object) -> None:
    """Refuse a value that is not one of a parameter's, unless `extra` takes its place.

    Raises:
        JanusOptionError: names the nearest.
    """
    if value not in known and not (isinstance(extra, Mapping) and name in extra):
        raise JanusOptionError.unknown(name, str(value), known)
