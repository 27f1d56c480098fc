"""EchoTest's signalling: the practice gateway and the real Janus give the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.gateway.practice import PracticeGateway
from tests.client.scripted import run
from tests.gateway.practice.conversation import AUDIO, DATA, OFFER, SESSION, VIDEO, converse
from tests.gateway.practice.speaker import speaking
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook.gateway import LocalGateway
    from tests.gateway.practice.conversation import Step

BODIES: list[dict[str, Any]] = [
    {},
    {"request": "configure"},
    {"audio": True},
    {"audio": "yes"},
    {"audio": None},
    {"audio": 1},
    {"video": False},
    {"bitrate": 128_000},
    {"bitrate": 2**33},
    {"bitrate": -1},
    {"bitrate": 1.0},
    {"bitrate": True},
    {"substream": 2},
    {"substream": 3},
    {"temporal": 3},
    {"fallback": 1},
    {"record": False},
    {"record": False, "filename": 3},
    {"filename": "name"},
    {"audiocodec": "opus"},
    {"videocodec": "vp8"},
    {"audio": True, "audiocodec": 5},
    {"audio": True, "videocodec": "nothing"},
    {"videoprofile": "42e01f"},
    {"opusred": True},
    {"min_delay": -5},
    {"max_delay": 10},
    {"min_delay": "a"},
    {"svc": True},
    {"audio": True, "svc": 1, "x": None},
]
TUNING: list[Step] = [("a", body) for body in BODIES]
NEGOTIATION: list[Step] = [
    ("z", "hangup"),
    ("a", {}, "offer"),
    ("a", {"audio": False}, "offer"),
    ("a", {"audio": 5}, "offer"),
    ("a", "hangup"),
    ("a", "hung up"),
    ("a", "hangup"),
    ("a", {"video": True}),
    ("a", {"video": True}, "offer"),
    ("b", {"audio": True}, OFFER.replace("a=sendrecv", "a=sendonly")),
    ("c", {"audio": True}, OFFER.replace("a=sendrecv", "a=recvonly")),
    ("d", {"audio": True}, OFFER.replace("a=sendrecv", "a=inactive")),
    ("e", {"audio": True}, OFFER.replace("\r\n", "\n")),
    ("f", {"audio": True}, SESSION + AUDIO),
    ("g", {"audio": True}, SESSION + VIDEO),
    ("h", {"audio": True}, OFFER.replace("m=video 9", "m=video 0")),
    ("i", {"audio": True}, OFFER.replace("VP8/90000", "XX/90000").replace("H264/90000", "YY/90000")),
    ("j", {"audio": True, "audiocodec": "pcmu", "videocodec": "h264"}, "offer"),
    ("k", {"audio": True, "audiocodec": "g722"}, "offer"),
    ("l", {"audio": True}, OFFER + DATA),
]
REFUSED: list[Step] = [
    (f"handle {number}", {"audio": True}, text)
    for number, text in enumerate(
        (
            "nonsense",
            "v=0",
            SESSION,
            OFFER.replace("s=-", "x=-"),
            OFFER.replace("m=audio", "m="),
            OFFER.replace("a=ice-ufrag", "a=ice-nothing"),
            OFFER.replace("a=ice-pwd", "a=ice-nothing"),
            OFFER.replace("a=fingerprint", "a=nothing"),
        )
    )
]


@pytest.fixture(scope="module")
def signalling() -> Iterator[PracticeGateway]:
    """One whose EchoTest has no media, as without the extra."""
    with PracticeGateway(media=False) as gateway:
        yield gateway


@needs_janus
@pytest.mark.live
@pytest.mark.parametrize("media", [False, True])
@pytest.mark.parametrize("steps", [TUNING, NEGOTIATION, REFUSED], ids=["tuning", "negotiation", "refused"])
def test_agrees_with_janus(
    signalling: PracticeGateway,
    practice: PracticeGateway,
    janus: LocalGateway,
    steps: list[Step],
    media: bool,
) -> None:
    async def main() -> None:
        ours = await converse((practice if media else signalling).ws_url, "echotest", steps)
        theirs = await converse(janus.ws_url, "echotest", steps, like=ours)
        for mine, real in zip(ours.replies, theirs.replies, strict=True):
            assert mine == real
        assert ours.events == theirs.events

    run(main())


def test_an_answer_with_no_offer_is_refused(signalling: PracticeGateway) -> None:
    async def main() -> None:
        async with speaking(signalling.ws_url) as speaker:
            handle = await speaker.attach("echotest")
            reply = await handle.request({"audio": True}, {"type": "answer", "sdp": OFFER})
            assert reply["error"]["code"] == 469

    run(main())


@pytest.mark.parametrize("full_trickle", [True, False])
def test_candidates_are_where_the_option_says(full_trickle: bool) -> None:
    async def main(url: str) -> None:
        async with speaking(url) as speaker:
            handle = await speaker.attach("echotest")
            reply = await handle.request({"audio": True}, {"type": "offer", "sdp": OFFER})
            assert ("a=candidate:" in reply["jsep"]["sdp"]) is not full_trickle
            trickled = [message["candidate"] for message in handle.events("trickle")]
            if full_trickle:
                assert trickled[0]["candidate"].startswith("candidate:")
                assert trickled[-1] == {"completed": True}
            else:
                assert trickled == []
            assert "webrtcup" not in [message["janus"] for message in speaker.heard]

    with PracticeGateway(media=False, full_trickle=full_trickle) as gateway:
        run(main(gateway.ws_url))
