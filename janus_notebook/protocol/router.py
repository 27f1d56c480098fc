"""The router: which reply ends which request, who owns an event, and what a loss fails.

Feed in, effects out. `Router.feed` takes one decoded message and returns what follows from it; the
caller (`janus_notebook.client.connection`) carries the effects out. A message that answers a known
transaction completes it; anything else is an event; never both, never neither.

Source: "Janus API" of the Janus documentation; the order of ``ack`` and ``event`` was seen on a live
server, where the event overtakes its ack about one time in seven.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from janus_notebook.errors import NEW_SESSION, JanusError, JanusPluginError, JanusServerError, JanusStateError
from janus_notebook.protocol.messages import Message, integer
from janus_notebook.protocol.plugin_codes import plugin_error_hint, plugin_error_name

__all__ = [
    "Acknowledged",
    "Effect",
    "Failed",
    "Ignored",
    "Late",
    "Occurred",
    "Replied",
    "Router",
    "plugin_error",
]

# Requests that an `ack` completes. For every other one an ack is only a receipt.
ACK_IS_FINAL = frozenset({"keepalive", "trickle"})

# Kinds that only ever answer a request; without a transaction of ours they are strays, not events.
REPLIES = frozenset({"ack", "success", "error", "pong", "server_info"})

# How many given-up requests are remembered, in case their reply still comes; of those whose event overtook
# the ack as many.
MAX_ABANDONED = 1_000


class Replied(msgspec.Struct, frozen=True, gc=False):
    """`message` completes the request `transaction`."""

    transaction: str
    message: Message


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The request `transaction` failed; `message` is the reply that says so, or None."""

    transaction: str
    error: JanusError
    message: Message | None = None


class Acknowledged(msgspec.Struct, frozen=True, gc=False):
    """Janus has received the request `transaction`; the final reply follows."""

    transaction: str
    message: Message


class Occurred(msgspec.Struct, frozen=True, gc=False):
    """`message` is an event for a session or handle, or for nobody we know (ids are None)."""

    kind: str
    session_id: int | None
    handle_id: int | None
    message: Message


class Late(msgspec.Struct, frozen=True, gc=False):
    """`message` answers the request `transaction` of a handle, which its caller has given up."""

    transaction: str
    message: Message
    handle_id: int | None = None


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """`message` answers nothing that is pending: an ack after its event, or a second reply.

    `handle_id` is that of the request, where it is still known.
    """

    message: Message
    handle_id: int | None = None


Effect = Replied | Failed | Acknowledged | Occurred | Late | Ignored


class _Pending(msgspec.Struct, gc=False):
    verb: str
    session_id: int | None
    handle_id: int | None
    acknowledged: bool = False


