"""``%janus ladder``: the signalling as a sequence diagram."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from janus_notebook.client.ladder import Ladder
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context

_parser = Parser("ladder", "Draw who told whom what, as a sequence diagram.")
_parser.add_argument("name", nargs="?", metavar="NAME", help="a session or a handle; else the newest session")
_parser.add_argument("--keepalives", action="store_true", help="with keepalives and their acks")
_parser.add_argument("--candidates", action="store_true", help="with each ICE candidate")
_parser.add_argument("--last", type=int, default=200, metavar="N", help="only the last N messages; else 200")
_parser.add_binding(what="the diagram")


def _run(context: Context, options: Any) -> Ladder:
    session, handle = context.seen(options.name)
    handle_id = None
    if handle is not None:
        handle_id = handle.id if handle.id is not None else handle.transitions[-1].handle_id
    return session.events.ladder(
        handle_id=handle_id,
        keepalives=options.keepalives,
        candidates=options.candidates,
        limit=options.last,
    )


def _names(context: Context) -> Iterable[str]:
    return [*context.sessions(), *context.handles()]


COMMAND = Command(_parser, _run, _names, example="%janus ladder echo")
