"""What goes into every panel's snapshot: small plain values, cleaned, ready for JSON.

Everything in a snapshot is a str, number, bool, None, or a list or dict of these. Text of the
server or the user went through `clean`. The functions only read; call them on the thread of the
session's loop.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.replay import Replay
from janus_notebook.client.session import ALIVE

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["NAME_LIMIT", "clean", "event_json", "event_row", "ident", "is_moving", "number"]

SUMMARY_LIMIT: Final = 200
NAME_LIMIT: Final = 80
JSON_LIMIT: Final = 200_000

# Control characters, line and paragraph separators, bidirectional controls, the byte order mark, lone
# surrogates: they would change how the text around them looks, or cannot be encoded.
_INVISIBLE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_IN_A_LINE = re.compile(f"[\t\n{_INVISIBLE}]")
_IN_A_BLOCK = re.compile(f"[{_INVISIBLE}]")


def clean(text: object, limit: int = SUMMARY_LIMIT, *, lines: bool = False) -> str:
    r"""Return `text` fit to be shown: what is invisible becomes a visible escape (``\x1b``, ``\u202e``).

    Args:
        text: anything; what is not a str goes through ``str``.
        limit: characters that are kept; what is cut ends in "…".
        lines: keep line ends and tabs.
    """
    whole = text if isinstance(text, str) else str(text)
    cut = whole[: limit + 1]
    shown = (_IN_A_BLOCK if lines else _IN_A_LINE).sub(_escape, cut)
    return shown if len(whole) <= limit and len(shown) <= limit else shown[: max(limit - 1, 0)] + "…"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    named = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def event_row(event: JanusEvent) -> dict[str, Any]:
    """One line of the event stream."""
    return {
        "seq": event.seq,
        "elapsed": round(event.elapsed, 3),
        "time": round(event.time, 3),
        "direction": str(event.direction),
        "kind": clean(event.kind, 40),
        "handle": ident(event.handle_id),
        "summary": clean(event.summary),
    }


def event_json(event: JanusEvent) -> tuple[str, str]:
    """The whole event as indented JSON, and its SDP line by line ("" without one).

    In JSON an SDP would be one endless string; "(below)" stands in its place. The log has masked the
    secrets already.
    """
    found: list[str] = []

    def take_sdp(part: dict[str, Any]) -> dict[str, Any]:
        sdp = part.get("sdp")
        if isinstance(sdp, str) and "\n" in sdp:
            found.append(sdp.replace("\r\n", "\n").strip("\n"))
            return part | {"sdp": "(below)"}
        return part

    try:
        # There and back: what is walked through is a tree of plain values, whatever was in the event.
        plain = json.loads(json.dumps(event.raw, default=str), object_hook=take_sdp)
        text = json.dumps(plain, indent=2, ensure_ascii=False)
    except (TypeError, ValueError):  # a key that is no text, or a circle: only in what was never sent
        text = repr(event.raw)
    return clean(text, JSON_LIMIT, lines=True), clean("\n\n".join(found), JSON_LIMIT, lines=True)


def is_moving(session: AnySession) -> bool:
    """Whether what a panel of this session shows can change by itself."""
    return session.playing if isinstance(session, Replay) else session.state in ALIVE


def ident(value: int | None) -> str | None:
    """An id as text: JavaScript's numbers are exact up to 2**53 only."""
    return None if value is None else clean(value, 40)


def number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value
