"""Every error code that Janus and its plugins have: each is named, and says how to go on."""

from __future__ import annotations

import pytest

from janus_notebook import JanusPluginError, JanusServerError
from janus_notebook.errors import SERVER_ERRORS
from janus_notebook.protocol.plugin_codes import PLUGIN_ERRORS, PLUGIN_HINTS
from janus_notebook.protocol.router import Failed, Router

# From the Janus sources: apierror.h, and the definitions at the head of each plugin.
CODES: dict[str, dict[int, str]] = {
    "": {
        403: "UNAUTHORIZED",
        405: "UNAUTHORIZED_PLUGIN",
        450: "TRANSPORT_SPECIFIC",
        452: "MISSING_REQUEST",
        453: "UNKNOWN_REQUEST",
        454: "INVALID_JSON",
        455: "INVALID_JSON_OBJECT",
        456: "MISSING_MANDATORY_ELEMENT",
        457: "INVALID_REQUEST_PATH",
        458: "SESSION_NOT_FOUND",
        459: "HANDLE_NOT_FOUND",
        460: "PLUGIN_NOT_FOUND",
        461: "PLUGIN_ATTACH",
        462: "PLUGIN_MESSAGE",
        463: "PLUGIN_DETACH",
        464: "JSEP_UNKNOWN_TYPE",
        465: "JSEP_INVALID_SDP",
        466: "TRICKE_INVALID_STREAM",
        467: "INVALID_ELEMENT_TYPE",
        468: "SESSION_CONFLICT",
        469: "UNEXPECTED_ANSWER",
        470: "TOKEN_NOT_FOUND",
        471: "WEBRTC_STATE",
        472: "NOT_ACCEPTING_SESSIONS",
        490: "UNKNOWN",
    },
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
EACH = [(plugin, code, name) for plugin, codes in CODES.items() for code, name in codes.items()]


def failure(plugin: str, code: int) -> JanusServerError | JanusPluginError:
    """What a caller is given for this code."""
    router = Router()
    router.expect("t", "message", 1, 2)
    if plugin:
        data = {"error_code": code, "error": "Its own words"}
        message = {"janus": "event", "transaction": "t", "plugindata": {"plugin": plugin, "data": data}}
    else:
        message = {"janus": "error", "transaction": "t", "error": {"code": code, "reason": "Its own words"}}
    (effect,) = router.feed(message)
    assert isinstance(effect, Failed)
    assert isinstance(effect.error, JanusServerError | JanusPluginError)
    return effect.error


@pytest.mark.parametrize(("plugin", "code", "name"), EACH)
def test_each_code_has_a_name_and_a_hint(plugin: str, code: int, name: str) -> None:
    error = failure(plugin, code)
    assert type(error) is (JanusPluginError if plugin else JanusServerError)
    assert (error.plugin or "") == plugin
    assert (error.code, error.name, error.reason) == (code, name, "Its own words")
    assert str(error) == f"Its own words ({code} {name}). {error.hint}"
    assert 10 < len(error.hint) < 100
    assert error.hint.endswith((".", "..."))
    assert error._render_traceback_() == [f"{type(error).__name__}: {error}"]


@pytest.mark.parametrize("plugin", ["", "janus.plugin.videoroom", "janus.plugin.of.mine"])
def test_a_code_of_a_later_version_keeps_its_number_and_words(plugin: str) -> None:
    error = failure(plugin, 4711)
    assert (error.code, error.name, error.hint) == (4711, "UNKNOWN_CODE", "")
    assert str(error) == "Its own words (4711 UNKNOWN_CODE)."


def test_the_tables_hold_these_codes_and_no_others() -> None:
    core = {code: name for code, (name, _) in SERVER_ERRORS.items()}
    assert {"": core, **PLUGIN_ERRORS} == CODES
    assert PLUGIN_HINTS.keys() == {name for plugin, _, name in EACH if plugin}
