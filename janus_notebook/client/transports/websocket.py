"""The WebSocket transport, over the `websockets` library.

Source: "WebSockets Interface" of the Janus documentation. The subprotocol is compulsory: without
it Janus drops the connection without an HTTP answer. The path of the URL is ignored by Janus.
"""

from __future__ import annotations

import errno
import logging
import socket as socket_module
import ssl as ssl_module
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    WebSocketException,
)
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from janus_notebook.client.transports import Transport
from janus_notebook.client.transports.options import (
    check_headers,
    check_proxy,
    check_seconds,
    check_ssl,
    check_whole,
    refuse_ssl_without_tls,
)
from janus_notebook.client.transports.text_connection import TextConnection
from janus_notebook.config import mask_url
from janus_notebook.errors import JanusConnectionError, JanusOptionError

__all__ = ["WebSocketOptions", "WebSocketTransport"]


@dataclass(frozen=True, kw_only=True)
class WebSocketOptions:
    """Options of a WebSocket connection.

    Attributes:
        ssl: the TLS context for ``wss://``; None for one that verifies the server's certificate.
        headers: further HTTP headers of the handshake, for a proxy in front of Janus.
        origin: the ``Origin`` header.
        open_timeout: seconds to connect and shake hands.
        close_timeout: seconds to wait for the server's part of closing.
        ping_interval: seconds between WebSocket pings; None for none.
        ping_timeout: seconds to wait for a pong before the connection counts as lost.
        max_size: largest message in bytes.
        proxy: True takes an HTTP or SOCKS proxy from the environment, None uses none.
        subprotocol: ``janus-protocol``, or ``janus-admin-protocol`` for the Admin API.
    """

    ssl: ssl_module.SSLContext | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: str | None = None
    open_timeout: float = 10.0
    close_timeout: float = 2.0
    ping_interval: float | None = 20.0
    ping_timeout: float | None = 20.0
    max_size: int | None = 16 * 2**20
    proxy: str | Literal[True] | None = True
    subprotocol: str = "janus-protocol"

    def __post_init__(self) -> None:
        check_ssl(self.ssl)
        check_headers(self.headers)
        check_seconds("open_timeout", self.open_timeout)
        check_seconds("close_timeout", self.close_timeout)
        check_seconds("ping_interval", self.ping_interval, optional=True)
        check_seconds("ping_timeout", self.ping_timeout, optional=True)
        check_whole("max_size", self.max_size, example=2**20, optional=True)
        check_proxy(self.proxy)
        if self.origin is not None:
            check_headers({"Origin": self.origin})
        if not isinstance(self.subprotocol, str) or not self.subprotocol:
            raise JanusOptionError(
                f"subprotocol must be the name of one, not {self.subprotocol!r}",
                hint="For example 'janus-protocol', or 'janus-admin-protocol' for the Admin API.",
            )


