"""Which notebook forms have view(), and what it says where there is nothing to show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusOptionError,
    JanusSession,
    JanusStateError,
    JanusVideoRoomPlugin,
)
from janus_notebook.bridge import background, stop_background
from janus_notebook.notebook.connect import NotebookRoomView
from janus_notebook.notebook.forms import form_of
from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    background()
    yield
    stop_background()


def test_a_handle_shows_its_video_or_says_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    echo: Any = form_of(JanusEchoTestPlugin())
    assert echo.view() is None  # no notebook: no widget
    told = capsys.readouterr().out
    assert told.startswith("Live view of echotest")
    assert "await track.snapshot()" in told
    with pytest.raises(JanusOptionError, match=r"has no media here.*waits for video that comes later"):
        echo.view("vidoe")
    with pytest.raises(JanusOptionError, match="fps=0"):
        echo.view(fps=0)


def test_of_a_videoroom_view_is_who_is_there() -> None:
    room: Any = form_of(JanusVideoRoomPlugin())
    assert isinstance(room.view, NotebookRoomView)
    assert room.view.participants == ()
    with pytest.raises(JanusStateError, match=r"receives no video.*subscriber\.view\(\)"):
        room.view()


def test_a_subscription_without_feeds_says_how_to_get_one() -> None:
    subscriber: Any = form_of(RoomSubscriber(JanusSession("ws://localhost:1"), room=7))
    with pytest.raises(JanusStateError, match=r"no feed is received yet.*set\(room\.view\.feeds\)"):
        subscriber.view()
