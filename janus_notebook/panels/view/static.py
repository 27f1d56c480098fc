"""The static form of a live view."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.static import Facts, Image, Part, Title, taken_text

__all__ = ["view_parts"]

NOT_KEPT = "not kept in the notebook; view(static=True) keeps the last one"


def view_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of a view's static form."""
    head = snapshot["head"]
    figures = snapshot["figures"]
    name = " ".join(filter(None, ["Live view:", head["title"], head["ident"]]))
    facts = [
        ("Shows", head["which"]),
        ("Size", figures["size"]),
        ("Overlay", head["overlay"]),
        ("Shown", f"{figures['shown']} pictures, {head['fps']:g} a second at most"),
        ("Problem", snapshot["problem"]),
        ("Picture", "" if snapshot["picture"] else NOT_KEPT),
        ("As of", taken_text(snapshot)),
    ]
    parts: list[Part] = [Title(name, head["state"], head["reason"]), Facts(facts)]
    if snapshot["picture"]:
        parts.append(Image(snapshot["picture"], f"The last picture of {head['title']} {head['ident']}"))
    return parts
