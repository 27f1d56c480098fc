"""What goes into every panel's snapshot: small plain values, cleaned, ready for JSON.

Everything in a snapshot is a str, number, bool, None, or a list or dict of these. Text of the
server or the user went through `clean`. The functions only read; call them on the thread of the
session's loop.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from janus_notebook import texts
from janus_notebook.client.replay import Replay
from janus_notebook.client.session import ALIVE
from janus_notebook.texts import NAME_LIMIT

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["NAME_LIMIT", "clean", "event_row", "ident", "is_moving", "number"]

SUMMARY_LIMIT: Final = 200


def clean(text: object, limit: int = SUMMARY_LIMIT, *, lines: bool = False) -> str:
    """`texts.clean`, with a limit that suits a cell of a table."""
    return texts.clean(text, limit, lines=lines)


def event_row(event: JanusEvent) -> dict[str, Any]:
    """One line of the event stream."""
    return {
        "seq": event.seq,
        "elapsed": round(event.elapsed, 3),
        "time": round(event.time, 3),
        "direction": str(event.direction),
        "kind": clean(event.kind, 40),
        "handle": ident(event.handle_id),
        "summary": clean(event.summary),
    }


def is_moving(session: AnySession) -> bool:
    """Whether what a panel of this session shows can change by itself."""
    return session.playing if isinstance(session, Replay) else session.state in ALIVE


def ident(value: int | None) -> str | None:
    """An id as text: JavaScript's numbers are exact up to 2**53 only."""
    return None if value is None else clean(value, 40)


def number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value
