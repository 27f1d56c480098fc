"""`Typed`: an object with named, typed fields made of a JSON object, which it keeps."""

from __future__ import annotations

from collections.abc import Iterator, KeysView
from typing import Any, Self

import msgspec

from janus_notebook.config import mask

__all__ = ["Typed"]


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object read into typed fields. It also reads as its data does: ``thing["key"]``.

    A field has the name that Janus uses, in Python's spelling (``audio-level`` is ``audio_level``), and
    its default where the server sent none. Servers differ in both directions: what has no field of its
    own is in `data`, and a value that does not fit its field leaves the field at its default and the
    field's name in `unreadable`, instead of making a good answer an error.

    Attributes:
        data: the object as it came; secrets are masked in the repr only.
        unreadable: names of the fields whose value was not of their type.
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
        own = {f"*{name}": value for name, value in given.items()} | {"*data": data}
        try:
            return msgspec.convert({**data, **own}, cls)
        except msgspec.ValidationError:
            return cls._read_what_fits(data, own)

    @classmethod
    def _read_what_fits(cls, data: dict[str, Any], own: dict[str, Any]) -> Self:
        unreadable = []
        fitting: dict[str, Any] = {}
        for field in msgspec.structs.fields(cls):
            name = field.encode_name
            if name in data:
                try:
                    fitting[name] = msgspec.to_builtins(msgspec.convert(data[name], field.type))
                except msgspec.ValidationError:
                    unreadable.append(field.name)
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
        return f"<{type(self).__name__} {mask(self.data)}>"
