"""``%janus serve``: a Janus of this kernel's own, or a practice gateway where there is no Janus."""

from __future__ import annotations

from typing import Any

from janus_notebook.gateway import LocalGateway
from janus_notebook.gateway.local import INSTALL_JANUS
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import serve
from janus_notebook.notebook.forms import core_of
from janus_notebook.notebook.workspace import workspace

NO_JANUS = f"""\
Janus is not installed on this machine. This is the practice gateway, inside this kernel: it speaks the Janus
API and knows EchoTest, VideoRoom and TextRoom well enough to learn with, but it is not Janus.
To get the real one: {INSTALL_JANUS} A server elsewhere: %janus connect wss://host/janus."""
RUNS_ALREADY = """\
The practice gateway is running already; it is not Janus. For the real one: %janus stop, then %janus serve."""

_parser = Parser(
    "serve",
    "Start a Janus for this kernel alone; a practice gateway where none is installed.",
)
_parser.add_argument(
    "--session-timeout", type=int, metavar="SECONDS", help="when Janus drops an idle session"
)
_parser.add_argument("--no-trickle", action="store_true", help="Janus puts its ICE candidates into its SDP")
_parser.add_argument("--binary", metavar="PATH", help="the janus program; else JANUS_BINARY or the PATH")
_parser.add_argument(
    "--reclaim", type=int, metavar="SECONDS", help="how long a session outlives its lost connection"
)
_parser.add_argument(
    "--practice", action="store_true", help="the practice gateway, in place of the real Janus"
)
_parser.add_argument("--log-level", type=int, metavar="0-7", help="how much Janus logs")
_parser.add_argument(
    "--monitor",
    nargs="?",
    const="sampleevh",
    choices=("sampleevh", "wsevh"),
    help="it tells this kernel's monitor everything, by this event handler; see %%janus monitor",
)
_parser.add_binding(what="the gateway")


def _run(_context: Context, options: Any) -> Any:
    given: dict[str, Any] = {
        "session_timeout": options.session_timeout,
        "binary": options.binary,
        "log_level": options.log_level,
        "reclaim_session_timeout": options.reclaim,
        "full_trickle": False if options.no_trickle else None,
        "practice": options.practice or None,
        "monitor": options.monitor,
    }
    before = workspace().gateway
    gateway = serve(**{name: value for name, value in given.items() if value is not None}).result()
    if not isinstance(core_of(gateway), LocalGateway) and not options.practice:
        print(RUNS_ALREADY if core_of(gateway) is before else NO_JANUS)  # noqa: T201 - it is not Janus
    return gateway


COMMAND = Command(_parser, _run, example="%janus serve")
