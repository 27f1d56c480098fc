"""Checks of what a caller gives: a wrong value is a `JanusOptionError` that says what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from janus_notebook.errors import JanusOptionError

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST = 2**31 - 1  # Janus reads its numbers as C ints


def require_whole(name: str, value: object, least: int, most: int = LONGEST, *, of: str = "") -> None:
    """Refuse what is not a whole number from `least` to `most`; `of` says of what."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        bounds = f"{least} or more" if most == LONGEST else f"{least} to {most}"
        number = f"whole {of}" if of else "as a whole number"
        hint = ""
        if isinstance(value, float) and value.is_integer():
            hint = f"Write {name}={int(value)}."
        elif isinstance(value, int) and not isinstance(value, bool) and value > most == LONGEST:
            hint = f"The largest is {LONGEST}."
        raise JanusOptionError(f"{name}={value!r}: expected {bounds} {number}", hint=hint)


def require_seconds(name: str, value: object, *, positive: bool = False) -> None:
    """Refuse what is not a number of seconds."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not numeric or not (value > 0 if positive else value >= 0) or value == float("inf"):  # type: ignore[operator]  # numeric
        expected = "more than 0 seconds" if positive else "0 or more seconds"
        raise JanusOptionError(f"{name}={value!r}: expected {expected}")


def require_bool(name: str, value: object) -> None:
    """Refuse what is neither True nor False: a text such as ``"no"`` would count as True."""
    if not isinstance(value, bool):
        raise JanusOptionError(f"{name}={value!r}: expected True or False")


def require_text(name: str, value: object, *, secret: bool = False) -> None:
    """Refuse what is no text; a secret is not shown."""
    if not isinstance(value, str):
        shown = f"{name} is {type(value).__name__}" if secret else f"{name}={value!r}"
        raise JanusOptionError(f"{shown}: expected a text (str)")


def require_one_of(what: str, value: object, known: Collection[str]) -> None:
    """Refuse what is not one of the words `known`."""
    if not isinstance(value, str):
        raise JanusOptionError(f"{what}={value!r}: expected one of {', '.join(sorted(known))}")
    if value not in known:
        raise JanusOptionError.unknown(what, value, known)
