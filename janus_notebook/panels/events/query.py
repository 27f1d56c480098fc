"""What is looked for in a log: the filter and the search of an event stream, over every kept entry."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from janus_notebook.panels.events.snapshot import KIND_LIMIT
from janus_notebook.panels.snapshot import clean, event_row, ident

if TYPE_CHECKING:
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["Query", "flat_runs", "matching"]

SLICE_SECONDS: Final = 0.004
"""For how long entries are looked through before the loop may do something else."""
TEXT_LIMIT: Final = 500
# The same as in ``js/filters.js``: -word, "some words", -"some words", word.
_WORD = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True)
class Query:
    """What an entry has to be.

    Attributes:
        words: texts that are in it, in lower case: in its row or in its JSON.
        without: texts that are not.
        directions, kind, handle: as the row shows them; None for all.
    """

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    directions: frozenset[str] | None = None
    kind: str | None = None
    handle: str | None = None

    @classmethod
    def of(cls, content: object) -> Self:
        """Read what the front end sent: ``text``, ``search``, ``directions``, ``kind``, ``handle``.

        What is missing or of a wrong type asks for nothing. The words of ``text`` are looked for one by
        one, ``search`` is looked for as it stands.
        """
        given: Mapping[str, Any] = content if isinstance(content, Mapping) else {}
        words: list[str] = []
        without: list[str] = []
        for minus, phrase, word in _WORD.findall(_text(given.get("text"))):
            if phrase or word:
                (without if minus else words).append(phrase or word)
        if search := _text(given.get("search")):
            words.append(search)
        directions, kind, handle = given.get("directions"), given.get("kind"), given.get("handle")
        return cls(
            tuple(words),
            tuple(without),
            frozenset(map(str, directions)) if isinstance(directions, list) else None,
            kind if isinstance(kind, str) else None,
            handle if isinstance(handle, str) else None,
        )

    def fits(self, event: JanusEvent, labels: Mapping[int, str]) -> bool:
        """Whether the entry is such a one; `labels`: what a person calls the handles."""
        if self.directions is not None and event.direction not in self.directions:
            return False
        if self.handle is not None and ident(event.handle_id) != self.handle:
            return False
        if self.kind is not None and event.kind != self.kind and clean(event.kind, KIND_LIMIT) != self.kind:
            return False
        if not self.words and not self.without:
            return True
        # A copy, so that what was never read stays the short text that it came as.
        text = _searched(msgspec.structs.replace(event), labels)
        return all(word in text for word in self.words) and not any(word in text for word in self.without)


async def matching(
    events: Sequence[JanusEvent],
    query: Query,
    wanted: Callable[[], bool],
    labels: Mapping[int, str],
) -> list[JanusEvent] | None:
    """The entries that fit, in their order; the loop goes on meanwhile. None when no longer `wanted`."""
    found = []
    until = time.monotonic() + SLICE_SECONDS
    for event in events:
        if query.fits(event, labels):
            found.append(event)
        if time.monotonic() > until:
            await asyncio.sleep(0)
            if not wanted():
                return None
            until = time.monotonic() + SLICE_SECONDS
    return found


def flat_runs(numbers: Iterable[int]) -> list[int]:
    """Rising numbers in short: how many to leave out, how many follow one another, and so on, from 1 on.

    ``[1, 2, 3, 7]`` becomes ``[0, 3, 3, 1]``.
    """
    runs: list[int] = []
    expected = 1
    for number in numbers:
        if not runs or number != expected:
            runs += [number - expected, 0]
        runs[-1] += 1
        expected = number + 1
    return runs


def _text(value: object) -> str:
    return value[:TEXT_LIMIT].lower().strip() if isinstance(value, str) else ""


def _searched(event: JanusEvent, labels: Mapping[int, str]) -> str:
    """The text in which words are looked for: the row's, and the whole message's with its secrets masked."""
    row = event_row(event)
    handle = f"{labels.get(event.handle_id or 0, '')} {row['handle'] or ''}"
    shown = f"{row['seq']} {row['direction']} {row['kind']} {handle} {row['summary']}"
    try:
        whole = msgspec.json.encode(event.raw).decode()
    except (TypeError, ValueError):  # what JSON or UTF-8 does not have
        try:
            whole = json.dumps(event.raw, default=str)
        except (TypeError, ValueError):
            whole = repr(event.raw)
    return f"{shown}\n{whole}".lower()
