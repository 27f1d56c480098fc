"""What the handle panel shows, as small plain dicts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.replay import Replay
from janus_notebook.panels.handle.evidence import Evidence, Step
from janus_notebook.panels.handle.media import media_rows
from janus_notebook.panels.handle.negotiation import Negotiation
from janus_notebook.panels.handle.steps import ladder
from janus_notebook.panels.handle.verdict import verdict
from janus_notebook.panels.snapshot import NAME_LIMIT, clean, event_row, ident

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.client.replay import AnyHandle
    from janus_notebook.monitor.sampling import Series

__all__ = ["follow_handle", "handle_id_of", "handle_snapshot"]

RECENT: Final = 8
"""How many events a handle's snapshot holds."""
RECENT_SEARCH: Final = 2_000
"""How far back they are looked for: a quiet handle of a busy session shows none that are older."""
ECHOTEST: Final = "janus.plugin.echotest"
NO_FIGURES: Final = (
    "No figures: the media are not ours, and no Admin API is known: await admin('http://…/admin')."
)


def follow_handle(plugin: AnyHandle, said: Negotiation | None = None) -> Negotiation:
    """What the log tells of a handle's newest connection, up to now.

    Args:
        plugin: the handle.
        said: what was known before; None begins with the oldest entry that is kept.
    """
    if plugin.session is None:
        return said or Negotiation(None)
    if said is not None:
        said.take(plugin.session.events.since(said.followed))
    if said is None or said.handle_id != handle_id_of(plugin):  # or attached anew, in another session
        said = Negotiation(handle_id_of(plugin))
        kept = list(plugin.session.events)
        # The handle remembers its changes of state for longer than a busy log does.
        said.take(event for event in plugin.transitions if not kept or event.seq < kept[0].seq)
        said.take(kept)
    return said


def handle_snapshot(
    plugin: AnyHandle, said: Negotiation | None = None, series: Series | None = None, *, button: str = ""
) -> dict[str, Any]:
    """What the handle panel shows.

    Args:
        plugin: the handle.
        said: what its log tells (`follow_handle`); None reads it all.
        series: its figures, if they are sampled.
        button: the label of the control that begins its media, where there is one.
    """
    said = follow_handle(plugin) if said is None else said
    session = plugin.session
    live = not isinstance(session, Replay)
    facts: dict[str, Any] = getattr(plugin, "webrtc", None) or {}
    last = plugin.transitions[-1] if plugin.transitions else None
    evidence = Evidence(
        said,
        plugin.state,
        plugin.reason,
        session.state if session is not None else "new",
        session.reason if session is not None else "",
        facts,
        series.info if series is not None else None,
        session.events.elapsed if session is not None else 0.0,
        _off(plugin, said),
        plugin.name == ECHOTEST,
        time.time() if live else None,
    )
    steps = ladder(evidence)
    begins = getattr(plugin, "begins_media", "") if live else ""
    if begins and button:
        begins = f"the button “{button}” below, or {begins}"
    return {
        "head": {
            "label": clean(plugin.label, NAME_LIMIT),
            "plugin": clean(plugin.name, NAME_LIMIT),
            "id": ident(handle_id_of(plugin)),
            "state": str(plugin.state),
            "reason": clean(plugin.reason),
            "since": round(last.time, 3) if last else None,
            "since_elapsed": round(last.elapsed, 3) if last else None,
            "round": said.rounds,
        },
        "verdict": {key: clean(text, 400) for key, text in verdict(steps, evidence, begins).items()},
        "ladder": [_rung(step) for step in steps],
        "path": _path(facts, said, series),
        "media": media_rows(plugin, said, series, last.time - last.elapsed if last else 0.0),
        "figures": _figures(plugin, series, live=live),
        "events": _recent(plugin),
    }


def _off(plugin: AnyHandle, said: Negotiation) -> frozenset[str]:
    """Of EchoTest: elsewhere the settings of these names are about what we send."""
    if plugin.name != ECHOTEST:
        return frozenset()
    return frozenset(kind for kind in ("audio", "video") if said.settings.get(kind) is False)


def _rung(step: Step) -> dict[str, Any]:
    going_on = step.status in ("now", "slow")
    secs = step.secs
    if secs is not None:
        secs = round(secs, 3) if not going_on else round(secs, 1) if secs < 1 else round(secs)
    return {
        "name": step.name,
        "title": step.title,
        "status": step.status,
        "secs": secs,
        "note": clean(step.note),
        "advice": clean(step.advice),
    }


def _path(facts: Mapping[str, Any], said: Negotiation, series: Series | None) -> dict[str, Any]:
    """What the media go over: our own peer connection knows it, and Janus does."""
    info = series.info if series is not None else None
    webrtc = info.webrtc if info is not None else None
    sending = ", ".join(f"{kind} {how}" for kind, how in facts.get("sources", {}).items())
    seen = {
        "Local": _candidate(facts.get("pair") or said.pair, "local"),
        "Remote": _candidate(facts.get("pair") or said.pair, "remote"),
        "ICE": facts.get("ice", ""),
        "DTLS": facts.get("dtls", ""),
        "Sending": sending,
    }
    if webrtc is not None and not (seen["Local"] and webrtc.dtls.ready):  # else it would say the same
        trying = "" if webrtc.dtls.ready else f", DTLS {webrtc.dtls.dtls_state}"
        seen["Janus’s ICE"] = f"{webrtc.ice.state}{trying}"
        seen["Janus’s pair"] = webrtc.ice.selected_pair
    return {name: clean(text, NAME_LIMIT) for name, text in seen.items() if text}


def _candidate(pair: Mapping[str, Any] | None, side: str) -> str:
    if not pair or not pair.get(side):
        return ""
    found = pair[side]
    host = str(found.get("address"))
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{found.get('port')} {found.get('type')} {found.get('protocol')}"


def _figures(plugin: AnyHandle, series: Series | None, *, live: bool) -> dict[str, str]:
    """Whose figures are shown, and why there are none."""
    if not live:
        return {"source": "", "note": "A recording has no figures.", "error": ""}
    source = series.source if series is not None else ""
    admin = getattr(plugin.session, "admin", None)
    note = ""
    if not source and plugin.state == "connected":
        known = admin is not None or getattr(plugin, "webrtc", None)
        note = "No figures yet." if known else NO_FIGURES
    error = f"Admin API: {series.error}" if series is not None and series.error else ""
    return {"source": source, "note": note, "error": clean(error, 300)}


def _recent(plugin: AnyHandle) -> list[dict[str, Any]]:
    """The newest rows of the handle, oldest first."""
    session, handle_id = plugin.session, handle_id_of(plugin)
    if session is None or handle_id is None:
        return []
    found: list[dict[str, Any]] = []
    for event in reversed(session.events.since(0, RECENT_SEARCH)):
        if event.handle_id == handle_id:
            found.append(event_row(event))
            if len(found) == RECENT:
                break
    return found[::-1]


def handle_id_of(plugin: AnyHandle) -> int | None:
    """The handle's id, or the one it had."""
    if plugin.id is None and plugin.transitions:
        return plugin.transitions[-1].handle_id
    return plugin.id
