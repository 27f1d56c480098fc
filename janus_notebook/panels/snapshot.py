"""What a panel shows, as small plain dicts: taken from the core objects, cleaned, ready for JSON.

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
from janus_notebook.config import mask_url
from janus_notebook.protocol.events import StateEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnyHandle, AnySession
    from janus_notebook.protocol.events import JanusEvent

__all__ = [
    "clean",
    "event_json",
    "event_row",
    "handle_snapshot",
    "is_moving",
    "log_facts",
    "newest_rows",
    "session_snapshot",
    "stream_head",
    "stream_snapshot",
]

SUMMARY_LIMIT: Final = 200
NAME_LIMIT: Final = 80
JSON_LIMIT: Final = 200_000
STATIC_ROWS: Final = 50
RECENT: Final = 8
"""How many events a handle's snapshot holds."""
RECENT_SEARCH: Final = 2_000
"""How far back they are looked for: a quiet handle of a busy session shows none that are older."""

# Control characters, line and paragraph separators, bidirectional controls, the byte order mark, lone
# surrogates: they would change how the text around them looks, or cannot be encoded.
_INVISIBLE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_IN_A_LINE = re.compile(f"[\t\n{_INVISIBLE}]")
_IN_A_BLOCK = re.compile(f"[{_INVISIBLE}]")

TRANSPORTS: Final = {
    "ws": "WebSocket",
    "wss": "WebSocket over TLS",
    "http": "HTTP",
    "https": "HTTPS",
    "unix": "Unix socket",
}


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
        "handle": _ident(event.handle_id),
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


def session_snapshot(session: AnySession) -> dict[str, Any]:
    """What the session panel shows."""
    server = session.server or {}
    url = mask_url(session.base_url)
    scheme = url.partition(":")[0].lower()
    interval = session.keepalive_interval
    timeout = server.get("session-timeout")
    since, session_id = None, session.id
    for event in session.events:
        if session.id is None and event.session_id is not None:
            session_id = event.session_id  # it has ended: the id it had
        if event.kind == "state" and event.handle_id is None and isinstance(event, StateEvent):
            since = event
    known = since is not None and since.state == session.state
    counters = session.counters
    return {
        "head": {
            "id": _ident(session_id),
            "state": str(session.state),
            "reason": clean(session.reason),
            "server": clean(server.get("name") or "", NAME_LIMIT) or None,
            "version": clean(server.get("version_string") or server.get("version") or "", 40) or None,
            "url": clean(url),
            "transport": TRANSPORTS.get(scheme, clean(scheme, 20)),
            "keepalive_secs": _number(interval),
            "timeout_secs": _number(timeout),
            "recording": session.progress if isinstance(session, Replay) else None,
            "since": round(since.time, 3) if since is not None and known else None,
            "since_elapsed": round(since.elapsed, 3) if since is not None and known else None,
        },
        "handles": [
            {"id": _ident(plugin.id), "plugin": clean(plugin.name, NAME_LIMIT), "state": str(plugin.state)}
            for plugin in session.plugins
        ],
        "counters": {
            name: counters[name]
            for name in ("requests", "replies", "events", "in_flight", "errors", "dropped")
        },
    }


def handle_snapshot(plugin: AnyHandle) -> dict[str, Any]:
    """What the handle panel shows."""
    facts: dict[str, Any] = getattr(plugin, "webrtc", None) or {}
    steps = _since_attach(plugin.transitions)
    last = steps[-1] if steps else None
    return {
        "head": {
            "plugin": clean(plugin.name, NAME_LIMIT),
            "id": _ident(_handle_id(plugin)),
            "state": str(plugin.state),
            "reason": clean(plugin.reason),
            "since": round(last.time, 3) if last else None,
            "since_elapsed": round(last.elapsed, 3) if last else None,
        },
        "ladder": _ladder(steps, plugin.state),
        "webrtc": _webrtc(facts),
        "media": _media(plugin, facts),
        "events": _recent(plugin),
    }


def log_facts(
    events: Iterable[JanusEvent], state: str = "new", session_id: int | None = None
) -> tuple[str, int | None]:
    """The session's state and id after these entries of its log, given those before them."""
    for event in events:
        session_id = session_id if event.session_id is None else event.session_id
        if event.handle_id is None and isinstance(event, StateEvent):
            state = event.state
    return state, session_id


def stream_head(state: str, session_id: int | None, handle_id: int | None, title: str = "") -> dict[str, Any]:
    """What stands above an event stream: of a whole session, or of one handle; or its own `title`."""
    of = f"handle {handle_id}" if handle_id is not None else f"session {session_id or ''}".strip()
    return {
        "title": title or f"Events of {of}",
        "state": clean(state, 20),
        "one_handle": handle_id is not None,
    }


def stream_snapshot(log: EventLog, handle_id: int | None = None) -> dict[str, Any]:
    """What the static form of an event stream shows."""
    head = stream_head(*log_facts(log), handle_id, log.title)
    return {
        "head": {**head, "total": log.total, "dropped": log.dropped},
        "rows": newest_rows(log, 0, STATIC_ROWS, handle_id)[0],
    }


