"""``%janus destroy``: end a session."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context

_parser = Parser("destroy", "Destroy a session and everything attached in it.")
_parser.add_argument("session", nargs="?", help="its variable; else the newest session")
_parser.add_argument("--all", action="store_true", help="every session of this kernel")


def _run(context: Context, options: Any) -> None:
    chosen = list(context.sessions().values()) if options.all else [context.session(options.session)]
    for session in chosen:
        session.destroy().result()


COMMAND = Command(_parser, _run, lambda context: context.sessions(), example="%janus destroy session")
