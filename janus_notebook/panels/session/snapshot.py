"""What the session panel shows, as small plain dicts."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.replay import Replay
from janus_notebook.config import mask_url
from janus_notebook.panels.handle.verdict import meaning
from janus_notebook.panels.session.history import History
from janus_notebook.panels.snapshot import NAME_LIMIT, clean, ident, is_moving, number, public_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from janus_notebook.client.replay import AnyHandle, AnySession

__all__ = ["handle_key", "session_snapshot"]

TRANSPORTS: Final = {
    "ws": "WebSocket",
    "wss": "WebSocket over TLS",
    "http": "HTTP",
    "https": "HTTPS",
    "unix": "Unix socket",
}
CHANGES_SHOWN: Final = 20
ERRORS_SHOWN: Final = 20


def session_snapshot(
    session: AnySession, history: History | None = None, gone: Iterable[AnyHandle] = ()
) -> dict[str, Any]:
    """What the session panel shows.

    Args:
        session: the session.
        history: what has been seen of its log; None reads all that there is.
        gone: handles that are known still, and have been detached.
    """
    history = (history or History()).follow(session.events)
    since = history.changes[-1] if history.changes else None
    known = since is not None and since.state == session.state
    counters = session.counters
    return {
        "head": {
            "id": ident(session.id if session.id is not None else history.session_id),
            "state": str(session.state),
            "reason": clean(session.reason),
            **_server(session),
            "alive": is_moving(session),
            "recording": session.progress if isinstance(session, Replay) else None,
            "since": round(since.time, 3) if since is not None and known else None,
            "since_elapsed": round(since.elapsed, 3) if since is not None and known else None,
        },
        "handles": [_handle(plugin, session) for plugin in (*session.plugins, *gone)],
        "counters": {
            **{
                name: counters[name]
                for name in ("requests", "replies", "events", "in_flight", "errors", "dropped")
            },
            "background": history.failed,
        },
        "history": _changes(history),
        "trips": _trips(history),
        "errors": _errors(history, session.events.labels),
    }


def handle_key(plugin: AnyHandle) -> int | None:
    """The id of a handle, or the last that it had."""
    if plugin.id is None and plugin.transitions:
        return plugin.transitions[-1].handle_id
    return plugin.id


def _server(session: AnySession) -> dict[str, Any]:
    """Who the server is, and what it says of itself that decides whether media will work."""
    server = session.server or {}
    url = mask_url(session.base_url)
    scheme = url.partition(":")[0].lower()
    plugins = server.get("plugins")
    names = sorted(str(name).rpartition(".")[2] for name in plugins) if isinstance(plugins, dict) else []
    return {
        "server": clean(server.get("name") or "", NAME_LIMIT) or None,
        "version": clean(server.get("version_string") or server.get("version") or "", 40) or None,
        "url": clean(url),
        "transport": TRANSPORTS.get(scheme, clean(scheme, 20)),
        "keepalive_secs": number(session.keepalive_interval),
        "timeout_secs": number(server.get("session-timeout")),
        "kept_secs": number(server.get("reclaim-session-timeout")),
        "local_ip": clean(server.get("local-ip") or "", 60) or None,
        "public_ip": public_address(server),
        "ice": _ice(server),
        "asks_for": _asks_for(server),
        "plugins": clean(", ".join(names), 300) or None,
    }


def _ice(server: Mapping[str, Any]) -> str | None:
    """How the server does ICE."""
    flags = {"ipv6": "IPv6", "ice-lite": "ICE lite", "ice-tcp": "ICE over TCP", "full-trickle": "trickles"}
    words = [word for key, word in flags.items() if server.get(key) is True]
    words += [f"STUN {clean(server['stun-server'], 60)}"] if server.get("stun-server") else []
    words += [f"TURN {clean(server['turn-server'], 60)}"] if server.get("turn-server") else []
    return ", ".join(words) or None


def _asks_for(server: Mapping[str, Any]) -> str | None:
    if "api_secret" not in server and "auth_token" not in server:
        return None
    asked = [
        name for key, name in (("api_secret", "an API secret"), ("auth_token", "a token")) if server.get(key)
    ]
    return " and ".join(asked) or "no secret"


def _handle(plugin: AnyHandle, session: AnySession) -> dict[str, Any]:
    open_ = plugin.state in ("negotiating", "connected")
    media = []
    for mid, said in plugin.media.items():
        # What it said last was of a PeerConnection that may be gone.
        heard = {True: "✓", False: "✕", None: "?"}[said.receiving] if open_ else "–"
        slow = f" {said.slowlinks} slow" if said.slowlinks else ""
        media.append(f"{said.type or 'mid ' + mid} {heard}{slow}")
    last = plugin.transitions[-1] if plugin.transitions else None
    return {
        "id": ident(handle_key(plugin)),
        "label": clean(plugin.label, NAME_LIMIT),
        "plugin": clean(plugin.name, NAME_LIMIT),
        "name": clean(plugin.opaque_id or "", NAME_LIMIT),
        "state": str(plugin.state),
        # It is told at the top already, and is long.
        "reason": "with the session"
        if plugin.reason == session.reason != ""
        else clean(meaning(plugin.reason)),
        "since": round(last.time, 3) if last is not None else None,
        "media": clean(", ".join(media)),
    }


def _changes(history: History) -> dict[str, Any]:
    """The states of the session, newest first, and how long each lasted."""
    changes = list(history.changes)
    ends = [*(change.elapsed for change in changes[1:]), *([None] if changes else [])]
    rows = [
        {
            "time": round(change.time, 3),
            "elapsed": round(change.elapsed, 3),
            "state": clean(change.state, 20),
            "reason": clean(change.reason),
            "lasted_secs": None if end is None else round(end - change.elapsed, 3),
        }
        for change, end in zip(changes, ends, strict=True)
    ][: -CHANGES_SHOWN - 1 : -1]
    losses = sum(change.state in ("reconnecting", "lost") for change in changes)
    return {"rows": rows, "earlier": history.changed - len(rows), "losses": losses}


def _errors(history: History, labels: Mapping[int, str]) -> dict[str, Any]:
    """What no call could raise, newest first; ``times``: how often in a row."""
    rows: list[dict[str, Any]] = [
        {
            "time": round(event.time, 3),
            "times": times,
            "handle": ident(event.handle_id),
            "label": clean(labels.get(event.handle_id or 0, ""), NAME_LIMIT),
            "text": clean(event.reason, 500),
        }
        for event, times in list(history.errors)[: -ERRORS_SHOWN - 1 : -1]
    ]
    return {
        "total": history.failed,
        "earlier": history.failed - sum(row["times"] for row in rows),
        "rows": rows,
    }


def _trips(history: History) -> dict[str, Any]:
    """Round-trip times in milliseconds, oldest first; empty before the first."""
    if not history.times:
        return {}
    values = [round(seconds * 1000, 2) for _, seconds, _ in history.times]
    return {
        "values_ms": values,
        "last_ms": values[-1],
        "low_ms": min(values),
        "median_ms": round(median(values), 2),
        "high_ms": max(values),
        "last": clean(history.times[-1][2], 20),
        "elapsed": round(history.times[-1][0], 3),
    }
