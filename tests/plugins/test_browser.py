"""A handle's media in a browser: what a page may say, the words for what it refuses, and plain wrong use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.plugins import browser, make_plugin
from janus_notebook.plugins.browser import page as page_module
from janus_notebook.plugins.browser import reading
from janus_notebook.plugins.browser.page import Answer, Page
from janus_notebook.plugins.browser.picture import picture
from janus_notebook.plugins.browser.words import refused
from tests.client.scripted import run
from tests.panels.conftest import make_handle, make_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.client.plugin import JanusPlugin

SIZE: dict[str, Any] = {}


def camera(handle: JanusPlugin, video: bool | None = None, **request: Any) -> Any:
    return browser.camera(handle, video, None, "camera", SIZE, (), request)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"secure": False, "name": "TypeError", "origin": "http://lab:8888"}, "not a secure context"),
        ({"allowed": False, "name": "NotAllowedError"}, "permissions policy"),
        ({"name": "NotAllowedError", "permission": "denied", "origin": "http://x"}, "denies the camera to http://x"),
        ({"name": "NotFoundError"}, "finds no camera"),
        ({"name": "NotReadableError"}, r"can't be opened \(NotReadableError\).* Close the program"),
        ({"name": "OverconstrainedError"}, "can't do what was asked for"),
        ({"name": "TypeError", "secure": True}, "no way to give a camera"),
        ({"name": "QuiteNewError", "message": "because"}, "QuiteNewError: because"),
        ({"name": "NotAllowedError", "what": "screen"}, "the screen is not shared"),
        ({"name": "NotFoundError", "what": "microphone"}, "no microphone.* audio=False"),
        ({"name": "InvalidAccessError", "message": "bad m-line", "what": None}, "not make the media: Inv"),
    ],
)  # fmt: skip
def test_what_the_browser_refuses_is_said_in_words(facts: Mapping[str, Any], text: str) -> None:
    with pytest.raises(JanusMediaError, match=text):
        raise refused("capture", {"what": "camera", **facts})


@pytest.mark.parametrize("nonsense", [None, 7, "text", [], {"name": 5, "what": {}}])
def test_a_page_may_answer_anything(nonsense: object) -> None:
    with pytest.raises(JanusMediaError, match="the browser could not make an offer"):
        raise refused("offer", nonsense)


def test_what_a_page_says_is_read_with_care() -> None:
    candidates: list[Any] = [
        {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0},
        {"candidate": ""}, {"candidate": 5}, None, "text", {"candidate": "x" * 2000}, {"completed": True},
    ]  # fmt: skip
    assert [sorted(found) for found in reading.candidates_of(candidates)] == [
        ["candidate", "sdpMLineIndex", "sdpMid"],
        ["completed"],
    ]
    told: dict[str, Any] = {
        "transport": {"bytes_in": "many", "bytes_out": 5, "packets_in": -1, "packets_out": 1e300},
        "media": [{"mid": "0", "kind": "video", "rtt_secs": float("nan"), "bytes_in": True}, 7],
    }
    stats = reading.stats_of(told)
    assert stats["transport"] == {"bytes_in": None, "bytes_out": 5, "packets_in": None, "packets_out": None}
    assert (stats["media"]["0"]["rtt_secs"], stats["media"]["0"]["bytes_in"]) == (None, None)
    nothing: list[Any] = [None, 5, [], {"media": 5}, {"transport": []}]
    for nonsense in nothing:
        assert reading.stats_of(nonsense) == {"transport": {}, "media": {}}
        assert reading.tracks_of(nonsense) == []
        assert reading.pair_of(nonsense) is None


def test_a_page_is_asked_with_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "STEP_SECONDS", 0.01)

    async def main() -> None:
        sent: list[dict[str, Any]] = []
        deaf = True
        page = Page("p", sent.append, lambda: deaf, lambda _: None)
        asking = asyncio.create_task(page.ask("snapshot", timeout=0.05))
        await asyncio.sleep(0.2)  # far longer than it may take, but nothing could be heard
        assert not asking.done()
        number = sent[0]["n"]
        page.hear({"re": number, "value": 5, "part": 1, "parts": 2}, [b"b"])
        page.hear({"re": number, "value": 5, "part": 0, "parts": 2}, [b"a"])
        answer = await asking
        assert (answer.value, answer.buffers) == (5, b"ab")
        page.wait(60)
        assert page.silent == 0
        deaf = False
        page.wait(60)
        assert page.silent == 60
        with pytest.raises(JanusTimeoutError, match="did not answer"):
            await page.ask("snapshot", timeout=0.05)
        garbled = asyncio.create_task(page.ask("snapshot"))
        await asyncio.sleep(0)
        page.hear({"re": sent[-1]["n"], "part": 5, "parts": 2}, [])
        with pytest.raises(JanusMediaError, match="garbled"):
            await garbled
        waiting = asyncio.create_task(page.ask("capture", timeout=None))
        await asyncio.sleep(0)
        page.end(JanusMediaError("the page was closed"))
        with pytest.raises(JanusMediaError, match="the page was closed"):
            await waiting
        with pytest.raises(JanusMediaError, match="the page was closed"):
            await page.ask("offer")

    run(main())


def test_nothing_of_the_media_extra_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import sys\nimport janus_notebook.notebook.cameras\n"
        "import janus_notebook.plugins.browser.call, janus_notebook.panels.camera.panel\n"
        "print([name for name in ('aiortc', 'av', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
    answer = Answer({"width": 1, "height": 1}, b"abc")
    assert picture(answer).tolist() == [[[97, 98, 99]]]
    for value, buffers in ((None, b""), ({"width": 2, "height": 1}, b"abc"), ({"width": -1}, b"")):
        with pytest.raises(JanusMediaError, match="sent no picture"):
            picture(Answer(value, buffers))
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(JanusMediaError, match="pip install numpy"):
        picture(answer)


def test_plain_wrong_use_is_one_clear_error() -> None:
    async def main() -> None:
        session = make_session()
        echo = make_handle(session)
        with pytest.raises(JanusOptionError, match=r"'bitrat'.*Did you mean 'bitrate'"):
            camera(echo, bitrat=5)
        with pytest.raises(JanusOptionError, match="nothing to send"):
            camera(echo, video=False)
        echo._set_state("connected")
        with pytest.raises(JanusStateError, match=r"has media already.*hangup"):
            camera(echo)
        for unattached in ("echotest", "sip"):
            with pytest.raises(JanusStateError, match="not attached"):
                camera(make_plugin(unattached))
        wrong: list[tuple[str, dict[str, Any], type[Exception], str]] = [
            ("sip", {}, JanusOptionError, "does not know how janus.plugin.sip negotiates"),
            ("janus.plugin.mine", {}, JanusOptionError, "does not know how"),
            ("videoroom", {}, JanusOptionError, "must be told room="),
            ("videoroom", {"room": 1, "feeds": []}, JanusOptionError, "the list is empty"),
            ("videoroom", {"room": 1, "feeds": "5"}, JanusOptionError, "feeds must be a list"),
            ("videocall", {}, JanusStateError, "nobody calls"),
            ("streaming", {}, JanusOptionError, "must be told id="),
            ("streaming", {"id": 1, "video": True}, JanusOptionError, "takes no video"),
            ("recordplay", {}, JanusOptionError, "must be told id="),
            ("textroom", {"room": 1}, JanusOptionError, "must be told username="),
            ("audiobridge", {"video": True, "room": 1}, JanusOptionError, "takes no video"),
        ]
        for number, (name, given, kind, text) in enumerate(wrong):
            handle = make_plugin(name)
            handle.begin(session, 100 + number, {"janus": "success"})
            video = given.pop("video", None)
            with pytest.raises(kind, match=text):
                camera(handle, video=video, **given)

    run(main())
