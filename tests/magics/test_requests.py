"""What a line gives to a request, held against the types of the method's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pytest

from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.requests import _check_types


async def method(
    self: Any,
    *,
    video: bool | None = None,
    bitrate: int | None = None,
    gain: float = 1.0,
    display: str | None = None,
    room: int | str = 0,
    record: bool | str | None = None,
    codec: Literal["opus", "pcmu"] | None = None,
    streams: Sequence[dict[str, Any]] | None = None,
    anything: object = None,
) -> None:
    """Like a request of a plugin."""


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("video", "maybe", "video is true or false, not 'maybe'"),
        ("video", 1, "video is true or false, not 1"),
        ("bitrate", True, "bitrate is a whole number, not true"),
        ("bitrate", 1.5, "bitrate is a whole number, not 1.5"),
        ("gain", "loud", "gain is a number, not 'loud'"),
        ("display", 5, 'display is a text, not 5. A text like that needs quotes: display="5".'),
        ("room", [1], "room is a whole number or a text, not [1]"),
        ("video", {"on": True}, "video is true or false, not {"),
    ],
)
def test_a_simple_type_is_checked(key: str, value: Any, text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        _check_types(method, {key: value})
    assert str(caught.value).startswith(text)
    assert "--raw" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("video", None),
        ("video", False),
        ("bitrate", 0),
        ("gain", 2),
        ("gain", 0.5),
        ("display", "5"),
        ("room", 1234),
        ("room", "physics"),
        ("record", "yes"),
        ("record", True),
        # What is no simple type is for the method and the server to judge.
        ("codec", 7),
        ("streams", "all"),
        ("anything", [1]),
        ("bitrate", object()),
    ],
)
def test_what_the_method_takes_is_let_through(key: str, value: Any) -> None:
    _check_types(method, {key: value})
