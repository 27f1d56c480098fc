"""The static forms of a panel: ``text/plain`` and ``text/html`` from its snapshot.

They stand in saved notebooks, on GitHub, in exported pages, and in front ends without widgets. The
HTML is whole in itself: inline styles, no script, colours that suit light and dark pages. Every text in it
is escaped.
"""

from __future__ import annotations

import html as html_module
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["html", "plain"]

SYMBOLS: Final = {
    "new": "○",
    "connecting": "◔",
    "attached": "◇",
    "negotiating": "◐",
    "connected": "●",
    "reconnecting": "◔",
    "recovered": "●",
    "listening": "○",
    "receiving": "●",
    "hungup": "■",
    "lost": "▲",
    "closed": "✕",
    "detached": "✕",
}
WORDS: Final = {"hungup": "hung up"}
ARROWS: Final = {"request": "→", "reply": "←", "event": "⇐", "local": "•", "monitor": "⇠"}
COUNTERS: Final = {
    "requests": "requests",
    "replies": "replies and acks",
    "events": "events",
    "in_flight": "in flight",
    "errors": "errors",
    "dropped": "dropped",
}

_COLOUR = "color:var(--jp-ui-font-color1,currentColor)"
_LINE = "1px solid rgba(128,128,128,.4)"
_MUTED = "opacity:.72"
_MONO = "font-family:var(--jp-code-font-family,ui-monospace,monospace)"
_CELL = "padding:1px 14px 1px 0;text-align:left;vertical-align:top"
_CARD = (
    f"{_COLOUR};border:{_LINE};border-radius:6px;padding:10px 14px;margin:4px 0;max-width:60em;"
    "font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;overflow-x:auto"
)


class Markup(str):
    """HTML that was made here, out of escaped texts."""

    __slots__ = ()


def plain(snapshot: dict[str, Any]) -> str:
    """Return the ``text/plain`` form of a session's, handle's or event stream's snapshot."""
    lines: list[str] = []
    for part in _parts(snapshot):
        match part:
            case ("title", title, state, reason):
                lines.append(f"{title}: {_state(state)}" + (f" ({reason})" if reason else ""))
            case ("facts", facts):
                width = max((len(name) for name, _ in facts), default=0)
                lines += [f"  {name:<{width}}  {value}" for name, value in facts]
            case ("ladder", rungs):
                lines.append("  " + " → ".join(rungs))
            case ("table", caption, columns, rows, _):
                lines += _plain_table(caption, columns, rows)
    return "\n".join(line.rstrip() for line in lines)


def html(snapshot: dict[str, Any]) -> str:
    """Return the ``text/html`` form of a session's, handle's or event stream's snapshot."""
    inner: list[Markup] = []
    for part in _parts(snapshot):
        match part:
            case ("title", title, state, reason):
                chip = _tag("span", _state(state), f"border:{_LINE};border-radius:9px;padding:0 8px")
                why = _tag("span", f" {reason}", _MUTED) if reason else Markup()
                head = Markup(f"{_tag('strong', title, 'font-size:14px')} {chip}{why}")
                inner.append(_tag("div", head, "margin-bottom:6px"))
            case ("facts", facts):
                rows = Markup("").join(
                    _tag("div", Markup(_tag("span", f"{name} ", _MUTED) + _tag("span", value)))
                    for name, value in facts
                )
                inner.append(_tag("div", Markup(rows), "columns:18em auto;column-gap:24px;margin-bottom:6px"))
            case ("ladder", rungs):
                inner.append(_tag("div", " → ".join(rungs), "margin-bottom:6px"))
            case ("table", caption, columns, rows, mono):
                inner.append(_html_table(caption, columns, rows, mono))
    return _tag("div", Markup("".join(inner)), _CARD)


# A part is a tuple: its kind, then what the two writers above need.


def _parts(snapshot: dict[str, Any]) -> list[tuple[Any, ...]]:
    if "rows" in snapshot:
        return _stream_parts(snapshot)
    return _handle_parts(snapshot) if "ladder" in snapshot else _session_parts(snapshot)


def _session_parts(snapshot: dict[str, Any]) -> list[tuple[Any, ...]]:
    head, counters = snapshot["head"], snapshot["counters"]
    rows = [[h["id"] or "–", h["plugin"], _state(h["state"])] for h in snapshot["handles"]]
    facts = [
        ("recording", head["recording"]),
        ("server", " ".join(filter(None, [head["server"], head["version"]])) or "not asked yet"),
        ("address", head["url"]),
        ("transport", head["transport"]),
        ("keepalive", _keepalive(head)),
        ("since", _time(head["since"])),
        *((label, str(counters[name])) for name, label in COUNTERS.items()),
        ("taken", _taken(snapshot)),
    ]
    return [
        ("title", f"Janus session {head['id'] or ''}".strip(), head["state"], head["reason"]),
        ("facts", [fact for fact in facts if fact[1]]),
        ("table", "Handles", ("id", "plugin", "state"), rows, ()),
    ]


