"""Janus messages as JSON text and back, and the check of a message before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from janus_notebook.config import mask
from janus_notebook.errors import JanusOptionError, JanusProtocolError

__all__ = ["Message", "decode", "encode", "excerpt", "verb_of"]

Message = dict[str, Any]

# Janus takes integers of 64 signed bits; a larger one is answered with an error that names no request.
MAX_INTEGER = 2**63 - 1

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def verb_of(message: Mapping[str, Any]) -> str:
    """Return the ``janus`` field of a request.

    Raises:
        JanusOptionError: `message` is not a mapping, or has no verb. Janus would answer such a
            message with an error that names no request, so it is refused before it is sent.
    """
    if not isinstance(message, Mapping):
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


def encode(message: Mapping[str, Any]) -> bytes:
    """Return `message` as compact JSON without trailing white space (which Janus up to 1.1.3 refuses).

    Raises:
        JanusOptionError: a value has no JSON form, or is an integer that Janus can't hold.
    """
    try:
        data = _encoder.encode(message)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as exc:
        raise JanusOptionError(
            f"the message can't be written as JSON: {exc}",
            hint="Use str, int, float, bool, None, lists and dicts with string keys.",
        ).within(request=_shown(message)) from exc
    _check_integers(message)
    return data


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    """The scalar fields of a message that may be too odd to walk through."""
    return mask({key: value for key, value in message.items() if isinstance(value, str | int)})  # type: ignore[no-any-return] # mask keeps the type


def _check_integers(value: Any) -> None:
    if isinstance(value, int):
        if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
            raise JanusOptionError(
                f"{value} is too large for Janus", hint=f"Integers go up to {MAX_INTEGER}."
            )
    elif isinstance(value, Mapping):
        for item in value.values():
            if not isinstance(item, str):
                _check_integers(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_integers(item)


def decode(data: bytes | str) -> Message:
    """Return the one Janus message in `data`.

    Raises:
        JanusProtocolError: it is not JSON, not an object, or has no ``janus`` field.
    """
    try:
        message = _decoder.decode(data)
    except (ValueError, RecursionError, msgspec.MsgspecError) as exc:
        raise JanusProtocolError(
            f"what arrived is not JSON ({exc}): {excerpt(data)}",
            hint="Is there a Janus server at this address?",
        ) from exc
    if not isinstance(message, dict) or not isinstance(message.get("janus"), str):
        raise JanusProtocolError(
            f"what arrived is not a Janus message (no 'janus' field): {excerpt(data)}",
            hint="Is there a Janus server at this address?",
        )
    return message


def excerpt(data: bytes | str, limit: int = 80) -> str:
    """The beginning of `data` as printable text on one line."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes | bytearray | memoryview) else data
    shown = repr(text[:limit])
    return f"{shown} and {len(text) - limit} more characters" if len(text) > limit else shown
