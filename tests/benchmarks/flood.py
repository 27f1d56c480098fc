"""A flood of events while a person looks on: our panels beside the obvious way, in JupyterLab in Chromium.

``python -m tests.benchmarks.flood`` measures and writes FLOOD.md; ``--seconds``, ``--rate`` and ``--only``
measure something else, and only print it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import flood_report, report
from tests.benchmarks.rounds import others_share
from tests.benchmarks.wire import Wire
from tests.browser.harness import CHECKOUT, Lab, Notebook, jupyter_lab
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

CONNECT = """
%load_ext janus_notebook
session = await connect({url!r})
handle = await session.attach("janus.plugin.echotest")
"""
# What anybody would write first. Printing into it is the gentler of its two forms: append_stdout sends
# everything again for each line.
OUTPUT = """
import asyncio, ipywidgets
out = ipywidgets.Output(layout={'height': '300px', 'overflow': 'auto'})
async def follow():
    async for event in handle.events():
        with out:
            print(event)
following = asyncio.create_task(follow())
out
"""
WAYS: dict[str, tuple[str, ...]] = {"ours": ("handle", "session.events"), "obvious": (OUTPUT,)}
FACTS = (
    "import gc, json, os, resource; gc.collect(); log = session.events\n"
    "print(json.dumps({'pid': os.getpid(), 'total': log.total, 'kept': len(log), 'dropped': log.dropped,\n"
    "    'events': log.counts['event'],\n"
    "    'gaps': sum(b.seq - a.seq != 1 for a, b in zip(list(log), list(log)[1:])),\n"
    "    'cpu': sum(resource.getrusage(resource.RUSAGE_SELF)[:2])}))"
)
# Asks the kernel for nothing again and again, as an empty cell does, and notes how long each answer takes.
ANSWERS = """([panel, pause]) => {
    const state = window.flood = {answers: [], clicks: [], asked: 0, stop: false};
    const kernel = panel.sessionContext.session.kernel;
    (async () => {
        while (!state.stop) {
            state.asked = performance.now();
            await kernel.requestExecute({code: 'pass', store_history: false}).done;
            state.answers.push(performance.now() - state.asked);
            state.asked = 0;
            await new Promise(done => setTimeout(done, pause));
        }
    })();
    const probe = document.body.appendChild(document.createElement('button'));
    probe.id = 'flood-probe';
    probe.textContent = 'probe';
    Object.assign(probe.style, {position: 'fixed', right: '4px', bottom: '4px', zIndex: 1e6});
    state.listen = event => requestAnimationFrame(() => {
        const channel = new MessageChannel();  // after the frame is painted
        channel.port1.onmessage = () => state.clicks.push(performance.now() - event.timeStamp);
        channel.port2.postMessage(null);
    });
    document.addEventListener('click', state.listen, true);
}"""
STOP = """() => {
    const state = window.flood;
    state.stop = true;
    document.removeEventListener('click', state.listen, true);
    document.getElementById('flood-probe').remove();
    // One that was never answered counts with the time it has waited.
    return {answers: state.asked ? [...state.answers, performance.now() - state.asked] : state.answers,
            clicks: state.clicks};
}"""
RATE, SECONDS = 5_000, 30.0
OBVIOUS_SHARE = 1 / 3  # of the seconds
ASK_EVERY_MS = 200
CLICK_EVERY_MS = 400
SETTLE_MS = 3_000
IDLE_MS = 5_000
LAG_SECONDS = 30.0  # for what is still under way when the server has sent everything


@dataclass
class Measured:
    """What one way did to kernel, wire and page. Times in milliseconds, memory in MB, rates for a second."""

    seconds: float
    rate: int
    sent: int = 0
    seen: int = 0
    log: dict[str, Any] = field(default_factory=dict)
    panels: list[float] = field(default_factory=list)  # comm messages
    messages: float = 0.0
    wire: float = 0.0  # kB
    answers: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    kernel_memory: float = 0.0
    page_memory: float = 0.0
    idle: list[float] = field(default_factory=list)  # answers before the flood
    kernel_cpu: float = 0.0  # share of a core
    lag: float = 0.0  # seconds
    others: float = 0.0  # share of the machine that others took
    broken: str = ""

    @property
    def per_event(self) -> float:
        """Bytes over the wire for each event of the server."""
        return self.wire * 1e3 / max(self.rate, 1)


@contextmanager
def server() -> Iterator[str]:
    """The server of the flood in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.benchmarks.workers.flood"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            assert process.stdin is not None
            process.stdin.close()  # the sign to leave


