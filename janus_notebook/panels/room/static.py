"""The static form of the Room panel."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.static import Facts, Part, Rows, Title, taken_text, time_text

__all__ = ["room_parts"]


def room_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of a room's static form."""
    head = snapshot["head"]
    if head["state"] == "new":
        return [Title("VideoRoom", "new", "no room was joined yet")]
    description = f" “{head['description']}”" if head["description"] else ""
    facts = [(name, value) for name, value in snapshot["facts"]]
    numbers = ""
    if head["state"] == "joined":
        people = "participant" if head["count"] == 1 else "participants"
        numbers = f"{head['count']} {people}, {head['publishing']} publishing"
    moves = [
        [time_text(move["time"]), f"{move['who']}{' (you)' if move['me'] else ''}", move["what"]]
        for move in snapshot["moves"]
    ]
    return [
        Title(f"VideoRoom {head['room']}{description}", head["state"], numbers),
        Facts([("you are", head["me"]), *facts, ("taken", taken_text(snapshot))]),
        Rows("In the room", ("who", "id", "since", "sends", "talks"), list(map(_row, snapshot["people"]))),
        Rows("Who came and went", ("when", "who", "what"), moves),
    ]


def _row(person: dict[str, Any]) -> list[str]:
    sends = ", ".join(_stream(stream) for stream in person["streams"])
    talks = {True: "yes", False: "no", None: ""}[person["talking"]]
    since = "here before you" if person["since"] is None else time_text(person["since"])
    nothing = "a placeholder" if person["dummy"] else "publishes" if person["publisher"] else "nothing"
    name = person["name"] + (" (you)" if person["me"] else "")
    return [name, person["id"], since, sends or nothing, talks]


def _stream(stream: dict[str, Any]) -> str:
    words = [*stream["words"], *(["muted by moderation"] if stream["muted"] else [])]
    name = " ".join(filter(None, [stream["type"], stream["codec"], stream["description"]]))
    return name + (f" ({', '.join(words)})" if words else "")
