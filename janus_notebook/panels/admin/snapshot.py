"""What the Admin panel shows, as small plain dicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.config import mask, mask_url
from janus_notebook.panels.admin.reading import VIDEOROOM
from janus_notebook.panels.admin.rooms import received, rooms_snapshot
from janus_notebook.panels.admin.settings import settings_snapshot
from janus_notebook.panels.snapshot import AS_IT_SEES_ITSELF, NAME_LIMIT, clean, ident, public_address

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.admin.handle_info import HandleInfo
    from janus_notebook.client.admin.overview import SessionSummary
    from janus_notebook.client.admin.replies import StoredToken
    from janus_notebook.panels.admin.reading import Reading, Watch

__all__ = ["admin_snapshot", "handle_details"]

HANDLES_SHOWN: Final = 500
"""Of all sessions together; a page with more of them is of no use to anybody."""
TEXT_LIMIT: Final = 20_000
# Of a handle's details.
FIRST: Final = ("session_id", "handle_id", "plugin", "opaque_id", "plugin_specific", "flags")
CLOCKS: Final = ("session_last_activity", "created", "current_time")
"""Of one text in a handle's details; an SDP is shorter."""

TOKENS_OFF: Final = (
    "This server asks nobody for a token. To turn that on, set token_auth = true in the general section of "
    "its janus.jcfg and start it again. For a gateway of this kernel: "
    "from janus_notebook.notebook.connect import serve; await serve(token_auth=True)."
)
TOKENS_SIGNED: Final = (
    "This server takes signed tokens (token_auth_secret in its janus.jcfg): whoever knows that secret makes "
    "them, and there is no list of them. signed_token() of this package makes one."
)


def admin_snapshot(
    admin: JanusAdmin, watch: Watch, ours: Mapping[int, Mapping[int, str]], numbers: Mapping[str, int]
) -> dict[str, Any]:
    """What the Admin panel shows.

    Args:
        admin: the connection.
        watch: its last reading.
        ours: by the ids of this kernel's own sessions, what their handles are called.
        numbers: by which the tokens are called, for they are never shown.
    """
    reading = watch.reading
    head = {
        "url": mask_url(admin.base_url),
        "state": admin.state,
        "failure": clean(watch.failure, 400),
        "failed": round(watch.failed, 3) if watch.failure else None,
        "reading": watch.under_way,
        "interval": watch.interval,
        "number": watch.number,
        "taken": None if reading is None else round(reading.taken, 3),
        "took": None if reading is None else round(reading.took, 3),
    }
    if reading is None:
        nothing: list[Any] = []
        tokens = {"note": "", "rows": nothing, "plugins": nothing}
        return {
            "head": head,
            "facts": nothing,
            "settings": nothing,
            "sessions": nothing,
            "rooms": nothing,
            "tokens": tokens,
        }
    return {
        "head": head,
        "facts": _facts(reading),
        "settings": settings_snapshot(reading),
        "sessions": _sessions(reading, ours),
        "rooms": rooms_snapshot(reading, ours),
        "tokens": _tokens(reading, numbers),
    }


def _facts(reading: Reading) -> list[list[str]]:
    info = reading.info
    said = info.data
    ice = [word for word, key in (("ICE lite", "ice-lite"), ("ICE over TCP", "ice-tcp")) if said.get(key)]
    modules = {
        kind: ", ".join(sorted(name.rsplit(".", 1)[-1] for name in found)) or "none"
        for kind, found in (
            ("Plugins", info.plugins),
            ("Transports", info.transports),
            ("Event handlers", info.events),
            ("Loggers", info.loggers),
        )
    }
    facts = [
        ("Server", f"{info.name} {info.version_string}".strip()),
        ("Name", info.server_name),
        ("Built", said.get("compile-time") or ""),
        ("Local IP", f"{said['local-ip']} ({AS_IT_SEES_ITSELF})" if said.get("local-ip") else ""),
        ("Public IP", public_address(said)),
        ("ICE", ", ".join([*ice, "full trickle" if said.get("full-trickle") else "half trickle"])),
        ("STUN", said.get("stun-server") or "none"),
        ("TURN", said.get("turn-server") or "none"),
        ("API secret", "asked for" if said.get("api_secret") else "not asked for"),
        ("Tokens", "asked for" if said.get("auth_token") else "not asked for"),
        *modules.items(),
    ]
    return [[name, clean(value, 300)] for name, value in facts if value]


