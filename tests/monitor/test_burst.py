"""10,000 events at once: none is lost, each session's are in order, and others on the loop get their turn."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from janus_notebook import Monitor
from tests.client.scripted import run, until
from tests.monitor.sender import SESSIONS

EVENTS = 10_000
LONGEST_GAP = 2.0  # generous: a busy machine may not run us at all for a while; some 20 ms on a quiet one


async def longest_gap() -> float:
    """How long a coroutine that only wants a turn has to wait for one, at worst; ends when cancelled."""
    longest, before = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now
            await asyncio.sleep(0.001)
            before = time.perf_counter()
    except asyncio.CancelledError:
        return longest


@pytest.mark.parametrize("group", [0, 100, EVENTS], ids=["single", "grouped", "all in one"])
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_burst_is_taken_whole_and_in_order(scheme: str, group: int) -> None:
    async def main() -> None:
        async with Monitor(user="janus", password="planted") as monitor:
            stream = monitor.events.subscribe(["joined"])
            url = monitor.ws_url
            if scheme == "http":
                url = monitor.http_url.replace("://", "://janus:planted@")
            watcher = asyncio.create_task(longest_gap())
            sender = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.monitor.sender", url, str(EVENTS), str(group))
            )
            began = 0.0
            while monitor.counters["events"] < EVENTS:
                if monitor.counters["events"] and not began:
                    began = time.perf_counter()
                assert sender.returncode in (None, 0)
                await asyncio.sleep(0.005)
            took = time.perf_counter() - began if began else 0.0
            assert await sender.wait() == 0
            watcher.cancel()
            gap = await watcher
            print(f"{scheme} {group}: {EVENTS} events in {took:.2f} s, longest gap {gap * 1000:.1f} ms")
            entries = [event for event in monitor.events if event.direction == "monitor"]
            for session in range(1000, 1000 + SESSIONS):
                numbers = [
                    event.raw["event"]["data"]["id"] for event in entries if event.session_id == session
                ]
                assert numbers == list(range(session - 1000, EVENTS, SESSIONS))
            followed = [(await stream.get(1)).seq for _ in range(EVENTS)]
            assert followed == [event.seq for event in entries]
            assert stream.dropped == monitor.counters["dropped"] == monitor.counters["refused"] == 0
            assert monitor.counters["duplicates"] == 0
            assert gap < LONGEST_GAP
            await until(lambda: monitor.counters["connections"] == 0)

    run(main())
