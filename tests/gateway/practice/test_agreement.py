"""The practice gateway and the real Janus are asked the same, without our client, and must agree.

Compared is every answer as it came, once ids have names and the words of an error are left out.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.practice.raw import RawClient, websocket
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from janus_notebook.gateway import LocalGateway
    from janus_notebook.gateway.practice import PracticeGateway

pytestmark = [needs_janus, pytest.mark.live]

T = {"transaction": "t"}
S = {"session_id": "<session>"}
H = S | {"handle_id": "<handle>"}
CANDIDATE = {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
ECHO = {"janus": "message", "body": {"audio": True}}
SDP = {"type": "offer", "sdp": "v=0"}

# Each is asked with a session and a handle at hand: "<session>" and "<handle>" stand for their ids.
REQUESTS: dict[str, Any] = {
    # the form
    "empty object": {},
    "no transaction": {"janus": "ping"},
    "no janus": {**T},
    "numeric transaction": {"janus": "ping", "transaction": 1},
    "null transaction": {"janus": "ping", "transaction": None},
    "numeric janus": {"janus": 1, **T},
    "null janus": {"janus": None, **T},
    "array": [],
    "array of requests": [{"janus": "ping", **T}],
    "text": b'"ping"',
    "number": b"1",
    "no JSON": b'{"janus": "ping", "transaction": "t"',
    "no text": b"",
    "blank behind": b'{"janus": "ping", "transaction": "t"}\n',
    "blank before": b' \n{"janus": "ping", "transaction": "t"}',
    "one good one bad": b'{"janus": "ping", "transaction": "t"}{"janus"',
    "not a number": b'{"janus": "ping", "transaction": "t", "x": NaN}',
    "huge real": b'{"janus": "ping", "transaction": "t", "x": 1e999}',
    "huge integer": b'{"janus": "ping", "transaction": "t", "x": 9223372036854775808}',
    "largest integer": b'{"janus": "ping", "transaction": "t", "x": 9223372036854775807}',
    "smallest integer": b'{"janus": "ping", "transaction": "t", "x": -9223372036854775808}',
    "too small integer": b'{"janus": "ping", "transaction": "t", "x": -9223372036854775809}',
    "escaped nul": b'{"janus": "ping", "transaction": "t", "x": "\\u0000"}',
    "half a surrogate pair": b'{"janus": "ping", "transaction": "t", "x": "\\ud800"}',
    "surrogate pair": b'{"janus": "ping", "transaction": "\\ud83d\\ude00"}',
    "trailing comma": b'{"janus": "ping", "transaction": "t",}',
    "single quotes": b"{'janus': 'ping'}",
    "member twice": b'{"janus": "info", "janus": "ping", "transaction": "t"}',
    "too deep": b'{"janus": "ping", "transaction": "t", "x": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "hundred levels": b'{"janus": "ping", "transaction": "t", "x": ' + b"[" * 100 + b"]" * 100 + b"}",
    # the verb and its level
    "ping": {"janus": "ping", **T},
    "ping in capitals": {"janus": "PING", **T},
    "empty transaction": {"janus": "ping", "transaction": ""},
    "unknown verb": {"janus": "dance", **T},
    "unknown verb of a session": {"janus": "dance", **T, **S},
    "unknown verb of a handle": {"janus": "dance", **T, **H},
    "create of a session": {"janus": "create", **T, **S},
    "info of a session": {"janus": "info", **T, **S},
    "ping of a session": {"janus": "ping", **T, **S},
    "keepalive without session": {"janus": "keepalive", **T},
    "attach without session": {"janus": "attach", **T, "plugin": "janus.plugin.echotest"},
    "attach of a handle": {"janus": "attach", **T, **H, "plugin": "janus.plugin.echotest"},
    "destroy of a handle": {"janus": "destroy", **T, **H},
    "message of a session": {**ECHO, **T, **S},
    "detach of a session": {"janus": "detach", **T, **S},
    "hangup of a session": {"janus": "hangup", **T, **S},
    "trickle of a session": {"janus": "trickle", **T, **S, "candidate": CANDIDATE},
    "keepalive of a handle": {"janus": "keepalive", **T, **H},
    "claim of a handle": {"janus": "claim", **T, **H},
    # ids
    "unknown session": {"janus": "keepalive", **T, "session_id": 12},
    "negative session": {"janus": "keepalive", **T, "session_id": -1},
    "text session": {"janus": "keepalive", **T, "session_id": "12"},
    "real session": {"janus": "keepalive", **T, "session_id": 12.0},
    "null session": {"janus": "ping", **T, "session_id": None},
    "session zero": {"janus": "ping", **T, "session_id": 0},
    "handle without session": {"janus": "detach", **T, "handle_id": 12},
    "unknown handle": {"janus": "detach", **T, **S, "handle_id": 12},
    "text handle": {"janus": "detach", **T, **S, "handle_id": "12"},
    "handle zero": {"janus": "keepalive", **T, **S, "handle_id": 0},
    "null handle": {"janus": "keepalive", **T, **S, "handle_id": None},
    "text handle without session": {"janus": "ping", **T, "handle_id": "12"},
    "negative handle": {"janus": "detach", **T, **S, "handle_id": -1},
    # create
    "create with a taken id": {"janus": "create", **T, "id": "<session>"},
    "create with a text id": {"janus": "create", **T, "id": "12"},
    "create with a null id": {"janus": "create", **T, "id": None},
    "create with a real id": {"janus": "create", **T, "id": 12.0},
    "create with a boolean id": {"janus": "create", **T, "id": True},
    "create with a negative id": {"janus": "create", **T, "id": -1},
    "ping with a text id": {"janus": "ping", **T, "id": "x"},
    "create with the largest id": b'{"janus": "create", "transaction": "t", "id": 9223372036854775807}',
    # attach
    "attach without plugin": {"janus": "attach", **T, **S},
    "attach to a number": {"janus": "attach", **T, **S, "plugin": 1},
    "attach to null": {"janus": "attach", **T, **S, "plugin": None},
    "attach to an unknown plugin": {"janus": "attach", **T, **S, "plugin": "janus.plugin.nothing"},
    "attach with a numeric opaque_id": {
        "janus": "attach", **T, **S, "plugin": "janus.plugin.echotest", "opaque_id": 1
    },
    "attach with a null opaque_id": {
        "janus": "attach", **T, **S, "plugin": "janus.plugin.echotest", "opaque_id": None
    },
    "attach with a negative loop": {
        "janus": "attach", **T, **S, "plugin": "janus.plugin.echotest", "loop_index": -1
    },
    # claim, keepalive, hangup
    "claim": {"janus": "claim", **T, **S},
    "keepalive": {"janus": "keepalive", **T, **S},
    "hangup without a PeerConnection": {"janus": "hangup", **T, **H},
    # message
    "message without body": {"janus": "message", **T, **H},
    "message with a text body": {"janus": "message", **T, **H, "body": "x"},
    "message with a null body": {"janus": "message", **T, **H, "body": None},
    "message with an array": {"janus": "message", **T, **H, "body": []},
    "null jsep": {**ECHO, **T, **H, "jsep": None},
    "text jsep": {**ECHO, **T, **H, "jsep": "v=0"},
    "jsep without type": {**ECHO, **T, **H, "jsep": {"sdp": "v=0"}},
    "jsep without sdp": {**ECHO, **T, **H, "jsep": {"type": "offer"}},
    "jsep with a numeric type": {**ECHO, **T, **H, "jsep": {"type": 1, "sdp": "v=0"}},
    "jsep with a null sdp": {**ECHO, **T, **H, "jsep": {"type": "offer", "sdp": None}},
    "jsep with a numeric trickle": {**ECHO, **T, **H, "jsep": {**SDP, "trickle": 1}},
    "jsep with a numeric rid_order": {**ECHO, **T, **H, "jsep": {**SDP, "rid_order": 1}},
    "jsep with a text e2ee": {**ECHO, **T, **H, "jsep": {**SDP, "e2ee": "yes"}},
    "jsep of type pranswer": {**ECHO, **T, **H, "jsep": {"type": "pranswer", "sdp": "v=0"}},
    "jsep of type rollback": {**ECHO, **T, **H, "jsep": {"type": "rollback", "sdp": ""}},
    # trickle
    "trickle of nothing": {"janus": "trickle", **T, **H},
    "trickle of both forms": {"janus": "trickle", **T, **H, "candidate": CANDIDATE, "candidates": []},
    "trickle": {"janus": "trickle", **T, **H, "candidate": CANDIDATE},
    "trickle of several": {"janus": "trickle", **T, **H, "candidates": [CANDIDATE, {"completed": True}]},
    "trickle of null": {"janus": "trickle", **T, **H, "candidate": None},
    "trickle of text": {"janus": "trickle", **T, **H, "candidate": "x"},
    "trickle of text as several": {"janus": "trickle", **T, **H, "candidates": "x"},
    "trickle of nulls": {"janus": "trickle", **T, **H, "candidates": [None, 1]},
    "end of candidates": {"janus": "trickle", **T, **H, "candidate": {"completed": True}},
    # endings
    "destroy": {"janus": "destroy", **T, **S},
}  # fmt: skip


class Names:
    """Puts ids where names are, and the other way round."""

    def __init__(self, **ids: int) -> None:
        self._ids = {f"<{name}>": number for name, number in ids.items()}
        self._names = {number: name for name, number in self._ids.items()}

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(one) for key, one in value.items()}
        return self._ids.get(value, value) if isinstance(value, str) else value

    def named(self, value: Any) -> Any:
        """The answer as both gateways should give it."""
        if isinstance(value, dict):
            if set(value) == {"code", "reason"}:
                assert value["reason"], "an error says why"
                return {"code": value["code"]}
            return {key: self.named(one) for key, one in value.items()}
        return self._names.get(value, value) if isinstance(value, int) else value


async def answers(url: str, requests: dict[str, Any]) -> dict[str, Any]:
    """Ask each in a session of its own; return the answers, with the members in the order they came."""
    found: dict[str, Any] = {}
    async with websocket(url) as client:
        for name, request in requests.items():
            session_id = await client.session()
            names = Names(session=session_id, handle=await client.handle(session_id))
            answer = await client.ask(names.filled(request))
            while answer["janus"] == "event":  # EchoTest's word about a hangup may come first
                answer = await client.receive()
            found[name] = names.named(answer)
            await clean_up(client, session_id)
    return found


async def clean_up(client: RawClient, session_id: int) -> None:
    """Destroy the session, and take what else may come."""
    await client.send({"janus": "destroy", "transaction": "clean up", "session_id": session_id})
    while (await client.receive()).get("transaction") != "clean up":
        pass


@pytest.fixture(scope="module")
def agreed(janus: LocalGateway, practice: PracticeGateway) -> tuple[dict[str, Any], dict[str, Any]]:
    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        return await answers(janus.ws_url, REQUESTS), await answers(practice.ws_url, REQUESTS)

    return asyncio.run(both())


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_gets_the_same_answer(agreed: tuple[dict[str, Any], dict[str, Any]], name: str) -> None:
    real, practised = agreed
    assert json.dumps(practised[name]) == json.dumps(real[name])  # the order of members, too
