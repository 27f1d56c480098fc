"""`Monitor`: a receiver in this process for what Janus tells its event handlers."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final, Literal, Self

from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.session import JanusSession
from janus_notebook.config import MASK
from janus_notebook.errors import JanusConnectionError, JanusOptionError, JanusStateError
from janus_notebook.monitor import configuration
from janus_notebook.monitor.http import REQUEST_SECONDS, HttpFront
from janus_notebook.monitor.intake import Intake
from janus_notebook.monitor.log import MergedLog, MonitorLog
from janus_notebook.monitor.websocket import WebSocketFront

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from janus_notebook.protocol.libconfig import Category, Value

__all__ = ["Monitor", "MonitorState"]

MonitorState = Literal["new", "listening", "receiving", "closed"]

LOOPBACK: Final = "127.0.0.1"
LOCAL: Final = frozenset({LOOPBACK, "::1", "localhost"})
EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not bound to
PATIENCE_SECONDS: Final = 10.0
MAX_BODY: Final = 16 * 1024 * 1024


class Monitor:
    """A receiver for Janus's event handlers: everything that a server does, whoever asked for it.

    ::

        async with Monitor() as monitor:
            print(monitor.configuration("sampleevh"))  # for the server; then restart it
            async for event in monitor.events.subscribe(["session", "handle"]):
                print(event)

    It listens for ``janus.eventhandler.sampleevh``, which posts by HTTP, and for
    ``janus.eventhandler.wsevh``, which connects by WebSocket. Use one of them: with both, every event
    comes twice. What is no event is counted (`counters`), said in the log, and harms nothing.

    Args:
        host: the address to listen at. The default is for a server on this machine; ``0.0.0.0`` is for any.
        port: for HTTP; 0 takes a free one, None does not listen for HTTP.
        ws_port: for WebSockets; 0 takes a free one, None does not listen for them. A wsevh cannot
            authenticate itself: beyond this machine, give None or see to it that only the server gets here.
        path: the path of the URLs; any other is refused.
        user, password: what HTTP deliveries have to carry as basic authentication; None asks for nothing.
        capacity: how many events the log keeps.
        max_body: bytes of a delivery at most.
        patience: seconds until it is said that nothing has arrived, and why that may be.
        request_timeout: seconds that a delivery may take to get here.
        on_silence: called with these words, once; they stand in the log too.

    Attributes:
        events: the log (`MonitorLog`).
        state: ``new``, ``listening`` (nothing has arrived yet), ``receiving``, ``closed``.
        notice: what was said because nothing has arrived, or "".

    Raises:
        JanusOptionError: a value that cannot be.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int | None = 0,
        ws_port: int | None = 0,
        path: str = "/",
        user: str | None = None,
        password: str | None = None,
        capacity: int = 20_000,
        max_body: int = MAX_BODY,
        patience: float = PATIENCE_SECONDS,
        request_timeout: float = REQUEST_SECONDS,
        on_silence: Callable[[str], None] | None = None,
    ) -> None:
        if not isinstance(host, str):
            raise JanusOptionError(f"host={host!r}: expected an address, such as '127.0.0.1' or '0.0.0.0'")
        for name, value in (("port", port), ("ws_port", ws_port)):
            if value is not None and (type(value) is not int or not 0 <= value <= 65535):
                raise JanusOptionError(f"{name}={value!r}: expected 0 to 65535, or None")
        if port is None and ws_port is None:
            raise JanusOptionError("port and ws_port are both None", hint="It has to listen for something.")
        if not isinstance(path, str) or not path.startswith("/") or set(path) & set("?# "):
            raise JanusOptionError(f"path={path!r}: expected the path of a URL, such as '/events'")
        if (user is None) is not (password is None):
            raise JanusOptionError("give user and password, or neither")
        for name, secret in (("user", user), ("password", password)):
            if secret is not None and (not isinstance(secret, str) or not secret):
                raise JanusOptionError(f"{name} has to be a text of one character or more")
        if user is not None and ":" in user:
            raise JanusOptionError(f"user={user!r}: a colon would end it (HTTP basic authentication)")
        if type(max_body) is not int or max_body < 1:
            raise JanusOptionError(f"max_body={max_body!r}: expected a number of bytes")
        self.events = MonitorLog(capacity)
        self.state: MonitorState = "new"
        self.notice = ""
        self.on_silence = on_silence
        self._patience = check_seconds("patience", patience)
        self._host = host
        self._path = path
        self._user = user
        self._password = password
        self._ports: dict[str, int | None] = {"http": port, "ws": ws_port}
        self._intake = Intake(self.events, self._first)
        seconds = check_seconds("request_timeout", request_timeout)
        credentials = None if user is None else f"{user}:{password}"
        self._http = HttpFront(
            self._intake, path=path, credentials=credentials, max_body=max_body, request_seconds=seconds
        )
        self._ws = WebSocketFront(self._intake, path=path, max_body=max_body, request_seconds=seconds)
        self._silence: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        urls = ", ".join(self._url(scheme) for scheme, port in self._ports.items() if port)
        refused = self._intake.refused.total()
        told = f"{self._intake.events} events" + (f", {refused} deliveries refused" if refused else "")
        at = f" at {urls}" if urls and self.is_open else ""
        return f"<Monitor {self.state}{at}; {told}>"

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self.state in ("listening", "receiving")

    @property
    def http_url(self) -> str:
        """Where ``sampleevh`` posts to (its ``backend``)."""
        return self._open_url("http")

    @property
    def ws_url(self) -> str:
        """Where ``wsevh`` connects to (its ``backend``)."""
        return self._open_url("ws")

    @property
    def counters(self) -> dict[str, int]:
        """How many ``events`` and ``deliveries`` there were, ``duplicates`` of these, those ``refused``.

        Also how many entries the log has ``dropped``, and the open ``connections``. `refused` has the
        reasons.
        """
        return {
            "events": self._intake.events,
            "deliveries": self._intake.deliveries,
            "duplicates": self._intake.duplicates,
            "refused": self._intake.refused.total(),
            "dropped": self.events.dropped,
            "connections": self._http.connections + self._ws.connections,
        }

    @property
    def refused(self) -> dict[str, int]:
        """How many deliveries, or events in them, were refused, by the reason."""
        return dict(self._intake.refused)

    # -- life -------------------------------------------------------------------------------------

    async def start(self) -> Self:
        """Listen; return self. Does nothing if it listens already. After `stop` the ports are the same.

        Raises:
            JanusConnectionError: it cannot listen there.
        """
        async with self._turn:
            if self.is_open:
                return self
            fronts: dict[str, HttpFront | WebSocketFront] = {"http": self._http, "ws": self._ws}
            try:
                for scheme, front in fronts.items():
                    port = self._ports[scheme]
                    if port is not None:
                        self._ports[scheme] = await front.open(self._host, port)
            except OSError as exc:
                await self._close_fronts()
                raise JanusConnectionError(
                    f"can't listen at {self._host} port {port}: {exc.strerror or exc}",
                    hint="Port 0 takes a free one.",
                ) from exc
            except BaseException:
                await self._close_fronts()
                raise
            self._become("listening")
            self._silence = asyncio.get_running_loop().call_later(self._patience, self._say_silence)
            return self

    async def stop(self) -> None:
        """Listen no more; the streams end, the log stays. Idempotent."""
        async with self._turn:
            if not self.is_open:
                return
            if self._silence is not None:
                self._silence.cancel()
            self._become("closed")
            try:
                await self._close_fronts()
            finally:
                self.events.end_subscriptions()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def _close_fronts(self) -> None:
        await asyncio.gather(self._http.close(), self._ws.close())

    # -- what the server has to be told -------------------------------------------------------------

    def configuration(
        self,
        handler: str = "sampleevh",
        *,
        events: str | Iterable[str] = "all",
        grouping: bool = True,
        url: str | None = None,
        secrets: bool = False,
    ) -> str:
        """The text for the server's configuration files, ready to paste.

        Args:
            handler: ``sampleevh`` (HTTP) or ``wsevh`` (WebSocket).
            events: what to send: ``all``, or some of ``sessions``, ``handles``, ``jsep``, ``webrtc``,
                ``media``, ``plugins``, ``transports``, ``core``, ``external``, as a list or with commas.
            grouping: whether several events may come in one delivery.
            url: where the server reaches this monitor, if that is not `http_url` or `ws_url`.
            secrets: put the password in, in place of ``***``.

        Raises:
            JanusOptionError: an unknown handler, or a word that Janus does not know.
            JanusStateError: it does not listen for this handler, or not yet.
        """
        password = self._password if secrets or self._password is None else MASK
        return configuration.text(handler, self._general(handler, events, grouping, url, password))

    def settings(
        self,
        handler: str = "sampleevh",
        *,
        events: str | Iterable[str] = "all",
        grouping: bool = True,
    ) -> dict[str, dict[str, Category]]:
        """The same as the ``settings`` of a `LocalGateway`, the password in them.

        Raises:
            JanusOptionError, JanusStateError: see `configuration`.
        """
        values = self._general(handler, events, grouping, None, self._password)
        return {
            configuration.package(handler): {"general": values},
            "janus": {"events": configuration.BROADCAST},
        }

    def _general(
        self,
        handler: str,
        events: str | Iterable[str],
        grouping: bool,
        url: str | None,
        password: str | None,
    ) -> dict[str, Value]:
        by_http = configuration.package(handler).endswith(".sampleevh")
        url = url or (self.http_url if by_http else self.ws_url)
        user = self._user if by_http else None  # wsevh has no authentication
        return configuration.general(url, events=events, grouping=grouping, user=user, password=password)

    def _open_url(self, scheme: str) -> str:
        if self._ports[scheme] is None:
            name = "port" if scheme == "http" else "ws_port"
            raise JanusStateError(f"this monitor was made with {name}=None", hint="Make one without.")
        if not self.is_open:
            raise JanusStateError("the monitor is not listening", hint="Start it: await monitor.start().")
        return self._url(scheme)

    def _url(self, scheme: str) -> str:
        # The name of this machine is the best guess at how another one reaches it.
        host = socket.gethostname() if self._host in EVERYWHERE else self._host
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}:{self._ports[scheme]}{self._path}"

    # -- what is seen ----------------------------------------------------------------------------------

    def merged(self, session: JanusSession) -> MergedLog:
        """The log of a session of this process and what the server told about it, in order of time.

        It is a log of its own, as things stand now: to be shown, filtered, saved. The server's entries
        have the direction ``monitor`` and stand at the server's own time, corrected by the difference of
        the two clocks, as far as the quickest delivery tells it.

        Raises:
            JanusOptionError: it is not a session.
        """
        if not isinstance(session, JanusSession):
            raise JanusOptionError(f"a JanusSession is expected, not {session!r}")
        entries = list(session.events)
        ids = {event.session_id for event in entries} - {None}
        told = [event for event in self.events if event.session_id in ids]
        merged = MergedLog(entries, told, self._intake.clock_offset or 0.0)
        merged.labels = dict(session.events.labels)
        return merged

    def _first(self) -> None:
        """The first event has arrived."""
        if self._silence is not None:
            self._silence.cancel()
        if self.is_open:
            self._become("receiving")

    def _become(self, state: MonitorState) -> None:
        before, self.state = self.state, state
        self.events.record("local", "state", {"state": state, "before": before})

    def _say_silence(self) -> None:
        if self._intake.events:  # of a start before this one
            return
        self.notice = f"nothing has arrived from Janus within {self._patience:g} s. {self._why()}"
        self.events.record("local", "error", {"error": self.notice})
        if self.on_silence is not None:
            self.on_silence(self.notice)

    def _why(self) -> str:
        if refused := self.refused:
            reasons = ", ".join(f"{reason} ({count})" for reason, count in refused.items())
            return f"But deliveries were refused: {reasons}."
        if self._ws.connections:
            return "A client is connected by WebSocket: do its events, in the handler's file, leave any?"
        reach = " Only a server on this machine can reach it." if self._host in LOCAL else ""
        return (
            "Are monitor.configuration() and broadcast = true in the server's files, and was it restarted "
            f"since? Can it reach {' or '.join(self._url(s) for s, p in self._ports.items() if p)}?{reach}"
        )
