"""``python -m tests.benchmarks``: measure everything, write RESULTS.md."""

from __future__ import annotations

import argparse

from tests.benchmarks import figures
from tests.benchmarks.contenders import python_worker, running
from tests.gateways import running_gateway

BARE, OURS = python_worker("bare", "bare"), python_worker("ours", "ours")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=["throughput", "single"], nargs="+")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, only the floor and ours")
    parser.add_argument("--profile", action="store_true", help="where our time goes at 64 in flight")
    options = parser.parse_args()
    rounds, seconds = (11, 0.25) if options.quick else (21, 0.3)
    with running_gateway(log_level=2) as gateway:
        if options.profile:
            with running([OURS], gateway.ws_url) as [worker]:
                worker.order("calls", count=2_000, in_flight=64)
                print(worker.order("profile", count=10_000, in_flight=64))
            return
        kinds = {"throughput": figures.throughput, "single": figures.one_at_a_time}
        for kind in options.only or kinds:
            for figure in kinds[kind]([BARE, OURS], gateway.ws_url, rounds, seconds):
                low, high = figure.form.format(min(figure.values)), figure.form.format(max(figure.values))
                verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
                print(
                    f"{figure.title}: {figure.form.format(figure.value)} ({low} to {high}; {figure.detail}) "
                    f"{figure.target} {verdict}", flush=True
                )


if __name__ == "__main__":
    main()
