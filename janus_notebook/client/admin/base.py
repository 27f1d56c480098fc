"""What every request of the Admin API goes through: the connection, the secret, the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

import msgspec

from janus_notebook.client.connection import JanusConnection
from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.requests import body_of
from janus_notebook.client.transports import SESSION_OPTIONS, Transport, make_transport
from janus_notebook.config import MASK, mask_url
from janus_notebook.errors import (
    JanusConnectionError,
    JanusOptionError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
)
from janus_notebook.protocol.messages import Message, verb_of
from janus_notebook.protocol.typed import Typed

__all__ = ["AdminBase", "AdminState", "converted", "object_in"]

AdminState = Literal["new", "connecting", "connected", "lost", "closed"]

R = TypeVar("R", bound=Typed)
T = TypeVar("T")

# They tell who the server is, and ask for no secret; so it is not shown to them.
WITHOUT_SECRET = frozenset({"info", "ping"})

# Where the text of `janus_notebook.errors` speaks of sessions and their secrets.
HINTS = {
    403: "Pass admin_secret=... as the server's janus.jcfg has it (not its api_secret).",
    457: "Is this the URL of the Admin API, such as http://host:7088/admin, and not that of the Janus API?",
    458: "The session has ended; list_sessions() gives those that are there.",
    459: "The handle is gone; list_handles() gives those that are there.",
}
NOT_HERE = {
    "message_plugin": "info() lists the plugins that this server has.",
    "query_transport": "info() lists the transports that this server has.",
    "query_eventhandler": "info() lists the event handlers that this server has.",
    "query_logger": "info() lists the loggers that this server has.",
}
NO_STORED_TOKENS = (
    "Stored tokens are off (token_auth in the server's configuration), or signed ones are used."
)


class _AdminConnection(JanusConnection):
    """A connection to the Admin API, which has a port or a path of its own."""

    def _new_transport(self) -> Transport:
        return make_transport(self.url, self.options, admin=True)


class AdminBase:
    """A connection to a server's Admin API; see `JanusAdmin`."""

    name = "the Admin API"

    def __init__(
        self,
        base_url: str,
        *,
        admin_secret: str | None = None,
        timeout: float = 10.0,
        **transport_options: Any,
    ) -> None:
        for option in transport_options:
            if option in SESSION_OPTIONS:
                raise JanusOptionError(
                    f"{option!r} is an option of JanusSession, not of JanusAdmin",
                    hint="The Admin API's own secret is given as admin_secret.",
                )
        if admin_secret is not None and not isinstance(admin_secret, str):
            raise JanusOptionError(f"admin_secret must be a text, not {type(admin_secret).__name__}")
        self._connection = _AdminConnection(base_url, **transport_options)
        self._credentials = {} if admin_secret is None else {"admin_secret": admin_secret}
        self.timeout = check_seconds("timeout", timeout)
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<JanusAdmin {self.state} at {mask_url(self.base_url)}>"

    @property
    def base_url(self) -> str:
        """The URL of the Admin API."""
        return self._connection.url

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(self._credentials.values())

    @property
    def state(self) -> AdminState:
        """``new, connecting, connected, lost, closed``; a request connects again after a loss."""
        return "closed" if self._closed else self._connection.state

    @property
    def server(self) -> Message | None:
        """The server's answer to ``info``, from `open` or the last `info`; None before."""
        return self._connection.server

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect, unless it is connected, and ask who the server is. A request does so too.

        Raises:
            JanusConnectionError: there is no Janus at the URL, it can't be reached, or does not answer.
            JanusStateError: this object belongs to another event loop.
        """
        self._closed = False
        await self._connect(self.timeout)

    async def close(self) -> None:
        """Disconnect; requests that are under way fail. Idempotent; `open` connects again."""
        self._closed = True
        await self._connection.close()

    async def send(self, message: Mapping[str, Any], timeout: float | None = None) -> Message:
        """Send one Admin request and return its answer as it comes; for what has no method here.

        Args:
            message: such as ``{"janus": "list_handles", "session_id": ...}``; the secret and a
                transaction are added.
            timeout: seconds, with a connection that must be made; None means `JanusAdmin`'s default.

        Raises:
            JanusServerError: Janus refused it (403: wrong or missing secret).
            JanusConnectionError, JanusTimeoutError: no connection, or no answer in time.
            JanusStateError: it is closed, or belongs to another event loop.
        """
        seconds = self.timeout if timeout is None else check_seconds("timeout", timeout)
        verb = verb_of(message)
        left = await self._connect(seconds)
        try:
            return await self._connection.request(
                message, credentials=None if verb in WITHOUT_SECRET else self._credentials, timeout=left
            )
        except JanusServerError as exc:
            exc.hint = NOT_HERE.get(verb, exc.hint) if exc.code == 460 else HINTS.get(exc.code, exc.hint)
            if exc.code == 490 and "Stored-Token" in exc.reason:
                exc.hint = NO_STORED_TOKENS
            token = message.get("token")
            if isinstance(token, str) and token and token in exc.reason:
                hidden = JanusServerError(exc.code, exc.reason.replace(token, MASK))
                raise hidden.within(request=exc.request) from None
            raise

    async def _connect(self, seconds: float) -> float:
        """Connect if needed, within `seconds`; return how many are left."""
        connection = self._connection
        connection.enter_loop()
        if connection.state == "connected" and connection.server is not None:
            return seconds
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the one before has ended, and whoever waited there
            self._loop, self._opening = loop, asyncio.Lock()
        deadline = loop.time() + seconds
        try:
            async with asyncio.timeout_at(deadline), self._opening:
                if self._closed:  # perhaps meanwhile
                    raise JanusStateError("this JanusAdmin is closed", hint="Call open() first.")
                if connection.state != "connected":
                    connection.server = None  # it may come back as another version
                    await connection.open()
                if connection.server is None:
                    await connection.info(seconds)
        except TimeoutError as exc:
            raise JanusConnectionError(
                f"{mask_url(self.base_url)} did not answer within {seconds:g} s",
                hint="Check the host, the port and any firewall between.",
            ) from exc
        return max(deadline - loop.time(), 0.001)

    async def _ask(
        self, name: str, reply: type[R], arguments: Mapping[str, Any], part: str | None = None
    ) -> R:
        """Send a request made of a method's arguments (its ``locals()``), and type its answer.

        Args:
            part: the object within the answer that is what was asked for; None for the answer itself.
        """
        message = await self._send_arguments(name, arguments)
        return reply.read(message if part is None else object_in(message, part))

    async def _send_arguments(self, name: str, arguments: Mapping[str, Any]) -> Message:
        return await self.send({"janus": name, **body_of("", arguments)}, arguments.get("timeout"))

    async def _list(self, name: str, key: str, arguments: Mapping[str, Any]) -> list[Any]:
        """Send a request whose answer is a list under `key`."""
        found: Any = await self._send_arguments(name, arguments)
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if not isinstance(found, list):
            raise JanusProtocolError(f"the answer to {name!r} has no list {key!r}")
        return found


def object_in(message: Message, key: str) -> dict[str, Any]:
    """The object under `key`; an empty one where there is none."""
    found = message.get(key)
    return found if isinstance(found, dict) else {}


def converted(item: Any, kind: type[T], name: str) -> T:
    """An entry of a list in the answer to `name`, typed.

    Raises:
        JanusProtocolError: it is something else.
    """
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as exc:
        raise JanusProtocolError(f"the answer to {name!r} has an odd entry: {exc}") from exc
