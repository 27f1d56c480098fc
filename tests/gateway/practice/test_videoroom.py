"""VideoRoom's signalling: the practice gateway and the real Janus give the same answers and events.

Where Janus waits for media, here a publisher really sends them to Janus, and only offers them to ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.client.scripted import run
from tests.gateway.practice.conversation import AUDIO, SESSION, converse
from tests.gateway.practice.speaker import speaking
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from janus_notebook.gateway import LocalGateway
    from janus_notebook.gateway.practice import PracticeGateway
    from tests.gateway.practice.conversation import Step

BODIES: list[dict[str, Any]] = [
    {},
    {"request": 5},
    {"request": "dance"},
    {"request": "list"},
    {"request": "exists"},
    {"request": "exists", "room": "x"},
    {"request": "exists", "room": -1},
    {"request": "exists", "room": 1234},
    {"request": "exists", "room": 9},
    {"request": "create", "room": 1234},
    {"request": "create", "room": "x"},
    {"request": "create", "description": 5},
    {"request": "create", "videocodec": "xx"},
    {"request": "create", "audiocodec": "opus,xx"},
    {"request": "create", "allowed": ["a", 5]},
    {"request": "create", "publishers": -1},
    {
        "request": "create",
        "room": 5,
        "description": "five",
        "secret": "s",
        "pin": "p",
        "publishers": 2,
        "bitrate": 5,
        "fir_freq": 3,
        "notify_joining": True,
        "videocodec": "vp8,h264",
        "lock_record": True,
        "opus_fec": False,
        "audiolevel_ext": False,
    },
    {"request": "create", "room": 6, "is_private": True, "permanent": False},
    {"request": "create", "room": 7, "allowed": ["a"]},
    {"request": "create", "room": 7},
    {"request": "edit"},
    {"request": "edit", "room": 5},
    {"request": "edit", "room": 5, "secret": "x"},
    {"request": "edit", "room": 5, "secret": "s", "new_publishers": "a"},
    {"request": "edit", "room": 5, "secret": "s", "new_description": "cinq", "new_publishers": 3},
    {"request": "edit", "room": 5, "secret": "s", "new_bitrate": 10, "new_fir_freq": 9},
    {"request": "edit", "room": 9},
    {"request": "listparticipants"},
    {"request": "listparticipants", "room": 9},
    {"request": "listparticipants", "room": 5},
    {"request": "allowed", "room": 7},
    {"request": "allowed", "room": 7, "action": "dance"},
    {"request": "allowed", "room": 7, "action": "add"},
    {"request": "allowed", "room": 7, "action": "add", "allowed": ["b"]},
    {"request": "allowed", "room": 7, "action": "add", "allowed": [5]},
    {"request": "allowed", "room": 7, "action": "add", "allowed": "b"},
    {"request": "allowed", "room": 7, "action": "remove", "allowed": ["a"]},
    {"request": "allowed", "room": 7, "action": "disable"},
    {"request": "allowed", "room": 7, "action": "enable"},
    {"request": "allowed", "room": 9, "action": "enable"},
    {"request": "allowed", "room": 5, "action": "enable"},
    {"request": "enable_recording", "room": 5, "record": True},
    {"request": "enable_recording", "room": 7},
    {"request": "enable_recording", "room": 7, "record": True},
    {"request": "enable_recording", "room": 7, "record": False},
    {"request": "kick", "room": 7},
    {"request": "kick", "room": 7, "id": 1},
    {"request": "kick", "room": 5, "id": 1},
    {"request": "moderate", "room": 7, "id": 1, "mid": "0"},
    {"request": "moderate", "room": 7, "id": 1, "mid": "0", "mute": True},
    {"request": "listforwarders", "room": 7},
    {"request": "list"},
    {"request": "destroy"},
    {"request": "destroy", "room": 9},
    {"request": "destroy", "room": 5},
    {"request": "destroy", "room": 5, "secret": "x"},
    {"request": "destroy", "room": 5, "secret": "s"},
    {"request": "destroy", "room": 6},
    {"request": "destroy", "room": 7},
    {"request": "destroy", "room": 7},
    {"request": "list"},
]
ROOMS: list[Step] = [("a", body) for body in BODIES]

IN, OUT = {"room": 81, "ptype": "publisher"}, {"room": 81, "ptype": "subscriber"}
CREATE: dict[str, Any] = {"request": "create", "room": 81}
DESTROY: Step = ("x", {"request": "destroy", "room": 81})
UNJOINED: list[Step] = [
    ("x", CREATE | {"pin": "p", "allowed": ["t"]}),
    *[
        ("a", {"request": request})
        for request in (
            *("configure", "publish", "unpublish", "start", "pause", "leave"),
            *("subscribe", "unsubscribe", "update", "switch", "join", "joinandconfigure"),
        )
    ],
    ("a", {"request": "join", "room": 81}),
    ("a", {"request": "join", "room": 81, "ptype": 5}),
    ("a", {"request": "join", "room": 81, "ptype": "listener", "pin": "p", "token": "t"}),
    ("a", {"request": "join", "room": 9, "ptype": "publisher"}),
    ("a", {"request": "join", **IN}),
    ("a", {"request": "join", **IN, "pin": 5}),
    ("a", {"request": "join", **IN, "pin": "x"}),
    ("a", {"request": "join", **IN, "pin": "p"}),
    ("a", {"request": "join", **IN, "pin": "p", "token": "x"}),
    ("a", {"request": "join", **IN, "pin": "p", "token": "t", "display": 5}),
    ("a", {"request": "join", **OUT, "pin": "p", "token": "t"}),
    ("a", {"request": "join", **OUT, "pin": "p", "token": "t", "streams": []}),
    ("a", {"request": "join", **OUT, "pin": "p", "token": "t", "streams": [{}]}),
    ("a", {"request": "join", **OUT, "pin": "p", "token": "t", "streams": [{"feed": 5}]}),
    ("a", {"request": "join", **OUT, "pin": "p", "token": "t", "feed": 5}),
    ("a", {"request": "join", **IN, "pin": "p", "token": "t", "id": 1}),
    ("a", {"request": "join", **IN, "pin": "p", "token": "t", "id": 1}),
    DESTROY,
]
# Of publishers that only offer: Janus tells nobody about those.
PUBLISHING: list[Step] = [
    ("x", CREATE | {"publishers": 2, "notify_joining": True, "audiocodec": "opus,pcmu"}),
    ("a", {"request": "join", **IN, "id": 11, "display": "A", "metadata": {"k": 1}}),
    ("b", {"request": "join", **IN, "id": 11}),
    ("b", {"request": "join", **IN, "id": 12, "display": "B"}),
    ("x", {"request": "listparticipants", "room": 81}),
    *[
        ("a", {"request": request})
        for request in ("start", "pause", "subscribe", "switch", "update", "dance")
    ],
    ("a", {"request": "unpublish"}),
    ("a", {"request": "publish"}),
    ("a", {"request": "configure", "bitrate": "x"}),
    ("a", {"request": "configure", "bitrate": 64_000, "audio": False}),
    ("a", {"request": "configure", "display": "A2"}),
    ("a", {"request": "configure", "display": "A3", "metadata": {"k": 2}}),
    ("c", {"request": "join", **IN, "id": 13}),
    ("c", {"request": "leave"}),
    ("c", {"request": "leave"}),
    ("c", {"request": "join", **IN}),
    ("c", {"request": "configure"}),
    ("d", {"request": "join", **IN, "id": 14}),
    ("x", {"request": "kick", "room": 81, "id": 14}),
    ("d", {"request": "configure"}),
    ("d", {"request": "join", **IN}),
    ("e", {"request": "joinandconfigure", **IN, "id": 15}),
    ("e", "hangup"),
    ("e", "detach"),
    ("x", {"request": "listparticipants", "room": 81}),
    DESTROY,
    ("a", {"request": "configure"}),
    ("a", {"request": "join", **IN}),
]
MEDIA: list[Step] = [
    ("x", CREATE | {"publishers": 2}),
    ("z", {"request": "join", **IN, "id": 13}),
    ("a", {"request": "join", **IN, "id": 11, "display": "A"}),
    ("a", {"request": "publish", "descriptions": [{"mid": "0", "description": "mic"}]}, "media"),
    ("b", {"request": "join", **IN, "id": 12, "display": "B"}),
    ("b", {"request": "configure"}, "media"),
    ("z", {"request": "publish"}, "offer"),
    ("z", "detach"),
    ("a", {"request": "publish"}, "offer"),
    ("x", {"request": "listparticipants", "room": 81}),
    ("x", {"request": "moderate", "room": 81, "id": 11, "mid": "0", "mute": True}),
    ("x", {"request": "moderate", "room": 81, "id": 11, "mid": "7", "mute": True}),
    ("c", {"request": "join", **OUT, "streams": [{"feed": 11, "mid": "9"}]}),
    ("c", {"request": "join", **OUT, "streams": [{"feed": 11}]}),
    ("c", {"request": "join", **OUT, "streams": [{"feed": 11}]}),
    *[("c", {"request": request}) for request in ("publish", "unpublish", "configure", "subscribe")],
    ("c", {"request": "subscribe", "streams": []}),
    ("c", {"request": "subscribe", "streams": "x"}),
    ("c", {"request": "subscribe", "streams": [{}]}),
    ("c", {"request": "subscribe", "streams": [{"feed": 99}]}),
    ("c", {"request": "subscribe", "streams": [{"feed": 11, "mid": "9"}]}),
    ("c", {"request": "unsubscribe", "streams": []}),
    ("c", {"request": "update"}),
    ("c", {"request": "update", "subscribe": []}),
    ("c", {"request": "subscribe", "streams": [{"feed": 12}]}),
    ("c", {"request": "pause"}),
    ("c", {"request": "start"}),
    ("c", {"request": "start"}, "answer"),
    DESTROY,
]
SUBSCRIBING: list[Step] = [
    ("x", CREATE | {"videocodec": "h264,vp8", "notify_joining": True}),
    ("a", {"request": "joinandconfigure", **IN, "id": 11, "display": "A"}, "media"),
    ("b", {"request": "join", **IN, "id": 12}),
    ("e", {"request": "join", **IN, "id": 15}),
    ("e", {"request": "publish", "audiocodec": "pcmu"}, "offer"),
    ("e", "detach"),
    ("b", {"request": "publish", "videocodec": "vp8"}, "media"),
    ("c", {"request": "join", **OUT, "streams": [{"feed": 11, "mid": "1"}]}),
    ("c", {"request": "start"}, "answer"),
    ("c", {"request": "unsubscribe", "streams": [{"feed": 99}]}),
    ("c", {"request": "subscribe", "streams": [{"feed": 12, "mid": "0"}]}),
    ("c", {"request": "start"}, "answer"),
    ("c", {"request": "unsubscribe", "streams": [{"sub_mid": "0"}]}),
    ("c", {"request": "start"}, "answer"),
    ("c", {"request": "update", "subscribe": [{"feed": 12, "mid": "1"}], "unsubscribe": [{"sub_mid": "1"}]}),
    ("c", {"request": "start"}, "answer"),
    ("c", {"request": "switch"}),
    ("c", {"request": "switch", "streams": []}),
    ("c", {"request": "switch", "streams": [{}]}),
    ("c", {"request": "switch", "streams": [{"feed": 11, "mid": "1"}]}),
    ("c", {"request": "switch", "streams": [{"feed": 99, "mid": "1", "sub_mid": "0"}]}),
    ("c", {"request": "switch", "streams": [{"feed": 11, "mid": "9", "sub_mid": "0"}]}),
    ("c", {"request": "switch", "streams": [{"feed": 11, "mid": "0", "sub_mid": "0"}]}),
    ("c", {"request": "switch", "streams": [{"feed": 12, "mid": "1", "sub_mid": "9"}]}),
    ("c", {"request": "configure", "streams": [{"mid": "0", "send": False}]}),
    ("c", {"request": "configure", "streams": [{"mid": "9", "send": False}]}),
    ("c", {"request": "configure", "streams": [{"mid": "0", "send": "x"}]}),
    ("c", {"request": "configure", "restart": True}),
    ("c", {"request": "start"}, "answer"),
    ("d", {"request": "join", **OUT, "feed": 11}),
    ("d", {"request": "leave"}),
    ("d", {"request": "join", **IN}),
    ("d", {"request": "configure"}),
    DESTROY,
    ("a", {"request": "leave"}),
    ("c", {"request": "configure"}),
]
ENDING: list[Step] = [
    ("x", CREATE),
    ("z", {"request": "join", **IN, "id": 13}),
    ("a", {"request": "joinandconfigure", **IN, "id": 11}, "media"),
    ("b", {"request": "joinandconfigure", **IN, "id": 12}, "media"),
    ("c", {"request": "join", **OUT, "streams": [{"feed": 11}, {"feed": 12, "mid": "1"}]}),
    ("c", {"request": "start"}, "answer"),
    ("b", {"request": "unpublish"}),
    ("b", "hung up"),
    ("b", {"request": "unpublish"}),
    ("x", {"request": "kick", "room": 81, "id": 11}),
    ("a", "hung up"),
    ("b", {"request": "leave"}),
    ("b", {"request": "leave"}),
    ("z", "detach"),
    DESTROY,
]
GOING: list[Step] = [
    ("x", CREATE),
    ("z", {"request": "join", **IN, "id": 13}),
    ("a", {"request": "joinandconfigure", **IN, "id": 11}, "media"),
    ("c", {"request": "join", **OUT, "streams": [{"feed": 11}], "private_id": 5}),
    ("c", {"request": "start"}, "answer"),
    ("a", "hangup"),
    ("a", "hung up"),
    ("c", {"request": "start"}, "answer"),
    ("x", {"request": "listparticipants", "room": 81}),
    ("a", {"request": "publish"}, "media"),
    ("c", {"request": "subscribe", "streams": [{"feed": 11, "mid": "1"}]}),
    ("c", {"request": "start"}, "answer"),
    ("c", "hangup"),
    ("c", "hung up"),
    ("c", "detach"),
    ("b", {"request": "joinandconfigure", **IN, "id": 12}, "media"),
    ("d", {"request": "join", **OUT, "feed": 12, "autoupdate": False}),
    ("d", {"request": "start"}, "answer"),
    ("d", {"request": "switch", "streams": [{"feed": 11, "mid": "1", "sub_mid": "1"}]}),
    ("b", "detach"),
    ("x", {"request": "edit", "room": 81, "new_require_pvtid": True}),
    ("e", {"request": "join", **OUT, "feed": 11}),
    ("z", "detach"),
    ("d", "detach"),
    DESTROY,
    ("a", "hung up"),
]


@needs_janus
@pytest.mark.live
@pytest.mark.parametrize(
    "steps",
    [ROOMS, UNJOINED, PUBLISHING, MEDIA, SUBSCRIBING, ENDING, GOING],
    ids=["rooms", "unjoined", "publishing", "media", "subscribing", "ending", "going"],
)
def test_agrees_with_janus(practice: PracticeGateway, janus: LocalGateway, steps: list[Step]) -> None:
    async def main() -> None:
        ours = await converse(practice.ws_url, "videoroom", steps)
        theirs = await converse(janus.ws_url, "videoroom", steps, like=ours, media=True)
        for mine, real in zip(ours.replies, theirs.replies, strict=True):
            assert mine == real
        assert ours.events == theirs.events

    run(main())


def test_a_publisher_is_known_from_its_answer_on(practice: PracticeGateway) -> None:
    """In Janus, from its webrtcup on, which never comes here."""

    async def main() -> None:
        async with speaking(practice.ws_url) as speaker:
            one, other = await speaker.attach("videoroom"), await speaker.attach("videoroom")
            for number, handle in enumerate((one, other)):
                body = {"request": "join", "room": 1234, "ptype": "publisher", "id": number + 1}
                assert (await handle.request(body))["plugindata"]["data"]["videoroom"] == "joined"
            await one.request({"request": "publish"}, {"type": "offer", "sdp": SESSION + AUDIO})
            (published,) = (await other.event("publishers"))["publishers"]
            assert published["id"] == 1
            assert published["streams"] == [{"type": "audio", "mindex": 0, "mid": "0", "codec": "opus"}]
            assert "webrtcup" not in [message["janus"] for message in speaker.heard]

    run(main())


def test_a_restart_while_an_offer_is_pending_is_never_answered(practice: PracticeGateway) -> None:
    async def main() -> None:
        async with speaking(practice.ws_url) as speaker:
            publisher, subscriber = await speaker.attach("videoroom"), await speaker.attach("videoroom")
            join = {"request": "joinandconfigure", "room": 1234, "ptype": "publisher", "id": 1}
            await publisher.request(join, {"type": "offer", "sdp": SESSION + AUDIO})
            await subscriber.request({"request": "join", "room": 1234, "ptype": "subscriber", "feed": 1})
            reply = await subscriber.ask("message", body={"request": "configure", "restart": True})
            await subscriber.request({"request": "start"})
            heard = [m for m in speaker.heard if m.get("transaction") == reply["transaction"]]
            assert [message["janus"] for message in heard] == ["ack"]

    run(main())


@pytest.mark.parametrize("request_name", ["rtp_forward", "publish_remotely", "add_remote_publisher"])
def test_what_needs_media_is_refused(practice: PracticeGateway, request_name: str) -> None:
    async def main() -> None:
        async with speaking(practice.ws_url) as speaker:
            handle = await speaker.attach("videoroom")
            data = (await handle.request({"request": request_name, "room": 1234}))["plugindata"]["data"]
            assert data["error_code"] == 499
            assert "needs a real Janus" in data["error"]

    run(main())
