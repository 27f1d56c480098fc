"""``%janus record``: what a session has seen, as a file."""

from __future__ import annotations

from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.commands.replay import SUFFIXES
from janus_notebook.magics.context import Context
from janus_notebook.notebook import recordings

_parser = Parser("record", "Save all that a session has sent, received and gone through, for %janus replay.")
_parser.add_argument("file", nargs="?", metavar="FILE", help="such as call.jsonl")
_how = _parser.add_mutually_exclusive_group()
_how.add_argument(
    "--live", action="store_true", help="and go on with what comes, until --stop or the session's end"
)
_how.add_argument("--stop", action="store_true", help="end the recordings that go on, or that of FILE")
_parser.add_session()
_parser.add_argument("--overwrite", action="store_true", help="a file of that name is replaced")


def _run(context: Context, options: Any) -> None:
    if options.stop:
        for done in recordings.stop(options.file):
            print(done)  # noqa: T201 - what there is now
        return
    if options.file is None:
        raise JanusOptionError("which file?", hint="%janus record call.jsonl")
    if not options.file.endswith(SUFFIXES[0]):
        raise JanusOptionError(
            f"{options.file!r} has no name of a recording", hint=f"Write %janus record {options.file}.jsonl."
        )
    session, _ = context.seen(options.session)
    if options.live:
        print(recordings.start(session, options.file, overwrite=options.overwrite))  # noqa: T201
        print("It goes on until %janus record --stop.")  # noqa: T201
    else:
        print(recordings.save(session, options.file, overwrite=options.overwrite))  # noqa: T201


COMMAND = Command(_parser, _run, lambda _context: recordings.running(), example="%janus record call.jsonl")
