"""The sessions and handles of a practice gateway, and the peers that their events go to."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from janus_notebook.gateway.practice.plugin import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from janus_notebook.gateway.practice.plugin import PracticePlugin
    from janus_notebook.gateway.practice.wire import Message


class Peer(Protocol):
    """One connection (or, over HTTP, one request): who asks, and who a session's events go to."""

    @property
    def transport(self) -> str:
        """The package name of the transport, such as ``janus.transport.http``."""

    def reply(self, message: Message, verb: str | None) -> None:
        """Send the answer to a request of this peer; `verb` is what was asked, if it could be read."""

    def event(self, message: Message, verb: str | None) -> None:
        """Send an event of a session that this peer owns; `verb` is what it answers, if anything."""

    def session_created(self, session_id: int) -> None: ...

    def session_over(self, session_id: int, *, timed_out: bool) -> None:
        """A session is gone, or another peer owns it now."""

    def session_claimed(self, session_id: int) -> None: ...


class Session:
    """One session: its handles, its owner, and when it was last asked for.

    Attributes:
        owner: where its events go.
        timeout: seconds, 0 for never, -1 for the gateway's own.
        owner_gone: whether its owner's connection is lost; it waits for ``claim``.
        expiring: set by the check before the one that ends it.
    """

    def __init__(self, session_id: int, owner: Peer, now: float) -> None:
        self.id = session_id
        self.owner = owner
        self.last_activity = now
        self.timeout = -1
        self.owner_gone = False
        self.expiring = False
        self.handles: dict[int, Handle] = {}

    def event(self, message: Message, verb: str | None = None) -> None:
        if not self.owner_gone:  # what happens meanwhile is lost
            self.owner.event(message, verb)


class Handle:
    """One handle, as the core and its plugin (`PracticeHandle`) see it.

    Attributes:
        got_offer, got_answer: whether an SDP of that type has passed, in either direction.
        hangup_reason: what ``hangup`` says instead of the plugin's own reason.
    """

    def __init__(
        self,
        handle_id: int,
        session: Session,
        plugin: PracticePlugin,
        *,
        opaque_id: str | None,
        token: str | None,
        full_trickle: bool,
        created: float,
        on_task_error: Callable[[Handle, BaseException], None],
    ) -> None:
        self.id = handle_id
        self.session = session
        self.plugin = plugin
        self.opaque_id = opaque_id
        self.token = token
        self.full_trickle = full_trickle
        self.created = created
        self.gone = False
        self.got_offer = self.got_answer = False
        self.hangup_reason: str | None = None
        self._on_task_error = on_task_error
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def session_id(self) -> int:
        return self.session.id

    def event(
        self,
        data: Mapping[str, Any],
        *,
        transaction: str | None = None,
        jsep: Mapping[str, Any] | None = None,
    ) -> None:
        if self.gone:
            return
        message: Message = {"janus": "event", "session_id": self.session.id}
        if transaction is not None:
            message["transaction"] = transaction
        message |= {
            "sender": self.id,
            "plugindata": {"plugin": self.plugin.package, "data": dict(data)},
        }
        if jsep is not None:
            self.note_sdp(jsep)
            message["jsep"] = dict(jsep)
        self.session.event(message, None if transaction is None else "message")

    def notify(self, kind: str, **fields: Any) -> None:
        if self.gone:
            return
        if kind == "hangup":
            self.got_offer = self.got_answer = False
            if self.hangup_reason is not None:
                fields["reason"] = self.hangup_reason
        message = {"janus": kind, "session_id": self.session.id, "sender": self.id, **fields}
        self.session.event(message)

    def detach(self) -> None:
        if self.gone:
            return
        self.end()
        self.session.event({"janus": "detached", "session_id": self.session.id, "sender": self.id})

    def end(self) -> None:
        """Take the handle out of its session; nothing is sent. Idempotent."""
        if self.gone:
            return
        self.gone = True
        del self.session.handles[self.id]
        for task in self._tasks:
            task.cancel()
        self.plugin.detached(self)

    def note_sdp(self, jsep: Mapping[str, Any]) -> None:
        """Remember which half of the offer/answer round this is."""
        if str(jsep.get("type")).lower() == "offer":
            self.got_offer, self.got_answer = True, False
        else:
            self.got_answer = True

    def finish(self, transaction: str, result: Done | Coroutine[Any, Any, Done] | None) -> None:
        """Send the event that ends an acknowledged request, when it is there."""
        if isinstance(result, Done):
            self.event(result.data, transaction=transaction, jsep=result.jsep)
        elif result is not None:
            task = asyncio.get_running_loop().create_task(self._finish_later(transaction, result))
            self._tasks.add(task)
            task.add_done_callback(partial(self._finished, result))
            if self.gone:  # the plugin ended it while it answered
                task.cancel()

    async def _finish_later(self, transaction: str, result: Coroutine[Any, Any, Done]) -> None:
        done = await result
        self.event(done.data, transaction=transaction, jsep=done.jsep)

    def _finished(self, result: Coroutine[Any, Any, Done], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        result.close()  # a task that is cancelled before its first step never gets to it
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_task_error(self, error)

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        return tuple(self._tasks)
