"""What a plugin's controls are made of, and the reading of what a front end sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from janus_notebook.errors import JanusOptionError
from janus_notebook.panels.snapshot import NAME_LIMIT, clean

__all__ = [
    "BITRATE",
    "LAYERS",
    "SECRET",
    "Button",
    "Context",
    "Controls",
    "Field",
    "Group",
    "Row",
    "cap_text",
    "flag",
    "kilobits",
    "layer_name",
    "one_of",
    "optional_text",
    "room_id",
    "set_bitrate",
    "text",
    "whole",
]


@dataclass(frozen=True)
class Field:
    """What is typed in before a button is pressed. A ``secret`` leaves the page only to be used.

    A ``number`` is a whole one, from `low` to `high`.
    """

    name: str
    label: str
    title: str
    kind: Literal["text", "number", "secret"] = "text"
    value: str = ""
    optional: bool = False
    placeholder: str = ""
    low: int = 0
    high: int | None = None


@dataclass(frozen=True)
class Button:
    """One control.

    Attributes:
        action: the name in `Controls.actions`.
        label, title: what it is called, and what it does.
        kind: ``button``; ``toggle``, pressed if `value`, which sends ``on``; ``choice``, which sends
            ``value``, one of `options` (value, label).
        args: sent with it.
        fields: shown before it; sent by their names.
        off: why it cannot be used now, or "".
        sure: a question that is asked first, or "".
        begins: whether it is the next step on the way to media.
    """

    action: str
    label: str
    title: str
    kind: Literal["button", "toggle", "choice"] = "button"
    value: Any = None
    options: tuple[tuple[Any, str], ...] = ()
    args: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    off: str = ""
    sure: str = ""
    begins: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a table, such as a participant: its key, texts, and buttons."""

    key: str
    cells: tuple[str, ...]
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Group:
    """Controls that belong together. `fields` are sent with each of them, those of the rows too."""

    title: str
    note: str = ""
    buttons: tuple[Button, ...] = ()
    fields: tuple[Field, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def plain(self) -> dict[str, Any]:
        """It as plain data for the front end; the texts of others are cleaned."""
        plain = asdict(self) | {"title": clean(self.title), "note": clean(self.note)}
        for row in plain["rows"]:
            row["key"] = clean(row["key"], NAME_LIMIT)
            row["cells"] = [clean(cell, NAME_LIMIT) for cell in row["cells"]]
            for button in row["buttons"]:
                button["sure"] = clean(button["sure"])
        return plain


@dataclass
class Context:
    """What controls are drawn from, beside the handle.

    Attributes:
        settings: the values that requests have set, by the plugin's names.
        known: what was asked for by a button, such as a list of recordings.
        layered: whether our side sends a picture in several qualities.
        sent_bps: bits a second that are sent to Janus, where that is known.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    layered: bool = False
    sent_bps: float | None = None


Run = Callable[[Any, Mapping[str, Any], Context], Awaitable[str]]


@dataclass(frozen=True)
class Controls:
    """What a plugin offers.

    Attributes:
        groups: the controls as they are now.
        actions: by name what is said while it is done ("could not" stands before it in a failure), and the
            function that does it and returns what to say then.
    """

    groups: Callable[[Any, Context], list[Group]]
    actions: Mapping[str, tuple[str, Run]]


# -- what a front end sends is plain JSON of a browser ---------------------------------------------


def flag(arguments: Mapping[str, Any], name: str = "on") -> bool:
    """True or False."""
    value = arguments.get(name)
    if not isinstance(value, bool):
        raise JanusOptionError(f"{name} must be true or false, not {clean(value, NAME_LIMIT)!r}")
    return value


def text(arguments: Mapping[str, Any], name: str) -> str:
    """A text that is not empty."""
    value = optional_text(arguments, name)
    if value is None:
        raise JanusOptionError(f"fill in {name.replace('_', ' ')} first")
    return value


def optional_text(arguments: Mapping[str, Any], name: str) -> str | None:
    """A text; None for an empty one."""
    value = arguments.get(name)
    return (value.strip() or None) if isinstance(value, str) else None


def whole(arguments: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """A whole number between two."""
    value = arguments.get(name)
    try:
        number = int(str(value).strip())
    except ValueError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        shown = clean(value, NAME_LIMIT).strip() if value is not None else ""
        given = f"not “{shown}”" if shown else "and nothing was typed in"
        raise JanusOptionError(f"{name} must be a whole number from {low} to {high:,}, {given}")
    return number


def kilobits(arguments: Mapping[str, Any]) -> int:
    """Bits a second out of kbit/s; 0 is no cap."""
    return 1000 * whole(arguments, "bitrate", 0, BITRATE_LIMIT)


def one_of(arguments: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
    """The thing with a key."""
    key = arguments.get(name)
    if not isinstance(key, str) or key not in known:
        raise JanusOptionError(f"it is no longer there: {clean(key, NAME_LIMIT)!r}")
    return known[key]


def room_id(arguments: Mapping[str, Any], name: str = "room") -> int | str:
    """A room: a number, or a text on a server with ``string_ids``."""
    value = text(arguments, name)
    return int(value) if value.isascii() and value.isdecimal() else value


BITRATE_LIMIT: Final = 1_000_000
BITRATE = Field(
    "bitrate", "kbit/s", "The cap in kilobits a second; 0 for none", "number", "512", high=BITRATE_LIMIT
)
LAYERS: tuple[tuple[Any, str], ...] = ((None, "as it comes"), (2, "high"), (1, "medium"), (0, "low"))
SECRET = Field(
    "secret",
    "Room secret",
    "Needed to mute and kick where the room has one; it stays in this page",
    "secret",
    optional=True,
    placeholder="if the room has one",
)


async def set_bitrate(plugin: Any, arguments: Mapping[str, Any], _context: Context) -> str:
    """Cap the bitrate by ``configure``."""
    bits = kilobits(arguments)
    await plugin.configure(bitrate=bits)
    return cap_text(bits)


def cap_text(bits: int) -> str:
    """What came of a cap: Janus tells the sender (REMB), and drops nothing itself."""
    if not bits:
        return "Janus asks the sender for no limit any more"
    return f"Janus asks the sender for at most {bits // 1000:,} kbit/s; a sender need not obey"


def layer_name(value: Any) -> str:
    """What a layer is called in `LAYERS`."""
    names = {number: name for number, name in LAYERS if number is not None}
    if isinstance(value, bool) or not isinstance(value, int) or value not in names:
        raise JanusOptionError("choose a layer: low, medium or high")
    return names[value]
