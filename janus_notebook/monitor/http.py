"""Deliveries by HTTP: ``janus.eventhandler.sampleevh`` posts to us."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
import zlib
from typing import TYPE_CHECKING, NamedTuple

import h11

if TYPE_CHECKING:
    from janus_notebook.monitor.intake import Intake

# For a whole request, once its connection is there; sampleevh itself gives up after 10 s.
REQUEST_SECONDS = 30.0
LONGEST_HEAD = 16 * 1024
CHUNK = 64 * 1024


class Refusal(NamedTuple):
    """Why a request is not taken: the status of the answer, and the words for the log."""

    status: int
    reason: str


class HttpFront:
    """A port that takes deliveries by HTTP.

    Args:
        intake: where they go.
        path: the one path that is served.
        credentials: ``user:password`` for basic authentication, or None for anybody.
        max_body: bytes of a delivery at most, packed and unpacked.
    """

    def __init__(
        self, intake: Intake, *, path: str, credentials: str | None, max_body: int, request_seconds: float
    ) -> None:
        self._intake = intake
        self._path = path.encode()
        self._credentials = None if credentials is None else credentials.encode()
        self._max_body = max_body
        self._seconds = request_seconds
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._tasks)

    async def open(self, host: str, port: int) -> int:
        """Listen; return the port. Raises OSError."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=CHUNK)
        address: tuple[str, int] = self._server.sockets[0].getsockname()
        return address[1]

    async def close(self) -> None:
        """Listen no more, end the connections. Idempotent."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Our own task, not asyncio's: it is awaited when we close.
        task = asyncio.get_running_loop().create_task(
            self._serve(reader, writer), name="janus-monitor-connection"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        try:
            while await self._exchange(connection, reader, writer):
                connection.start_next_cycle()
            writer.close()
            async with asyncio.timeout(1.0):  # what does not read its answer is cut off below
                await writer.wait_closed()
        except TimeoutError:
            if connection.trailing_data[0] or connection.their_state is h11.SEND_BODY:
                self._intake.refuse("it took too long", f"more than {self._seconds:g} s")
        except h11.RemoteProtocolError as exc:
            self._intake.refuse("its connection broke off" if reader.at_eof() else "it is not HTTP", str(exc))
            with contextlib.suppress(h11.LocalProtocolError, OSError):
                await self._answer(connection, writer, exc.error_status_hint, "not HTTP")
        except OSError as exc:
            if connection.their_state is h11.SEND_BODY:
                self._intake.refuse("its connection broke off", str(exc))
        finally:
            writer.transport.abort()

    async def _exchange(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Take one request and answer it; tell whether another may follow."""
        async with asyncio.timeout(self._seconds):
            request = await self._next(connection, reader, writer)
            if not isinstance(request, h11.Request):  # the end of the connection
                return False
            headers = {name: value.decode("latin-1") for name, value in request.headers}
            refusal = self._refusal(request, headers)
            length = int(headers.get(b"content-length", "0"))  # h11 has seen that it is a number
            body = bytearray()
            while length <= self._max_body:
                data = await self._next(connection, reader, writer)
                if not isinstance(data, h11.Data):
                    break
                body += data.data
                length = max(length, len(body))
            else:
                refusal = Refusal(413, "it is too large")
        if refusal is None:
            refusal = await self._take(bytes(body), headers.get(b"content-encoding", ""))
        if refusal is not None:
            if refusal.reason:
                self._intake.refuse(refusal.reason)
            await self._answer(connection, writer, refusal.status, refusal.reason)
        else:
            await self._answer(connection, writer, 200)
        return connection.our_state is connection.their_state is h11.DONE

    async def _next(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> object:
        while (event := connection.next_event()) is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            connection.receive_data(await reader.read(CHUNK))
        return event

    def _refusal(self, request: h11.Request, headers: dict[bytes, str]) -> Refusal | None:
        # Every browser says so of a request that a page makes; no page has business here.
        if b"sec-fetch-site" in headers:
            return Refusal(403, "it came from a web page")
        if not self._is_allowed(headers.get(b"authorization", "")):
            return Refusal(401, "its user or password is wrong")
        if request.target.partition(b"?")[0] != self._path:
            return Refusal(404, "its path is unknown")
        if request.method != b"POST":
            return Refusal(405, "it is no POST")
        return None

    def _is_allowed(self, authorization: str) -> bool:
        if self._credentials is None:
            return True
        scheme, _, value = authorization.partition(" ")
        try:
            given = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            given = b""
        # Compared in any case, and in the same time however much of it is right.
        return hmac.compare_digest(given, self._credentials) and scheme.lower() == "basic"

    async def _take(self, body: bytes, encoding: str) -> Refusal | None:
        if self._intake.is_repeated(body):
            return None
        match encoding.strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
                try:
                    body = unpacker.decompress(body, self._max_body + 1)
                except zlib.error:
                    return Refusal(400, "it cannot be unpacked")
                if len(body) > self._max_body:
                    return Refusal(413, "it is too large")
                if not unpacker.eof:
                    return Refusal(400, "it cannot be unpacked")
            case _:
                return Refusal(415, "its encoding is unknown")
        # The intake has counted and said what it refuses.
        return None if await self._intake.take(body) else Refusal(400, "")

    async def _answer(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, status: int, reason: str = ""
    ) -> None:
        text = f"This is a receiver of Janus's events; refused: {reason}.\n".encode() if reason else b""
        headers = [("Content-Length", str(len(text))), ("Content-Type", "text/plain; charset=utf-8")]
        if status == 401:
            headers.append(("WWW-Authenticate", 'Basic realm="janus events"'))
        if status == 405:
            headers.append(("Allow", "POST"))
        parts = [
            connection.send(h11.Response(status_code=status, headers=headers)),
            connection.send(h11.Data(data=text)),
            connection.send(h11.EndOfMessage()),
        ]
        writer.write(b"".join(part for part in parts if part))
        async with asyncio.timeout(self._seconds):
            await writer.drain()
