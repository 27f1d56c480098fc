"""What the event stream shows, as small plain dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.snapshot import clean, event_row
from janus_notebook.protocol.events import StateEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from janus_notebook.client.log import EventLog
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["log_facts", "newest_rows", "stream_head", "stream_snapshot"]

STATIC_ROWS: Final = 50


def log_facts(
    events: Iterable[JanusEvent], state: str = "new", session_id: int | None = None
) -> tuple[str, int | None]:
    """The session's state and id after these entries of its log, given those before them."""
    for event in events:
        session_id = session_id if event.session_id is None else event.session_id
        if event.handle_id is None and isinstance(event, StateEvent):
            state = event.state
    return state, session_id


def stream_head(state: str, session_id: int | None, handle_id: int | None, title: str = "") -> dict[str, Any]:
    """What stands above an event stream: of a whole session, or of one handle; or its own `title`."""
    of = f"handle {handle_id}" if handle_id is not None else f"session {session_id or ''}".strip()
    return {
        "title": title or f"Events of {of}",
        "state": clean(state, 20),
        "one_handle": handle_id is not None,
    }


def stream_snapshot(log: EventLog, handle_id: int | None = None) -> dict[str, Any]:
    """What the static form of an event stream shows."""
    head = stream_head(*log_facts(log), handle_id, log.title)
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
