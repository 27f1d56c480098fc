"""``%janus monitor``: a receiver for what a server tells its event handlers."""

from __future__ import annotations

import secrets
from typing import Any

from janus_notebook.bridge import background
from janus_notebook.gateway import LocalGateway
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.monitor.configuration import HANDLERS
from janus_notebook.notebook.connect import NotebookMonitor, monitor, open_sessions
from janus_notebook.notebook.workspace import workspace

NO_GATEWAY = """\
%janus serve starts a Janus that tells it everything. For another server: %janus monitor --config."""
PRACTICE = "The practice gateway has no event handlers; only a real Janus tells a monitor anything."
NOT_TOLD = """\
The local gateway was started without a monitor, and Janus reads its configuration at its start only.
%janus monitor --restart starts it anew; its sessions are destroyed by that."""
RESTARTED = "The local gateway was started anew, and tells the monitor everything."

_parser = Parser("monitor", "Receive what a server tells its event handlers, and show it live.")
_parser.add_argument(
    "--as",
    "-o",
    dest="name",
    default="watching",
    metavar="NAME",
    help="the variable to bind it to; else watching",
)
_parser.add_argument(
    "--config",
    nargs="?",
    const="sampleevh",
    choices=HANDLERS,
    help="print what to paste into another server's configuration, for this event handler",
)
_parser.add_argument("--events", metavar="MASK", help="with --config: what is told, such as sessions,media")
_parser.add_argument("--secrets", action="store_true", help="with --config: show the password")
_parser.add_argument("--host", help="the address to listen at; else 127.0.0.1, for a server on this machine")
_parser.add_argument("--port", type=int, help="for sampleevh (HTTP); else a free one")
_parser.add_argument("--ws-port", type=int, metavar="PORT", help="for wsevh (WebSocket); else a free one")
_parser.add_argument("--auth", action="store_true", help="ask for a password, a random one, over HTTP")
_parser.add_argument(
    "--restart", action="store_true", help="start the local gateway anew if it does not tell the monitor"
)
_parser.add_argument("--stop", action="store_true", help="listen no more; the events stay")


def _run(context: Context, options: Any) -> NotebookMonitor | None:
    here = workspace()
    if options.stop:
        if here.monitor is not None:
            background().submit(here.monitor.stop, name="stop").result()
        return None
    context.check_name(options.name)
    given = {"host": options.host, "port": options.port, "ws_port": options.ws_port}
    given = {name: value for name, value in given.items() if value is not None}
    if options.auth and here.monitor is None:
        given |= {"user": "janus", "password": secrets.token_urlsafe(24)}
    watching: NotebookMonitor = monitor(**given).result()
    context.assign(options.name, watching)
    print(f"monitor: bound to `{options.name}`")  # noqa: T201 - the next cell needs the name
    if options.config is not None:
        mask = {} if options.events is None else {"events": options.events}
        print(watching.configuration(options.config, secrets=options.secrets, **mask))  # noqa: T201
        return None
    print(_gateway_word(options.restart))  # noqa: T201 - whether anything will arrive
    return watching


def _gateway_word(restart: bool) -> str:
    """How things stand with the local gateway; it is started anew where that harms nothing."""
    here = workspace()
    if here.gateway is None or not here.gateway.running:
        return NO_GATEWAY
    if not isinstance(here.gateway, LocalGateway):
        return PRACTICE
    if here.monitored:
        return "The local gateway tells it everything."
    if open_sessions() and not restart:
        return NOT_TOLD
    background().submit(here.restart, name="restart").result()
    return RESTARTED


COMMAND = Command(_parser, _run, example="%janus monitor --config wsevh")
