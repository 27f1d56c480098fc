"""What the suite runs against: a server, a transport to it, and what its requests have to carry.

A `Cell` names one combination, a `Target` is what a test gets of it. `SERVERS` says how a kind of server is
started: a further kind joins with an entry there, and the tests stay as they are.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from janus_notebook import JanusSession
from janus_notebook.client.connection import JanusConnection
from janus_notebook.client.tokens import signed_token
from janus_notebook.gateway import PracticeGateway
from tests.admin import HasAdminApi, admin
from tests.core.practice import practice_gateway
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

TRANSPORTS = ("ws", "http", "unix", "unix+dgram")
AUTHENTICATIONS = ("open", "api-secret", "stored-tokens", "signed-tokens")

API_SECRET = "the api secret, with = and + and /"
SIGNING_SECRET = "the signing secret"
STORED_TOKEN = "a stored token = + / &"
STORED_BARE_TOKEN = "a stored token for echotest only"
ALLOWED = ["janus.plugin.echotest", "janus.plugin.sip", "janus.plugin.videoroom"]


class Server(HasAdminApi, Protocol):
    """A running gateway, as far as the suite needs it."""

    @property
    def ws_url(self) -> str: ...

    @property
    def http_url(self) -> str: ...

    @property
    def unix_url(self) -> str: ...


class ServerKey(NamedTuple):
    """One server: cells with the same key share it."""

    kind: str
    full_trickle: bool
    authentication: str
    unix_type: str
    session_timeout: int


class Cell(NamedTuple):
    """One combination of the matrix."""

    kind: str
    transport: str
    full_trickle: bool = True
    authentication: str = "open"
    session_timeout: int = 60

    def __str__(self) -> str:
        parts = [self.kind, self.transport, "trickle" if self.full_trickle else "no-trickle"]
        return "-".join([*parts, self.authentication])

    @property
    def server(self) -> ServerKey:
        unix_type = "SOCK_DGRAM" if self.transport == "unix+dgram" else "SOCK_SEQPACKET"
        return ServerKey(self.kind, self.full_trickle, self.authentication, unix_type, self.session_timeout)


@dataclass(frozen=True)
class Target:
    """A server behind one transport.

    Attributes:
        url: what a session connects to.
        admin: the server's Admin API.
        full_trickle: whether the server trickles its candidates.
        options: what a `JanusSession` needs to be let in.
        wrong: what it is refused with (403); None where everybody is let in.
        limited: what lets it in, but not to the videoroom (405); None where there is no such thing.
        secrets: texts that must not be seen anywhere.
    """

    url: str
    admin: HasAdminApi
    full_trickle: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, Any] | None = None
    limited: Mapping[str, Any] | None = None
    secrets: tuple[str, ...] = ()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For as long as it is open the server takes what is sent, and answers nothing."""
        if isinstance(self.admin, PracticeGateway):
            with self.admin.frozen():
                yield
            return
        pid = getattr(self.admin, "pid", None)
        assert pid is not None, "this kind of server needs a way to be frozen"
        os.kill(pid, signal.SIGSTOP)
        try:
            while not _is_stopped(pid):
                time.sleep(0.001)
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def session(self, **options: Any) -> JanusSession:
        """A session that is let in, not created yet."""
        return JanusSession(self.url, **{**self.options, **options})

    def session_on(self, connection: JanusConnection) -> JanusSession:
        """The same on a connection that is shared."""
        return JanusSession(connection=connection, **self.options)

    def connection(self) -> JanusConnection:
        return JanusConnection(self.url)

    @property
    def is_unix(self) -> bool:
        return self.url.startswith("unix")


def _is_stopped(pid: int) -> bool:
    """Whether every thread of the process has taken notice (proc(5): the state behind the name is T)."""
    states = [
        stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")
    ]
    return set(states) == {"T"}


def _janus(key: ServerKey) -> AbstractContextManager[Server]:
    return running_gateway(
        full_trickle=key.full_trickle,
        unix_type=key.unix_type,
        session_timeout=key.session_timeout,
        api_secret=API_SECRET if key.authentication == "api-secret" else None,
        token_auth=key.authentication.endswith("-tokens"),
        token_auth_secret=SIGNING_SECRET if key.authentication == "signed-tokens" else None,
    )


