"""The HTTP fronts: the REST API with its long polls, and the Admin API.

What is answered to what follows ``janus_http.c`` in Janus 1.1.2.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

import h11

from janus_notebook.gateway.practice import checks
from janus_notebook.gateway.practice.checks import is_integer
from janus_notebook.gateway.practice.fronts.streams import StreamConnection
from janus_notebook.gateway.practice.wire import InvalidJSONError, decode, encode

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.admin import AdminServer
    from janus_notebook.gateway.practice.misbehaviour import Front, Misbehaviour
    from janus_notebook.gateway.practice.server import PracticeServer
    from janus_notebook.gateway.practice.wire import Message

PACKAGE = "janus.transport.http"
POLL_SECONDS = 30.0
ANSWER_SECONDS = 10.0


class Service(Protocol):
    """What answers behind a port."""

    def serve(self, exchange: Exchange) -> None: ...


@dataclass(frozen=True)
class Path:
    """``base[/session[/handle[/more]]]``; the parts are as they were sent."""

    session: str
    handle: str
    more: str

    @classmethod
    def of(cls, path: str, base: str) -> Path | None:
        """Return None if `path` is not below `base`."""
        if path != base and not path.startswith(base + "/"):
            return None
        parts = [*path[len(base) :].split("/"), "", "", ""]
        return cls(*parts[1:4])

    @staticmethod
    def number(part: str) -> int:
        """Read an id as C does: the digits at the beginning, else 0."""
        digits = ""
        for letter in part:
            if not "0" <= letter <= "9":
                break
            digits += letter
        return int(digits[:20] or "0")


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
    """One request and its answer. For a POST it is the `Peer`, and the `Outlet` of the answer."""

    transport = PACKAGE
    front: Front = "http"
    once = True

    def __init__(self, connection: HTTPConnection, request: h11.Request, body: bytes) -> None:
        target = urlsplit(request.target.decode("latin-1"))
        self.connection = connection
        self.method = request.method.decode("latin-1").upper()
        self.path = target.path
        self.query = {name: values[0] for name, values in parse_qs(target.query).items()}
        self.body = body
        self.open = True
        self.api: JanusAPI | None = None
        self._timer: asyncio.TimerHandle | None = None

    def respond(self, status: int, body: bytes = b"", headers: list[tuple[str, str]] | None = None) -> None:
        if self._finish():
            self.connection.put(self.connection.respond(status, body, headers or []))
            self.connection.next_request()

    def respond_json(self, data: bytes) -> None:
        self.respond(200, data, [("Content-Type", "application/json")])

    def refuse(self, code: int, reason: str) -> None:
        """Answer with an error that never saw the core."""
        self.respond_json(encode({"janus": "error", "error": {"code": code, "reason": reason}}))

    def drop(self) -> None:
        """Close the connection without an answer."""
        if self._finish():
            self.connection.end()

    def limit(self, seconds: float, then: Any) -> None:
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

    # -- a Peer -------------------------------------------------------------------------------

    def reply(self, message: Message, verb: str | None) -> None:
        assert self.api is not None
        self.api.faults.send(self, message, verb)

    def event(self, message: Message, verb: str | None) -> None:
        """To the queue of its session; every owner over HTTP shares it."""
        assert self.api is not None
        queue = self.api.queues.get(message["session_id"])
        if queue is not None:
            self.api.faults.send(queue, message, verb)

    def session_created(self, session_id: int) -> None:
        assert self.api is not None
        self.api.queues[session_id] = Queue()

    def session_claimed(self, session_id: int) -> None:
        self.session_created(session_id)

    def session_over(self, session_id: int, *, timed_out: bool) -> None:
        assert self.api is not None
        self.api.queues.pop(session_id, None)  # what polls it goes on waiting

    # -- an Outlet ----------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self.respond_json(data)

    def write_raw(self, data: bytes) -> None:
        self.connection.put(data)

    def write_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        if self._finish():
            headers = [("Content-Type", "application/json")]
            self.connection.put_cut(self.connection.respond(200, data, headers), at, reset=reset)

    def freeze(self) -> None:
        self._finish()
        self.connection.freeze()

    async def drained(self) -> None:
        await self.connection.drained()


@dataclass(frozen=True)
class Cut:
    """An event whose poll breaks off."""

    data: bytes
    at: int
    reset: bool


class Frozen:
    """In place of an event: its poll is never answered."""


class Queue:
    """The events of one session, and the polls that wait for them; an `Outlet`."""

    front: Front = "http"
    once = False

    def __init__(self) -> None:
        self._events: deque[bytes | Cut | Frozen] = deque()
        self._polls: list[tuple[Exchange, int]] = []

    def poll(self, exchange: Exchange, most: int) -> None:
        """Answer with up to `most` events, at once or when there are some."""
        if self._events:
            self._answer(exchange, most)
        else:
            self._polls.append((exchange, most))
            exchange.limit(POLL_SECONDS, lambda: exchange.respond_json(KEEPALIVE))

    def _put(self, event: bytes | Cut | Frozen) -> None:
        self._events.append(event)
        polls, self._polls = [poll for poll in self._polls if poll[0].open], []
        for exchange, most in polls:  # the first gets the events, the others learn that there are none
            self._answer(exchange, most)

    def _answer(self, exchange: Exchange, most: int) -> None:
        first = self._events.popleft() if self._events else KEEPALIVE
        if isinstance(first, Cut):
            exchange.write_cut(first.data if most == 1 else b"[%s]" % first.data, first.at, reset=first.reset)
        elif isinstance(first, Frozen):
            exchange.freeze()
        elif most == 1:
            exchange.respond_json(first)
        else:
            events = [first]
            while self._events and len(events) < most and isinstance(self._events[0], bytes):
                event = self._events.popleft()
                assert isinstance(event, bytes)
                events.append(event)
            exchange.respond_json(b"[%s]" % b",".join(events))

    def write(self, data: bytes) -> None:
        self._put(data)

    def write_raw(self, data: bytes) -> None:
        raise NotImplementedError("no connection to put bytes on")

    def write_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        self._put(Cut(data, at, reset))

    def freeze(self) -> None:
        self._put(Frozen())

    async def drained(self) -> None:
        """The queue has no end, as Janus's."""
        await asyncio.sleep(0)


