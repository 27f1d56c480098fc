"""A JSON object for a person: its fields one below the other, what is nested in short, with counts.

Whatever it holds, it takes a bearable time and space, and is harmless where it is shown (`texts.clean`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from typing import Any, Final

from janus_notebook.texts import clean

__all__ = ["outline_html", "outline_text"]

FIELDS: Final = 60
ITEMS: Final = 10
"""Of one list, and of one object within an object."""
VALUES: Final = 12
"""Of a list of numbers or short texts, which stand on one line."""
NAME: Final = 40
VALUE: Final = 160
PART: Final = 40
"""Characters: of a name, of a value on a line of its own, and of one among others."""

Field = tuple[str, str, list[str]]  # name, value, lines below it


def outline_text(title: str, data: Mapping[str, Any], more: Mapping[str, str]) -> str:
    """As text: the title, and a line for each field.

    Args:
        title: what it is.
        data: the object; secrets are masked already.
        more: lines that are not of the object.
    """
    fields = list(_fields(data, more))
    width = max((len(name) for name, _, _ in fields), default=0)
    lines = [title]
    for name, value, below in fields:
        lines.append(f"  {name:<{width}}  {value}".rstrip())
        lines += [f"  {'':<{width}}    {line}" for line in below]
    return "\n".join(lines)


def outline_html(title: str, data: Mapping[str, Any], more: Mapping[str, str]) -> str:
    """The same as HTML, everything in it escaped."""
    cell = "text-align:left;vertical-align:top;padding:1px 14px 1px 0"
    rows = []
    for name, value, below in _fields(data, more):
        lines = "".join(f"<div style='padding-left:1em'>{escape(line)}</div>" for line in below)
        head = f"<th scope='row' style='{cell};font-weight:normal;opacity:.75'>{escape(name)}</th>"
        rows.append(f"<tr style='background:none'>{head}<td style='{cell}'>{escape(value)}{lines}</td></tr>")
    table = f"<table style='margin:0;border:none;border-collapse:collapse'>{''.join(rows)}</table>"
    return f"<div><strong>{escape(title)}</strong>{table}</div>"


def _fields(data: Mapping[str, Any], more: Mapping[str, str]) -> Iterator[Field]:
    for key, value in islice(data.items(), FIELDS):
        yield clean(key, NAME), *_value(value)
    if len(data) > FIELDS:
        yield "…", f"{len(data) - FIELDS} more fields", []
    for key, text in more.items():
        yield clean(key, NAME), clean(text, VALUE), []


def _value(value: Any) -> tuple[str, list[str]]:
    """A value, and the lines below it."""
    if isinstance(value, Mapping):
        pairs = [f"{clean(key, NAME)}: {_part(item)}" for key, item in islice(value.items(), ITEMS)]
        return _count(value, "field"), _with_rest(pairs, len(value))
    if not _is_list(value):
        return _plain(value, VALUE), []
    if all(not _is_nested(item) and len(str(item)[: PART + 1]) <= PART for item in value[:VALUES]):
        shown = ", ".join(_plain(item, PART) for item in value[:VALUES])
        rest = f", … ({len(value)} in all)" if len(value) > VALUES else ""
        return (f"{shown}{rest}" if value else "none"), []
    return _count(value, "item"), _with_rest([_item(item) for item in value[:ITEMS]], len(value))


def _item(value: Any) -> str:
    """One of a list, on one line."""
    if not isinstance(value, Mapping):
        return _part(value)
    pairs = [f"{clean(key, NAME)}={_part(item)}" for key, item in islice(value.items(), ITEMS)]
    rest = [f"… {len(value) - ITEMS} more"] if len(value) > ITEMS else []
    return clean("  ".join([*pairs, *rest]), VALUE)


def _part(value: Any) -> str:
    """A value among others: what is nested is counted."""
    if isinstance(value, Mapping):
        return f"({_count(value, 'field')})"
    if _is_list(value):
        return f"({_count(value, 'item')})"
    return _plain(value, PART)


def _plain(value: Any, limit: int) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case "":
            return "“”"
        case _:
            return clean(value, limit)


def _with_rest(lines: list[str], count: int) -> list[str]:
    return [*lines, f"… {count - ITEMS} more"] if count > ITEMS else lines


def _count(value: Sequence[Any] | Mapping[Any, Any], what: str) -> str:
    return f"{len(value):,} {what}{'' if len(value) == 1 else 's'}"


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)
