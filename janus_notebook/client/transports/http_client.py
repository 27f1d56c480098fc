"""One HTTP exchange, over `httpx`, with what can go wrong in it as sentences.

It works below `httpx.AsyncClient`, which logs each URL at INFO: Janus takes the secrets of a long poll
in the query only ("REST Interface" of the Janus documentation).
"""

from __future__ import annotations

import asyncio
import socket
import ssl as ssl_module
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.request import getproxies, proxy_bypass

import httpx

from janus_notebook.config import mask_url
from janus_notebook.errors import (
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusProtocolError,
    JanusTimeoutError,
)

__all__ = ["HttpClient"]

# Janus closes idle connections in its own time; a request on one that is being closed would be lost.
IDLE_SECONDS = 5.0


class HttpClient:
    """Any number of exchanges with one server at a time; connections are kept for the next ones.

    Each connection is a pool of its own: `httpcore` looks several times through all the connections of a
    pool in every exchange, which costs more than the exchange itself.

    Args:
        url: the base URL, for messages and for the login in it.
        context: the TLS context; None for one that verifies.
        headers: sent with every request.
        open_timeout: seconds to make a connection.
        max_size: largest answer in bytes; None for any.
        proxy: the URL of a proxy, True for that of the environment, None for none.

    Raises:
        JanusOptionError: the URL or the proxy can't be used.
    """

    def __init__(
        self,
        url: httpx.URL,
        *,
        context: ssl_module.SSLContext | None,
        headers: Mapping[str, str],
        open_timeout: float,
        max_size: int | None,
        proxy: str | Literal[True] | None,
    ) -> None:
        self._where = mask_url(str(url))
        self._open_timeout = open_timeout
        self._max_size = max_size
        self._headers = {"User-Agent": "janus-notebook", **headers}
        if url.username or url.password:
            login = httpx.BasicAuth(url.username, url.password)
            probe = next(login.sync_auth_flow(httpx.Request("GET", url)))
            self._headers.setdefault("Authorization", probe.headers["Authorization"])
        if context is None:
            # Loading the system's certificates takes a while, and plain HTTP has no use for them.
            tls = url.scheme == "https"
            context = (
                ssl_module.create_default_context()
                if tls
                else ssl_module.SSLContext(ssl_module.PROTOCOL_TLS_CLIENT)
            )
        self._context = context
        self._proxy = _proxy_of_environment(url) if proxy is True else proxy
        self._closed = False
        # Those without an exchange, and since when; the last one used is used next.
        self._idle: deque[tuple[float, httpx.AsyncHTTPTransport]] = deque()
        self._idle.append((0.0, self._new_transport()))  # a wrong proxy fails here

    def _new_transport(self) -> httpx.AsyncHTTPTransport:
        try:
            return httpx.AsyncHTTPTransport(
                verify=self._context,
                limits=httpx.Limits(
                    max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS
                ),
                proxy=self._proxy,
            )
        except (ValueError, ImportError) as exc:
            shown = mask_url(self._proxy or "")
            raise JanusOptionError(
                f"the proxy {shown!r} can't be used: {exc}",
                hint="Expected http://, https://, or socks5:// with the package 'socksio'; "
                "proxy=None uses none.",
            ) from exc

    async def exchange(
        self, method: str, url: httpx.URL, data: bytes | None = None, *, timeout: float
    ) -> tuple[int, bytes]:
        """Send one request; return the status and the body of its answer.

        Raises:
            JanusConnectionError: there is no connection to the server.
            JanusTimeoutError: no answer for `timeout` seconds.
            JanusProtocolError: the server closed the connection without an answer, or it is too large.
        """
        seconds = {"connect": self._open_timeout, "read": timeout, "write": timeout, "pool": timeout}
        extensions: dict[str, Any] = {"timeout": seconds}
        handshake = _Handshake()
        if url.scheme == "https":
            extensions["trace"] = handshake.trace
        request = httpx.Request(method, url, headers=self._headers, content=data, extensions=extensions)
        if data is not None:
            request.headers["Content-Type"] = "application/json"
        transport = self._idle.pop()[1] if self._idle else self._new_transport()
        try:
            response = await transport.handle_async_request(request)
            try:
                status, body = response.status_code, await self._body(response)
            finally:
                await response.aclose()
        except BaseException as exc:
            # Not kept: an exchange that was broken off may have left it in any state.
            try:
                await handshake.drop()
            finally:
                await transport.aclose()
            if isinstance(exc, httpx.RequestError | OSError):
                raise self._error(exc, timeout) from exc
            raise
        await self._put_back(transport)
        return status, body

    async def _put_back(self, transport: httpx.AsyncHTTPTransport) -> None:
        """Keep a connection for the next exchange; close those that have waited too long for one."""
        if self._closed:
            await transport.aclose()
            return
        now = asyncio.get_running_loop().time()
        self._idle.append((now, transport))
        while self._idle and self._idle[0][0] < now - IDLE_SECONDS:  # others take some meanwhile
            await self._idle.popleft()[1].aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if self._max_size is not None and size > self._max_size:
                raise JanusProtocolError(
                    f"{self._where} sent an answer of more than max_size={self._max_size} bytes",
                    hint="Pass a larger max_size.",
                )
        return b"".join(parts)

    def _error(self, exc: Exception, timeout: float) -> JanusError:
        where = self._where
        causes = list(_causes(exc))
        if isinstance(exc, httpx.ConnectTimeout):
            return JanusConnectionError(
                f"{where} did not answer within {self._open_timeout:g} s",
                hint="Check the host, the port and any firewall between.",
            )
        if isinstance(exc, httpx.TimeoutException):
            return JanusTimeoutError(f"{where} did not answer within {timeout:g} s", hint="Is it alive?")
        if isinstance(exc, httpx.ProxyError):
            return JanusConnectionError(f"the proxy to {where} refused: {exc}", hint="Check the proxy's URL.")
        if not isinstance(exc, httpx.ConnectError):
            return JanusProtocolError(
                f"{where} closed the connection without an answer",
                hint="Janus does so when it took more than 10 s, and when it ends.",
            )
        for cause in causes:
            if isinstance(cause, ssl_module.SSLCertVerificationError):
                return JanusConnectionError(
                    f"the certificate of {where} is not trusted: {cause.verify_message}",
                    hint="For a private certificate pass ssl= with a context that knows it.",
                )
            if isinstance(cause, ssl_module.SSLError):
                return JanusConnectionError(
                    f"TLS with {where} failed: {cause.reason}", hint="Is it an http:// port?"
                )
            if isinstance(cause, socket.gaierror):
                return JanusConnectionError(
                    f"the host of {where} can't be found: {cause.strerror}",
                    hint="Check its spelling, and the DNS.",
                )
            if isinstance(cause, ConnectionRefusedError):
                return JanusConnectionError(
                    f"connection to {where} was refused",
                    hint="Is Janus running there, with its HTTP transport on this port?",
                )
        return JanusConnectionError(f"can't connect to {where}: {exc}", hint="Check the URL.")

    async def close(self) -> None:
        """Close every connection. Idempotent; cancelled, it can be called again for the rest."""
        self._closed = True
        while self._idle:
            await self._idle[-1][1].aclose()
            self._idle.pop()


class _Handshake:
    """The connection whose TLS handshake is under way: `httpcore` leaves it open when that is cancelled."""

    def __init__(self) -> None:
        self._stream: Any = None

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow one exchange; `httpcore` calls this at each step of it."""
        if event.endswith("connect_tcp.complete"):
            self._stream = info["return_value"]
        elif event.endswith("start_tls.complete"):
            self._stream = None

    async def drop(self) -> None:
        """Close the connection, unless it is done with its handshake."""
        if self._stream is not None:
            await self._stream.aclose()


def _proxy_of_environment(url: httpx.URL) -> str | None:
    """The proxy that ``http_proxy`` and its like name for `url`, unless ``no_proxy`` names its host."""
    if proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """`exc` and everything that led to it; a host with several addresses has an error for each."""
    seen: set[int] = set()
    open_ends: list[BaseException | None] = [exc]
    while open_ends:
        one = open_ends.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        open_ends += [one.__context__, one.__cause__]
        if isinstance(one, BaseExceptionGroup):
            open_ends += one.exceptions
