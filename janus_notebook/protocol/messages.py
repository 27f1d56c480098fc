"""Janus messages as JSON text and back, and the check of a message before it is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec

from janus_notebook.config import MASK, SECRET_KEYS, mask
from janus_notebook.errors import JanusOptionError, JanusProtocolError

__all__ = ["Message", "decode", "decode_object", "encode", "excerpt", "id_in", "integer", "verb_of"]

Message = dict[str, Any]

# Janus takes integers of 64 signed bits; a larger one is answered with an error that names no request.
MAX_INTEGER = 2**63 - 1

# Deeper than any Janus message by far, and shallow enough for everything that walks through one.
MAX_DEPTH = 100

_encoder = msgspec.json.Encoder(enc_hook=dict)
_decoder = msgspec.json.Decoder()

# A secret in text that may be broken JSON.
_SECRET = re.compile(rf'("(?:{"|".join(sorted(SECRET_KEYS))})"\s*:\s*)"[^"]*"?', re.IGNORECASE)


def verb_of(message: Mapping[str, Any]) -> str:
    """Return the ``janus`` field of a request.

    Raises:
        JanusOptionError: `message` is not a mapping, or has no verb. Janus would answer such a
            message with an error that names no request, so it is refused before it is sent.
    """
    # The exact type first, here and below: a check against an abstract class costs ten times as much.
    if type(message) is not dict and not isinstance(message, Mapping):
        raise JanusOptionError(
            f"a Janus message must be a dict, not {type(message).__name__}",
            hint='For example {"janus": "info"}.',
        )
    verb = message.get("janus")
    if not isinstance(verb, str) or not verb:
        given = "is missing" if "janus" not in message else f"is {verb!r}"
        raise JanusOptionError(
            f"the message's 'janus' field {given}; it must name the request",
            hint='For example {"janus": "info"}.',
        )
    return verb


def id_in(message: Mapping[str, Any], field: str) -> int | None:
    """Return the ``session_id`` or ``handle_id`` of a request, None where it has none.

    Raises:
        JanusOptionError: it is not an integer. Janus would ignore it and complain of something else.
    """
    value = message.get(field)
    if value is None or type(value) is int:
        return value
    if integer(value) is None:
        raise JanusOptionError(
            f"{field} must be an integer, not {value!r}", hint="Janus gives it in its answer, data.id."
        )
    return int(value)


def integer(value: Any) -> int | None:
    """Return `value` if it is an integer (in JSON a bool is none), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def encode(message: Mapping[str, Any]) -> bytes:
    """Return `message` as compact JSON without trailing white space (which Janus up to 1.1.3 refuses).

    Raises:
        JanusOptionError: a value has no JSON form, or is a number that Janus can't hold.
    """
    try:
        for key, value in message.items():
            kind = type(value)
            # Most of what is sent is text, flags and ids, and every request comes through here.
            if type(key) is not str or not (
                kind is str or kind is bool or (kind is int and -MAX_INTEGER <= value <= MAX_INTEGER)
            ):
                _check(message, "", 0)
                break
        return _encoder.encode(message)
    except JanusOptionError as exc:
        raise exc.within(request=_shown(message)) from exc.__cause__
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as exc:
        raise JanusOptionError(f"the message can't be written as JSON: {exc}", hint=_JSON_VALUES).within(
            request=_shown(message)
        ) from exc


_JSON_VALUES = "Use str, int, float, bool, None, lists and dicts with string keys."


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    """The scalar fields of a message that may be too odd to walk through."""
    return mask({key: value for key, value in message.items() if isinstance(value, str | int)})  # type: ignore[no-any-return] # mask keeps the type


def _check(value: Any, where: str, depth: int) -> None:
    """Refuse what has no JSON form, or one that differs from the value (NaN would become null)."""
    if isinstance(value, (dict, list, tuple, Mapping)):
        if depth >= MAX_DEPTH:
            raise JanusOptionError(
                f"the message is nested deeper than {MAX_DEPTH} levels", hint="Does it contain itself?"
            )
        _check_items(value, where, depth + 1)
    elif isinstance(value, int):
        if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
            shown = str(value) if value.bit_length() <= 256 else f"an integer of {value.bit_length()} bits"
            raise JanusOptionError(
                f"{where or 'the message'} is {shown}, too large for Janus",
                hint=f"Integers go from {-MAX_INTEGER - 1} to {MAX_INTEGER}.",
            )
    elif isinstance(value, float):
        if not isfinite(value):
            raise JanusOptionError(f"{where} is {value}, which JSON can't hold", hint="Leave it out.")
    elif value is not None and not isinstance(value, str):
        raise JanusOptionError(
            f"{where} is of type {type(value).__name__}, which has no JSON form", hint=_JSON_VALUES
        )


def _check_items(container: Any, where: str, depth: int) -> None:
    if isinstance(container, list | tuple):
        for number, item in enumerate(container):
            _check(item, f"{where}[{number}]", depth)
        return
    for key, item in container.items():
        if not isinstance(key, str):
            raise JanusOptionError(f"{where or 'the message'} has the key {key!r}", hint=_JSON_VALUES)
        _check(item, f"{where}.{key}" if where else key, depth)


def decode(data: bytes | str) -> Message:
    """Return the one Janus message in `data`.

    Raises:
        JanusProtocolError: it is not JSON, not an object, or has no ``janus`` field.
    """
    message = _decoded(data)
    if type(message) is not dict or type(message.get("janus")) is not str:
        raise JanusProtocolError(
            f"what arrived is not a Janus message (no 'janus' field): {excerpt(data)}", hint=_WHO_IS_THERE
        )
    _check_depth(data, message)
    return message


def decode_object(data: bytes | str) -> dict[str, Any]:
    """Return the JSON object in `data`, which need not be a message of the Janus API.

    Raises:
        JanusProtocolError: it is not JSON, or not an object.
    """
    value = _decoded(data)
    if type(value) is not dict:
        raise JanusProtocolError(f"what arrived is not a JSON object: {excerpt(data)}")
    _check_depth(data, value)
    return value


_WHO_IS_THERE = "Is there a Janus server at this address?"


def _decoded(data: bytes | str) -> Any:
    try:
        return _decoder.decode(data)
    except (ValueError, RecursionError, msgspec.MsgspecError) as exc:
        raise JanusProtocolError(
            f"what arrived is not JSON ({exc}): {excerpt(data)}", hint=_WHO_IS_THERE
        ) from exc


def _check_depth(data: bytes | str, value: Any) -> None:
    # Few messages are long enough, or hold enough brackets, to be nested too deeply.
    if len(data) > 2 * MAX_DEPTH and _brackets(data) > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise JanusProtocolError(f"what arrived is nested deeper than {MAX_DEPTH} levels: {excerpt(data)}")


def _brackets(data: bytes | str) -> int:
    text = data if isinstance(data, bytes) else data.encode()
    return text.count(b"{") + text.count(b"[")


def _depth(value: Any) -> int:
    """How deep containers are nested in `value`, counted without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]
    return depth


def excerpt(data: bytes | str, limit: int = 80) -> str:
    """The beginning of `data` as printable text on one line, secrets masked."""
    # A text ten times too long is masked before it is cut, so that a cut secret is still known as one.
    begin = data[: 10 * limit]
    text = begin.decode("utf-8", "replace") if isinstance(begin, bytes) else begin
    shown = repr(_SECRET.sub(rf'\1"{MASK}"', text)[:limit])
    if len(data) <= limit:
        return shown
    return f"{shown} and {len(data) - limit} more {'bytes' if isinstance(data, bytes) else 'characters'}"
