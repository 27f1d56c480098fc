"""The static form of the camera panel."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.static import Facts, Part, Title, taken_text

__all__ = ["camera_parts"]


def camera_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of the static form: a saved notebook has no pictures."""
    head = snapshot["head"]
    shown = ", ".join(name for name in snapshot["names"].values() if name)
    return [
        Title(head["title"], head["state"], head["reason"]),
        Facts([("sends", snapshot["sends"]), ("shows", shown), ("taken", taken_text(snapshot))]),
    ]
