"""``%janus connect``: make a session and give it a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from janus_notebook.config import mask_url
from janus_notebook.magics.arguments import Parser, seconds
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import NotebookSession, connect
from janus_notebook.notebook.forms import core_of

_parser = Parser("connect", "Connect to a server and bind the session to a variable; shows its panel.")
_parser.add_argument(
    "url",
    nargs="?",
    metavar="URL",
    help="ws://host:8188, http://, unix://; else the local gateway, else the settings'",
)
_parser.add_binding("session", what="the session")
_parser.add_argument(
    "--timeout",
    type=seconds,
    metavar="SECONDS",
    help="how long this, and each request of the session, may take",
)
_parser.add_argument(
    "--recover", choices=("claim", "recreate", "none"), help="what to do when the connection is lost"
)
_parser.add_argument("--api-secret", metavar="SECRET", help="$name takes it from a variable, as is best")
_parser.add_argument("--token", metavar="TOKEN", help="the same")


def _run(context: Context, options: Any) -> NotebookSession:
    given = {"timeout": context.timeout(options), "api_secret": options.api_secret, "token": options.token}
    given = {name: value for name, value in given.items() if value is not None}
    recover = options.recover or getattr(context.settings, "recover", None)
    if recover is not None:
        given["recover"] = None if recover == "none" else recover
    session: NotebookSession = connect(options.url, **given).result()
    print(f"session {session.id}: bound to `{options.bind}`")  # noqa: T201 - the next cell needs the name
    return session


def _urls(context: Context) -> Iterable[str]:
    """The servers that sessions are on, or have been."""
    return {mask_url(core_of(session).base_url) for session in context.sessions().values()}


COMMAND = Command(_parser, _run, _urls, example="%janus connect ws://localhost:8188 --as session")
