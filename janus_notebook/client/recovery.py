"""Recovery of a session whose connection, or whose place on the server, is gone.

The rules, in full:

- What is in flight when the connection goes fails at once, with the reason: nobody can know whether
  the server has carried it out, so it is never sent a second time.
- What is asked while the session is reconnecting waits for the end of it, within its own deadline, and
  is then sent once; where handles were attached again, to the handle's new id.
- ``claim`` takes the same session over on a new connection. Handles, rooms and media live on; events
  that Janus sent meanwhile are lost. It needs a server with ``reclaim_session_timeout`` above 0, or a
  transport by which Janus does not notice a loss (`Transport.keeps_sessions`).
- ``recreate`` tries that first. Where the session is gone it makes a new one and attaches each handle
  again: the same objects with new ids. Their media, and what they had joined, is gone with the old ones.
  Where that one goes as well before all handles are attached, as with a server that is restarted twice,
  another is made.

Source: "Janus API" of the Janus documentation, on ``claim``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from janus_notebook.client.connection import pause
from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.handles import new_id
from janus_notebook.errors import (
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.protocol.messages import Message, integer

if TYPE_CHECKING:
    from janus_notebook.client.plugin import JanusPlugin
    from janus_notebook.client.session import JanusSession

__all__ = ["Recovery", "RecoveryMode"]

RecoveryMode = Literal["claim", "recreate"]

# Janus looks for sessions that have expired every two seconds, and needs two looks.
SLACK_SECONDS = 4.0

RECLAIM = "reclaim-session-timeout"

NOT_KEPT = (
    "this server forgets a session with its connection (reclaim_session_timeout is 0), "
    "so there is nothing to claim; recover='recreate' would make a new session with the same handles"
)


class Recovery:
    """How one session comes back.

    Args:
        session: whose it is.
        mode: ``"claim"``, ``"recreate"``, or None for no recovery at all.
        seconds: how long to try before the session counts as lost.

    Raises:
        JanusOptionError: a mode or time that there is not.
    """

    def __init__(self, session: JanusSession, mode: RecoveryMode | None, seconds: float) -> None:
        if mode not in ("claim", "recreate", None):
            raise JanusOptionError(f"recover must be 'claim', 'recreate' or None, not {mode!r}")
        self.mode = mode
        self._session = session
        self._seconds = check_seconds("recover_timeout", seconds)
        self._task: asyncio.Task[None] | None = None
        # Handles that are to be attached again, by what their id was when the user last saw it.
        self._detached: dict[int, JanusPlugin] = {}
        # Old ids and what they have become, of sessions and handles, for requests that have waited.
        self._renamed: dict[int, int] = {}

    @property
    def running(self) -> bool:
        """Whether the session is coming back, or tries to."""
        return self._task is not None and not self._task.done()

    def begin(self, reason: str, *, gone: bool) -> str:
        """Start, if there is a way back.

        Args:
            reason: what was lost, and why.
            gone: whether the server no longer has the session.

        Returns:
            Why there is no way back, or "" if it has begun, or if none was asked for.
        """
        session = self._session
        if self.mode is None or (self.mode == "claim" and gone):
            return ""
        if self.mode == "claim" and not self._kept():
            return NOT_KEPT
        session.reconnecting(reason)
        self._task = session.spawn(self._run(gone), name="janus-recovery")
        return ""

    def stop(self) -> None:
        """The session has ended: nothing is to come back."""
        self._detached.clear()
        self._renamed.clear()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def cancel(self) -> None:
        """Stop trying, and wait for the end of it."""
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def wait(self, timeout: float) -> None:
        """Wait for the end of the recovery, good or bad.

        Raises:
            JanusTimeoutError: it goes on after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self._task is not None and not self._task.done():  # the next loss may follow at once
            await asyncio.wait([self._task], timeout=deadline - loop.time())
            if loop.time() >= deadline and self.running:
                raise JanusTimeoutError(
                    f"the session is still reconnecting after {timeout:g} s; the request was not sent",
                    hint="Pass a longer timeout, or wait before: `await session.when_back(seconds)`.",
                )

    def renamed(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """A request that has waited, with the ids that its session and handle have now."""
        ids = {key: integer(message.get(key)) for key in ("session_id", "handle_id")}
        changed = {key: self._renamed[old] for key, old in ids.items() if old in self._renamed}
        return {**message, **changed} if changed else message

    def former_id(self, plugin: JanusPlugin) -> int | None:
        """What the id of a handle was that is to be attached again; None for any other."""
        return next((old for old, one in self._detached.items() if one is plugin), None)

    def _kept(self) -> bool:
        """Whether the server may still have the session when we come back."""
        return self._session.connection.keeps_sessions or self._server_seconds(RECLAIM) > 0

    def _server_seconds(self, field: str) -> float:
        given = (self._session.server or {}).get(field)
        # As long as anybody waits: a server may say any number, even one that no float holds.
        return float(min(max(given, 0), 2**31)) if isinstance(given, int | float) else 0.0

    def _patience(self) -> float:
        """For how long trying makes sense."""
        if self.mode == "recreate":
            return self._seconds
        if self._session.connection.keeps_sessions:
            kept = self._server_seconds("session-timeout") or inf
        else:
            kept = self._server_seconds(RECLAIM)
        return min(self._seconds, kept + SLACK_SECONDS)

    async def _run(self, gone: bool) -> None:
        session, patience = self._session, self._patience()
        began = asyncio.get_running_loop().time()
        last, failures = "no answer", 0
        try:
            async with asyncio.timeout(patience):
                while True:
                    try:
                        await self._restore(began, gone=gone)
                        return
                    except (JanusConnectionError, JanusTimeoutError, JanusOptionError) as exc:
                        # An option is wrong where the caller's token function fails: it may do better later.
                        session.on_error(exc)
                        last, gone = str(exc), False  # what a new try finds, it asks the server
                    except (JanusServerError, JanusStateError) as exc:
                        if self.mode != "recreate" or not _says_gone(exc):
                            raise
                        # The server was restarted once more, and the session just made is gone as well.
                        session.on_error(exc)
                        last, gone = str(exc), True
                    if session.connection.state == "connected":
                        await pause(failures)  # else opening it has pauses of its own
                    failures += 1
        except JanusError as exc:
            session.lost(str(exc))
        except TimeoutError:
            session.lost(f"it did not come back within {patience:g} s: {last}")

    async def _restore(self, began: float, *, gone: bool) -> None:
        """One try. Ends in a session that works, or in an error."""
        session, connection = self._session, self._session.connection
        if connection.state != "connected":
            await connection.reopen()
            await connection.info(session.timeout, user=session)
        await session.credentials.renew(session.timeout)
        if not gone and self._kept() and await self._claim():
            how = "claimed"
        elif self.mode == "recreate":
            await self._recreate()
            how = "made anew"
        else:
            raise JanusStateError(
                f"the server no longer knows session {session.id}: it was restarted, or kept the session no "
                f"longer than its reclaim_session_timeout of {self._server_seconds(RECLAIM):g} s"
            )
        await self._attach_again()
        if connection.state != "connected":
            # It went in the instant of the last answer.
            raise JanusConnectionError("the connection was lost again")
        session.recovered(how, began)

    async def _claim(self) -> bool:
        """Take the session over. False: the server no longer has it."""
        try:
            await self._ask({"janus": "claim"})
        except (JanusServerError, JanusStateError) as exc:
            if _says_gone(exc):
                return False
            raise
        return True

    async def _recreate(self) -> None:
        """Make a session in place of the one that is gone."""
        session, handles = self._session, self._session.handles
        for plugin in handles:
            await plugin.release()
            if plugin.id is not None:
                self._detached[plugin.id] = plugin
                handles.suspend(plugin.id)
                plugin.end("the session on the server is gone")
        old = session.id
        assert old is not None

        def begin(message: Message) -> None:
            session.begin(message)
            assert session.id is not None
            self._rename(old, session.id)

        await self._ask({"janus": "create"}, on_reply=begin, on_late=session.discard_late)

    async def _attach_again(self) -> None:
        """Attach the handles that have lost their place; an earlier try may have left some of them."""
        session = self._session
        for old_id, plugin in tuple(self._detached.items()):
            try:
                if plugin.session is session:  # it may have gone to another meanwhile
                    await self._attach(old_id, plugin)
            except JanusServerError as exc:
                if _says_gone(exc):
                    raise
                # This handle can't come back; the others still can.
                session.on_error(exc.within(plugin=plugin.name))
                session.events.end_subscriptions(old_id)
            del self._detached[old_id]

    async def _attach(self, old_id: int, plugin: JanusPlugin) -> None:
        session = self._session

        def begin(reply: Message) -> None:
            handle_id = new_id(reply)
            self._rename(old_id, handle_id)
            session.events.rebind(old_id, handle_id)  # first, so that they see it come back
            session.handles.begin(plugin, reply)

        await self._ask(session.handles.attach_request(plugin), on_reply=begin)

    def _rename(self, old: int, new: int) -> None:
        self._renamed = {key: new if value == old else value for key, value in self._renamed.items()}
        self._renamed[old] = new

    async def _ask(self, message: Message, on_reply: Any = None, on_late: Any = None) -> Message:
        session = self._session
        if message["janus"] != "create":
            message["session_id"] = session.id
        began = asyncio.get_running_loop().time()
        try:
            return await session.connection.request(
                message,
                credentials=session.credentials.fields,
                timeout=session.timeout,
                user=session,
                on_reply=on_reply,
                on_late=on_late,
            )
        except JanusTimeoutError as exc:
            # The next try needs a connection that works.
            session.connection.lose_if_silent(began, str(exc))
            raise


def _says_gone(error: JanusServerError | JanusStateError) -> bool:
    """Whether the server does not know the session, or has just timed it out (a `JanusStateError`)."""
    return isinstance(error, JanusStateError) or error.name == "SESSION_NOT_FOUND"
