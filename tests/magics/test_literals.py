"""Bodies in JSON, in Python, or between the two; and what is wrong in one, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_notebook.magics.literals import LiteralError, parse_body, parse_literal, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"request": "list"}', {"request": "list"}),
        ("{'video': False, 'x': None}", {"video": False, "x": None}),
        ("{'video': false, \"x\": null, 'y': True}", {"video": False, "x": None, "y": True}),
        ('{"a": 1,}', {"a": 1}),
        ('\n\n  {\n  "a": [1, -2.5, (3,)],  # mine\n}\n\n', {"a": [1, -2.5, [3]]}),
        ('{"a": {"b": {}}}', {"a": {"b": {}}}),
        ("{'a': 'it''s'}", {"a": "its"}),
        ('{"a": "\\u00e4\\n"}', {"a": "ä\n"}),
    ],
)
def test_bodies(text: str, value: dict[str, Any]) -> None:
    assert parse_body(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{request: 'list'}", 1, 2),
        ("\n  {request: 'list'}", 2, 4),
        ('{"a": 1,\n "b": b}', 2, 7),
        ('{"a": 1,\n\n "b": str(1)}', 3, 7),
        ('{"a": {1, 2}}', 1, 7),
        ('{"a": b"x"}', 1, 7),
        ('{"a": 1j}', 1, 7),
        ('{"a": ...}', 1, 7),
        ('{"a": -True}', 1, 7),
        ('{"a": 1e999}', 1, 7),
        ("{1: 2}", 1, 2),
        ("{**x}", 1, 1),
        ('{"a": "x', 1, 7),
        ('{"a": 1,, }', 1, 9),
        ('{"a": 1', 1, 1),
        ('{"a": f"{1}"}', 1, 7),
        ('{"a": NaN}', 1, 7),
    ],
)
def test_what_is_wrong_has_a_place(text: str, line: int, column: int) -> None:
    with pytest.raises(LiteralError) as caught:
        parse_literal(text)
    assert (caught.value.line, caught.value.column) == (line, column), str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["[" * 100_000, "{'a': '\0'}", "9" * 5000, "x\ny", "\\", "{", "{'a'}"])
def test_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_body(text)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Python knows no lone surrogates in its sources
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)


@given(JSON)
def test_json_and_python_give_the_same(value: Any) -> None:
    assert parse_literal(json.dumps(value)) == value
    assert parse_literal(repr(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234", 1234),
        ('"1234"', "1234"),
        ("'1234'", "1234"),
        ("-1.5", -1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("me", "me"),
        ("my-name.2", "my-name.2"),
        ("sip:me@host", "sip:me@host"),
        ("1234abc", "1234abc"),
        ("a=b", "a=b"),
        ('[{"feed": 1}]', [{"feed": 1}]),
        ("{'a': true}", {"a": True}),
    ],
)
def test_values_behind_a_key(text: str, value: Any) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["[1", '"open', "{feed: 1}", "[a]"])
def test_a_value_that_begins_as_data_has_to_be_data(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_value(text)
