"""The handles of a session: attach and detach, and who gets an event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.config import mask
from janus_notebook.errors import (
    JanusConnectionError,
    JanusError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
    nearest,
)
from janus_notebook.protocol.events import JanusEvent
from janus_notebook.protocol.messages import MAX_INTEGER, Message, integer

if TYPE_CHECKING:
    from janus_notebook.client.plugin import JanusPlugin
    from janus_notebook.client.session import JanusSession

__all__ = ["Handles", "new_id"]

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
            await self._session.when_back(self._session.timeout)
            if plugin.attached is not None:
                if plugin.session is self._session:
                    return plugin.attached
                raise JanusStateError(
                    f"{plugin.name} is attached to another session", hint="Detach it first."
                )
            begun: list[Message] = []

            def begin(message: Message) -> None:
                self.begin(plugin, message)
                begun.append(message)

            request = self.attach_request(plugin)
            try:
                return await self._session.exchange(request, on_reply=begin, on_late=self._undo)
            except JanusError as exc:
                exc.within(plugin=plugin.name)
                known = (self._session.server or {}).get("plugins")
                if isinstance(exc, JanusServerError) and exc.name == "PLUGIN_NOT_FOUND" and known:
                    exc.hint = nearest(plugin.name, known)
                raise
            except asyncio.CancelledError:
                for message in begun:  # the answer came in the instant of the cancellation
                    self._forget(new_id(message), "attach was cancelled")
                    self._undo(message)
                raise

    @staticmethod
    def attach_request(plugin: JanusPlugin) -> Message:
        """The request that attaches `plugin`."""
        request: Message = {"janus": "attach", "plugin": plugin.name}
        if plugin.opaque_id is not None:
            request["opaque_id"] = plugin.opaque_id
        return request

    def begin(self, plugin: JanusPlugin, message: Message) -> None:
        """The server has attached `plugin`, and its answer says under which id."""
        handle_id = new_id(message)
        self._by_id[handle_id] = plugin
        plugin.begin(self._session, handle_id, message)

    def suspend(self, handle_id: int) -> None:
        """Take out a handle that is gone on the server and is to be attached again; its streams go on."""
        del self._by_id[handle_id]

    def _undo(self, message: Message) -> None:
        """Detach at once a handle whose caller gave up while it was attached."""
        session = self._session
        session_id = message.get("session_id", session.id)
        late = {"janus": "detach", "session_id": session_id, "handle_id": new_id(message)}
        if session.id is not None and session_id == session.id:
            session.spawn(session.exchange(late), name="janus-detach-late")

    async def detach(self, plugin: JanusPlugin) -> Message:
        """See `JanusSession.detach_plugin`."""
        async with plugin.lock:
            if plugin.session not in (None, self._session):
                raise JanusStateError(
                    f"{plugin.name} is attached to another session", hint="Use its own session."
                )
            if plugin.id is not None:
                await plugin.release()
            if plugin.id is not None:
                await self._quiet(plugin.id)
            await self._session.when_back(self._session.timeout)
            handle_id = plugin.id
            if handle_id is None:
                return plugin.detached or {}

            def done(message: Message) -> None:
                self._forget(handle_id, "")
                plugin.detached = message

            try:
                request = {"janus": "detach", "handle_id": handle_id}
                return await self._session.exchange(request, on_reply=done, on_late=done)
            except (JanusServerError, JanusStateError, JanusConnectionError):
                if handle_id in self._by_id:
                    raise
                return {}  # it ended meanwhile, alone or with its session

    async def _quiet(self, handle_id: int) -> None:
        """Wait, within bounds, for the requests that are in flight on a handle."""
        session = self._session
        pending = session.connection.pending_on(session.id, handle_id) if session.id is not None else []
        if pending:
            await asyncio.wait(pending, timeout=min(SETTLE_SECONDS, session.timeout))

    async def detach_all(self) -> bool:
        """Detach every handle, on the way to `destroy`; what fails is recorded, not raised.

        Returns False if the server left one of them without an answer.
        """
        results = await asyncio.gather(*(self.detach(plugin) for plugin in self), return_exceptions=True)
        for result in results:
            if isinstance(result, JanusError):
                self._session.on_error(result)
            elif isinstance(result, BaseException):
                raise result
        return not any(isinstance(result, JanusTimeoutError) for result in results)

    def lose(self, handle_id: int | None) -> None:
        """The server says that a handle does not exist; if it is one of ours, it has ended."""
        if handle_id is not None:
            self._forget(handle_id, "the server no longer knew it")

    def _forget(self, handle_id: int, reason: str) -> None:
        """One handle has ended, here or on the server."""
        plugin = self._by_id.pop(handle_id, None)
        if plugin is None:
            return
        assert self._session.id is not None  # it outlives its handles
        self._session.connection.fail_handle(
            self._session.id,
            handle_id,
            lambda: JanusStateError(f"handle {handle_id} was detached", hint="Attach the plugin again."),
        )
        plugin.end(reason)
        self._session.events.end_subscriptions(handle_id)

    def end(self, reason: str) -> None:
        """Every handle has ended, with the session."""
        for handle_id in tuple(self._by_id):
            self._forget(handle_id, reason)

    def note_jsep(self, handle_id: int | None, message: Mapping[str, Any]) -> None:
        """Tell the handle that an SDP went either way, if `message` holds one."""
        if "jsep" in message:
            plugin = self.get(handle_id)
            if plugin is not None:
                plugin.on_jsep()

    def on_event(self, event: JanusEvent, message: Message) -> None:
        """Let the handle follow its event."""
        plugin = self.get(event.handle_id)
        if plugin is None:
            return
        self.note_jsep(event.handle_id, message)
        try:
            plugin.on_event(event)
        except Exception as exc:  # noqa: BLE001 # it is recorded; nobody else could catch it
            # A bug of one derived class: all that share the connection would pay for it.
            name, text = type(plugin).__name__, f"{type(exc).__name__}: {exc}"
            error = JanusError(f"{name}.on_event failed: {text}")
            self._session.on_error(error.within(handle_id=event.handle_id, plugin=plugin.name))
        if event.kind == "detached":
            self._forget(plugin.id or 0, "the server detached it")


def new_id(message: Message) -> int:
    """The id of what a ``create`` or ``attach`` has made.

    Raises:
        JanusProtocolError: the answer holds none.
    """
    data = message.get("data")
    made = integer(data.get("id")) if isinstance(data, dict) else None
    if made is None or not 0 < made <= MAX_INTEGER:
        raise JanusProtocolError(f"the server's answer holds no id (data.id): {mask(message)}")
    return made