class WebSocketTransport(Transport):
    """Carries messages over one WebSocket."""

    options_class = WebSocketOptions
    admin_options: ClassVar[Mapping[str, Any]] = {"subprotocol": "janus-admin-protocol"}
    options: WebSocketOptions

    def __init__(self, url: str, options: WebSocketOptions) -> None:
        super().__init__(url, options)
        refuse_ssl_without_tls(url, options.ssl, "wss")
        self._socket: TextConnection | None = None

    async def open(self) -> None:
        options = self.options
        arguments: dict[str, Any] = {"ssl": options.ssl} if options.ssl is not None else {}
        try:
            socket = await connect(
                self.url,
                subprotocols=[Subprotocol(options.subprotocol)],
                additional_headers=dict(options.headers),
                origin=options.origin,  # type: ignore[arg-type] # a NewType of str
                open_timeout=options.open_timeout,
                close_timeout=options.close_timeout,
                ping_interval=options.ping_interval,
                ping_timeout=options.ping_timeout,
                max_size=options.max_size,
                proxy=options.proxy,
                create_connection=TextConnection,
                logger=_quiet_logger(),
                # Janus does not compress, and on a local network it would only cost time.
                compression=None,
                **arguments,
            )
        except (OSError, WebSocketException, TimeoutError, EOFError, ValueError, ImportError) as exc:
            # An InvalidURI or InvalidProxy holds the URL as it is, secrets and all.
            hides = isinstance(exc, InvalidURI | InvalidProxy)
            raise self._open_error(exc) from (None if hides else exc)
        assert isinstance(socket, TextConnection)
        socket.deliver, socket.limit = self.deliver, options.max_size
        self._socket = socket
        if socket.subprotocol != options.subprotocol:
            raise JanusConnectionError(
                f"{mask_url(self.url)} is a WebSocket, but not Janus's: it does not speak the subprotocol "
                f"{options.subprotocol!r}",
                hint="Is this the port of Janus's WebSocket transport (8188 by default)?",
            )

    def _open_error(self, exc: Exception) -> Exception:
        """Say in a sentence why the connection could not be made."""
        where = mask_url(self.url)
        if isinstance(exc, InvalidURI):
            return JanusOptionError(
                f"{where!r} is not a WebSocket URL", hint="For example 'ws://localhost:8188'."
            )
        if isinstance(exc, InvalidProxy):
            return JanusOptionError(
                f"the proxy {mask_url(exc.proxy)!r} can't be used: {exc.msg}", hint="proxy=None uses none."
            )
        if isinstance(exc, ssl_module.SSLCertVerificationError):
            return JanusConnectionError(
                f"the certificate of {where} is not trusted: {exc.verify_message}",
                hint="For a private certificate pass ssl= with a context that knows it.",
            )
        if isinstance(exc, ssl_module.SSLError):
            return JanusConnectionError(f"TLS with {where} failed: {exc.reason}", hint="Is it a ws:// port?")
        if isinstance(exc, ConnectionResetError) and self.url.lower().startswith("wss:"):
            return JanusConnectionError(
                f"TLS with {where} failed: the server hung up", hint="Is it a ws:// port?"
            )
        if isinstance(exc, TimeoutError):
            return JanusConnectionError(
                f"{where} did not answer within {self.options.open_timeout:g} s",
                hint="Check the host, the port and any firewall between.",
            )
        if isinstance(exc, InvalidStatus):
            return JanusConnectionError(
                f"{where} answered HTTP {exc.response.status_code} instead of opening a WebSocket",
                hint="Is this the port of Janus's WebSocket transport (8188 by default)?",
            )
        if isinstance(exc, NegotiationError | InvalidMessage | EOFError):
            return JanusConnectionError(
                f"{where} is not a Janus WebSocket: {exc}",
                hint=f"Does it serve the subprotocol {self.options.subprotocol!r}?",
            )
        # A host with several addresses gives one error that lists those of all of them.
        if isinstance(exc, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(exc):
            return JanusConnectionError(
                f"connection to {where} was refused",
                hint="Is Janus running there, with its WebSocket transport on this port?",
            )
        if isinstance(exc, socket_module.gaierror):
            return JanusConnectionError(
                f"the host of {where} can't be found: {exc.strerror}", hint="Check its spelling, and the DNS."
            )
        return JanusConnectionError(f"can't connect to {where}: {exc}", hint="Check the URL.")

    async def send(self, data: bytes) -> None:
        assert self._socket is not None
        try:
            await self._socket.send_text(data)
        except ConnectionClosed as exc:
            raise self._closed_error(exc) from exc

    async def receive(self) -> bytes:
        assert self._socket is not None
        try:
            return await self._socket.receive_text()
        except ConnectionClosed as exc:
            raise self._closed_error(exc) from exc

    def _closed_error(self, exc: ConnectionClosed) -> JanusConnectionError:
        where = mask_url(self.url)
        if exc.rcvd is None and exc.sent is not None and exc.sent.code == 1011:
            return JanusConnectionError(f"{where} stopped answering pings: {exc.sent.reason}")
        if exc.sent is not None and exc.sent.code == CloseCode.MESSAGE_TOO_BIG and not exc.rcvd_then_sent:
            return JanusConnectionError(
                f"{where} sent a message of more than max_size={self.options.max_size} bytes",
                hint="Pass a larger max_size.",
            )
        if exc.rcvd is None:
            return JanusConnectionError(f"the connection to {where} was lost")
        reason = f" ({exc.rcvd.reason})" if exc.rcvd.reason else ""
        return JanusConnectionError(f"{where} closed the connection with code {exc.rcvd.code}{reason}")

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()


def _quiet_logger() -> logging.Logger:
    """The library writes every frame at DEBUG, secrets and all; its warnings are welcome."""
    logger = logging.getLogger("janus_notebook.websocket")
    logger.setLevel(logging.INFO)
    return logger
