"""The HTTP transport: a POST for each request, and one long poll for the events of each session.

Source: "REST Interface" of the Janus documentation (``maxev``; secrets of a poll in its query). What it
leaves out was seen on a live server: an idle poll is answered after 30 s, the poll of an unknown session
with 404 and one with a wrong secret with 403, both without a body, and ``destroy`` wakes no poll.
"""

from __future__ import annotations

import asyncio
import ssl as ssl_module
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

import httpx
import msgspec

from janus_notebook.client.transports import NOT_SENT, Transport
from janus_notebook.client.transports.http_client import HttpClient
from janus_notebook.client.transports.options import (
    check_headers,
    check_proxy,
    check_seconds,
    check_ssl,
    check_whole,
    refuse_ssl_without_tls,
)
from janus_notebook.config import mask_url
from janus_notebook.errors import (
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusProtocolError,
    JanusServerError,
    JanusTimeoutError,
)
from janus_notebook.protocol.messages import excerpt, integer

__all__ = ["HttpOptions", "HttpTransport"]

SESSION_NOT_FOUND = 458
UNAUTHORIZED = 403
EXAMPLE = "http://localhost:8088/janus"
ADMIN_EXAMPLE = "http://localhost:7088/admin"

# How many requests are under way at most, for Janus has a thread for each; further ones wait for their turn.
# What keeps or ends a session has a queue of its own: it must not wait behind a thousand others.
AT_ONCE = 16
UPKEEP = frozenset(("keepalive", "detach", "destroy"))
UPKEEP_AT_ONCE = 4

# A poll that fails is tried again after these pauses, in seconds; then the connection is lost.
POLL_PAUSES = (0.1, 0.5)
# An idle poll lasts for 30 s. One that ends at once found another poll of its session: no hurry then.
EARLY_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class HttpOptions:
    """Options of an HTTP connection.

    Attributes:
        ssl: the TLS context for ``https://``; None for one that verifies the server's certificate.
        headers: further headers of every request, for a proxy in front of Janus.
        open_timeout: seconds to make a connection, and again for the first answer.
        request_timeout: seconds to wait for the answer to a request that nobody waits for any more,
            or whose caller would wait longer. Janus itself gives up after 10.
        poll_timeout: seconds to wait for the answer to a long poll before the connection counts as
            lost. Janus answers after 30, so it must be more.
        maxev: how many events one poll may bring.
        max_size: largest answer in bytes; None for any.
        proxy: the URL of a proxy; True takes it from the environment, None uses none.
    """

    ssl: ssl_module.SSLContext | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    open_timeout: float = 10.0
    request_timeout: float = 15.0
    poll_timeout: float = 45.0
    maxev: int = 10
    max_size: int | None = 16 * 2**20
    proxy: str | Literal[True] | None = True

    def __post_init__(self) -> None:
        check_ssl(self.ssl)
        check_headers(self.headers)
        check_seconds("open_timeout", self.open_timeout)
        check_seconds("request_timeout", self.request_timeout)
        check_seconds("poll_timeout", self.poll_timeout)
        check_whole("maxev", self.maxev, example=10)
        check_whole("max_size", self.max_size, example=2**20, optional=True)
        check_proxy(self.proxy)


class _Peek(msgspec.Struct):
    """What the transport itself needs to know of a message; a field may have any type."""

    janus: Any = None
    transaction: Any = None
    session_id: Any = None
    apisecret: Any = None
    token: Any = None
    data: Any = None
    error: Any = None

    @property
    def verb(self) -> str:
        return self.janus.lower() if isinstance(self.janus, str) else ""

    @property
    def credentials(self) -> dict[str, str]:
        given = {"apisecret": self.apisecret, "token": self.token}
        return {key: value for key, value in given.items() if isinstance(value, str)}

    def error_field(self, key: str) -> Any:
        return self.error.get(key) if isinstance(self.error, dict) else None


