"""The lines of ``%janus``, parsed."""

from __future__ import annotations

import pytest

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import split
from janus_notebook.magics.commands import NAMES, load


def test_every_command_has_a_summary_an_example_and_help() -> None:
    for name in NAMES:
        command = load(name)
        assert command.parser.description
        assert command.example.startswith(f"%janus {name}")
        assert command.parser.parse(split(command.example.removeprefix(f"%janus {name}"))) is not None
        assert command.parser.format_help().startswith(f"usage: %janus {name}")


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("attach", "", "the following arguments are required: plugin"),
        ("attach", "echotest --ass e", "unknown option '--ass'. Did you mean '--as'?"),
        ("attach", "echotest --as", "expected one argument"),
        ("attach", "echotest video", "unexpected 'video'"),
        ("connect", "--timeout soon", "a number of seconds above 0 is expected, not 'soon'"),
        ("serve", "--session-timeout=x", "invalid int value: 'x'"),
        ("serve", "--no-trickel", "unknown option '--no-trickel'. Did you mean '--no-trickle'?"),
        ("stop", "--now", "unknown option '--now'. It takes no options."),
        ("status", "everything", "unexpected 'everything'"),
    ],
)
def test_a_wrong_line_is_one_sentence_that_says_what_is_right(name: str, line: str, text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        load(name).parser.parse(split(line))
    assert text in str(caught.value)
    assert str(caught.value).startswith(f"%janus {name}: ")
    assert "\n" not in str(caught.value)


def test_an_open_quote_is_named() -> None:
    with pytest.raises(JanusOptionError, match="Close the quote"):
        split("connect 'ws://localhost")
