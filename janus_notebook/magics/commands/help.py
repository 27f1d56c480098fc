"""``%janus help``: the sub-commands, or one of them in full."""

from __future__ import annotations

from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import NAMES, Command, load
from janus_notebook.magics.context import Context

_parser = Parser("help", "Show what %janus can do, or the options of one sub-command.")
_parser.add_argument("command", nargs="?", metavar="COMMAND")


def _run(_context: Context, options: Any) -> None:
    if options.command is None:
        lines = [f"%janus {name:<9}{load(name).parser.description}" for name in NAMES]
        text = "\n".join(
            [*lines, "", "%janus help COMMAND shows the options. In cells: session = await connect()."]
        )
    elif options.command in NAMES:
        command = load(options.command)
        text = f"{command.parser.format_help().strip()}\n\nexample: {command.example}"
    else:
        raise JanusOptionError.unknown("command", options.command, NAMES)
    print(text)  # noqa: T201 - a person asked for it


COMMAND = Command(_parser, _run, lambda _context: NAMES, example="%janus help attach")
