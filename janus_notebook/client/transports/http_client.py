"""One HTTP exchange, over `httpx`, with what can go wrong in it as sentences.

It works below `httpx.AsyncClient`, which logs each URL at INFO: Janus takes the secrets of a long poll
in the query only ("REST Interface" of the Janus documentation).
"""

from __future__ import annotations

import socket
import ssl as ssl_module
from collections.abc import Iterator, Mapping
from typing import Literal
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
        found = _proxy_of_environment(url) if proxy is True else proxy
        try:
            self._transport = httpx.AsyncHTTPTransport(
                verify=context,
                limits=httpx.Limits(
                    max_connections=None, max_keepalive_connections=None, keepalive_expiry=IDLE_SECONDS
                ),
                proxy=found,
            )
        except (ValueError, ImportError) as exc:
            shown = mask_url(found or "")
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
        request = httpx.Request(
            method, url, headers=self._headers, content=data, extensions={"timeout": seconds}
        )
        if data is not None:
            request.headers["Content-Type"] = "application/json"
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return response.status_code, await self._body(response)
            finally:
                await response.aclose()
        except (httpx.RequestError, OSError) as exc:
            raise self._error(exc, timeout) from exc

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
        """Close every connection; idempotent."""
        await self._transport.aclose()


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
