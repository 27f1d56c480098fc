"""Keepalives: how many a second, how much CPU for one, how long for one through the notebook's bridge."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from janus_notebook.gateway import LocalGateway
from tests.benchmarks.contenders import NOTEBOOK, OURS, Contender, Worker, running
from tests.benchmarks.figures import Figure, differences, ratios
from tests.benchmarks.quiet import DISTURBED, others_share, quietest

THROUGHPUT_TARGETS = {"bare": 0.9, "janus-client": 2.4, "janus-api-core": 4.0, "janode": 1.0}

Turn = Callable[[], dict[str, float]]


@dataclass
class Rounds:
    """The quietest rounds of many, and how quiet they were."""

    turns: dict[str, list[dict[str, float]]]  # by name, one answer for each round
    taken: int
    disturbance: float  # of the worst that counts

    def __str__(self) -> str:
        kept = len(next(iter(self.turns.values())))
        return f"{kept} quietest of {self.taken} rounds, others took up to {self.disturbance:.0%} of the CPU"


def alternate(turns: Mapping[str, Turn], pids: Sequence[int], rounds: int) -> Rounds:
    """Let all take turns until `rounds` rounds were undisturbed; after 4 times as many, the quietest count.

    Disturbance is what other programs take of the CPU, which is known without looking at what is measured.
    """
    answers: list[dict[str, dict[str, float]]] = []
    disturbance: list[float] = []

    def take_turns() -> None:
        answers.append({name: turn() for name, turn in turns.items()})

    while sum(share <= DISTURBED for share in disturbance) < rounds and len(answers) < 4 * rounds:
        disturbance.append(others_share(pids, take_turns))
    kept = quietest(disturbance, rounds)
    return Rounds(
        turns={name: [answers[i][name] for i in kept] for name in turns},
        taken=len(answers),
        disturbance=max(disturbance[i] for i in kept),
    )


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
    values = {name: [turn[key] for turn in turns] for name, turns in rounds.turns.items()}
    return ((name, values["ours"], other) for name, other in values.items() if name != "ours")


def compared(ours: list[float], other: list[float], form: str) -> str:
    return f"{form} and {form}".format(statistics.median(ours), statistics.median(other))


def throughput(contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure]:
    """Transactions a second with 64 in flight, and the CPU time of each."""
    with running(contenders, gateway.ws_url) as workers:
        turns = turns_of(workers, in_flight=64, seconds=0.25)
        rounds = alternate(turns, pids_of(workers, gateway), 9 if quick else 15)
    print(f"throughput: {rounds}", flush=True)
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


def single(contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure]:
    """One request at a time."""
    with running(contenders, gateway.ws_url) as workers:
        turns = turns_of(workers, in_flight=1, seconds=0.1)
        rounds = alternate(turns, pids_of(workers, gateway), 15 if quick else 31)
    print(f"single: {rounds}", flush=True)
    for name, ours, other in beside(rounds, "rate"):
        yield Figure(
            title=f"One at a time: ours / {name}",
            values=ratios(ours, other),
            target=0.95 if name == "bare" else None,
            detail=compared(ours, other, "{:,.0f}") + " per s",
        )


def bridge(_contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure]:
    """What the notebook's background loop adds to a call, one at a time."""
    count = 300

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
        rounds = alternate(turns, pids_of([core, notebook], gateway), 9 if quick else 21)
    print(f"bridge: {rounds}", flush=True)
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
