"""`request`: what a written-out method sends, and what is refused before it is sent."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any, TypedDict

import pytest

from janus_notebook.client.arguments import bind
from janus_notebook.client.requests import Extra, Id, Request, body_of, request, requests_of
from janus_notebook.errors import JanusOptionError, JanusVersionError


class Stream(TypedDict, total=False):
    """A stream."""

    mid: str
    send: bool


class Crop(TypedDict, total=False):
    """A crop."""

    x: int


class Thing:
    """Something with requests, on a server of some version."""

    name = "janus.plugin.thing"

    def __init__(self, version: str | None = "1.1.2") -> None:
        self.server = None if version is None else {"version_string": version}

    @request(newer={"new": "1.2.0", "streams.send": "1.1.3", "crop.x": "1.1.3"}, gone={"old": "1.1.0"})
    async def change(
        self,
        *,
        room: Id,
        streams: Sequence[Stream] | None = None,
        crop: Crop | None = None,
        new: int | None = None,
        old: int | None = None,
        extra: Extra = None,
        timeout: float | None = None,
        jsep: Any = None,
    ) -> dict[str, Any]:
        """Change it."""
        return body_of("change", locals())

    @request("1.3.0", name="hangup")
    async def hangup_thing(self) -> None:
        """Hang up."""

    @request(removed="1.1.0")
    async def bygone(self) -> None:
        """Do what nobody does any more."""

    async def no_request(self) -> None:
        """Nothing for Janus."""


def change(version: str | None = "1.1.2", **arguments: Any) -> dict[str, Any]:
    return asyncio.run(Thing(version).change(**arguments))


def test_what_is_given_goes_out_under_its_own_name() -> None:
    assert change(room=1) == {"request": "change", "room": 1}
    body = change(
        room="a", streams=({"mid": "0"},), crop={}, jsep={}, timeout=3, extra={"room": 2, "x": None}
    )
    assert body == {"request": "change", "room": 2, "streams": ({"mid": "0"},), "crop": {}, "x": None}
    assert body_of("", {"self": 1, "a": 0, "b": False, "c": None}) == {"a": 0, "b": False}


def test_a_request_looks_as_it_was_written() -> None:
    assert requests_of(Thing).keys() == {"change", "hangup", "bygone"}
    assert inspect.getdoc(Thing.change) == "Change it."
    assert "room" in inspect.signature(Thing.change).parameters
    assert inspect.iscoroutinefunction(Thing.change)
    about: Request = requests_of(Thing)["hangup"].request  # type: ignore[attr-defined] # `request` sets it
    assert (about.name, about.since) == ("hangup", "1.3.0")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"rom": 1}, "unknown parameter of change() 'rom'. Did you mean 'room'?"),
        ({}, "change(): missing a required argument: 'room'. It is change(*, room: "),
        ({"room": 1, "extra": 5}, "extra must be a dict of parameters, not int"),
        ({"room": 1, "streams": {}}, "streams must be a list of dicts, not dict. Keys: mid, send."),
        ({"room": 1, "streams": [5]}, "streams[0] must be a dict, not int"),
        (
            {"room": 1, "streams": [{"mid": "0"}, {"med": "0"}]},
            "unknown key of streams[1] 'med'. Did you mean 'mid'?",
        ),
        ({"room": 1, "crop": []}, "crop must be a dict, not list. Keys: x."),
        ({"room": 1, "crop": {"y": 1}}, "unknown key of crop 'y'. Known: x."),
    ],
)
def test_what_is_misspelt_is_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        change(**arguments)
    assert text in str(caught.value)
    with pytest.raises(JanusOptionError, match="too many positional arguments"):
        asyncio.run(Thing().change(1))  # type: ignore[call-arg] # that is the mistake


@pytest.mark.parametrize(
    ("version", "arguments", "text"),
    [
        (
            "1.1.2",
            {"new": 0},
            "'change' of janus.plugin.thing has no parameter 'new' before Janus 1.2.0; this server",
        ),
        ("1.1.2", {"streams": [{}, {"send": False}]}, "no parameter 'streams.send' before Janus 1.1.3"),
        ("1.1.2", {"crop": {"x": 1}}, "no parameter 'crop.x' before Janus 1.1.3"),
        (
            "1.1.0",
            {"old": 1},
            "has no parameter 'old' from Janus 1.1.0 on; this server is 1.1.0. Leave it out.",
        ),
    ],
)
def test_what_this_server_does_not_have_is_refused(
    version: str, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(JanusVersionError) as caught:
        change(version, room=1, **arguments)
    assert text in str(caught.value)


@pytest.mark.parametrize("version", ["1.2.0", "1.10", "2", "0", "unknown", None])
def test_a_version_that_is_new_enough_or_not_known_is_no_reason(version: str | None) -> None:
    known = {"streams": [{"mid": "0"}], "crop": {}}
    if version != "0":
        known["new"] = 5  # type: ignore[assignment] # any value will do
    assert change(version, room=1, **known)["room"] == 1


def test_requests_that_are_newer_or_gone() -> None:
    asyncio.run(Thing("1.3.0").hangup_thing())
    asyncio.run(Thing("1.0.4").bygone())
    with pytest.raises(
        JanusVersionError, match=r"has no request 'hangup' before Janus 1\.3\.0; this server is 1"
    ):
        asyncio.run(Thing().hangup_thing())
    with pytest.raises(
        JanusVersionError, match=r"has no request 'bygone' from Janus 1\.1\.0 on; this server"
    ):
        asyncio.run(Thing().bygone())
    asyncio.run(Thing().no_request())


def test_a_method_that_takes_any_keyword_takes_any() -> None:
    def method(self: object, first: int, **more: int) -> None:
        """Take whatever comes."""

    bound = bind("method", inspect.signature(method), (Thing(), 1), {"anything": 2})
    assert bound.arguments["more"] == {"anything": 2}
    with pytest.raises(JanusOptionError, match=r"method\(\): missing a required argument: 'first'"):
        bind("method", inspect.signature(method), (Thing(),), {})
