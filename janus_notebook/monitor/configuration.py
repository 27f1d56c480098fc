"""What Janus's event handlers have to be told, as text to paste and as options of a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from janus_notebook.config import MASK
from janus_notebook.errors import JanusOptionError
from janus_notebook.protocol.libconfig import Category, Value, render
from janus_notebook.protocol.monitor_events import MASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["HANDLERS", "Pasteable", "events_mask", "general", "merge", "package", "text"]

# Those that reach us: by HTTP, and by WebSocket.
HANDLERS: Final = ("sampleevh", "wsevh")
BROADCAST: Final[Category] = {"broadcast": True}


class Pasteable(str):
    """A text that a cell shows as it is, not in quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def package(handler: str) -> str:
    """The package name of an event handler.

    Raises:
        JanusOptionError: it is none that can reach us.
    """
    name = handler.removeprefix("janus.eventhandler.") if isinstance(handler, str) else repr(handler)
    if name not in HANDLERS:
        raise JanusOptionError.unknown("event handler", name, HANDLERS)
    return f"janus.eventhandler.{name}"


def events_mask(events: str | Iterable[str]) -> str:
    """What Janus takes as ``events``: the words of `MASKS` with commas between.

    Raises:
        JanusOptionError: a word that Janus does not know; it would ignore it.
    """
    words = [word.strip() for word in (events.split(",") if isinstance(events, str) else events)]
    for word in words:
        if word not in MASKS:
            raise JanusOptionError.unknown("word in events", word, MASKS)
    if not words:
        raise JanusOptionError("events is empty", hint="'all' is everything.")
    return ",".join(words)


def general(
    url: str, *, events: str | Iterable[str], grouping: bool, user: str | None, password: str | None
) -> dict[str, Value]:
    """The category ``general`` of an event handler's file."""
    values: dict[str, Value] = {
        "enabled": True,
        "events": events_mask(events),
        "grouping": grouping,
        "json": "compact",
        "backend": url,
    }
    if user is not None and password is not None:
        values |= {"backend_user": user, "backend_pwd": password}
    return values


def text(handler: str, values: Category) -> Pasteable:
    """The text of the two files, with what to do with it."""
    masked = values.get("backend_pwd") == MASK
    password = "# The password is not shown here: configuration(..., secrets=True) does.\n" if masked else ""
    return Pasteable(
        f"# {package(handler)}.jcfg\n{password}{render({'general': values})}"
        f"\n# janus.jcfg: into the section that is there\n{render({'events': BROADCAST})}"
        "\n# Then restart Janus: it reads its configuration at its start.\n"
    )


def merge(
    settings: Mapping[str, Mapping[str, Category]], more: Mapping[str, Mapping[str, Category]]
) -> dict[str, dict[str, Category]]:
    """Settings of a `LocalGateway` with further ones, which win."""
    return {
        file: {
            category: {**settings.get(file, {}).get(category, {}), **more.get(file, {}).get(category, {})}
            for category in [*settings.get(file, {}), *more.get(file, {})]
        }
        for file in [*settings, *more]
    }
