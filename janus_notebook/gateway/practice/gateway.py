"""`PracticeGateway`: a gateway that speaks the Janus API within this process; not Janus."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from janus_notebook.config import MASK
from janus_notebook.errors import JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway.configuration import LOOPBACK
from janus_notebook.gateway.options import GatewayOptions
from janus_notebook.gateway.practice.fault import Fault
from janus_notebook.gateway.practice.info import VERSION_STRING
from janus_notebook.gateway.practice.life import Life
from janus_notebook.gateway.practice.plugins import standard_plugins
from janus_notebook.gateway.tokens import TokenStore
from janus_notebook.gateway.values import require_bool, require_one_of, require_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from janus_notebook.gateway.practice.life import HowToClose
    from janus_notebook.gateway.practice.misbehaviour import FaultDone
    from janus_notebook.gateway.practice.plugin import PracticePlugin

START_SECONDS = 10.0


class PracticeGateway(TokenStore):
    """A practice gateway on 127.0.0.1: the Janus API, its errors and its habits, without Janus.

    It answers over WebSocket, HTTP and (where the system has them) Unix sockets, knows EchoTest, VideoRoom
    and TextRoom at signalling level, and misbehaves when it is told to (`misbehave`). It is for tutorials
    and tests: everything is in this process's memory, and nothing of it is meant for real calls.

    It runs on a thread of its own and belongs to no event loop: each method may be called from any thread
    and any loop. Use it with ``async with``, with ``with``, or with `start` and `stop`.

    Args:
        session_timeout: seconds without a request after which a session is dropped; 0 is never. As with
            Janus it takes a moment longer: two looks at the sessions, here 0.5 s apart.
        reclaim_session_timeout: seconds a session outlives its lost connection; 0 is not at all.
        full_trickle: whether the gateway trickles its own ICE candidates.
        api_secret: what every request has to carry as ``apisecret``; None asks for nothing.
        token_auth: whether requests need a token: a stored one (`add_token`), or with `token_auth_secret`
            a signed one.
        unix_type: ``SOCK_SEQPACKET`` or ``SOCK_DGRAM``: the type at `unix_url`; the other is there, too.
        media: whether EchoTest echoes real media; None does if the ``media`` extra is installed.
        plugins: makes the plugins for one run; None makes the standard ones.

    Raises:
        JanusOptionError: a value that Janus does not take.
    """

    def __init__(
        self,
        *,
        session_timeout: int = 60,
        reclaim_session_timeout: int = 0,
        full_trickle: bool = True,
        api_secret: str | None = None,
        token_auth: bool = False,
        token_auth_secret: str | None = None,
        unix_type: str = "SOCK_SEQPACKET",
        media: bool | None = None,
        plugins: Callable[[], Iterable[PracticePlugin]] | None = None,
    ) -> None:
        super().__init__()
        self._options = GatewayOptions(
            session_timeout=session_timeout,
            reclaim_session_timeout=reclaim_session_timeout,
            full_trickle=full_trickle,
            api_secret=api_secret,
            token_auth=token_auth,
            token_auth_secret=token_auth_secret,
            unix_type=unix_type,
        )
        if media is not None:
            require_bool("media", media)
        if plugins is not None and not callable(plugins):
            raise JanusOptionError(
                f"plugins={plugins!r}: expected a function", hint="Such as plugins=lambda: [MyPlugin()]."
            )
        self._make_plugins = plugins or partial(standard_plugins, media=media)
        self._lock = threading.Lock()
        self._life: Life | None = None

    # -- what it is ---------------------------------------------------------------------------

    @property
    def ws_url(self) -> str:
        """URL for the ``janus-protocol`` WebSocket."""
        return f"ws://{LOOPBACK}:{self._running().ws.port}"

    @property
    def http_url(self) -> str:
        """URL of the Janus API over HTTP."""
        return f"http://{LOOPBACK}:{self._running().http.port}/janus"

    @property
    def unix_url(self) -> str:
        """``unix://`` or ``unix+dgram://``, as `unix_type` says."""
        if self._options.unix_type == "SOCK_DGRAM":
            return self.unix_dgram_url
        front = self._running().unix
        if front is None:
            raise JanusStateError("this system has no Unix sockets of type SOCK_SEQPACKET")
        return f"unix://{front.path}"

    @property
    def unix_dgram_url(self) -> str:
        """URL of the SOCK_DGRAM socket."""
        front = self._running().dgram
        if front is None:
            raise JanusStateError("this system has no Unix sockets of type SOCK_DGRAM")
        return f"unix+dgram://{front.path}"

    @property
    def admin_url(self) -> str:
        """URL of the Admin API over HTTP; each request carries `admin_secret`."""
        return f"http://{LOOPBACK}:{self._running().admin_http.port}/admin"

    @property
    def admin_secret(self) -> str:
        """The random secret of this start's Admin API."""
        return self._running().admin.secret

    @property
    def version(self) -> str:
        """What ``info`` says: the Janus whose behaviour it follows; empty before the start."""
        return VERSION_STRING if self.running else ""

    @property
    def plugins(self) -> tuple[str, ...]:
        """Package names of its plugins, such as ``janus.plugin.echotest``; empty before the start."""
        life = self._life
        return tuple(sorted(life.server.plugins)) if life is not None and life.running else ()

    @property
    def transports(self) -> tuple[str, ...]:
        """Package names of its transports, such as ``janus.transport.http``; empty before the start."""
        life = self._life
        return tuple(sorted(life.server.transports)) if life is not None and life.running else ()

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._life is not None and self._life.running

    @property
    def exit_reason(self) -> str | None:
        """Why it ended by itself; None if it runs or was stopped."""
        life = self._life
        error = life.ended.result() if life is not None and life.ended.done() else None
        return None if error is None else f"{type(error).__name__}: {error}"

    @property
    def sessions(self) -> tuple[int, ...]:
        """The ids of the sessions it has."""
        life = self._running()
        return life.ask(lambda: tuple(life.server.sessions))

    def log_lines(self, n: int = 50) -> list[str]:
        """Return the last `n` lines of its log without secrets; after `stop` too."""
        lines = [] if self._life is None else list(self._life.log)
        return [self._masked(line) for line in lines[max(0, len(lines) - n) :]]

    def __repr__(self) -> str:
        name = f"{type(self).__name__} practice gateway (not Janus)"
        return f"<{name} at {self.ws_url}, running>" if self.running else f"<{name}, stopped>"

    # -- start and stop -----------------------------------------------------------------------

    async def start(self) -> Self:
        """Start it and wait until it answers; return self. Does nothing if it runs already.

        Raises:
            JanusGatewayError: no port could be opened.
        """
        life = self._begin()
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(life.started)), START_SECONDS)
        except OSError as exc:  # a timeout is one
            life.end()
            raise JanusGatewayError(f"the practice gateway could not be started: {exc}") from exc
        except BaseException:
            life.end()
            raise
        return self

    async def stop(self) -> None:
        """End it; return when its thread, its sockets and its folder are gone. Idempotent."""
        life = self._life
        if life is None:
            return
        if life.thread.is_alive():
            life.tell_to_end()
            await asyncio.wait([asyncio.wrap_future(life.ended)])
        life.end()

    async def wait_closed(self) -> str | None:
        """Wait until it is not running any more; return `exit_reason`. Has no deadline."""
        life = self._life
        if life is not None and life.running:
            await asyncio.wait([asyncio.wrap_future(life.ended)])
        return self.exit_reason

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        """For tests that run no loop of their own: the same as ``async with``."""
        life = self._begin()
        try:
            life.started.result(START_SECONDS)
        except OSError as exc:
            life.end()
            raise JanusGatewayError(f"the practice gateway could not be started: {exc}") from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._life is not None:
            self._life.end()

    # -- faults -------------------------------------------------------------------------------

    def misbehave(self, *faults: Fault) -> None:
        """From now on do these things wrong; see `janus_notebook.gateway.practice.faults`.

        Rules add up. Each counts the messages that it is about; the first that is due takes a message.

        Raises:
            JanusOptionError: one of them is not a fault.
            JanusStateError: it is not running.
        """
        for fault in faults:
            _require_fault(fault)
        life = self._running()
        life.ask(lambda: life.faults.add(faults))

    def behave(self) -> None:
        """Forget every rule; what they hold back is sent."""
        life = self._running()
        life.ask(life.faults.clear)

    @property
    def faults_done(self) -> tuple[FaultDone, ...]:
        """The faults that have happened, in order; after `stop` too."""
        return () if self._life is None else tuple(self._life.faults.done)

    def forget_sessions(self) -> None:
        """Lose every session as a restarted server does: nobody is told, the connections stay."""
        life = self._running()
        life.ask(life.server.forget)

    def time_out_sessions(self) -> None:
        """Time every session out now: each owner gets ``timeout``."""
        life = self._running()
        life.ask(life.time_out)

    def close_connections(self, how: HowToClose = "cut") -> None:
        """Close every connection to the Janus API; new ones are welcome.

        Args:
            how: ``cut`` is an end of stream without a WebSocket close frame, ``reset`` a TCP reset,
                ``goodbye`` a close frame with the code 1001 (going away). A Unix socket just closes.
        """
        require_one_of("way to close", how, ("cut", "reset", "goodbye"))
        life = self._running()
        life.ask(lambda: life.end_connections(how))

    def refuse_connections(self, seconds: float | None = None) -> None:
        """Refuse new connections, for `seconds` or until `accept_connections`; those that are open stay."""
        if seconds is not None:
            require_seconds("seconds", seconds)
        life = self._running()
        life.ask(lambda: life.refuse(seconds))

    def accept_connections(self) -> None:
        """End `refuse_connections`; the URLs are what they were.

        Raises:
            JanusGatewayError: another program has taken a port.
        """
        life = self._running()
        try:
            life.ask_async(life.reopen())
        except OSError as exc:
            raise JanusGatewayError(f"the practice gateway lost a port: {exc}") from exc

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While the context is open, take what is sent and answer nothing, as a process that is stopped.

        What has come meanwhile is answered afterwards. Other methods would wait: leave them for later.
        """
        with self._running().frozen():
            yield

    def restart(self, down: float = 0.0) -> None:
        """Do as a server that is killed and started again `down` seconds later, at the same URLs.

        Connections are cut, sessions are forgotten, and connections are refused meanwhile; returns at once.
        """
        require_seconds("down", down)
        life = self._running()

        def die() -> None:
            life.refuse(down)
            life.server.forget()
            life.end_connections("cut")

        life.ask(die)

    # -- how it does it -----------------------------------------------------------------------

    def _running(self) -> Life:
        life = self._life
        if life is None or not life.running:
            raise JanusStateError(
                "the practice gateway is not running", hint="Start it: await gateway.start()."
            )
        return life

    def _begin(self) -> Life:
        with self._lock:
            life = self._life
            if life is not None and life.ending:
                life.end()
            if life is None or not life.thread.is_alive():
                life = self._life = Life(self._options, self._make_plugins)
                life.begin()
            return life

    def _masked(self, line: str) -> str:
        secrets: list[Any] = [*self._options.secrets, *self._given_tokens]
        if self._life is not None and hasattr(self._life, "admin"):
            secrets.append(self._life.admin.secret)
        for secret in secrets:
            line = line.replace(secret, MASK)
        return line


def _require_fault(fault: object) -> None:
    if isinstance(fault, Fault):
        return
    if isinstance(fault, type) and issubclass(fault, Fault):
        name = fault.__name__
        raise JanusOptionError(f"{name} is a class: write {name}(...)")
    hint = "Such as Drop('message'); help(janus_notebook.gateway.practice.faults) lists them."
    raise JanusOptionError(f"{fault!r} is not a fault", hint=hint)
