"""``%janus status``: what this kernel has open."""

from __future__ import annotations

from html import escape
from typing import Any

from janus_notebook.config import mask_url
from janus_notebook.gateway import LocalGateway
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.workspace import workspace

_parser = Parser("status", "Show the local gateway, the sessions and the handles of this kernel.")


class Status:
    """A table of what is open, as text and as HTML."""

    def __init__(self, rows: list[tuple[str, str, str, str]]) -> None:
        self.rows = rows

    def __repr__(self) -> str:
        widths = [max(len(row[column]) for row in self.rows) for column in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in self.rows
        ]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head, *body = self.rows
        cells = "".join(f"<th style='text-align:left'>{escape(cell)}</th>" for cell in head)
        lines = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in body
        )
        return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _run(context: Context, _options: Any) -> Status:
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
    for name, session in context.sessions().items():
        state = session.state + (f": {session.reason}" if session.reason else "")
        rows.append(("session", name, state, f"{session.id or ''} at {mask_url(session.base_url)}".strip()))
    for name, handle in context.handles().items():
        rows.append(("handle", name, handle.state, f"{handle.name} {handle.id}"))
    if len(rows) == 2:
        rows.append(("session", "", "none", "session = await connect()"))
    return Status(rows)


COMMAND = Command(_parser, _run, example="%janus status")
