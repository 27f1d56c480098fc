"""``%janus attach``: attach to a plugin and give the handle a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import NotebookHandle
from janus_notebook.plugins import known_plugins

_parser = Parser("attach", "Attach to a plugin and bind the handle to a variable; shows its panel.")
_parser.add_argument("plugin", help="such as echotest")
_parser.add_binding(what="the handle; else the plugin's name")
_parser.add_session()
_parser.add_timeout()


def _run(context: Context, options: Any) -> NotebookHandle:
    options.bind = options.bind or re.sub(r"\W", "_", options.plugin.rpartition(".")[2])
    context.check_name(options.bind)
    call = context.session(options.session).attach(options.plugin)
    handle: NotebookHandle = context.wait(call, context.timeout(options))
    print(f"{handle.name}: bound to `{options.bind}`")  # noqa: T201 - the name is what the next cell needs
    return handle


def _plugins(context: Context) -> Iterable[str]:
    """The plugins that the newest session's server has, or those we have classes for."""
    sessions = list(context.sessions().values())
    server = sessions[-1].server if sessions else None
    found = (server or {}).get("plugins") or known_plugins()
    return [name.rpartition(".")[2] for name in found]


COMMAND = Command(_parser, _run, _plugins, example="%janus attach echotest --as echo")