def resident(pid: int) -> float:
    """MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def heap(cdp: CDPSession) -> float:
    """MB that the page's JavaScript uses, after a collection."""
    cdp.send("HeapProfiler.collectGarbage")
    metrics = {metric["name"]: metric["value"] for metric in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def facts(notebook: Notebook) -> dict[str, Any]:
    """What the kernel says of itself."""
    found: dict[str, Any] = json.loads(notebook.output_text(notebook.add_and_run(FACTS, 60.0)))
    return found


def click(notebook: Notebook, seconds: float) -> None:
    """Click on the page, as a person does, until the time is over."""
    tab = notebook.page.tab
    until = time.monotonic() + seconds
    targets = [tab.locator("#flood-probe"), *notebook.root.locator(".janus-check input").all()[-1:]]
    places = [target.bounding_box() for target in targets]
    turn = 0
    while time.monotonic() < until:
        place = places[turn % len(places)]
        assert place is not None
        tab.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        tab.wait_for_timeout(CLICK_EVERY_MS)
        turn += 1


def measure(lab: Lab, way: str, url: str, rate: int, seconds: float) -> Measured:
    """One flood with one way of looking at it."""
    found = Measured(seconds, rate)
    name = write(lab.folder / f"{way}.ipynb", CONNECT.format(url=url), *WAYS[way])
    with lab.page(height=1400) as page:
        cdp = page.tab.context.new_cdp_session(page.tab)
        cdp.send("Performance.enable")
        wire = Wire()
        wire.follow(cdp)
        notebook = page.open(name)
        notebook.run_all()
        page.tab.wait_for_timeout(SETTLE_MS)
        before = facts(notebook)
        page.tab.evaluate(ANSWERS, [notebook.panel, ASK_EVERY_MS])
        page.tab.wait_for_timeout(IDLE_MS)
        found.idle = page.tab.evaluate(STOP)["answers"]
        kernel, memory = resident(before["pid"]), heap(cdp)
        notebook.add_and_run(
            f"body = {{'request': 'flood', 'rate': {rate}, 'seconds': {seconds}}}\n"
            f"flood = handle.request(body, timeout={seconds + LAG_SECONDS + 30})"
        )
        page.tab.evaluate(ANSWERS, [notebook.panel, ASK_EVERY_MS])
        wire.clear()
        began = time.monotonic()
        found.others = others_share(lab.processes(), lambda: click(notebook, seconds))
        took = time.monotonic() - began
        found.messages, found.wire = wire.kinds.total() / took, (wire.received + wire.sent) / took / 1e3
        found.panels = [count / took for _, count in wire.comms.most_common()]
        found.answers, found.clicks = page.tab.evaluate(STOP).values()
        if way == "ours":
            page.screenshot("flood", notebook.root.locator(".janus-stream").first)
        try:
            _afterwards(notebook, found, before)
        except AssertionError as exc:
            found.broken = str(exc).partition(";")[0]
        found.lag = time.monotonic() - began - took
        page.tab.wait_for_timeout(SETTLE_MS)
        found.kernel_memory = resident(before["pid"]) - kernel
        found.page_memory = heap(cdp) - memory
        notebook.shutdown_kernel()
    return found


def _afterwards(notebook: Notebook, found: Measured, before: dict[str, Any]) -> None:
    code = f"import json; print(json.dumps(flood.result({LAG_SECONDS}).data))"
    answer = notebook.add_and_run(code, LAG_SECONDS + 10)
    found.sent = int(json.loads(notebook.output_text(answer))["sent"])
    found.log = after = facts(notebook)
    found.seen = after["events"] - before["events"]
    found.kernel_cpu = (after["cpu"] - before["cpu"]) / found.seconds


def run(rate: int, seconds: float, ways: Mapping[str, float]) -> dict[str, Measured]:
    """Measure each way, for as many seconds as it is given."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="flood-") as folder, jupyter_lab(Path(folder)) as lab:
        for way, share in ways.items():
            with server() as url:
                found[way] = measure(lab, way, url, rate, seconds * share)
    return found


def facts_of_machine(load: float) -> list[tuple[str, str]]:
    packages = ("jupyterlab", "ipykernel", "anywidget")
    return [*report.machine(load), ("Packages", report.installed(sys.executable, *packages))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.flood", description=__doc__)
    parser.add_argument("--rate", type=int, default=RATE, help="events a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", choices=WAYS, help="this way alone")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    ways = {options.only: 1.0} if options.only else {"ours": 1.0, "obvious": OBVIOUS_SHARE}
    found = run(options.rate, options.seconds, ways)
    for way, measured in found.items():
        print(f"{way}: {measured}\n", file=sys.stderr)
    if "ours" not in found:
        return 0
    text = flood_report.text(found, options.rate, facts_of_machine(load))
    print(text)
    whole = not options.only and (options.rate, options.seconds) == (RATE, SECONDS)
    if whole:
        flood_report.RESULTS.write_text(text, encoding="utf-8")
        print(f"written: {flood_report.RESULTS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
