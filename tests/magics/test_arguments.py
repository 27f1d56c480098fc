"""The lines of ``%janus``, parsed."""

from __future__ import annotations

import pytest

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics import cell_body
from janus_notebook.magics.arguments import Parser, split
from janus_notebook.magics.commands import NAMES, Command, load, run
from janus_notebook.magics.context import Context


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
        ("attach", "", "which plugin? Usage: %janus attach"),
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


def test_a_missing_word_is_asked_for_with_those_that_are_known() -> None:
    def words(context: Context) -> list[str]:
        return ["echo", "room"]

    parser = Parser("mute", "For this test.")
    parser.add_argument("handle", metavar="HANDLE")
    parser.add_argument("value", metavar="VALUE")
    command = Command(parser, lambda context, options: None, words)
    with pytest.raises(JanusOptionError, match=r"^%janus mute: which handle\?\ There are: echo, room\.$"):
        run(Context(None), command, [])
    with pytest.raises(JanusOptionError, match=r"^%janus mute: which value\?\ Usage: "):
        run(Context(None), command, ["echo"])  # the words are those for the first
    assert cell_body.PARSER.parse([]).handle is None  # the only one, or it asks like %janus detach


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  connect   ws://host:8188 ", ["connect", "ws://host:8188"]),
        ("admin log 'it is' \"so\"", ["admin", "log", "it is", "so"]),
        ("request echo configure video=true", ["request", "echo", "configure", "video=true"]),
        # Data keeps its quotes, and its blanks.
        ('request room join display="my name"', ["request", "room", "join", 'display="my name"']),
        ('x streams=[{"feed": 1}, {}]', ["x", 'streams=[{"feed": 1}, {}]']),
        ('send {"a": [1, "}"], "b": 2}', ["send", '{"a": [1, "}"], "b": 2}']),
        ("message '{\"a\": 1}'", ["message", '{"a": 1}']),
        ("connect ws://[::1]:8188", ["connect", "ws://[::1]:8188"]),
        (r"say it\'s", ["say", "it's"]),
        ("x=$name y", ["x=$name", "y"]),
        # A comment, as a line of Python may have one: what is pasted from a text.
        ("serve  # it's a gateway (of this kernel", ["serve"]),
        ("#", []),
        ("say a#1 '#2' \\#3", ["say", "a#1", "#2", "#3"]),
        # Variables, as in any magic.
        ("detach $a.id", ["detach", "17"]),
        ("detach {a.id}", ["detach", "17"]),
        ("connect ws://$host:8188/{path}", ["connect", "ws://example.org:8188/janus"]),
        ("detach $nobody {nobody} '$host'", ["detach", "$nobody", "{nobody}", "$host"]),
        ("connect $quoted", ["connect", "it's"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    known = {"a.id": 17, "host": "example.org", "path": "janus", "quoted": "it's"}
    assert split(line, known.__getitem__) == words


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("connect 'ws://localhost", "the quote ' in column 16 is not closed. Close the quote."),
        ('send {"a": [1}', "the bracket [ in column 19 is not closed. Write ]."),
        ("x y\\", "the line ends with a backslash"),
    ],
)
def test_what_is_open_is_named_without_its_text(line: str, text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        split(line)
    assert text in str(caught.value)
    assert "localhost" not in str(caught.value)  # a secret may stand there
