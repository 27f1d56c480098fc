"""The static forms: readable, whole in themselves, and no text becomes markup."""

from __future__ import annotations

import re

from janus_notebook.client.log import EventLog
from janus_notebook.panels import static
from janus_notebook.panels.display import wrapped
from janus_notebook.panels.events.snapshot import stream_snapshot
from janus_notebook.panels.events.static import stream_parts
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.session.static import session_parts
from tests.hostile.corpus import Page
from tests.panels.conftest import event, make_handle, make_session

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&lt;</td></table>\x1b[31m\u202e\ud800"


def test_no_text_becomes_markup() -> None:
    session = make_session(f"ws://127.0.0.1:1/{HOSTILE}")
    plugin = make_handle(session)
    session.connection.server = {"name": HOSTILE, "version_string": HOSTILE}
    plugin.name = HOSTILE
    event(session, HOSTILE, 42, x=HOSTILE)
    event(session, "event", 42, plugindata={"data": {"display": HOSTILE}})
    event(session, "media", 42, mid=HOSTILE, type=HOSTILE, receiving=True)
    event(session, "hangup", 42, reason=HOSTILE)
    session._end("lost", HOSTILE)
    for parts in (
        session_parts(session_snapshot(session)),
        handle_parts(handle_snapshot(plugin)),
        stream_parts(stream_snapshot(session.events)),
    ):
        text = static.html(parts)
        page = Page(text)
        assert page.open == []
        assert page.tags <= {"div", "span", "strong", "table", "tr", "th", "td"}
        assert page.attributes <= {"style"}
        assert not any("alert" in style for style in page.values)
        assert "<img src=x onerror=alert(1)><script>" in page.text
        for shown in (text, static.plain(parts)):
            shown.encode()
            assert not {"\x1b", "\u202e"} & set(shown)


def test_the_plain_form_of_a_session() -> None:
    session = make_session()
    make_handle(session)
    snapshot = session_snapshot(session) | {"taken": 0}
    lines = static.plain(session_parts(snapshot)).splitlines()
    assert lines[0] == "Janus session 7001: ● connected"
    assert "  server            Janus WebRTC Server 1.1.2" in lines
    assert "  keepalive         every 20 s (session timeout 60 s)" in lines
    assert "  replies and acks  0" in lines
    assert "  taken             1970-01-01 00:00:00 UTC" in lines
    assert "  42      janus.plugin.echotest  ◇ attached  –" in lines
    session.connection.server = {"session-timeout": 5}
    text = static.plain(session_parts(session_snapshot(session)))
    assert "every 1.67 s (session timeout 5 s)" in text
    session._end("lost", "the cable was cut")
    assert static.plain(session_parts(session_snapshot(session))).startswith(
        "Janus session 7001: ▲ lost (the cable was cut)\n"
    )


def test_the_plain_form_of_a_handle() -> None:
    session = make_session()
    plugin = make_handle(session)
    plugin.on_jsep()
    event(session, "webrtcup", 42)
    event(session, "media", 42, mid="0", type="audio", receiving=True)
    text = static.plain(handle_parts(handle_snapshot(plugin)))
    assert re.match(
        r"janus\.plugin\.echotest 42: ● connected\n    Connected in \d\.\d\d s\. Janus receives aud", text
    )
    assert re.search(r"^  Signalling +✓ done +attached$", text, re.M)
    assert re.search(r"^  0 +audio( +–){6} +Janus receives it$", text, re.M)
    assert text.splitlines()[-1].endswith("⇐ event    media     Janus is receiving audio (mid 0)")


def test_the_plain_form_of_an_empty_stream() -> None:
    log = EventLog()
    lines = static.plain(stream_parts(stream_snapshot(log))).splitlines()
    assert lines == [
        "Events of session: ○ new",
        "  shown                 the newest 0 of 0",
        "  dropped from the log  0",
        "Events: none",
    ]
    assert "taken" in static.plain(stream_parts(stream_snapshot(log) | {"taken": 0}))


def test_the_page_says_when_it_was_taken_and_follows_the_theme() -> None:
    text = wrapped(stream_parts(stream_snapshot(make_session().events) | {"taken": 1_700_000_000}), "abc")
    assert "2023-11-14 22:13:20 UTC" in text
    assert 'class="janus-static janus-static-abc"' in text
    assert "var(--jp-ui-font-color1,currentColor)" in text
    assert "http" not in text  # nothing is loaded from elsewhere
