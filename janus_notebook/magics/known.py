"""What is known of a handle without asking anybody: requests, their parameters, values seen before."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from janus_notebook.config import is_secret
from janus_notebook.magics.requests import known_requests, parameters
from janus_notebook.notebook.forms import core_of

__all__ = ["body_words", "request_names", "request_words"]

# How many of the newest entries of the log are looked through, and how many values are offered.
ENTRIES, VALUES = 300, 30

_REQUEST = re.compile(r"""["']request["']\s*:\s*["'](\w+)["']""")
_VALUE = re.compile(r"""["'](\w+)["']\s*:\s*(["']?)([\w.-]*)$""")
_KEY = re.compile(r"""[{,]\s*(["'])(\w*)$""")


def request_names(handle: Any) -> list[str]:
    """The requests of a handle's plugin, by their Janus names."""
    return list(known_requests(handle))


def request_words(handle: Any, name: str, given: Iterable[str], current: str) -> Iterable[str]:
    """What can follow ``%janus request HANDLE NAME``: ``key=``, or values where a key is there."""
    method = known_requests(handle).get(name)
    if method is None:
        return ()
    key, equals, _ = current.partition("=")
    if equals:
        return [f"{key}={value}" for value in _values(handle, method, key)]
    present = {word.partition("=")[0] for word in given}
    return [f"{parameter}=" for parameter in parameters(method) if parameter not in present]


def body_words(handle: Any, body: str) -> tuple[str, list[str]]:
    """The word at the cursor in the body of ``%%janus HANDLE``, and what it can become."""
    requests = known_requests(handle)
    if (value := _VALUE.search(body)) is not None:
        key, quote, current = value.groups()
        if key == "request":
            found: Iterable[str] = requests
        else:
            method = _method(requests, body)
            texts = bool(quote)
            found = (
                word.strip('"')
                for word in ([] if method is None else _values(handle, method, key))
                if word.startswith('"') == texts
            )
        if key == "request" and not quote:
            found = [f'"{name}"' for name in found]
    elif (place := _KEY.search(body)) is not None:
        current, method = place[2], _method(requests, body)
        found = [] if method is None else [name for name in parameters(method) if f'"{name}"' not in body]
        if not _REQUEST.search(body):
            found = ["request", *found]
    else:
        return "", []
    return current, [word for word in dict.fromkeys(found) if word.startswith(current)]


def _method(requests: Mapping[str, Any], body: str) -> Any:
    named = _REQUEST.search(body)
    if named is None:
        return next(iter(requests.values())) if len(requests) == 1 else None
    return requests.get(named[1])


def _values(handle: Any, method: Any, key: str) -> list[str]:
    """Values for a parameter, as they are written in JSON: what its type allows, and what was seen."""
    hint = typing.get_type_hints(method).get(key)
    kinds = [hint, *typing.get_args(hint)]
    if bool in kinds:
        return ["true", "false"]
    literals = [
        value
        for kind in kinds
        if typing.get_origin(kind) is typing.Literal
        for value in typing.get_args(kind)
    ]
    if literals:
        return [f'"{value}"' for value in literals]
    return [] if is_secret(key) else _seen(handle, key)


def _seen(handle: Any, key: str) -> list[str]:
    """Values that stood under a name in the newest messages of this kernel's handles of the same plugin.

    Names of Janus mean the same in a plugin: ``room`` is a room wherever it stands.
    """
    core = core_of(handle)
    same = {plugin.id for plugin in core.session.plugins if plugin.name == core.name}
    values: dict[str, None] = {}
    newest = islice(reversed(core.session.events.since(0, ENTRIES)), ENTRIES)
    for event in newest:
        if event.handle_id in same:
            values.update(dict.fromkeys(_under(key, event.raw)))
        if len(values) >= VALUES:
            break
    return list(values)


def _under(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == key and isinstance(item, int | str) and not isinstance(item, bool):
                if isinstance(item, int):
                    yield str(item)
                elif re.fullmatch(r"[\w.-]+", item):
                    yield f'"{item}"'
            yield from _under(key, item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _under(key, item)
