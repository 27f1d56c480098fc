"""The error codes of each plugin, from the Janus sources: the same number differs between plugins.

The names mean the same wherever they occur, so what a person can do about one is told by its name.
"""

from __future__ import annotations

from typing import NamedTuple

PLUGIN_ERRORS: dict[str, dict[int, str]] = {
    "janus.plugin.audiobridge": {
        480: "NO_MESSAGE",
        481: "INVALID_JSON",
        482: "INVALID_REQUEST",
        483: "MISSING_ELEMENT",
        484: "INVALID_ELEMENT",
        485: "NO_SUCH_ROOM",
        486: "ROOM_EXISTS",
        487: "NOT_JOINED",
        488: "LIBOPUS_ERROR",
        489: "UNAUTHORIZED",
        490: "ID_EXISTS",
        491: "ALREADY_JOINED",
        492: "NO_SUCH_USER",
        493: "INVALID_SDP",
        494: "NO_SUCH_GROUP",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.echotest": {
        411: "NO_MESSAGE",
        412: "INVALID_JSON",
        413: "INVALID_ELEMENT",
        414: "INVALID_SDP",
    },
    "janus.plugin.nosip": {
        440: "NO_MESSAGE",
        441: "INVALID_JSON",
        442: "INVALID_REQUEST",
        443: "MISSING_ELEMENT",
        444: "INVALID_ELEMENT",
        445: "WRONG_STATE",
        446: "MISSING_SDP",
        447: "INVALID_SDP",
        448: "IO_ERROR",
        449: "RECORDING_ERROR",
        450: "TOO_STRICT",
        451: "NO_SUCH_STREAM",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.recordplay": {
        411: "NO_MESSAGE",
        412: "INVALID_JSON",
        413: "INVALID_REQUEST",
        414: "INVALID_ELEMENT",
        415: "MISSING_ELEMENT",
        416: "NOT_FOUND",
        417: "INVALID_RECORDING",
        418: "INVALID_STATE",
        419: "INVALID_SDP",
        420: "RECORDING_EXISTS",
        440: "UNAUTHORIZED",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.sip": {
        440: "NO_MESSAGE",
        441: "INVALID_JSON",
        442: "INVALID_REQUEST",
        443: "MISSING_ELEMENT",
        444: "INVALID_ELEMENT",
        445: "ALREADY_REGISTERED",
        446: "INVALID_ADDRESS",
        447: "WRONG_STATE",
        448: "MISSING_SDP",
        449: "LIBSOFIA_ERROR",
        450: "IO_ERROR",
        451: "RECORDING_ERROR",
        452: "TOO_STRICT",
        453: "HELPER_ERROR",
        454: "NO_SUCH_CALLID",
        455: "NO_SUCH_STREAM",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.streaming": {
        450: "NO_MESSAGE",
        451: "INVALID_JSON",
        452: "INVALID_REQUEST",
        453: "MISSING_ELEMENT",
        454: "INVALID_ELEMENT",
        455: "NO_SUCH_MOUNTPOINT",
        456: "CANT_CREATE",
        457: "UNAUTHORIZED",
        458: "CANT_SWITCH",
        459: "CANT_RECORD",
        460: "INVALID_STATE",
        461: "INVALID_SDP",
        470: "UNKNOWN_ERROR",
    },
    "janus.plugin.textroom": {
        411: "NO_MESSAGE",
        412: "INVALID_JSON",
        413: "MISSING_ELEMENT",
        414: "INVALID_ELEMENT",
        415: "INVALID_REQUEST",
        416: "ALREADY_SETUP",
        417: "NO_SUCH_ROOM",
        418: "ROOM_EXISTS",
        419: "UNAUTHORIZED",
        420: "USERNAME_EXISTS",
        421: "ALREADY_IN_ROOM",
        422: "NOT_IN_ROOM",
        423: "NO_SUCH_USER",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.videocall": {
        470: "NO_MESSAGE",
        471: "INVALID_JSON",
        472: "INVALID_REQUEST",
        473: "REGISTER_FIRST",
        474: "INVALID_ELEMENT",
        475: "MISSING_ELEMENT",
        476: "USERNAME_TAKEN",
        477: "ALREADY_REGISTERED",
        478: "NO_SUCH_USERNAME",
        479: "USE_ECHO_TEST",
        480: "ALREADY_IN_CALL",
        481: "NO_CALL",
        482: "MISSING_SDP",
        483: "INVALID_SDP",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.videoroom": {
        421: "NO_MESSAGE",
        422: "INVALID_JSON",
        423: "INVALID_REQUEST",
        424: "JOIN_FIRST",
        425: "ALREADY_JOINED",
        426: "NO_SUCH_ROOM",
        427: "ROOM_EXISTS",
        428: "NO_SUCH_FEED",
        429: "MISSING_ELEMENT",
        430: "INVALID_ELEMENT",
        431: "INVALID_SDP_TYPE",
        432: "PUBLISHERS_FULL",
        433: "UNAUTHORIZED",
        434: "ALREADY_PUBLISHED",
        435: "NOT_PUBLISHED",
        436: "ID_EXISTS",
        437: "INVALID_SDP",
        438: "INVALID_FEED",
        499: "UNKNOWN_ERROR",
    },
    "janus.plugin.voicemail": {
        460: "NO_MESSAGE",
        461: "INVALID_JSON",
        462: "INVALID_REQUEST",
        463: "MISSING_ELEMENT",
        464: "INVALID_ELEMENT",
        465: "ALREADY_RECORDING",
        466: "IO_ERROR",
        467: "LIBOGG_ERROR",
        468: "INVALID_STATE",
        499: "UNKNOWN_ERROR",
    },
}

