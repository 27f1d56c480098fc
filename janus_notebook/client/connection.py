"""One connection to a server: a transport, the router, and the reader between them.

Any number of sessions share a connection. There is one exit: loss and close both run through
`JanusConnection._end`, which fails every pending request and ends every session at once.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Literal, Self

from janus_notebook.client.deadlines import Deadlines
from janus_notebook.client.transports import NOT_SENT, Transport, make_transport, transport_class
from janus_notebook.client.user import ConnectionUser
from janus_notebook.client.waiter import Handler, Waiter
from janus_notebook.config import mask, mask_url
from janus_notebook.errors import (
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
)
from janus_notebook.protocol.messages import Message, decode, encode, id_in, integer, verb_of
from janus_notebook.protocol.router import (
    Acknowledged,
    Effect,
    Failed,
    Late,
    Occurred,
    Replied,
    Router,
)

__all__ = ["JanusConnection", "pause"]

ConnectionState = Literal["new", "connecting", "connected", "lost", "closed"]

FATE_UNKNOWN = "The request may have been carried out; it is not sent again."

# Seconds before the first try to connect again, and the most between two tries.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class JanusConnection:
    """A connection to a Janus server, for one or more sessions.

    Args:
        base_url: where Janus is (see `JanusSession`).
        options: the transport's own, by name; an unknown one is refused.

    Raises:
        JanusOptionError: for a URL or option that can't be used.
    """

    def __init__(self, base_url: str, **options: Any) -> None:
        self.url = base_url.strip() if isinstance(base_url, str) else base_url
        self.options = options
        self.server: Message | None = None
        self.state: ConnectionState = "new"
        self._transport: Transport | None = None
        self._new_transport()  # a wrong URL or option fails here, where it was given
        self._router = Router()
        self._waiters: dict[str, Waiter] = {}
        self._users: set[ConnectionUser] = set()
        # Whose a session id was when it was last looked for.
        self._owners: dict[int, ConnectionUser] = {}
        self._reader: asyncio.Task[None] | None = None
        self._reading = False
        self._read_from: Transport | None = None
        self._lock = asyncio.Lock()
        self._deadlines = Deadlines(self._expire)
        self._heard = 0.0
        self._retry: asyncio.Task[None] | None = None
        self._failures = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def __repr__(self) -> str:
        return f"<JanusConnection {mask_url(self.url)} {self.state}, {len(self._users)} sessions>"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def _new_transport(self) -> Transport:
        return make_transport(self.url, self.options)

    async def open(self) -> None:
        """Connect, unless it is connected already. A lost connection is made anew.

        Raises:
            JanusConnectionError: there is no Janus at the URL, or it can't be reached.
        """
        self.enter_loop()
        async with self._lock:
            if self.state == "connected":
                return
            await self._stop_reader()
            before, self.state = self.state, "connecting"
            transport = self._new_transport()

            def deliver(text: bytes) -> None:
                if transport is self._transport:
                    self.feed(text)

            transport.deliver = deliver
            try:
                await transport.open()
            except BaseException:
                self.state = "lost" if before == "lost" else "closed"
                await transport.close()
                raise
            self._transport = self._read_from = transport
            self.state = "connected"
            self._reading = True
            self._reader = asyncio.create_task(self._read(transport), name="janus-reader")

    async def reopen(self) -> None:
        """One more try to connect after a loss, by pauses that grow with each failure, with jitter.

        Sessions that wait for the same connection share the try.

        Raises:
            JanusConnectionError: this try failed.
        """
        if self._retry is None or self._retry.done():
            self._retry = asyncio.create_task(self._pause_and_open(), name="janus-reopen")
            self._retry.add_done_callback(_seen)
        await asyncio.shield(self._retry)

    async def _pause_and_open(self) -> None:
        self._failures += 1
        await pause(self._failures - 1)
        await self.open()

    async def close(self) -> None:
        """Disconnect; idempotent. Pending requests fail and sessions end, each with the reason."""
        self.enter_loop()
        while self._retry is not None and not self._retry.done():
            self._retry.cancel()
            await asyncio.wait([self._retry])
        async with self._lock:
            self._end("closed", lambda: JanusConnectionError("the connection was closed on our side"))
            await self._stop_reader()

    async def _stop_reader(self) -> None:
        """Wait until nothing of the last transport is open. Cancelled, it can be called again."""
        if self._reader is not None:
            if self._reading:  # else it is closing the transport, which must not be broken off
                self._stop_reading()
            await asyncio.wait([self._reader])
            assert self._read_from is not None
            await self._read_from.close()  # a reader that is cancelled before its first step has not
            self._reader = None

    def _stop_reading(self) -> None:
        """Let the reader go on to close the transport."""
        assert self._reader is not None
        self._reading = False
        self._reader.cancel()

    def enter_loop(self) -> None:
        """Make the running event loop this connection's own, or find that it is.

        What a loop has left open that has ended is closed: nothing of it can work any more.

        Raises:
            JanusStateError: it belongs to another loop, which still exists.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            if not self._loop.is_closed():
                raise JanusStateError(
                    "this connection belongs to another event loop, and works in that alone",
                    hint="From another thread: asyncio.run_coroutine_threadsafe(coroutine, loop).",
                )
            self._reader = self._retry = None
            self._end("closed", lambda: JanusConnectionError("the event loop that it belonged to has ended"))
            self._lock = asyncio.Lock()
        self._loop = loop

    def add(self, user: ConnectionUser) -> None:
        """Hand this session's events to `user` from now on."""
        self._users.add(user)

    def remove(self, user: ConnectionUser) -> None:
        """Forget a session."""
        self._users.discard(user)
        self._owners = {name: owner for name, owner in self._owners.items() if owner is not user}

    def lose_if_silent(self, since: float, reason: str) -> bool:
        """Give up a connection from which nothing came `since` a time of the loop's clock.

        The server hangs, or the network between swallows everything: nothing else would tell.
        """
        if self.state != "connected" or self._heard > since:
            return False
        self._end("lost", lambda: JanusConnectionError(reason))
        self._stop_reading()
        return True

    @property
    def keeps_sessions(self) -> bool:
        """Whether sessions outlive a lost connection whatever the server is set to (see `Transport`)."""
        return transport_class(self.url).keeps_sessions

    @property
    def in_flight(self) -> int:
        """How many requests wait for their reply."""
        return len(self._router)

    def pending_on(self, session_id: int, handle_id: int) -> list[asyncio.Future[Message]]:
        """The futures of the requests that are pending on a handle."""
        return [self._waiters[name].future for name in self._router.pending_on(session_id, handle_id)]

    def fail_session(self, session_id: int, error: Callable[[], JanusError]) -> None:
        """Fail what is pending on a session that has ended."""
        self._fail_all(self._router.end(error, session_id=session_id))

    def fail_handle(self, session_id: int, handle_id: int, error: Callable[[], JanusError]) -> None:
        """Fail what is pending on a handle that has ended."""
        self._fail_all(self._router.end(error, session_id=session_id, handle_id=handle_id))

    async def info(self, timeout: float = 10.0, *, user: ConnectionUser | None = None) -> Message:
        """Ask the server who it is (``info``); the answer is kept as `server`."""
        self.server = await self.request({"janus": "info"}, timeout=timeout, user=user)
        self._failures = 0  # a server that answers; to accept a connection is not enough
        return self.server

    async def request(
        self,
        message: Mapping[str, Any],
        *,
        credentials: Mapping[str, str] | None = None,
        timeout: float,
        user: ConnectionUser | None = None,
        on_reply: Handler | None = None,
        on_late: Handler | None = None,
    ) -> Message:
        """Send one message and return the reply that completes it.

        Args:
            message: the request; a transaction is added where it has none.
            credentials: ``apisecret`` and ``token``, sent but never recorded.
            timeout: seconds for the whole exchange.
            user: the session it belongs to, which is told of both ways.
            on_reply: called with a successful reply as it arrives, before any later message is read.
            on_late: the same for a reply that comes after the caller gave up.

        Raises:
            JanusServerError, JanusPluginError: the answer is an error.
            JanusTimeoutError: no answer in time.
            JanusConnectionError: no connection, or it was lost.
            JanusStateError: the session or handle ended meanwhile.
            JanusOptionError: the message can't be sent as it is.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self.enter_loop()
        verb = verb_of(message)
        session_id, handle_id = id_in(message, "session_id"), id_in(message, "handle_id")
        transaction = self._transaction_of(message)
        # What is recorded is the text: the caller may change its own dicts afterwards.
        text = encode({**message, "transaction": transaction})
        data = text if not credentials else encode({**message, "transaction": transaction, **credentials})
        transport = self._transport
        if self.state != "connected" or transport is None:
            raise JanusConnectionError(
                f"not connected to {mask_url(self.url)} ({self.state})", hint="Call create() first."
            ).within(request=mask(decode(text)))
        deadline = loop.time() + timeout
        waiter = Waiter(loop.create_future(), verb, timeout, deadline, user, handle_id, on_reply, on_late)
        self._waiters[transaction] = waiter
        self._router.expect(transaction, verb, session_id, handle_id)
        self._deadlines.add(deadline, loop)
        if user is not None:
            user.on_request(message, text)
        writer = waiter.writer = asyncio.current_task(loop)
        try:
            try:
                await transport.send(data)
            except asyncio.CancelledError as exc:
                if not waiter.stopped or writer is None or writer.uncancel() > 0:
                    raise
                waiter.unsent = exc.args == (NOT_SENT,)
                if not waiter.future.done():
                    raise waiter.error() from None
            finally:
                waiter.writer = None
            # Answered, so the router has let go of it.
            return await waiter.future
        except JanusConnectionError as exc:
            # Now, not when the reader notices: a caller that sees this error may open anew at once.
            if transport is self._transport:
                self._end("lost", _again(exc))
            if waiter.unsent:
                exc.hint = exc.hint.replace(FATE_UNKNOWN, "The request was not sent.")
            error: JanusError = exc
        except JanusError as exc:
            error = exc
        except BaseException:
            self._give_up(transaction, waiter)
            raise
        self._give_up(transaction, waiter)
        if waiter.future.done() and not waiter.future.cancelled():
            # The write may have failed, but the answer had come.
            answer = waiter.future.exception()
            if answer is None:
                return waiter.future.result()
            assert isinstance(answer, JanusError)
            error = answer
        shown = mask(decode(text))
        raise error.within(request=shown, session_id=session_id, handle_id=handle_id) from error.__cause__

    def _give_up(self, transaction: str, waiter: Waiter) -> None:
        """Leave a request, answered or not. An unanswered one is remembered for its late reply."""
        if transaction in self._router:
            for forgotten in self._router.abandon(transaction):
                self._waiters.pop(forgotten, None)
            if waiter.on_late is None:
                self._waiters.pop(transaction, None)
        # It may stay for its late reply: its deadline must not fail what nobody awaits. And if write and wait
        # have failed at the same time, asyncio is not to tell of the error that was not raised.
        waiter.future.cancel()

    def _transaction_of(self, message: Mapping[str, Any]) -> str:
        given = message.get("transaction")
        if given is None:
            return f"{self._prefix}-{next(self._numbers)}"
        if not isinstance(given, str):
            raise JanusOptionError(f"the transaction must be a string, not {given!r}")
        if given in self._waiters:
            raise JanusOptionError(
                f"the transaction {given!r} is in use", hint="Leave it out: each request gets its own."
            )
        return given

    async def _read(self, transport: Transport) -> None:
        """Read until the connection ends; whatever ends it runs through the one exit."""
        error: JanusError | None = None
        try:
            while True:
                try:
                    text = await transport.receive()
                except JanusServerError as exc:
                    self._refused(exc)
                else:
                    self.feed(text)
        except JanusConnectionError as exc:
            error = exc
        except Exception as exc:
            # A bug of ours must not leave callers waiting for a reader that is gone.
            error = JanusProtocolError(f"reading failed: {type(exc).__name__}: {exc}")
            error.__cause__ = exc
            raise
        finally:
            self._reading = False
            if error is not None and transport is self._transport:
                self._end("lost", _again(error))
            await transport.close()

    def feed(self, text: bytes) -> None:
        """Take one JSON text from the server."""
        assert self._loop is not None
        self._heard = self._loop.time()
        try:
            message = decode(text)
        except JanusProtocolError as exc:
            self._tell_all(exc)
            return
        for effect in self._router.feed(message):
            self._carry_out(effect, text)

    def _carry_out(self, effect: Effect, text: bytes) -> None:
        match effect:
            case Replied(transaction, message):
                waiter = self._waiters.pop(transaction)
                # Its caller may have given up in this instant, and not yet have left.
                if waiter.future.done():
                    self._late(waiter, message, text, waiter.handle_id)
                else:
                    self._reply(waiter, message, text)
            case Failed(transaction, error, message):
                self._fail(self._waiters.pop(transaction), error, message, text)
            case Occurred(_, session_id):
                for user in self._users_of(session_id):
                    user.on_event(effect, text)
            case Acknowledged(transaction, message):
                waiter = self._waiters[transaction]
                waiter.acknowledged = True
                if waiter.user is not None:
                    waiter.user.on_reply(message, text, waiter.handle_id)
            case Late(transaction, message, handle_id):
                self._late(self._waiters.pop(transaction, None), message, text, handle_id)
            case _:
                # An ack that its event overtook, or a duplicate: nobody waits, but it is recorded.
                for user in self._users_of(integer(effect.message.get("session_id"))):
                    user.on_reply(effect.message, text, effect.handle_id)

    @staticmethod
    def _reply(waiter: Waiter, message: Message, text: bytes) -> None:
        try:
            if waiter.user is not None:
                waiter.user.on_reply(message, text, waiter.handle_id)
            if waiter.on_reply is not None:
                waiter.on_reply(message)
        except JanusProtocolError as exc:
            waiter.future.set_exception(exc)
        except Exception as exc:
            # A bug of ours ends the reader; the caller, whom nothing else reaches now, must not wait.
            error = JanusProtocolError(f"the reply could not be taken: {type(exc).__name__}: {exc}")
            error.__cause__ = exc
            waiter.future.set_exception(error)
            raise
        else:
            waiter.future.set_result(message)
        finally:
            if waiter.writer is not None:
                waiter.stop_writing()

    @staticmethod
    def _fail(waiter: Waiter, error: JanusError, message: Message | None, text: bytes) -> None:
        try:
            if waiter.user is not None and message is not None:
                waiter.user.on_reply(message, text, waiter.handle_id)
        finally:
            if not waiter.future.done():
                waiter.future.set_exception(error)
            waiter.stop_writing()

    def _late(self, waiter: Waiter | None, message: Message, text: bytes, handle_id: int | None) -> None:
        """A reply whose caller gave up. It is recorded, and what it made on the server is undone."""
        owners = [waiter.user] if waiter is not None else self._users_of(integer(message.get("session_id")))
        for user in owners:
            if user is not None:
                user.on_reply(message, text, handle_id, late=True)
        if waiter is not None and waiter.on_late is not None and message["janus"] != "error":
            try:
                waiter.on_late(message)
            except JanusProtocolError as exc:
                self._tell_all(exc)

    def _refused(self, error: JanusServerError) -> None:
        """The server refused what the transport asked it for a session; the connection stands."""
        for user in self._users_of(error.session_id):
            user.on_refused(error)

    def _users_of(self, session_id: int | None) -> list[ConnectionUser]:
        """The session with this id; what names no session of ours concerns all of them."""
        if session_id is not None:
            owner = self._owners.get(session_id)
            if owner is not None and owner.id == session_id:
                return [owner]
            for user in self._users:
                if user.id == session_id:
                    self._owners[session_id] = user
                    return [user]
        return list(self._users)

    def _expire(self, now: float) -> float:
        """End the requests whose deadline has come; return the next deadline."""
        following = inf
        for waiter in self._waiters.values():
            if waiter.deadline <= now:
                waiter.expire()
            elif not waiter.future.done():
                following = min(following, waiter.deadline)
        return following

    def _fail_all(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._carry_out(effect, b"")

    def _tell_all(self, error: JanusError) -> None:
        for user in tuple(self._users):
            user.on_error(error)

    def _end(self, state: Literal["lost", "closed"], error: Callable[[], JanusError]) -> None:
        """The one exit: fail every request, end every session."""
        if self.state in (state, "closed", "new"):
            return
        self.state = state
        self._transport = None
        self._fail_all(self._router.end(lambda: _fate_unknown(error())))
        self._waiters.clear()
        self._deadlines.stop()
        # Who comes back adds itself again.
        users, self._users, self._owners = self._users, set(), {}
        for user in users:
            user.on_connection_end(state, error())


async def pause(failures: int) -> None:
    """Wait before another try after so many failed ones: longer each time, and never quite as long.

    Many clients of one server must not all come back in the same instant.
    """
    longest = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
    await asyncio.sleep(longest * (0.5 + secrets.randbelow(1000) / 2000))


def _seen(task: asyncio.Task[None]) -> None:
    """Whoever waited for a try was told; one that nobody waits for any more needs no telling."""
    if not task.cancelled():
        task.exception()


def _fate_unknown(error: JanusError) -> JanusError:
    """For a request that was under way when its connection ended."""
    error.hint = f"{error.hint} {FATE_UNKNOWN}".strip()
    return error


def _again(error: JanusError) -> Callable[[], JanusError]:
    """Make fresh copies of a connection's error: each pending request raises its own."""

    def make() -> JanusError:
        copy = JanusConnectionError(error.message, hint=error.hint)
        copy.__cause__ = error.__cause__
        return copy

    return make
