"""Measure how fast and how small the package is beside other clients, and write RESULTS.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from janus_notebook.gateway import LocalGateway
from tests.benchmarks import calls, environments, footprint, report
from tests.benchmarks.contenders import BARE, OURS, Contender, WorkerError, running
from tests.benchmarks.figures import Figure
from tests.gateways import running_gateway

Section = Callable[
    [Sequence[Contender], LocalGateway, bool], Iterator[Figure | str]
]  # a text says how quiet the rounds were
SECTIONS: dict[str, Section] = {
    "throughput": calls.throughput,
    "single": calls.single,
    "bridge": calls.bridge,
    "memory": footprint.memory,
    "sessions": footprint.sessions,
    "imports": footprint.imports,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--only", choices=SECTIONS, nargs="+", default=list(SECTIONS), help="these alone; RESULTS.md stays"
    )
    parser.add_argument(
        "--quick", action="store_true", help="ours and the floor alone, fewer rounds; RESULTS.md stays"
    )
    parser.add_argument("--profile", action="store_true", help="only show where our time goes, 64 in flight")
    return parser.parse_args()


def usable(contenders: Iterable[Contender], url: str, missing: dict[str, str]) -> Iterator[Contender]:
    """Those that work here: one that does not must not stop the others."""
    for contender in contenders:
        try:
            with running([contender], url) as [worker]:
                worker.order("calls", count=1, in_flight=1)
        except WorkerError as exc:
            print(exc, file=sys.stderr)
            missing[contender.name] = "it does not run here"
        else:
            yield contender


def profile(url: str) -> None:
    with running([OURS], url) as [worker]:
        worker.order("calls", count=2_000, in_flight=64)
        print(worker.order("profile", count=10_000, in_flight=64))


def main() -> int:
    options = arguments()
    load = os.getloadavg()[0]
    clients, missing = ([], {}) if options.quick or options.profile else environments.others()
    figures: list[Figure] = []
    notes: list[str] = []
    with running_gateway(log_level=2) as gateway:
        if options.profile:
            profile(gateway.ws_url)
            return 0
        contenders = [BARE, OURS, *usable(clients, gateway.ws_url, missing)]
        for name, reason in missing.items():
            print(f"skipped {name}: {reason}", flush=True)
        for section in options.only:
            try:
                for found in SECTIONS[section](contenders, gateway, options.quick):
                    if isinstance(found, Figure):
                        figures.append(found)
                        print(report.line(found), flush=True)
                    else:
                        notes.append(found)
                        print(found, flush=True)
            except (WorkerError, subprocess.CalledProcessError) as exc:
                missing[section] = "it failed"
                print(f"{section} failed: {exc}", file=sys.stderr)
        if not options.quick and options.only == list(SECTIONS):
            report.write(figures, notes, report.facts(contenders, gateway.version, load), missing)
            print(f"written: {report.RESULTS.name}")
    return 1 if missing.keys() & SECTIONS.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
