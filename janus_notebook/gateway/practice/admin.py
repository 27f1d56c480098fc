"""`AdminServer`: as much of Janus's Admin API as tests of a client ask for."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import checks
from janus_notebook.gateway.practice.answers import answer, integer, unhandled
from janus_notebook.gateway.practice.checks import RefusedError, check
from janus_notebook.gateway.practice.info import server_info
from janus_notebook.gateway.practice.tokens import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.gateway.practice.server import PracticeServer
    from janus_notebook.gateway.practice.sessions import Handle, Session
    from janus_notebook.gateway.practice.wire import Message

MICROSECONDS = 1_000_000


class AdminServer:
    """The requests of the Janus documentation, "Admin/Monitor API", that this gateway knows.

    Of the server: info, ping, get_status, set_session_timeout, accept_new_sessions, list_sessions,
    add_token, allow_token, disallow_token, list_tokens, remove_token. Of a session: destroy_session,
    set_session_timeout, list_handles. Of a handle: detach_handle, hangup_webrtc, handle_info.
    """

    def __init__(self, server: PracticeServer) -> None:
        self.secret = secrets.token_urlsafe(24)
        self._server = server
        self._on_server: dict[str, Callable[[Message], Message]] = {
            "get_status": self._get_status,
            "set_session_timeout": self._set_timeout,
            "accept_new_sessions": self._accept,
            "list_sessions": lambda message: {"sessions": list(server.sessions)},
            "add_token": lambda message: self._allow(message, add=True),
            "allow_token": self._allow,
            "disallow_token": lambda message: self._allow(message, allow=False),
            "list_tokens": self._list_tokens,
            "remove_token": self._remove_token,
        }
        self._on_session: dict[str, Callable[[Message, Session], Message]] = {
            "destroy_session": self._destroy,
            "set_session_timeout": self._set_session_timeout,
            "list_handles": lambda message, session: {"handles": list(session.handles)},
        }
        self._on_handle: dict[str, Callable[[Message, Handle], Message]] = {
            "detach_handle": self._detach,
            "hangup_webrtc": self._hangup,
            "handle_info": self._handle_info,
        }

    def request(self, message: Message) -> Message:
        """Return the answer to one request; it is always one, and at once."""
        session_id, handle_id = integer(message, "session_id"), integer(message, "handle_id")
        transaction: str | None = None
        try:
            check(message, checks.ADMIN_REQUEST)
            transaction = message["transaction"]
            verb = message["janus"].lower()
            if session_id == 0 and handle_id == 0 and verb == "info":
                return server_info(self._server, message["transaction"])
            if session_id == 0 and handle_id == 0 and verb == "ping":
                return answer("pong", 0, transaction)
            fields = self._authorized(message, verb, session_id, handle_id)
        except RefusedError as exc:
            error = {"error": {"code": exc.code, "reason": exc.reason}}
            return answer("error", session_id, transaction) | error
        return answer("success", session_id, transaction) | fields

    def _authorized(self, message: Message, verb: str, session_id: int, handle_id: int) -> Message:
        if session_id == 0 and handle_id != 0:
            raise RefusedError(checks.SESSION_NOT_FOUND)
        secret = message.get("admin_secret")
        if not isinstance(secret, str) or not same(secret, self.secret):
            raise RefusedError(checks.UNAUTHORIZED)
        if session_id == 0:
            if verb in self._on_server:
                return self._on_server[verb](message)
            raise unhandled(message)
        session, handle = self._server.find(session_id, handle_id)
        if handle is None and verb in self._on_session:
            return self._on_session[verb](message, session)
        if handle is not None and verb in self._on_handle:
            return self._on_handle[verb](message, handle)
        raise unhandled(message)

    # -- the server ---------------------------------------------------------------------------

    def _get_status(self, message: Message) -> Message:
        status = {
            "token_auth": self._server.authority.uses_tokens,
            "session_timeout": self._server.session_timeout,
            "reclaim_session_timeout": self._server.options.reclaim_session_timeout,
        }
        return {"status": status}

    def _set_timeout(self, message: Message) -> Message:
        check(message, checks.TIMEOUT)
        self._server.session_timeout = message["timeout"]
        return {"timeout": message["timeout"]}

    def _accept(self, message: Message) -> Message:
        check(message, checks.ACCEPT)
        self._server.accepting = message["accept"]
        return {"accept": message["accept"]}

    # -- stored tokens ------------------------------------------------------------------------

    def _stored(self) -> dict[str, set[str]]:
        allowed = self._server.authority.allowed
        if allowed is None:
            raise RefusedError(checks.UNKNOWN, "Stored-Token based authentication disabled")
        return allowed

    def _allow(self, message: Message, *, allow: bool = True, add: bool = False) -> Message:
        allowed = self._stored()
        check(message, checks.TOKEN_PLUGINS)
        token, named = message["token"], message.get("plugins") or []
        if not add and not named:
            text = "Invalid element type (plugins should be a non-empty array)"
            raise RefusedError(checks.INVALID_ELEMENT, text)
        if not add and token not in allowed:
            raise RefusedError(checks.TOKEN_NOT_FOUND, f"Token {token} not found")
        known = {package for package in named if isinstance(package, str) and package in self._server.plugins}
        if not add and len(known) < len(set(map(str, named))):
            text = "Invalid element type (some of the provided plugins are invalid)"
            raise RefusedError(checks.INVALID_ELEMENT, text)
        plugins = allowed.setdefault(token, set())
        if not allow:
            plugins -= known
        else:
            plugins |= known if named else set(self._server.plugins)
        return {"data": {"plugins": sorted(plugins)}}

    def _list_tokens(self, message: Message) -> Message:
        self._stored()
        listed = self._server.authority.listed()
        return {"data": {"tokens": [{"token": t, "allowed_plugins": plugins} for t, plugins in listed]}}

    def _remove_token(self, message: Message) -> Message:
        allowed = self._stored()
        check(message, checks.TOKEN)
        if allowed.pop(message["token"], None) is None:
            raise RefusedError(checks.UNKNOWN, "Error removing token")
        return {}

    # -- a session, a handle ------------------------------------------------------------------

    def _destroy(self, message: Message, session: Session) -> Message:
        self._server.end_session(session)
        return {}

    def _set_session_timeout(self, message: Message, session: Session) -> Message:
        check(message, checks.SESSION_TIMEOUT)
        if message["timeout"] < -1:
            text = "Invalid element type (timeout should be a non-negative integer or -1)"
            raise RefusedError(checks.INVALID_ELEMENT, text)
        session.timeout = message["timeout"]
        return {"timeout": session.timeout}

    def _detach(self, message: Message, handle: Handle) -> Message:
        handle.detach()
        return {}

    def _hangup(self, message: Message, handle: Handle) -> Message:
        handle.hangup_reason = "Admin API"
        try:
            handle.plugin.hangup(handle)
        finally:
            handle.hangup_reason = None
        return {}

    def _handle_info(self, message: Message, handle: Handle) -> Message:
        check(message, checks.HANDLE_INFO)
        session, server = handle.session, self._server
        timeout = server.session_timeout if session.timeout == -1 else session.timeout
        info: dict[str, Any] = {
            "session_id": session.id,
            "session_last_activity": int(session.last_activity * MICROSECONDS),
            "session_timeout": timeout,
            "session_transport": session.owner.transport,
            "handle_id": handle.id,
        }
        if handle.opaque_id is not None:
            info["opaque_id"] = handle.opaque_id
        if handle.token is not None:
            info["token"] = handle.token
        info |= {
            "loop-running": True,
            "created": int(handle.created * MICROSECONDS),
            "current_time": int(server.clock() * MICROSECONDS),
            "plugin": handle.plugin.package,
            "plugin_specific": {},
        }
        if not message.get("plugin_only"):
            negotiated = handle.got_offer and handle.got_answer
            flags = {"got-offer": handle.got_offer, "got-answer": handle.got_answer, "negotiated": negotiated}
            info |= {"flags": flags, "sdps": {}}
        return {"handle_id": handle.id, "info": info}