class Router:
    """Pending requests of one connection."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}
        self._abandoned: dict[str, _Pending] = {}
        # The handles of requests that an event has answered, and no ack yet.
        self._overtaken: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, transaction: object) -> bool:
        return transaction in self._pending

    def expect(
        self, transaction: str, verb: str, session_id: int | None = None, handle_id: int | None = None
    ) -> None:
        """Register a request. Call it before the request is written: the reply may be quick."""
        if self._abandoned:
            self._abandoned.pop(transaction, None)
        self._pending[transaction] = _Pending(verb.lower(), session_id, handle_id)

    def abandon(self, transaction: str) -> list[str]:
        """Give up a request (timeout, cancellation): its reply, if it comes, is `Late`.

        Returns the transactions given up so long ago that they are no longer remembered.
        """
        forgotten: list[str] = []
        request = self._pending.pop(transaction, None)
        if request is not None:
            while len(self._abandoned) >= MAX_ABANDONED:
                forgotten.append(next(iter(self._abandoned)))
                del self._abandoned[forgotten[-1]]
            self._abandoned[transaction] = request
        return forgotten

    def feed(self, message: Message) -> list[Effect]:
        """Take one message from the server and return what follows from it, in order."""
        kind: str = message["janus"]
        transaction = message.get("transaction")
        if isinstance(transaction, str):
            request = self._pending.get(transaction)
            if request is not None:
                return [self._answer(transaction, request, kind, message)]
            if transaction in self._abandoned:
                return [self._late(transaction, kind, message)]
        if kind in REPLIES:
            return [self._stray(kind, transaction, message)]
        session_id, handle_id = integer(message.get("session_id")), integer(message.get("sender"))
        effects: list[Effect] = [Occurred(kind, session_id, handle_id, message)]
        if kind == "timeout" and session_id is not None:
            effects += self.end(lambda: session_timed_out(session_id), session_id=session_id)
        elif kind == "detached" and handle_id is not None:
            effects += self.end(
                lambda: handle_detached(handle_id), session_id=session_id, handle_id=handle_id
            )
        return effects

    def end(
        self,
        error: Callable[[], JanusError],
        *,
        session_id: int | None = None,
        handle_id: int | None = None,
    ) -> list[Effect]:
        """Fail what is pending on a handle, on a session, or (without ids) on the connection.

        A handle's id is unique in its session only, so a handle is named by both ids.

        `error` makes the exception, one for each request: they are raised in different places.

        A pending detach of a handle that is gone is not failed: its reply may come after the
        ``detached`` event.
        """
        chosen = [
            transaction
            for transaction, request in self._pending.items()
            if (session_id is None or request.session_id == session_id)
            and (handle_id is None or (request.handle_id == handle_id and request.verb != "detach"))
        ]
        for transaction in chosen:
            del self._pending[transaction]
        if session_id is None and handle_id is None:
            self._abandoned.clear()
            self._overtaken.clear()
        return [Failed(transaction, error()) for transaction in chosen]

    def pending_on(self, session_id: int, handle_id: int) -> list[str]:
        """Transactions pending on a handle."""
        return [
            name
            for name, request in self._pending.items()
            if request.session_id == session_id and request.handle_id == handle_id
        ]

    def _answer(self, transaction: str, request: _Pending, kind: str, message: Message) -> Effect:
        if kind == "ack" and request.verb not in ACK_IS_FINAL:
            request.acknowledged = True
            return Acknowledged(transaction, message)
        del self._pending[transaction]
        if kind == "event" and not request.acknowledged and request.handle_id is not None:
            while len(self._overtaken) >= MAX_ABANDONED:
                del self._overtaken[next(iter(self._overtaken))]
            self._overtaken[transaction] = request.handle_id
        error = _error_in(kind, message)
        return Failed(transaction, error, message) if error else Replied(transaction, message)

    def _late(self, transaction: str, kind: str, message: Message) -> Effect:
        request = self._abandoned[transaction]
        if kind == "ack" and request.verb not in ACK_IS_FINAL:
            return Ignored(message, request.handle_id)
        del self._abandoned[transaction]
        return Late(transaction, message, request.handle_id)

    def _stray(self, kind: str, transaction: Any, message: Message) -> Effect:
        """A reply without a request of ours.

        Janus answers a message that it could not read with an error that has no transaction. When
        just one request is pending it is that one's; else nobody can tell, and it becomes an event.
        """
        if kind != "error" or "transaction" in message:
            known = kind == "ack" and isinstance(transaction, str)
            return Ignored(message, self._overtaken.pop(transaction, None) if known else None)
        if len(self._pending) == 1:
            transaction, request = next(iter(self._pending.items()))
            return self._answer(transaction, request, kind, message)
        return Occurred(kind, integer(message.get("session_id")), None, message)


def session_timed_out(session_id: int) -> JanusStateError:
    """The error of a request whose session expired on the server."""
    return JanusStateError(f"session {session_id} timed out on the server", hint=NEW_SESSION)


def handle_detached(handle_id: int) -> JanusStateError:
    """The error of a request whose handle was detached by the server."""
    return JanusStateError(f"handle {handle_id} was detached by the server", hint="Attach the plugin again.")


def _error_in(kind: str, message: Message) -> JanusError | None:
    """The error that a final reply carries, of the core or of the plugin."""
    if kind == "error":
        detail = message.get("error")
        detail = detail if isinstance(detail, dict) else {}
        return JanusServerError(integer(detail.get("code")) or 0, str(detail.get("reason", "")))
    plugindata = message.get("plugindata")
    if not isinstance(plugindata, dict):
        return None
    return plugin_error(str(plugindata.get("plugin", "")), plugindata.get("data"))


def plugin_error(plugin: str, data: Any) -> JanusPluginError | None:
    """The error that a plugin's data says, if they say one."""
    # Some plugin errors have the code 0, so the key tells, not the number.
    if not isinstance(data, dict) or "error" not in data:
        return None
    code = integer(data.get("error_code")) or 0
    name, reason = plugin_error_name(plugin, code), str(data["error"])
    hint = plugin_error_hint(plugin, name, reason)
    return JanusPluginError(code, reason, name=name, hint=hint, plugin=plugin)
