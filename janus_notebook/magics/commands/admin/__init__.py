"""``%janus admin``: a server's Admin API, one verb for each thing to look at or to do."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command, run
from janus_notebook.magics.commands.admin import ask, change, show
from janus_notebook.magics.commands.admin.verbs import handle_words
from janus_notebook.magics.context import Context

VERBS = {**show.VERBS, **change.VERBS, **ask.VERBS}

_parser = Parser(
    "admin",
    "Look at and change a whole server: all sessions, settings, tokens, captures.",
    formatter_class=argparse.RawDescriptionHelpFormatter,
    epilog="verbs:\n"
    + "\n".join(f"  {verb.parser.usage_line()}\n      {verb.parser.description}" for verb in VERBS.values()),
)
_parser.add_argument("verb", nargs="?", metavar="VERB", help="one of those below; else an overview")
_parser.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="what belongs to it")


def _run(context: Context, options: Any) -> Any:
    if options.verb is None:
        return show.overview(context)
    if "://" in options.verb:
        raise JanusOptionError(
            "%janus admin wants a verb, not a URL",
            hint="Connect first, in Python: server = await admin(URL, admin_secret=...).",
        )
    if options.verb in context.handles():
        raise JanusOptionError(
            f"{options.verb} is a handle, and %janus admin wants a verb first",
            hint=f"Write %janus admin info {options.verb}.",
        )
    if options.verb not in VERBS:
        raise JanusOptionError.unknown("verb of %janus admin", options.verb, VERBS)
    verb = VERBS[options.verb]
    # A handle may be named without its session.
    words = Context.handles if verb.words is handle_words else lambda context: verb.words(context, [])
    return run(context, Command(verb.parser, verb.run, words), options.words)


def _complete(context: Context, before: list[str], _current: str) -> Iterable[str]:
    if not before:
        return VERBS
    if before[0] not in VERBS:
        return ()
    verb = VERBS[before[0]]
    words = [word for word in before[1:] if not word.startswith("-")]
    return [*verb.words(context, words), *verb.parser.option_names()]


COMMAND = Command(_parser, _run, complete=_complete, example="%janus admin sessions")
