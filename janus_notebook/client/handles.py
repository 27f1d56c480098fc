"""The handles of a session: attach and detach, and who gets an event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from janus_notebook.errors import JanusError, JanusServerError, JanusStateError
from janus_notebook.protocol.events import JanusEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.plugin import JanusPlugin
    from janus_notebook.client.session import JanusSession

__all__ = ["Handles"]

# How long a detach waits for requests in flight on the handle: one that overtakes a message fails
# it, and has crashed Janus 1.1.2 when event handlers were on.
SETTLE_SECONDS = 3.0


class Handles:
    """The plugin handles of one session, by their id."""

    def __init__(self, session: JanusSession) -> None:
        self._session = session
        self._by_id: dict[int, JanusPlugin] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[JanusPlugin]:
        return iter(tuple(self._by_id.values()))

    def get(self, handle_id: int | None) -> JanusPlugin | None:
        """The handle with this id, or None."""
        return None if handle_id is None else self._by_id.get(handle_id)

    async def attach(self, plugin: JanusPlugin) -> Message:
        """See `JanusSession.attach_plugin`."""
        async with plugin.lock:
            if plugin.attached is not None:
                if plugin.session is self._session:
                    return plugin.attached
                raise JanusStateError(
                    f"{plugin.name} is attached to another session", hint="Detach it first."
                )
            begun: list[Message] = []

            def begin(message: Message) -> None:
                handle_id = message["data"]["id"]
                self._by_id[handle_id] = plugin
                plugin.begin(self._session, handle_id, message)
                begun.append(message)

            request: Message = {"janus": "attach", "plugin": plugin.name}
            if plugin.opaque_id is not None:
                request["opaque_id"] = plugin.opaque_id
            try:
                return await self._session.exchange(request, on_reply=begin, on_late=self._undo)
            except JanusError as exc:
                exc.within(plugin=plugin.name)
                raise
            except asyncio.CancelledError:
                for message in begun:  # the answer came in the instant of the cancellation
                    self._forget(message["data"]["id"], "attach was cancelled")
                    self._undo(message)
                raise

    def _undo(self, message: Message) -> None:
        """Detach at once a handle whose caller gave up while it was attached."""
        session = self._session
        if session.id is not None:
            late = {"janus": "detach", "handle_id": message["data"]["id"]}
            session.spawn(session.exchange(late), name="janus-detach-late")

    async def detach(self, plugin: JanusPlugin) -> Message:
        """See `JanusSession.detach_plugin`."""
        async with plugin.lock:
            if plugin.session not in (None, self._session):
                raise JanusStateError(
                    f"{plugin.name} is attached to another session", hint="Use its own session."
                )
            handle_id = plugin.id
            if handle_id is None:
                return plugin.detached or {}
            await plugin.release()
            await self._quiet(handle_id)
            if handle_id not in self._by_id:
                return {}  # it ended meanwhile

            def done(message: Message) -> None:
                self._forget(handle_id, "")
                plugin.detached = message

            try:
                request = {"janus": "detach", "handle_id": handle_id}
                return await self._session.exchange(request, on_reply=done, on_late=done)
            except JanusServerError as exc:
                if exc.name != "HANDLE_NOT_FOUND":
                    raise
                self._forget(handle_id, "the server no longer knew it")
                return {}
            except JanusStateError:
                if handle_id in self._by_id:
                    raise
                return {}  # the session ended meanwhile, and the handle with it

    async def _quiet(self, handle_id: int) -> None:
        """Wait, within bounds, for the requests that are in flight on a handle."""
        pending = self._session.connection.pending_on(handle_id)
        if pending:
            await asyncio.wait(pending, timeout=min(SETTLE_SECONDS, self._session.timeout))

    async def detach_all(self) -> None:
        """Detach every handle, on the way to `destroy`; what fails is recorded, not raised."""
        results = await asyncio.gather(*(self.detach(plugin) for plugin in self), return_exceptions=True)
        for result in results:
            if isinstance(result, JanusError):
                self._session.on_error(result)
            elif isinstance(result, BaseException):
                raise result

    def _forget(self, handle_id: int, reason: str) -> None:
        """One handle has ended, here or on the server."""
        plugin = self._by_id.pop(handle_id, None)
        if plugin is None:
            return
        self._session.connection.fail_handle(
            handle_id,
            lambda: JanusStateError(f"handle {handle_id} was detached", hint="Attach the plugin again."),
        )
        plugin.end(reason)
        self._session.events.end_subscriptions(handle_id)

    def end(self, reason: str) -> None:
        """Every handle has ended, with the session."""
        for handle_id in tuple(self._by_id):
            self._forget(handle_id, reason)

    def note_jsep(self, handle_id: int | None, message: Message) -> None:
        """Tell the handle that an SDP went either way, if `message` holds one."""
        plugin = self.get(handle_id)
        if plugin is not None and "jsep" in message:
            plugin.on_jsep()

    def on_event(self, event: JanusEvent) -> None:
        """Let the handle follow its event."""
        plugin = self.get(event.handle_id)
        if plugin is None:
            return
        self.note_jsep(event.handle_id, event.raw)
        plugin.on_event(event)
        if event.kind == "detached":
            self._forget(plugin.id or 0, "the server detached it")
