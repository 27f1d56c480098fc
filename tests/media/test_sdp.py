"""What is read from a session description, and what is taken out."""

from __future__ import annotations

import pytest

from janus_notebook.errors import JanusMediaError
from janus_notebook.media import sdp

TEXT = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "a=group:BUNDLE a v",
        "m=audio 45000 UDP/TLS/RTP/SAVPF 111 0",
        "c=IN IP4 10.0.0.1",
        "a=mid:a",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:0 PCMU/8000",
        "a=candidate:1 1 udp 2 10.0.0.1 45000 typ host",
        "a=candidate:2 1 udp 1 10.0.0.2 45001 typ host",
        "a=end-of-candidates",
        "m=video 45000 UDP/TLS/RTP/SAVPF 97 98",
        "c=IN IP4 10.0.0.1",
        "a=mid:v",
        "a=rtpmap:98 rtx/90000",
        "a=rtpmap:97 VP8/90000",
        "a=candidate:1 1 udp 2 10.0.0.1 45000 typ host",
        "",
    ]
)


def test_the_candidates_of_the_first_section_are_taken() -> None:
    assert sdp.local_candidates(TEXT) == [
        {"candidate": "candidate:1 1 udp 2 10.0.0.1 45000 typ host", "sdpMid": "a", "sdpMLineIndex": 0},
        {"candidate": "candidate:2 1 udp 1 10.0.0.2 45001 typ host", "sdpMid": "a", "sdpMLineIndex": 0},
    ]
    assert sdp.local_candidates("v=0\r\n") == []


def test_without_candidates_nothing_tells_an_address() -> None:
    text = sdp.without_candidates(TEXT)
    assert "10.0.0" not in text
    assert "45000" not in text
    assert "end-of-candidates" not in text
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\n" in text
    assert sdp.without_candidates(text) == text


def test_the_codec_is_the_first_format_of_each_section() -> None:
    assert sdp.codecs(TEXT) == {"a": ("opus", 48000), "v": ("VP8", 90000)}
    assert sdp.codecs("") == {}


REJECTING = "\r\n".join(
    [
        "v=0",
        "a=group:BUNDLE a",
        "a=fingerprint:sha-256 00",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 127.0.0.1",
        "a=sendrecv",
        "a=mid:a",
        "a=rtcp-mux",
        "a=ice-ufrag:U",
        "a=ice-pwd:P",
        "a=setup:active",
        "a=rtpmap:111 opus/48000/2",
        "a=candidate:1 1 udp 2 10.0.0.9 40000 typ host",
        "a=end-of-candidates",
        "m=video 0 UDP/TLS/RTP/SAVPF 0",  # as Janus's audiobridge answers
        "c=IN IP4 127.0.0.1",
        "a=inactive",
        "a=mid:v",
        "",
    ]
)


def test_a_rejected_section_becomes_an_inactive_one_of_the_same_transport() -> None:
    assert sdp.rejected(REJECTING) == {1}
    text = sdp.as_inactive(REJECTING, {1}, TEXT)
    head, tail = REJECTING.split("m=video")[0], text.split("m=video")[1]
    assert text.startswith(head)
    assert "m=video" + tail == "\r\n".join(
        [
            "m=video 45000 UDP/TLS/RTP/SAVPF 97 98",
            "c=IN IP4 10.0.0.1",
            "a=mid:v",
            "a=rtpmap:98 rtx/90000",
            "a=rtpmap:97 VP8/90000",
            "a=inactive",
            "a=ice-ufrag:U",
            "a=ice-pwd:P",
            "a=setup:active",
            "a=candidate:1 1 udp 2 10.0.0.9 40000 typ host",
            "a=end-of-candidates",
            "",
        ]
    )


def test_other_descriptions_stay_as_they_are() -> None:
    assert (sdp.rejected(TEXT), sdp.rejected("v=0")) == (set(), set())
    assert sdp.as_inactive(TEXT, ()) == TEXT
    assert sdp.refusing(TEXT, TEXT, ()) == TEXT


def test_a_description_that_rejects_everything_is_an_error() -> None:
    with pytest.raises(JanusMediaError, match="rejected all media"):
        sdp.as_inactive(REJECTING, {0, 1}, TEXT)


def test_an_offered_section_that_cannot_be_taken_is_answered_as_rejected() -> None:
    offer = TEXT.replace("97 98", "45").replace("97 VP8", "45 AV1").replace("a=rtpmap:98 rtx/90000\r\n", "")
    taken = sdp.as_inactive(offer, {1})
    assert "m=video 9 UDP/TLS/RTP/SAVPF 97\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:97 VP8/90000\r\n" in taken
    assert "a=mid:v\r\na=inactive\r\na=candidate:1" in taken
    answer = sdp.refusing(taken, offer, {1})
    assert answer.endswith("m=video 0 UDP/TLS/RTP/SAVPF 45\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:v\r\n")
    assert sdp.bundle(answer) == ["a"]
    assert (sdp.mids(answer), sdp.rejected(answer)) == (["a", "v"], {1})


def test_the_bundle_names_its_mids() -> None:
    assert sdp.bundle(TEXT) == ["a", "v"]
    assert sdp.bundle("v=0") == []
