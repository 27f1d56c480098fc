"""`request`: what makes a written-out method a request of the Janus API.

::

    class JanusVideoRoomPlugin(WebRtcPlugin):

        @request()
        async def exists(self, *, room: Id, extra: Extra = None, timeout: float | None = None) -> RoomExists:
            \"\"\"Ask whether a room exists.\"\"\"
            return await self._ask("exists", RoomExists, locals())

The signature is the request: each parameter goes out under its own name, those left at None do not go out.
"""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar

import msgspec

from janus_notebook.client.arguments import bind
from janus_notebook.errors import JanusOptionError, JanusVersionError
from janus_notebook.protocol.messages import Message

__all__ = ["NOT_SENT", "Asker", "Extra", "Id", "Request", "body_of", "request", "requests_of"]

# Of rooms, feeds, participants, mountpoints: a whole number, or a text on a server with ``string_ids``.
Id = int | str

# Parameters that a newer server knows and we don't.
Extra = Mapping[str, Any] | None

# Parameters of methods that are not the plugin's.
NOT_SENT = frozenset({"self", "jsep", "extra", "timeout"})

P = ParamSpec("P")
R = TypeVar("R")


class Asker(Protocol):
    """What has requests as methods: a handle on a plugin, the Admin API."""

    name: str

    @property
    def server(self) -> Message | None:
        """The server's answer to ``info``, where it is known."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a method sends, and which servers know it.

    Attributes:
        name: the request's name at Janus.
        since: the first version that has it; "" for 1.0.0 or before.
        removed: the first version that no longer has it; "" if all have.
        newer: for parameters that are newer than 1.0.0 (and than the request), the first version that
            has them; ``streams.mid`` is a key of the objects in ``streams``.
        gone: for parameters that were removed, the first version that no longer has them.
    """

    name: str
    since: str = ""
    removed: str = ""
    newer: Mapping[str, str] = {}
    gone: Mapping[str, str] = {}

    def check(self, asker: Asker, given: Mapping[str, Any]) -> None:
        """Refuse what this server does not have: it would refuse it in other words, or ignore it.

        Raises:
            JanusVersionError: names both versions.
        """
        text = str((asker.server or {}).get("version_string", ""))
        version = _version(text)
        if not version:
            return
        if self.since and version < _version(self.since):
            raise _too_old(f"{asker.name} has no request {self.name!r} before", self.since, text)
        if self.removed and version >= _version(self.removed):
            raise JanusVersionError(
                f"{asker.name} has no request {self.name!r} from Janus {self.removed} on; "
                f"this server is {text}",
                hint="Nothing takes its place.",
            )
        for name, since in self.newer.items():
            if version < _version(since) and _is_given(given, name):
                raise _too_old(f"{self.name!r} of {asker.name} has no parameter {name!r} before", since, text)
        for name, gone in self.gone.items():
            if version >= _version(gone) and _is_given(given, name):
                raise JanusVersionError(
                    f"{self.name!r} of {asker.name} has no parameter {name!r} from Janus {gone} on; "
                    f"this server is {text}",
                    hint="Leave it out.",
                )


def request(
    since: str = "",
    *,
    name: str | None = None,
    removed: str = "",
    newer: Mapping[str, str] | None = None,
    gone: Mapping[str, str] | None = None,
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Make a method a request: arguments are checked, and held against the server's version.

    Args:
        name: the request's name at Janus, where it is not that of the method.
        since, removed, newer, gone: see `Request`.
    """

    def decorate(method: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        about = Request(
            name=method.__name__ if name is None else name,
            since=since,
            removed=removed,
            newer=newer or {},
            gone=gone or {},
        )
        signature = inspect.signature(method)
        keys: dict[str, _Keys] | None = None

        @functools.wraps(method)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal keys
            arguments = bind(method.__name__, signature, args, kwargs).arguments
            if keys is None:
                keys = _keys_of_objects(method)
            for parameter, known in keys.items():
                _check_keys(parameter, arguments.get(parameter), known)
            about.check(arguments["self"], arguments)
            return await method(*args, **kwargs)

        checked.request = about  # type: ignore[attr-defined]
        return checked

    return decorate


def requests_of(asker: type[Any]) -> dict[str, Callable[..., Any]]:
    """The methods of a class that are requests, by the request's name at Janus."""
    members = inspect.getmembers_static(asker, inspect.isfunction)
    return {member.request.name: member for _, member in members if hasattr(member, "request")}


def body_of(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request: its name, what is given, and `extra` over it.

    Args:
        name: of the request; "" for a plugin whose requests have no name.
        arguments: all arguments of the method, as ``locals()`` gives them.
    """
    extra = arguments.get("extra")
    if extra is not None and not isinstance(extra, Mapping):
        raise JanusOptionError(f"extra must be a dict of parameters, not {type(extra).__name__}")
    given = {key: value for key, value in arguments.items() if value is not None and key not in NOT_SENT}
    return ({"request": name} if name else {}) | given | dict(extra or {})


def _is_given(given: Mapping[str, Any], name: str) -> bool:
    """Whether a parameter, or a key of one of the objects in it, is there."""
    parameter, _, key = name.partition(".")
    value = given.get(parameter)
    if not key:
        return value is not None
    objects = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, Mapping) and key in item for item in objects)


def _too_old(what: str, since: str, version: str) -> JanusVersionError:
    return JanusVersionError(
        f"{what} Janus {since}; this server is {version}",
        hint="Upgrade the server; a patched one takes it by request() or extra={...}.",
    )


def _version(text: str) -> tuple[int, ...]:
    """``1.1.2`` as numbers; nothing for what is no version."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


class _Keys(NamedTuple):
    """The keys that the objects of a parameter may have."""

    known: frozenset[str]
    is_list: bool


def _keys_of_objects(method: Callable[..., Any]) -> dict[str, _Keys]:
    """For the parameters that take objects with known keys (a TypedDict, or a list of them), these keys."""
    found = {}
    for name, hint in typing.get_type_hints(method).items():
        typed_dict, is_list = _typed_dict_in(hint)
        if typed_dict is not None and name != "return":
            found[name] = _Keys(frozenset(typing.get_type_hints(typed_dict)), is_list)
    return found


def _typed_dict_in(hint: Any, is_list: bool = False) -> tuple[Any, bool]:
    if typing.is_typeddict(hint):
        return hint, is_list
    is_list = is_list or typing.get_origin(hint) is Sequence
    inner = (_typed_dict_in(part, is_list) for part in typing.get_args(hint))
    return next((found for found in inner if found[0] is not None), (None, is_list))


def _check_keys(parameter: str, value: Any, keys: _Keys) -> None:
    if value is None:
        return
    wanted = "a list of dicts" if keys.is_list else "a dict"
    hint = f"Keys: {', '.join(sorted(keys.known))}."
    if not isinstance(value, list | tuple if keys.is_list else Mapping):
        raise JanusOptionError(f"{parameter} must be {wanted}, not {type(value).__name__}", hint=hint)
    for index, item in enumerate(value if keys.is_list else [value]):
        place = f"{parameter}[{index}]" if keys.is_list else parameter
        if not isinstance(item, Mapping):
            raise JanusOptionError(f"{place} must be a dict, not {type(item).__name__}", hint=hint)
        for key in item:
            if key not in keys.known:
                raise JanusOptionError.unknown(f"key of {place}", str(key), keys.known)