KEEPALIVE = encode({"janus": "keepalive"})


class JanusAPI:
    """The Janus API below ``/janus``."""

    base = "/janus"

    def __init__(self, server: PracticeServer, faults: Misbehaviour) -> None:
        self.server = server
        self.faults = faults
        self.queues: dict[int, Queue] = {}

    def serve(self, exchange: Exchange) -> None:
        exchange.api = self
        path = routed(exchange, self.base)
        if path is None:
            return
        if path.session == "info":
            if exchange.method == "POST":
                exchange.respond(400)
            else:
                self.server.request(fake_info(), exchange)
        elif exchange.method == "GET":
            self._poll(exchange, path)
        elif (message := read(exchange, path)) is not None:
            exchange.limit(ANSWER_SECONDS, exchange.drop)
            self.server.request(message, exchange)

    def _poll(self, exchange: Exchange, path: Path) -> None:
        session_id = Path.number(path.session)
        if session_id < 1:
            exchange.respond(404)
            return
        if not self.server.authority.admits(exchange.query):
            exchange.respond(403)
            return
        session = self.server.sessions.get(session_id)
        if session is not None:  # to start a poll counts as a sign of life
            session.last_activity = self.server.clock()
        if path.handle:
            exchange.respond(302, headers=[("Location", f"{self.base}/{path.session}")])
            return
        queue = self.queues.get(session_id)
        if queue is None:
            exchange.respond(404)
            return
        queue.poll(exchange, max(1, Path.number(exchange.query.get("maxev", "1"))))


class AdminAPI:
    """The Admin API below ``/admin``."""

    base = "/admin"

    def __init__(self, admin: AdminServer) -> None:
        self._admin = admin

    def serve(self, exchange: Exchange) -> None:
        path = routed(exchange, self.base)
        if path is None:
            return
        if path.session == "info" and exchange.method == "GET":
            exchange.respond_json(encode(self._admin.request(fake_info())))
        elif exchange.method == "GET":
            exchange.refuse(checks.INVALID_JSON, "Request payload missing")
        elif (message := read(exchange, path)) is not None:
            exchange.respond_json(encode(self._admin.request(message)))


def routed(exchange: Exchange, base: str) -> Path | None:
    """Return the path, or None if the exchange is over already."""
    path = Path.of(exchange.path, base)
    if exchange.method == "OPTIONS":
        exchange.respond(200)
    elif path is None:
        exchange.respond(404)
    elif exchange.method not in ("GET", "POST") or path.more:
        if exchange.body:  # its library gives up when an answer comes before the body is read
            exchange.drop()
        elif path.more:
            exchange.respond(404)
        else:
            exchange.refuse(checks.TRANSPORT_SPECIFIC, f"Unsupported method {exchange.method}")
    elif exchange.method == "POST" and not exchange.body:
        exchange.drop()
    else:
        return path
    return None


def read(exchange: Exchange, path: Path) -> Message | None:
    """Return the request of a POST with the ids of its path, or None if it was refused."""
    try:
        message = decode(exchange.body)
    except InvalidJSONError as exc:
        exchange.refuse(checks.INVALID_JSON, f"JSON error: {exc}")
        return None
    if not isinstance(message, dict):
        exchange.refuse(checks.INVALID_JSON_OBJECT, "JSON error: not an object")
        return None
    for name, part in (("session", path.session), ("handle", path.handle)):
        value, number = message.get(f"{name}_id"), Path.number(part)
        if is_integer(value) and value:
            if part and value != number:
                exchange.refuse(checks.INVALID_PATH, f"Conflicting {name} ID (payload and path)")
                return None
        elif number:
            message[f"{name}_id"] = number
    return message


def fake_info() -> Message:
    """The request that a GET of ``info`` stands for."""
    return {"janus": "info", "transaction": f"{random.getrandbits(44):011x}"}
