"""What a plugin says in its events, typed: the table of who reads the events of which plugin.

The table is filled by the modules of the plugins as they are imported; an event of any other plugin is a
`PluginDetail` with its data and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from janus_notebook.protocol.typed import Typed

__all__ = ["PluginDetail", "detail_of", "event_names", "register_details"]


class PluginDetail(Typed, frozen=True, kw_only=True):
    """What a plugin said in an event that answers no request. Derived classes have its fields.

    Attributes:
        name: what has happened, in the words of the plugin's documentation (``leaving``, ``talking``);
            ``handle.events(["leaving"])`` follows it. "event" for what we have no class for. A name that
            is also a kind of the core has the plugin's noun behind it (``hangup_call``).
    """

    name: ClassVar[str] = "event"

    @property
    def summary(self) -> str:
        """What it says, in a few words, as plain text; "" for the plugin's data as they are."""
        return ""


Reader = Callable[[dict[str, Any]], type[PluginDetail]]

_readers: dict[str, Reader] = {}
_names: set[str] = set()


def register_details(plugin: str, reader: Reader, details: Iterable[type[PluginDetail]]) -> None:
    """Let `reader` choose the class for the events of a plugin.

    Args:
        plugin: its package name.
        reader: gives the class for an event's data; must not raise.
        details: all that it may give.
    """
    _readers[plugin] = reader
    _names.update(detail.name for detail in details)


def detail_of(plugin: str, data: dict[str, Any]) -> PluginDetail:
    """Read an event's data as the plugin's reader says."""
    reader = _readers.get(plugin)
    return (PluginDetail if reader is None else reader(data)).read(data)


def event_names() -> frozenset[str]:
    """The names of all typed events of the plugins that were imported."""
    return frozenset(_names)
