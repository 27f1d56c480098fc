"""An event stream as a file: JSON lines that ``replay`` opens, or text for a person; in parts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from janus_notebook.client import recording
from janus_notebook.panels.snapshot import event_row

if TYPE_CHECKING:
    from janus_notebook.client.log import EventLog
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["FORMATS", "file_name", "parts"]

PART_CHARACTERS: Final = 60_000
"""Of one message: Jupyter's server throws messages away beyond a megabyte a second, and a panel sends ten."""
FORMATS: Final = {"jsonl": "jsonl", "text": "txt"}


def file_name(session_id: int | None, form: str) -> str:
    """What the file is called: by its session, and by now."""
    now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    of = "" if session_id is None else f"-{session_id}"
    return f"janus-events{of}-{now}.{FORMATS[form]}"


def parts(log: EventLog, events: Sequence[JanusEvent], form: str) -> Iterator[tuple[str, int, bool]]:
    """The text of the file piece by piece, with how many entries that makes, and whether there is more."""
    lines = _recorded(log, events) if form == "jsonl" else _text(events)
    part: list[str] = []
    size = 0
    for number, line in enumerate(lines):
        for piece in _pieces(line):
            part.append(piece)
            size += len(piece)
            if size >= PART_CHARACTERS:
                yield "".join(part), number, True
                part, size = [], 0
    yield "".join(part), len(events), False


def _pieces(line: str) -> Iterable[str]:
    return (line[at : at + PART_CHARACTERS] for at in range(0, len(line), PART_CHARACTERS))


def _recorded(log: EventLog, events: Sequence[JanusEvent]) -> Iterator[str]:
    """The lines of `recording`, for some entries of the log."""
    whole = recording.record(log, log.about() if log.about is not None else None)
    for line in recording.lines(replace(whole, entries=tuple(events))):
        yield line.decode()


def _text(events: Sequence[JanusEvent]) -> Iterator[str]:
    """A heading, then a line for each entry."""
    yield f"{len(events)} events, written {datetime.fromtimestamp(time.time(), UTC):%Y-%m-%d %H:%M:%S} UTC\n"
    for event in events:
        row = event_row(event)
        at = datetime.fromtimestamp(event.time, UTC).strftime("%H:%M:%S.%f")[:-3]
        yield (
            f"{row['seq']:>7}  {at}  {row['elapsed']:>10.3f} s  {row['direction']:<8} {row['kind']:<12} "
            f"{row['handle'] or '-':<17} {row['summary']}\n"
        )
