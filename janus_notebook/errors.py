"""Every error this package raises, as one tree.

::

    JanusError
    ├── JanusOptionError       a bad value before anything was sent (also a ValueError)
    │   └── JanusVersionError  this server is too old, or too new, for the request or a parameter
    ├── JanusStateError        the object is not in a state that allows the call
    ├── JanusConnectionError   no connection to the server, or it was lost
    ├── JanusTimeoutError      no answer within the deadline (also a TimeoutError)
    ├── JanusProtocolError     what arrived is not a Janus message
    ├── JanusServerError       Janus refused the request: ``code``, ``name``, ``reason``
    ├── JanusPluginError       the plugin refused it: ``code``, ``name``, ``reason``
    ├── JanusMediaError        media could not be negotiated, read or played
    ├── JanusCallError         the other side did not take a call, or ended it: ``reason``
    └── JanusGatewayError      the local gateway could not be started or stopped

Each error says what happened and, as ``hint``, how to go on. In IPython an error
is drawn as one line; it stays an ordinary exception that can be caught.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from janus_notebook.texts import LINE_LIMIT, NAME_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

__all__ = [
    "JanusCallError",
    "JanusConnectionError",
    "JanusError",
    "JanusGatewayError",
    "JanusMediaError",
    "JanusOptionError",
    "JanusPluginError",
    "JanusProtocolError",
    "JanusServerError",
    "JanusStateError",
    "JanusTimeoutError",
    "JanusVersionError",
]

# Codes of the core, from the Janus sources (apierror.h), with what a person can do about each.
SERVER_ERRORS: dict[int, tuple[str, str]] = {
    403: ("UNAUTHORIZED", "Pass api_secret=... or token=... as this server expects it."),
    405: ("UNAUTHORIZED_PLUGIN", "The token does not allow this plugin."),
    450: ("TRANSPORT_SPECIFIC", "The server's transport failed; its log says why."),
    452: ("MISSING_REQUEST", "The message needs a 'janus' field that names the request."),
    453: ("UNKNOWN_REQUEST", "Check the spelling of the 'janus' field."),
    454: ("INVALID_JSON", "The server could not parse the message."),
    455: ("INVALID_JSON_OBJECT", "A JSON object was expected here."),
    456: ("MISSING_MANDATORY_ELEMENT", "A mandatory field is missing."),
    457: ("INVALID_REQUEST_PATH", "This request belongs to another level: server, session or handle."),
    458: ("SESSION_NOT_FOUND", "The session has ended on the server; make a new one."),
    459: ("HANDLE_NOT_FOUND", "The handle is gone; attach the plugin again."),
    460: ("PLUGIN_NOT_FOUND", "This server does not have that plugin; session.info() lists what it has."),
    461: ("PLUGIN_ATTACH", "The plugin refused a new handle; the server's log says why."),
    462: ("PLUGIN_MESSAGE", "The plugin could not handle the message."),
    463: ("PLUGIN_DETACH", "The plugin could not detach the handle."),
    464: ("JSEP_UNKNOWN_TYPE", "jsep['type'] must be 'offer' or 'answer'."),
    465: ("JSEP_INVALID_SDP", "The SDP could not be parsed, or does not fit the state of the handle."),
    466: ("TRICKE_INVALID_STREAM", "The candidate names a media section that does not exist."),
    467: ("INVALID_ELEMENT_TYPE", "A field has the wrong type."),
    468: ("SESSION_CONFLICT", "That session id is taken; choose another or leave it to the server."),
    469: ("UNEXPECTED_ANSWER", "An SDP answer came without an offer before it."),
    470: ("TOKEN_NOT_FOUND", "The server does not know that token."),
    471: ("WEBRTC_STATE", "The handle is busy with an earlier PeerConnection; try again in a moment."),
    472: ("NOT_ACCEPTING_SESSIONS", "The server is draining and takes no new sessions."),
    490: ("UNKNOWN", "The server's log says more."),
}


NEW_SESSION = "Make a new one: create(), or connect() in a notebook."

# How many names a message lists.
MOST_NAMES = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the closest of `known`, or all of them; "" if there are none.

    Of many it names a few: those that have a part of `word` in them, if any do.
    """
    names = sorted(clean(name, NAME_LIMIT) for name in known)
    if not names:
        return ""
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    if len(names) <= MOST_NAMES:
        return f"Known: {', '.join(names)}."
    parts = {part for part in word.lower().split("_") if part}
    shown = [name for name in names if parts & set(name.lower().split("_"))] or names
    shown = shown[:MOST_NAMES]
    return f"Known: {', '.join(shown)}, and {len(names) - len(shown)} more."


