"""Janus's own client, janus.js, in Chromium on one side of a real Janus, and ours on the other."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import numpy as np
import pytest

from janus_notebook import JanusSession, JanusTextRoomPlugin, JanusVideoRoomPlugin
from janus_notebook.media import bars_match, read_counter
from janus_notebook.plugins.textroom import TextMessage
from janus_notebook.protocol.events import PluginEvent
from tests.browser.interop import janus_js
from tests.client.scripted import errors_in, run, until
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray
    from playwright.async_api import Page

    from janus_notebook import LocalGateway
    from janus_notebook.plugins.requests import Id

pytestmark = pytest.mark.browser

ROOM = 1234  # of Janus's own example configuration, for video and for text
PATIENCE = 20.0


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway


def test_pictures_go_both_ways(gateway: LocalGateway, tmp_path: Path) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session, janus_js(gateway.ws_url, tmp_path) as page:
            room = JanusVideoRoomPlugin()
            await room.attach(session)
            joined = await room.join(room=ROOM, ptype="publisher")
            await we_see_what_the_browser_publishes(room, page)
            await room.publish()
            await the_browser_plays_what_we_publish(joined["id"], page)
            assert errors_in(session) == []

    run(main())


async def we_see_what_the_browser_publishes(room: JanusVideoRoomPlugin, page: Page) -> None:
    feed = await page.evaluate("room => publish(room)", ROOM)
    await until(lambda: feed in room.view.feeds, PATIENCE)
    subscriber = await room.subscriber()
    await subscriber.set([feed])
    track = subscriber.track(feed, "video")
    await until(lambda: track.size == (640, 480), PATIENCE)  # it begins smaller
    first = await track.snapshot()
    assert (first.dtype.name, first.shape) == ("uint8", (480, 640, 3))
    red, green, blue = np.median(first.reshape(-1, 3), axis=0)
    assert green > max(red, blue) + 40  # Chromium's fake camera is green, and something turns in it
    moved = 0
    async with asyncio.timeout(PATIENCE):
        while moved < 500:  # pixels
            later = await track.snapshot()
            if later.shape == first.shape:  # under load it sends smaller ones
                moved = int((np.abs(later.astype(int) - first).max(axis=2) > 60).sum())
    loudest = 0.0
    async with asyncio.timeout(PATIENCE):
        while loudest < 0.02:  # it beeps once a second
            loudest = float(np.abs(await subscriber.track(feed, "audio").snapshot()).max())
    await subscriber.close()


async def the_browser_plays_what_we_publish(feed: Id, page: Page) -> None:
    assert await page.evaluate("([room, feed]) => play(room, feed)", [ROOM, feed]) == [640, 480]
    counters: set[int] = set()
    async with asyncio.timeout(PATIENCE):
        while len(counters) < 5:
            picture = await shown(page)
            if bars_match(picture):  # the first ones may be coarse
                counters.add(read_counter(picture))


async def shown(page: Page) -> NDArray[np.uint8]:
    """Return the picture that the page shows: (height, width, 3)."""
    found: dict[str, Any] = await page.evaluate("picture()")
    rgba = np.frombuffer(base64.b64decode(found["rgba"]), np.uint8)
    return rgba.reshape(found["height"], found["width"], 4)[..., :3]


def test_text_goes_both_ways(gateway: LocalGateway, tmp_path: Path) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session, janus_js(gateway.ws_url, tmp_path) as page:
            text = JanusTextRoomPlugin()
            await text.attach(session)
            await text.join(room=ROOM, username="notebook")
            async with text.events(["message"]) as messages:
                assert "notebook" in await page.evaluate("room => chat(room, 'page')", ROOM)
                said = "from the page: grüße, 🙂"
                await page.evaluate("text => say({textroom: 'message', text})", said)
                event = await messages.get(PATIENCE)
                assert isinstance(event, PluginEvent)
                assert isinstance(event.detail, TextMessage)
                assert (event.detail.sender, event.detail.text) == ("page", said)
            await text.message(room=ROOM, text="from the notebook: ça va, 🙂")
            await page.wait_for_function("heard.some(([from]) => from === 'notebook')")
            assert ["notebook", "from the notebook: ça va, 🙂"] in await page.evaluate("heard")
            assert errors_in(session) == []

    run(main())
