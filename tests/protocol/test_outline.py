"""Replies as a notebook shows them: field by field where they are long."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import IPython.lib.pretty

from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.client.replies import PluginReply
from janus_notebook.protocol.typed import Typed

pretty: Callable[[object], str] = IPython.lib.pretty.pretty

HOSTILE = "<script>x</script>\x1b[31m\u202e\x00\ud800" + "A" * 1_000_000
ROOM: dict[str, Any] = {
    "videoroom": "joined",
    "room": 1234,
    "description": "Demo Room",
    "pin": "hunter2",
    "publishers": [{"id": n, "display": f"Guest {n}", "streams": [{}, {}]} for n in range(12)],
    "codecs": ["opus", "vp8"],
    "empty": [],
    "nothing": None,
    "limits": {"bitrate": 128000, "layers": [1, 2]},
}


def reply(data: dict[str, Any], **more: Any) -> PluginReply:
    return PluginReply.from_message({"plugindata": {"data": data}, **more})


def test_a_short_one_stays_on_its_line() -> None:
    short = reply({"result": "ok"})
    assert pretty(short) == repr(short) == "<PluginReply {'result': 'ok'}>"
    assert short._repr_html_() is None


def test_a_long_one_is_shown_field_by_field() -> None:
    lines = pretty(reply(ROOM, jsep={"type": "answer", "sdp": "v=0\r\ns=-\r\n"})).splitlines()
    assert lines[0] == "PluginReply + answer"
    assert "  videoroom    joined" in lines
    assert "  pin          ***" in lines
    assert "  codecs       opus, vp8" in lines
    assert "  empty        none" in lines
    assert "  nothing      null" in lines
    at = lines.index("  publishers   12 items")
    assert lines[at + 1].strip() == "id=0  display=Guest 0  streams=(2 items)"
    assert lines[at + 11].strip() == "… 2 more"
    at = lines.index("  limits       2 fields")
    assert [line.strip() for line in lines[at + 1 : at + 3]] == ["bitrate: 128000", "layers: (2 items)"]
    assert lines[-1] == "  jsep         answer, 2 lines of SDP: .jsep"
    assert all(len(line) < 200 for line in lines)


def test_within_something_else_it_is_one_short_line() -> None:
    lines = pretty([reply(ROOM)]).splitlines()
    assert len(lines) == 1
    assert len(lines[0]) < 320


def test_what_is_not_a_text() -> None:
    data: dict[str, Any] = {
        "none": None,
        "yes": True,
        "no": False,
        "empty": "",
        "nothing": [],
        "long": "x" * 200,
    }
    lines = [line.split(maxsplit=1)[1] for line in pretty(Typed.read(data)).splitlines()[1:6]]
    assert lines == ["null", "true", "false", "“”", "none"]


def test_a_class_with_a_repr_of_its_own_keeps_it() -> None:
    info = HandleInfo.read({"plugin": "janus.plugin.echotest", "sdps": {"local": "v=0" * 100}})
    assert pretty(info) == repr(info)
    assert info._repr_html_() is None


def test_a_part_of_an_answer_is_shown_by_what_is_known() -> None:
    dtls = {"fingerprint": "AB:CD", "dtls-state": "connected", "token": "hunter2"}
    ice = {"stream_id": 1, "state": "ready", "local-candidates": [HOSTILE[:100]]}
    webrtc = HandleInfo.read({"webrtc": {"ice": ice, "dtls": dtls, "media": {"0": {"type": "audio"}}}}).webrtc
    assert webrtc is not None
    text, html = pretty(webrtc), webrtc._repr_html_()
    lines = text.splitlines()
    assert (lines[0], lines[1].split()[0]) == ("WebRtc", "ice")
    assert "dtls_state: connected" in text
    assert "None" not in text
    assert "srtp_profile" not in text
    assert html is not None
    assert "<script" not in html
    assert not set(text + html) & {"\x1b", "\x00", "\u202e", "\ud800"}
    assert len(pretty([webrtc]).splitlines()) < 10
    short = webrtc.media["0"].direction
    assert (pretty(short), short._repr_html_()) == (repr(short), None)


def test_whatever_it_holds_it_is_harmless_and_small() -> None:
    tags: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.add(tag)

    data = {
        HOSTILE: HOSTILE,
        "list": [HOSTILE] * 1000,
        "objects": [{HOSTILE: {"secret": "hunter2"}}] * 1000,
        "deep": {"a": {"b": {"c": [HOSTILE]}}, "token": "hunter2"},
        **{f"key {n}": n for n in range(500)},
    }
    for made in (reply(data, jsep={"type": HOSTILE, "sdp": 7}), Typed.read(data)):
        html = made._repr_html_()
        assert html is not None
        for text in (pretty(made), html):
            assert len(text) < 20_000
            assert not set(text) & {"\x1b", "\x00", "\u202e", "\ud800"}
            assert "hunter2" not in text
        Tags().feed(html)
    assert tags == {"div", "strong", "table", "tr", "th", "td"}


def test_what_could_not_be_read_is_named() -> None:
    class Numbered(Typed, frozen=True, kw_only=True):
        number: int = 0

    text = pretty(Numbered.read({"number": "seven", "more": "x" * 100}))
    assert "  unreadable  number (see .data)" in text.splitlines()