def _handle_parts(snapshot: dict[str, Any]) -> list[tuple[Any, ...]]:
    head, webrtc = snapshot["head"], snapshot["webrtc"]
    rungs = [_rung(rung) for rung in snapshot["ladder"]]
    facts = [
        ("ICE", webrtc.get("ice")),
        ("DTLS", webrtc.get("dtls")),
        ("local", webrtc.get("local")),
        ("remote", webrtc.get("remote")),
        ("sending", webrtc.get("sending")),
        ("taken", _taken(snapshot)),
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
        ("title", f"{head['plugin']} {head['id'] or ''}".strip(), head["state"], head["reason"]),
        ("ladder", rungs),
        ("facts", [fact for fact in facts if fact[1]]),
        ("table", "Media", columns, media, ()),
        _events_part("Last events", snapshot["events"]),
    ]


def _stream_parts(snapshot: dict[str, Any]) -> list[tuple[Any, ...]]:
    head = snapshot["head"]
    facts = [
        ("shown", f"the newest {len(snapshot['rows'])} of {head['total']}"),
        ("dropped from the log", str(head["dropped"])),
        ("taken", _taken(snapshot)),
    ]
    return [
        ("title", head["title"], head["state"], ""),
        ("facts", [fact for fact in facts if fact[1]]),
        _events_part("Events", snapshot["rows"]),
    ]


def _events_part(caption: str, rows: Iterable[dict[str, Any]]) -> tuple[Any, ...]:
    table = [
        [
            str(row["seq"]),
            f"{row['elapsed']:.3f} s",
            f"{ARROWS.get(row['direction'], '?')} {row['direction']}",
            row["kind"],
            row["summary"],
        ]
        for row in rows
    ]
    return ("table", caption, ("#", "at", "direction", "kind", "what"), table, (4,))


def _rung(rung: dict[str, Any]) -> str:
    mark = "▸" if rung["current"] else "✓" if rung["reached"] else "·"
    after = (
        ""
        if rung["after_secs"] is None
        else f" ({'in' if rung['state'] == 'connected' else 'after'} {rung['after_secs']:.3f} s)"
    )
    return f"{mark} {WORDS.get(rung['state'], rung['state'])}{after}"


def _state(state: str) -> str:
    return f"{SYMBOLS.get(state, '?')} {WORDS.get(state, state)}"


def _keepalive(head: dict[str, Any]) -> str:
    if head["keepalive_secs"] is None:
        return "none needed"
    timeout = "" if head["timeout_secs"] is None else f" (session timeout {_seconds(head['timeout_secs'])})"
    return f"every {_seconds(head['keepalive_secs'])}{timeout}"


def _seconds(value: float) -> str:
    """At most 2 decimals: ``20 s``, ``1.67 s``."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + " s"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _taken(snapshot: dict[str, Any]) -> str:
    return _time(snapshot.get("taken"))


def _plain_table(caption: str, columns: Sequence[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return [f"{caption}: none"]
    widths = [max(len(row[at]) for row in [list(columns), *rows]) for at in range(len(columns))]
    pairs = [[*zip(row, widths, strict=True)] for row in [list(columns), *rows]]
    return [f"{caption}:", *("  " + "  ".join(f"{text:<{width}}" for text, width in row) for row in pairs)]


def _html_table(caption: str, columns: Sequence[str], rows: list[list[str]], mono: Sequence[int]) -> Markup:
    if not rows:
        return _tag("div", f"{caption}: none", _MUTED)
    head = Markup("".join(_tag("th", column, f"{_CELL};font-weight:600;{_MUTED}") for column in columns))
    body = [_tag("tr", head, "background:none")]
    for row in rows:
        styles = [
            f"{_CELL};{_MONO};word-break:break-word" if at in mono else _CELL for at in range(len(columns))
        ]
        cells = Markup("".join(_tag("td", text, style) for text, style in zip(row, styles, strict=True)))
        body.append(_tag("tr", cells, "background:none"))
    title = _tag("div", caption, "font-weight:600;margin-top:4px")
    table = _tag(
        "table",
        Markup("".join(body)),
        f"border-collapse:collapse;border:none;margin:0;font-size:12px;{_COLOUR}",
    )
    return Markup(title + table)


def _tag(name: str, content: str, style: str = "") -> Markup:
    inner = content if isinstance(content, Markup) else html_module.escape(content)
    attribute = f' style="{html_module.escape(style)}"' if style else ""
    return Markup(f"<{name}{attribute}>{inner}</{name}>")
