"""Media of the kernel beside a bare aiortc script: ``python -m tests.benchmarks.media``; writes MEDIA.md.

Needs a real Janus and a network interface besides loopback, as ICE does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks import media_report, report
from tests.benchmarks.contenders import CHECKOUT
from tests.benchmarks.rounds import Rounds, alternate
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

WAYS = ("ours", "bare")
# How much of each: calls, or seconds. The first two by turns with the bare script.
WHOLE = {"first": 20.0, "steady": 60.0, "latency": 30.0, "tone": 30.0, "memory": 600.0}
QUICK = {"first": 5.0, "steady": 8.0, "latency": 6.0, "tone": 5.0, "memory": 20.0}
ROUNDS = 3
BESIDE = ("first", "steady")


def turn(way: str, what: str, url: str, amount: float) -> dict[str, float]:
    """One call, or several, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.workers.media", way, what, url, str(amount)]
    told = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"{way} {what} failed: {told.stderr[-2000:]}")
    found: dict[str, float] = json.loads(told.stdout)
    return found


def measure(amounts: Mapping[str, float], rounds: int) -> dict[str, Rounds]:
    """Measure each of `amounts`, on one Janus."""
    found = {}
    with running_gateway(full_trickle=False) as gateway:
        assert gateway.pid is not None
        for what, amount in amounts.items():
            ways = WAYS if what in BESIDE else WAYS[:1]
            turns = {way: partial(turn, way, what, gateway.ws_url, amount) for way in ways}
            found[what] = alternate(turns, [gateway.pid], rounds if what in BESIDE else 1)
            print(f"{what}: {found[what].turns}", file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.media", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, which is only printed")
    parser.add_argument(
        "--only", choices=WHOLE, nargs="+", help="these figures alone, which are only printed"
    )
    options = parser.parse_args()
    load = os.getloadavg()[0]
    amounts = QUICK if options.quick else WHOLE
    chosen = {what: amount for what, amount in amounts.items() if not options.only or what in options.only}
    found = measure(chosen, 1 if options.quick else ROUNDS)
    facts = [*report.machine(load), ("Packages", report.installed(sys.executable, "aiortc", "av", "numpy"))]
    text = media_report.text(found, chosen, facts)
    print(text)
    if not options.quick and not options.only:
        media_report.RESULTS.write_text(text, encoding="utf-8")
        print(f"written: {media_report.RESULTS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
