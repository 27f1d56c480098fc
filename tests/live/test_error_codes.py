"""Errors of the real Janus, core and plugins: the code, its name and our hint arrive with the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusPlugin, JanusPluginError, JanusServerError, JanusSession
from tests.client.scripted import run
from tests.gateways import janus_before, running_gateway

if TYPE_CHECKING:
    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

SDP = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 127.0.0.1
a=mid:0
"""

# What is sent (in place of HANDLE the handle's id), and the error that it is answered with.
CORE: list[tuple[dict[str, Any], int, str]] = [
    ({"janus": "nonsense"}, 453, "UNKNOWN_REQUEST"),
    ({"janus": "nonsense", "handle_id": "HANDLE"}, 453, "UNKNOWN_REQUEST"),
    ({"janus": "attach"}, 456, "MISSING_MANDATORY_ELEMENT"),
    ({"janus": "message", "handle_id": "HANDLE"}, 456, "MISSING_MANDATORY_ELEMENT"),
    ({"janus": "attach", "plugin": "janus.plugin.none"}, 460, "PLUGIN_NOT_FOUND"),
    ({"janus": "attach", "plugin": 5}, 467, "INVALID_ELEMENT_TYPE"),
    ({"janus": "message", "handle_id": 5, "body": {}}, 459, "HANDLE_NOT_FOUND"),
    ({"janus": "keepalive", "session_id": 5}, 458, "SESSION_NOT_FOUND"),
    (
        {"janus": "attach", "handle_id": "HANDLE", "plugin": "janus.plugin.echotest"},
        457,
        "INVALID_REQUEST_PATH",
    ),
    ({"janus": "message", "handle_id": "HANDLE", "body": []}, 467, "INVALID_ELEMENT_TYPE"),
    (
        {"janus": "message", "handle_id": "HANDLE", "body": {}, "jsep": {"type": "new", "sdp": ""}},
        464,
        "JSEP_UNKNOWN_TYPE",
    ),
    (
        {"janus": "message", "handle_id": "HANDLE", "body": {}, "jsep": {"type": "offer", "sdp": "nonsense"}},
        465,
        "JSEP_INVALID_SDP",
    ),
    (
        {"janus": "message", "handle_id": "HANDLE", "body": {}, "jsep": {"type": "answer", "sdp": SDP}},
        469,
        "UNEXPECTED_ANSWER",
    ),
]

PLUGINS: list[tuple[str, dict[str, Any], int, str]] = [
    ("audiobridge", {"request": "nonsense"}, 482, "INVALID_REQUEST"),
    ("audiobridge", {"request": "listparticipants", "room": 999}, 485, "NO_SUCH_ROOM"),
    ("audiobridge", {"request": "configure", "muted": True}, 487, "NOT_JOINED"),
    ("echotest", {}, 413, "INVALID_ELEMENT"),
    ("nosip", {"request": "nonsense"}, 442, "INVALID_REQUEST"),
    ("recordplay", {"request": "play", "id": 999}, 416, "NOT_FOUND"),
    ("recordplay", {"request": "play"}, 415, "MISSING_ELEMENT"),
    ("sip", {"request": "call", "uri": "sip:a@127.0.0.1"}, 447, "WRONG_STATE"),
    ("streaming", {"request": "info", "id": 999}, 455, "NO_SUCH_MOUNTPOINT"),
    ("streaming", {"request": "info"}, 453, "MISSING_ELEMENT"),
    ("textroom", {"request": "listparticipants", "room": 999}, 417, "NO_SUCH_ROOM"),
    ("videocall", {"request": "call", "username": "nobody"}, 473, "REGISTER_FIRST"),
    ("videoroom", {"request": "listparticipants", "room": 999}, 426, "NO_SUCH_ROOM"),
    ("videoroom", {"request": "listparticipants", "room": "x"}, 430, "INVALID_ELEMENT"),
    ("videoroom", {"request": "publish"}, 424, "JOIN_FIRST"),
    ("voicemail", {"request": "nonsense"}, 462, "INVALID_REQUEST"),
]


def check(error: JanusServerError | JanusPluginError, code: int, name: str) -> None:
    assert (error.code, error.name) == (code, name)
    assert error.reason
    assert error.hint
    assert str(error).endswith(error.hint)


@pytest.mark.parametrize(("message", "code", "name"), CORE)
def test_the_core(gateway: LocalGateway, message: dict[str, Any], code: int, name: str) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin("echotest")
            await plugin.attach(session)
            sent = {key: plugin.id if value == "HANDLE" else value for key, value in message.items()}
            with pytest.raises(JanusServerError) as caught:
                await session.send(sent)
            check(caught.value, code, name)

    run(main())


def test_a_wrong_secret() -> None:
    async def main() -> None:
        session = JanusSession(gateway.ws_url, api_secret="wrong")
        with pytest.raises(JanusServerError) as caught:
            await session.create()
        check(caught.value, 403, "UNAUTHORIZED")
        await session.destroy()

    with running_gateway(api_secret="right") as gateway:
        run(main())


@pytest.mark.parametrize(("name", "body", "code", "error"), PLUGINS)
def test_plugins(gateway: LocalGateway, name: str, body: dict[str, Any], code: int, error: str) -> None:
    if name == "voicemail" and not janus_before("1.1.4"):
        pytest.skip("it did not come with this Janus")

    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin(name)
            await plugin.attach(session)
            with pytest.raises(JanusPluginError) as caught:
                await plugin.request(body)
            check(caught.value, code, error)
            assert caught.value.plugin == f"janus.plugin.{name}"

    run(main())


def test_a_room_that_exists(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin("videoroom")
            await plugin.attach(session)
            room = {"request": "create", "room": 4711, "secret": "open"}
            await plugin.request(room)
            for body, code, name in [
                (room, 427, "ROOM_EXISTS"),
                ({"request": "destroy", "room": 4711, "secret": "shut"}, 433, "UNAUTHORIZED"),
                ({"request": "destroy", "room": 4711}, 429, "MISSING_ELEMENT"),
            ]:
                with pytest.raises(JanusPluginError) as caught:
                    await plugin.request(body)
                check(caught.value, code, name)
            await plugin.request({"request": "destroy", "room": 4711, "secret": "open"})

    run(main())
