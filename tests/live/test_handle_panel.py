"""The handle panel's facts against the real Janus: the ladder of a real call, figures of both sides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusError,
    JanusMediaError,
    JanusPlugin,
    JanusSession,
    JanusTextRoomPlugin,
)
from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.client.replay import Replay
from janus_notebook.monitor import sampling
from janus_notebook.panels.handle.snapshot import handle_snapshot
from tests.client.scripted import run, until

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live


def statuses(snapshot: dict[str, Any]) -> dict[str, str]:
    return {rung["name"]: rung["status"] for rung in snapshot["ladder"]}


def test_a_call_with_figures_of_both_sides(gateway: LocalGateway, tmp_path: Path) -> None:
    async def main() -> None:
        admin = JanusAdmin(gateway.admin_url, admin_secret=gateway.admin_secret)
        async with admin, JanusSession(gateway.ws_url) as session:
            session.admin = admin
            echo = JanusEchoTestPlugin()
            await echo.attach(session)
            watch = sampling.watch(session, echo)
            await echo.publish()
            series = watch.series

            def seen() -> bool:
                told = [rates.bps_out for rates in series.janus.values()]
                return len(told) == 2 and all(told) and series.source == "ours" and len(series.points) > 3

            await until(seen, 30)
            await until(lambda: statuses(handle_snapshot(echo, None, series))["from_janus"] == "done", 20)
            snapshot = handle_snapshot(echo, None, series)
            assert set(statuses(snapshot).values()) == {"done"}
            times = {rung["name"]: rung["secs"] for rung in snapshot["ladder"] if rung["secs"] is not None}
            assert times.keys() == {"signalling", "offer", "gathering", "pair", "dtls", "to_janus"}
            assert snapshot["verdict"]["level"] == "good"
            audio, video = snapshot["media"]
            assert (audio["kind"], audio["codec"], audio["direction"]) == ("audio", "OPUS", "both ways")
            assert (video["kind"], video["codec"]) == ("video", "VP8")
            for row in (audio, video):
                assert "kbit/s" in row["janus"]["receives"]
                assert "kbit/s" in row["janus"]["sends"]
                assert "kbit/s" in row["we"]["sends"]
                # Janus says 0 of less than a millisecond, as of what it does not know.
                assert row["janus"]["rtt"] == "–" or row["janus"]["rtt"].endswith("ms")
            # What one side sends is what the other receives, as far as two clocks allow.
            sent, came = series.ours["1"].totals, series.janus["1"].totals
            assert sent.packets_out is not None
            assert came.packets_in is not None
            assert abs(sent.packets_out - came.packets_in) <= 60
            await echo.configure(video=False)
            told = handle_snapshot(echo, None, series)["verdict"]
            assert told["level"] == "good"
            assert told["text"].endswith("we receive audio; Janus sends no video back: switched off.")
            last = series.points[-1]
            assert last[1] is not None
            assert last[1] > 10_000
            await echo.hangup()
            assert handle_snapshot(echo)["verdict"]["text"].startswith(
                "Closed by hangup(). It was connected for"
            )
            watch.close()
            path = session.events.save(tmp_path / "call.jsonl")
            replay = Replay.open(path, speed=math.inf)
            replay.play()
            await replay.finished()
            assert handle_snapshot(replay.handles[0])["ladder"] == handle_snapshot(echo)["ladder"]

    run(main())


def test_candidates_that_are_lost(gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither side hears of an address of the other: ICE finds no pair, and that step is named."""

    async def nothing(self: JanusPlugin, candidates: object, timeout: float | None = None) -> dict[str, Any]:
        return await self._send({"janus": "trickle", "candidate": {"completed": True}}, timeout)

    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            echo = JanusEchoTestPlugin()
            await echo.attach(session)
            monkeypatch.setattr(JanusPlugin, "trickle", nothing)
            monkeypatch.setattr("janus_notebook.media.peer.Peer.add_candidate", ignored)
            with pytest.raises(JanusError, match=r"ICE|not connected"):
                await echo.publish(timeout=3)
            snapshot = handle_snapshot(echo)
            failed = [rung["name"] for rung in snapshot["ladder"] if rung["status"] == "failed"]
            assert failed == ["gathering"]
            assert "0 ours" in snapshot["ladder"][2]["note"]
            assert snapshot["verdict"]["level"] == "bad"

    async def ignored(self: object, candidate: object) -> None:
        return None

    run(main())


def test_keys_that_do_not_fit(gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fingerprint of our offer was changed on its way: the DTLS handshake fails."""
    send = JanusPlugin._send

    async def changed(self: JanusPlugin, message: dict[str, Any], timeout: float | None) -> dict[str, Any]:
        if "jsep" in message:
            lines = message["jsep"]["sdp"].splitlines()
            lines = [line[:-2] + "00" if line.startswith("a=fingerprint:") else line for line in lines]
            message = {**message, "jsep": {**message["jsep"], "sdp": "\r\n".join(lines) + "\r\n"}}
        return await send(self, message, timeout)

    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            echo = JanusEchoTestPlugin()
            await echo.attach(session)
            monkeypatch.setattr(JanusPlugin, "_send", changed)
            with pytest.raises(JanusMediaError):
                await echo.publish(timeout=10)
            snapshot = handle_snapshot(echo)
            failed = [rung["name"] for rung in snapshot["ladder"] if rung["status"] == "failed"]
            assert failed == ["dtls"]
            assert "a=fingerprint" in snapshot["verdict"]["advice"]

    run(main())


def test_data_only(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session:
            text = JanusTextRoomPlugin()
            await text.attach(session)
            await text.setup()
            assert [*statuses(handle_snapshot(text))][-1] == "data"
            assert handle_snapshot(text)["verdict"]["level"] == "good"
            await text.list()
            await text.hangup()

    run(main())
