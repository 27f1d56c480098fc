"""More settings for Janus's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from janus_notebook import JanusOptionError, JanusPlugin, JanusSession, LocalGateway
from tests.client.scripted import run
from tests.gateways import needs_janus, running_gateway


@needs_janus
@pytest.mark.live
def test_settings_reach_janus(tmp_path: Path) -> None:
    """A room of our own, beside the demo room, on a server whose ids are texts."""
    settings = {
        "janus.plugin.videoroom": {
            "general": {"string_ids": True},
            "room-mine": {"description": "Mine", "pin": "planted-pin"},
        }
    }

    async def main(gateway: LocalGateway) -> None:
        assert "planted-pin" not in repr(gateway)
        async with JanusSession(gateway.ws_url) as session:
            plugin = JanusPlugin("videoroom")
            await plugin.attach(session)
            rooms = (await plugin.request({"request": "list"}))["list"]
            assert {room["room"] for room in rooms} == {"1234", "mine"}

    with running_gateway(settings=settings) as gateway:
        run(main(gateway))


def test_settings_of_the_wrong_shape() -> None:
    with pytest.raises(JanusOptionError, match="must be a dict of categories"):
        LocalGateway(settings={"janus.plugin.sip": {"general": True}})  # type: ignore[dict-item]
