"""The ``%janus`` and ``%%janus`` magics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.magics import cell_body
from janus_notebook.magics.arguments import split
from janus_notebook.magics.commands import NAMES, load, run
from janus_notebook.magics.context import Context
from janus_notebook.magics.failures import dress
from janus_notebook.magics.settings import MagicSettings

__all__ = ["JanusMagics", "not_loaded"]

HELP = ("--help", "-h", "-?", "?")


@magics_class
class JanusMagics(Magics, MagicSettings):
    """``%janus`` and ``%%janus``; ``%config JanusMagics`` lists their settings."""

    # Variables are put in by `split`: IPython's own way would change the braces of JSON.
    @needs_local_scope
    @no_var_expand
    @line_cell_magic
    def janus(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Work with a Janus WebRTC server: ``%janus help`` lists the sub-commands.

        ``%%janus HANDLE`` sends the rest of the cell as a request: ``{"request": "list"}``.
        """
        traceback = bool(self.traceback) or "--traceback" in line.split()
        silent = line.rstrip().endswith(";")
        try:
            context = Context(self.shell, self, local_ns)
            before = "%janus " if cell is None else "%%janus "
            words = split(line.rstrip().removesuffix(";"), context.value, before=before)
            words = [word for word in words if word != "--traceback"]
            result = _command(context, words) if cell is None else cell_body.send(context, words, cell)
        except UsageError:
            raise
        except Exception as exc:
            dress(exc, self.shell, traceback=traceback)
            raise
        return None if silent else result


def _command(context: Context, words: list[str]) -> Any:
    name = words[0] if words else "help"
    if any(word in HELP for word in words):
        return run(context, load("help"), [word for word in words[:1] if word in NAMES])
    if name in NAMES:
        return run(context, load(name), words[1:])
    if name in context.handles():
        hint = f"For a request: %janus request {name} NAME. With a body below: %%janus {name}."
        raise JanusOptionError(f"{name} is a handle, and %janus wants a command first", hint=hint)
    if name in context.sessions():
        raise JanusOptionError(
            f"{name} is a session, and %janus wants a command first", hint=f"To see it: %janus panel {name}."
        )
    error = JanusOptionError.unknown("command of %janus", name, NAMES)
    raise JanusOptionError(error.message, hint=f"{error.hint} %janus help explains them.")


def not_loaded(line: str, cell: str | None = None) -> None:
    """What ``%janus`` is after ``%unload_ext janus_notebook``."""
    raise JanusStateError("janus_notebook is not loaded", hint="Load it: %load_ext janus_notebook.")
