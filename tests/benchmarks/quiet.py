"""How busy the machine is with other things, so that undisturbed rounds can be told from the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.05  # share of all cores; above it a round is disturbed


def _machine() -> tuple[float, float]:
    """Seconds that all cores were taken, by whomever, and seconds that passed on them."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, idle, waiting, *rest = (int(field) / TICKS for field in fields)
    taken = user + nice + system + sum(rest)  # the rest has what a host takes from a virtual machine
    return taken, taken + idle + waiting


def _process(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def others_share(pids: Iterable[int], work: Callable[[], object]) -> float:
    """Do `work`, and return the share of the cores that went to others than the processes in `pids`."""
    mine = [*pids, os.getpid()]

    def look() -> tuple[float, float, float]:
        return *_machine(), sum(map(_process, mine))

    before = look()
    work()
    taken, passed, ours = (after - earlier for after, earlier in zip(look(), before, strict=True))
    return max(taken - ours, 0.0) / passed if passed else 0.0


def quietest(disturbance: list[float], count: int) -> list[int]:
    """The numbers of the `count` rounds with the least disturbance, in their order."""
    return sorted(sorted(range(len(disturbance)), key=disturbance.__getitem__)[:count])
