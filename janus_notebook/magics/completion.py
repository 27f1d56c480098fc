"""Completion of ``%janus`` and ``%%janus``, from what is known here; never by a network call."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from janus_notebook.errors import JanusError
from janus_notebook.magics import cell_body
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import NAMES, load
from janus_notebook.magics.context import Context
from janus_notebook.magics.known import body_words

__all__ = ["complete", "matcher_of"]

_LINE = re.compile(r"^\s*(?:[A-Za-z_][\w.]*\s*=\s*)?%janus\s+(?P<words>.*)$", re.DOTALL)
_CELL = re.compile(r"^\s*%%janus\s+(?P<words>.*)$")


def matcher_of(context: Context) -> Any:
    """The matcher that IPython's completer asks, beside its own."""

    def matcher(cursor: CompletionContext) -> SimpleMatcherResult:
        fragment, found = complete(context, cursor.full_text, cursor.cursor_line, cursor.text_until_cursor)
        return {
            "completions": [SimpleCompletion(text, type="janus") for text in found],
            "matched_fragment": fragment,
            "suppress": True,  # names of Python have no business there
            "ordered": True,
        }

    marked: Any = context_matcher(identifier="janus_notebook")
    return marked(matcher)


def complete(context: Context, cell: str, number: int, before: str) -> tuple[str, list[str]]:
    """The word under the cursor, as far as it is written, and what it can become.

    Args:
        context: of the notebook.
        cell: all of its text.
        number: of the line that the cursor is in, from 0.
        before: that line, up to the cursor.
    """
    lines = cell.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    try:
        if lines[first].lstrip().startswith("%%janus"):
            if number > first:
                body = "\n".join([*lines[first + 1 : number], before])
                handle = _handle_of(context, lines[first])
                return ("", []) if handle is None else body_words(handle, body)
            found = _CELL.match(before)
            return _chosen(found, lambda words, _: _of_cell(context, words))
        return _chosen(_LINE.match(before), lambda words, current: _of_line(context, words, current))
    except JanusError:
        return "", []


def _chosen(found: re.Match[str] | None, candidates: Any) -> tuple[str, list[str]]:
    if found is None:
        return "", []
    words = re.split(r"\s+", found["words"])
    current = words.pop()
    return current, [word for word in dict.fromkeys(candidates(words, current)) if word.startswith(current)]


def _of_line(context: Context, words: list[str], current: str) -> Iterable[str]:
    words = [word for word in words if word != "--traceback"]
    if not words:
        return [*NAMES, "--traceback"] if current.startswith("-") else NAMES
    if words[0] not in NAMES:
        return ()
    command = load(words[0])
    if (values := _values(context, command.parser, words[1:])) is not None:
        return values
    if command.complete is not None:
        candidates = command.complete(context, _positional(command.parser, words[1:]), current)
    else:
        candidates = command.words(context)
    return [*candidates, *_options(command.parser, words)]


def _of_cell(context: Context, words: list[str]) -> Iterable[str]:
    if (values := _values(context, cell_body.PARSER, words)) is not None:
        return values
    handles = () if _positional(cell_body.PARSER, words) else context.handles()
    return [*handles, *_options(cell_body.PARSER, words)]


def _options(parser: Parser, words: list[str]) -> list[str]:
    return [name for name in parser.option_names() if name not in words]


def _values(context: Context, parser: Parser, words: list[str]) -> Iterable[str] | None:
    """What can follow the option that is the last word; None if it is none, or needs no value."""
    option = parser.option(words[-1]) if words else None
    if option is None or option.nargs == 0:
        return None
    if option.choices is not None:
        return [str(choice) for choice in option.choices]
    if option.nargs == "?":
        return None
    if option.dest == "session":
        return context.sessions()
    if option.dest == "jsep":
        return [
            name
            for name, value in context.names.items()
            if isinstance(value, Mapping) and "sdp" in value and not name.startswith("_")
        ]
    return ()


def _positional(parser: Parser, words: list[str]) -> list[str]:
    """The words that are neither options nor their values."""
    found, skip = [], False
    for word in words:
        option = parser.option(word)
        if skip:
            skip = False
        elif option is not None:
            skip = option.nargs is None and not isinstance(option, argparse._StoreTrueAction)
        elif not word.startswith("-"):
            found.append(word)
    return found


def _handle_of(context: Context, line: str) -> Any:
    """The handle of a cell, or None if it is not known."""
    words = _positional(cell_body.PARSER, line.split()[1:])
    return context.handle(words[0]) if words else None
