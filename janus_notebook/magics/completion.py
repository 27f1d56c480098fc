"""Completion of ``%janus`` lines, from what is known here; never by a network call."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.commands import NAMES, load
from janus_notebook.magics.context import Context

__all__ = ["complete"]


def complete(shell: Any, event: Any) -> list[str]:
    """Candidates for the word under the cursor; IPython's ``complete_command`` hook.

    Args:
        shell: the IPython shell.
        event: with ``line``, the text up to the cursor, and ``symbol``, the word being typed.
    """
    before = event.line[: len(event.line) - len(event.symbol)].split()
    words = before[before.index("%janus") + 1 :] if "%janus" in before else before[1:]
    if not words:
        candidates: list[str] = list(NAMES)
    elif words[0] not in NAMES:
        return []
    else:
        command = load(words[0])
        context = Context(shell)
        if words[-1] == "--session":
            candidates = list(context.sessions())
        elif command.complete is not None:
            candidates = list(command.complete(context, words[1:]))
        elif event.symbol.startswith("-"):
            candidates = command.parser.option_names()
        else:
            candidates = [*command.words(context), *command.parser.option_names()]
    return sorted({word for word in candidates if word.startswith(event.symbol)})
