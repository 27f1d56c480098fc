"""What the clients take while they do little: memory, CPU of idle sessions, time of the import."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence

from janus_notebook.gateway import LocalGateway
from tests.benchmarks.contenders import CHECKOUT, SESSIONS, Contender, running
from tests.benchmarks.figures import Figure, differences
from tests.benchmarks.rounds import Turn, alternate

HANDLES = 1_000
WARM_UP = 20  # handles before the first look: what is made once is there by then
KEEPALIVE_PERIOD = 20.0  # seconds; a third of the server's 60 s


def per_handle(contender: Contender, url: str, traced: bool) -> float:
    """kB for one of 1,000 attached EchoTest handles."""
    with running([contender], url) as [worker]:
        if traced:
            worker.order("trace")
        worker.order("attach", count=WARM_UP)
        before = worker.order("memory")
        worker.order("attach", count=HANDLES)
        after = worker.order("memory")
    kind = "traced" if traced else "rss"
    return float(after[kind] - before[kind]) / HANDLES / 1e3


def memory(contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure | str]:
    """Memory of an attached handle: the process's, and what the language allocated."""
    rounds = 1 if quick else 3
    resident: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            resident[contender.name].append(per_handle(contender, gateway.ws_url, traced=False))
    for contender in contenders:
        yield Figure(
            title=f"Memory of a handle: {contender.name}",
            values=resident[contender.name],
            bound="≤",
            target=6.0 if contender.name == "ours" else None,
            unit=" kB",
            digits=1,
            detail=f"{per_handle(contender, gateway.ws_url, traced=True):.1f} kB by the language's own count",
        )


def sessions(_contenders: Sequence[Contender], gateway: LocalGateway, quick: bool) -> Iterator[Figure | str]:
    """CPU that 200 sessions on one connection take to stay alive."""
    with running([SESSIONS], gateway.ws_url) as [worker]:
        turns = [worker.order("idle", seconds=KEEPALIVE_PERIOD) for _ in range(1 if quick else 2)]
    alive, keepalives = min(turn["alive"] for turn in turns), sum(turn["keepalives"] for turn in turns)
    yield Figure(
        title="200 sessions on one connection: CPU of a core to stay alive",
        values=[turn["share"] * 100 for turn in turns],
        bound="≤",
        target=2.0,
        unit=" %",
        detail=f"{alive} alive, {keepalives} keepalives in {len(turns) * KEEPALIVE_PERIOD:g} s",
    )


def import_turn(python: str, statement: str, before: str = "") -> Turn:
    """Milliseconds of an import in a fresh interpreter, and of CPU for it."""
    code = f"""
from time import perf_counter, process_time
{before}
began, cpu = perf_counter(), process_time()
{statement}
print(perf_counter() - began, process_time() - cpu)"""

    def turn() -> dict[str, float]:
        done = subprocess.run([python, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
        seconds, cpu = map(float, done.stdout.split())
        return {"ms": seconds * 1e3, "cpu": cpu * 1e3}

    turn()  # compiles, and fills the file cache
    return turn


def imports(contenders: Sequence[Contender], _gateway: LocalGateway, quick: bool) -> Iterator[Figure | str]:
    """Time of our import beside that of ipywidgets, and of the other Python clients."""
    widgets, names = "import ipywidgets", "from janus_notebook import JanusSession, connect"
    kernel = "import asyncio, ipywidgets"  # a kernel has asyncio before the first cell
    turns = {
        "widgets": import_turn(sys.executable, widgets),
        "package": import_turn(sys.executable, "import janus_notebook"),
        "names": import_turn(sys.executable, names),
        "kernel": import_turn(sys.executable, names, before=kernel),
    }
    modules = {"janus-client": "janus_client", "janus-api-core": "janus_api"}
    others = [contender for contender in contenders if contender.name in modules]
    for contender in others:
        turns[contender.name] = import_turn(contender.command[0], f"import {modules[contender.name]}")
    rounds = alternate(turns, [], rounds=3 if quick else 6)
    yield f"imports: {rounds}"
    took = {name: rounds.values(name, "cpu") for name in turns}

    def by_the_clock(*names: str) -> str:
        middle = [f"{statistics.median(rounds.values(name, 'ms')):.0f}" for name in names]
        return " and ".join(middle) + " ms by the clock"

    for title, values, measured in (
        (
            "`import janus_notebook` − `import ipywidgets`",
            differences(took["package"], took["widgets"]),
            "package",
        ),
        (f"`{names}` − `import ipywidgets`", differences(took["names"], took["widgets"]), "names"),
        (f"`{names}` after `{kernel}`", took["kernel"], "kernel"),
    ):
        beside = ("widgets",) if measured != "kernel" else ()
        detail = by_the_clock(measured, *beside)
        yield Figure(title=title, values=values, bound="≤", target=150, unit=" ms", digits=0, detail=detail)
    for contender in others:
        title, detail = f"`import {modules[contender.name]}`", by_the_clock(contender.name)
        yield Figure(title=title, values=took[contender.name], unit=" ms", digits=0, detail=detail)
