"""A table for what a plugin request may hold, and Janus's words for what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Checker", "Parameters", "RefusalError"]

# Name to kind; a kind that ends with "!" is mandatory. Janus looks at them in this order.
Parameters = Mapping[str, str]

KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "boolean": ("a boolean", lambda value: isinstance(value, bool)),
    "string": ("a string", lambda value: isinstance(value, str)),
    "integer": ("an integer", lambda value: type(value) is int),
    "count": ("a positive integer", lambda value: type(value) is int and value >= 0),
    "array": ("an array", lambda value: isinstance(value, list)),
    "object": ("an object", lambda value: isinstance(value, dict)),
}


class RefusalError(Exception):
    """A plugin refuses a request; it never leaves the plugin, which answers with it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Checker:
    """Checks requests with one plugin's own error codes."""

    missing: int
    invalid: int

    def check(self, body: Mapping[str, Any], parameters: Parameters) -> None:
        """Check `body` against a table.

        Raises:
            RefusalError: a mandatory parameter is missing, or one has the wrong type.
        """
        for name, kind in parameters.items():
            if name not in body:
                if kind.endswith("!"):
                    raise RefusalError(self.missing, f"Missing mandatory element ({name})")
                continue
            words, fits = KINDS[kind.rstrip("!")]
            if not fits(body[name]):
                raise RefusalError(self.invalid, f"Invalid element type ({name} should be {words})")

    def texts(self, body: Mapping[str, Any], name: str) -> None:
        """Check that an array, if it is there, holds texts only.

        Raises:
            RefusalError: it does not.
        """
        if not all(isinstance(item, str) for item in body.get(name, ())):
            raise RefusalError(self.invalid, f"Invalid element in the {name} array (not a string)")
