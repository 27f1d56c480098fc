"""``%janus bundle``: a support bundle of a session, for a bug report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.replay import Replay, ReplayedHandle
from janus_notebook.client.session import JanusSession
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.forms import core_of, form_of

_parser = Parser("bundle", "Write all that is known of a session into a zip file, secrets masked.")
_parser.add_argument(
    "file",
    nargs="?",
    help="the file, or a folder for it; else a name with the session's id and the time, in this folder",
)
_parser.add_argument("--session", metavar="NAME", help="a session or a handle of it; else the newest session")
_parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")


def _run(context: Context, options: Any) -> Any:
    file, name = options.file, options.session
    ours = isinstance(core_of(context.names.get(file)), JanusSession | JanusPlugin | Replay | ReplayedHandle)
    if name is None and (ours or file in _names(context)):
        file, name = None, file  # `%janus bundle echo`: what it is about, not what it is to be called
    # What has ended can be told about, and that is when it is asked for.
    session, _ = context.seen(name)
    return form_of(session).bundle(file, overwrite=options.overwrite).result()


def _names(context: Context) -> Iterable[str]:
    return [*context.sessions(), *context.handles()]


COMMAND = Command(_parser, _run, _names, example="%janus bundle report.zip")
