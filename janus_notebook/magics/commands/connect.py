"""``%janus connect``: make a session and give it a name."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import NotebookSession, connect

_parser = Parser("connect", "Connect to a server and bind the session to a variable; shows its panel.")
_parser.add_argument(
    "url", nargs="?", help="ws://host:8188, http://, unix://; else the local gateway, else JANUS_URL"
)
_parser.add_argument(
    "--as", dest="name", default="session", metavar="NAME", help="the variable to bind it to; else session"
)
_parser.add_argument("--timeout", type=float, metavar="SECONDS", help="default deadline of every request")
_parser.add_argument(
    "--recover", choices=("claim", "recreate", "none"), help="what to do when the connection is lost"
)


def _run(context: Context, options: Any) -> NotebookSession:
    context.check_name(options.name)
    given: dict[str, Any] = {} if options.timeout is None else {"timeout": options.timeout}
    if options.recover is not None:
        given["recover"] = None if options.recover == "none" else options.recover
    session: NotebookSession = connect(options.url, **given).result()
    context.assign(options.name, session)
    print(f"session {session.id}: bound to `{options.name}`")  # noqa: T201 - the next cell needs the name
    return session


COMMAND = Command(_parser, _run, example="%janus connect ws://localhost:8188 --as session")
