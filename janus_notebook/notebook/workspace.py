"""What this kernel has open: its sessions, its local gateway and its monitor. They are closed here, once."""

from __future__ import annotations

import asyncio
import atexit
import secrets
from collections import deque
from contextlib import suppress
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from janus_notebook.bridge import background
from janus_notebook.client.session import ALIVE, JanusSession
from janus_notebook.config import read_settings
from janus_notebook.errors import JanusError, JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway import LocalGateway
from janus_notebook.gateway.local import INSTALL_JANUS, is_installed
from janus_notebook.monitor.configuration import merge, package
from janus_notebook.notebook.admins import Admins

__all__ = ["Workspace", "workspace"]

CLOSE_SECONDS = 8.0

# Of a local gateway's log, in a support bundle.
LOG_LINES = 5000

if TYPE_CHECKING:
    from janus_notebook.gateway import PracticeGateway
    from janus_notebook.monitor import Monitor

    Gateway = LocalGateway | PracticeGateway


class Closable(Protocol):
    """What has to be closed when the kernel ends."""

    async def close(self) -> None:
        """End it; idempotent."""


class Workspace:
    """The open sessions, the local gateway and the monitor of this process, all on the background loop.

    Attributes:
        sessions: every session that `connect` made and that is not closed, oldest first.
        gateway: the local gateway that `serve` started, the real Janus or a practice gateway, or None.
        gateway_url: the URL that sessions use to reach it, or "".
        gateway_options: the options that a session needs there, such as its ``api_secret``.
        gateway_exit: why the last local gateway ended by itself, or "".
        monitor: the receiver for event handlers that `watch` or `serve` started, or None.
        admins: the connections to Admin APIs.
        monitored: whether the local gateway was started to tell it everything.
    """

    def __init__(self) -> None:
        self.sessions: list[JanusSession] = []
        self.admins = Admins()
        self._others: WeakSet[Closable] = WeakSet()
        self.gateway: Gateway | None = None
        self.gateway_url = ""
        self.gateway_options: dict[str, Any] = {}
        self.gateway_exit = ""
        self.monitor: Monitor | None = None
        self.monitored = False
        self._monitor_options: dict[str, Any] = {}
        self._serve_options: dict[str, Any] = {}
        self._watch: asyncio.Task[None] | None = None
        self._serving = asyncio.Lock()
        self._registered = False
        # Some for a person to read; a loop that fails all the time needs no more.
        self._failures: deque[str] = deque(maxlen=20)
        self._notices: deque[str] = deque(maxlen=20)

    def adopt(self, session: JanusSession) -> None:
        """Close `session` when the kernel ends; forget those that are closed already."""
        self.sessions = [known for known in self.sessions if known.state != "closed"]
        self.sessions.append(session)
        gateway = self.gateway
        if gateway is not None and session in self._on_gateway(gateway):
            # It still has its log when it has ended, which is when it is most wanted.
            session.server_log = lambda: "\n".join(gateway.log_lines(LOG_LINES))
        self.listen()

    def own(self, thing: Closable) -> None:
        """Close `thing` when the kernel ends, if it is still there."""
        self._others.add(thing)
        self.listen()

    def listen(self) -> None:
        """Hear of failures that no call can raise, and close everything when the process ends."""
        loop = background()
        if self.report not in loop.on_error:
            loop.on_error.append(self.report)
        if not self._registered:
            self._registered = True
            # Registered after the background loop's own: atexit runs the last one first.
            atexit.register(self.close)

    def report(self, name: str, error: BaseException) -> None:
        """Keep a failure that no call can raise, such as that of a `Call` nobody looked at.

        It goes into the log of the session it is about, and waits for `take_failures`.
        """
        reason = str(error) if isinstance(error, JanusError) else f"{type(error).__name__}: {error}"
        failure = JanusError(f"{name} failed: {reason}")
        session_id = getattr(error, "session_id", None)
        for session in self.sessions:
            if session_id is not None and session.id == session_id:
                session.on_error(failure)
        self._failures.append(str(failure))

    def take_failures(self) -> list[str]:
        """What failed with nobody looking since the last time this was asked."""
        failures = list(self._failures)
        self._failures.clear()
        return failures

    def take_notices(self) -> list[str]:
        """What there is to say that is no failure, since the last time this was asked."""
        notices = list(self._notices)
        self._notices.clear()
        return notices

    async def watch(self, **options: Any) -> Monitor:
        """Start the monitor, or return the one that there is; one that was stopped listens again.

        Raises:
            JanusConnectionError: it can't listen there.
            JanusOptionError: an option that it does not have, or it runs with others.
        """
        async with self._serving:
            return await self._watched(options)

    async def _watched(self, options: dict[str, Any]) -> Monitor:
        from janus_notebook.monitor import Monitor

        known = signature(Monitor).parameters
        for name in options:
            if name not in known:
                raise JanusOptionError.unknown("option of monitor()", name, known)
        if self.monitor is not None and options and options != self._monitor_options:
            if self.monitor.is_open:
                raise JanusOptionError(
                    "a monitor runs already, with other options", hint="Stop it first: %janus monitor --stop."
                )
            self.monitor = None
        if self.monitor is None:
            self.monitor, self._monitor_options = Monitor(**options), options
            self.monitor.on_silence = self._notices.append
        self.listen()
        return await self.monitor.start()

    async def serve(
        self, *, practice: bool | None = None, monitor: bool | str | None = None, **options: Any
    ) -> Gateway:
        """Start the local gateway, or return the one that runs.

        Args:
            practice: True for a practice gateway, False for the real Janus; None for Janus where it is
                installed, and a practice gateway elsewhere.
            monitor: whether it tells the monitor everything, which is started if need be; or by which
                event handler, ``"sampleevh"`` or ``"wsevh"``. None: it does if there is a monitor.

        Raises:
            JanusGatewayError: it can't be started, or runs with other options.
            JanusOptionError: an option that it does not have.
        """
        monitor = "sampleevh" if monitor is True else monitor
        asked = {**options, "practice": practice, "monitor": monitor}
        asked = {name: value for name, value in asked.items() if value is not None}
        async with self._serving:
            if self.gateway is not None and self.gateway.running:
                if asked and asked != self._serve_options:
                    raise JanusGatewayError(
                        "a local gateway runs already, with other options", hint="Stop it first: %janus stop."
                    )
                return self.gateway
            await self._stop_gateway()
            self.listen()
            practice = _is_practice(practice, options)
            handler = self._handler(monitor, practice)
            monitor_before = self.monitor
            try:
                gateway = await self._started(practice, handler, options)
            except BaseException:
                if self.monitor is not monitor_before and self.monitor is not None:
                    await self.monitor.stop()
                    self.monitor = None
                raise
            self.monitored = handler is not None
            self.gateway, self.gateway_url, self.gateway_exit = gateway, gateway.ws_url, ""
            self._serve_options = asked
            self.gateway_options = {key: options[key] for key in ("api_secret",) if options.get(key)}
            self._watch = asyncio.create_task(self._follow(gateway), name="janus-gateway-watch")
            return gateway

    async def _started(self, practice: bool, handler: str | None, options: dict[str, Any]) -> Gateway:
        """Start a gateway that tells the monitor by `handler`, if that is given."""
        gateway = _gateway(practice, options)  # refuses wrong options before anything is started
        if handler is not None:
            monitor = await self._watched({} if self.monitor else _own_credentials())
            settings = merge(monitor.settings(handler), options.get("settings") or {})
            gateway = _gateway(practice, {**options, "settings": settings})
        await gateway.start()
        if handler is not None and isinstance(gateway, LocalGateway):
            await _check_handler(gateway, handler)
        return gateway

    async def restart(self) -> Gateway:
        """Start the local gateway anew, with the same options, so that it tells the monitor everything.

        Its sessions are destroyed, and its addresses change.
        """
        options = {**self._serve_options, "monitor": "sampleevh"}
        await self.stop()
        return await self.serve(**options)

    def _handler(self, monitor: str | bool | None, practice: bool) -> str | None:
        """By which event handler a gateway is to tell the monitor; None for not at all."""
        if monitor is None and not practice and self.monitor is not None and self.monitor.is_open:
            monitor = "sampleevh"
        if not monitor:
            return None
        if practice:
            raise JanusGatewayError("the practice gateway has no event handlers", hint=INSTALL_JANUS)
        package(str(monitor))  # refuses an unknown one, before anything is started
        return str(monitor)

    async def _follow(self, gateway: Gateway) -> None:
        """Tell the sessions when it ends by itself: their own error only knows of the connection."""
        reason = await gateway.wait_closed()
        if reason and self.gateway is gateway:
            self.gateway_exit = reason
            error = JanusGatewayError(f"the local gateway ended by itself: {reason}")
            for session in self._on_gateway(gateway):
                session.on_error(error)

    async def find_admins(self) -> None:
        """Give each open session the Admin API of its server, where one is known.

        That of the local gateway and of the environment's server is known; those that are open are asked.
        """
        gateway, urls = self.gateway, _urls(self.gateway)
        sessions = [session for session in self.sessions if session.state in ALIVE]
        for session in sessions:
            if session.admin is None or session.admin.state == "closed":
                session.admin = self.admins.for_server(session.base_url, gateway, urls)
        await self.admins.attach(sessions)

    def _on_gateway(self, gateway: Gateway) -> list[JanusSession]:
        if not gateway.running:
            return [session for session in self.sessions if session.base_url == self.gateway_url]
        urls = _urls(gateway)
        return [session for session in self.sessions if session.base_url in urls]

    async def stop(self) -> None:
        """Stop the local gateway, if there is one; sessions on it are destroyed first."""
        async with self._serving:
            await self._stop_gateway()

    async def _stop_gateway(self) -> None:
        gateway, self.gateway = self.gateway, None
        if gateway is None:
            return
        await asyncio.gather(*(session.destroy() for session in self._on_gateway(gateway)))
        if gateway.running:
            await self.admins.close(gateway)
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await gateway.stop()

    async def close_all(self) -> None:
        """Destroy every session, close everything else, and stop the gateway."""
        results: list[object] = await asyncio.gather(
            *(session.destroy() for session in self.sessions), return_exceptions=True
        )
        self.sessions.clear()
        results += await asyncio.gather(
            *(thing.close() for thing in tuple(self._others)), return_exceptions=True
        )
        self._others.clear()
        await self.admins.close()
        await self.stop()
        if self.monitor is not None:  # after the gateway, whose last word is that it ends
            await self.monitor.stop()
            self.monitor = None
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, JanusError):
                raise result

    def close(self) -> None:
        """Close everything that is open; blocks, idempotent."""
        if (
            self.sessions
            or self.admins
            or self._others
            or self.gateway is not None
            or self.monitor is not None
        ):
            background().submit(self.close_all, name="close").result(CLOSE_SECONDS)


