"""What the handle panel shows, as small plain dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.snapshot import NAME_LIMIT, clean, event_row, ident

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from janus_notebook.client.replay import AnyHandle
    from janus_notebook.protocol.events import StateEvent

__all__ = ["handle_snapshot"]

RECENT: Final = 8
"""How many events a handle's snapshot holds."""
RECENT_SEARCH: Final = 2_000
"""How far back they are looked for: a quiet handle of a busy session shows none that are older."""


def handle_snapshot(plugin: AnyHandle) -> dict[str, Any]:
    """What the handle panel shows."""
    facts: dict[str, Any] = getattr(plugin, "webrtc", None) or {}
    steps = _since_attach(plugin.transitions)
    last = steps[-1] if steps else None
    return {
        "head": {
            "plugin": clean(plugin.name, NAME_LIMIT),
            "id": ident(_handle_id(plugin)),
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
