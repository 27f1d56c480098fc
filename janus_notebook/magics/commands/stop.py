"""``%janus stop``: end this kernel's Janus."""

from __future__ import annotations

from typing import Any

from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import stop

_parser = Parser("stop", "Stop the local gateway; its sessions are destroyed first.")


def _run(_context: Context, _options: Any) -> None:
    stop().result()


COMMAND = Command(_parser, _run, example="%janus stop")
