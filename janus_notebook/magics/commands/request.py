"""``%janus request``: one request to a plugin, in a line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from janus_notebook.errors import JanusError, JanusOptionError, nearest
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.magics.known import request_names, request_words
from janus_notebook.magics.literals import LiteralError, parse_body, parse_value
from janus_notebook.magics.requests import ask, known_requests, parameters, variable_with_jsep

_parser = Parser("request", "Send a request to a handle's plugin, by its Janus name, and show the answer.")
_parser.add_argument("handle", metavar="HANDLE", help="its variable or id")
_parser.add_argument("request", nargs="?", metavar="NAME", help="such as configure; or a whole body {...}")
_parser.add_argument(
    "parameters",
    nargs="*",
    metavar="KEY=VALUE",
    help="a number, true, false, null, a text, {...}, [...] or $variable; digits in quotes are a text",
)
_parser.add_timeout()
_parser.add_binding(what="the answer")
_parser.add_argument("--jsep", metavar="NAME", help="a variable with {type, sdp}, to be sent along")
_parser.add_argument("--raw", action="store_true", help="send it as it is, whatever the plugin's class knows")


def _run(context: Context, options: Any) -> Any:
    handle = _handle(context, options)
    known = known_requests(handle)
    if options.request is None:
        raise JanusOptionError(f"which request to {options.handle}?", hint=nearest("", known))
    if options.request.startswith("{"):
        body = _body(options.request)
    elif "=" in options.request:
        raise JanusOptionError(
            "the name of the request comes before its parameters",
            hint=f"%janus request {options.handle} NAME {options.request}. {nearest('', known)}",
        )
    else:
        body = {"request": options.request}
    body |= dict(_parameter(context, known, body, word) for word in options.parameters)
    jsep = variable_with_jsep(context, options.jsep)
    return ask(context, handle, body, jsep=jsep, timeout=context.timeout(options), raw=options.raw)


def _handle(context: Context, options: Any) -> Any:
    try:
        return context.handle(options.handle)
    except JanusOptionError:
        # The name of a request, where that of a handle belongs?
        for name, handle in context.handles().items():
            if options.handle in known_requests(handle):
                raise JanusOptionError(
                    f"{options.handle} is a request, and the handle comes first",
                    hint=f"%janus request {name} {options.handle}",
                ) from None
        raise


def _body(text: str) -> dict[str, Any]:
    try:
        return parse_body(text)
    except LiteralError as exc:
        raise JanusOptionError(f"the body, character {exc.column}: {exc.message}", hint=exc.hint) from None


def _parameter(context: Context, known: dict[str, Any], body: dict[str, Any], word: str) -> tuple[str, Any]:
    key, equals, text = word.partition("=")
    if not equals or not key:
        method = known.get(str(body.get("request")))
        first = next(iter(parameters(method)), "KEY") if method is not None else "KEY"
        raise JanusOptionError(
            f"{word!r} is no parameter", hint=f"Write {first}={word}, without spaces around the =."
        )
    if text.startswith("$"):
        try:
            return key, context.value(text[1:])
        except LookupError:
            raise JanusOptionError(f"{key}: there is no variable {text[1:]!r}") from None
    if not text:
        raise JanusOptionError(f"{key}= has no value", hint=f'An empty text is {key}="".')
    try:
        return key, parse_value(text)
    except LiteralError as exc:
        raise JanusOptionError(f"{key}, character {exc.column}: {exc.message}", hint=exc.hint) from None


def _complete(context: Context, before: list[str], current: str) -> Iterable[str]:
    if not before:
        return context.handles()
    try:
        handle = context.handle(before[0])
    except JanusError:
        return ()
    if len(before) == 1:
        return request_names(handle)
    return request_words(handle, before[1], [word for word in before[2:] if re.match(r"\w+=", word)], current)


COMMAND = Command(
    _parser, _run, complete=_complete, example="%janus request echo configure audio=true video=false"
)
