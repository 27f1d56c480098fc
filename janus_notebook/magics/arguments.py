"""The words of a magic's line, and a parser for them that raises our error instead of leaving the kernel."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from janus_notebook.errors import JanusOptionError, nearest

__all__ = ["MissingArgumentError", "Parser", "above_zero", "seconds", "split"]

# What argparse says of positional arguments that are missing.
_REQUIRED = "the following arguments are required: "

_CLOSING = {"{": "}", "[": "]"}

# A word that is data: its quotes say what is a text, and stay.
_DATA = re.compile(r"[{\[]|\w+=")

# As in any magic of IPython, $name and {name} stand for a variable, or an attribute of one.
_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_VARIABLE = re.compile(rf"\$({_NAME})|\{{({_NAME})\}}")


class MissingArgumentError(JanusOptionError):
    """A positional argument is missing."""


class Parser(argparse.ArgumentParser):
    """The parser of one sub-command."""

    def __init__(self, command: str, summary: str, *, prefix: str = "%janus ", **kwargs: Any) -> None:
        super().__init__(
            prog=f"{prefix}{command}",
            description=summary,
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
            **kwargs,
        )

    def error(self, message: str) -> NoReturn:
        if message.startswith(_REQUIRED):
            first = message.removeprefix(_REQUIRED).split(", ")[0].lower()
            raise MissingArgumentError(f"{self.prog}: which {first}?", hint=f"Usage: {self.usage_line()}")
        raise JanusOptionError(f"{self.prog}: {message}", hint=f"Usage: {self.usage_line()}")

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Parse `words`; a wrong one is a `JanusOptionError` that names the nearest right one."""
        try:
            options, rest = self.parse_known_args(words)
        except argparse.ArgumentError as exc:
            self.error(str(exc))
        if rest:
            word = rest[0]
            if word.startswith("-"):
                hint = nearest(word, self.option_names()) if self.option_names() else "It takes no options."
                raise JanusOptionError(f"{self.prog}: unknown option {word!r}", hint=hint)
            self.error(f"unexpected {word!r}")
        return options

    def add_binding(self, default: str | None = None, what: str = "what it gives") -> None:
        """Take ``--as NAME`` or ``-o NAME``: the variable for the result."""
        otherwise = f"; else {default}" if default is not None else ""
        self.add_argument(
            "--as",
            "-o",
            dest="bind",
            default=default,
            metavar="NAME",
            help=f"the variable for {what}{otherwise}",
        )

    def add_timeout(self) -> None:
        """Take ``--timeout SECONDS``."""
        self.add_argument(
            "--timeout", type=seconds, metavar="SECONDS", help="how long to wait for the answer"
        )

    def add_session(self) -> None:
        """Take ``--session NAME``."""
        self.add_argument("--session", metavar="NAME", help="the session's variable; else the newest session")

    def option_names(self) -> list[str]:
        """The long options, for completion and near misses."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]

    def option(self, word: str) -> argparse.Action | None:
        """The option that is written so, or None."""
        return self._option_string_actions.get(word)

    def usage_line(self) -> str:
        """How it is written, on one line."""
        return " ".join(self.format_usage().removeprefix("usage:").split())


def seconds(text: str) -> float:
    """A number of seconds above 0, as the value of an option."""
    value = above_zero(text, "a number of seconds above 0")
    if value == float("inf"):
        raise argparse.ArgumentTypeError("a number of seconds is expected, not infinity")
    return value


def above_zero(text: str, expected: str = "a number above 0") -> float:
    """A number above 0, as the value of an option."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{expected} is expected, not {text!r}")
    return value


def split(line: str, variable: Callable[[str], Any] | None = None, *, before: str = "%janus ") -> list[str]:
    """Split a magic's line into words.

    Quotes and brackets hold a word together. They are kept in words that are data, ``{...}``, ``[...]``
    and ``key=value``; elsewhere quotes mean what they mean to a shell. What begins with ``#`` is a comment.

    Args:
        line: what follows the magic's name.
        variable: gives the value of a name such as ``a`` or ``a.id``, for ``$a.id`` and ``{a.id}``; it
            raises a `LookupError` if there is none. Not asked for what is data or in single quotes.
        before: what stands before the line, for the column in errors.

    Raises:
        JanusOptionError: a quote or bracket is not closed.
    """
    words = []
    for word in _words(line, len(before) + 1):
        if _DATA.match(word) and not _VARIABLE.fullmatch(word):
            words.append(word)
            continue
        plain = "".join(shlex.split(word))
        if variable is not None and not word.startswith("'"):
            plain = _VARIABLE.sub(_replacing(variable), plain)
        words.append(plain)
    return words


def _replacing(variable: Callable[[str], Any]) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        try:
            return str(variable(found[1] or found[2]))
        except LookupError:
            return found[0]

    return replaced


def _words(line: str, first_column: int) -> Iterator[str]:
    word, quote = "", ""
    opened: list[tuple[str, int]] = []
    escaped = False
    for column, character in enumerate(line, start=first_column):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            if character == quote:
                quote = ""
                opened.pop()
        elif character in "'\"":
            quote = character
            opened.append((character, column))
        elif character in _CLOSING:
            opened.append((character, column))
        elif opened and character == _CLOSING[opened[-1][0]]:
            opened.pop()
        elif character.isspace() and not opened:
            if word:
                yield word
            word = ""
            continue
        elif character == "#" and not word and not opened:
            return
        word += character
    if opened:
        character, column = opened[-1]
        what, hint = (
            ("quote", "Close the quote.") if quote else ("bracket", f"Write {_CLOSING.get(character)}.")
        )
        raise JanusOptionError(f"the {what} {character} in column {column} is not closed", hint=hint)
    if escaped:
        raise JanusOptionError("the line ends with a backslash", hint="Leave it out, or write two.")
    if word:
        yield word
