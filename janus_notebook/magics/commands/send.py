"""``%janus send``: a message of the Janus API as it is."""

from __future__ import annotations

from typing import Any

from janus_notebook.config import mask
from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.magics.literals import LiteralError, parse_body

_parser = Parser("send", "Send a raw message of the Janus API to the session, and show the reply.")
_parser.add_argument(
    "message", nargs="+", metavar="{...}", help="JSON or a literal of Python; ids and secrets are added"
)
_parser.add_session()
_parser.add_binding(what="the reply, a dict")
_parser.add_timeout()


def _run(context: Context, options: Any) -> Any:
    text = " ".join(options.message)
    if text.isidentifier():
        message: dict[str, Any] = {"janus": text}
    else:
        try:
            message = parse_body(text)
        except LiteralError as exc:
            hint = exc.hint or 'For example %janus send {"janus": "ping"}.'
            raise JanusOptionError(f"the message, character {exc.column}: {exc.message}", hint=hint) from None
    return mask(context.session(options.session).send(message, context.timeout(options)).result())


COMMAND = Command(
    _parser, _run, lambda _context: ("info", "keepalive", "ping"), example='%janus send {"janus": "ping"}'
)
