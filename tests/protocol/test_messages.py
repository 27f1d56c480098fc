"""JSON text to messages and back, and what is refused on the way."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import types
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_notebook import JanusOptionError, JanusProtocolError
from janus_notebook.protocol.messages import MAX_DEPTH, MAX_INTEGER, decode, encode, excerpt, id_in, verb_of


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# -- out ------------------------------------------------------------------------------------------


def test_encode_is_compact_and_ends_with_its_brace() -> None:
    assert (
        encode({"janus": "info", "a": [1, True, None, "ü"]})
        == '{"janus":"info","a":[1,true,null,"ü"]}'.encode()
    )


@pytest.mark.parametrize("value", [MAX_INTEGER, -MAX_INTEGER - 1, 0, 2**53 + 1, 1.5, "\u0000</script>", ""])
def test_scalars_survive(value: Any) -> None:
    assert decode(encode({"janus": "x", "v": value}))["v"] == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MAX_INTEGER + 1, "body.v is 9223372036854775808, too large for Janus"),
        (-MAX_INTEGER - 2, "too large for Janus"),
        (2**5000, "body.v is an integer of 5001 bits"),
        ([{"a": 2**64}], r"body\.v\[0\]\.a is 18446744073709551616"),
        (float("nan"), "body.v is nan"),
        (float("-inf"), "body.v is -inf"),
        ({1: 2}, "body.v has the key 1"),
        ({None: 2}, "body.v has the key None"),
        ({1, 2}, "body.v is of type set"),
        (b"bytes", "body.v is of type bytes"),
        (decimal.Decimal(1), "body.v is of type Decimal"),
        (datetime.datetime.now(datetime.UTC), "body.v is of type datetime"),
        (object(), "body.v is of type object"),
        ((n for n in "ab"), "body.v is of type generator"),
        ("\ud800", "can't be written as JSON"),
        ({"\udfff": 1}, "can't be written as JSON"),
        (nested(MAX_DEPTH), "nested deeper than 100 levels"),
        (nested(100_000), "nested deeper than 100 levels"),
    ],
    ids=lambda value: repr(value)[:30] if not isinstance(value, list) else "list",
)
def test_values_that_have_no_place_in_a_message(value: Any, text: str) -> None:
    message = {"janus": "message", "secret": "s3cret", "body": {"v": value}}
    with pytest.raises(JanusOptionError, match=text) as caught:
        encode(message)
    assert caught.value.request == {"janus": "message", "secret": "***"}


def test_a_message_that_contains_itself() -> None:
    message: dict[str, Any] = {"janus": "message"}
    message["body"] = message
    with pytest.raises(JanusOptionError, match="Does it contain itself"):
        encode(message)


def test_any_mapping_will_do() -> None:
    proxy = types.MappingProxyType({"a": types.MappingProxyType({"b": (1, 2)})})
    assert json.loads(encode({"janus": "x", "body": proxy})) == {"janus": "x", "body": {"a": {"b": [1, 2]}}}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (None, "a Janus message must be a dict, not NoneType"),
        ([("janus", "info")], "must be a dict, not list"),
        ({}, "'janus' field is missing"),
        ({"janus": None}, "'janus' field is None"),
        ({"janus": ""}, "'janus' field is ''"),
        ({"janus": ["info"]}, r"'janus' field is \['info'\]"),
    ],
)
def test_verb_of_what_has_none(message: Any, text: str) -> None:
    with pytest.raises(JanusOptionError, match=text) as caught:
        verb_of(message)
    assert 'For example {"janus": "info"}.' in str(caught.value)


def test_ids_are_integers_or_absent() -> None:
    assert verb_of({"janus": "info"}) == "info"
    assert [id_in(m, "handle_id") for m in ({"handle_id": 5}, {"handle_id": None}, {})] == [5, None, None]
    kind = enum.IntEnum("kind", {"FIVE": 5})
    assert type(id_in({"handle_id": kind.FIVE}, "handle_id")) is int
    odds: list[Any] = ["5", 5.0, True, [5], {}]
    for odd in odds:
        with pytest.raises(JanusOptionError, match="handle_id must be an integer"):
            id_in({"handle_id": odd}, "handle_id")


# -- in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b'{"janus":"ack"}', '{"janus":"ack"}', b' \n{\n "janus" : "ack" }\r\n'])
def test_decode(data: bytes | str) -> None:
    assert decode(data) == {"janus": "ack"}


def test_ids_are_exact() -> None:
    assert decode(b'{"janus":"x","session_id":9007199254740993}')["session_id"] == 2**53 + 1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"janus":"a"} {"janus":"b"}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"janus":"\xff"}', "not JSON"),
        ('{"janus":"\ud800"}', "not JSON"),
        (b'{"janus":"x","n":NaN}', "not JSON"),
        (b'{"janus":"x","n":1e999}', "not JSON"),
        (b'{"janus":"x","n":' + b"1" * 5000 + b"}", "not JSON"),
        (b"[" * 1_000_000, "not JSON"),
        (b'{"janus":"x","n":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "nested deeper than 100"),
        (b"[]", "no 'janus' field"),
        (b"null", "no 'janus' field"),
        (b'"janus"', "no 'janus' field"),
        (b"{}", "no 'janus' field"),
        (b'{"janus":null}', "no 'janus' field"),
        (b'{"JANUS":"x"}', "no 'janus' field"),
    ],
    ids=lambda data: repr(data)[:30],
)
def test_what_is_no_message(data: bytes | str, text: str) -> None:
    with pytest.raises(JanusProtocolError, match=text) as caught:
        decode(data)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_many_brackets_are_not_deep() -> None:
    message = {"janus": "x", "n": [[] for _ in range(10_000)], "d": nested(MAX_DEPTH - 1)}
    assert decode(json.dumps(message)) == message
    assert decode(encode(message)) == message


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@pytest.mark.generated
@given(st.binary() | st.text() | json_values.map(json.dumps) | json_values.map(lambda v: json.dumps(v)[:-1]))
def test_decode_raises_nothing_but_its_own_error(data: bytes | str) -> None:
    try:
        message = decode(data)
    except JanusProtocolError:
        return
    assert isinstance(message["janus"], str)


@pytest.mark.generated
@given(st.dictionaries(st.text(), json_values | st.text() | st.integers() | st.floats() | st.binary()))
def test_encode_raises_nothing_but_its_own_error(body: dict[str, Any]) -> None:
    message = {"janus": "message", "body": body}
    try:
        data = encode(message)
    except JanusOptionError:
        return
    assert decode(data) == message


def test_excerpt_is_one_printable_line_without_secrets() -> None:
    assert excerpt(b"\x00\n\xff<b>") == repr("\x00\n\ufffd<b>")
    assert excerpt("x" * 100) == repr("x" * 80) + " and 20 more characters"
    assert excerpt('{"token" : "s3cret", "a": "Pin"}') == repr('{"token" : "***", "a": "Pin"}')
    assert "s3cret" not in excerpt('{"APISECRET":"s3cret')
