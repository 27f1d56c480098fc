"""`PracticeServer`: what the core of Janus does with a request; no sockets here.

A front feeds it decoded requests, each with the `Peer` that sent it; it answers through the peer. The
conditions, the codes and the words are those of ``janus_process_incoming_request`` in Janus 1.1.2.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import checks
from janus_notebook.gateway.practice.answers import (
    answer,
    as_candidate,
    check_candidate,
    integer,
    new_id,
    success_of,
    unhandled,
    verb_of,
)
from janus_notebook.gateway.practice.checks import RefusedError, check
from janus_notebook.gateway.practice.info import server_info
from janus_notebook.gateway.practice.plugin import Later, Refused
from janus_notebook.gateway.practice.sessions import Handle, Session
from janus_notebook.gateway.practice.tokens import Authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from janus_notebook.gateway.options import GatewayOptions
    from janus_notebook.gateway.practice.plugin import PracticePlugin
    from janus_notebook.gateway.practice.sessions import Peer
    from janus_notebook.gateway.practice.wire import Message

CHECK_INTERVAL = 0.5  # seconds; Janus looks every 2 s. Both let a session go at the second look


class PracticeServer:
    """Sessions, handles, and the Janus API on them.

    Args:
        options: timeouts, secrets.
        plugins: this server's own.
        transports: package names, for ``info``.
        clock: monotonic seconds.
        log: takes a line for people.
    """

    def __init__(
        self,
        options: GatewayOptions,
        plugins: Iterable[PracticePlugin],
        *,
        transports: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.options = options
        self.authority = Authority(options)
        self.plugins: dict[str, PracticePlugin] = {plugin.package: plugin for plugin in plugins}
        self.transports = tuple(transports)
        self.sessions: dict[int, Session] = {}
        self.session_timeout = options.session_timeout
        self.accepting = True
        self.clock = clock
        self.log = log
        self._on_session = {
            "keepalive": self._keepalive,
            "attach": self._attach,
            "destroy": self._destroy,
            "claim": self._claim,
        }
        self._on_handle: dict[str, Callable[[Message, Handle, Peer], None]] = {
            "detach": self._detach,
            "hangup": self._hangup,
            "message": self._message,
            "trickle": self._trickle,
        }

    # -- requests -----------------------------------------------------------------------------

    def request(self, request: Any, peer: Peer) -> None:
        """Answer one decoded JSON value, an object or an array."""
        message: Message = request if isinstance(request, dict) else {}
        session_id, handle_id = integer(message, "session_id"), integer(message, "handle_id")
        transaction: str | None = None
        try:
            check(message, checks.REQUEST)
            transaction = message["transaction"]
            if session_id == 0 and handle_id == 0:
                self._without_session(message, peer)
            else:
                self._with_session(message, session_id, handle_id, peer)
        except RefusedError as exc:
            if exc.code == checks.SESSION_CONFLICT:
                session_id = message["id"]
            self.refuse(peer, exc, verb_of(message), session_id=session_id, transaction=transaction)

    def refuse_json(self, peer: Peer, reason: str) -> None:
        """Answer what is not JSON."""
        error = RefusedError(checks.INVALID_JSON, f"Invalid Janus API request - {reason}")
        self.refuse(peer, error, None)

    def refuse(
        self,
        peer: Peer,
        error: RefusedError,
        verb: str | None,
        *,
        session_id: int = 0,
        transaction: str | None = None,
    ) -> None:
        reply = answer("error", session_id, transaction)
        reply["error"] = {"code": error.code, "reason": error.reason}
        self.log(f"{verb or 'a request'} refused: {error.code}")
        peer.reply(reply, verb)

    def _without_session(self, message: Message, peer: Peer) -> None:
        verb, transaction = message["janus"].lower(), message["transaction"]
        if verb == "info":
            peer.reply(server_info(self, transaction), verb)
        elif verb == "ping":
            peer.reply(answer("pong", 0, transaction), verb)
        elif verb == "create":
            if not self.accepting:
                raise RefusedError(checks.NOT_ACCEPTING)
            if not self.authority.admits(message):
                raise RefusedError(checks.UNAUTHORIZED)
            wished: int = message.get("id", 0)
            if wished in self.sessions:
                raise RefusedError(checks.SESSION_CONFLICT, "Session ID already in use")
            session = Session(wished or new_id(self.sessions), peer, self.clock())
            self.sessions[session.id] = session
            peer.session_created(session.id)
            self.log(f"session {session.id} created over {peer.transport}")
            peer.reply(answer("success", 0, transaction) | {"data": {"id": session.id}}, verb)
        else:
            raise unhandled(message)

    def _with_session(self, message: Message, session_id: int, handle_id: int, peer: Peer) -> None:
        if session_id == 0:
            raise RefusedError(checks.SESSION_NOT_FOUND)
        if message.get("handle_id") is not None and handle_id == 0:
            raise RefusedError(checks.HANDLE_NOT_FOUND)
        if not self.authority.admits(message):
            raise RefusedError(checks.UNAUTHORIZED)
        session, handle = self.find(session_id, handle_id)
        session.last_activity = self.clock()
        verb = message["janus"].lower()
        if verb in self._on_session:
            if handle is not None and verb in ("attach", "destroy"):
                raise unhandled(message)
            self._on_session[verb](message, session, peer)
        elif verb in self._on_handle:
            if handle is None:
                raise unhandled(message)
            self._on_handle[verb](message, handle, peer)
        else:
            raise RefusedError(checks.UNKNOWN_REQUEST, f"Unknown request '{message['janus']}'")

    def find(self, session_id: int, handle_id: int) -> tuple[Session, Handle | None]:
        """Return the session, and the handle unless its id is 0. Raises `RefusedError`."""
        session = self.sessions.get(session_id)
        if session is None:
            raise RefusedError(checks.SESSION_NOT_FOUND, f"No such session {session_id}")
        if handle_id == 0:
            return session, None
        handle = session.handles.get(handle_id)
        if handle is None:
            text = f"No such handle {handle_id} in session {session_id}"
            raise RefusedError(checks.HANDLE_NOT_FOUND, text)
        return session, handle

    # -- verbs of a session -------------------------------------------------------------------

    def _keepalive(self, message: Message, session: Session, peer: Peer) -> None:
        peer.reply(answer("ack", session.id, message["transaction"]), "keepalive")

    def _attach(self, message: Message, session: Session, peer: Peer) -> None:
        check(message, checks.ATTACH)
        package, token = message["plugin"], message.get("token")
        plugin = self.plugins.get(package)
        if plugin is None:
            raise RefusedError(checks.PLUGIN_NOT_FOUND, f"No such plugin '{package}'")
        if not self.authority.allows(token, package):
            text = f"Provided token can't access plugin '{package}'"
            raise RefusedError(checks.UNAUTHORIZED_PLUGIN, text)
        handle = Handle(
            new_id(session.handles),
            session,
            plugin,
            opaque_id=message.get("opaque_id"),
            token=token if self.authority.uses_tokens and isinstance(token, str) else None,
            full_trickle=self.options.full_trickle,
            created=self.clock(),
            on_task_error=self._report,
        )
        session.handles[handle.id] = handle
        plugin.attached(handle)
        reply = answer("success", session.id, message["transaction"]) | {"data": {"id": handle.id}}
        peer.reply(reply, "attach")

    def _destroy(self, message: Message, session: Session, peer: Peer) -> None:
        self.end_session(session)
        peer.reply(answer("success", session.id, message["transaction"]), "destroy")

    def _claim(self, message: Message, session: Session, peer: Peer) -> None:
        if session.owner is not peer:
            session.owner.session_over(session.id, timed_out=False)
            session.owner = peer
            session.owner_gone = False
            peer.session_claimed(session.id)
            self.log(f"session {session.id} claimed over {peer.transport}")
        peer.reply(answer("success", session.id, message["transaction"]), "claim")

    # -- verbs of a handle --------------------------------------------------------------------

    def _detach(self, message: Message, handle: Handle, peer: Peer) -> None:
        peer.reply(answer("success", handle.session.id, message["transaction"]), "detach")
        handle.detach()

    def _hangup(self, message: Message, handle: Handle, peer: Peer) -> None:
        peer.reply(answer("success", handle.session.id, message["transaction"]), "hangup")
        handle.plugin.hangup(handle)  # in Janus too the answer is out before the handle's thread gets to it

    def _message(self, message: Message, handle: Handle, peer: Peer) -> None:
        check(message, checks.MESSAGE)
        session_id, transaction = handle.session.id, message["transaction"]
        jsep = message.get("jsep")
        if "jsep" in message:
            if not isinstance(jsep, dict):
                raise RefusedError(checks.INVALID_JSON_OBJECT, "Invalid jsep object")
            check(jsep, checks.JSEP, "JSEP error")
            if jsep["type"].lower() not in ("offer", "answer"):
                text = f"JSEP error: unknown message type '{jsep['type']}'"
                raise RefusedError(checks.UNKNOWN_JSEP, text)
            jsep = jsep | {"type": jsep["type"].lower()}
        try:
            result = handle.plugin.message(handle, transaction, message["body"], jsep)
        except Exception as exc:
            self._report(handle, exc)
            raise RefusedError(checks.PLUGIN_MESSAGE, "Plugin didn't give a result") from exc
        if isinstance(result, Refused):
            raise RefusedError(result.code, result.reason)
        if jsep is not None:
            handle.note_sdp(jsep)
        if isinstance(result, Later):
            reply = answer("ack", session_id, transaction)
            if result.hint is not None:
                reply["hint"] = result.hint
            peer.reply(reply, "message")
            handle.finish(transaction, result.result)
        else:
            peer.reply(success_of(result, handle, transaction), "message")

    def _trickle(self, message: Message, handle: Handle, peer: Peer) -> None:
        single, several = "candidate" in message, "candidates" in message
        if not single and not several:
            text = "Missing mandatory element (candidate|candidates)"
            raise RefusedError(checks.MISSING_ELEMENT, text)
        if single and several:
            raise RefusedError(checks.INVALID_JSON, "Can't have both candidate and candidates")
        negotiated = handle.got_offer and handle.got_answer  # before that, Janus only queues them
        if single:
            candidates = [message["candidate"]]
            if negotiated:
                check_candidate(candidates[0])
        else:
            candidates = message["candidates"]
            if not isinstance(candidates, list):
                if negotiated:
                    raise RefusedError(checks.INVALID_ELEMENT, "candidates is not an array")
                candidates = []
        peer.reply(answer("ack", handle.session.id, message["transaction"]), "trickle")
        handle.plugin.trickle(handle, [as_candidate(one) for one in candidates])

    # -- lifetimes ----------------------------------------------------------------------------

    def end_session(self, session: Session) -> None:
        """Destroy a session; its owner is not told by an event."""
        del self.sessions[session.id]
        for handle in list(session.handles.values()):
            handle.end()
        session.owner.session_over(session.id, timed_out=False)
        self.log(f"session {session.id} destroyed")

    def expire(self, session: Session) -> None:
        """Time a session out: its owner gets ``timeout``, and no ``detached``."""
        del self.sessions[session.id]
        for handle in list(session.handles.values()):
            handle.end()
        session.event({"janus": "timeout", "session_id": session.id})
        session.owner.session_over(session.id, timed_out=True)
        self.log(f"session {session.id} timed out")

    def check_sessions(self) -> None:
        """Expire what was idle for too long at this check and an earlier one, as Janus's watchdog does."""
        now = self.clock()
        for session in list(self.sessions.values()):
            timeout = self.session_timeout if session.timeout == -1 else session.timeout
            idle = now - session.last_activity
            reclaim = self.options.reclaim_session_timeout
            if (timeout > 0 and idle >= timeout) or (session.owner_gone and idle >= reclaim):
                if session.expiring:
                    self.expire(session)
                session.expiring = True

    def peer_gone(self, peer: Peer) -> None:
        """A connection is lost: its sessions end, or wait for ``claim``."""
        for session in list(self.sessions.values()):
            if session.owner is peer and not session.owner_gone:
                session.owner_gone = True
                if self.options.reclaim_session_timeout < 1:
                    self.end_session(session)

    def forget(self) -> None:
        """Lose every session as a restarted server does: nobody is told."""
        for session in list(self.sessions.values()):
            session.owner_gone = True
            self.end_session(session)

    async def close(self) -> None:
        """End all sessions and plugins; return when their tasks are over. Idempotent."""
        tasks = [task for s in self.sessions.values() for h in s.handles.values() for task in h.tasks]
        self.forget()
        await asyncio.gather(*tasks, return_exceptions=True)
        for plugin in self.plugins.values():
            await plugin.close()

    def _report(self, handle: Handle, error: BaseException) -> None:
        self.log(f"{handle.plugin.package} failed: {type(error).__name__}: {error}")
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"{handle.plugin.package} failed", "exception": error}
        )
