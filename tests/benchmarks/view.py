"""How fast and how late a live view is, in JupyterLab in Chromium, with the kernel or the page held up.

``python -m tests.benchmarks.view`` measures and writes VIEW.md; ``--seconds`` and ``--only`` measure
something else, and only print it. It needs a network interface besides loopback, as all of ICE does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import report
from tests.benchmarks.rounds import others_share
from tests.benchmarks.wire import message, payload
from tests.browser.harness import Lab, Notebook, jupyter_lab
from tests.browser.kernels import add_kernel
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

RESULTS = Path(__file__).with_name("VIEW.md")
SETUP = """
%load_ext janus_notebook
%janus serve
import asyncio, json, os, time
from janus_notebook.panels.view.figures import Figures
session = await connect()
echo = await session.attach("echotest")
await echo.publish(video="pattern", audio=None)
shown, take = [], Figures.seen
def seen(self, number, now):
    arrived = self._under_way.get(number)
    take(self, number, now)
    if arrived is not None:
        shown.append((now - arrived) * 1000)
Figures.seen = seen
def told(view, began, before):
    # CPU is the whole kernel's: VP8 is encoded and decoded there as well.
    cpu, facts = sum(os.times()[:2]) - before, view.facts
    print(json.dumps({"took": time.monotonic() - began, "shown": shown, "cpu": cpu, "facts": facts}))
"""
BEGIN = "shown.clear(); began, before = time.monotonic(), sum(os.times()[:2])"
TOLD = "told(view, began, before)"
COMPUTE = "while time.monotonic() - began < {seconds}: sum(range(10000))"
BLUR = """
import numpy
def half(picture):
    numpy.right_shift(picture, 1, out=picture)
view = echo.view(fps=30, overlay=half)
"""
SPIN = "while True: pass"

METHOD = """\
Written by `python -m tests.benchmarks.view`; `--seconds` and `--only` measure something else and only
print it.

The test pattern goes from the kernel, 640x480 at 30 fps, through EchoTest of a real Janus and back, and is
shown by `echo.view(fps=30)`, quality 70. So the kernel encodes and decodes VP8 beside what the view does.
A picture is shown when the page's word that it has drawn it is there; the latency is from the moment when its
frame was decoded until then, so a little more than what a person waits. In flight is counted where Chromium
sees the kernel's WebSocket: pictures that have come, less the last one that the page has confirmed.

