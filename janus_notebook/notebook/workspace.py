"""What this kernel has open: its sessions and its local gateway. They are closed here, once."""

from __future__ import annotations

import asyncio
import atexit
from collections import deque
from contextlib import suppress
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from janus_notebook.bridge import background
from janus_notebook.client.session import JanusSession
from janus_notebook.config import settings_from_environment
from janus_notebook.errors import JanusError, JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway import LocalGateway
from janus_notebook.gateway.local import INSTALL_JANUS, is_installed

__all__ = ["Workspace", "workspace"]

CLOSE_SECONDS = 8.0

if TYPE_CHECKING:
    from janus_notebook.gateway import PracticeGateway

    Gateway = LocalGateway | PracticeGateway


class Closable(Protocol):
    """What has to be closed when the kernel ends."""

    async def close(self) -> None:
        """End it; idempotent."""


class Workspace:
    """The open sessions and the local gateway of this process. All of it lives on the background loop.

    Attributes:
        sessions: every session that `connect` made and that is not closed, oldest first.
        gateway: the local gateway that `serve` started, the real Janus or a practice gateway, or None.
        gateway_url: the URL that sessions use to reach it, or "".
        gateway_options: the options that a session needs there, such as its ``api_secret``.
        gateway_exit: why the last local gateway ended by itself, or "".
    """

    def __init__(self) -> None:
        self.sessions: list[JanusSession] = []
        self._others: WeakSet[Closable] = WeakSet()
        self.gateway: Gateway | None = None
        self.gateway_url = ""
        self.gateway_options: dict[str, Any] = {}
        self.gateway_exit = ""
        self._serve_options: dict[str, Any] = {}
        self._watch: asyncio.Task[None] | None = None
        self._serving = asyncio.Lock()
        self._registered = False
        # Some for a person to read; a loop that fails all the time needs no more.
        self._failures: deque[str] = deque(maxlen=20)

    def adopt(self, session: JanusSession) -> None:
        """Close `session` when the kernel ends; forget those that are closed already."""
        self.sessions = [known for known in self.sessions if known.state != "closed"]
        self.sessions.append(session)
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

    async def serve(self, *, practice: bool | None = None, **options: Any) -> Gateway:
        """Start the local gateway, or return the one that runs.

        Args:
            practice: True for a practice gateway, False for the real Janus; None for Janus where it is
                installed, and a practice gateway elsewhere.

        Raises:
            JanusGatewayError: it can't be started, or runs with other options.
            JanusOptionError: an option that it does not have.
        """
        asked = options if practice is None else {**options, "practice": practice}
        async with self._serving:
            if self.gateway is not None and self.gateway.running:
                if asked and asked != self._serve_options:
                    raise JanusGatewayError(
                        "a local gateway runs already, with other options", hint="Stop it first: %janus stop."
                    )
                return self.gateway
            await self._stop_gateway()
            self.listen()
            gateway = _gateway(practice, options)
            await gateway.start()
            self.gateway, self.gateway_url, self.gateway_exit = gateway, gateway.ws_url, ""
            self._serve_options = asked
            self.gateway_options = {key: options[key] for key in ("api_secret",) if options.get(key)}
            self._watch = asyncio.create_task(self._follow(gateway), name="janus-gateway-watch")
            return gateway

    async def _follow(self, gateway: Gateway) -> None:
        """Tell the sessions when it ends by itself: their own error only knows of the connection."""
        reason = await gateway.wait_closed()
        if reason and self.gateway is gateway:
            self.gateway_exit = reason
            error = JanusGatewayError(f"the local gateway ended by itself: {reason}")
            for session in self._on_gateway(gateway):
                session.on_error(error)

    def _on_gateway(self, gateway: Gateway) -> list[JanusSession]:
        if not gateway.running:
            return [session for session in self.sessions if session.base_url == self.gateway_url]
        urls = set()
        for name in ("ws_url", "http_url", "unix_url", "unix_dgram_url"):
            with suppress(AttributeError, JanusStateError):  # a transport that this one lacks
                urls.add(getattr(gateway, name))
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
        await self.stop()
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, JanusError):
                raise result

    def close(self) -> None:
        """Close everything that is open; blocks, idempotent."""
        if self.sessions or self._others or self.gateway is not None:
            background().submit(self.close_all, name="close").result(CLOSE_SECONDS)


def _gateway(practice: bool | None, options: dict[str, Any]) -> Gateway:
    """The gateway that was asked for, not started."""
    binary = options.get("binary") or settings_from_environment().binary
    if practice is None:
        practice = binary is None and not is_installed()
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
