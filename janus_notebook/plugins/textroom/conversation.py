"""`Conversation`: requests and answers over a data channel, matched by transaction."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from janus_notebook.config import mask
from janus_notebook.errors import (
    JanusError,
    JanusOptionError,
    JanusProtocolError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.protocol.events import Direction, JanusEvent
from janus_notebook.protocol.messages import Message, decode_object, encode
from janus_notebook.protocol.router import plugin_error

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession
    from janus_notebook.media.channels import DataChannel
    from janus_notebook.plugins.textroom.rooms import JoinedRooms

__all__ = ["Conversation"]


class _Asked(msgspec.Struct):
    """A request whose answer is to come; nobody awaits `future` any more once it is done."""

    body: Message
    future: asyncio.Future[Message]


class Conversation:
    """What a handle and its plugin say over a data channel, recorded in the session's log.

    Args:
        session, handle_id, plugin: of the handle.
        channel: what it runs over.
        rooms: follow from what is said.

    Attributes:
        reason: why it has ended, or "".
    """

    def __init__(
        self, session: JanusSession, handle_id: int, plugin: str, channel: DataChannel, rooms: JoinedRooms
    ) -> None:
        self.reason = ""
        self._session = session
        self._handle_id = handle_id
        self._plugin = plugin
        self._channel = channel
        self._rooms = rooms
        self._asked: dict[str, _Asked] = {}
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        channel.on_message = self._receive
        channel.on_change = self._changed

    async def ask(self, verb: str, body: Mapping[str, Any], timeout: float) -> Message:
        """Send a request and return its answer, in the form of a message of the Janus API.

        Raises:
            JanusPluginError: it was refused.
            JanusTimeoutError: no answer in time.
            JanusStateError: the channel is closed, or was closed meanwhile.
        """
        async with self._exchange(verb, body, timeout):
            request = await self._send(verb, body)
            future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            self._asked[request["transaction"]] = _Asked(body=request, future=future)
            self._rooms.asked(request)
            return await future

    async def tell(self, verb: str, body: Mapping[str, Any], timeout: float) -> None:
        """Send a request that is answered only if it is refused, by an event."""
        async with self._exchange(verb, body, timeout):
            await self._send(verb, body)

    @asynccontextmanager
    async def _exchange(self, verb: str, body: Mapping[str, Any], timeout: float) -> AsyncIterator[None]:
        """Bound it by a deadline, and let its errors say what they are about."""
        try:
            try:
                async with asyncio.timeout(timeout):
                    yield
            except TimeoutError as exc:
                raise JanusTimeoutError(f"TextRoom did not answer {verb!r} within {timeout:g} s") from exc
        except JanusError as exc:
            raise exc.within(
                request=mask({"textroom": verb, **body}),
                session_id=self._session.id,
                handle_id=self._handle_id,
                plugin=self._plugin,
            ) from exc.__cause__

    def end(self, reason: str) -> None:
        """The channel is closed: whatever waits for an answer fails at once. The last reason stays."""
        self.reason = reason
        self._rooms.end()
        asked, self._asked = self._asked, {}
        for one in asked.values():
            if not one.future.done():
                one.future.set_exception(self.error())

    def error(self) -> JanusStateError:
        """Why nothing can be said any more."""
        return JanusStateError(
            f"the data channel has ended: {self.reason}",
            hint="Janus sets up a TextRoom handle only once: attach another one.",
        )

    async def _send(self, verb: str, body: Mapping[str, Any]) -> Message:
        """Send a request and return it. No turn of the loop passes after it has left."""
        if self.reason:
            raise self.error()
        transaction = f"{self._prefix}-{next(self._numbers)}"
        request: Message = {"textroom": verb, "transaction": transaction, **body}
        for name, value in request.items():
            if isinstance(value, str) and "\0" in value:
                # Janus would drop the whole request without a word.
                raise JanusOptionError(f"{name} holds a character of code 0, which Janus can't read")
        await self._channel.send(encode(request).decode())
        self._record("request", {"janus": "data", "transaction": transaction, "body": request})
        return request

    def _receive(self, text: str | bytes) -> None:
        try:
            data = decode_object(text)
        except JanusProtocolError as exc:
            self._session.on_error(exc.within(handle_id=self._handle_id, plugin=self._plugin))
            return
        message: Message = {"janus": "data", "plugindata": {"plugin": self._plugin, "data": data}}
        transaction = data.get("transaction")
        asked = self._asked.pop(transaction, None) if isinstance(transaction, str) else None
        if asked is None:
            event = self._record("event", message)
            self._session.handles.on_event(event, message)
            return
        message["transaction"] = transaction
        self._record("reply", message)
        error = plugin_error(self._plugin, data)
        self._rooms.answered(asked.body, message if error is None else None)
        if asked.future.done():
            return  # its caller gave up
        if error is not None:
            asked.future.set_exception(error)
        else:
            asked.future.set_result(message)

    def _record(self, direction: Direction, raw: Message) -> JanusEvent:
        session = self._session
        return session.events.record(direction, "data", raw, session.id, self._handle_id)

    def _changed(self) -> None:
        if self._channel.state == "closed" and not self.reason:
            self.end(self._channel.reason)
