"""A WebSocket server on loopback that speaks Janus as far as a test lets it, and misbehaves on demand.

Each verb has a polite answer. A test replaces it: ``server.on["message"] = lambda request: [frame, ...]``.
All frames of one answer leave in one write, so they arrive in the same instant.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from janus_notebook import JanusPlugin, JanusSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable

Message = dict[str, Any]
T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` like `asyncio.run`; fail if a task is left, or if asyncio found an error nobody saw."""
    unseen: list[str] = []

    async def watched() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(str(context)))
        result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left: {left}"
        gc.collect()
        await asyncio.sleep(0)
        return result

    result = asyncio.run(watched())
    assert not unseen, unseen
    return result


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until `condition` holds; fail after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 # any condition, not only our own events
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s") from None


class ScriptedServer:
    """The server's side: what it received, what it answers, and who is connected."""

    def __init__(self, session_timeout: float | None = 60) -> None:
        self.received: list[Message] = []
        self.connections: list[ServerConnection] = []
        self.url = ""
        self.info: Message = {"janus": "server_info", "name": "Scripted", "version_string": "0"}
        if session_timeout is not None:
            self.info["session-timeout"] = session_timeout
        self._ids = itertools.count(1000)
        self.on: dict[str, Callable[[Message], Iterable[Message | str | bytes]]] = {
            "info": lambda request: [self.reply(request, **self.info)],
            "ping": lambda request: [self.reply(request, janus="pong")],
            "create": lambda request: [self.made(request)],
            "attach": lambda request: [self.made(request)],
            "keepalive": lambda request: [self.ack(request)],
            "trickle": lambda request: [self.ack(request)],
            "detach": lambda request: [self.reply(request)],
            "destroy": lambda request: [self.reply(request)],
            "hangup": lambda request: [self.reply(request)],
            "message": lambda request: [self.ack(request), self.event(request)],
        }

    @staticmethod
    def reply(request: Message, **fields: Any) -> Message:
        answer: Message = {"janus": "success", "transaction": request["transaction"]}
        if "session_id" in request:
            answer["session_id"] = request["session_id"]
        return answer | fields

    def made(self, request: Message) -> Message:
        return self.reply(request, data={"id": next(self._ids)})

    def ack(self, request: Message) -> Message:
        return self.reply(request, janus="ack")

    def event(self, request: Message, **data: Any) -> Message:
        """The plugin's late answer; without `data` it sends the body back."""
        plugindata = {"plugin": "janus.plugin.scripted", "data": data or {"body": request["body"]}}
        return self.reply(request, janus="event", sender=request["handle_id"], plugindata=plugindata)

    @staticmethod
    def error(request: Message, code: int, reason: str = "no") -> Message:
        answer = {"janus": "error", "transaction": request["transaction"]}
        return answer | {"error": {"code": code, "reason": reason}}

    def verbs(self) -> list[str]:
        return [request["janus"] for request in self.received]

    def push(self, *frames: Message | str | bytes) -> None:
        """Send frames to every client, in one write each."""
        for connection in self.connections:
            self._write(connection, frames)

    def drop(self) -> None:
        """Lose every connection without a goodbye."""
        for connection in self.connections:
            connection.transport.abort()

    @staticmethod
    def _write(connection: ServerConnection, frames: Iterable[Message | str | bytes]) -> None:
        texts = [frame if isinstance(frame, str | bytes) else json.dumps(frame) for frame in frames]
        data = [text if isinstance(text, bytes) else text.encode() for text in texts]
        connection.transport.write(b"".join(Frame(Opcode.TEXT, d).serialize(mask=False) for d in data))

    async def serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            async for text in connection:
                request = json.loads(text)
                self.received.append(request)
                self._write(connection, self.on[request["janus"]](request))
        except ConnectionClosed:
            pass  # the test dropped it
        finally:
            self.connections.remove(connection)


@asynccontextmanager
async def scripted(session_timeout: float | None = 60) -> AsyncIterator[ScriptedServer]:
    """A running `ScriptedServer`."""
    server = ScriptedServer(session_timeout)
    protocol = Subprotocol("janus-protocol")
    async with serve(
        server.serve, "127.0.0.1", 0, subprotocols=[protocol], compression=None, ping_interval=None
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.url = f"ws://127.0.0.1:{port}"
        yield server
        server.drop()


@asynccontextmanager
async def attached(server: ScriptedServer, **options: Any) -> AsyncIterator[tuple[JanusSession, JanusPlugin]]:
    """A session on `server` with one handle."""
    async with JanusSession(server.url, **options) as session:
        plugin = JanusPlugin("scripted")
        await plugin.attach(session)
        yield session, plugin


def errors_in(session: JanusSession) -> list[str]:
    """What went wrong in a session without a call that could raise it."""
    return [event.summary for event in session.events if event.kind == "error"]
