"""The error tree: texts built from fields, one line in IPython, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

import janus_notebook
from janus_notebook import errors
from janus_notebook.errors import (
    JanusCallError,
    JanusConnectionError,
    JanusError,
    JanusGatewayError,
    JanusMediaError,
    JanusOptionError,
    JanusPluginError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
    nearest,
)
from janus_notebook.protocol.plugin_codes import PLUGIN_ERRORS, plugin_error_name

TEXTS: list[tuple[JanusError, str]] = [
    (JanusError("plain"), "plain."),
    (JanusError("ends well."), "ends well."),
    (JanusError("Really?", hint="Yes."), "Really? Yes."),
    (JanusStateError("not attached", hint="Attach it."), "not attached. Attach it."),
    (JanusConnectionError("two\nlines\t and  blanks"), "two lines and blanks."),
    (JanusTimeoutError("no reply", hint=""), "no reply."),
    (JanusProtocolError("garbage!"), "garbage!"),
    (JanusMediaError("no ICE"), "no ICE."),
    (JanusGatewayError("no janus"), "no janus."),
    (JanusCallError("bob", "User busy"), "the call with bob has ended: User busy."),
    (JanusCallError("bob", ""), "the call with bob has ended: no reason given."),
    (JanusCallError("bob", "not now", did="declined the call"), "bob declined the call (not now)."),
    (JanusCallError("bob", "", did="hung up"), "bob hung up."),
    (JanusServerError(999, "odd"), "odd (999 UNKNOWN_CODE)."),
    (JanusServerError(0, ""), "no reason given (0 UNKNOWN_CODE)."),
    (
        JanusPluginError(413, "bad", name="INVALID_ELEMENT", plugin="janus.plugin.echotest"),
        "bad (413 INVALID_ELEMENT).",
    ),
    (JanusPluginError(0, "", hint="Look at the log."), "no reason given (0 UNKNOWN_CODE). Look at the log."),
    (
        JanusOptionError.unknown("option", "tokn", ["token", "pin"]),
        "unknown option 'tokn'. Did you mean 'token'?",
    ),
    (JanusOptionError.unknown("kind", "zzz", ["b", "a"]), "unknown kind 'zzz'. Known: a, b."),
]


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=lambda value: str(value)[:30])
def test_texts(error: JanusError, text: str) -> None:
    assert str(error) == text
    lines: Any = error._render_traceback_()
    assert lines == [f"{type(error).__name__}: {text}"]
    assert "\n" not in lines[0]


def test_the_tree() -> None:
    names = [name for name in errors.__all__ if name != "JanusError"]
    for name in names:
        assert issubclass(getattr(errors, name), JanusError)
        assert getattr(janus_notebook, name) is getattr(errors, name)
        assert name in (errors.__doc__ or "")
    assert issubclass(JanusOptionError, ValueError)
    assert issubclass(JanusTimeoutError, TimeoutError)


def test_within_adds_what_is_not_known_yet() -> None:
    error = JanusServerError(459, "gone").within(handle_id=5, request={"janus": "x"})
    error.within(handle_id=6, session_id=7, plugin="janus.plugin.sip", request={"janus": "y"})
    assert (error.handle_id, error.session_id, error.plugin) == (5, 7, "janus.plugin.sip")
    assert error.request == {"janus": "x"}


def test_nearest() -> None:
    assert nearest("medai", ["media", "hangup"]) == "Did you mean 'media'?"
    assert nearest("x", ["b", "a"]) == "Known: a, b."
    assert nearest("x", []) == ""
    many = [f"n{number:02}" for number in range(20)]
    assert nearest("x", many) == f"Known: {', '.join(many[:12])}, and 8 more."
    assert nearest("call_up", [*many, "hangup_call"]) == "Known: hangup_call, and 20 more."
    assert nearest("x", many[:12]).endswith("n11.")


def test_plugin_codes_are_each_plugins_own() -> None:
    assert plugin_error_name("janus.plugin.echotest", 413) == "INVALID_ELEMENT"
    assert plugin_error_name("janus.plugin.audiobridge", 485) == "NO_SUCH_ROOM"
    assert plugin_error_name("janus.plugin.echotest", 485) == "UNKNOWN_CODE"
    assert plugin_error_name("janus.plugin.of.mine", 413) == "UNKNOWN_CODE"
    shared = {codes[447] for codes in PLUGIN_ERRORS.values() if 447 in codes}
    assert len(shared) > 1