def newest_rows(
    log: EventLog, after: int, limit: int, handle_id: int | None = None
) -> tuple[list[dict[str, Any]], int]:
    """The newest rows after number `after`, at most `limit`, oldest first; and how many were left out."""
    if handle_id is None:
        events = log.since(after, limit)
        left_out = max(log.total - after, 0) - len(events)
    else:
        mine = [event for event in log.since(after) if event.handle_id == handle_id]
        events = mine[-limit:]
        left_out = len(mine) - len(events)
    return [event_row(event) for event in events], left_out


def _since_attach(transitions: Iterable[StateEvent]) -> list[StateEvent]:
    """The transitions of the handle's present life: from its last attach on."""
    steps = list(transitions)
    starts = [index for index, step in enumerate(steps) if step.state == "attached"]
    return steps[starts[-1] :] if starts else steps


def _ladder(steps: list[StateEvent], state: str) -> list[dict[str, Any]]:
    """The steps of the newest negotiation. ``after_secs``: how long the step before it lasted."""
    rounds = [index for index, step in enumerate(steps) if step.state == "negotiating"]
    newest = steps[rounds[-1] :] if rounds else steps[1:]
    reached: dict[str, StateEvent] = {}
    for step in [*steps[:1], *newest]:
        reached.setdefault(step.state, step)
    names = ["attached", "negotiating", "connected"]
    if "hungup" in reached or state != "detached":
        names.append("hungup")
    if state == "detached":
        names.append("detached")
    before: StateEvent | None = None
    rungs = []
    for name in names:
        at = reached.get(name)
        # How long a handle waits until somebody negotiates is not a time that anything took.
        timed = at is not None and before is not None and name != "negotiating"
        after = at.elapsed - before.elapsed if at and before and timed else None
        rungs.append(
            {
                "state": name,
                "reached": at is not None,
                "current": name == state,
                "time": round(at.time, 3) if at is not None else None,
                "after_secs": round(after, 3) if after is not None else None,
                "round": len(rounds) if name == "negotiating" and len(rounds) > 1 else None,
            }
        )
        before = at or before
    return rungs


def _webrtc(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What our own peer connection knows; empty without one."""
    if not facts:
        return {}
    return {
        "ice": clean(facts.get("ice", ""), 20),
        "dtls": clean(facts.get("dtls", ""), 20),
        "local": _candidate(facts.get("pair"), "local"),
        "remote": _candidate(facts.get("pair"), "remote"),
        "sending": clean(", ".join(f"{kind} {how}" for kind, how in facts.get("sources", {}).items())),
    }


def _candidate(pair: Mapping[str, Any] | None, side: str) -> str | None:
    if not pair or not pair.get(side):
        return None
    found = pair[side]
    host = str(found.get("address"))
    host = f"[{host}]" if ":" in host else host
    return clean(f"{host}:{found.get('port')} {found.get('type')} {found.get('protocol')}", NAME_LIMIT)


def _media(plugin: AnyHandle, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per media section: what Janus said of it, and what we receive of it."""
    tracks = {str(track.get("mid")): track for track in facts.get("tracks", ())}
    open_ = plugin.state in ("negotiating", "connected")
    rows = []
    for mid in sorted({*plugin.media, *tracks}, key=lambda mid: (len(mid), mid)):
        said, track = plugin.media.get(mid), tracks.get(mid, {})
        size = track.get("size")
        rows.append(
            {
                "mid": clean(mid, 20),
                "type": clean((said.type if said else "") or track.get("kind") or "", 20),
                # What it said last was of a PeerConnection that may be gone.
                "janus_receives": said.receiving and open_ if said else None,
                "slowlinks": said.slowlinks if said else 0,
                "lost": said.lost if said else 0,
                "frames": track.get("frames"),
                "size": f"{size[0]}×{size[1]}" if size else None,
                "ended": bool(track.get("ended", False)),
            }
        )
    return rows


def _recent(plugin: AnyHandle) -> list[dict[str, Any]]:
    """The newest rows of the handle, oldest first."""
    session, handle_id = plugin.session, _handle_id(plugin)
    if session is None or handle_id is None:
        return []
    found: list[dict[str, Any]] = []
    for event in reversed(session.events.since(0, RECENT_SEARCH)):
        if event.handle_id == handle_id:
            found.append(event_row(event))
            if len(found) == RECENT:
                break
    return found[::-1]


def _handle_id(plugin: AnyHandle) -> int | None:
    """The handle's id, or the one it had."""
    if plugin.id is None and plugin.transitions:
        return plugin.transitions[-1].handle_id
    return plugin.id


def _ident(value: int | None) -> str | None:
    """An id as text: JavaScript's numbers are exact up to 2**53 only."""
    return None if value is None else clean(value, 40)


def _number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value
