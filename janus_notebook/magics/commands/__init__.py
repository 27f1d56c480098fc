"""The sub-commands of ``%janus``. Each module has a `COMMAND`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import MissingArgumentError, Parser
from janus_notebook.magics.context import Context

__all__ = ["NAMES", "Command", "load", "run"]

NAMES = (
    "serve",
    "stop",
    "connect",
    "destroy",
    "status",
    "info",
    "attach",
    "detach",
    "handles",
    "request",
    "send",
    "panel",
    "events",
    "ladder",
    "record",
    "replay",
    "admin",
    "doctor",
    "monitor",
    "bundle",
    "config",
    "help",
)


def _nothing(_context: Context) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Command:
    """One sub-command.

    Attributes:
        parser: its options. One called ``bind`` gives the result a name.
        run: does it and returns what the cell shows, or None.
        words: what can stand for its positional arguments, from what is known here; for completion.
        complete: the same for a command whose words depend on those before, which it is given with the
            one that is being typed.
        example: a line as a person would type it.
    """

    parser: Parser
    run: Callable[[Context, Any], Any]
    words: Callable[[Context], Iterable[str]] = _nothing
    example: str = ""
    complete: Callable[[Context, list[str], str], Iterable[str]] | None = None


def load(name: str) -> Command:
    """The command called `name`, one of `NAMES`."""
    command: Command = import_module(f"{__name__}.{name}").COMMAND
    return command


def run(context: Context, command: Command, words: list[str]) -> Any:
    """Carry out a command, and give its result the name that was asked for."""
    try:
        options = command.parser.parse(words)
    except MissingArgumentError as exc:
        given = [word for word in words if not word.startswith("-")]
        known = list(command.complete(context, given, "") if command.complete else command.words(context))
        hint = f"There are: {', '.join(known)}." if known and not given else exc.hint
        raise JanusOptionError(exc.message, hint=hint) from None
    if getattr(options, "bind", None) is not None:
        context.check_name(options.bind)
    result = command.run(context, options)
    if getattr(options, "bind", None) is not None and result is not None:
        context.assign(options.bind, result)
    return result