def _sessions(reading: Reading, ours: Mapping[int, Mapping[int, str]]) -> list[dict[str, Any]]:
    left = HANDLES_SHOWN
    found = []
    # One's own first, then as Janus lists them.
    for session in sorted(reading.sessions, key=lambda session: session.id not in ours):
        oldest = sorted(session.handles, key=lambda handle: handle.created or 0)
        labels = ours.get(session.id, {})
        handles = [_handle(handle, labels) for handle in oldest[:left]]
        left -= len(handles)
        found.append(_session(session, session.id in ours) | {"handles": handles})
    return found


def _session(session: SessionSummary, ours: bool) -> dict[str, Any]:
    return {
        "id": ident(session.id),
        "ours": ours,
        "count": len(session.handles),
        "transport": clean(session.transport.rsplit(".", 1)[-1], 40),
        "idle": None if session.idle is None else round(session.idle, 1),
        "timeout": session.timeout,
    }


def _handle(handle: HandleInfo, labels: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": ident(handle.handle_id),
        "label": clean(labels.get(handle.handle_id, ""), NAME_LIMIT),
        "plugin": clean(handle.plugin.removeprefix("janus.plugin."), NAME_LIMIT),
        "opaque_id": clean(handle.opaque_id or "", NAME_LIMIT),
        "does": _does(handle),
        "state": handle.state,
        "age": None if handle.age is None else round(handle.age, 1),
        "in": handle.bitrate_in,
        "out": handle.bitrate_out,
    }


def _does(handle: HandleInfo) -> str:
    """What it does in its plugin, in a few words; only VideoRoom is read here."""
    said = handle.plugin_specific
    if handle.plugin != VIDEOROOM or said.get("room") is None:
        return ""
    name = f" “{said['display']}”" if said.get("display") else ""
    if said.get("type") == "subscriber":
        feeds = len(received(handle))
        words = f"receives {feeds} feed{'' if feeds == 1 else 's'} in"
    else:
        words = "publishes in" if said.get("streams") else "is in"
    return clean(f"{words} room {said['room']}{name}", NAME_LIMIT)


def _tokens(reading: Reading, numbers: Mapping[str, int]) -> dict[str, Any]:
    plugins = sorted(clean(name.removeprefix("janus.plugin."), NAME_LIMIT) for name in reading.info.plugins)
    note = "" if reading.tokens is not None else TOKENS_SIGNED if reading.status.token_auth else TOKENS_OFF
    used: dict[str, int] = {}
    for session in reading.sessions:
        for handle in session.handles:
            if handle.token is not None:
                used[handle.token] = used.get(handle.token, 0) + 1
    rows = [
        _token(token, numbers.get(token.token, at), used) for at, token in enumerate(reading.tokens or (), 1)
    ]
    return {"note": note, "rows": rows, "plugins": plugins}


def _token(token: StoredToken, number: int, used: Mapping[str, int]) -> dict[str, Any]:
    return {
        "number": number,
        "plugins": sorted(
            clean(name.removeprefix("janus.plugin."), NAME_LIMIT) for name in token.allowed_plugins
        ),
        "used": used.get(token.token, 0),
    }


def handle_details(handle: HandleInfo) -> str:
    """Everything about a handle as JSON, for a tree: secrets masked, texts without end cut."""
    data = handle.data
    # The object keeps its order: what is asked for first stands first, clocks without a calendar last.
    middle = [key for key in data if key not in (*FIRST, *CLOCKS)]
    order = [key for key in (*FIRST, *middle, *CLOCKS) if key in data]
    return json.dumps(_cut(mask({key: data[key] for key in order})), default=str)


def _cut(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key)[:NAME_LIMIT]: _cut(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cut(item) for item in value]
    too_long = isinstance(value, str) and len(value) > TEXT_LIMIT
    return value[:TEXT_LIMIT] + "…" if too_long else value
