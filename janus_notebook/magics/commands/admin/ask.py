"""The verbs of ``%janus admin`` that let the server ask others: its plugins, the DNS, a STUN server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from janus_notebook.config import mask
from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.commands.admin.verbs import Verb, admin_of, confirmed, verb_parser
from janus_notebook.magics.context import Context
from janus_notebook.plugins import known_plugins
from janus_notebook.texts import NAME_LIMIT, clean

__all__ = ["VERBS"]


def _run_message(context: Context, options: Any) -> None:
    try:
        request = json.loads(options.request)
    except ValueError as exc:
        # A word is a request without parameters.
        if not options.request.isidentifier():
            raise JanusOptionError(
                f"the request is no JSON: {exc}", hint="""Quote it: '{"request": "list"}'."""
            ) from exc
        request = {"request": options.request}
    answer = admin_of(context, options).message_plugin(options.plugin, request=request).result()
    print(json.dumps(mask(answer.data), indent=2))  # noqa: T201 - what was asked for


def _run_resolve(context: Context, options: Any) -> None:
    found = admin_of(context, options).resolve_address(options.address).result()
    print(clean(f"{options.address} is {found.ip}, found in {found.elapsed / 1000:.1f} ms"))  # noqa: T201


def _run_stun(context: Context, options: Any) -> None:
    admin = admin_of(context, options)
    if confirmed(admin, "Hold up every request of everybody for up to 5 s", options.yes):
        found = admin.test_stun(address=options.address, port=options.port).result()
        seconds = found.elapsed / 1_000_000
        seen = clean(found.public_ip, NAME_LIMIT)
        print(f"{options.address} sees {seen}:{found.public_port}, after {seconds:.3f} s")  # noqa: T201


def _plugin_words(_context: Context, before: list[str]) -> Iterable[str]:
    return () if before else [name.rpartition(".")[2] for name in known_plugins()]


_message = verb_parser("message", "Send a management request to a plugin and print its answer.")
_message.add_argument("plugin", metavar="PLUGIN", help="such as videoroom")
_message.add_argument("request", metavar="REQUEST", help="""such as list, or '{"request": "list"}'""")
_resolve = verb_parser("resolve", "Let the server look up a host name.")
_resolve.add_argument("address", metavar="HOST")
_stun = verb_parser("stun", "Let the server ask a STUN server for its address; all others wait meanwhile.")
_stun.add_argument("address", metavar="HOST")
_stun.add_argument("port", type=int, nargs="?", default=3478, metavar="PORT", help="else 3478")
_stun.add_argument("--yes", action="store_true", help="do not ask")

VERBS = {
    "message": Verb(_message, _run_message, _plugin_words),
    "resolve": Verb(_resolve, _run_resolve),
    "stun": Verb(_stun, _run_stun),
}
