"""The two APIs over HTTP: the REST API with its long polls, and the Admin API.

What is answered to what follows ``janus_http.c`` in Janus 1.1.2.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from janus_notebook.gateway.practice import checks
from janus_notebook.gateway.practice.checks import is_integer
from janus_notebook.gateway.practice.wire import InvalidJSONError, decode, encode

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.admin import AdminServer
    from janus_notebook.gateway.practice.fronts.http import Exchange
    from janus_notebook.gateway.practice.misbehaviour import Front, Misbehaviour
    from janus_notebook.gateway.practice.server import PracticeServer
    from janus_notebook.gateway.practice.wire import Message

PACKAGE = "janus.transport.http"
POLL_SECONDS = 30.0
ANSWER_SECONDS = 10.0
KEEPALIVE = encode({"janus": "keepalive"})


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
            exchange.respond_cut(
                first.data if most == 1 else b"[%s]" % first.data, first.at, reset=first.reset
            )
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


class RestPeer:
    """Who sent a POST: the `Peer` of its request, and the `Outlet` of its answer."""

    transport = PACKAGE
    front: Front = "http"
    once = True

    def __init__(self, exchange: Exchange, api: JanusAPI) -> None:
        self._exchange = exchange
        self._api = api

    def reply(self, message: Message, verb: str | None) -> None:
        self._api.faults.send(self, message, verb)

    def event(self, message: Message, verb: str | None) -> None:
        """To the queue of its session; every owner over HTTP shares it."""
        queue = self._api.queues.get(message["session_id"])
        if queue is not None:
            self._api.faults.send(queue, message, verb)

    def session_created(self, session_id: int) -> None:
        self._api.queues[session_id] = Queue()

    def session_claimed(self, session_id: int) -> None:
        self.session_created(session_id)

    def session_over(self, session_id: int, *, timed_out: bool) -> None:
        self._api.queues.pop(session_id, None)  # what polls it goes on waiting

    def write(self, data: bytes) -> None:
        self._exchange.respond_json(data)

    def write_raw(self, data: bytes) -> None:
        raise NotImplementedError("only answers go over HTTP")

    def write_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        self._exchange.respond_cut(data, at, reset=reset)

    def freeze(self) -> None:
        self._exchange.freeze()

    async def drained(self) -> None:
        await asyncio.sleep(0)


class JanusAPI:
    """The Janus API below ``/janus``."""

    base = "/janus"

    def __init__(self, server: PracticeServer, faults: Misbehaviour) -> None:
        self.server = server
        self.faults = faults
        self.queues: dict[int, Queue] = {}

    def serve(self, exchange: Exchange) -> None:
        path = routed(exchange, self.base)
        if path is None:
            return
        if path.session == "info":
            if exchange.method == "POST":
                exchange.respond(400)
            else:
                self.server.request(fake_info(), RestPeer(exchange, self))
        elif exchange.method == "GET":
            self._poll(exchange, path)
        elif (message := read(exchange, path)) is not None:
            exchange.limit(ANSWER_SECONDS, exchange.drop)
            self.server.request(message, RestPeer(exchange, self))

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
