"""What is said over data channels, TextRoom's and plain ones: hostile text in every field."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from janus_notebook import JanusError, JanusTextRoomPlugin
from janus_notebook.client.ladder import ladder_of
from janus_notebook.media.channels import DataChannel
from janus_notebook.panels.events.panel import EventStreamPanel
from janus_notebook.panels.handle.panel import HandlePanel
from janus_notebook.panels.session.panel import SessionPanel
from janus_notebook.plugins.textroom.conversation import Conversation
from tests.client.scripted import run
from tests.hostile.corpus import CORPUS, FEW, MARK, check_text, encodable
from tests.hostile.test_panels import check
from tests.panels.conftest import make_session
from tests.plugins.test_textroom import Channel

if TYPE_CHECKING:
    from janus_notebook import JanusSession
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board
    from janus_notebook.panels.panel import Panel
    from tests.panels.conftest import FrontEnd

SECONDS = 60.0  # a busy machine
HANDLE = 42
ROOM = 1234
LONG = 20_000


def check_error(error: BaseException | None) -> None:
    assert isinstance(error, JanusError)
    for shown in (str(error), repr(error), *error._render_traceback_()):
        check_text(shown, 4_200, lines=False)


async def talked(
    text: str, session: JanusSession, plugin: JanusTextRoomPlugin
) -> tuple[Conversation, Channel]:
    """Let the plugin be in a room in which everything that can be said was said."""
    channel = Channel()
    talk = Conversation(session, HANDLE, plugin.name, cast("DataChannel", channel), plugin._rooms)
    said = text.replace("\0", "")  # what we send ourselves can't hold it
    ourselves = {"room": ROOM, "username": said, "display": said}
    joining = asyncio.create_task(talk.ask("join", ourselves, SECONDS))
    await asyncio.sleep(0)
    person = {"room": ROOM, "username": f"{text}, not us", "display": text}
    message = {"textroom": "message", "room": ROOM, "from": text, "date": text, "text": text, "display": text}
    channel.says(**message)
    channel.answers(participants=[{"username": text, "display": text, text: text}])
    await joining
    asking = asyncio.create_task(talk.ask("message", {"room": ROOM, "text": said}, SECONDS))
    await asyncio.sleep(0)
    channel.answers(textroom="error", error_code=417, error=text)
    await asyncio.wait([asking])
    check_error(asking.exception())
    news: list[dict[str, Any]] = [
        message | {"whisper": True, "to": text},
        {"textroom": "announcement", "room": ROOM, "date": text, "text": text},
        *({"textroom": word, **person} for word in ("join", "leave", "kicked")),
        {"textroom": "join", **person},
        {"textroom": "destroyed", "room": text * 2},
        {"textroom": "error", "error_code": 1, "error": text, "transaction": text},
        {"textroom": text, text: {text: [text]}},
        message,
    ]
    for one in news:
        channel.says(**one)
    for data in (text, text.encode(), b"\xff\xfe" + text.encode(), "[]"):
        channel.on_message(data)
    return talk, channel


@pytest.mark.parametrize("name", FEW)
def test_a_text_room(name: str, board: Board, loop: BackgroundLoop, front_end: FrontEnd) -> None:
    text = encodable(CORPUS[name])[:LONG]

    def begin() -> tuple[JanusSession, JanusTextRoomPlugin]:
        session, plugin = make_session("ws://127.0.0.1:1/janus"), JanusTextRoomPlugin()
        plugin.begin(session, HANDLE, {"janus": "success"})
        session.handles._by_id[HANDLE] = plugin
        return session, plugin

    session, plugin = loop.run_sync(begin, timeout=SECONDS)
    talk, channel = loop.submit(lambda: talked(text, session, plugin), name="talk").result(SECONDS)
    stream = board.panel(EventStreamPanel, session.events, None, session=session, handle_id=HANDLE)
    panels: list[Panel[Any]] = [board.panel(HandlePanel, plugin), stream, board.panel(SessionPanel, session)]
    assert all(check(panel, loop) for panel in panels)
    mark = {"spreadsheet": "HYPERLINK", "paths": "../", "statements": "end"}.get(name, MARK)
    live = str(loop.run_sync(panels[0].live, timeout=SECONDS))
    assert "newest messages" in live
    assert mark in live
    (room,) = plugin.rooms.values()
    assert len(room.messages) == 3
    for shown in (plugin, session, room, *room.messages, *room.participants.values()):
        check_text(repr(shown), 10_100)
    for event in session.events:
        check_text(repr(event), 1_300, lines=False)
    check_text(repr(ladder_of(session.events)), 200_000)
    loop.run_sync(channel.closes, text, timeout=SECONDS)
    check_error(talk.error())
    assert not plugin.rooms


@pytest.mark.parametrize("name", FEW)
def test_a_plain_channel(name: str) -> None:
    async def main() -> None:
        channel = DataChannel(CORPUS[name])
        check_text(repr(channel), 150, lines=False)
        with pytest.raises(JanusError) as caught:
            await channel.send("x")
        check_error(caught.value)
        channel.end(CORPUS[name])
        for asking in (channel.opened(), channel.send("x")):
            with pytest.raises(JanusError) as caught:
                await asking
            check_error(caught.value)

    run(main())
