"""A recording that plays: as the session that it was, at the chosen speed."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from janus_notebook import (
    EventLog,
    JanusEchoTestPlugin,
    JanusError,
    JanusOptionError,
    JanusSession,
    JanusStateError,
    Replay,
)
from tests.client.scripted import ScriptedServer, run, scripted, until


async def a_call(server: ScriptedServer) -> JanusSession:
    """Two handles; one sends and loses media, the other is detached."""
    session = JanusSession(server.url)
    await session.create()
    plugin, gone = JanusEchoTestPlugin(), JanusEchoTestPlugin()
    plugin.label = "echo"
    await plugin.attach(session)
    await gone.attach(session)
    await plugin.request({"audio": True}, {"type": "offer", "sdp": "v=0"})
    at = {"session_id": session.id, "sender": plugin.id}
    server.push(
        {"janus": "webrtcup", **at},
        {"janus": "media", **at, "mid": "0", "type": "audio", "receiving": True},
        {"janus": "slowlink", **at, "mid": "0", "media": "audio", "uplink": True, "lost": 4},
        {"janus": "hangup", **at, "reason": "ICE failed"},
    )
    await until(lambda: plugin.state == "hungup")
    facts = {"state": "closed", "ice": "closed", "dtls": "closed", "tracks": []}
    session.events.record("local", "peer", facts, session.id, plugin.id)
    await gone.detach()
    return session


def facts(session: JanusSession | Replay) -> dict[str, object]:
    return {
        "session": (session.id, session.state, session.reason, session.base_url, session.is_open),
        "server": session.server,
        "keepalive": session.keepalive_interval,
        "counters": session.counters,
        "handles": [
            (p.id, p.name, p.label, p.state, p.reason, p.media, list(p.transitions), p.opaque_id)
            for p in session.plugins
        ],
        "events": [(event, event.raw) for event in session.events],
        "log": (session.events.total, session.events.errors, session.events.dropped),
    }


@pytest.mark.parametrize("moment", ["open", "destroyed"])
def test_it_ends_as_the_session_was(tmp_path: Path, moment: str) -> None:
    async def main() -> None:
        async with scripted() as server:
            session = await a_call(server)
            if moment == "destroyed":
                await session.destroy()
            path = session.events.save(tmp_path / "call.jsonl")
            replay = Replay.open(path, speed=math.inf)
            assert (replay.state, replay.plugins, len(replay.events)) == ("new", (), 0)
            replay.play()
            await replay.finished()
            assert replay.ended
            assert str(replay.ladder()) == str(replay.events.ladder()) != str(replay.ladder(limit=1))
            assert facts(replay) == facts(session)
            assert "ICE closed, DTLS closed" in [event.summary for event in replay.events]
            assert replay.position == replay.duration == session.events[-1].elapsed
            assert "at its end" in repr(replay)
            assert f"{len(session.events)} of {len(session.events)} entries" in repr(replay)
            await session.destroy()

    run(main())


def test_it_goes_through_what_the_session_went_through(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server:
            session = await a_call(server)
            plugin = session.plugins[0]
            assert plugin.id is not None
            replay = Replay.open(session.events.save(tmp_path / "call.jsonl"))
            for event in session.events:
                replay.seek(event.elapsed)
                assert replay.events[-1].elapsed == event.elapsed
                if event.kind == "webrtcup":
                    handle = replay.handle(plugin.id)
                    assert [p.state for p in replay.plugins] == ["connected", "attached"] or (
                        handle.state in ("negotiating", "connected")
                    )
            assert len(replay.plugins) == 1
            assert replay.handle(plugin.id).state == "hungup"
            assert replay.handle(plugin.id).webrtc == {}  # as it was when it was saved
            states = [event.raw["state"] for event in replay.events if event.kind == "state"]
            assert states.count("detached") == 1
            with pytest.raises(JanusOptionError, match=r"unknown handle '5'. Known: "):
                replay.handle(5)
            await session.destroy()

    run(main())


def recorded(tmp_path: Path, *times: float) -> Path:
    """A file with an event at each of these moments."""
    moments = iter([0.0, *times])
    log = EventLog(clock=lambda: next(moments))
    for number, _ in enumerate(times):
        log.record("event", "media", {"janus": "media", "mid": str(number)}, 1, 2)
    return log.save(tmp_path / "log.jsonl")


def test_real_and_other_speeds(tmp_path: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        replay = Replay.open(recorded(tmp_path, 0.1, 0.2, 0.3))
        assert (replay.duration, replay.position, replay.speed) == (0.3, 0.0, 1.0)
        assert replay.progress == "paused, 0.0 of 0.3 s"
        began = loop.time()
        replay.play()
        assert "playing" in repr(replay)
        replay.play()  # it does already
        await replay.finished()
        assert loop.time() - began >= 0.29
        assert replay.position == 0.3
        replay.play()  # it has ended
        assert not replay.playing
        replay = Replay.open(recorded(tmp_path, 100.0, 200.0), speed=1000)
        replay.play()
        await replay.finished()
        assert len(replay.events) == 2

    run(main())


def test_pause_and_go_on(tmp_path: Path) -> None:
    async def main() -> None:
        replay = Replay.open(recorded(tmp_path, 0.05, 50.0, 50.05))
        replay.play()
        await until(lambda: len(replay.events) == 1)
        replay.pause()
        stands = replay.position
        assert 0.05 <= stands < 50
        assert "paused" in repr(replay)
        await asyncio.sleep(0.02)
        assert replay.position == stands
        replay.play()
        replay.seek(50.0)  # while it plays
        assert replay.playing
        await replay.finished()
        assert len(replay.events) == 3
        replay.pause()
        await replay.finished()  # there is nothing to wait for

    run(main())


def test_the_speed_is_changed_on_the_way(tmp_path: Path) -> None:
    async def main() -> None:
        replay = Replay.open(recorded(tmp_path, 0.01, 3600.0))
        replay.play()
        await until(lambda: len(replay.events) == 1)
        replay.speed = 1_000_000
        await replay.finished()
        assert replay.ended
        replay.speed = 2
        assert replay.speed == 2.0
        assert replay.progress.endswith("s, 2 times as fast")
        for wrong in (0, -1, "fast", True, math.nan):
            with pytest.raises(JanusOptionError, match="speed must be a number above 0"):
                replay.speed = wrong  # type: ignore[assignment]

    run(main())


def test_it_does_not_go_back(tmp_path: Path) -> None:
    async def main() -> None:
        replay = Replay.open(recorded(tmp_path, 1.0, 2.0))
        replay.seek(1.5)
        assert (replay.position, len(replay.events)) == (1.5, 1)
        with pytest.raises(JanusOptionError, match=r"is at 1\.500 s and cannot go to 1\.0"):
            replay.seek(1.0)
        replay.seek(99.0)
        assert (replay.position, replay.ended) == (2.0, True)

    run(main())


def test_closing(tmp_path: Path) -> None:
    async def main() -> None:
        replay = Replay.open(recorded(tmp_path, 3600.0))
        await replay.close()
        replay.play()
        await asyncio.sleep(0)
        await replay.close()
        assert not replay.playing
        await replay.close()

    run(main())


def test_a_handle_that_was_attached_again_is_the_same(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server, JanusSession(server.url) as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            first = plugin.id
            assert first is not None
            await plugin.detach()
            await plugin.attach(session)
            assert plugin.id is not None
            replay = Replay.open(session.events.save(tmp_path / "log"), speed=math.inf)
            replay.play()
            await replay.finished()
            assert [handle.id for handle in replay.plugins] == [plugin.id]
            assert len(replay.handle(plugin.id).transitions) == len(plugin.transitions) == 3
            with pytest.raises(JanusOptionError):
                replay.handle(first)

    run(main())


def test_what_the_ring_had_let_go_of(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(server.url, log_capacity=5)
            await session.create()
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            for _ in range(3):
                await plugin.request({"audio": True})
            replay = Replay.open(session.events.save(tmp_path / "log"), speed=math.inf)
            replay.play()
            await replay.finished()
            assert replay.counters == session.counters
            assert (replay.id, replay.state) == (session.id, "connected")
            (handle,) = replay.plugins
            assert (handle.id, handle.name, handle.state) == (plugin.id, plugin.name, "attached")
            await session.destroy()

    run(main())


def test_nobody_is_there_to_be_asked(tmp_path: Path) -> None:
    async def main() -> None:
        async with scripted() as server:
            session = await a_call(server)
            replay = Replay.open(session.events.save(tmp_path / "log"))
            await session.destroy()
            replay.seek(replay.duration)
            (handle,) = replay.plugins
            assert repr(handle) == f"<ReplayedHandle janus.plugin.echotest {handle.id} hungup>"
            for ask in (handle.hangup, handle.detach):
                with pytest.raises(JanusStateError, match="this is a recording: there is no server to ask"):
                    await ask()
            events = handle.events(["media"])
            assert events.handle_id == handle.id
            replay.on_error(JanusError("a panel broke"))
            assert replay.events[-1].summary == "a panel broke."

    run(main())


def test_an_empty_recording(tmp_path: Path) -> None:
    async def main() -> None:
        replay = Replay.open(EventLog().save(tmp_path / "log"))
        assert (replay.duration, replay.ended) == (0.0, True)
        replay.play()
        await replay.finished()
        replay.seek(0.0)

    run(main())
