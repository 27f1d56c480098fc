"""The verbs of ``%janus admin`` that change something. What ends somebody's call asks first."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Iterable
from typing import Any

from janus_notebook.bridge import background
from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.client.admin.capture import Capture
from janus_notebook.client.requests import requests_of
from janus_notebook.client.tables import Table
from janus_notebook.config import MASK
from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands.admin.verbs import (
    Verb,
    admin_of,
    confirmed,
    handle_ids,
    handle_words,
    on_a_handle,
    session_id,
    session_words,
    verb_parser,
)
from janus_notebook.magics.context import Context
from janus_notebook.notebook.forms import core_of
from janus_notebook.texts import NAME_LIMIT, clean

__all__ = ["VERBS"]

SWITCH = {
    "on": True,
    "yes": True,
    "true": True,
    "1": True,
    "off": False,
    "no": False,
    "false": False,
    "0": False,
}
TOKEN_ACTIONS = ("list", "add", "allow", "disallow", "remove")

# Each ``set_...`` request, by what it sets, with the type of its value.
SETTINGS: dict[str, type[int]] = {
    name.removeprefix("set_"): next(iter(typing.get_type_hints(method).values()))
    for name, method in requests_of(JanusAdmin).items()
    if name.startswith("set_")
}


def _switched(word: str) -> bool:
    if word.lower() not in SWITCH:
        raise JanusOptionError(f"{word!r} is neither on nor off", hint="Write on or off.")
    return SWITCH[word.lower()]


def _run_set(context: Context, options: Any) -> None:
    if options.value is None:  # both in one word
        options.name, _, options.value = options.name.partition("=")
    name = options.name.replace("-", "_").removeprefix("set_")
    if name not in SETTINGS:
        raise JanusOptionError.unknown("setting", options.name, SETTINGS)
    if not options.value:
        raise JanusOptionError(f"what is {name} to be?", hint=f"Write %janus admin set {name} VALUE.")
    value: int
    if SETTINGS[name] is bool:
        value = _switched(options.value)
    elif options.value.removeprefix("-").isdecimal():
        value = int(options.value)
    else:
        raise JanusOptionError(f"{name} is a whole number, not {options.value!r}")
    given = {}
    if options.session is not None:
        if name != "session_timeout":
            raise JanusOptionError(f"{name} is the same for all sessions", hint="Leave --session out.")
        given["session_id"] = session_id(context, options.session)
    changed = getattr(admin_of(context, options), f"set_{name}")(value, **given).result()
    print(f"{name} is {clean(changed.value, NAME_LIMIT)} now")  # noqa: T201 - what was done


def _setting_words(_context: Context, before: list[str]) -> Iterable[str]:
    if not before:
        return SETTINGS
    return ("on", "off") if len(before) == 1 and SETTINGS.get(before[0]) is bool else ()


def _run_accept(context: Context, options: Any) -> None:
    accept = _switched(options.value)
    admin = admin_of(context, options)
    if accept or confirmed(admin, "Refuse every new session", options.yes):
        admin.accept_new_sessions(accept).result()
        print("New sessions are taken." if accept else "New sessions are refused.")  # noqa: T201


def _run_tokens(context: Context, options: Any) -> Table | None:
    admin = admin_of(context, options)
    token, plugins = options.token, options.plugins
    if options.action == "list":
        rows = [
            (each.token if options.secrets else MASK, ", ".join(each.allowed_plugins))
            for each in admin.list_tokens().result()
        ]
        return Table([("token", "allowed plugins"), *rows])
    if token is None:
        raise JanusOptionError(f"which token is to be used for {options.action!r}?", hint="Write it behind.")
    if options.action == "remove":
        if confirmed(admin, "Remove the token", options.yes):
            admin.remove_token(token).result()
            print("The token is removed.")  # noqa: T201
        return None
    method = getattr(admin, f"{options.action}_token")
    allowed = (
        method(token, plugins=plugins or None) if options.action == "add" else method(token, plugins=plugins)
    )
    print(clean("The token is good for: " + (", ".join(allowed.result().plugins) or "nothing")))  # noqa: T201
    return None


def _run_destroy(context: Context, options: Any) -> None:
    chosen = session_id(context, options.session)
    admin = admin_of(context, options)
    if confirmed(admin, f"Destroy session {chosen} with all its handles", options.yes):
        admin.destroy_session(chosen).result()
        print(f"Session {chosen} is destroyed; its owner is not told.")  # noqa: T201


def _run_detach(context: Context, options: Any) -> None:
    session, handle = handle_ids(context, options)
    admin = admin_of(context, options)
    if confirmed(admin, f"Detach handle {handle}", options.yes):
        admin.detach_handle(session, handle).result()
        print(f"Handle {handle} is detached.")  # noqa: T201


def _run_hangup(context: Context, options: Any) -> None:
    session, handle = handle_ids(context, options)
    admin = admin_of(context, options)
    if confirmed(admin, f"Close the PeerConnection of handle {handle}", options.yes):
        admin.hangup_webrtc(session, handle).result()
        print(f"The PeerConnection of handle {handle} is closed.")  # noqa: T201


def _run_capture(context: Context, options: Any) -> None:
    session, handle = handle_ids(context, options)
    if options.seconds <= 0:
        raise JanusOptionError(f"--seconds must be above 0, not {options.seconds:g}")
    core: JanusAdmin = core_of(admin_of(context, options))
    kind: typing.Literal["pcap", "text2pcap"] = "text2pcap" if options.text else "pcap"
    given = {"folder": options.folder, "filename": options.file, "truncate": options.truncate}

    async def work() -> Capture:
        async with core.capture(session, handle, kind=kind, **given) as capture:
            await asyncio.sleep(options.seconds)
        return capture

    # An interrupted cell ends the capture too.
    capture = background().submit(work, name="capture").result()
    print(f"Captured {options.seconds:g} s to {clean(capture.path)} on the server's machine.")  # noqa: T201


def _run_log(context: Context, options: Any) -> None:
    admin_of(context, options).custom_logline(" ".join(options.line), level=options.level).result()


def _asking(parser: Parser) -> Parser:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


_set = verb_parser("set", "Change a setting until the server ends.")
_set.add_argument("name", metavar="NAME", help=", ".join(SETTINGS))
_set.add_argument("value", nargs="?", metavar="VALUE", help="a number, or on or off")
_set.add_argument("--session", metavar="SESSION", help="for session_timeout: only this session's")
_accept = _asking(verb_parser("accept", "Take new sessions, or refuse them; those that exist go on."))
_accept.add_argument("value", metavar="on|off")
_tokens = _asking(verb_parser("tokens", "List the stored tokens, or add, allow, disallow, remove one."))
_tokens.add_argument("action", nargs="?", choices=TOKEN_ACTIONS, default="list")
_tokens.add_argument("token", nargs="?", metavar="TOKEN", help="$name takes it from a variable")
_tokens.add_argument("plugins", nargs="*", metavar="PLUGIN", help="what it is good for, such as videoroom")
_tokens.add_argument("--secrets", action="store_true", help="show the tokens")
_destroy = _asking(verb_parser("destroy", "Destroy anybody's session."))
_destroy.add_argument("session", metavar="SESSION", help="id, or a session's variable")
_capture = on_a_handle(verb_parser("capture", "Write a handle's packets to a file on the server's machine."))
_capture.add_argument("--seconds", type=float, default=10.0, metavar="N", help="for how long; else 10")
_capture.add_argument("--text", action="store_true", help="as text for text2pcap, in place of pcap")
_capture.add_argument("--folder", metavar="PATH", help="where; else the server's working directory")
_capture.add_argument("--file", metavar="NAME", help="else a random one")
_capture.add_argument("--truncate", type=int, metavar="BYTES", help="how much of each packet; else all")
_log = verb_parser("log", "Write a line into the server's log.")
_log.add_argument("line", nargs="+", metavar="TEXT")
_log.add_argument("--level", type=int, metavar="1-7", help="else 4, information")


def _switch_words(_context: Context, before: list[str]) -> Iterable[str]:
    return () if before else ("on", "off")


def _action_words(_context: Context, before: list[str]) -> Iterable[str]:
    return () if before else TOKEN_ACTIONS


VERBS = {
    "set": Verb(_set, _run_set, _setting_words),
    "accept": Verb(_accept, _run_accept, _switch_words),
    "tokens": Verb(_tokens, _run_tokens, _action_words),
    "destroy": Verb(_destroy, _run_destroy, session_words),
    "detach": Verb(
        _asking(on_a_handle(verb_parser("detach", "Detach anybody's handle."))), _run_detach, handle_words
    ),
    "hangup": Verb(
        _asking(on_a_handle(verb_parser("hangup", "Close the PeerConnection of anybody's handle."))),
        _run_hangup,
        handle_words,
    ),
    "capture": Verb(_capture, _run_capture, handle_words),
    "log": Verb(_log, _run_log),
}
