"""``%janus handles``: what is attached."""

from __future__ import annotations

from typing import Any

from janus_notebook.client.tables import Table
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.forms import core_of

_parser = Parser("handles", "List the handles of this kernel: their state, and what Janus receives of them.")
_parser.add_session()
_parser.add_binding(what="the table")


def _run(context: Context, options: Any) -> Table:
    chosen = None if options.session is None else core_of(context.session(options.session))
    sessions = {id(core_of(session)): name for name, session in context.sessions().items()}
    rows = [("handle", "plugin", "id", "session", "state", "media", "slow links")]
    for name, handle in context.handles().items():
        core = core_of(handle)
        if chosen is None or core.session is chosen:
            media = ", ".join(
                f"{state.type or 'mid ' + state.mid} {_heard(state.receiving)}"
                for state in core.media.values()
            )
            slow = str(sum(state.slowlinks for state in core.media.values()))
            state = f"{core.state}: {core.reason}" if core.reason else core.state
            rows.append(
                (
                    name,
                    core.name.rpartition(".")[2],
                    str(core.id),
                    sessions.get(id(core.session), ""),
                    state,
                    media,
                    slow,
                )
            )
    if len(rows) == 1:
        rows.append(("none", "%janus attach echotest", "", "", "", "", ""))
    return Table(rows)


def _heard(receiving: bool | None) -> str:
    return "?" if receiving is None else "received" if receiving else "not received"


COMMAND = Command(_parser, _run, example="%janus handles")