# What a person can do about each.
PLUGIN_HINTS: dict[str, str] = {
    "ALREADY_IN_CALL": "Hang up the call first.",
    "ALREADY_IN_ROOM": "Leave the room first, or go on without joining again.",
    "ALREADY_JOINED": "Leave first, or attach another handle: each handle joins once.",
    "ALREADY_PUBLISHED": "Use 'configure' to change what is published, or 'unpublish' first.",
    "ALREADY_RECORDING": "Each handle records one message; attach another handle.",
    "ALREADY_REGISTERED": "Each handle registers once; attach another handle, or unregister first.",
    "ALREADY_SETUP": "A handle is set up once: 'setup' if it never was, else attach another handle.",
    "CANT_CREATE": "The mountpoint's media or ports can't be used; the server's log says why.",
    "CANT_RECORD": "The server can't write the file; check its folder and its log.",
    "CANT_SWITCH": "Switch to a mountpoint of the same kind and the same media.",
    "HELPER_ERROR": "A helper needs a registered handle as its master, given as 'master_id'.",
    "ID_EXISTS": "Choose another id, or leave it out: the server then makes one.",
    "INVALID_ADDRESS": "A SIP address looks like 'sip:name@host'.",
    "INVALID_ELEMENT": "Check the parameters of the request: their types, values and spelling.",
    "INVALID_FEED": "That publisher can't be subscribed to; 'listparticipants' names those of the room.",
    "INVALID_JSON": "The body must be a JSON object.",
    "INVALID_RECORDING": "The recording's files are missing or damaged; the server's log says more.",
    "INVALID_REQUEST": "Check the spelling of the body's 'request', and whether this handle may make it now.",
    "INVALID_SDP": "The SDP can't be parsed, or is not the offer or answer that the plugin expects now.",
    "INVALID_SDP_TYPE": "jsep['type'] must be 'offer' or 'answer', as the request expects it.",
    "INVALID_STATE": "Another request must come first, or this one was made already.",
    "IO_ERROR": "The server could not use a file or a socket; its log says which.",
    "JOIN_FIRST": "Send 'join' before this request.",
    "LIBOGG_ERROR": "The server could not write the Ogg file; its log says why.",
    "LIBOPUS_ERROR": "The server's Opus codec failed; its log says why.",
    "LIBSOFIA_ERROR": "The server's SIP stack failed; its log says why.",
    "MISSING_ELEMENT": "The request lacks a parameter that it must have; the reason names it.",
    "MISSING_SDP": "This request needs an SDP: pass jsep=...",
    "NOT_FOUND": "There is no such recording; 'list' names those there are.",
    "NOT_IN_ROOM": "Join the room first.",
    "NOT_JOINED": "Join a room first.",
    "NOT_PUBLISHED": "Publish first.",
    "NO_CALL": "There is no call on this handle.",
    "NO_MESSAGE": "The message needs a body.",
    "NO_SUCH_CALLID": "There is no call with that id.",
    "NO_SUCH_FEED": "No such publisher, or not that stream of it; 'listparticipants' names the publishers.",
    "NO_SUCH_GROUP": "The room has no such group; groups are named when a room is created.",
    "NO_SUCH_MOUNTPOINT": "There is no such mountpoint; 'list' names those there are.",
    "NO_SUCH_ROOM": "There is no such room; 'list' names those there are, 'create' makes one.",
    "NO_SUCH_STREAM": "The call has no such stream; its SDP says which there are.",
    "NO_SUCH_USER": "There is no such participant; 'listparticipants' names those there are.",
    "NO_SUCH_USERNAME": "Nobody has registered that name; 'list' names those who have.",
    "PUBLISHERS_FULL": "Wait until a publisher leaves, or create the room with more 'publishers'.",
    "RECORDING_ERROR": "The server can't record; check the file's folder and the server's log.",
    "RECORDING_EXISTS": "Choose another id or file name.",
    "REGISTER_FIRST": "Send 'register' with a username before this request.",
    "ROOM_EXISTS": "Choose another room number, or leave it out: the server then makes one.",
    "TOO_STRICT": "The two sides disagree on SRTP: one demands it, the other does not offer it.",
    "UNAUTHORIZED": "Pass the secret, pin, token or admin_key that this request needs.",
    "UNKNOWN_ERROR": "The server's log says more.",
    "USERNAME_EXISTS": "Choose another username.",
    "USERNAME_TAKEN": "Choose another username.",
    "USE_ECHO_TEST": "A call needs two people; to hear yourself use the EchoTest plugin.",
    "WRONG_STATE": "Another request must come first (to register, to offer), or a call is going on already.",
}


