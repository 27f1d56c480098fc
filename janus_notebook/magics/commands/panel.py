"""``%janus panel``: the live panel of a session or a handle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.forms import Form, core_of

_parser = Parser("panel", "Show the live panel of a session, a handle, or whatever has one.")
_parser.add_argument("name", nargs="?", metavar="NAME", help="its variable or id; else the newest session")
_parser.add_argument("--close", action="store_true", help="close its panels in place of showing one")


def _run(context: Context, options: Any) -> None:
    from janus_notebook.panels import close_panels, show_handle, show_session

    other = context.names.get(options.name)
    if isinstance(other, Form) and hasattr(other, "_ipython_display_"):
        core = core_of(other)
        if options.close:
            _say(close_panels(core, getattr(core, "events", None)), options)
        else:
            other._ipython_display_()
        return
    session, handle = context.seen(options.name)
    if options.close:
        cores = (session, session.events) if handle is None else (handle,)
        _say(close_panels(*cores), options)
    elif handle is not None:
        show_handle(handle)
    else:
        show_session(session)


def _say(closed: int, options: Any) -> None:
    if not closed:
        print(f"No panel of {options.name or 'the session'} is open.")  # noqa: T201 - else nothing is seen


def _names(context: Context) -> Iterable[str]:
    return [*context.sessions(), *context.handles()]


COMMAND = Command(_parser, _run, _names, example="%janus panel echo")
