"""A call with the real Janus, saved and replayed: the panels end as they did in the live run."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusPlugin, JanusPluginError, JanusSession, Replay
from janus_notebook.panels.events.snapshot import stream_snapshot
from janus_notebook.panels.events.static import stream_parts
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.session.static import session_parts
from janus_notebook.panels.static import html, plain
from tests.client.scripted import run
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook.client.replay import AnySession

pytestmark = pytest.mark.live

PLANTED = "planted-s3cret"


async def a_call(session: JanusSession) -> list[JanusPlugin]:
    """Media there and back, a room with secrets, and a handle that is gone."""
    echo, room, gone = (
        JanusEchoTestPlugin(opaque_id="echo"),
        JanusPlugin("videoroom"),
        JanusPlugin("textroom"),
    )
    for plugin in (echo, room, gone):
        await plugin.attach(session)
    await echo.publish()
    await asyncio.gather(*(echo.track(kind).snapshot(10) for kind in ("audio", "video")))
    created = await room.request(
        {"request": "create", "secret": PLANTED, "pin": PLANTED, "allowed": [PLANTED], "description": "Mine"}
    )
    with pytest.raises(JanusPluginError):
        await room.request({"request": "destroy", "room": created["room"], "secret": f"{PLANTED}-wrong"})
    await room.request({"request": "destroy", "room": created["room"], "secret": PLANTED})
    await echo.configure(video=False)
    await gone.detach()
    return [echo, room]


def panels(session: AnySession) -> dict[str, Any]:
    """Everything that the panels of a session show."""
    return {
        "session": session_snapshot(session),
        "handles": [handle_snapshot(plugin) for plugin in session.plugins],
        "events": stream_snapshot(session.events),
        "streams": [stream_snapshot(session.events, plugin.id) for plugin in session.plugins],
    }


@pytest.mark.parametrize("moment", ["open", "hung up", "destroyed"])
def test_a_replay_ends_as_the_live_run(tmp_path: Path, moment: str) -> None:
    async def main(url: str) -> None:
        session = JanusSession(url, api_secret=PLANTED)
        async with session:
            echo, _ = await a_call(session)
            if moment == "hung up":
                await echo.hangup()
            if moment == "open":
                # From here on no await: what is sent and received goes on counting.
                live, path = panels(session), session.events.save(tmp_path / "call.jsonl")
        if moment != "open":
            live, path = panels(session), session.events.save(tmp_path / "call.jsonl")

        replay = Replay.open(path, speed=math.inf)
        replay.play()
        await replay.finished()
        again = panels(replay)
        assert again["session"]["head"].pop("recording").startswith("at its end, ")
        assert live["session"]["head"].pop("recording") is None
        assert again["session"]["head"].pop("alive") is False  # at its end a recording moves no more
        assert live["session"]["head"].pop("alive") is (moment == "open")
        for handle in (*live["handles"], *again["handles"]):
            handle.pop("figures")  # a recording has none
            handle["verdict"].pop("advice")  # nor anything to call
        assert again == live

        # Planted: API secret, room secret, pin, token of a room, a wrong secret that an error repeats.
        shown = [
            json.dumps(again),
            path.read_text(),
            repr(replay),
            repr(session),
            repr(session.events),
        ]
        forms = [session_parts(session_snapshot(replay)), stream_parts(live["events"])]
        for parts in (*forms, *(handle_parts(handle_snapshot(plugin)) for plugin in replay.handles)):
            shown += [html(parts), plain(parts)]
        shown += [replay.events.ladder(limit=10_000).mermaid, session.ladder(limit=10_000).text]
        shown += [session.events.to_frame().to_json(date_format="iso"), repr([e.raw for e in session.events])]
        for text in shown:
            assert PLANTED not in text

    with running_gateway(api_secret=PLANTED) as gateway:
        run(main(gateway.ws_url))
