"""Requests to plugins by their Janus names, held against what the plugin's class knows."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

from janus_notebook.client.requests import NOT_SENT, requests_of
from janus_notebook.errors import JanusOptionError, nearest
from janus_notebook.magics.context import Context
from janus_notebook.notebook.forms import core_of
from janus_notebook.texts import clean

__all__ = ["ask", "known_requests", "parameters", "variable_with_jsep"]

RAW = "--raw sends it all the same."

_SIMPLE: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}
_JSON = (*_SIMPLE, list, dict)


def known_requests(handle: Any) -> dict[str, Any]:
    """The requests of a handle's class, by their Janus names; empty for an unknown plugin."""
    return requests_of(type(core_of(handle)))


def parameters(method: Any) -> list[str]:
    """The parameters that a request sends."""
    return [name for name in inspect.signature(method).parameters if name not in NOT_SENT]


def ask(
    context: Context,
    handle: Any,
    body: Mapping[str, Any],
    *,
    jsep: Mapping[str, Any] | None,
    timeout: float | None,
    raw: bool,
) -> Any:
    """Send a request and return its typed answer.

    It goes through the plugin's own method, which knows its parameters and which servers have them;
    for a plugin without a class, or if `raw`, as it is.

    Raises:
        JanusOptionError: the plugin has no such request or parameter; names the nearest.
    """
    known = known_requests(handle)
    if raw or not known:
        return handle.request(body, jsep, timeout).result()
    name = body.get("request")
    if "request" not in body and len(known) == 1:
        name = next(iter(known))  # such as EchoTest, whose one request has no name
    if name not in known:
        if "request" not in body:
            raise JanusOptionError(
                "the body has no 'request'", hint=f'Write {{"request": ...}}. {nearest("", known)}'
            )
        error = JanusOptionError.unknown(f"request of {core_of(handle).name}", str(name), known)
        raise JanusOptionError(error.message, hint=f"{error.hint} {RAW}")
    method = known[name]
    given = {key: value for key, value in body.items() if key != "request"}
    for key in given:
        if key not in parameters(method):
            if not parameters(method):
                raise JanusOptionError(f"{name} has no parameters, so no {key!r}", hint=RAW)
            error = JanusOptionError.unknown(f"parameter of {name}", str(key), parameters(method))
            raise JanusOptionError(error.message, hint=f"{error.hint} {RAW}")
    accepted = inspect.signature(method).parameters
    missing = [key for key in parameters(method) if accepted[key].default is accepted[key].empty]
    missing = [key for key in missing if key not in given]
    if missing:
        raise JanusOptionError(f"{name} needs {' and '.join(missing)}", hint=_how(name, missing))
    _check_types(method, given)
    options: dict[str, Any] = {}
    if jsep is not None:
        if "jsep" not in accepted:
            raise JanusOptionError(f"{name} takes no jsep", hint="Leave --jsep out.")
        options["jsep"] = jsep
    if "timeout" in accepted:
        return getattr(handle, method.__name__)(**given, **options, timeout=timeout).result()
    return context.wait(getattr(handle, method.__name__)(**given, **options), timeout)


def _check_types(method: Any, given: Mapping[str, Any]) -> None:
    """Refuse a value of another JSON type than the parameter's; only where that is a simple one.

    Raises:
        JanusOptionError: names the parameter, what it takes and what was given.
    """
    hints = typing.get_type_hints(method)
    for key, value in given.items():
        hint = hints.get(key)
        kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not types.NoneType]
        if value is None or type(value) not in _JSON or not all(kind in _SIMPLE for kind in kinds):
            continue
        if type(value) in kinds or (type(value) is int and float in kinds):
            continue
        wanted = " or ".join(_SIMPLE[kind] for kind in kinds)
        shown = clean(repr(value) if isinstance(value, str) else json.dumps(value, default=str), 60)
        quotes = f'A text like that needs quotes: {key}="{shown}". ' if str in kinds else ""
        raise JanusOptionError(f"{key} is {wanted}, not {shown}", hint=f"{quotes}{RAW}")


def _how(name: str, missing: list[str]) -> str:
    return f"Write them as %janus request HANDLE {name} {' '.join(f'{key}=...' for key in missing)}."


def variable_with_jsep(context: Context, name: str | None) -> Mapping[str, Any] | None:
    """The SDP that a variable holds; None for no name.

    Raises:
        JanusOptionError: there is no such variable, or it holds something else.
    """
    if name is None:
        return None
    try:
        found = context.value(name)
    except LookupError:
        raise JanusOptionError(
            f"--jsep {name}: there is no such variable", hint='It holds {"type": "offer", "sdp": ...}.'
        ) from None
    if not isinstance(found, Mapping) or not {"type", "sdp"} <= set(found):
        raise JanusOptionError(
            f"--jsep {name}: it must hold a type and an sdp, and is {type(found).__name__}",
            hint='For example {"type": "offer", "sdp": ...}.',
        )
    return found
