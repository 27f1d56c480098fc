"""Rounds in which the clients take turns, and how busy the machine was meanwhile with other things."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.05  # share of all cores; above it a round is disturbed

Turn = Callable[[], dict[str, float]]


def _machine() -> tuple[float, float]:
    """Seconds that all cores were taken, by whomever, and seconds that passed on them."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, idle, waiting, *rest = (int(field) / TICKS for field in fields)
    taken = user + nice + system + sum(rest)  # the rest has what a host takes from a virtual machine
    return taken, taken + idle + waiting


def _process(pid: int) -> float:
    """Seconds of CPU that a process has used, and its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def others_share(pids: Iterable[int], work: Callable[[], object]) -> float:
    """Do `work`, and return the share of the cores that went to others than us and the processes `pids`."""
    mine = [*pids, os.getpid()]

    def look() -> tuple[float, float, float]:
        return *_machine(), sum(map(_process, mine))

    before = look()
    work()
    taken, passed, ours = (after - earlier for after, earlier in zip(look(), before, strict=True))
    return max(taken - ours, 0.0) / passed if passed else 0.0


@dataclass
class Rounds:
    """The quietest rounds of many, and how quiet they were."""

    turns: dict[str, list[dict[str, float]]]  # by name, one answer for each round
    taken: int
    disturbance: float  # of the worst that counts

    def values(self, name: str, key: str) -> list[float]:
        """One client's values, one for each round."""
        return [turn[key] for turn in self.turns[name]]

    def __str__(self) -> str:
        kept = len(next(iter(self.turns.values())))
        return f"{kept} quietest of {self.taken} rounds; others took up to {self.disturbance:.0%} of the CPU"


def alternate(turns: Mapping[str, Turn], pids: Sequence[int], rounds: int) -> Rounds:
    """Let all take turns until `rounds` rounds were undisturbed; after 3 times as many, the quietest count.

    Disturbance is what others take of the CPU. It is known without a look at what is measured, so
    choosing by it favours nobody.
    """
    answers: list[dict[str, dict[str, float]]] = []
    disturbance: list[float] = []

    def take_turns() -> None:
        answers.append({name: turn() for name, turn in turns.items()})

    while sum(share <= DISTURBED for share in disturbance) < rounds and len(answers) < 3 * rounds:
        disturbance.append(others_share(pids, take_turns))
    kept = sorted(range(len(answers)), key=disturbance.__getitem__)[:rounds]
    return Rounds(
        turns={name: [answers[i][name] for i in kept] for name in turns},
        taken=len(answers),
        disturbance=max(disturbance[i] for i in kept),
    )
