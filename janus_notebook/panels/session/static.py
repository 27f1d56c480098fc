"""The static form of the session panel."""

from __future__ import annotations

from typing import Any, Final

from janus_notebook.panels.snapshot import AS_IT_SEES_ITSELF
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

__all__ = ["session_parts", "trips_text"]

COUNTERS: Final = {
    "requests": "requests",
    "replies": "replies and acks",
    "events": "events",
    "in_flight": "in flight",
    "errors": "errors",
    "dropped": "dropped",
}
BARS: Final = "▁▂▃▄▅▆▇█"
SPARKS: Final = 30


def session_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of a session's static form."""
    head, counters, history = snapshot["head"], snapshot["counters"], snapshot["history"]
    errors = snapshot["errors"]
    badge = f"{errors['total']} in the background" if errors["total"] else ""
    facts = [
        ("recording", head["recording"]),
        ("server", " ".join(filter(None, [head["server"], head["version"]])) or "not asked yet"),
        ("address", head["url"]),
        ("transport", head["transport"]),
        ("keepalive", _keepalive(head)),
        ("if lost", _kept(head)),
        ("round trip", trips_text(snapshot["trips"])),
        ("local IP", head["local_ip"] and f"{head['local_ip']} ({AS_IT_SEES_ITSELF})"),
        ("public IP", head["public_ip"]),
        ("ICE", head["ice"]),
        ("asks for", head["asks_for"]),
        ("plugins", head["plugins"]),
        ("since", time_text(head["since"])),
        *(
            (label, " – ".join(filter(None, [str(counters[name]), badge if name == "errors" else ""])))
            for name, label in COUNTERS.items()
        ),
        ("taken", taken_text(snapshot)),
    ]
    handles = [
        [
            _named(h["label"], h["id"]),
            " ".join(filter(None, [h["plugin"], h["name"] and f"“{h['name']}”"])),
            state_text(h["state"]),
            h["media"] or "–",
            h["reason"],
        ]
        for h in snapshot["handles"]
    ]
    changes = [
        [
            _clock(row["time"]),
            state_text(row["state"]),
            "now" if row["lasted_secs"] is None else seconds_text(row["lasted_secs"]),
            row["reason"],
        ]
        for row in history["rows"]
    ]
    earlier = f", and {history['earlier']} earlier" if history["earlier"] else ""
    failed = [
        [_clock(row["time"]), _named(row["label"], row["handle"]), _times(row)] for row in errors["rows"]
    ]
    more = f", and {errors['earlier']} earlier" if errors["earlier"] else ""
    return [
        Title(f"Janus session {head['id'] or ''}".strip(), head["state"], head["reason"]),
        Facts(facts),
        Rows(f"Errors that no call could raise{more}", ("at (UTC)", "handle", "what"), failed),
        Rows("Handles", ("handle", "plugin", "state", "media", "why"), handles),
        Rows(f"Connection, newest first{earlier}", ("at (UTC)", "state", "for", "why"), changes),
    ]


def trips_text(trips: dict[str, Any]) -> str | None:
    """The newest round-trip time, the range, and a row of bars."""
    if not trips:
        return None
    values = trips["values_ms"][-SPARKS:]
    top = max(values) or 1
    bars = "".join(BARS[min(int(value / top * len(BARS)), len(BARS) - 1)] for value in values)
    count = len(trips["values_ms"])
    if count == 1:
        return f"{trips['last_ms']:g} ms"
    spread = f"min {trips['low_ms']:g} · median {trips['median_ms']:g} · max {trips['high_ms']:g} ms"
    return f"{trips['last_ms']:g} ms ({spread} of the last {count} answers) {bars}"


def _clock(seconds: float) -> str:
    return time_text(seconds)[11:19]


def _named(label: str, handle: str | None) -> str:
    return " ".join(filter(None, [label, handle])) or "–"


def _times(row: dict[str, Any]) -> str:
    return f"{row['text']} ({row['times']} times)" if row["times"] > 1 else str(row["text"])


def _keepalive(head: dict[str, Any]) -> str:
    if head["keepalive_secs"] is None:
        return "none needed"
    every = f"every {seconds_text(head['keepalive_secs'])}"
    if head["timeout_secs"] is None:
        return every
    return f"{every} (session timeout {seconds_text(head['timeout_secs'])})"


def _kept(head: dict[str, Any]) -> str | None:
    """What becomes of the session when its connection is lost (``reclaim_session_timeout``)."""
    if head["kept_secs"] is None:
        return None
    return (
        f"the server keeps it for {seconds_text(head['kept_secs'])}"
        if head["kept_secs"]
        else "the session is gone at once"
    )
