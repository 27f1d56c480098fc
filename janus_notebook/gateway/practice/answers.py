"""The forms of answers, and the small rules on the members of requests."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import checks
from janus_notebook.gateway.practice.checks import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.gateway.practice.plugin import Done
    from janus_notebook.gateway.practice.sessions import Handle
    from janus_notebook.gateway.practice.wire import Message


def answer(kind: str, session_id: int, transaction: str | None) -> Message:
    """Return the members that every answer begins with."""
    message: Message = {"janus": kind}
    if session_id != 0:
        message["session_id"] = session_id
    if transaction is not None:
        message["transaction"] = transaction
    return message


def success_of(done: Done, handle: Handle, transaction: str) -> Message:
    """The ``success`` with what a plugin says at once."""
    reply = answer("success", handle.session.id, transaction)
    reply["sender"] = handle.id
    reply["plugindata"] = {"plugin": handle.plugin.package, "data": dict(done.data)}
    if done.jsep is not None:
        handle.note_sdp(done.jsep)
        reply["jsep"] = dict(done.jsep)
    return reply


def integer(message: Mapping[str, Any], name: str) -> int:
    """Return an id; anything but an integer counts as none."""
    value = message.get(name)
    return int(value) if checks.is_integer(value) and value is not None else 0


def verb_of(message: Mapping[str, Any]) -> str | None:
    """Return what is asked, in small letters as Janus compares it, if it can be read."""
    verb = message.get("janus")
    return verb.lower() if isinstance(verb, str) else None


def unhandled(message: Message) -> RefusedError:
    return RefusedError(checks.INVALID_PATH, f"Unhandled request '{message['janus']}' at this path")


def new_id(taken: Mapping[int, object]) -> int:
    """Return an id as Janus makes them: 1 to 2^53 - 1, for JavaScript's sake."""
    while True:
        chosen = secrets.randbelow(2**53)
        if chosen and chosen not in taken:
            return chosen


def as_candidate(one: object) -> Mapping[str, Any]:
    """What is no object, or has ``completed``, ends the candidates."""
    return {"completed": True} if not isinstance(one, dict) or "completed" in one else one


def check_candidate(one: object) -> None:
    """The checks of ``janus_ice_trickle_parse``; Janus makes them for a single candidate only."""
    if not isinstance(one, dict) or "completed" in one:
        return
    mid, mline, text = (one.get(name) for name in ("sdpMid", "sdpMLineIndex", "candidate"))
    trickle = "Trickle error: "
    if "sdpMid" in one and not isinstance(mid, str):
        text = "invalid element type (sdpMid should be a string)"
        raise RefusedError(checks.INVALID_ELEMENT, trickle + text)
    if "sdpMLineIndex" in one and not (isinstance(mline, int) and checks.is_integer(mline) and mline >= 0):
        text = "invalid element type (sdpMLineIndex should be a positive integer)"
        raise RefusedError(checks.INVALID_ELEMENT, trickle + text)
    if "sdpMid" not in one and "sdpMLineIndex" not in one:
        text = "missing mandatory element (sdpMid or sdpMLineIndex)"
        raise RefusedError(checks.MISSING_ELEMENT, trickle + text)
    if "candidate" not in one:
        raise RefusedError(checks.MISSING_ELEMENT, trickle + "missing mandatory element (candidate)")
    if not isinstance(text, str):
        text = "invalid element type (candidate should be a string)"
        raise RefusedError(checks.INVALID_ELEMENT, trickle + text)
