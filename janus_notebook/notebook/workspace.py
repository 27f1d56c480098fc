"""What this kernel has open: its sessions and its local gateway. They are closed here, once."""

from __future__ import annotations

import asyncio
import atexit
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
        self._watch: asyncio.Task[None] | None = None
        self._serving = asyncio.Lock()
        self._registered = False

    def adopt(self, session: JanusSession) -> None:
        """Close `session` when the kernel ends; forget those that are closed already."""
        self.sessions = [known for known in self.sessions if known.state != "closed"]
        self.sessions.append(session)
        self._close_at_exit()

    def _close_at_exit(self) -> None:
        loop = background()
        if self.report not in loop.on_error:
            loop.on_error.append(self.report)
        if not self._registered:
            self._registered = True
            # Registered after the background loop's own: atexit runs the last one first.
            atexit.register(self.close)

    def report(self, name: str, error: BaseException) -> None:
        """Record a failure that no call can raise, such as that of a `Call` nobody looked at."""
        reason = str(error) if isinstance(error, JanusError) else f"{type(error).__name__}: {error}"
        session_id = getattr(error, "session_id", None)
        owners = [session for session in self.sessions if session.id == session_id]
        for session in owners or self.sessions[-1:]:
            session.on_error(JanusError(f"{name} failed: {reason}"))

    async def serve(self, **options: Any) -> LocalGateway:
        """Start the local gateway, or return the one that runs.

        Raises:
            JanusGatewayError: it can't be started, or runs with other options.
        """
        async with self._serving:
            if self.gateway is not None and self.gateway.running:
                if options:
                    raise JanusGatewayError(
                        "a local gateway runs already", hint="Stop it first: %janus stop."
                    )
                return self.gateway
            await self._stop_gateway()
            self._close_at_exit()
            options.setdefault("binary", settings_from_environment().binary)
            gateway = LocalGateway(**options)
            await gateway.start()
            self.gateway, self.gateway_url, self.gateway_exit = gateway, gateway.ws_url, ""
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
