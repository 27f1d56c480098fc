"""``%janus destroy``: end a session."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context

_parser = Parser("destroy", "Destroy a session and everything attached in it.")
_which = _parser.add_mutually_exclusive_group()
_which.add_argument("name", nargs="?", metavar="NAME", help="its variable; else the newest session")
_which.add_argument("--all", action="store_true", help="every session of this kernel")
_parser.add_timeout()


def _run(context: Context, options: Any) -> None:
    chosen = list(context.sessions().values()) if options.all else [context.session(options.name)]
    for session in chosen:
        context.wait(session.destroy(), context.timeout(options))


COMMAND = Command(_parser, _run, lambda context: context.sessions(), example="%janus destroy session")
