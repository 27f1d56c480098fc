"""``%%janus HANDLE``: the body of the cell is a request."""

from __future__ import annotations

from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import NAMES
from janus_notebook.magics.context import Context
from janus_notebook.magics.literals import LiteralError, parse_body
from janus_notebook.magics.requests import ask, variable_with_jsep

__all__ = ["PARSER", "send"]

EXAMPLE = '%%janus echo\n{"request": "configure", "video": false}'

LIKE = 'A body is like {"request": "configure", "video": false}.'

PARSER = Parser(
    "", "Send the cell's body to a handle's plugin, as JSON or a literal of Python.", prefix="%%janus"
)
PARSER.add_argument("handle", nargs="?", metavar="HANDLE", help="its variable or id; else the only one")
PARSER.add_timeout()
PARSER.add_binding(what="the answer")
PARSER.add_argument("--jsep", metavar="NAME", help="a variable with {type, sdp}, to be sent along")
PARSER.add_argument("--raw", action="store_true", help="send it as it is, whatever the plugin's class knows")


def send(context: Context, words: list[str], body: str) -> Any:
    """Carry out a cell and return the plugin's answer.

    Raises:
        JanusOptionError: the line or the body is wrong; says where.
    """
    if words and words[0] in NAMES and words[0] not in context.handles():
        if body.strip():
            raise JanusOptionError(
                f"%%janus wants a handle, and {words[0]} is a command",
                hint=f"Write %janus {' '.join(words)} with one %, and the rest in another cell.",
            )
        raise JanusOptionError(
            f"{words[0]} is a command, which has one %", hint=f"Write %janus {' '.join(words)}."
        )
    options = PARSER.parse(words)
    if options.bind is not None:
        context.check_name(options.bind)
    handle = context.handle(options.handle)
    try:
        request = parse_body(body)
    except LiteralError as exc:
        # Cells are numbered from their first line, which is not the body's.
        place = f"line {exc.line + 1} of the cell, column {exc.column}"
        raise JanusOptionError(f"{place}: {exc.message}", hint=exc.hint or LIKE) from None
    jsep = variable_with_jsep(context, options.jsep)
    reply = ask(context, handle, request, jsep=jsep, timeout=context.timeout(options), raw=options.raw)
    if options.bind is not None:
        context.assign(options.bind, reply)
    return reply
