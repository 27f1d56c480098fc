"""Fitting arguments to a method, with an error that helps where they do not fit."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from janus_notebook.errors import JanusOptionError

__all__ = ["bind", "check_choice"]


def bind(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Fit the arguments of a call to a method's signature.

    Args:
        name: of the method, for the error.
        signature: with ``self``.
        args: the object first.
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
        shown = signature.replace(
            parameters=list(signature.parameters.values())[1:], return_annotation=signature.empty
        )
        raise JanusOptionError(f"{name}(): {exc}", hint=f"It is {name}{shown}.") from exc


def check_choice(name: str, value: object, known: Collection[str], extra: object) -> None:
    """Refuse a value that is not one of a parameter's, unless `extra` takes its place.

    Raises:
        JanusOptionError: names the nearest.
    """
    if value not in known and not (isinstance(extra, Mapping) and name in extra):
        raise JanusOptionError.unknown(name, str(value), known)
