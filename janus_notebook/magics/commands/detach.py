"""``%janus detach``: detach a handle."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context

_parser = Parser("detach", "Detach a handle; its media ends.")
_parser.add_argument("handle", nargs="?", metavar="NAME", help="its variable or id; else the only one")
_parser.add_timeout()


def _run(context: Context, options: Any) -> None:
    context.wait(context.handle(options.handle).detach(), context.timeout(options))


COMMAND = Command(_parser, _run, lambda context: context.handles(), example="%janus detach echo")
