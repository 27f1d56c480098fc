"""An HTTP server on loopback that speaks Janus as far as a test lets it, and misbehaves on demand.

Each kind of request has a polite answer. A test replaces it: ``server.on["poll"] = lambda request: 404``.
An answer is a message (or a list of them), a status, a status with a body, raw bytes before it hangs up,
or None to hang up; or something to await that gives one of these.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

Message = dict[str, Any]


class Request(NamedTuple):
    """What the server received."""

    method: str
    target: str
    headers: dict[str, str]
    message: Message

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, strict_parsing=True))


class HttpServer:
    """The server's side: what it received, what it answers, and the events that wait for a poll."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Request] = []
        self.hung_up: list[str] = []
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self.open_connections = 0
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._ids = itertools.count(1000)
        self.on: dict[str, Callable[[Request], Any]] = {
            "info": lambda request: {"janus": "server_info", "name": "Scripted"},
            "create": lambda request: self.reply(request, data={"id": next(self._ids)}),
            "keepalive": lambda request: self.reply(request, janus="ack"),
            "poll": self._next_events,
        }

    @staticmethod
    def reply(request: Request, **fields: Any) -> Message:
        answer = {"janus": "success", "transaction": request.message.get("transaction")}
        return answer | fields

    async def _next_events(self, request: Request) -> list[Message]:
        events = [await self.events.get()]
        while not self.events.empty():
            events.append(self.events.get_nowait())
        return events

    def polls(self) -> list[Request]:
        return [request for request in self.received if _kind(request) == "poll"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        self.open_connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up
        finally:
            self.open_connections -= 1
            del self._serving[task]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, target, headers, json.loads(body) if body else {})
        self.received.append(request)
        respond: Callable[[Request], Any] = self.on.get(_kind(request), self.reply)
        answer = respond(request)
        if inspect.isawaitable(answer):
            gone = asyncio.ensure_future(reader.read(1))
            answering = asyncio.ensure_future(answer)
            try:
                await asyncio.wait([gone, answering], return_when=asyncio.FIRST_COMPLETED)
                if not answering.done():
                    self.hung_up.append(_kind(request))
                    return False
                answer = answering.result()
            finally:
                for one in (gone, answering):
                    one.cancel()
                await asyncio.wait([gone, answering])
        if answer is None:
            return False
        writer.write(_response(answer))
        await writer.drain()
        return not isinstance(answer, bytes)

    async def stop(self) -> None:
        """Lose every connection without a goodbye."""
        for writer in self._serving.values():
            writer.transport.abort()
        if self._serving:
            await asyncio.wait(self._serving)
        # A handshake that the client broke off ends a little later, in a task of asyncio's own.
        accepting = [task for task in asyncio.all_tasks() if "_accept_connection2" in repr(task)]
        if accepting:
            await asyncio.wait(accepting)


def _kind(request: Request) -> str:
    if request.message:
        return str(request.message["janus"]).lower()
    return "info" if request.path.endswith("/info") else "poll"


def _response(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    status, body = 200, answer
    if isinstance(answer, int):
        status, body = answer, b""
    elif isinstance(answer, tuple):
        status, body = answer
    if not isinstance(body, bytes):
        body = json.dumps(body, indent=3).encode()
    return f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def http_server(context: ssl.SSLContext | None = None) -> AsyncIterator[HttpServer]:
    """A running `HttpServer`, with TLS where there is a context."""
    server = HttpServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"{'https' if context else 'http'}://127.0.0.1:{port}/janus"
    try:
        yield server
    finally:
        listening.close()
        await server.stop()
