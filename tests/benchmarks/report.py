"""RESULTS.md: the table, the machine's facts, what was compared and how."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import janus_notebook
from tests.benchmarks import environments
from tests.benchmarks.contenders import Contender
from tests.benchmarks.figures import Figure

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = ("Figure", "Median", "Least to most", "Target", "", "Measured (medians)")
LIBRARIES = ("websockets", "msgspec", "aiohttp", "pydantic", "reactivex", "ipywidgets")

METHOD = """\
Written by `python -m tests.benchmarks`, or `sh tests/benchmarks/run`, which sets up what it needs first. A
part of it, printed only: `python -m tests.benchmarks --only throughput single --quick`. Where our time
goes: `--profile`. How a flood of events is shown is measured by a command of its own, see FLOOD.md.

Every client is a process of its own with one session on the same Janus, over a WebSocket on loopback. They
take turns (A B C D A B C D …) of a fraction of a second. A ratio is made of two turns of the same round;
the table shows the median of these ratios, the least and the most. The last column has the medians
behind it, ours first.

Only undisturbed rounds count: those in which other programs, and other machines on the host, took at most
5 % of the CPUs. Where too few of them come in three times as many rounds, the quietest third counts.

## What each client does

- **bare** is the floor: the public interface of `websockets` without compression, msgspec, a dict of
  futures, a task that reads. It has no timeout, no error handling, no log and no events.
- **ours** is `JanusSession.send({"janus": "keepalive"})` with the session's defaults: a timeout of 10 s for
  each request, and each request and reply in the event log of 10,000 entries. Its transport builds on
  `websockets`, but frames short texts itself and writes together what one turn of the loop has sent; that
  is how it can do more than the floor.
- **janus-client** sends, waits at most 15 s and releases the transaction, as its own `ping` does.
- **janus-api-core** sends its `KeepAliveRequest`, as its own keepalive loop does, with its timeout of 15 s.
- **janode** is `session.sendRequest({ janus: 'keepalive' })`, which has no timeout, its log silent.

64 in flight means 64 tasks, each of which makes its next call when the last one is answered. CPU time is
user and system time of the client's process, all its threads included.

Memory of a handle: EchoTest handles are attached one after the other to one session, each kept as the
object that a user holds. It is the growth of the process's resident memory, after garbage collection, over
1,000 of them, 20 having been attached before. The last column counts the same with `tracemalloc` (V8: its
heap) in a run of its own. Ours includes what the event log keeps of the attaching; janus-client's
includes an idle peer connection, which it makes for each handle.

Imports run inside fresh interpreters, the files compiled and cached. Nothing is waited for then, so their
CPU time is compared: it is what the clock shows on an idle machine, and much the same on a busy one.
"""


def cells(columns: Sequence[str]) -> str:
    return "| " + " | ".join(columns) + " |"


def table(figures: Sequence[Figure]) -> str:
    rows = [HEAD, ("---", "---:", "---", "---:", "---", "---"), *(figure.columns() for figure in figures)]
    return "\n".join(map(cells, rows))


def line(figure: Figure) -> str:
    """A figure for the terminal."""
    title, median, spread, target, verdict, detail = figure.columns()
    facts = [f"{median} ({spread})", f"target {target}: {verdict}" if target else "", detail]
    return f"{title}: " + "; ".join(fact for fact in facts if fact)


def processor() -> str:
    """The CPU's name."""
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return platform.machine()


def installed(python: str, *names: str) -> str:
    """The packages of an environment that a reader asks about."""
    found = environments.versions(python, [*names, *LIBRARIES])
    return ", ".join(f"{name} {version}" for name, version in found.items())


def machine(load: float) -> list[tuple[str, str]]:
    """When and on what it was measured."""
    return [
        ("Date", f"{datetime.now(UTC):%Y-%m-%d}"),
        ("CPU", f"{processor()}, {os.cpu_count()} cores, load {load:.1f} before the run"),
        ("System", f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
    ]


def facts(contenders: Sequence[Contender], janus: str, load: float) -> list[tuple[str, str]]:
    rows = [
        *machine(load),
        ("Janus", janus),
        ("ours, bare", f"janus-notebook {janus_notebook.__version__}, {installed(sys.executable)}"),
    ]
    for contender in contenders:
        if contender.name in environments.PYPI:
            rows.append((contender.name, installed(contender.command[0], contender.name)))
        elif contender.name == "janode":
            versions = {"node": environments.node_version(), **environments.janode_versions()}
            rows.append(("janode", ", ".join(f"{name} {version}" for name, version in versions.items())))
    return rows


def write(
    figures: Sequence[Figure],
    notes: Sequence[str],
    rows: Sequence[tuple[str, str]],
    missing: Mapping[str, str],
) -> None:
    """Write RESULTS.md; `missing` names what was not measured, and why."""
    remarks = [*notes, *(f"not measured: {name}: {reason}" for name, reason in missing.items())]
    parts = [
        "# Benchmarks",
        table(figures),
        "\n".join(f"- {remark}" for remark in remarks),
        "## The machine",
        "\n".join(map(cells, [("", ""), ("---", "---"), *rows])),
        "## How it is measured",
        METHOD.strip(),
    ]
    RESULTS.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
