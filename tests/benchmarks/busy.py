"""A cell that computes beside a call: what a short switch interval gives the loop, and costs the cell.

``python -m tests.benchmarks.busy`` measures and writes BUSY.md; ``--seconds`` measures something else, and
only prints it. It needs a network interface besides loopback, as all of ICE does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from janus_notebook.bridge import background
from janus_notebook.bridge.switching import PYTHONS_OWN, QUICK
from janus_notebook.notebook.connect import connect
from tests.benchmarks import report
from tests.benchmarks.rounds import Rounds, alternate
from tests.gateways import running_gateway

RESULTS = Path(__file__).with_name("BUSY.md")
ROUNDS, SECONDS = 7, 5.0
TURN = 0.02  # seconds between two looks at how late the loop is
THEIRS, OURS = "Python's own 5 ms", "ours, 1 ms"
CALLS: dict[str, dict[str, Any]] = {"sound": {"video": None}, "sound and pictures": {}}

METHOD = f"""\
Written by `python -m tests.benchmarks.busy`; `--seconds` measures something else and only prints it.

A tone, or a tone and the test pattern of 640x480 at 30 fps, goes from this process through EchoTest of a
real Janus and back, so the background loop encodes, sends, receives and decodes. Meanwhile the main thread
computes (`sum(range(10000))` again and again), as a cell would, for {SECONDS:g} s with Python's own switch
interval and for {SECONDS:g} s with ours, in turns. The loop is late by what a sleep of {TURN * 1000:.0f} ms
took longer; the cell's speed is how often it has counted, ours by Python's own in the same round. The tables
show the median of the rounds, of the speed the least and the most as well. A loop that keeps up takes more of
the core than one that falls behind: that is what the cell loses.
"""


def compute(seconds: float) -> float:
    """What a cell does; how often it did it in a second."""
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(10_000))
        done += 1
    return done / seconds


async def look(late: list[float]) -> None:
    """How late the loop is, in milliseconds, each time."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TURN
        await asyncio.sleep(TURN)
        late.append((loop.time() - due) * 1000)


def turn(echo: Any, late: list[float], interval: float, seconds: float) -> dict[str, float]:
    """The main thread computes; how it and the loop got on."""
    sys.setswitchinterval(interval)
    late.clear()
    speed = compute(seconds)
    lates = sorted(late)
    assert echo.state == "connected"
    return {
        "speed": speed,
        "median": statistics.median(lates),
        "most": lates[int(len(lates) * 0.95)],
        "turns": len(lates) / seconds,
    }


@contextmanager
def calling(**sources: Any) -> Iterator[Any]:
    """A handle of EchoTest with media both ways."""
    with running_gateway() as gateway:
        session = connect(gateway.ws_url).result(20)
        try:
            echo = session.attach("echotest").result(20)
            echo.publish(**sources).result(20)
            yield echo
        finally:
            session.destroy().result(20)


def measure(name: str, seconds: float) -> Rounds:
    late: list[float] = []
    with calling(**CALLS[name]) as echo:
        looking = background().submit(partial(look, late), name="look")
        compute(1.0)  # the connection's first moments are over
        turns: dict[str, Callable[[], dict[str, float]]] = {
            THEIRS: partial(turn, echo, late, PYTHONS_OWN, seconds),
            OURS: partial(turn, echo, late, QUICK, seconds),
        }
        rounds = alternate(turns, [], ROUNDS if seconds == SECONDS else 2)
        looking.cancel()
    return rounds


def rows(name: str, rounds: Rounds) -> list[str]:
    """The table of one kind of call."""
    ratios = [
        ours / theirs
        for ours, theirs in zip(rounds.values(OURS, "speed"), rounds.values(THEIRS, "speed"), strict=True)
    ]
    shown = [f"## {name.capitalize()}, {rounds}", ""]
    shown += [
        report.cells(("", "late, median ms", "95 %", "turns of the loop a second", "the cell's speed")),
        report.cells(("---", "---:", "---:", "---:", "---:")),
    ]
    for interval in (THEIRS, OURS):
        median, most, turns = (
            statistics.median(rounds.values(interval, key)) for key in ("median", "most", "turns")
        )
        speed = (
            "1"
            if interval == THEIRS
            else f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
        shown.append(report.cells((interval, f"{median:.1f}", f"{most:.1f}", f"{turns:.1f}", speed)))
    return [*shown, ""]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.busy", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each turn; BUSY.md stays")
    seconds = parser.parse_args().seconds
    load = os.getloadavg()[0]
    lines = ["# A cell that computes beside a call", ""]
    lines += [f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {load:.1f} before", ""]
    for name in CALLS:
        lines += rows(name, measure(name, seconds))
    text = "\n".join([*lines, "## How it is measured", "", METHOD])
    print(text)
    if seconds == SECONDS:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
