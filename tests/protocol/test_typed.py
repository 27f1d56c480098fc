"""`Typed`: objects read into fields, with whatever does not fit left out and named."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_notebook import client, plugins
from janus_notebook.protocol.typed import Record, Typed


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    mid: str
    level: int | None = msgspec.field(name="audio-level", default=None)


class Nested(msgspec.Struct, frozen=True, kw_only=True):
    on: bool = False
    inner: Stream | None = None


class Room(Typed, frozen=True, kw_only=True):
    room: int | str = 0
    description: str = ""
    level: int | None = msgspec.field(name="audio-level", default=None)
    streams: tuple[Stream, ...] = ()
    nested: Nested = Nested()
    optional: Nested | None = None
    by_mid: dict[str, Stream] = msgspec.field(default_factory=dict)
    anything: Any = None
    extra: str = msgspec.field(name="*extra", default="")


def test_what_fits_is_typed() -> None:
    data = {
        "room": "a-room",
        "audio-level": -30,
        "streams": [{"mid": "0", "audio-level": 5}, {"mid": "1"}],
        "nested": {"on": True, "inner": {"mid": "2"}},
        "by_mid": {"0": {"mid": "0"}},
        "anything": [1, {"x": None}],
        "unknown": {"kept": True},
    }
    room = Room.read(data, extra="given")
    assert (room.room, room.level, room.description) == ("a-room", -30, "")
    assert room.streams == (Stream(mid="0", level=5), Stream(mid="1"))
    assert room.nested == Nested(on=True, inner=Stream(mid="2"))
    assert room.by_mid == {"0": Stream(mid="0")}
    assert room.anything == [1, {"x": None}]
    assert room.extra == "given"
    assert (room.data, room.unreadable) == (data, ())


def test_it_reads_as_its_data_does() -> None:
    room = Room.read({"room": 1, "secret": "planted", "list": [{"pin": "planted"}]})
    assert room["secret"] == "planted"
    assert room.get("nothing", 5) == 5
    assert room.get("room") == 1
    assert "secret" in room
    assert "description" not in room
    assert list(room) == ["room", "secret", "list"]
    assert dict(room) == room.data
    with pytest.raises(KeyError):
        room["nothing"]
    assert repr(room) == "<Room {'room': 1, 'secret': '***', 'list': [{'pin': '***'}]}>"


@pytest.mark.parametrize(
    ("data", "unreadable", "fields"),
    [
        ({"room": 1.5, "description": "d"}, ("room",), {"room": 0, "description": "d"}),
        ({"room": True}, ("room",), {"room": 0}),
        ({"description": None, "room": 3}, ("description",), {"description": "", "room": 3}),
        ({"audio-level": "loud"}, ("audio-level",), {"level": None}),
        # Of a list, the entries that fit; one without what it must have is none.
        (
            {"streams": [{"mid": "0", "audio-level": "x"}, {"audio-level": 1}, 5, {"mid": "3"}]},
            ("streams.0.audio-level", "streams.1", "streams.2"),
            {"streams": (Stream(mid="0"), Stream(mid="3"))},
        ),
        ({"streams": {"mid": "0"}}, ("streams",), {"streams": ()}),
        (
            {"nested": {"on": "x", "inner": {"mid": "1"}}},
            ("nested.on",),
            {"nested": Nested(inner=Stream(mid="1"))},
        ),
        ({"nested": {"on": True, "inner": {"mid": 1}}}, ("nested.inner",), {"nested": Nested(on=True)}),
        ({"nested": 5}, ("nested",), {"nested": Nested()}),
        ({"optional": {"on": 1}}, ("optional.on",), {"optional": Nested()}),
        ({"optional": 5}, ("optional",), {"optional": None}),
        (
            {"by_mid": {"0": {"mid": "0"}, "1": {"mid": 1}, "2": None}},
            ("by_mid.1", "by_mid.2"),
            {"by_mid": {"0": Stream(mid="0")}},
        ),
        ({"by_mid": []}, ("by_mid",), {"by_mid": {}}),
    ],
)
def test_what_does_not_fit_is_left_out_and_named(
    data: dict[str, Any], unreadable: tuple[str, ...], fields: dict[str, Any]
) -> None:
    room = Room.read(data, extra="given")
    assert room.unreadable == unreadable
    assert room.data == data
    assert room.extra == "given"
    for name, value in fields.items():
        assert getattr(room, name) == value


def test_a_server_can_not_set_what_is_ours() -> None:
    sent = {"*unreadable": ["room"], "*data": {}, "room": 1}
    room = Room.read(sent)
    assert (room.unreadable, room.data, room.room) == ((), sent, 1)
    room = Room.read({**sent, "room": 1.5, "*unreadable": 5})
    assert (room.unreadable, room.room) == (("*unreadable", "room"), 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mid", "on", "inner", "audio-level", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.generated
@given(
    st.dictionaries(
        st.sampled_from(
            ["room", "description", "audio-level", "streams", "nested", "optional", "by_mid", "*data", "x"]
        ),
        json_values,
    )
)
def test_any_object_can_be_read(data: dict[str, Any]) -> None:
    room = Room.read(data)
    assert room.data == data
    # Reading what was read again changes nothing, and names nothing that is not there.
    assert Room.read(room.data) == room
    for place in room.unreadable:
        assert place.partition(".")[0] in data


def records() -> list[Any]:
    """All that is read from what a server says, or made of it."""
    for package in (plugins, client):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    kinds: set[Any] = set()
    left: list[Any] = [Record, Typed]
    while left:
        kinds.add(kind := left.pop())
        left += kind.__subclasses__()
    ours = [kind for kind in kinds if kind.__module__.startswith("janus_notebook.")]
    assert len(ours) > 150
    return ours


def test_what_the_server_said_is_never_changed() -> None:
    """It is read on several threads, and stands in the log."""
    assert [kind.__name__ for kind in records() if not kind.__struct_config__.frozen] == []


def test_what_the_server_did_not_say_is_not_made_up() -> None:
    defaults = {
        f"{kind.__name__}.{field.name}": field.default
        for kind in records()
        for field in msgspec.structs.fields(kind)
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    }
    assert {name: value for name, value in defaults.items() if value} == {"LogFacts.capacity": 10_000}
