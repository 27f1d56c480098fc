"""FLOOD.md: our panels and the obvious way side by side, in the form of RESULTS.md."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import report
from tests.benchmarks.figures import Figure

if TYPE_CHECKING:
    from tests.benchmarks.flood import Measured

RESULTS = Path(__file__).with_name("FLOOD.md")

METHOD = """\
Written by `python -m tests.benchmarks.flood`; `--seconds`, `--rate` and `--only` measure something else and
only print it.

A server in a process of its own sends media, slowlink, plugin and trickle events through a WebSocket to one
handle of a real session. The notebook is open in JupyterLab in Chromium; no cell computes.

- **ours**: the cells `handle` and `session.events`, whose panels are both there.
- **obvious**: a task that prints each event into an `ipywidgets.Output` (`async for event in handle.events():
  with out: print(event)`). The session is ours in both; what differs is how its events are shown. It gets a
  third of the time, for its queues grow as long as it lasts. What was not answered at the end counts with
  the time that it had waited by then.

Comm messages and bytes are those of the kernel's WebSocket as Chromium sees it, bytes both ways. An answer
is that to `pass`, asked for by the page every 200 ms and timed there until the kernel is idle again. A click
is a real one, every 400 ms, timed from its input event to the frame after it: on a button of the benchmark
and, for ours, in turn on a tick box of the event stream, which filters anew each time. Kernel memory is
resident, the page's is its JavaScript heap, both after a collection.
"""


def percentile(values: Sequence[float]) -> float:
    """The 95th, or what there is of it."""
    if len(values) < 2:
        return values[0] if values else math.nan
    return statistics.quantiles(values, n=100, method="inclusive")[94]


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def figures(ours: Measured) -> Iterator[Figure]:
    """What has to be true of ours."""
    log, rates = ours.log, ours.panels or [0.0]
    wrong = abs(log["dropped"] - (log["total"] - log["kept"])) + log["gaps"]
    kept = f"{log['dropped']:,} dropped of {log['total']:,}, {log['kept']:,} kept"
    answers = f"median {median(ours.answers):.0f} ms; before the flood {percentile(ours.idle):.0f} ms"
    clicks = f"median {median(ours.clicks):.0f} ms, {len(ours.clicks)} clicks"
    rows: list[tuple[str, float, float | None, str, int, str]] = [
        ("Events that the log missed", ours.sent - ours.seen, 0, "", 0, f"{ours.sent:,} sent"),
        ("Entries by which the ring's count of dropped ones is wrong", wrong, 0, "", 0, kept),
        (
            "Comm messages a second, the busier panel",
            max(rates),
            10,
            "",
            1,
            ", ".join(f"{r:.1f}" for r in rates),
        ),
        ("Over the wire in all", ours.wire, 300, " kB/s", 0, ""),
        ("An empty cell's answer, 95th percentile", percentile(ours.answers), 100, " ms", 0, answers),
        ("The page's answer to a click, 95th percentile", percentile(ours.clicks), 100, " ms", 0, clicks),
        ("Growth of the kernel's memory", ours.kernel_memory, 30, " MB", 1, ""),
        ("Growth of the page's memory", ours.page_memory, 50, " MB", 1, ""),
        ("CPU of the kernel, of one core", ours.kernel_cpu * 100, None, " %", 0, ""),
    ]
    for title, value, target, unit, digits, detail in rows:
        yield Figure(
            title=title, values=[value], bound="≤", target=target, unit=unit, digits=digits, detail=detail
        )


def beside(ours: Measured, obvious: Measured) -> list[str]:
    """A table of both, with their ratio."""
    rows: list[tuple[str, float, float, int]] = [
        ("Comm messages a second, the busiest widget", max(ours.panels), max(obvious.panels, default=0.0), 1),
        ("Messages of the kernel a second", ours.messages, obvious.messages, 1),
        ("Over the wire, kB/s", ours.wire, obvious.wire, 0),
        ("Wire, bytes for each event of the server", ours.per_event, obvious.per_event, 1),
        ("Cell's answer, 95th percentile, ms", percentile(ours.answers), percentile(obvious.answers), 0),
        ("Click's answer, 95th percentile, ms", percentile(ours.clicks), percentile(obvious.clicks), 0),
        ("Seconds behind when the flood is over", ours.lag, obvious.lag, 1),
        ("Growth of the kernel's memory, MB", ours.kernel_memory, obvious.kernel_memory, 1),
        ("Growth of the page's memory, MB", ours.page_memory, obvious.page_memory, 1),
    ]
    lines = [("", "ours", "obvious", "obvious / ours"), ("---", "---:", "---:", "---:")]
    for title, mine, theirs, digits in rows:
        ratio = f"{theirs / mine:.1f}" if mine > 0 and theirs > 0 else ""
        lines.append((title, f"{mine:,.{digits}f}", f"{theirs:,.{digits}f}", ratio))
    return [report.cells(line) for line in lines]


def text(found: Mapping[str, Measured], rate: int, facts: Sequence[tuple[str, str]]) -> str:
    """The whole file, or of what was measured."""
    parts = ["# A flood of events", f"{rate:,} events a second for {found['ours'].seconds:g} s."]
    parts.append(report.table([*figures(found["ours"])]))
    if "obvious" in found:
        obvious = found["obvious"]
        parts += [
            f"## Beside the obvious way, for {obvious.seconds:g} s",
            "\n".join(beside(found["ours"], obvious)),
        ]
        if obvious.broken:
            parts.append(f"The obvious way did not come to its end: {obvious.broken}.")
    noise = ", ".join(f"{measured.others:.0%} during {way}" for way, measured in found.items())
    rows = [("", ""), ("---", "---"), *facts, ("Taken by other programs", noise)]
    return "\n\n".join(
        [*parts, "## The machine", "\n".join(map(report.cells, rows)), "## How it is measured", METHOD]
    )
