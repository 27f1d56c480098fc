"""What the event stream shows, as small plain dicts."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.snapshot import NAME_LIMIT, clean, event_row
from janus_notebook.protocol.events import StateEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from janus_notebook.client.log import EventLog
    from janus_notebook.protocol.events import JanusEvent

__all__ = [
    "KIND_LIMIT",
    "event_text",
    "log_facts",
    "newest_rows",
    "picked",
    "stream_head",
    "stream_snapshot",
]

STATIC_ROWS: Final = 50
KIND_LIMIT: Final = 40
"""Characters of a kind in a row."""
JSON_LIMIT: Final = 200_000
STRING_LIMIT: Final = 2_000
"""Characters that are shown of each text in an event whose JSON is longer than that."""

# What JSON leaves as it is, and a reader would not see, or see turned around. Only texts hold it.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]")
_SEQ = attrgetter("seq")


def log_facts(
    events: Iterable[JanusEvent], state: str = "new", session_id: int | None = None
) -> tuple[str, int | None]:
    """The session's state and id after these entries of its log, given those before them."""
    for event in events:
        session_id = session_id if event.session_id is None else event.session_id
        if event.handle_id is None and isinstance(event, StateEvent):
            state = event.state
    return state, session_id


def stream_head(
    state: str,
    session_id: int | None,
    handle_id: int | None,
    title: str,
    labels: Mapping[int, str],
) -> dict[str, Any]:
    """What stands above an event stream: of a whole session, or of one handle; or its own `title`."""
    of = f"session {session_id or ''}".strip()
    if handle_id is not None:
        label = clean(labels.get(handle_id, ""), NAME_LIMIT)
        of = f"{label} (handle {handle_id})" if label else f"handle {handle_id}"
    return {
        "title": title or f"Events of {of}",
        "state": clean(state, 20),
        "one_handle": handle_id is not None,
    }


def stream_snapshot(log: EventLog, handle_id: int | None = None) -> dict[str, Any]:
    """What the static form of an event stream shows."""
    head = stream_head(*log_facts(log), handle_id, log.title, log.labels)
    return {
        "head": {**head, "total": log.total, "dropped": log.dropped},
        "rows": newest_rows(log, 0, STATIC_ROWS, handle_id)[0],
    }


def newest_rows(
    log: EventLog, after: int, limit: int, handle_id: int | None = None
) -> tuple[list[dict[str, Any]], int]:
    """The newest rows after number `after`, at most `limit`, oldest first; and how many were left out."""
    if handle_id is None:
        events = log.since(after, limit)
        left_out = max(log.total - after, 0) - len(events)
    else:
        mine = [event for event in log.since(after) if event.handle_id == handle_id]
        events = mine[-limit:]
        left_out = len(mine) - len(events)
    return [event_row(event) for event in events], left_out


def picked(events: Sequence[JanusEvent], numbers: Iterable[int]) -> dict[int, JanusEvent]:
    """The entries with these numbers, of those that are there; `events` are in their order."""
    found = {}
    for number in numbers:
        at = bisect_left(events, number, key=_SEQ)
        if at < len(events) and events[at].seq == number:
            found[number] = events[at]
    return found


def event_text(event: JanusEvent) -> tuple[str, bool]:
    """The whole event as indented JSON, and whether it is whole: long texts of a huge one are cut.

    What a reader would not see is escaped, so it is JSON still, and stands for the same. The log has masked
    the secrets already.
    """
    try:
        # There and back: what is walked through is a tree of plain values, whatever was in the event.
        plain = json.loads(json.dumps(event.raw, default=str))
    except (TypeError, ValueError):  # a key that is no text, or a circle: only in what was never sent
        plain = repr(event.raw)
    text = _indented(plain)
    if len(text) <= JSON_LIMIT:
        return text, True
    text = _indented(_shortened(plain))
    return text if len(text) <= JSON_LIMIT else _indented(text[: JSON_LIMIT // 4] + " … (cut)"), False


def _indented(plain: Any) -> str:
    text = json.dumps(plain, indent=2, ensure_ascii=False)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > STRING_LIMIT:
        return f"{value[:STRING_LIMIT]} … ({len(value):,} characters)"
    if isinstance(value, dict):
        return {key[:STRING_LIMIT]: _shortened(item) for key, item in value.items()}
    return [_shortened(item) for item in value] if isinstance(value, list) else value
