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

    Panels = dict[str, Locator]

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(600)]

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
# The head is left out: a clock there says for how long nothing was heard.
WATCH = """(node) => {
    const watched = {changes: 0, longest: 0, last: performance.now()};
    const element = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);
    const ofTheHead = ({target}) => element(target)?.closest(".janus-header");
    watched.observer = new MutationObserver((records) => {
        if (records.every(ofTheHead)) return;
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


def moves(notebook: Notebook, panels: Panels) -> list[str]:
    """Every panel goes on while the kernel is busy."""
    report = []
    watched = {name: panel.evaluate_handle(WATCH) for name, panel in panels.items()}
    for name, watch in watched.items():
        enough = f"(watched) => watched.changes >= {CHANGES}"
        notebook.page.wait(enough, watch, f"the {name} panel to move", 120)
        report.append("{} changed {} times, longest gap {:.1f} s".format(name, *watch.evaluate(END)))
        expect(panels[name].locator(".janus-silent")).to_have_count(0)
    return report


def clicks(panels: Panels, *, at_once: bool) -> tuple[list[str], dict[str, Locator]]:
    """Click in every panel; `at_once`: whether the kernel can take it. Return also what then has to come."""
    events = panels["events"]
    asked = {
        "session": panels["session"].get_by_role("button", name="Ping"),
        "events": events.locator(".janus-event[role=option]").first,
        "handle": panels["handle"].get_by_role("button", name="Hang up"),  # the last one: it ends the chat
    }
    done = {
        "session": panels["session"].locator(".janus-notice").filter(has_text="The server answered in"),
        "events": events.get_by_role("treeitem").first,
        "handle": panels["handle"].locator(".janus-chip").first.filter(has_text="hung up"),
    }
    report = []
    for name, control in asked.items():
        control.click()
        queued = panels[name].get_by_text("Queued: the kernel is busy").locator("visible=true")
        expect(done[name] if at_once else queued.first).to_be_visible()
        report.append(f"a click in {name}: {'done at once' if at_once else 'queued, and said so'}")
    return report, done


def busy(lab: Lab, notebook: Notebook, panels: Panels, kind: str, *, at_once: bool) -> list[str]:
    """Keep the kernel busy, and look and click; return what was seen, for a person to read."""
    expect(panels["handle"].locator(".janus-chip").first).to_contain_text("connected")
    notebook.add_and_run(BEGIN)
    notebook.start_cell(cell := notebook.add(WORK[kind]))
    moved = moves(notebook, panels)
    clicked, done = clicks(panels, at_once=at_once)
    expect(notebook.cell(cell).locator(".jp-InputPrompt")).to_have_text("[*]:")  # it still runs
    (lab.folder / "go").touch()
    notebook.finish(60)
    notebook.check(cell)
    for name, panel in panels.items():
        expect(done[name]).to_be_visible()
        expect(panel.get_by_text("Queued")).to_have_count(0)
    panels["events"].get_by_role("button", name="Close the event").click()
    panels["events"].get_by_role("button", name="Follow").click()
    return [f"a cell {kind}: {line}" for line in moved + clicked]


@pytest.mark.parametrize("subshells", ["disabled", "perCommTarget", "perComm"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_kernel_with_and_without_subshells(
    lab: Lab, version: str, subshells: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.configure("@jupyterlab/apputils-extension/kernels-settings", {"commsOverSubshells": subshells})
    at_once = subshells != "disabled" and version != "6.30"  # ipykernel 7 brought subshells
    kernel = add_kernel(lab, version)
    name = write(lab.folder / "busy.ipynb", SETUP, "session", "echo", "session.events", kernel=kernel)
    with lab.page(height=2400) as page:
        notebook, report = page.open(name), []
        try:
            notebook.run_all()
            names = ("session", "handle", "events")
            panels = {
                panel: notebook.output(at).locator(".janus-frame").first for at, panel in enumerate(names, 1)
            }
            for kind in WORK:
                try:
                    report += busy(lab, notebook, panels, kind, at_once=at_once)
                except Exception as exc:
                    shown = (panel.inner_text() for panel in panels.values())
                    exc.add_note("\n\n".join([kind, *report, *shown]))
                    raise
                notebook.add_and_run(AGAIN)
        finally:
            (lab.folder / "go").touch()
            notebook.shutdown_kernel()
    with capsys.disabled():
        print(f"\nipykernel {version}, comms over subshells {subshells}:", *report, sep="\n  ")
