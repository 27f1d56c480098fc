"""``%janus status``: what this kernel has open."""

from __future__ import annotations

from typing import Any

from janus_notebook.client.tables import Table
from janus_notebook.config import mask_url
from janus_notebook.gateway import LocalGateway
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.workspace import workspace

_parser = Parser("status", "Show the local gateway, the sessions and the handles of this kernel.")
_parser.add_binding(what="the table")


def _run(context: Context, _options: Any) -> Table:
    rows = [("what", "name", "state", "details")]
    here = workspace()
    if here.gateway is not None:
        gateway = here.gateway
        state = "running" if gateway.running else f"ended: {here.gateway_exit or gateway.exit_reason}"
        kind = "Janus" if isinstance(gateway, LocalGateway) else "practice gateway (not Janus), as Janus"
        details = f"{kind} {gateway.version} at {here.gateway_url}" if gateway.running else ""
        rows.append(("local gateway", "", state, details))
    else:
        rows.append(("local gateway", "", "none", "%janus serve starts one"))
    watching = here.monitor
    if watching is not None:
        told = f"{watching.counters['events']} events, {watching.counters['refused']} deliveries refused"
        rows.append(("monitor", "", watching.state, told))
    fixed = len(rows)
    for name, session in context.sessions().items():
        state = session.state + (f": {session.reason}" if session.reason else "")
        rows.append(("session", name, state, f"{session.id or ''} at {mask_url(session.base_url)}".strip()))
    for name, handle in context.handles().items():
        rows.append(("handle", name, handle.state, f"{handle.name} {handle.id}"))
    if len(rows) == fixed:
        rows.append(("session", "", "none", "%janus connect makes one"))
    return Table(rows)


COMMAND = Command(_parser, _run, example="%janus status")
