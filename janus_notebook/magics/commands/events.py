"""``%janus events``: the event stream of a session or a handle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context

_parser = Parser("events", "Show the live event stream of a session or a handle.")
_parser.add_argument("name", nargs="?", metavar="NAME", help="a session or a handle; else the newest session")
_parser.add_argument("--last", type=int, metavar="N", help="print the last N as text instead")
_parser.add_argument("--follow", action="store_true", help="print them as they come, until it is interrupted")
_parser.add_binding(what="a list of the events so far")


def _run(context: Context, options: Any) -> None:
    session, handle = context.seen(options.name)
    if options.last is not None and options.last < 1:
        raise JanusOptionError(f"--last must be at least 1, not {options.last}")
    handle_id = None
    if handle is not None:
        # A handle that is detached has had an id.
        handle_id = handle.id if handle.id is not None else handle.transitions[-1].handle_id
    if options.follow:
        if options.bind is not None:
            raise JanusOptionError("--follow prints, and -o keeps: choose one of them")
        from janus_notebook.panels.terminal import follow

        follow(session.events, handle_id=handle_id, session=session, last=options.last or 10)
        return
    if options.last is None and options.bind is None:
        from janus_notebook.panels import show_events

        show_events(session, handle_id)
        return
    chosen = [event for event in session.events if handle_id in (None, event.handle_id)]
    if options.bind is not None:
        context.assign(options.bind, chosen[-options.last :] if options.last is not None else chosen)
    if options.last is not None:
        from janus_notebook.panels.terminal import line

        for event in chosen[-options.last :]:
            print(line(event, handle=handle_id is None))  # noqa: T201 - it is what was asked for


def _names(context: Context) -> Iterable[str]:
    return [*context.sessions(), *context.handles()]


COMMAND = Command(_parser, _run, _names, example="%janus events echo")
