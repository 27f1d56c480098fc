"""The static forms of a panel: ``text/plain`` and ``text/html`` from the parts that it is made of.

They stand in saved notebooks, on GitHub, in exported pages, and in front ends without widgets. The
HTML is whole in itself: inline styles, no script, colours that suit light and dark pages. Every text in it
is escaped.
"""

from __future__ import annotations

import html as html_module
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "Facts",
    "Image",
    "Part",
    "Rows",
    "Steps",
    "Title",
    "event_table",
    "html",
    "plain",
    "seconds_text",
    "state_text",
    "taken_text",
    "time_text",
]

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
    "joined": "●",
    "playing": "▶",
    "waiting": "◔",
    "paused": "❙❙",
    "ended": "■",
    "left": "■",
    "kicked": "✕",
    "destroyed": "✕",
}
WORDS: Final = {"hungup": "hung up"}
ARROWS: Final = {"request": "→", "reply": "←", "event": "⇐", "local": "•", "monitor": "⇠"}

_COLOUR = "color:var(--jp-ui-font-color1,currentColor)"
_LINE = "1px solid rgba(128,128,128,.4)"
_MUTED = "opacity:.72"
_MONO = "font-family:var(--jp-code-font-family,ui-monospace,monospace)"
_CELL = "padding:1px 14px 1px 0;text-align:left;vertical-align:top"
_CARD = (
    f"{_COLOUR};border:{_LINE};border-radius:6px;padding:10px 14px;margin:4px 0;max-width:60em;"
    "font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;overflow-x:auto"
)


@dataclass(frozen=True)
class Title:
    """What it is, its state, and why it is in that state. A state of "" is left out."""

    text: str
    state: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """Names with their values; those without a value are left out. Or plain lines, with "" as name."""

    facts: Sequence[tuple[str, str | None]]


@dataclass(frozen=True)
class Steps:
    """Texts one after the other, joined by arrows."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Rows:
    """A table; an empty one says so. ``mono``: the columns in a fixed-width font."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    mono: Sequence[int] = ()


@dataclass(frozen=True)
class Image:
    """A picture: its ``data:`` URL, and what it shows, in words."""

    url: str
    alt: str


Part = Title | Facts | Steps | Rows | Image


class Markup(str):
    """HTML that was made here, out of escaped texts."""

    __slots__ = ()


def plain(parts: Iterable[Part]) -> str:
    """Return the ``text/plain`` form."""
    lines: list[str] = []
    for part in parts:
        match part:
            case Title(title, state, reason):
                name = ": ".join(filter(None, [title, state_text(state)]))
                lines.append(name + (f" ({reason})" if reason else ""))
            case Facts(facts):
                known = [(name, value) for name, value in facts if value]
                width = max((len(name) for name, _ in known), default=0)
                lines += [f"  {name:<{width}}  {value}" for name, value in known]
            case Steps(texts):
                lines.append("  " + " → ".join(texts))
            case Rows():
                lines += _plain_table(part)
            case Image(_, alt):
                lines.append(f"  [{alt}]")
    return "\n".join(line.rstrip() for line in lines)


def html(parts: Iterable[Part]) -> str:
    """Return the ``text/html`` form."""
    inner: list[Markup] = []
    for part in parts:
        match part:
            case Title(title, state, reason):
                chip = f"border:{_LINE};border-radius:9px;padding:0 8px"
                head = Markup(
                    _tag("strong", title, "font-size:14px")
                    + (Markup(" " + _tag("span", state_text(state), chip)) if state else "")
                    + (_tag("span", f" {reason}", _MUTED) if reason else "")
                )
                inner.append(_tag("div", head, "margin-bottom:6px"))
            case Facts(facts):
                rows = Markup("").join(
                    _tag("div", Markup(_tag("span", f"{name} ", _MUTED) + _tag("span", value)))
                    for name, value in facts
                    if value
                )
                inner.append(_tag("div", Markup(rows), "columns:18em auto;column-gap:24px;margin-bottom:6px"))
            case Steps(texts):
                inner.append(_tag("div", " → ".join(texts), "margin-bottom:6px"))
            case Rows():
                inner.append(_html_table(part))
            case Image(url, alt):
                source, said = (html_module.escape(text) for text in (url, alt))
                inner.append(Markup(f'<img src="{source}" alt="{said}" style="max-width:100%">'))
    return _tag("div", Markup("".join(inner)), _CARD)


def event_table(caption: str, rows: Iterable[dict[str, Any]]) -> Rows:
    """Rows of `snapshot.event_row` as a table."""
    table = [
        [
            str(row["seq"]),
            f"+{row['elapsed']:.3f} s",
            f"{ARROWS.get(row['direction'], '?')} {row['direction']}",
            row["kind"],
            row["summary"],
        ]
        for row in rows
    ]
    return Rows(caption, ("#", "at", "direction", "kind", "what"), table, (4,))


def state_text(state: str) -> str:
    """A state with its symbol, in words; "" for ""."""
    return state and f"{SYMBOLS.get(state, '?')} {WORDS.get(state, state)}"


def seconds_text(value: float) -> str:
    """At most 2 decimals: ``20 s``, ``1.67 s``."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + " s"


def time_text(seconds: float | None) -> str:
    """A wall-clock time in UTC; "" for None, and for what is no time: a recording's may be anything."""
    try:
        return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%F %T UTC")
    except (OverflowError, ValueError, OSError):
        return ""


def taken_text(snapshot: dict[str, Any]) -> str:
    """When a snapshot was taken."""
    return time_text(snapshot.get("taken"))


def _plain_table(part: Rows) -> list[str]:
    caption, columns, rows = part.caption, part.columns, part.rows
    if not rows:
        return [f"{caption}: none"]
    widths = [max(len(row[at]) for row in [list(columns), *rows]) for at in range(len(columns))]
    pairs = [[*zip(row, widths, strict=True)] for row in [list(columns), *rows]]
    return [f"{caption}:", *("  " + "  ".join(f"{text:<{width}}" for text, width in row) for row in pairs)]


def _html_table(part: Rows) -> Markup:
    caption, columns, rows, mono = part.caption, part.columns, part.rows, part.mono
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
