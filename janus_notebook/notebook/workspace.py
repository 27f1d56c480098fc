"""What this kernel has open: its sessions and its local gateway. They are closed here, once."""

from __future__ import annotations

import asyncio
import atexit
from collections import deque
from typing import Any

from janus_notebook.bridge import background
from janus_notebook.client.session import JanusSession
from janus_notebook.config import settings_from_environment
from janus_notebook.errors import JanusError, JanusGatewayError
from janus_notebook.gateway import LocalGateway

__all__ = ["Workspace", "workspace"]

CLOSE_SECONDS = 8.0


class Workspace:
    """The open sessions and the local gateway of this process. All of it lives on the background loop.

    Attributes:
        sessions: every session that `connect` made and that is not closed, oldest first.
        gateway: the local gateway that `serve` started, or None.
        gateway_url: the URL that sessions use to reach it, or "".
        gateway_options: the options that a session needs there, such as its ``api_secret``.
        gateway_exit: why the last local gateway ended by itself, or "".
    """

    def __init__(self) -> None:
        self.sessions: list[JanusSession] = []
        self.gateway: LocalGateway | None = None
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

    async def serve(self, **options: Any) -> LocalGateway:
        """Start the local gateway, or return the one that runs.

        Raises:
            JanusGatewayError: it can't be started, or runs with other options.
        """
        async with self._serving:
            if self.gateway is not None and self.gateway.running:
                if options and options != self._serve_options:
                    raise JanusGatewayError(
                        "a local gateway runs already, with other options", hint="Stop it first: %janus stop."
                    )
                return self.gateway
            await self._stop_gateway()
            self.listen()
            gateway = LocalGateway(**{"binary": settings_from_environment().binary, **options})
            await gateway.start()
            self.gateway, self.gateway_url, self.gateway_exit = gateway, gateway.ws_url, ""
            self._serve_options = options
            self.gateway_options = {key: options[key] for key in ("api_secret",) if options.get(key)}
            self._watch = asyncio.create_task(self._follow(gateway), name="janus-gateway-watch")
            return gateway

    async def _follow(self, gateway: LocalGateway) -> None:
        """Tell the sessions when Janus ends by itself: their own error only knows of the connection."""
        reason = await gateway.wait_closed()
        if reason and self.gateway is gateway:
            self.gateway_exit = reason
            error = JanusGatewayError(f"the local gateway ended by itself: {reason}")
            for session in self._on_gateway():
                session.on_error(error)

    def _on_gateway(self) -> list[JanusSession]:
        return [session for session in self.sessions if session.base_url == self.gateway_url]

    async def stop(self) -> None:
        """Stop the local gateway, if there is one; sessions on it are destroyed first."""
        async with self._serving:
            await self._stop_gateway()

    async def _stop_gateway(self) -> None:
        gateway, self.gateway = self.gateway, None
        if gateway is None:
            return
        await asyncio.gather(*(session.destroy() for session in self._on_gateway()))
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await gateway.stop()

    async def close_all(self) -> None:
        """Destroy every session and stop the gateway."""
        results = await asyncio.gather(
            *(session.destroy() for session in self.sessions), return_exceptions=True
        )
        self.sessions.clear()
        await self.stop()
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, JanusError):
                raise result

    def close(self) -> None:
        """Close everything that is open; blocks, idempotent."""
        if self.sessions or self.gateway is not None:
            background().submit(self.close_all, name="close").result(CLOSE_SECONDS)


_shared: list[Workspace] = []


def workspace() -> Workspace:
    """The one workspace of this process."""
    if not _shared:
        _shared.append(Workspace())
    return _shared[0]
