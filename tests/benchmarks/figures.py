"""What is measured. Each figure is taken in rounds that alternate between the clients."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.contenders import Contender, Worker, running

Rounds = dict[str, list[float]]  # a client's name: a value for each round


@dataclass
class Figure:
    """One line of the table: a ratio or a difference, over all rounds."""

    title: str
    values: list[float]
    target: str = ""
    met: bool | None = None
    form: str = "{:.2f}"
    detail: str = field(default="", kw_only=True)

    @property
    def value(self) -> float:
        return statistics.median(self.values)


def at_least(title: str, values: list[float], target: float | None, form: str = "{:.2f}") -> Figure:
    if target is None:
        return Figure(title, values, form=form)
    return Figure(title, values, f"≥ {target:g}", statistics.median(values) >= target, form)


def at_most(title: str, values: list[float], target: float | None, form: str = "{:.2f}") -> Figure:
    if target is None:
        return Figure(title, values, form=form)
    return Figure(title, values, f"≤ {target:g}", statistics.median(values) <= target, form)


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(over, under, strict=True)]


def take_rounds(
    workers: Sequence[Worker], in_flight: int, rounds: int, seconds: float
) -> tuple[Rounds, Rounds]:
    """Keepalives a second, and microseconds of CPU for one, of each client in each round."""
    counts = {}
    for worker in workers:  # warms up and tells how many calls fill a round
        trial = worker.order("calls", count=20 * in_flight + 200, in_flight=in_flight)
        trial = worker.order("calls", count=20 * in_flight + 200, in_flight=in_flight)
        counts[worker.name] = max(in_flight, int((20 * in_flight + 200) / trial["seconds"] * seconds))
    rates: Rounds = {worker.name: [] for worker in workers}
    cpus: Rounds = {worker.name: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            count = counts[worker.name]
            took = worker.order("calls", count=count, in_flight=in_flight)
            rates[worker.name].append(count / took["seconds"])
            cpus[worker.name].append(took["cpu"] / count * 1e6)
    return rates, cpus


def throughput(contenders: Sequence[Contender], url: str, rounds: int, seconds: float) -> list[Figure]:
    """64 in flight: transactions a second, and CPU time for one."""
    with running(contenders, url) as workers:
        rates, cpus = take_rounds(workers, 64, rounds, seconds)
    figures = []
    targets = {"bare": 0.9, "janus-client": 2.4, "janus-api-core": 4.0, "janode": 1.0}
    for name, rate in rates.items():
        if name != "ours":
            figure = at_least(f"throughput, 64 in flight, ours / {name}", ratios(rates["ours"], rate), targets[name])
            figure.detail = f"{statistics.median(rates['ours']):,.0f} / {statistics.median(rate):,.0f} per s"
            figures.append(figure)
    for name, cpu in cpus.items():
        if name != "ours":
            target = 1.25 if name == "bare" else None
            figure = at_most(f"CPU time per transaction, ours / {name}", ratios(cpus["ours"], cpu), target)
            figure.detail = f"{statistics.median(cpus['ours']):.1f} / {statistics.median(cpu):.1f} µs"
            figures.append(figure)
    return figures


def one_at_a_time(contenders: Sequence[Contender], url: str, rounds: int, seconds: float) -> list[Figure]:
    with running(contenders, url) as workers:
        rates, _ = take_rounds(workers, 1, rounds, seconds)
    figures = []
    for name, rate in rates.items():
        if name != "ours":
            target = 0.95 if name == "bare" else None
            figure = at_least(f"one request at a time, ours / {name}", ratios(rates["ours"], rate), target)
            figure.detail = f"{statistics.median(rates['ours']):,.0f} / {statistics.median(rate):,.0f} per s"
            figures.append(figure)
    return figures
