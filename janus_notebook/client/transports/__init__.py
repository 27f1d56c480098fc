"""Transports: how messages travel. One class for each URL scheme, behind the same four methods."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from janus_notebook.client.transports.schemes import unknown_scheme, without_scheme
from janus_notebook.config import mask_url
from janus_notebook.errors import JanusOptionError

__all__ = ["NOT_SENT", "Transport", "make_transport", "register_transport", "transport_class"]

# What a cancellation of `Transport.send` says when nothing was written, and nothing will be.
NOT_SENT = "not sent"


class Transport(ABC):
    """Carries whole JSON texts both ways. One instance is one connection; it is opened once.

    A subclass names the class of its options, a frozen dataclass with a default for each.

    Attributes:
        admin_options: the options with which it speaks the Admin API.
        keeps_sessions: whether Janus keeps a session when the connection is gone, because it can't
            tell; it then lives until its timeout.
        deliver: set before `open` by a reader in a hurry. A transport that has a text in its hands
            may call it there and then, instead of keeping the text for `receive`; that saves the reader
            a turn of the loop. It never raises for what the text says.
    """

    options_class: ClassVar[type[Any]]
    admin_options: ClassVar[Mapping[str, Any]] = {}
    keeps_sessions: ClassVar[bool] = False

    def __init__(self, url: str, options: Any) -> None:
        self.url = url
        self.options = options
        self.deliver: Callable[[bytes], None] | None = None

    @abstractmethod
    async def open(self) -> None:
        """Connect. Raises `JanusConnectionError`."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Write one JSON text. Raises `JanusConnectionError`; any other `JanusError` is of this one alone.

        Where it keeps texts back until their turn and is cancelled meanwhile, it never writes that one,
        and raises ``asyncio.CancelledError(NOT_SENT)``.
        """

    @abstractmethod
    async def receive(self) -> bytes:
        """Return the next JSON text. Raises `JanusConnectionError` at the end of the connection.

        A `JanusServerError` concerns the session whose id it has; the connection stands.
        """

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; idempotent, never raises for a connection that is gone."""

    @classmethod
    def with_options(cls, url: str, options: Mapping[str, Any]) -> Self:
        """Make a transport from keyword options; an unknown one is a `JanusOptionError`."""
        cls.check_options(url, options)
        return cls(url, cls.options_class(**options))

    @classmethod
    def check_options(cls, url: str, options: Iterable[str], beside: Iterable[str] = ()) -> None:
        """Refuse an unknown option.

        Args:
            url: of the transport.
            options: the given names.
            beside: names that the user may have meant, too; without any, those of a session.

        Raises:
            JanusOptionError: names the nearest.
        """
        known = cls.option_names()
        for name in options:
            if name not in known:
                raise _unknown_option(url, name, [*known, *(beside or SESSION_OPTIONS)])

    @classmethod
    def option_names(cls) -> list[str]:
        """The names of this transport's options."""
        assert is_dataclass(cls.options_class)
        return [field.name for field in fields(cls.options_class)]


# Options of `JanusAdmin` itself.
ADMIN_OPTIONS = ("admin_secret", "timeout")

# Options of the session and the connection themselves: named in errors beside a transport's own.
SESSION_OPTIONS = (
    "api_secret",
    "connection",
    "log_capacity",
    "recover",
    "recover_timeout",
    "timeout",
    "token",
)


def _websocket() -> type[Transport]:
    from janus_notebook.client.transports.websocket import WebSocketTransport

    return WebSocketTransport


def _http() -> type[Transport]:
    from janus_notebook.client.transports.http import HttpTransport

    return HttpTransport


def _unix() -> type[Transport]:
    from janus_notebook.client.transports.unix import UnixTransport

    return UnixTransport


def _unix_datagram() -> type[Transport]:
    from janus_notebook.client.transports.unix import UnixDatagramTransport

    return UnixDatagramTransport


# A loader for each scheme, so that a transport's library is imported when it is first used.
_TRANSPORTS: dict[str, Callable[[], type[Transport]]] = {
    "ws": _websocket,
    "wss": _websocket,
    "http": _http,
    "https": _http,
    "unix": _unix,
    "unix+dgram": _unix_datagram,
}
_BUILT_IN = dict(_TRANSPORTS)
# Those with a host in their URL, each with an example.
_EXAMPLES = {
    "ws": "ws://localhost:8188",
    "wss": "wss://localhost:8989",
    "http": "http://localhost:8088/janus",
    "https": "https://localhost:8089/janus",
}


def _unknown_option(url: str, name: str, known: list[str]) -> JanusOptionError:
    """The error for an option that the transport of `url` has not; it may be another one's."""
    if name in SESSION_OPTIONS:
        return JanusOptionError(
            f"{name!r} is an option of JanusSession, not of its connection",
            hint=f"Write JanusSession(connection=..., {name}=...).",
        )
    owners = [f"{scheme}://" for scheme, load in _BUILT_IN.items() if name in load().option_names()]
    if owners:
        return JanusOptionError(
            f"{name!r} is an option of {' and '.join(owners)}, not of {urlsplit(url).scheme}://"
        )
    return JanusOptionError.unknown("option", name, known)


def register_transport(scheme: str, transport: type[Transport]) -> None:
    """Use `transport` for URLs that begin with ``scheme://``; replaces an earlier one."""
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        raise JanusOptionError(f"{scheme!r} is not a URL scheme", hint="For example 'ws'.")
    _TRANSPORTS[scheme] = lambda: transport


def transport_class(url: str) -> type[Transport]:
    """The class for the scheme of `url`, which `make_transport` has accepted."""
    return _TRANSPORTS[urlsplit(url.strip()).scheme]()


def make_transport(url: str, options: Mapping[str, Any], *, admin: bool = False) -> Transport:
    """Return an unopened transport for `url`, for the Admin API if `admin`.

    Raises:
        JanusOptionError: `url` is no URL, its scheme is unknown, or an option is.
    """
    if not isinstance(url, str) or not url.strip():
        raise JanusOptionError(
            f"base_url must be a URL such as 'ws://localhost:8188', not {url!r}",
        )
    url = url.strip()
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        raise without_scheme(url, _TRANSPORTS)
    shown = mask_url(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        # The parser's own text may hold a part of a password.
        why = "" if "@" in url else f": {exc}"
        raise JanusOptionError(
            f"{shown!r} is not a URL{why}", hint="For example 'ws://localhost:8188'."
        ) from (None if "@" in url else exc)
    if parts.scheme not in _TRANSPORTS:
        raise unknown_scheme(shown, parts.scheme, _TRANSPORTS)
    if parts.scheme in _EXAMPLES:
        example = f"For example {_EXAMPLES[parts.scheme]!r}."
        if not host:
            raise JanusOptionError(f"{shown!r} names no host", hint=example)
        if port is None and parts.netloc.endswith(":"):
            raise JanusOptionError(f"{shown!r} names no port after its colon", hint=example)
    transport = _TRANSPORTS[parts.scheme]()
    if admin:
        transport.check_options(url, options, ADMIN_OPTIONS)
        options = {**transport.admin_options, **options}
    return transport.with_options(url, options)
