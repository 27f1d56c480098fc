"""``%janus events``: the event stream of a session or a handle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from janus_notebook.errors import JanusOptionError, nearest
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.forms import core_of

_parser = Parser("events", "Show the live event stream of a session or a handle.")
_parser.add_argument("name", nargs="?", help="a session or a handle; else the newest session")
_parser.add_argument("--last", type=int, metavar="N", help="print the last N as text instead")


def _run(context: Context, options: Any) -> None:
    sessions, handles = context.sessions(), context.handles()
    handle = handles.get(options.name)
    if options.name is not None and handle is None and options.name not in sessions:
        hint = nearest(options.name, [*sessions, *handles]) if sessions else "Make a session first."
        raise JanusOptionError(f"no session or handle is called {options.name!r}", hint=hint)
    session = core_of(handle.session if handle is not None else context.session(options.name))
    handle_id = handle.id if handle is not None else None
    if options.last is None:
        from janus_notebook.panels import show_events

        show_events(session, handle_id)
        return
    if options.last < 1:
        raise JanusOptionError(f"--last must be at least 1, not {options.last}")
    chosen = [event for event in session.events if handle_id in (None, event.handle_id)]
    for event in chosen[-options.last :]:
        print(event)  # noqa: T201 - the text form is what was asked for


def _names(context: Context) -> Iterable[str]:
    return [*context.sessions(), *context.handles()]


COMMAND = Command(_parser, _run, _names, example="%janus events echo")
