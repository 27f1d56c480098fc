"""``%janus doctor``: what stands between this notebook and working media with a server."""

from __future__ import annotations

from collections.abc import Iterable
from queue import Empty, SimpleQueue
from typing import Any

from janus_notebook.bridge import Call
from janus_notebook.config import mask_url
from janus_notebook.doctor import Check
from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser, seconds
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.notebook.connect import open_sessions
from janus_notebook.notebook.doctor import examine
from janus_notebook.panels import display, show_doctor

POLL_SECONDS = 0.1

_parser = Parser(
    "doctor",
    "Check step by step what stands between this notebook and working media with a server, this browser "
    "included, and name the one thing to fix.",
)
_parser.add_argument("url", nargs="?", help="the server; else the one that %%janus connect would take")
_parser.add_argument(
    "--plugin", action="append", default=[], metavar="NAME", help="a plugin that it must have; several times"
)
_parser.add_argument("--no-media", action="store_true", help="no EchoTest; sends nothing over UDP")
_parser.add_argument(
    "--timeout", type=seconds, default=10.0, metavar="SECONDS", help="for each step; else 10"
)
_parser.add_binding(what="the diagnosis")


def _run(context: Context, options: Any) -> None:
    ours = context.sessions().get(options.url) or context.handles().get(options.url)
    if ours is not None:
        session = getattr(ours, "session", ours)
        raise JanusOptionError(
            f"the doctor wants the URL of a server, and {options.url} is one of this kernel's own",
            hint=f"Write %janus doctor {mask_url(session.base_url)}.",
        )
    ended: SimpleQueue[Check] = SimpleQueue()
    diagnosis, call = examine(
        options.url,
        plugins=options.plugin,
        media=not options.no_media,
        timeout=options.timeout,
        on_check=ended.put,
    )
    if options.bind is not None:
        context.assign(options.bind, diagnosis)
    if display.has_widgets():
        refresh = show_doctor(diagnosis)
        call.result()
        refresh()
    else:
        print(f"Janus doctor: {diagnosis.url}", flush=True)  # noqa: T201 - a terminal has no panel
        _print(call, ended)
        print(f"\n{diagnosis.verdict}")  # noqa: T201 - what it is all about


def _print(call: Call[None], ended: SimpleQueue[Check]) -> None:
    """Print each step as it ends, from the thread that runs the cell; Ctrl-C ends the examination."""
    try:
        while not (call.done() and ended.empty()):
            try:
                print(ended.get(timeout=POLL_SECONDS), flush=True)  # noqa: T201
            except Empty:
                continue
    except KeyboardInterrupt:
        call.cancel()
        raise
    call.result()


def _urls(_context: Context) -> Iterable[str]:
    return dict.fromkeys(session.base_url for session in open_sessions())


COMMAND = Command(_parser, _run, _urls, example="%janus doctor ws://localhost:8188 --plugin videoroom")
