"""`Ladder`: the signalling of a session as a sequence diagram.

JupyterLab (4.1 and newer) and GitHub draw it from ``text/vnd.mermaid``; anywhere else it is plain text.
Source: "Sequence diagrams" of the Mermaid documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from janus_notebook.client.frames import plugins_by_handle
from janus_notebook.errors import JanusOptionError
from janus_notebook.protocol.events import ErrorEvent, JanusEvent, PeerEvent, PluginEvent, StateEvent
from janus_notebook.protocol.typed import Record
from janus_notebook.texts import LINE_LIMIT, NAME_LIMIT, clean

__all__ = ["Ladder", "Step", "ladder_of"]

CLIENT, SERVER = "Client", "Janus"
LABEL_CHARACTERS = 60

# The plain form: where the lines of life stand.
TIME_WIDTH = 10
GAP = 36
NARROWEST = 14
WIDTH = 180

# What would end a Mermaid statement, begin a comment or an entity, or break the line it stands on.
# "$$" would begin a formula, "&" an entity of HTML.
_NOT_PLAIN = re.compile(r"[^\w .,=+/()\[\]{}'?!*-]")


class Step(Record, frozen=True, kw_only=True):
    """One line of the diagram.

    Attributes:
        elapsed: seconds since the session began.
        how: ``request``, ``reply``, ``event``, or ``note`` over `source`.
        source, target: participants.
        label: what is said.
    """

    elapsed: float
    how: Literal["request", "reply", "event", "note"]
    source: str
    target: str
    label: str


class Ladder(Record, frozen=True, kw_only=True):
    """A sequence diagram: shown as such in a notebook, `str` gives the plain text.

    Attributes:
        participants: from left to right.
        steps: from top to bottom.
        left_out: how many earlier steps there were.
    """

    participants: tuple[str, ...]
    steps: tuple[Step, ...]
    left_out: int = 0

    @property
    def mermaid(self) -> str:
        """The diagram in Mermaid's language."""
        names = {name: f"p{index}" for index, name in enumerate(self.participants)}
        lines = ["sequenceDiagram"]
        lines += [f"    participant {names[name]} as {_escaped(name)}" for name in self.participants]
        if self.left_out:
            lines.append(f"    Note over {names[CLIENT]}: {self.left_out} earlier messages are left out")
        arrows = {"request": "->>", "reply": "-->>", "event": "-)"}
        for step in self.steps:
            source, label = names[step.source], _escaped(step.label) or "·"
            if step.how == "note":
                lines.append(f"    Note over {source}: {label}")
            else:
                lines.append(f"    {source}{arrows[step.how]}{names[step.target]}: {label}")
        return "\n".join(lines) + "\n"

    @property
    def text(self) -> str:
        """The diagram as plain text: a column for each participant, time goes down."""
        gap = max(NARROWEST, min(GAP, WIDTH // len(self.participants)))
        places = {name: TIME_WIDTH + 2 + gap * index for index, name in enumerate(self.participants)}
        lines = [_titles(places, gap)]
        if self.left_out:
            lines.append(" " * TIME_WIDTH + f"  ({self.left_out} earlier messages are left out)")
        for step in self.steps:
            line = _lives(places)
            if step.how == "note":
                _put(line, places[step.source] + 2, f"[{step.label}]")
            else:
                _arrow(line, places[step.source], places[step.target], step)
            lines.append(f"{step.elapsed:{TIME_WIDTH - 2}.3f} s" + "".join(line[TIME_WIDTH:]).rstrip())
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def __len__(self) -> int:
        return len(self.steps)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/vnd.mermaid": self.mermaid, "text/plain": self.text}


def ladder_of(
    events: Iterable[JanusEvent],
    *,
    handle_id: int | None = None,
    keepalives: bool = False,
    candidates: bool = False,
    limit: int = 200,
    labels: Mapping[int, str] | None = None,
) -> Ladder:
    """Make the diagram of these entries; see `EventLog.ladder`.

    Args:
        labels: what a person calls the handles, by id.
    """
    if not isinstance(limit, int) or limit < 1:
        raise JanusOptionError(f"limit must be a whole number from 1, not {limit!r}")
    entries = [event for event in events if handle_id is None or event.handle_id == handle_id]
    hidden = {*(() if keepalives else ("keepalive",)), *(() if candidates else ("trickle",))}
    names = _names(entries, labels or {})
    steps = [_step(event, names) for event in _without(entries, hidden)]
    shown = steps[-limit:]
    seen = {name for step in shown for name in (step.source, step.target)}
    participants = [CLIENT, SERVER, *names.values()]
    return Ladder(
        participants=tuple(name for name in participants if name == CLIENT or name in seen),
        steps=tuple(shown),
        left_out=len(steps) - len(shown),
    )


def _without(entries: Sequence[JanusEvent], hidden: set[str]) -> list[JanusEvent]:
    """The entries without those of hidden kinds and the replies to them."""
    unseen = {
        event.raw.get("transaction")
        for event in entries
        if event.direction == "request" and event.kind in hidden
    }
    return [
        event
        for event in entries
        if event.kind not in hidden
        and not (event.direction == "reply" and event.raw.get("transaction") in unseen)
    ]


def _names(entries: Iterable[JanusEvent], labels: Mapping[int, str]) -> dict[int, str]:
    """What each handle is called: its label, its plugin, and its id where that is not enough."""
    plugins = plugins_by_handle(entries)
    short = {handle_id: clean(name.rpartition(".")[2], NAME_LIMIT) for handle_id, name in plugins.items()}
    for event in entries:
        if event.handle_id is not None:
            short.setdefault(event.handle_id, "handle")
    for handle_id in short.keys() & labels.keys():
        label = clean(labels[handle_id], NAME_LIMIT)
        if label != short[handle_id]:
            short[handle_id] = f"{label} ({short[handle_id]})"
    taken = list(short.values())
    return {
        handle_id: name if taken.count(name) == 1 and name != "handle" else f"{name} {handle_id}"
        for handle_id, name in short.items()
    }


def _step(event: JanusEvent, names: Mapping[int, str]) -> Step:
    other = SERVER if event.handle_id is None else names[event.handle_id]
    label = _cut(_label(event))
    if event.direction in ("local", "monitor"):
        # What an event handler told was no message to us: it happened there.
        place = CLIENT if event.direction == "local" and event.handle_id is None else other
        return Step(elapsed=event.elapsed, how="note", source=place, target=place, label=label)
    there = event.direction == "request"
    source, target = (CLIENT, other) if there else (other, CLIENT)
    how = event.direction if event.direction in ("request", "reply") else "event"
    return Step(elapsed=event.elapsed, how=how, source=source, target=target, label=label)


def _label(event: JanusEvent) -> str:
    """What a step says: who asked for what, in Janus's own words."""
    match event:
        case StateEvent():
            return f"{event.state}: {event.reason}" if event.reason else event.state
        case ErrorEvent() if event.direction == "local":
            return f"error: {event.reason}"
        case PeerEvent():
            return event.summary
        case PluginEvent():
            named = "" if event.name == "event" else f"{event.name} "
            return named + event.summary
    summary = event.summary
    body = event.raw.get("body")
    if event.kind == "message" and isinstance(body, dict) and isinstance(body.get("request"), str):
        # The name of the plugin's request says more than that it is a message.
        rest = summary.removeprefix(f"request={body['request']}").strip()
        return f"{body['request']} {rest}".strip()
    return f"{event.kind} {summary}".strip()


def _cut(text: str) -> str:
    return clean(" ".join(text[:LINE_LIMIT].split()), LABEL_CHARACTERS)


def _escaped(text: str) -> str:
    """Text as Mermaid takes it: all that might mean something to it as an entity (``#59;``)."""
    return _NOT_PLAIN.sub(lambda found: f"#{ord(found[0])};", text)


# -- the plain form ---------------------------------------------------------------------------------


def _titles(places: Mapping[str, int], gap: int) -> str:
    line = [" "] * (max(places.values()) + gap)
    for name, place in places.items():
        title = name if len(name) < gap else name[: gap - 2] + "…"
        _put(line, max(place - len(title) // 2, 0), title)
    return "".join(line).rstrip()


def _lives(places: Mapping[str, int]) -> list[str]:
    line = [" "] * (max(places.values()) + 1)
    for place in places.values():
        line[place] = "|"
    return line


def _arrow(line: list[str], source: int, target: int, step: Step) -> None:
    left, right = sorted((source, target))
    dash = "-" if step.how == "request" else "·" if step.how == "reply" else "~"
    room = right - left - 3
    label = step.label if len(step.label) <= room - 4 else step.label[: max(room - 5, 0)] + "…"
    body = f" {label} ".center(room, dash)
    _put(line, left + 1, f"{body}{dash}>" if target > source else f"<{dash}{body}")


def _put(line: list[str], at: int, text: str) -> None:
    line.extend(" " * (at + len(text) - len(line)))
    line[at : at + len(text)] = text