class JanusError(Exception):
    """Base of every error of this package.

    Attributes:
        message: what happened, one sentence.
        hint: how to go on, one sentence; may be empty.
        request: the request this is about with its secrets masked, or None.
        session_id, handle_id: Janus's ids, or None.
        plugin: the package name of the plugin (``janus.plugin.echotest``), or None.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.request: Mapping[str, Any] | None = None
        self.session_id: int | None = None
        self.handle_id: int | None = None
        self.plugin: str | None = None

    def within(
        self,
        *,
        request: Mapping[str, Any] | None = None,
        session_id: int | None = None,
        handle_id: int | None = None,
        plugin: str | None = None,
    ) -> Self:
        """Add what is known about the place of the error; known facts stay. Returns self."""
        self.request = self.request if self.request is not None else request
        self.session_id = self.session_id if self.session_id is not None else session_id
        self.handle_id = self.handle_id if self.handle_id is not None else handle_id
        self.plugin = self.plugin or plugin
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # The default calls the class with `args`, which are not what its __init__ takes.
        return _unpickled, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        text = _line(self.message)
        text = text if text.endswith((".", "?", "!", "…")) else text + "."
        return f"{text} {_line(self.hint)}" if self.hint else text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _render_traceback_(self) -> list[str]:
        """One line in IPython; ``%tb`` still shows the whole traceback of other errors."""
        return [f"{type(self).__name__}: {self}"]


def _line(text: str) -> str:
    """A text, which may quote a server or a peer, as one line of bearable length."""
    return clean(" ".join(text[: 2 * LINE_LIMIT].split()), LINE_LIMIT)


def _unpickled(cls: type[JanusError], args: tuple[Any, ...], state: dict[str, Any]) -> JanusError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class JanusOptionError(JanusError, ValueError):
    """A value given by the caller is wrong; nothing was sent."""

    @classmethod
    def unknown(cls, what: str, word: str, known: Iterable[str]) -> JanusOptionError:
        """The error for a name that is not one of `known`."""
        return cls(f"unknown {what} {word!r}", hint=nearest(word, known))


class JanusVersionError(JanusOptionError):
    """The server's version does not have this request, or ignores this parameter; nothing was sent."""


class JanusStateError(JanusError):
    """The session, handle or gateway is not in a state that allows this call."""


class JanusConnectionError(JanusError):
    """There is no connection to the server: it was refused, or it was lost."""


class JanusTimeoutError(JanusError, TimeoutError):
    """No answer came within the deadline."""


class JanusProtocolError(JanusError):
    """What arrived is not a Janus message."""


class _CodedError(JanusError):
    """An error with the server's own code."""

    def __init__(self, code: int, reason: str, *, name: str, hint: str = "") -> None:
        self.code = code
        self.name = name
        self.reason = reason
        super().__init__(f"{reason or 'no reason given'} ({code} {name})", hint=hint)


class JanusServerError(_CodedError):
    """The Janus core answered with an error.

    Attributes:
        code: Janus's number (``apierror.h``).
        name: its name, such as ``SESSION_NOT_FOUND``; ``UNKNOWN_CODE`` for a code we do not know.
        reason: the server's own text.
    """

    def __init__(self, code: int, reason: str) -> None:
        name, hint = SERVER_ERRORS.get(code, ("UNKNOWN_CODE", ""))
        super().__init__(code, reason, name=name, hint=hint)


class JanusPluginError(_CodedError):
    """A plugin answered with an error (``error_code`` and ``error`` in its data).

    Codes are each plugin's own: the same number means different things in different plugins.
    """

    def __init__(
        self, code: int, reason: str, *, name: str = "UNKNOWN_CODE", hint: str = "", plugin: str = ""
    ) -> None:
        super().__init__(code, reason, name=name, hint=hint)
        self.plugin = plugin or None


class JanusMediaError(JanusError):
    """Media could not be negotiated, produced, received or decoded."""


class JanusCallError(JanusError):
    """The other side of a call was busy, declined it, or hung up.

    Args:
        did: what the other side did, if it is known.

    Attributes:
        username: the other side.
        reason: its own words.
    """

    def __init__(self, username: str, reason: str, *, did: str = "") -> None:
        self.username = username
        self.reason = reason
        ended = f"the call with {username} has ended: {reason or 'no reason given'}"
        super().__init__(f"{username} {did}{f' ({reason})' if reason else ''}" if did else ended)


class JanusGatewayError(JanusError):
    """The local gateway could not be started, or ended by itself."""
