"""The static form of the handle panel."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.static import WORDS, Facts, Part, Rows, Steps, Title, event_table, taken_text

__all__ = ["handle_parts"]


def handle_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of a handle's static form."""
    head, webrtc = snapshot["head"], snapshot["webrtc"]
    rungs = [_rung(rung) for rung in snapshot["ladder"]]
    facts = [
        ("ICE", webrtc.get("ice")),
        ("DTLS", webrtc.get("dtls")),
        ("local", webrtc.get("local")),
        ("remote", webrtc.get("remote")),
        ("sending", webrtc.get("sending")),
        ("taken", taken_text(snapshot)),
    ]
    media = [
        [
            row["mid"],
            row["type"] or "–",
            {True: "yes", False: "no", None: "unknown"}[row["janus_receives"]],
            str(row["slowlinks"]),
            str(row["lost"]),
            "–" if row["frames"] is None else f"{row['frames']}" + (" (ended)" if row["ended"] else ""),
            row["size"] or "–",
        ]
        for row in snapshot["media"]
    ]
    columns = ("mid", "type", "Janus receives", "slow links", "lost", "frames back", "size")
    return [
        Title(f"{head['plugin']} {head['id'] or ''}".strip(), head["state"], head["reason"]),
        Steps(rungs),
        Facts(facts),
        Rows("Media", columns, media),
        event_table("Last events", snapshot["events"]),
    ]


def _rung(rung: dict[str, Any]) -> str:
    mark = "▸" if rung["current"] else "✓" if rung["reached"] else "·"
    after = (
        ""
        if rung["after_secs"] is None
        else f" ({'in' if rung['state'] == 'connected' else 'after'} {rung['after_secs']:.3f} s)"
    )
    return f"{mark} {WORDS.get(rung['state'], rung['state'])}{after}"
