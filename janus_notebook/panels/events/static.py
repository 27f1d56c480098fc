"""The static form of the event stream."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.static import Facts, Part, Title, event_table, taken_text

__all__ = ["stream_parts"]


def stream_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of an event stream's static form."""
    head = snapshot["head"]
    facts = [
        ("shown", f"the newest {len(snapshot['rows'])} of {head['total']}"),
        ("dropped from the log", str(head["dropped"])),
        ("taken", taken_text(snapshot)),
    ]
    return [
        Title(head["title"], head["state"], ""),
        Facts(facts),
        event_table("Events", snapshot["rows"]),
    ]