class SpecialHint(NamedTuple):
    """What to do about an error `name` of `plugin` if its reason has these words."""

    plugin: str
    name: str
    words: str
    hint: str


# Where the plugin's words tell more than the name does; the first that fits counts.
SPECIAL_HINTS: tuple[SpecialHint, ...] = (
    SpecialHint(
        "janus.plugin.streaming",
        "CANT_CREATE",
        "already exists",
        "Choose another id, or leave it out: the server then makes one.",
    ),
    SpecialHint(
        "janus.plugin.streaming",
        "NO_SUCH_MOUNTPOINT",
        "Can't ",
        "Nothing is watched here yet: watch() one first.",
    ),
    SpecialHint(
        "janus.plugin.nosip", "MISSING_SDP", "parsing", "Give the other side's whole SDP, from 'v=0' on."
    ),
)


def plugin_error_name(plugin: str, code: int) -> str:
    """Return the name of `code` in `plugin` (``janus.plugin.echotest``), or ``UNKNOWN_CODE``."""
    return PLUGIN_ERRORS.get(plugin, {}).get(code, "UNKNOWN_CODE")


def plugin_error_hint(plugin: str, name: str, reason: str) -> str:
    """Return how to go on after the error `name` of `plugin`, which gave `reason`; "" for an unknown one."""
    for special in SPECIAL_HINTS:
        if (plugin, name) == (special.plugin, special.name) and special.words in reason:
            return special.hint
    return PLUGIN_HINTS.get(name, "")
