"""The static form of the handle panel."""

from __future__ import annotations

from typing import Any, Final

from janus_notebook.panels.static import Facts, Part, Rows, Title, event_table, taken_text

__all__ = ["MARKS", "handle_parts"]

MARKS: Final = {
    "done": "✓",
    "now": "▸",
    "slow": "!",
    "failed": "✕",
    "waiting": "·",
    "none": "–",
    "unknown": "?",
    "over": "■",
}
WORDS: Final = {
    "done": "done",
    "now": "under way",
    "slow": "takes long",
    "failed": "failed",
    "waiting": "not yet",
    "none": "not part of it",
    "unknown": "not known",
    "over": "over",
}


def handle_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of a handle's static form."""
    head, verdict, figures = snapshot["head"], snapshot["verdict"], snapshot["figures"]
    told = [("", f"{verdict['title']}. {verdict['text']}".strip())]
    if verdict["advice"]:
        told.append(("", ("" if verdict["level"] == "calm" else "Try: ") + verdict["advice"]))
    facts = [*snapshot["path"].items(), ("figures", figures["error"] or figures["note"])]
    return [
        Title(
            " ".join(filter(None, [head["label"], head["plugin"], head["id"]])), head["state"], head["reason"]
        ),
        Facts(told),
        Rows("Steps of the connection", ("step", "", "took", "note"), [_rung(r) for r in snapshot["ladder"]]),
        Facts([*facts, ("taken", taken_text(snapshot))]),
        Rows("Media", _MEDIA_COLUMNS, [row for each in snapshot["media"] for row in _media(each)]),
        event_table("Last events", snapshot["events"]),
    ]


_MEDIA_COLUMNS: Final = ("mid", "media", "seen by", "receives", "sends", "lost", "jitter", "RTT", "last said")


def _rung(rung: dict[str, Any]) -> list[str]:
    took = "" if rung["secs"] is None else f"{rung['secs']:.3f} s"
    return [rung["title"], f"{MARKS[rung['status']]} {WORDS[rung['status']]}", took, rung["note"]]


def _media(row: dict[str, Any]) -> list[list[str]]:
    """A line for each side that has figures; at least one."""
    what = " · ".join(filter(None, [row["kind"] or "–", row["codec"], row["direction"]]))
    lines = []
    for side, name in (("we", "we"), ("janus", "Janus")):
        if (seen := row[side]) is not None:
            lines.append([name, *(seen[key] for key in ("receives", "sends", "loss", "jitter", "rtt"))])
    lines = lines or [["–"] * 6]
    said = [last_said(row), *[""] * (len(lines) - 1)]
    first = [[row["mid"], what], *[["", ""]] * (len(lines) - 1)]
    return [[*start, *line, end] for start, line, end in zip(first, lines, said, strict=True)]


def last_said(row: dict[str, Any]) -> str:
    """What Janus said of a mid, and what we have of it."""
    texts = [{True: "Janus receives it", False: "Janus receives nothing", None: ""}[row["janus_receives"]]]
    if row["source_ended"]:
        texts = ["our source has ended"]
    if row["slowlinks"]:
        texts.append(f"{row['slowlinks']} slow link{'s' * (row['slowlinks'] > 1)} ({row['lost']} lost)")
    if row["frames"] is not None:
        size = f" of {row['size']}" if row["size"] else ""
        texts.append(f"we decoded {row['frames']:,} frames{size}{' (ended)' if row['ended'] else ''}")
    return ", ".join(filter(None, texts)) or "–"