_peek = msgspec.json.Decoder(_Peek)
_parts = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(slots=True, eq=False)
class _Poll:
    """The poll of one session; `ending` while a ``destroy`` of that session is on its way."""

    session_id: int
    credentials: dict[str, str]
    ending: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class HttpTransport(Transport):
    """Carries messages over HTTP. It is a connection as long as the server answers.

    At most `AT_ONCE` requests are under way; a poll has a connection of its own.
    """

    options_class = HttpOptions
    keeps_sessions = True
    options: HttpOptions

    def __init__(self, url: str, options: HttpOptions) -> None:
        super().__init__(url, options)
        refuse_ssl_without_tls(url, options.ssl, "https")
        try:
            base = httpx.URL(url)
        except httpx.InvalidURL:
            # Its text may hold a part of a password.
            raise JanusOptionError(
                f"{mask_url(url)!r} is not a URL", hint=f"For example {EXAMPLE!r}."
            ) from None
        path, mark, query = base.raw_path.rstrip(b"/").partition(b"?")
        self._path, self._query = path.rstrip(b"/"), mark + query
        self._base = base.copy_with(fragment=None)
        self._client: HttpClient | None = None
        self._used: HttpClient | None = None  # the client once this is closed, or about to be
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._upkeep_turns = asyncio.Semaphore(UPKEEP_AT_ONCE)
        self._inbox: asyncio.Queue[bytes | BaseException] = asyncio.Queue()
        self._polls: dict[int, _Poll] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Connect, and make sure that a Janus answers: ``GET /info``. Raises `JanusConnectionError`."""
        options = self.options
        where = mask_url(self.url)
        self._client = HttpClient(
            self._base,
            context=options.ssl,
            headers=options.headers,
            open_timeout=options.open_timeout,
            max_size=options.max_size,
            proxy=options.proxy,
        )
        try:
            status, body = await self._client.exchange(
                "GET", self._url("/info"), timeout=options.open_timeout
            )
        except JanusTimeoutError as exc:
            raise JanusConnectionError(
                exc.message, hint="Is it Janus's port, and is the server alive?"
            ) from exc
        except JanusProtocolError as exc:
            raise JanusConnectionError(
                f"{where} is not a Janus HTTP server: {exc.message}",
                hint="Is this the port of Janus's HTTP transport (8088 by default)? "
                "Does it expect https:// or http://?",
            ) from exc
        if status != 200:
            raise JanusConnectionError(
                f"{where} answered HTTP {status}, not as Janus does", hint=self._hint(status)
            )
        if _look(body).janus != "server_info":
            raise JanusConnectionError(
                f"{where} is an HTTP server, but not Janus's: {excerpt(body)}", hint=self._hint(404)
            )

    async def send(self, data: bytes) -> None:
        """Send one request when it is its turn, and wait until its answer is there for `receive`.

        The exchange goes on when the caller gives up: a late reply is still received. A request whose
        caller gives up before its turn is never sent; the cancellation then says `NOT_SENT`.

        Raises:
            JanusConnectionError: the server can't be reached; the connection is lost.
            JanusServerError, JanusProtocolError, JanusTimeoutError: for this request alone.
        """
        request = _look(data)
        turns = self._upkeep_turns if request.verb in UPKEEP else self._turns
        try:
            await turns.acquire()
        except asyncio.CancelledError:
            raise asyncio.CancelledError(NOT_SENT) from None
        if self._client is None:
            turns.release()
            raise self._closed()
        task = self._start(self._post(self._client, request, data), name="janus-http-post")
        task.add_done_callback(lambda _: turns.release())
        await asyncio.wait([task])
        if task.cancelled():
            raise self._closed()
        error = task.result()
        if error is not None:
            raise error

    async def receive(self) -> bytes:
        """Return the next JSON text.

        Raises:
            JanusConnectionError: at the end of the connection.
            JanusServerError: a session can't be polled (458: it is gone; 403: wrong secret). It has
                that session's id; the connection stands.
        """
        item = await self._inbox.get()
        if isinstance(item, bytes):
            return item
        if isinstance(item, JanusConnectionError):
            self._inbox.put_nowait(item)  # an end is an end, for a second reader too
        raise item

    async def close(self) -> None:
        if self._client is not None:
            self._used, self._client = self._client, None
        self._inbox.put_nowait(self._closed())
        self._polls.clear()
        try:
            while self._tasks:
                for task in self._tasks:
                    task.cancel()
                await asyncio.wait(self._tasks)
        finally:  # also when this is cancelled; it can be called again
            if self._used is not None:
                await self._used.close()

    # -- requests -----------------------------------------------------------------------------

    async def _post(self, client: HttpClient, request: _Peek, data: bytes) -> JanusError | None:
        """Send one request; put its answer into the inbox, or return why there is none."""
        poll = self._polls.get(integer(request.session_id) or 0)
        if poll is not None and request.verb == "destroy":
            poll.ending = True
        try:
            status, body = await client.exchange(
                "POST", self._url(), data, timeout=self.options.request_timeout
            )
        except JanusProtocolError as exc:
            return await self._tell_apart(client, exc)
        except JanusConnectionError as exc:
            self._inbox.put_nowait(exc)
            return exc
        except JanusError as exc:
            return exc
        reply = _look(body)
        if not reply.verb:
            return self._odd(status, body, f"to {request.verb!r}")
        if reply.verb == "error" and reply.transaction is None:
            # Janus could not read it. Only this transport knows which request that was.
            code, reason = reply.error_field("code"), reply.error_field("reason")
            return JanusServerError(integer(code) or 0, reason if isinstance(reason, str) else "")
        self._inbox.put_nowait(body)
        self._follow(request, reply)
        return None

    async def _tell_apart(self, client: HttpClient, error: JanusProtocolError) -> JanusError:
        """A request without an answer: did Janus drop it, or has Janus gone?"""
        try:
            await client.exchange("GET", self._url("/info"), timeout=self.options.open_timeout)
        except JanusConnectionError as exc:
            lost = self._lost(exc, " while a request was under way")
            self._inbox.put_nowait(lost)
            return lost
        except JanusError:
            pass  # no better off: the first error stands
        return error

    def _lost(self, exc: JanusError, when: str = "") -> JanusConnectionError:
        """The error for a connection that stood, where `exc` says why there is no other."""
        error = JanusConnectionError(f"the connection to {mask_url(self.url)} was lost{when}", hint=exc.hint)
        error.__cause__ = exc
        return error

    def _follow(self, request: _Peek, reply: _Peek) -> None:
        """Start, renew or stop the poll of the session that an answered request was for."""
        session_id = integer(request.session_id)
        if reply.verb == "error":
            if session_id in self._polls and request.verb == "destroy":
                self._polls[session_id].ending = False
            if reply.error_field("code") == SESSION_NOT_FOUND and session_id is not None:
                self._stop_poll(session_id)
        elif request.verb == "create" and isinstance(reply.data, dict):
            self._poll_for(integer(reply.data.get("id")), request.credentials)
        elif request.verb == "claim":
            self._poll_for(session_id, request.credentials)
        elif request.verb == "destroy" and session_id is not None:
            self._stop_poll(session_id)
        elif request.verb not in ("info", "ping") and session_id in self._polls:
            poll = self._polls[session_id]
            if poll.credentials != request.credentials:
                poll.credentials = request.credentials
                poll.changed.set()

    # -- events -------------------------------------------------------------------------------

    def _poll_for(self, session_id: int | None, credentials: dict[str, str]) -> None:
        if session_id is None or self._client is None:
            return
        poll = self._polls.get(session_id)
        if poll is not None:  # claimed again
            poll.credentials = credentials
            poll.changed.set()
            return
        poll = self._polls[session_id] = _Poll(session_id, credentials)
        poll.task = self._start(self._keep_polling(self._client, poll), name="janus-http-poll")

    def _stop_poll(self, session_id: int) -> None:
        poll = self._polls.pop(session_id, None)
        if poll is not None and poll.task is not None:
            poll.task.cancel()

    async def _keep_polling(self, client: HttpClient, poll: _Poll) -> None:
        loop = asyncio.get_running_loop()
        pauses = iter(POLL_PAUSES)
        while self._polls.get(poll.session_id) is poll:
            began = loop.time()
            credentials = poll.credentials
            try:
                status, body = await client.exchange(
                    "GET", self._poll_url(poll.session_id, credentials), timeout=self.options.poll_timeout
                )
                if status == 404:
                    if not poll.ending:  # else it was faster than the answer to `destroy`
                        self._gone(poll, SESSION_NOT_FOUND, "no such session (HTTP 404 to its poll)")
                    self._polls.pop(poll.session_id, None)
                    return
                if status == 403:
                    self._gone(poll, UNAUTHORIZED, "the secret of the session's poll is refused (HTTP 403)")
                    while poll.credentials == credentials:
                        poll.changed.clear()
                        await poll.changed.wait()
                    continue
                received = self._take(poll, status, body)
            except JanusProtocolError as exc:
                if (pause := next(pauses, None)) is None:
                    self._lose(exc)
                    return
                await asyncio.sleep(pause)
                continue
            except JanusConnectionError as exc:
                self._inbox.put_nowait(self._lost(exc))
                return
            except JanusTimeoutError as exc:
                self._lose(exc)
                return
            pauses = iter(POLL_PAUSES)
            if not received and loop.time() - began < EARLY_SECONDS:
                await asyncio.sleep(EARLY_SECONDS)

    def _take(self, poll: _Poll, status: int, body: bytes) -> int:
        """Put the events of a poll's answer into the inbox; return how many there were."""
        try:
            texts = [bytes(raw) for raw in _parts.decode(body)] if body.lstrip()[:1] == b"[" else [body]
        except (ValueError, msgspec.MsgspecError) as exc:
            raise self._odd(status, body, "to a poll") from exc
        received = 0
        for text in texts:
            message = _look(text)
            if status != 200 or not message.verb:
                raise self._odd(status, text, "to a poll")
            if message.verb == "keepalive":
                continue
            received += 1
            self._inbox.put_nowait(text)
            if message.verb == "timeout" and message.session_id == poll.session_id:
                self._polls.pop(poll.session_id, None)  # the next answer would be 404
        return received

    def _gone(self, poll: _Poll, code: int, reason: str) -> None:
        self._inbox.put_nowait(JanusServerError(code, reason).within(session_id=poll.session_id))

    def _lose(self, exc: JanusError) -> None:
        """End the connection: events can't be had any more."""
        error = JanusConnectionError(exc.message, hint=exc.hint)
        error.__cause__ = exc
        self._inbox.put_nowait(error)

    # -- common -------------------------------------------------------------------------------

    def _start(self, coroutine: Any, *, name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.put_nowait(error)  # a bug of ours: the reader must not wait for ever

    def _url(self, below: str = "", query: bytes = b"") -> httpx.URL:
        joined = self._query + (b"&" if self._query else b"?") + query if query else self._query
        return self._base.copy_with(raw_path=(self._path + below.encode() or b"/") + joined)

    def _poll_url(self, session_id: int, credentials: Mapping[str, str]) -> httpx.URL:
        query = urlencode({"maxev": self.options.maxev, **credentials}, quote_via=quote, safe="")
        return self._url(f"/{session_id}", query.encode())

    def _closed(self) -> JanusConnectionError:
        return JanusConnectionError(f"the connection to {mask_url(self.url)} was closed on our side")

    def _odd(self, status: int, body: bytes, to: str) -> JanusProtocolError:
        """The error for an answer that is no Janus message."""
        what = excerpt(body) if body else "an empty body"
        return JanusProtocolError(
            f"{mask_url(self.url)} answered HTTP {status} {to}, and no Janus message but {what}",
            hint=self._hint(status),
        )

    def _hint(self, status: int) -> str:
        if 300 <= status < 400:
            return "It wants another URL: check the scheme, the host and the path."
        if status == 426:
            return "This is a WebSocket port: write ws:// or wss://, or Janus's HTTP port (8088 by default)."
        if status == 403:
            return (
                "Is this Janus's WebSocket port, for ws:// (8188 by default)? Else Janus's list of allowed "
                "addresses, or a proxy in front of it, refuses us."
            )
        if status in (401, 407):
            return "A proxy in front of Janus refuses us: check the login."
        if status == 413:
            return "A proxy in front of Janus limits the size of a request."
        if status in (502, 503, 504):
            return "The proxy in front of Janus can't reach it: is Janus running?"
        if status == 404:
            return (
                "Check the port and the path, which Janus's configuration calls base_path: "
                f"{EXAMPLE!r}, of the Admin API {ADMIN_EXAMPLE!r}."
            )
        return "Is this the port of Janus's HTTP transport (8088 by default)?"


def _look(data: bytes) -> _Peek:
    """Read the few fields that the transport needs; none where `data` is no JSON object."""
    try:
        return _peek.decode(data)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return _Peek()
