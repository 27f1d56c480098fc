"""The ``%janus`` line magic and its settings."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class
from traitlets import Enum
from traitlets.config import Configurable

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import split
from janus_notebook.magics.commands import NAMES, load
from janus_notebook.magics.context import Context

__all__ = ["JanusMagics"]


@magics_class
class JanusMagics(Magics, Configurable):
    """``%janus``; ``%config JanusMagics`` lists its settings."""

    nest_asyncio = Enum(
        ["auto", "always", "never"],
        default_value="auto",
        help="Whether cells may call asyncio.run(...): when one does (auto), always, or never.",
    ).tag(config=True)

    @line_magic
    def janus(self, line: str) -> Any:
        """Work with a Janus WebRTC server: ``%janus help`` lists the sub-commands."""
        words = split(line)
        name = words[0] if words else "help"
        if name not in NAMES:
            raise JanusOptionError.unknown("command of %janus", name, NAMES)
        command = load(name)
        return command.run(Context(self.shell), command.parser.parse(words[1:]))
