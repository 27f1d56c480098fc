"""Recordings of what comes back through the real Janus, and of calls that end in every way."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusMediaError, JanusStateError
from tests.admin import admin
from tests.client.scripted import errors_in, run, until
from tests.gateways import running_gateway
from tests.live.test_media_sources import echo
from tests.media.test_recorder import probe

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook import LocalGateway
    from janus_notebook.media import MediaRecording

pytestmark = pytest.mark.live

SECONDS = 2.0


def check(path: Path, recording: MediaRecording) -> None:
    """The file holds both tracks, and as much as the recording says."""
    found = probe(path)
    assert found["seconds"] == pytest.approx(recording.seconds, abs=0.2)
    assert int(found["video"]["nb_read_packets"]) == recording.frames["video"]
    # As long as what was heard, and the silence where a busy machine has left out some.
    assert (
        recording.frames["audio"] * 0.02 - 0.1 < float(found["audio"]["duration"]) < recording.seconds + 0.1
    )


def test_both_tracks_in_one_file_for_as_long_as_it_took(gateway: LocalGateway, tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"

    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            with pytest.raises(JanusStateError, match="has no media here"):
                await plugin.record(path)
            await plugin.publish()
            await asyncio.gather(plugin.track("video").snapshot(), plugin.track("audio").snapshot())
            async with await plugin.record(path) as recording:
                only = await plugin.track("audio").record(tmp_path / "sound.wav")
                await until(lambda: recording.seconds > SECONDS and recording.frames["video"] > 20, 20)
            await only.stop()
            assert set(recording.frames) == {"audio", "video"}
            check(path, recording)
            assert set(only.frames) == {"audio"}
            assert errors_in(plugin.session) == []  # type: ignore[arg-type]

    run(main())


@pytest.mark.parametrize("how", ["hangup", "administrator", "detach", "destroy", "killed"])
def test_the_end_of_the_call_is_the_end_of_the_file(how: str, tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"

    async def main(gateway: LocalGateway) -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish()
            await asyncio.gather(plugin.track("video").snapshot(), plugin.track("audio").snapshot())
            recording = await plugin.record(path)
            await until(lambda: recording.seconds > SECONDS / 2 and recording.frames["video"] > 5, 20)
            session = plugin.session
            assert session is not None
            if how == "killed":
                assert gateway.pid is not None
                os.kill(gateway.pid, signal.SIGKILL)
                await until(lambda: session.state == "lost")
            elif how == "administrator":
                ids = {"session_id": session.id, "handle_id": plugin.id}
                await asyncio.to_thread(admin, gateway, "hangup_webrtc", **ids)
            else:
                await (session.destroy() if how == "destroy" else getattr(plugin, how)())
            await recording.wait()
            assert recording.reason.startswith("no more to record")
            check(path, recording)

    with running_gateway() as gateway:
        run(main(gateway))


def test_nothing_is_received_so_nothing_is_recorded(gateway: LocalGateway, tmp_path: Path) -> None:
    async def main() -> None:
        async with echo(gateway.ws_url) as plugin:
            await plugin.publish(video=None)
            await plugin.track("audio").snapshot()
            await plugin.replace(audio=False)
            recording = await plugin.record(tmp_path / "call.mkv")
            await plugin.hangup()
            if not recording.frames["audio"]:  # else some sound was still on its way
                with pytest.raises(JanusMediaError, match="nothing was recorded"):
                    await recording.wait()

    run(main())
