"""A client with no cleverness: it sends requests as they are, and keeps every answer as it came."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from websockets.asyncio.client import ClientConnection

Message = dict[str, Any]
PATIENCE = 5.0


class Speaker:
    """One session on one WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.session = 0
        self.heard: list[Message] = []
        self._numbers = itertools.count(1)
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        async for text in self.socket:
            async with self._news:
                self.heard.append(json.loads(text))
                self._news.notify_all()

    async def wait(self, wanted: Callable[[Message], object], after: int = 0) -> Message:
        """Return the first message from number `after` on that is `wanted`."""

        def found() -> Message | None:
            return next((message for message in self.heard[after:] if wanted(message)), None)

        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(found)
        except TimeoutError:
            raise AssertionError(f"not heard within {PATIENCE} s, but {self.heard[after:]}") from None
        message = found()
        assert message is not None
        return message

    async def say(self, janus: str, **fields: Any) -> str:
        """Send a request; return its transaction."""
        transaction = f"t{next(self._numbers)}"
        message = {"janus": janus, "transaction": transaction} | fields
        if self.session:
            message.setdefault("session_id", self.session)
        await self.socket.send(json.dumps(message))
        return transaction

    async def ask(self, janus: str, **fields: Any) -> Message:
        """Send a request; return its first answer."""
        transaction = await self.say(janus, **fields)
        return await self.wait(lambda message: message.get("transaction") == transaction)

    async def attach(self, plugin: str) -> Handle:
        reply = await self.ask("attach", plugin=f"janus.plugin.{plugin}")
        return Handle(self, reply["data"]["id"])


class Handle:
    """A handle of a `Speaker`."""

    def __init__(self, speaker: Speaker, handle_id: int) -> None:
        self.speaker = speaker
        self.id = handle_id

    async def ask(self, janus: str, **fields: Any) -> Message:
        return await self.speaker.ask(janus, handle_id=self.id, **fields)

    async def request(self, body: Message, jsep: Message | None = None) -> Message:
        """Send a ``message``; return the reply that completes it: not the ``ack``."""
        fields = {"body": body} | ({"jsep": jsep} if jsep is not None else {})
        transaction = await self.speaker.say("message", handle_id=self.id, **fields)
        return await self.speaker.wait(
            lambda message: message.get("transaction") == transaction and message["janus"] != "ack"
        )

    def events(self, kind: str = "event") -> list[Message]:
        """What this handle was sent without having asked."""
        return [
            message
            for message in self.speaker.heard
            if message["janus"] == kind and message.get("sender") == self.id and "transaction" not in message
        ]

    async def event(self, key: str, count: int = 1) -> Message:
        """Wait for the `count`-th event whose data have `key`; return its data."""

        def with_key() -> list[Message]:
            data = [message["plugindata"]["data"] for message in self.events()]
            return [one for one in data if key in one]

        await self.speaker.wait(lambda _: len(with_key()) >= count)
        return with_key()[count - 1]


@asynccontextmanager
async def speaking(url: str) -> AsyncIterator[Speaker]:
    """A `Speaker` with a session on the gateway at `url`."""
    async with connect(url, subprotocols=[Subprotocol("janus-protocol")]) as socket:
        speaker = Speaker(socket)
        listening = asyncio.create_task(speaker.listen())
        try:
            reply = await speaker.ask("create")
            speaker.session = reply["data"]["id"]
            yield speaker
            await speaker.ask("destroy")
        finally:
            listening.cancel()
            await asyncio.wait([listening])
