"""`JanusSession`: one session on a Janus server, with its handles, keepalives and event log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any, Literal, Self
from weakref import ref

from janus_notebook.client.connection import JanusConnection
from janus_notebook.client.credentials import Credentials, TokenSource
from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.handles import Handles, new_id
from janus_notebook.client.log import EventLog, Subscription
from janus_notebook.client.recording import describe
from janus_notebook.client.recovery import Recovery, RecoveryMode
from janus_notebook.client.tasks import Tasks
from janus_notebook.config import mask_url
from janus_notebook.errors import (
    NEW_SESSION,
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusPluginError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.protocol.events import JanusEvent
from janus_notebook.protocol.messages import Message, id_in, integer, verb_of
from janus_notebook.protocol.router import Occurred

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.bundle.bundle import Bundle
    from janus_notebook.client.ladder import Ladder
    from janus_notebook.client.plugin import JanusPlugin

__all__ = ["ALIVE", "OPEN", "JanusSession", "SessionState", "keepalive_interval"]

SessionState = Literal["new", "connecting", "connected", "reconnecting", "recovered", "lost", "closed"]

# In these the session exists on the server, as far as anybody knows, and can be asked.
OPEN: frozenset[SessionState] = frozenset({"connected", "recovered"})
# In these something is still going on.
ALIVE = OPEN | {"connecting", "reconnecting"}

# Requests that belong to the server, not to a session: they carry neither session id nor secret
# (`create` needs the secret).
SERVER_LEVEL = frozenset({"info", "ping", "create"})
WITHOUT_SECRET = frozenset({"info", "ping"})

# Janus's own default, for a server that keeps its timeout to itself.
DEFAULT_SESSION_TIMEOUT = 60.0

# Nobody waits longer, and a server may say any number, even one that no float holds.
LONGEST_TIMEOUT = 2**31

# How long `destroy` waits for what the session has started.
SETTLE_SECONDS = 3.0
# How long a cancelled `create` waits for the answer that it is too late for, to destroy what was made.
LATE_SECONDS = 0.5


def keepalive_interval(server: Mapping[str, Any] | None) -> float | None:
    """Seconds between the keepalives of a session, given what the server says of itself."""
    given = (server or {}).get("session-timeout", DEFAULT_SESSION_TIMEOUT)
    if not isinstance(given, int | float):
        given = DEFAULT_SESSION_TIMEOUT
    return min(given, LONGEST_TIMEOUT) / 3 if given > 0 else None


class JanusSession:
    """A session on a Janus server, shared by any number of plugin handles.

    ::

        async with JanusSession(base_url="ws://localhost:8188") as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)

    Args:
        base_url: where Janus is: ``ws://host:8188`` or ``wss://``, ``http://host:8088/janus`` or
            ``https://``, ``unix:///path`` or ``unix+dgram:///path``.
        connection: a `JanusConnection` to share with other sessions, instead of `base_url`.
            The session then neither opens it alone nor closes it.
        timeout: default deadline of every request, in seconds.
        api_secret: the server's ``api_secret``, where it has one.
        token: an authentication token, or a function (or coroutine function) that returns one. It is
            asked on each connection, and again when the server refuses the token that it gave (see
            `janus_notebook.signed_token`).
        recover: what to do when the connection is lost: ``"claim"`` takes the session over on a new
            connection, if the server has kept it; ``"recreate"`` makes a new one where it has not, with
            the same handles attached again; None leaves it lost. See `janus_notebook.client.recovery`.
        recover_timeout: for how many seconds that is tried.
        log_capacity: how many entries the event log keeps.
        transport_options: handed to the transport; an unknown one is refused. They are the fields of
            ``WebSocketOptions``, ``HttpOptions``, ``UnixOptions`` and ``UnixDatagramOptions`` in the
            modules of `janus_notebook.client.transports`.

    Attributes:
        id: Janus's id of the session, or None.
        state: ``new, connecting, connected, reconnecting, recovered, lost, closed``. A recovered
            session is a connected one that has been lost in between.
        events: the log of everything sent, received and changed (`EventLog`).
        reason: why the session was lost, or how it came back, or "".
        admin: the Admin API of its server (`JanusAdmin`), where it is known, or None. Whoever sets it closes
            it; panels, `bundle` and graphs ask it, and nothing else does.
        server_log: a function that gives the end of the server's own log, where it is at hand (that of a
            local gateway); None elsewhere. `bundle` asks it.

    Source: "Janus API" of the Janus documentation, sections on ``create``, ``destroy``, ``keepalive``.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        connection: JanusConnection | None = None,
        timeout: float = 10.0,
        api_secret: str | None = None,
        token: TokenSource | None = None,
        recover: RecoveryMode | None = "claim",
        recover_timeout: float = 60.0,
        log_capacity: int = 10_000,
        **transport_options: Any,
    ) -> None:
        if "url" in transport_options:
            raise JanusOptionError("unknown option 'url'", hint="Did you mean 'base_url'?")
        if (base_url is None) == (connection is None):
            raise JanusOptionError(
                "give either base_url or connection", hint="For example 'ws://localhost:8188'."
            )
        if connection is None:
            assert base_url is not None
            connection = JanusConnection(base_url, **transport_options)
            self._owns_connection = True
        elif not isinstance(connection, JanusConnection):
            raise JanusOptionError(
                f"connection must be a JanusConnection, not {type(connection).__name__}",
                hint="A URL is given as base_url.",
            )
        elif transport_options:
            raise JanusOptionError("transport options belong to the connection that is shared")
        else:
            self._owns_connection = False
        self.connection = connection
        self.timeout = check_seconds("timeout", timeout)
        self.id: int | None = None
        self.state: SessionState = "new"
        self.reason = ""
        self.admin: JanusAdmin | None = None
        self.server_log: Callable[[], str] | None = None
        self.events = EventLog(log_capacity)
        this = ref(self)  # weak: a log that somebody keeps must not keep the session
        self.events.about = lambda: describe(session) if (session := this()) is not None else None
        self.credentials = Credentials(api_secret, token)
        self.handles = Handles(self)
        self._recovery = Recovery(self, recover, recover_timeout)
        self._created: Message | None = None
        self._destroyed: Message | None = None
        self._late = asyncio.Event()  # a session came whose creator had given up
        self._keepalive: asyncio.Task[None] | None = None
        self._tasks = Tasks(self.on_error)
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        name = f" {self.id}" if self.id is not None else ""
        return f"<JanusSession{name} {self.state} at {mask_url(self.base_url)}, {len(self.handles)} handles>"

    @property
    def base_url(self) -> str:
        """The URL of the server."""
        return self.connection.url

    @property
    def is_open(self) -> bool:
        """Whether the session can be used: ``connected`` or ``recovered``."""
        return self.state in OPEN

    @property
    def plugins(self) -> tuple[JanusPlugin, ...]:
        """The attached handles, oldest first."""
        return tuple(self.handles)

    @property
    def server(self) -> Message | None:
        """The server's answer to ``info``, from `create` or the last `info`; None before."""
        return self.connection.server

    @property
    def counters(self) -> dict[str, int]:
        """How many requests, replies (acks too), events, local entries and errors there were.

        Also how many requests are ``in_flight``, and how many entries the log has ``dropped``.
        """
        counts = self.events.counts
        return {
            "requests": counts["request"],
            "replies": counts["reply"],
            "events": counts["event"],
            "local": counts["local"],
            "errors": self.events.errors,
            "in_flight": self.connection.in_flight,
            "dropped": self.events.dropped,
        }

    @property
    def keepalive_interval(self) -> float | None:
        """Seconds between keepalives: a third of the server's session timeout. None: it never expires."""
        return keepalive_interval(self.server)

    async def __aenter__(self) -> Self:
        await self.create()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.destroy()

    # -- life ---------------------------------------------------------------------------------

    async def create(self) -> Message:
        """Open the connection if needed, create the session, start its keepalives.

        A second call changes nothing and returns the same answer. After a loss or `destroy` it
        makes a new session.

        Returns:
            Janus's answer: ``{"janus": "success", "data": {"id": ...}, ...}``.

        Raises:
            JanusConnectionError: the server can't be reached.
            JanusServerError: it refuses (403: wrong or missing secret).
            JanusTimeoutError: it does not answer.
            JanusStateError: the connection belongs to another event loop.
        """
        self.connection.enter_loop()
        async with self._lock:
            if self.state == "reconnecting":
                await self._recovery.wait(self.timeout)
            if self._created is not None and self.is_open:
                return self._created
            await self._settle()
            self._set_state("connecting")
            try:
                return await self._create()
            except BaseException as exc:
                await self._abort(exc)
                raise

    async def _create(self) -> Message:
        self._late = asyncio.Event()
        try:
            async with asyncio.timeout(self.timeout):
                await self.connection.open()
        except TimeoutError as exc:
            raise JanusConnectionError(
                f"{mask_url(self.base_url)} did not answer within {self.timeout:g} s",
                hint="Check the host, the port and any firewall between.",
            ) from exc
        await self.credentials.renew(self.timeout)
        # Its own timeout tells how often to send keepalives.
        if self.connection.server is None or self._owns_connection:
            await self.connection.info(self.timeout, user=self)
        self.connection.add(self)
        try:
            return await self.connection.request(
                {"janus": "create"},
                credentials=self.credentials.fields,
                timeout=self.timeout,
                user=self,
                on_reply=self._connected,
                on_late=self.discard_late,
            )
        except JanusServerError as exc:
            self._explain(exc)
            raise
        except asyncio.CancelledError:
            if self.id is None and self._owns_connection:
                # Janus may make a session for a connection that has just closed, and keep it.
                with suppress(TimeoutError):
                    async with asyncio.timeout(LATE_SECONDS):
                        await self._late.wait()
            raise

    def _connected(self, message: Message) -> None:
        self.begin(message)
        self.reason = ""
        self._set_state("connected")
        self._start_keepalive()

    def begin(self, message: Message) -> None:
        """Take over the session as its id arrives, before any event for it is read."""
        self.id = new_id(message)
        self._created, self._destroyed = message, None

    def _start_keepalive(self) -> None:
        if self.keepalive_interval is not None:
            self._keepalive = self.spawn(self._keep_alive(self.keepalive_interval), name="janus-keepalive")

    def discard_late(self, message: Message) -> None:
        """A session whose creator gave up is destroyed at once instead of idling on the server."""
        self._late.set()
        self._destroy_unawaited(new_id(message))

    def _destroy_unawaited(self, session_id: int) -> None:
        late = {"janus": "destroy", "session_id": session_id}
        self.spawn(
            self.connection.request(late, credentials=self.credentials.fields, timeout=self.timeout),
            name="janus-destroy-late",
        )

    async def _abort(self, exc: BaseException) -> None:
        """Undo a `create` that failed or was cancelled on its way."""
        try:
            if self.id is not None:
                # The answer came in the instant of the cancellation: the session exists.
                await self._destroy_on_server(timeout=1.0)
        finally:
            if self.state in ("connecting", "connected"):
                cancelled = isinstance(exc, asyncio.CancelledError)
                self._end("closed", "create was cancelled" if cancelled else str(exc))
            await self._settle(LATE_SECONDS if self._late.is_set() else 0.0)

    async def destroy(self) -> Message:
        """Detach every handle, destroy the session, close the connection if the session opened it.

        Idempotent. Local clean-up is complete even when the server is gone.

        Returns:
            Janus's answer; from a second call the same again. Empty when there was no session, or
            no answer because the server or the session was gone already.

        Raises:
            JanusStateError: the connection belongs to another event loop.
        """
        self.connection.enter_loop()
        async with self._lock:
            patience = 0.5  # for a caller that gives up meanwhile
            asked = False
            try:
                await self._recovery.cancel()
                if self.id is not None:
                    answering = await self.handles.detach_all()
                    asked = True
                    # A server that does not answer gets no second full deadline.
                    self._destroyed = await self._destroy_on_server(self.timeout if answering else 1.0)
                patience = SETTLE_SECONDS
            except asyncio.CancelledError:
                if self.id is not None and not asked:
                    self._destroy_unawaited(self.id)  # nobody else would end it on a shared connection
                raise
            finally:
                self._end("closed", self.reason)
                await self._settle(patience)
            return self._destroyed or {}

    async def _destroy_on_server(self, timeout: float) -> Message:
        try:
            return await self.exchange({"janus": "destroy"}, timeout)
        except JanusError as exc:
            # Gone already, or out of reach: what can be cleaned is cleaned here.
            self.on_error(exc)
            return {}

    async def _settle(self, patience: float = SETTLE_SECONDS) -> None:
        """Await what the session has started, cancelled after `patience` seconds; close its connection."""
        self._stop_keepalive()
        try:
            await self._tasks.settle(patience)
        finally:
            if self._owns_connection:
                await self.connection.close()

    def _stop_keepalive(self) -> None:
        keepalive, self._keepalive = self._keepalive, None
        if keepalive is not None:
            keepalive.cancel()

    def _end(self, state: Literal["lost", "closed"], reason: str) -> None:
        """The one exit of a session: handles, pending requests, streams and keepalives end here."""
        session_id = self.id
        self._created = None
        self.connection.remove(self)
        self._stop_keepalive()
        self._recovery.stop()
        self.handles.end(reason or "the session was destroyed")
        if session_id is not None:
            self.connection.fail_session(
                session_id,
                lambda: JanusStateError(f"session {session_id} has ended: {reason or 'destroyed'}"),
            )
        self.reason = reason
        self._set_state(state, reason)
        self.id = None
        self.events.end_subscriptions()

    def _set_state(self, state: SessionState, reason: str = "") -> None:
        if state != self.state:
            before, self.state = self.state, state
            raw = {"state": state, "before": before, "reason": reason}
            self.events.record("local", "state", raw, self.id)

    async def _keep_alive(self, interval: float) -> None:
        """Refresh the session until it ends, also when an answer is missing: the next may be in time.

        When nothing at all has come since the first missing one, for the session's `timeout`, the
        connection is lost: the server hangs, or the network swallows everything.
        """
        loop = asyncio.get_running_loop()
        next_one, unanswered = loop.time() + interval, inf
        while True:
            await asyncio.sleep(max(next_one - loop.time(), 0.0))
            began, next_one = loop.time(), loop.time() + interval
            try:
                await self.exchange({"janus": "keepalive"}, min(interval, self.timeout))
                unanswered = inf
            except JanusTimeoutError as exc:
                self.on_error(exc)
                unanswered = min(unanswered, began)
                silence = f"{mask_url(self.base_url)} stopped answering: nothing came for {self.timeout:g} s"
                # A little less: the timer of this very answer may have been a bit early.
                if loop.time() - unanswered > 0.99 * self.timeout and self.connection.lose_if_silent(
                    unanswered, silence
                ):
                    return
            except JanusServerError as exc:
                self.on_error(exc)
                if not self.is_open:
                    return  # the server no longer knew the session
            except (JanusConnectionError, JanusStateError):
                return  # the loss itself ends the session, with its reason

    def _lose(self, reason: str, *, gone: bool) -> None:
        """The session's connection is gone, or (`gone`) the session itself while its connection stands."""
        if self._recovery.running:
            self.connection.add(self)
            return  # what it asks for next will fail, and it goes on from there
        why_not = self._recovery.begin(reason, gone=gone)
        if self.state != "reconnecting":
            self.lost(f"{reason.rstrip('.')}; {why_not}" if why_not else reason)

    # -- recovery (see `janus_notebook.client.recovery`) ------------------------------------------

    async def when_back(self, timeout: float) -> float:
        """Wait while the session is reconnecting; return what is left of `timeout`, above 0.

        Raises:
            JanusTimeoutError: it still is, after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        await self._recovery.wait(timeout)
        return max(deadline - loop.time(), 0.001)

    def former_id(self, plugin: JanusPlugin) -> int | None:
        """The id that a handle had which is about to be attached again; requests by it wait."""
        return self._recovery.former_id(plugin)

    def reconnecting(self, reason: str) -> None:
        """The way back has begun."""
        self._stop_keepalive()
        session_id = self.id
        assert session_id is not None
        self.connection.fail_session(
            session_id, lambda: JanusStateError(f"session {session_id} has ended: {reason}")
        )
        self.reason = reason
        self._set_state("reconnecting", reason)
        self.connection.add(self)  # to hear of its end

    def recovered(self, how: str, began: float) -> None:
        """The session works again."""
        seconds = asyncio.get_running_loop().time() - began
        self.reason = f"session {self.id} was {how} after {seconds:.1f} s"
        self._set_state("recovered", self.reason)
        self._start_keepalive()

    def lost(self, reason: str) -> None:
        """There is no way back."""
        self._end("lost", reason)
        if self._owns_connection:
            self.spawn(self.connection.close(), name="janus-close")

    # -- messages -----------------------------------------------------------------------------

    async def send(self, message: Mapping[str, Any], timeout: float | None = None) -> Message:
        """Send one Janus message and return the reply that completes it.

        That is ``success``, ``pong`` or ``server_info``; for a plugin ``message`` the final
        ``event``, not the ``ack`` before it; for ``keepalive`` and ``trickle`` the ``ack``.
        The session id, a transaction and the secrets are added to a copy; `message` stays as it is.

        Args:
            message: such as ``{"janus": "info"}`` or
                ``{"janus": "message", "handle_id": ..., "body": {...}}``.
            timeout: seconds; None means the session's default.

        Raises:
            JanusServerError, JanusPluginError: the answer is an error.
            JanusTimeoutError: no answer in time; the session stays usable.
            JanusConnectionError, JanusStateError: no connection or session, or it ended meanwhile.
            JanusOptionError: it is not a Janus message.
        """
        return await self.exchange(message, timeout)

    async def exchange(
        self,
        message: Mapping[str, Any],
        timeout: float | None = None,
        *,
        on_reply: Callable[[Message], None] | None = None,
        on_late: Callable[[Message], None] | None = None,
    ) -> Message:
        """`send`, with hooks that run as the reply arrives (see `JanusConnection.request`)."""
        verb = verb_of(message).lower()
        timeout = self.timeout if timeout is None else check_seconds("timeout", timeout)
        if self._recovery.running:
            timeout = await self.when_back(timeout)
            message = self._recovery.renamed(message)
        if verb not in SERVER_LEVEL and message.get("session_id") is None:
            if self.id is None:
                raise self._not_open()
            message = {**message, "session_id": self.id}
        handle_id = id_in(message, "handle_id")
        plugin = self.handles.get(handle_id) if handle_id is not None else None
        before = plugin.state if plugin is not None else "new"
        fields = None if verb in WITHOUT_SECRET else self.credentials.fields
        try:
            try:
                reply = await self.connection.request(
                    message,
                    credentials=fields,
                    timeout=timeout,
                    user=self,
                    on_reply=on_reply,
                    on_late=on_late,
                )
            except JanusServerError as exc:
                if exc.name != "UNAUTHORIZED" or not await self._newer_token(fields):
                    raise
                # Refused, so not carried out: it may be asked again.
                reply = await self.connection.request(
                    message,
                    credentials=self.credentials.fields,
                    timeout=timeout,
                    user=self,
                    on_reply=on_reply,
                    on_late=on_late,
                )
        except JanusError as exc:
            if plugin is not None:
                exc.within(plugin=plugin.name)
                if "jsep" in message and isinstance(exc, JanusServerError | JanusPluginError):
                    plugin.on_jsep_refused(before, exc)
            self._explain(exc)
            if isinstance(exc, JanusServerError) and message.get("session_id") == self.id is not None:
                self._follow(exc, verb)
            raise
        if verb == "destroy" and message.get("session_id") == self.id:
            self._destroyed = reply
            self._end("closed", "")
        return reply

    async def _newer_token(self, refused: Mapping[str, str] | None) -> bool:
        """Whether there is another token than the refused one; another request may have got it already."""
        if not self.credentials.renewable or refused is None:
            return False
        return self.credentials.fields != refused or await self.credentials.renew(self.timeout)

    def _explain(self, error: JanusError) -> None:
        """Say of a refusal what it was that was refused."""
        if isinstance(error, JanusServerError) and error.name == "UNAUTHORIZED":
            error.hint = self.credentials.hint() or error.hint

    def _follow(self, error: JanusServerError, verb: str) -> None:
        """An error that says that the session or handle is gone ends it here as well.

        Janus does not tell the owner of a session that an administrator destroyed.
        """
        if error.name == "SESSION_NOT_FOUND" and verb != "destroy":
            self._lose(f"the server no longer knows session {self.id}", gone=True)
        elif error.name == "HANDLE_NOT_FOUND":
            self.handles.lose(error.handle_id)

    def _not_open(self) -> JanusStateError:
        if self.state == "lost":
            return JanusStateError(f"the session was lost: {self.reason}", hint=NEW_SESSION)
        return JanusStateError(
            f"the session is {self.state}", hint="Call create() first, or use `async with session:`."
        )

    async def info(self, timeout: float | None = None) -> Message:
        """Ask the server who it is: version, plugins, transports, timeouts (``server_info``)."""
        left = await self.when_back(self.timeout if timeout is None else timeout)
        return await self.connection.info(left, user=self)

    async def ping(self, timeout: float | None = None) -> float:
        """Return the round-trip time to the server in seconds (``ping`` and ``pong``)."""
        began = self.events.elapsed
        await self.exchange({"janus": "ping"}, timeout)
        return self.events.elapsed - began

    async def wait_for(self, *kinds: str, timeout: float | None = None) -> JanusEvent:
        """Return the next event of one of these kinds, of the session or any of its handles.

        Raises:
            JanusTimeoutError: none came within `timeout` seconds (None: the session's default).
            JanusStateError: the session ended first.
        """
        async with self.subscribe(kinds or None) as events:
            try:
                return await events.get(self.timeout if timeout is None else timeout)
            except StopAsyncIteration:
                raise self._not_open() from None

    def subscribe(self, kinds: Iterable[str] | None = None, *, buffer: int = 10_000) -> Subscription:
        """Follow the events of the session and all its handles from now on (see `EventLog.subscribe`)."""
        return self.events.subscribe(kinds, buffer=buffer)

    def ladder(
        self,
        *,
        handle_id: int | None = None,
        keepalives: bool = False,
        candidates: bool = False,
        limit: int = 200,
    ) -> Ladder:
        """The signalling as a sequence diagram; see `EventLog.ladder`."""
        return self.events.ladder(
            handle_id=handle_id, keepalives=keepalives, candidates=candidates, limit=limit
        )

    async def bundle(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        logs: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Bundle:
        """Write a support bundle, for a bug report: all that is known here, secrets masked, in a zip file.

        What is in it: how the session and its handles stand and stood, what the server says of itself and
        (if `admin` is known) of the handles, SDPs, candidates, statistics, errors, the log, versions. Its
        ``README.txt`` tells what failed, and what could not be collected, which fails nothing. ``replay``
        opens it. Also for a session that has ended.

        Args:
            path: the file, ``report.zip``, or a folder for it; None for a name made of the session's id and
                the time, in the working directory.
            overwrite: replace a file that exists.
            logs: further texts to put in, by file name, such as ``{"janus.log": text}``.
            timeout: seconds for all that has to be asked of somebody.

        Raises:
            JanusOptionError: it cannot be written there, or a file is there already.
            JanusTimeoutError: it was not written within a minute.
        """
        from janus_notebook.client.bundle.bundle import write_bundle

        return await write_bundle(self, path, overwrite=overwrite, logs=logs, timeout=timeout)

    # -- handles ------------------------------------------------------------------------------

    async def attach_plugin(self, plugin: JanusPlugin) -> Message:
        """Attach a handle to its plugin; the same as ``plugin.attach(session)``.

        A second call for an attached handle changes nothing and returns the same answer.

        Returns:
            Janus's answer: ``{"janus": "success", "data": {"id": ...}, ...}``.

        Raises:
            JanusServerError: the server has no such plugin (460), or a token does not allow it (405).
            JanusStateError: the session is not created, or the handle belongs to another session.
            JanusOptionError: it is not a `JanusPlugin`.
        """
        if not hasattr(plugin, "lock"):
            raise JanusOptionError(
                f"a JanusPlugin is expected, not {plugin!r}", hint="For example JanusPlugin('echotest')."
            )
        return await self.handles.attach(plugin)

    async def detach_plugin(self, plugin: JanusPlugin) -> Message:
        """Detach a handle; the same as ``plugin.detach()``.

        Waits up to 3 s for requests in flight on it. Idempotent: for a handle that is detached
        already it returns the same answer again, or an empty one if the server detached it.

        Raises:
            JanusStateError: the handle belongs to another session.
        """
        return await self.handles.detach(plugin)

    # -- what the connection tells (see ConnectionUser) ----------------------------------------

    def on_request(self, message: Mapping[str, Any], text: bytes) -> None:
        """Record a request; a handle learns of the SDP in it."""
        handle_id = message.get("handle_id")
        self.events.record("request", message["janus"], text, message.get("session_id"), handle_id)
        if handle_id is not None:
            self.handles.note_jsep(handle_id, message)

    def on_reply(self, message: Message, text: bytes, handle_id: int | None, *, late: bool = False) -> None:
        """Record a reply; a handle learns of the SDP in it, unless its caller gave up."""
        self.events.record("reply", message["janus"], text, integer(message.get("session_id")), handle_id)
        if handle_id is not None and not late:
            self.handles.note_jsep(handle_id, message)

    def on_event(self, event: Occurred, text: bytes) -> None:
        """Record an event and let its handle, or the session's own life, follow from it."""
        entry = self.events.record("event", event.kind, text, event.session_id, event.handle_id)
        if event.session_id is None or event.session_id != self.id:
            return
        self.handles.on_event(entry, event.message)
        if event.kind == "timeout":
            self._lose(f"session {self.id} timed out on the server", gone=True)

    def on_refused(self, error: JanusServerError) -> None:
        """Record what the transport was refused; it may say that the session is gone."""
        self.on_error(error)
        if error.name == "SESSION_NOT_FOUND" and error.session_id == self.id is not None:
            self._lose(f"the server no longer knows session {self.id}", gone=True)

    def on_error(self, error: JanusError) -> None:
        """Record an error that no call can raise: nothing goes wrong in silence."""
        raw = {"error": {"type": type(error).__name__, "reason": str(error)}}
        self.events.record("local", "error", raw, self.id, error.handle_id)

    def on_connection_end(self, state: Literal["lost", "closed"], error: JanusError) -> None:
        """Come back if there is a way, else end with the connection."""
        if state == "lost" and self.id is not None:
            self._lose(str(error), gone=False)
        else:
            self._end(state, str(error))

    def spawn(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Start a task that the session owns: awaited by `destroy`, its error recorded."""
        return self._tasks.spawn(coroutine, name=name)