def _practice(key: ServerKey) -> AbstractContextManager[Server]:
    return practice_gateway(
        full_trickle=key.full_trickle,
        unix_type=key.unix_type,
        session_timeout=key.session_timeout,
        api_secret=API_SECRET if key.authentication == "api-secret" else None,
        token_auth=key.authentication.endswith("-tokens"),
        token_auth_secret=SIGNING_SECRET if key.authentication == "signed-tokens" else None,
    )


SERVERS: dict[str, Callable[[ServerKey], AbstractContextManager[Server]]] = {
    "janus": _janus,
    "practice": _practice,
}


@contextmanager
def running(key: ServerKey) -> Iterator[Server]:
    """A server of this kind, with its tokens stored."""
    with SERVERS[key.kind](key) as server:
        if key.authentication == "stored-tokens":
            admin(server, "add_token", token=STORED_TOKEN, plugins=ALLOWED)
            admin(server, "add_token", token=STORED_BARE_TOKEN, plugins=["janus.plugin.echotest"])
        yield server


class Servers:
    """The one server that runs: the next one takes its place, since cells come sorted."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: tuple[ServerKey, Server] | None = None

    def get(self, key: ServerKey) -> Server:
        if self._running is None or self._running[0] != key:
            self.stop()
            self._running = key, self._stack.enter_context(running(key))
        return self._running[1]

    def stop(self) -> None:
        self._running = None
        self._stack.close()


def target_of(cell: Cell, server: Server) -> Target:
    """What a test of `cell` gets."""
    urls = {"ws": "ws_url", "http": "http_url", "unix": "unix_url", "unix+dgram": "unix_url"}
    url: str = getattr(server, urls[cell.transport])
    assert url.startswith(f"{cell.transport}://"), url
    access: dict[str, Any] = {}
    match cell.authentication:
        case "api-secret":
            access = {
                "options": {"api_secret": API_SECRET},
                "wrong": {"api_secret": "another secret"},
                "secrets": (API_SECRET, "another secret"),
            }
        case "stored-tokens":
            access = {
                "options": {"token": STORED_TOKEN},
                "wrong": {"token": "another token"},
                "limited": {"token": STORED_BARE_TOKEN},
                "secrets": (STORED_TOKEN, STORED_BARE_TOKEN, "another token"),
            }
        case "signed-tokens":
            access = {
                "options": {"token": lambda: signed_token(SIGNING_SECRET, ALLOWED)},
                "wrong": {"token": lambda: signed_token("another secret", ALLOWED)},
                "limited": {"token": signed_token(SIGNING_SECRET, ["echotest"])},
                "secrets": (SIGNING_SECRET, ",janus,janus.plugin."),
            }
    return Target(url=url, admin=server, full_trickle=cell.full_trickle, **access)


# Neighbours share a server: a Janus has one Unix socket only, so datagrams need one of their own.
CELLS = [
    Cell(kind, transport, full_trickle, authentication)
    for kind in SERVERS
    for transports in (TRANSPORTS[:3], TRANSPORTS[3:])
    for authentication in AUTHENTICATIONS
    for full_trickle in (True, False)
    for transport in transports
    # For the real one each combination counts; the practice gateway has to agree with it.
    if kind == "janus" or full_trickle or authentication == "open"
]
# Where not everybody is let in, and where tokens name what they open.
GUARDED = [cell for cell in CELLS if cell.authentication != "open"]
WITH_TOKENS = [cell for cell in CELLS if cell.authentication.endswith("-tokens")]
# For what takes long, or does not depend on authentication and trickle: each transport once.
EACH_TRANSPORT = [cell for cell in CELLS if cell.full_trickle and cell.authentication == "open"]
# The same with sessions that the server soon gives up.
SHORT_LIVED = [cell._replace(session_timeout=1) for cell in EACH_TRANSPORT]
