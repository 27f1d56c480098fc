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
    from collections.abc import Mapping

    from janus_notebook.client.replay import AnySession
    from janus_notebook.protocol.events import JanusEvent

__all__ = [
    "AS_IT_SEES_ITSELF",
    "NAME_LIMIT",
    "clean",
    "event_row",
    "ident",
    "is_moving",
    "number",
    "public_address",
]

SUMMARY_LIMIT: Final = 200
# Of the `local-ip` in the server's answer to `info`: it is not where media go.
AS_IT_SEES_ITSELF: Final = "as Janus sees itself; its ICE candidates may name others"


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


def public_address(server: Mapping[str, Any]) -> str | None:
    """The addresses that the server's answer to ``info`` names for 1:1 NAT."""
    named = [clean(server[key], 60) for key in ("public-ip", "nat-1-1") if server.get(key)]
    return ", ".join(dict.fromkeys(named)) or None


def number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value
