"""JSON as Janus reads and writes it: as strict as the library it uses (Jansson 2.14)."""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias

Message: TypeAlias = "dict[str, Any]"

DEEPEST = 2048  # levels (JSON_PARSER_MAX_DEPTH)
_SPACE = re.compile(r"[ \t\r\n]*")


class InvalidJSONError(ValueError):
    """What a client sent is not JSON for Janus."""


def _integer(text: str) -> int:
    value = int(text)  # ValueError for more digits than Python converts
    if not -(2**63) <= value < 2**63:
        raise InvalidJSONError("too big integer")
    return value


def _real(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidJSONError("real number overflow")
    return value


def _constant(text: str) -> Any:
    raise InvalidJSONError(f"invalid token {text}")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)


def decode(data: bytes) -> Any:
    """Return the one object or array in `data`; blanks around it are fine.

    Raises:
        InvalidJSONError: it is not JSON, or not JSON as Janus takes it.
    """
    text = _text(data)
    value, end = _decode_at(text, 0)
    if _blanks_end(text, end) != len(text):
        raise InvalidJSONError("end of file expected")
    return value


def decode_several(data: bytes) -> list[Any]:
    """Return the values that stand one after the other in `data`, a WebSocket frame.

    One that cannot be read spoils them all; so does a blank behind the last (Janus up to 1.1.3).
    """
    text = _text(data)
    values: list[Any] = []
    position = 0
    while not values or position < len(text):
        value, position = _decode_at(text, position)
        values.append(value)
    return values


def encode(message: object) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise InvalidJSONError(f"unable to decode byte 0x{data[exc.start]:x}") from exc


def _blanks_end(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def _decode_at(text: str, position: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, _blanks_end(text, position))
    except RecursionError as exc:  # Python's limit, which is lower in some versions
        raise InvalidJSONError("maximum parsing depth reached") from exc
    except InvalidJSONError:
        raise
    except ValueError as exc:
        raise InvalidJSONError(str(exc)) from exc
    if not isinstance(value, dict | list):
        raise InvalidJSONError("'[' or '{' expected")
    if text.count("[") + text.count("{") > DEEPEST:
        _refuse_depth(value)
    if "\\u" in text:  # only an escape can make such text
        _refuse_bad_text(value)
    return value, end


def _refuse_depth(value: Any) -> None:
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        if depth > DEEPEST:
            raise InvalidJSONError("maximum parsing depth reached")
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]


def _refuse_bad_text(value: Any) -> None:
    """Jansson takes neither U+0000 nor half a surrogate pair."""
    left = [value]
    while left:
        match left.pop():
            case str(text) if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
                raise InvalidJSONError("invalid Unicode escape")
            case dict(members):
                left += [*members.keys(), *members.values()]
            case list(items):
                left += items
