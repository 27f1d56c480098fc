"""`Typed`: an object with named, typed fields made of a JSON object, which it keeps."""

from __future__ import annotations

from collections.abc import Iterator, KeysView
from types import UnionType
from typing import Any, Final, Self, Union, get_args, get_origin

import msgspec

from janus_notebook.config import mask
from janus_notebook.protocol.outline import outline_html, outline_text
from janus_notebook.texts import BLOCK_LIMIT, clean, short_repr

__all__ = ["Record", "Typed"]

LINE: Final = 88
"""Characters of a repr that is shown as it is."""
NESTED_LINE: Final = 300
UNREADABLE_SHOWN: Final = 5
UNKNOWN: Final[tuple[Any, ...]] = (None, "", (), [], {})


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Named values that came from elsewhere: its repr has a bearable length, whatever they are."""

    def __repr__(self) -> str:
        return clean(super().__repr__(), BLOCK_LIMIT, lines=True)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """In IPython: on one line if that is short, or within something else; else field by field."""
        _print(self, printer)

    def _repr_html_(self) -> str | None:
        return outline_html(*self._outline()) if self._is_long(repr(self)) else None

    def _outline(self) -> tuple[str, dict[str, Any], dict[str, str]]:
        return type(self).__name__, mask(_known(self)), {}

    def _is_long(self, line: str) -> bool:
        return len(line) > LINE and type(self).__repr__ is Record.__repr__


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object read into typed fields. It also reads as its data does: ``thing["key"]``.

    A field has the name that Janus uses, in Python's spelling (``audio-level`` is ``audio_level``), and
    its default where the server sent none. Servers differ in both directions: what has no field of its
    own is in `data`, and a value that does not fit its field leaves the field at its default and its
    place in `unreadable`, instead of making a good answer an error. Objects within it are read so too.

    Attributes:
        data: the object as it came; secrets are masked in the repr only.
        unreadable: where a value was not of its field's type, in Janus's names (``webrtc.ice.state``).
    """

    # The names start with a star, which no field of Janus does.
    data: dict[str, Any] = msgspec.field(name="*data")
    unreadable: tuple[str, ...] = msgspec.field(name="*unreadable", default=())

    @classmethod
    def read(cls, data: dict[str, Any], **given: Any) -> Self:
        """Make one of an object.

        Args:
            data: the JSON object.
            given: values of fields that do not come from it.
        """
        own = {"*unreadable": (), **{f"*{name}": value for name, value in given.items()}, "*data": data}
        try:
            return msgspec.convert({**data, **own}, cls)
        except (msgspec.ValidationError, UnicodeError):  # the latter: half of a surrogate pair
            return cls._read_what_fits(data, own)

    @classmethod
    def _read_what_fits(cls, data: dict[str, Any], own: dict[str, Any]) -> Self:
        unreadable: list[str] = []
        fitting = _fitting_fields(data, cls, "", unreadable)
        return msgspec.convert({**fitting, **own, "*unreadable": unreadable}, cls)

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __contains__(self, key: object) -> bool:
        return key in self.data

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def keys(self) -> KeysView[str]:
        """The keys of the data; with them ``dict(reply)`` is a copy of it."""
        return self.data.keys()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key` in the data."""
        return self.data.get(key, default)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {short_repr(mask(self.data))}{self._and()}>"

    def _and(self) -> str:
        """What is there beside the data, for the repr."""
        return ""

    def _notes(self) -> dict[str, str]:
        """What there is to say beside the data, for a person."""
        unread = ", ".join(self.unreadable[:UNREADABLE_SHOWN])
        return {"unreadable": f"{unread} (see .data)"} if unread else {}

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """As `Record` has it."""
        _print(self, printer)

    def _repr_html_(self) -> str | None:
        return outline_html(*self._outline()) if self._is_long(repr(self)) else None

    def _outline(self) -> tuple[str, dict[str, Any], dict[str, str]]:
        return type(self).__name__ + self._and(), mask(self.data), self._notes()

    def _is_long(self, line: str) -> bool:
        """Whether its repr is to be read field by field; one of a class's own is short as it is."""
        return len(line) > LINE and type(self).__repr__ is Typed.__repr__


def _print(shown: Record | Typed, printer: Any) -> None:
    line = repr(shown)
    if len(printer.stack) > 1:  # itself, and what it is in
        line = clean(line, NESTED_LINE)
    elif shown._is_long(line):
        line = outline_text(*shown._outline())
    printer.text(line)


def _known(value: Any) -> Any:
    """Records as dicts, however deep, without what they do not know: that is most fields of most of them."""
    if isinstance(value, msgspec.Struct):
        value = {name: item for name, item in msgspec.structs.asdict(value).items() if item not in UNKNOWN}
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value


def _fitting_fields(
    data: dict[str, Any], kind: type[msgspec.Struct], place: str, unreadable: list[str]
) -> dict[str, Any]:
    """The fields of an object that fit their types."""
    named = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    return _fitting_items({key: (data[key], named[key]) for key in named if key in data}, place, unreadable)


def _fitting_items(items: dict[str, tuple[Any, Any]], place: str, unreadable: list[str]) -> dict[str, Any]:
    found = {
        key: _fitting(value, kind, f"{place}.{key}" if place else key, unreadable)
        for key, (value, kind) in items.items()
    }
    return {key: value for key, value in found.items() if value is not msgspec.UNSET}


def _fitting(value: Any, kind: Any, place: str, unreadable: list[str]) -> Any:
    """As much of a JSON value as fits its type, UNSET for nothing; says where something did not."""
    if _fits(value, kind):
        return value
    for one in get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,):
        faults: list[str] = []
        part: Any = msgspec.UNSET
        if isinstance(value, dict) and isinstance(one, type) and issubclass(one, msgspec.Struct):
            part = _fitting_fields(value, one, place, faults)
        elif isinstance(value, dict) and get_origin(one) is dict:
            part = _fitting_items(
                {key: (item, get_args(one)[1]) for key, item in value.items()}, place, faults
            )
        elif isinstance(value, list) and get_origin(one) is tuple:
            items = {str(index): (item, get_args(one)[0]) for index, item in enumerate(value)}
            part = list(_fitting_items(items, place, faults).values())
        if part is not msgspec.UNSET and _fits(part, kind):
            unreadable += faults
            return part
    unreadable.append(place)
    return msgspec.UNSET


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeError):
        return False
    return True