- **one core busy**: another process takes all it can get of a core.
- **a cell computes**: the kernel's own interpreter is busy, and shared with the view.
- **ipykernel 6**: the same, in a kernel that hears no page while a cell runs: pictures go by the clock.
- **page n times slower**: Chromium throttles the page's CPU.
- **out of sight**: the view is scrolled away; nothing is sent.
"""


@dataclass
class Case:
    """One way to hold up the view."""

    title: str
    slower: int = 1
    spin: bool = False
    cell: str = ""
    view: str = "view = echo.view(fps=30)"
    kernel: str = "python3"
    hidden: bool = False


CASES = {
    "idle": Case("nothing else runs"),
    "usual": Case("nothing else runs, the usual 15 fps", view="view = echo.view()"),
    "core": Case("one core busy", spin=True),
    "cell": Case("a cell computes", cell=COMPUTE),
    "sleep": Case("a cell sleeps", cell="time.sleep({seconds})"),
    "old": Case("a cell sleeps, ipykernel 6", cell="time.sleep({seconds})", kernel="6.30"),
    "overlay": Case("an overlay in numpy", view=BLUR),
    "slow4": Case("page 4 times slower", slower=4),
    "slow20": Case("page 20 times slower", slower=20),
    "slow80": Case("page 80 times slower", slower=80),
    "hidden": Case("out of sight", hidden=True),
}


@dataclass
class Flight:
    """The pictures between kernel and page, as Chromium sees them."""

    came: int = 0
    most: int = 0
    size: int = 0
    _under_way: list[int] = field(default_factory=list)
    _kernels: set[str] = field(default_factory=set)  # their sockets

    def follow(self, cdp: CDPSession) -> None:
        cdp.send("Network.enable")
        cdp.on("Network.webSocketCreated", self._on_created)
        cdp.on("Network.webSocketFrameReceived", lambda params: self._on(params, came=True))
        cdp.on("Network.webSocketFrameSent", lambda params: self._on(params, came=False))

    def flows(self) -> bool:
        return self.came > 5

    def clear(self) -> None:
        self.came = self.most = self.size = 0

    def _on_created(self, params: dict[str, Any]) -> None:
        if "/channels" in params["url"]:
            self._kernels.add(params["requestId"])

    def _on(self, params: dict[str, Any], *, came: bool) -> None:
        if params["requestId"] not in self._kernels:
            return
        data = payload(params["response"])
        header, content = message(data)
        said = content.get("data", {}).get("content", {}) if header["msg_type"] == "comm_msg" else {}
        if came and said.get("type") == "picture":
            self.came += 1
            self.size += len(data)
            self._under_way.append(said["n"])
            self.most = max(self.most, len(self._under_way))
        elif not came and said.get("type") == "seen":
            self._under_way = [n for n in self._under_way if n > said["n"]]


@dataclass
class Measured:
    """What was seen of one case. Times in milliseconds."""

    title: str
    seconds: float
    latencies: list[float]
    came: int
    most: int
    size: int
    cpu: float
    others: float

    def row(self) -> tuple[str, ...]:
        late = sorted(self.latencies)
        quantiles = statistics.quantiles(late, n=20, method="inclusive") if len(late) > 1 else []
        return (
            self.title,
            f"{len(late) / self.seconds:.1f}",
            f"{self.came / self.seconds:.1f}",
            f"{statistics.median(late):.0f}" if late else "",
            f"{quantiles[-1]:.0f}" if quantiles else "",
            f"{late[-1]:.0f}" if late else "",
            str(self.most),
            f"{self.size / self.seconds / 1000:.0f}",
            f"{self.cpu / self.seconds:.0%}",
            f"{self.others:.0%}",
        )


HEAD = (
    *("", "shown, fps", "sent, fps", "latency, median ms", "95 %", "worst", "in flight, most", "kB/s"),
    *("CPU of the kernel", "taken by others"),
)


@contextmanager
def spinning(on: bool) -> Iterator[list[int]]:
    """A process that takes a core."""
    if not on:
        yield []
        return
    process = subprocess.Popen([sys.executable, "-c", SPIN])
    try:
        yield [process.pid]
    finally:
        process.kill()
        process.wait()


def measure(lab: Lab, notebook: Notebook, flight: Flight, case: Case, seconds: float) -> Measured:
    """One case, in a notebook whose view plays."""
    tab = notebook.page.tab
    cdp = tab.context.new_cdp_session(tab)
    cell = case.cell.format(seconds=seconds)
    # All of it exists beforehand: what JupyterLab scrolls to when it adds a cell would hide the view.
    busy = notebook.add(f"{BEGIN}\n{cell}\n{TOLD}" if cell else BEGIN)
    after = busy if cell else notebook.add(TOLD)
    screen = notebook.root.locator(".janus-screen").last

    def work() -> None:
        notebook.start_cell(busy)
        screen.evaluate("node => node.scrollIntoView({block: 'center'})")
        if case.hidden:
            notebook.cell(after).scroll_into_view_if_needed()
            below = "translateY(5000px)"  # a margin would be scrolled along
            screen.evaluate("(node, to) => { node.closest('.janus-frame').style.transform = to; }", below)
        flight.clear()
        tab.wait_for_timeout(seconds * 1000)
        notebook.finish(seconds + 60)

    pids = [pid for word in ("ipykernel", "chrom", "jupyterlab", "janus") for pid in lab.processes(word)]
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": case.slower})
    try:
        with spinning(case.spin) as spinner:
            others = others_share([*pids, *spinner], work)
    finally:
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    came, most, size = flight.came, flight.most, flight.size
    if not cell:
        notebook.run_cell(after)
    told = json.loads(notebook.output_text(after))
    return Measured(case.title, told["took"], told["shown"], came, most, size, told["cpu"], others)


def run(names: list[str], seconds: float) -> Iterator[Measured]:
    """Each case in a page and a kernel of its own."""
    with tempfile.TemporaryDirectory() as folder, jupyter_lab(Path(folder)) as lab:
        for name in names:
            case = CASES[name]
            kernel = case.kernel if case.kernel == "python3" else add_kernel(lab, case.kernel)
            path = write(lab.folder / f"{name}.ipynb", SETUP, case.view, kernel=kernel)
            with lab.page(height=1100) as page:
                flight = Flight()
                flight.follow(page.tab.context.new_cdp_session(page.tab))
                notebook = page.open(path)
                notebook.run_all()
                page.until(flight.flows, "pictures", 60)
                yield measure(lab, notebook, flight, case, seconds)
                notebook.shutdown_kernel()


def table(found: list[Measured]) -> str:
    lines = [HEAD, ("---", *("---:" for _ in HEAD[1:])), *(each.row() for each in found)]
    return "\n".join(report.cells(line) for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.view", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each case")
    parser.add_argument("--only", choices=CASES, nargs="+", default=list(CASES), help="these alone")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found = []
    for each in run(options.only, options.seconds):
        found.append(each)
        print(report.cells(each.row()), flush=True)
    if options.only == list(CASES) and options.seconds == parser.get_default("seconds"):
        date = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {load:.1f} before"
        RESULTS.write_text(f"# A live view\n\n{date}\n\n{table(found)}\n\n## How it is measured\n\n{METHOD}")
        print(f"written: {RESULTS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
