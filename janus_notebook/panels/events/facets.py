"""`Facets`: what there is to choose from in a log, with counts, kept up to date entry by entry."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.events.snapshot import KIND_LIMIT
from janus_notebook.panels.snapshot import NAME_LIMIT, clean, ident

if TYPE_CHECKING:
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["Facets"]

LISTED: Final = 100
"""How many kinds, and how many handles, are offered: the most frequent ones."""

Key = tuple[str, str, int | None]  # direction, kind, handle


class Facets:
    """The directions, kinds and handles of the entries that a log keeps.

    Args:
        handle_id: count only this handle's; None for all.
    """

    def __init__(self, handle_id: int | None = None) -> None:
        self._handle_id = handle_id
        self._counts: Counter[Key] = Counter()
        self._keys: deque[Key] = deque()  # of the kept entries, oldest first
        self._known: dict[Key, Key] = {}  # one tuple for all entries that are alike

    def follow(self, events: Iterable[JanusEvent], kept: int) -> None:
        """Take in newer entries; `kept`: how many the log holds with them."""
        for event in events:
            found: Key = (event.direction, event.kind, event.handle_id)
            key = self._known.setdefault(found, found)
            self._keys.append(key)
            self._counts[key] += 1
        while len(self._keys) > kept:
            key = self._keys.popleft()
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key], self._known[key]

    def listed(self, plugins: Mapping[int, str], labels: Mapping[int, str]) -> dict[str, Any]:
        """For the front end: ``[value, count]`` by direction and kind, and by handle
        ``[id, count, plugin, label]``.

        Args:
            plugins: of the handles, as far as they are known.
            labels: what a person calls the handles.
        """
        directions: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        handles: Counter[int | None] = Counter()
        for (direction, kind, handle_id), count in self._counts.items():
            if self._handle_id in (None, handle_id):
                directions[direction] += count
                kinds[clean(kind, KIND_LIMIT)] += count
                handles[handle_id] += count
        handles.pop(None, None)  # an entry of the session itself
        return {
            "direction": [list(pair) for pair in directions.most_common()],
            "kind": [list(pair) for pair in kinds.most_common(LISTED)],
            "handle": [
                [
                    ident(handle_id),
                    count,
                    *(clean(names.get(handle_id or 0, ""), NAME_LIMIT) for names in (plugins, labels)),
                ]
                for handle_id, count in handles.most_common(LISTED)
            ],
            "unlisted": max(len(kinds) - LISTED, 0) + max(len(handles) - LISTED, 0),
        }
