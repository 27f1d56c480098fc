"""Keepalives: how many a second, how much CPU for one, how long for one through the notebook's bridge."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from janus_notebook.gateway import LocalGateway
from tests.benchmarks.contenders import NOTEBOOK, OURS, Contender, Worker, running
from tests.benchmarks.figures import Figure, differences, ratios
from tests.benchmarks.rounds import Rounds, Turn, alternate

THROUGHPUT_TARGETS = {"bare": 0.9, "janus-client": 2.4, "janus-api-core": 4.0, "janode": 1.0}


def turns_of(workers: Sequence[Worker], in_flight: int, seconds: float) -> dict[str, Turn]:
    """A turn of about `seconds` for each worker: calls a second, and microseconds of CPU for one."""

    def turn_of(worker: Worker) -> Turn:
        warm_up = 200 + 20 * in_flight
        worker.order("calls", count=warm_up, in_flight=in_flight)
        trial = worker.order("calls", count=warm_up, in_flight=in_flight)
        count = max(in_flight, int(warm_up / trial["seconds"] * seconds))

        def turn() -> dict[str, float]:
            took = worker.order("calls", count=count, in_flight=in_flight)
            return {"rate": count / took["seconds"], "cpu": took["cpu"] / count * 1e6}

        return turn

    return {worker.name: turn_of(worker) for worker in workers}


def beside(rounds: Rounds, key: str) -> Iterator[tuple[str, list[float], list[float]]]:
    """Each other client's name, our values and that client's."""
    ours = rounds.values("ours", key)
    return ((name, ours, rounds.values(name, key)) for name in rounds.turns if name != "ours")


def compared(ours: list[float], other: list[float], form: str) -> str:
    return f"{form} and {form}".format(statistics.median(ours), statistics.median(other))


def throughput(contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure | str]:
    """Transactions a second with 64 in flight, and the CPU time of each."""
    with running(contenders, gateway.ws_url) as workers:
        turns = turns_of(workers, in_flight=64, seconds=0.2)
        rounds = alternate(turns, pids_of(workers, gateway), 11 if quick else 15)
    yield f"throughput: {rounds}"
    for name, ours, other in beside(rounds, "rate"):
        yield Figure(
            title=f"Throughput, 64 in flight: ours / {name}",
            values=ratios(ours, other),
            target=THROUGHPUT_TARGETS[name],
            detail=compared(ours, other, "{:,.0f}") + " per s",
        )
    for name, ours, other in beside(rounds, "cpu"):
        yield Figure(
            title=f"CPU time of a transaction: ours / {name}",
            values=ratios(ours, other),
            bound="≤",
            target=1.25 if name == "bare" else None,
            detail=compared(ours, other, "{:.0f}") + " µs",
        )


def single(contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure | str]:
    """One request at a time."""
    with running(contenders, gateway.ws_url) as workers:
        turns = turns_of(workers, in_flight=1, seconds=0.08)
        rounds = alternate(turns, pids_of(workers, gateway), 15 if quick else 25)
    yield f"single: {rounds}"
    for name, ours, other in beside(rounds, "rate"):
        yield Figure(
            title=f"One at a time: ours / {name}",
            values=ratios(ours, other),
            target=0.95 if name == "bare" else None,
            detail=compared(ours, other, "{:,.0f}") + " per s",
        )


def bridge(_contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure | str]:
    """What the notebook's background loop adds to a call, one at a time."""
    count = 200

    def turn_of(worker: Worker, do: str) -> Turn:
        def turn() -> dict[str, float]:
            return {"ms": worker.order(do, count=count, in_flight=1)["seconds"] / count * 1e3}

        turn()  # warms up
        return turn

    with running([OURS, NOTEBOOK], gateway.ws_url) as [core, notebook]:
        turns = {
            "ours": turn_of(core, "calls"),
            ".result()": turn_of(notebook, "result"),
            "await": turn_of(notebook, "await"),
        }
        rounds = alternate(turns, pids_of([core, notebook], gateway), 9 if quick else 15)
    yield f"bridge: {rounds}"
    for way, core_ms, way_ms in beside(rounds, "ms"):
        yield Figure(
            title=f"Notebook bridge, one at a time, {way}: added to the core's call",
            values=differences(way_ms, core_ms),
            bound="≤",
            target=0.4,
            unit=" ms",
            detail=compared(way_ms, core_ms, "{:.3f}") + " ms",
        )


def pids_of(workers: Sequence[Worker], gateway: LocalGateway) -> list[int]:
    """The processes that take part."""
    assert gateway.pid is not None
    return [gateway.pid, *(worker.pid for worker in workers)]
