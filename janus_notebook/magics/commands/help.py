"""``%janus help``: the sub-commands, or one of them in full."""

from __future__ import annotations

import textwrap
from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import NAMES, Command, load
from janus_notebook.magics.context import Context

# In the order in which a person needs them. What is in no group comes last.
GROUPS = {
    "Servers and sessions": ("serve", "connect", "status", "info", "destroy", "stop"),
    "Plugins": ("attach", "handles", "request", "send", "detach"),
    "Look": ("panel", "events", "ladder", "doctor"),
    "Keep and share": ("record", "replay", "bundle"),
    "The whole server": ("admin", "monitor"),
    "This notebook": ("config", "help"),
}

START = """\
To begin:
  %janus serve                       a Janus of your own; or: %janus connect ws://host:8188
  %janus connect
  %janus attach echotest --as echo
  %janus request echo configure video=false
In Python the same: session = await connect(); echo = await session.attach("echotest")"""

MORE = """\
%janus help COMMAND tells more of one. Options that many have: --as NAME or -o NAME keeps the result in a
variable, as NAME = %janus COMMAND does; --timeout SECONDS; --session NAME. %janus --traceback COMMAND shows
where an error comes from. Tab completes; a ; at the end keeps the result from being shown."""

CELL = """\
  %%janus HANDLE    The other lines of the cell are a request to the handle's plugin:
                    {"request": "configure", "video": false}"""

_parser = Parser("help", "Show what %janus can do, or the options of one command.")
_parser.add_argument("command", nargs="?", metavar="COMMAND")


def _run(_context: Context, options: Any) -> None:
    if options.command is None:
        print(_overview())  # noqa: T201 - a person asked for it
    elif options.command in NAMES:
        command = load(options.command)
        text = command.parser.format_help().strip().removeprefix("usage: ")
        text = text.replace("positional arguments:", "what to give:")
        print(f"{text}\n\nexample:\n  {command.example}")  # noqa: T201
    else:
        raise JanusOptionError.unknown("command", options.command, NAMES)


def _overview() -> str:
    grouped = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "More": tuple(name for name in NAMES if name not in grouped)}
    lines = [START]
    for title, names in groups.items():
        known = [name for name in names if name in NAMES]
        if known:
            lines += ["", title, *(_line(name) for name in known)]
        if title == "Plugins":
            lines.append(CELL)
    return "\n".join([*lines, "", MORE])


def _line(name: str) -> str:
    """What a command does, beside its name."""
    text = textwrap.fill(str(load(name).parser.description), 80, break_on_hyphens=False)
    return f"  %janus {name:<9}  " + text.replace("\n", "\n" + " " * 20)


COMMAND = Command(_parser, _run, lambda _context: NAMES, example="%janus help attach")
