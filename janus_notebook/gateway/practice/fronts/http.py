"""HTTP/1.1 for the fronts over it: connections, and the exchanges on them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urlsplit

import h11

from janus_notebook.gateway.practice.fronts.streams import StreamConnection
from janus_notebook.gateway.practice.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = [("Content-Type", "application/json")]


class Service(Protocol):
    """What answers behind a port."""

    def serve(self, exchange: Exchange) -> None: ...


class HTTPConnection(StreamConnection):
    """One connection of a client; its requests come one after the other."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service
        self._http = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._exchange: Exchange | None = None
        self.on_lost = self._gone

    def data_received(self, data: bytes) -> None:
        if self.frozen:
            return
        try:
            self._http.receive_data(data)
            self._advance()
        except h11.RemoteProtocolError:
            self.end()

    def eof_received(self) -> bool:
        return self.frozen

    def _gone(self) -> None:
        if self._exchange is not None:
            self._exchange.gone()

    def _advance(self) -> None:
        while self._exchange is None and self.is_open and not self.frozen:
            match self._http.next_event():
                case h11.Request() as request:
                    self._request = request
                    self._body.clear()
                    if self._http.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        self.put(self._http.send(go_on) or b"")
                case h11.Data(data=data):
                    self._body += data
                case h11.EndOfMessage():
                    assert self._request is not None
                    self._exchange = Exchange(self, self._request, bytes(self._body))
                    self._service.serve(self._exchange)
                case h11.ConnectionClosed():
                    self.end(flush=True)
                case _:  # more has to come first
                    return

    def respond(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> bytes:
        """Return the bytes of an answer; the exchange is over with it."""
        self._exchange = None
        head = h11.Response(status_code=status, headers=[*headers, ("Content-Length", str(len(body)))])
        parts = [
            self._http.send(head),
            self._http.send(h11.Data(data=body)),
            self._http.send(h11.EndOfMessage()),
        ]
        return b"".join(part for part in parts if part)

    def next_request(self) -> None:
        if self._http.our_state is h11.MUST_CLOSE:
            self.end(flush=True)
        elif self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            # Not at once: what has just answered may still be at work.
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        try:
            self._advance()
        except h11.RemoteProtocolError:
            self.end()


class Exchange:
    """One request and its answer."""

    def __init__(self, connection: HTTPConnection, request: h11.Request, body: bytes) -> None:
        target = urlsplit(request.target.decode("latin-1"))
        self.connection = connection
        self.method = request.method.decode("latin-1").upper()
        self.path = target.path
        self.query = {name: values[0] for name, values in parse_qs(target.query).items()}
        self.body = body
        self.open = True
        self._timer: asyncio.TimerHandle | None = None

    def respond(self, status: int, body: bytes = b"", headers: list[tuple[str, str]] | None = None) -> None:
        if self._finish():
            self.connection.put(self.connection.respond(status, body, headers or []))
            self.connection.next_request()

    def respond_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        """Send the first `at` bytes of the answer that has this JSON, then close the connection."""
        if self._finish():
            self.connection.put_cut(self.connection.respond(200, data, JSON), at, reset=reset)

    def freeze(self) -> None:
        """Never answer, and leave the connection open."""
        self._finish()
        self.connection.freeze()

    def respond_json(self, data: bytes) -> None:
        self.respond(200, data, JSON)

    def refuse(self, code: int, reason: str) -> None:
        """Answer with an error that never saw the core."""
        self.respond_json(encode({"janus": "error", "error": {"code": code, "reason": reason}}))

    def drop(self) -> None:
        """Close the connection without an answer."""
        if self._finish():
            self.connection.end()

    def limit(self, seconds: float, then: Callable[[], None]) -> None:
        """Call `then` unless there is an answer within `seconds`."""
        if self.open:
            self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def gone(self) -> None:
        """The client has gone away."""
        self._finish()

    def _finish(self) -> bool:
        was_open, self.open = self.open, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return was_open
