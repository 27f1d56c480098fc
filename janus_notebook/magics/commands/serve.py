"""``%janus serve``: a Janus of this kernel's own."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import serve

_parser = Parser("serve", "Start the real Janus for this kernel, on loopback and free ports.")
_parser.add_argument(
    "--session-timeout", type=int, metavar="SECONDS", help="when Janus drops an idle session"
)
_parser.add_argument("--no-trickle", action="store_true", help="Janus puts its ICE candidates into its SDP")
_parser.add_argument("--binary", metavar="PATH", help="the janus program; else JANUS_BINARY or the PATH")
_parser.add_argument("--log-level", type=int, metavar="0-7", help="how much Janus logs")


def _run(_context: Context, options: Any) -> Any:
    given: dict[str, Any] = {
        "session_timeout": options.session_timeout,
        "binary": options.binary,
        "log_level": options.log_level,
        "full_trickle": False if options.no_trickle else None,
    }
    return serve(**{name: value for name, value in given.items() if value is not None}).result()


COMMAND = Command(_parser, _run, example="%janus serve")
