"""What the session panel shows, as small plain dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.replay import Replay
from janus_notebook.config import mask_url
from janus_notebook.panels.snapshot import NAME_LIMIT, clean, ident, number
from janus_notebook.protocol.events import StateEvent

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession

__all__ = ["session_snapshot"]

TRANSPORTS: Final = {
    "ws": "WebSocket",
    "wss": "WebSocket over TLS",
    "http": "HTTP",
    "https": "HTTPS",
    "unix": "Unix socket",
}


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
            "id": ident(session_id),
            "state": str(session.state),
            "reason": clean(session.reason),
            "server": clean(server.get("name") or "", NAME_LIMIT) or None,
            "version": clean(server.get("version_string") or server.get("version") or "", 40) or None,
            "url": clean(url),
            "transport": TRANSPORTS.get(scheme, clean(scheme, 20)),
            "keepalive_secs": number(interval),
            "timeout_secs": number(timeout),
            "recording": session.progress if isinstance(session, Replay) else None,
            "since": round(since.time, 3) if since is not None and known else None,
            "since_elapsed": round(since.elapsed, 3) if since is not None and known else None,
        },
        "handles": [
            {"id": ident(plugin.id), "plugin": clean(plugin.name, NAME_LIMIT), "state": str(plugin.state)}
            for plugin in session.plugins
        ],
        "counters": {
            name: counters[name]
            for name in ("requests", "replies", "events", "in_flight", "errors", "dropped")
        },
    }
