"""MEDIA.md: media of the kernel and a bare aiortc script side by side, in the form of RESULTS.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import report
from tests.benchmarks.figures import Figure, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.benchmarks.rounds import Rounds

RESULTS = Path(__file__).with_name("MEDIA.md")

METHOD = """\
Written by `python -m tests.benchmarks.media`; `--quick` and `--only` measure less and only print it.

Everything goes through the EchoTest of one real Janus on the same machine, with no server for ICE: 640 x 480
at 30 frames a second as VP8, and a tone as Opus. Each call, or series of calls, is a process of its own;
the two ways take turns, and only undisturbed rounds count, as in RESULTS.md.

- **ours** is `JanusEchoTestPlugin.publish(pattern, "tone")`, with the event log and all that a session does.
- **bare** is `RTCPeerConnection` and `websockets`: create, attach, offer, answer, and a task for each track
  that takes its frames. It has no keepalive, no trickle, no timeout and no events.

Both draw the same picture.

The first frame is timed from the call of `publish`, on an attached handle; up is from before the session is
created until `publish` returns, when ICE and DTLS are through on both sides. CPU is user and system time of
the process, all its threads included. A frame carries its number in its picture; its latency runs from the
time it was due at the source until its array is there. The slow reader takes 300 ms for a frame, and
the oldest frame that it was given counts. Memory is resident, from a while after the start.
"""


def _pair(found: Rounds, key: str, digits: int, unit: str) -> str:
    middle = {
        way: sorted(found.values(way, key))[len(found.values(way, key)) // 2] for way in ("ours", "bare")
    }
    return f"{middle['ours']:.{digits}f}{unit}, bare {middle['bare']:.{digits}f}{unit}"


def figures(found: Mapping[str, Rounds], amounts: Mapping[str, float]) -> Iterator[Figure]:
    """What has to be true."""

    def of(title: str, what: str, key: str, target: float, unit: str, factor: float = 1.0) -> Figure:
        values = [value * factor for value in found[what].values("ours", key)]
        return Figure(title=title, values=values, bound="≤", target=target, unit=unit, digits=0)

    if "first" in found:
        rounds = found["first"]
        for title, key, target in (
            ("From `publish()` to the first echoed frame", "first", 300.0),
            ("From the session's creation until media can flow", "up", 1000.0),
        ):
            yield Figure(
                title=title,
                values=rounds.values("ours", key),
                bound="≤",
                target=target,
                unit=" ms",
                digits=0,
                detail=_pair(rounds, key, 0, " ms"),
            )
    if "steady" in found:
        rounds = found["steady"]
        yield Figure(
            title=f"Frames echoed in {amounts['steady']:g} s",
            values=[100 * value for value in rounds.values("ours", "echoed")],
            bound="≥",
            target=95.0,
            unit=" %",
            digits=1,
            detail=_pair(rounds, "echoed", 3, ""),
        )
        yield Figure(
            title="CPU, ours / bare",
            values=ratios(rounds.values("ours", "cpu"), rounds.values("bare", "cpu")),
            bound="≤",
            target=1.15,
            detail=_pair(rounds, "cpu", 3, " of a core"),
        )
    if "latency" in found:
        yield of("Latency of `frames()`, median", "latency", "fast", 200.0, " ms")
        yield of("Oldest frame that a reader of 300 ms sees", "latency", "slow", 400.0, " ms")
    if "tone" in found:
        yield of("How far a tone of 440 Hz is off", "tone", "off", 1.0, " %")
        yield of(f"Longest hole in it, in {amounts['tone']:g} s", "tone", "hole", 60.0, " ms")
    if "memory" in found:
        yield of(f"Memory grown in {amounts['memory']:g} s unread", "memory", "grown", 20.0, " MB")


def text(found: Mapping[str, Rounds], amounts: Mapping[str, float], facts: Sequence[tuple[str, str]]) -> str:
    """The whole file, or of what was measured."""
    noise = [(f"Rounds of {what}", str(rounds)) for what, rounds in found.items()]
    rows = [("", ""), ("---", "---"), *facts, *noise]
    return "\n\n".join(
        [
            "# Media of the kernel",
            report.table([*figures(found, amounts)]),
            "## The machine",
            "\n".join(map(report.cells, rows)),
            "## How it is measured",
            METHOD,
        ]
    )
