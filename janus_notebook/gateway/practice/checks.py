"""The checks that Janus makes on the members of a request, and its words for what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

UNAUTHORIZED = 403
UNAUTHORIZED_PLUGIN = 405
TRANSPORT_SPECIFIC = 450
UNKNOWN_REQUEST = 453
INVALID_JSON = 454
INVALID_JSON_OBJECT = 455
MISSING_ELEMENT = 456
INVALID_PATH = 457
SESSION_NOT_FOUND = 458
HANDLE_NOT_FOUND = 459
PLUGIN_NOT_FOUND = 460
PLUGIN_MESSAGE = 462
UNKNOWN_JSEP = 464
INVALID_ELEMENT = 467
SESSION_CONFLICT = 468
TOKEN_NOT_FOUND = 470
NOT_ACCEPTING = 472
UNKNOWN = 490

REASONS = {
    UNAUTHORIZED: "Unauthorized request (wrong or missing secret/token)",
    SESSION_NOT_FOUND: "Session not found",
    HANDLE_NOT_FOUND: "Handle not found",
    NOT_ACCEPTING: "Currently not accepting new sessions",
}

Kind: TypeAlias = Literal["string", "integer", "boolean", "object", "array"]


class RefusedError(Exception):
    """A request that ends in an ``error`` of the core."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason or REASONS[code]


@dataclass(frozen=True)
class Member:
    """One member of a request: its JSON type, and what more is asked of it."""

    name: str
    kind: Kind
    required: bool = False
    positive: bool = False  # Janus's word for "not negative"


REQUEST = (
    Member("transaction", "string", required=True),
    Member("janus", "string", required=True),
    Member("id", "integer", positive=True),
)
ADMIN_REQUEST = REQUEST[:2]
ATTACH = (
    Member("plugin", "string", required=True),
    Member("opaque_id", "string"),
    Member("loop_index", "integer", positive=True),
)
MESSAGE = (Member("body", "object", required=True),)
JSEP = (
    Member("type", "string", required=True),
    Member("sdp", "string", required=True),
    Member("trickle", "boolean"),
    Member("rid_order", "string"),
    Member("force_relay", "boolean"),
    Member("e2ee", "boolean"),
)
TIMEOUT = (Member("timeout", "integer", required=True, positive=True),)
SESSION_TIMEOUT = (Member("timeout", "integer", required=True),)
ACCEPT = (Member("accept", "boolean", required=True),)
TOKEN = (Member("token", "string", required=True),)
TOKEN_PLUGINS = (*TOKEN, Member("plugins", "array"))
HANDLE_INFO = (Member("plugin_only", "boolean"),)


def check(request: dict[str, Any], members: tuple[Member, ...], prefix: str = "") -> None:
    """Raise `RefusedError` for the first of `members` that is missing or of the wrong type.

    A member that is null is there, and wrong.
    """
    for member in members:
        if member.name not in request:
            if member.required:
                text = f"missing mandatory element ({member.name})"
                raise RefusedError(MISSING_ELEMENT, _sentence(prefix, text))
        elif not _fits(request[member.name], member):
            text = f"invalid element type ({member.name} should be {_article(member)} {member.kind})"
            raise RefusedError(INVALID_ELEMENT, _sentence(prefix, text))


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _sentence(prefix: str, text: str) -> str:
    return f"{prefix}: {text}" if prefix else text[0].upper() + text[1:]


def _fits(value: Any, member: Member) -> bool:
    match member.kind:
        case "integer":
            return is_integer(value) and (not member.positive or value >= 0)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)


def _article(member: Member) -> str:
    if member.positive:
        return "a positive"
    return "an" if member.kind in ("integer", "object", "array") else "a"
