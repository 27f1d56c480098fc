"""Bodies and values as people write them: JSON, or a literal of Python, or something between the two."""

from __future__ import annotations

import ast
import json
import math
from typing import Any

from janus_notebook.errors import JanusOptionError

__all__ = ["LiteralError", "parse_body", "parse_literal", "parse_value"]

# JSON's words, which to Python are names.
_WORDS = {"true": True, "false": False, "null": None}


class LiteralError(JanusOptionError):
    """A text that is no literal.

    Attributes:
        line, column: where, from 1.
    """

    line = 1
    column = 1

    @classmethod
    def at(cls, line: int, column: int, message: str, hint: str = "") -> LiteralError:
        """The error for a place in the text."""
        error = cls(message, hint=hint)
        error.line, error.column = line, column
        return error


def parse_literal(text: str) -> Any:
    """The value of a text in JSON or Python: objects, lists, texts, numbers, true/True, null/None.

    Raises:
        LiteralError: it is neither; says what is wrong, and where.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        pass  # perhaps it is Python
    body = text.strip()
    before = text[: len(text) - len(text.lstrip())]
    lines, columns = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    try:
        tree = ast.parse(body, mode="eval")
        return _value(tree.body)
    except LiteralError as exc:
        error = exc
    except SyntaxError as exc:
        what = exc.msg.removeprefix("invalid syntax. ") or "this is not understood"
        what = "this is not understood" if what == "invalid syntax" else what
        error = LiteralError.at(exc.lineno or 1, max(exc.offset or 1, 1), what[:1].lower() + what[1:])
    except (ValueError, RecursionError, MemoryError) as exc:
        error = LiteralError(f"this can't be read: {exc}")
    first = error.line == 1
    error.line, error.column = error.line + lines, error.column + (columns if first else 0)
    raise error from None


def parse_body(text: str) -> dict[str, Any]:
    """`parse_literal` for what has to be an object.

    Raises:
        LiteralError: it is none.
    """
    if not text.strip():
        raise LiteralError("the body is empty", hint='Write the request, such as {"request": "list"}.')
    body = parse_literal(text)
    if not isinstance(body, dict):
        raise LiteralError(
            f"the body must be an object in braces, not {type(body).__name__}",
            hint='For example {"request": "list"}.',
        )
    return body


def parse_value(text: str) -> Any:
    """A value behind ``key=``: a literal, or else a text that needs no quotes.

    Raises:
        LiteralError: it begins as an object, a list or a quoted text, and is none.
    """
    try:
        return parse_literal(text)
    except LiteralError:
        if text[:1] in ("{", "[", "'", '"', "("):
            raise
        return text


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text} can't be sent")
    return value


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | str() | None as value):
            return value
        case ast.Constant(value=float() as value) if math.isfinite(value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if (
            not isinstance(value, bool)
        ):
            return -value
        case ast.Name(id=name) if name in _WORDS:
            return _WORDS[name]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_key(key, node): _value(value) for key, value in zip(keys, values, strict=True)}
    raise _wrong(node)


def _key(node: ast.expr | None, around: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as name):
            return name
        case ast.Name():
            raise _wrong(node)
    where = node or around
    raise LiteralError.at(where.lineno, where.col_offset + 1, "a name must be a text", 'Write "name": value.')


def _wrong(node: ast.expr) -> LiteralError:
    where = node.lineno, node.col_offset + 1
    match node:
        case ast.Name(id=name):
            return LiteralError.at(
                *where,
                f"{name} is no value",
                f'A text needs quotes: "{name}". For variables use Python: await handle.request(...).',
            )
        case ast.Constant():
            return LiteralError.at(*where, "only texts, numbers, true, false and null can be sent")
        case ast.Set():
            return LiteralError.at(*where, "an object has names and values", 'Write {"name": value}.')
    return LiteralError.at(
        *where,
        "only values can stand here, no code",
        "For code use Python: await handle.request(...).",
    )