def _urls(gateway: Gateway | None) -> set[str]:
    """The URLs of a running gateway's Janus API, by the transports that it has."""
    urls: set[str] = set()
    if gateway is not None and gateway.running:
        for name in ("ws_url", "http_url", "unix_url", "unix_dgram_url"):
            with suppress(AttributeError, JanusStateError):  # a transport that this one lacks
                urls.add(getattr(gateway, name))
    return urls


def _own_credentials() -> dict[str, Any]:
    """For a monitor that only our own gateway is to reach."""
    return {"user": "janus", "password": secrets.token_urlsafe(24)}


async def _check_handler(gateway: LocalGateway, handler: str) -> None:
    """Stop a gateway that has no such event handler.

    Raises:
        JanusGatewayError: it has none.
    """
    if package(handler) not in gateway.event_handlers:
        known = ", ".join(gateway.event_handlers) or "none"
        await gateway.stop()
        raise JanusGatewayError(
            f"this Janus was installed without {package(handler)}; it has: {known}",
            hint="%janus serve --monitor wsevh takes the other one.",
        )


def _is_practice(practice: bool | None, options: dict[str, Any]) -> bool:
    """Whether the gateway that was asked for is a practice gateway."""
    if practice is not None:
        return practice
    return not (options.get("binary") or read_settings().binary or is_installed())


def _gateway(practice: bool, options: dict[str, Any]) -> Gateway:
    """The gateway that was asked for, not started."""
    binary = options.get("binary") or read_settings().binary
    of_janus = signature(LocalGateway).parameters
    if not practice:
        for name in options:
            if name not in of_janus:
                raise JanusOptionError.unknown("option of serve()", name, of_janus)
        return LocalGateway(**{**options, "binary": binary})
    from janus_notebook.gateway import PracticeGateway  # not needed where there is a Janus

    known = signature(PracticeGateway).parameters
    for name in options:
        if name in of_janus and name not in known:
            raise JanusOptionError(
                f"the practice gateway has no option {name!r}; only a real Janus does", hint=INSTALL_JANUS
            )
        if name not in known:
            raise JanusOptionError.unknown("option of serve()", name, known)
    return PracticeGateway(**options)


_shared: list[Workspace] = []


def workspace() -> Workspace:
    """The one workspace of this process."""
    if not _shared:
        _shared.append(Workspace())
    return _shared[0]
