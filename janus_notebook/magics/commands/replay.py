"""``%janus replay``: play a recording."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from janus_notebook.magics.arguments import Parser, above_zero
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.replays import replay

SUFFIXES = (".jsonl", ".zip")

_parser = Parser("replay", "Play a file of %janus record into live panels; it needs no server.")
_parser.add_argument("file", metavar="FILE", help="such as call.jsonl, or a support bundle")
_parser.add_argument(
    "--speed",
    type=above_zero,
    default=1.0,
    metavar="X",
    help="2 is twice as fast, inf everything at once; else 1",
)
_parser.add_binding(what="the replay: its pause(), play(), seek(seconds)")


def _run(_context: Context, options: Any) -> Any:
    return replay(options.file, speed=options.speed)


def _files(_context: Context, before: list[str], current: str) -> Iterable[str]:
    """Recordings in the folder that is being typed, and folders."""
    if before:
        return ()
    folder = os.path.dirname(current)
    try:
        entries = sorted(Path(folder or ".").expanduser().iterdir())
    except OSError:
        return ()
    return [
        os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
        for entry in entries
        if (entry.suffix in SUFFIXES or entry.is_dir()) and not entry.name.startswith(".")
    ]


COMMAND = Command(_parser, _run, complete=_files, example="%janus replay call.jsonl --speed 2")
