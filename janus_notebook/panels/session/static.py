"""The static form of the session panel."""

from __future__ import annotations

from typing import Any, Final

from janus_notebook.panels.static import (
    Facts,
    Part,
    Rows,
    Title,
    seconds_text,
    state_text,
    taken_text,
    time_text,
)

__all__ = ["session_parts"]

COUNTERS: Final = {
    "requests": "requests",
    "replies": "replies and acks",
    "events": "events",
    "in_flight": "in flight",
    "errors": "errors",
    "dropped": "dropped",
}


def session_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of a session's static form."""
    head, counters = snapshot["head"], snapshot["counters"]
    rows = [[h["id"] or "–", h["plugin"], state_text(h["state"])] for h in snapshot["handles"]]
    facts = [
        ("recording", head["recording"]),
        ("server", " ".join(filter(None, [head["server"], head["version"]])) or "not asked yet"),
        ("address", head["url"]),
        ("transport", head["transport"]),
        ("keepalive", _keepalive(head)),
        ("since", time_text(head["since"])),
        *((label, str(counters[name])) for name, label in COUNTERS.items()),
        ("taken", taken_text(snapshot)),
    ]
    return [
        Title(f"Janus session {head['id'] or ''}".strip(), head["state"], head["reason"]),
        Facts(facts),
        Rows("Handles", ("id", "plugin", "state"), rows),
    ]


def _keepalive(head: dict[str, Any]) -> str:
    if head["keepalive_secs"] is None:
        return "none needed"
    every = f"every {seconds_text(head['keepalive_secs'])}"
    if head["timeout_secs"] is None:
        return every
    return f"{every} (session timeout {seconds_text(head['timeout_secs'])})"
