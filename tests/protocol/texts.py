"""Texts that a server might send: real messages with anything in them, other JSON, and no JSON at all.

A string of bytes says what is done to which message; that is fast to generate and shrinks well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from janus_notebook.protocol.messages import MAX_DEPTH

IDS = {"session_id": 1, "sender": 2}
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2015363327 10.0.0.1 4000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}
PLUGINDATA = {
    "plugin": "janus.plugin.videoroom",
    "data": {
        "videoroom": "event",
        "room": 1234,
        "publishers": [{"id": 5, "display": "Ann", "streams": [{}]}],
    },
}
REFUSED = {"plugin": "janus.plugin.echotest", "data": {"echotest": "event", "error_code": 413, "error": "no"}}
JSEP = {"type": "answer", "sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"}
SERVER = {
    "name": "Janus WebRTC Server",
    "version": 1102,
    "version_string": "1.1.2",
    "data_channels": True,
    "session-timeout": 60,
    "reclaim-session-timeout": 0,
    "transports": {"janus.transport.websockets": {"name": "JANUS WebSockets transport plugin", "version": 1}},
    "plugins": {"janus.plugin.echotest": {"name": "JANUS EchoTest plugin", "version": 7}},
}

# One of each kind that the core sends; "t" is the transaction of a request that is pending.
MESSAGES: list[dict[str, Any]] = [
    {"janus": "success", "transaction": "t", "session_id": 1, "data": {"id": 2}},
    {"janus": "success", "transaction": "t", **IDS, "plugindata": PLUGINDATA},
    {"janus": "ack", "transaction": "t", "session_id": 1, "hint": "I'm taking my time!"},
    {
        "janus": "error",
        "transaction": "t",
        "session_id": 1,
        "error": {"code": 458, "reason": "No such session"},
    },
    {"janus": "error", "error": {"code": 454, "reason": "JSON error: on line 1: '}' expected"}},
    {"janus": "pong", "transaction": "t"},
    {"janus": "server_info", "transaction": "t", **SERVER},
    {"janus": "event", "transaction": "t", **IDS, "plugindata": PLUGINDATA, "jsep": JSEP},
    {"janus": "event", "transaction": "t", **IDS, "plugindata": REFUSED},
    {"janus": "event", **IDS, "plugindata": PLUGINDATA},
    {"janus": "webrtcup", **IDS},
    {"janus": "media", **IDS, "mid": "0", "type": "video", "receiving": True, "substream": 0, "seconds": 1},
    {"janus": "slowlink", **IDS, "mid": "0", "media": "audio", "uplink": True, "lost": 5},
    {"janus": "hangup", **IDS, "reason": "ICE failed"},
    {"janus": "trickle", **IDS, "candidate": CANDIDATE},
    {"janus": "trickle", **IDS, "candidate": {"completed": True}},
    {"janus": "detached", **IDS},
    {"janus": "timeout", "session_id": 1},
    {"janus": "novelty", **IDS, "token": "s3cret"},
]

# What may stand anywhere in place of a value: JSON, or something that looks like it.
ODDITIES: list[bytes] = [
    *(
        json.dumps(value).encode()
        for value in [None, True, False, 0, 1, 2, -1, 1.5, 1e308, "", "x", "t", "1", "é"]
    ),
    *(
        json.dumps(value).encode()
        for value in [[], {}, [1], ["t"], {"": {}}, {"id": 3}, {"error": {}}, [[[[]]]]]
    ),
    *(json.dumps(value).encode() for value in ["ack", "event", "error", "timeout", "detached", "success"]),
    *(str(number).encode() for number in [2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**400, -(10**4299)]),
    *[b"1" * 5_000, b"1e999", b"-0", b"0.1e-400", b"NaN", b"Infinity", b"-Infinity", b"01", b"+1", b"0x1"],
    *[b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\\u0000"', b'"\\x"', b'"\x00"', b'"\n"'],
    *[
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"unfinished',
        b"'x'",
        b"undefined",
    ],
    *[
        b'"</script><img src=x onerror=alert(1)>"',
        '"\u202e\u2028\u2066"'.encode(),
        b'"' + b"x" * 10_000 + b'"',
    ],
    *[b"[" * depth + b"]" * depth for depth in (MAX_DEPTH - 4, MAX_DEPTH, MAX_DEPTH + 1, 100_000)],
    *[b'{"a":' * depth + b"1" + b"}" * depth for depth in (MAX_DEPTH - 4, MAX_DEPTH + 1, 5_000)],
    *[b"[" * 100_000, b"[" + b"[]," * 1_000 + b"[]]", b"", b",", b"}", b'{"a":1,"a":[]}', b'{"janus":"ack"}'],
]


class Verbatim:
    """A piece of text in place of a value."""

    def __init__(self, text: bytes) -> None:
        self.text = text


class Fields:
    """An object as the list of its ``[key, value]``: a key may occur twice."""

    def __init__(self, pairs: list[list[Any]]) -> None:
        self.pairs = pairs


def loosened(value: Any) -> Any:
    """`value` with its objects as `Fields`."""
    match value:
        case dict():
            return Fields([[key, loosened(item)] for key, item in value.items()])
        case list():
            return [loosened(item) for item in value]
        case _:
            return value


def dump(value: Any) -> bytes:
    """`value`, loosened and perhaps changed, as text."""
    match value:
        case Verbatim():
            return value.text
        case Fields():
            return (
                b"{"
                + b",".join(json.dumps(key).encode() + b":" + dump(item) for key, item in value.pairs)
                + b"}"
            )
        case list():
            return b"[" + b",".join(dump(item) for item in value) + b"]"
        case _:
            return json.dumps(value).encode()


def places(value: Any) -> Iterator[tuple[list[Any], int, list[Any] | None]]:
    """Where a value stands: the list that holds it, its number there, its ``[key, value]`` if any."""
    if isinstance(value, Fields):
        for number, pair in enumerate(value.pairs):
            yield value.pairs, number, pair
            yield from places(pair[1])
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield value, number, None
            yield from places(item)


def changed(recipe: bytes) -> bytes:
    """A real message with the changes that `recipe` says: its first byte names the message."""
    message = loosened(MESSAGES[recipe[0] % len(MESSAGES)])
    for where, what, how in zip(recipe[1::3], recipe[2::3], recipe[3::3], strict=False):
        spots = list(places(message))
        if where == 0 or not spots:
            continue
        holder, number, pair = spots[where % len(spots)]
        odd = Verbatim(ODDITIES[what % len(ODDITIES)])
        match how % 8:
            case 6:
                del holder[number]
            case _ if pair is None:
                holder[number] = odd
            case 4:
                holder.append([pair[0], odd])
            case 5:
                pair[0] = MESSAGES[what % len(MESSAGES)]["janus"]
            case _:
                pair[1] = odd
    return dump(message)


def damaged(text: bytes, recipe: bytes) -> bytes:
    """`text` cut short, with one byte more, or with one changed."""
    where = int.from_bytes(recipe[:2]) % (len(text) + 1)
    match recipe[2] % 4:
        case 0:
            return text
        case 1:
            return text[:where]
        case 2:
            return text[:where] + recipe[3:4] + text[where:]
        case _:
            return text[:where] + recipe[3:4] + text[where + 1 :]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)

damaged_messages = st.builds(
    lambda recipe, damage: damaged(changed(recipe), damage),
    st.binary(min_size=1, max_size=7),
    st.binary(min_size=4, max_size=4),
)
with_any_field = st.builds(
    lambda base, name, value: json.dumps({**base, name: value}).encode(),
    st.sampled_from(MESSAGES),
    st.sampled_from(sorted({name for message in MESSAGES for name in message})),
    json_values,
)
others = st.one_of(damaged_messages, with_any_field, st.binary(), st.text().map(str.encode))


def several(recipe: bytes) -> list[bytes]:
    """A changed message for each 10 bytes."""
    return [changed(recipe[start : start + 10]) for start in range(0, len(recipe), 10)]


# Several at once: generating one costs more than trying it.
texts = st.builds(
    lambda recipe, other: [*several(recipe), other], st.binary(min_size=30, max_size=30), others
)
