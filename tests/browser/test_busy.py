"""While a cell keeps the kernel busy: panels move on, and a click is done at once or said to be queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.kernels import VERSIONS, add_kernel
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(300)]

# The background loop makes the events, so that they come while the cell computes.
AGAIN = """
await echo.publish(video=None)
chatter = background().submit(chat, name="chat")
"""
SETUP = """
%load_ext janus_notebook
%janus serve
import asyncio, time
from janus_notebook.bridge import background
session = await connect()
echo = await session.attach("echotest")
await echo.publish(video=None)
core = echo._core

async def chat():
    while core.state == "connected":
        await core.configure(bitrate=128000)
        await asyncio.sleep(0.1)

chatter = background().submit(chat, name="chat")
"""
# Each keeps the kernel busy until the test has seen enough, or some minutes have passed.
WORK = {
    "sleeps": "while not go.exists() and time.monotonic() < until: time.sleep(0.2)",
    "computes": "while not go.exists() and time.monotonic() < until: sum(range(10000))",
}
BEGIN = "import pathlib; go = pathlib.Path('go'); go.unlink(missing_ok=True); until = time.monotonic() + 240"
WATCH = """(node) => {
    const watched = {changes: 0, longest: 0, last: performance.now()};
    watched.observer = new MutationObserver(() => {
        const now = performance.now();
        watched.changes += 1;
        watched.longest = Math.max(watched.longest, now - watched.last);
        watched.last = now;
    });
    watched.observer.observe(node, {subtree: true, childList: true, characterData: true});
    return watched;
}"""
CHANGES = 30
"""How often each panel has to change before the kernel may be free again; it takes seconds."""
END = """(watched) => {
    watched.observer.disconnect();
    return [watched.changes, Math.max(watched.longest, performance.now() - watched.last) / 1000];
}"""


def busy(
    lab: Lab, notebook: Notebook, panels: dict[str, Locator], kind: str, at_once: bool | None
) -> list[str]:
    """Keep the kernel busy and click; return what was seen, for a person to read.

    `at_once`: whether the kernel can take a click then; None: now it can, now it cannot.
    """
    report = []
    notebook.add_and_run(BEGIN)
    notebook.start_cell(cell := notebook.add(WORK[kind]))
    watched = {name: panel.evaluate_handle(WATCH) for name, panel in panels.items()}
    for name, watch in watched.items():
        enough = f"(watched) => watched.changes >= {CHANGES}"
        notebook.page.wait(enough, watch, f"{name} to move while the kernel {kind}", 120)
        assert notebook.kernel_status == "busy"
        report.append(
            "{}: {} changed {} times, longest gap {:.1f} s".format(kind, name, *watch.evaluate(END))
        )
    notice = panels["handle"].locator(".janus-notice")
    panels["handle"].get_by_role("button", name="Hang up").click()
    queued = notice.filter(has_text="Queued")
    done = panels["handle"].locator(".janus-chip").first.filter(has_text="hung up")
    wanted = queued.or_(done).first if at_once is None else done if at_once else queued
    expect(wanted).to_be_visible()
    assert notebook.kernel_status == "busy"
    report.append(f"{kind}: a click is {'done at once' if done.count() else 'queued'}")
    (lab.folder / "go").touch()
    notebook.finish(60)
    notebook.check(cell)
    expect(done).to_be_visible()
    expect(queued).to_have_count(0)
    return report


def run(lab: Lab, kernel: str, kinds: tuple[str, ...], *, at_once: bool | None) -> list[str]:
    name = write(lab.folder / "busy.ipynb", SETUP, "echo", "session.events", kernel=kernel)
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_all()
        panels = {
            "handle": notebook.output(1).locator(".janus-frame").first,
            "events": notebook.output(2).locator(".janus-frame").first,
        }
        report = []
        for kind in kinds:
            expect(panels["handle"].locator(".janus-chip").first).to_contain_text("connected")
            report += busy(lab, notebook, panels, kind, at_once)
            notebook.add_and_run(AGAIN)
        notebook.shutdown_kernel()
    return report


@pytest.mark.nightly
def test_panels_move_and_clicks_are_told_while_a_cell_sleeps(lab: Lab) -> None:
    run(lab, "python3", ("sleeps",), at_once=None)


@pytest.mark.nightly
@pytest.mark.parametrize("subshells", ["disabled", "perCommTarget", "perComm"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_kernel_with_and_without_subshells(
    lab: Lab, version: str, subshells: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.configure("@jupyterlab/apputils-extension/kernels-settings", {"commsOverSubshells": subshells})
    # ipykernel 7 brought subshells; from 7.3 on it may hand a widget's message to the shell that is busy.
    can = {"6.30": False, "7.2": True, "newest": None}[version]
    at_once = False if subshells == "disabled" else can
    report = run(lab, add_kernel(lab, version), tuple(WORK), at_once=at_once)
    with capsys.disabled():
        print(f"\nipykernel {version}, comms over subshells {subshells}:", *report, sep="\n  ")
