"""A command-line parser for magics: it raises our error instead of leaving the kernel."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from janus_notebook.errors import JanusOptionError, nearest

__all__ = ["Parser", "split"]


class Parser(argparse.ArgumentParser):
    """The parser of one sub-command."""

    def __init__(self, command: str, summary: str, **kwargs: Any) -> None:
        super().__init__(
            prog=f"%janus {command}",
            description=summary,
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
            **kwargs,
        )

    def error(self, message: str) -> NoReturn:
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

    def option_names(self) -> list[str]:
        """The long options, for completion and near misses."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]

    def usage_line(self) -> str:
        """How it is written, on one line."""
        return " ".join(self.format_usage().removeprefix("usage:").split())


def split(line: str) -> list[str]:
    """Split a magic's line into words as a shell does.

    Raises:
        JanusOptionError: a quote is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as exc:
        raise JanusOptionError(f"%janus {line}: {exc}", hint="Close the quote.") from exc
