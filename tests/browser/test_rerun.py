"""A panel's cell run again and again, its second views and its end, a restarted kernel, a saved notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.notebooks import write

if TYPE_CHECKING:
    from tests.browser.harness import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(400)]

SETUP = """
%load_ext janus_notebook
%janus serve
session = await connect()
echo = await session.attach("echotest")

def facts():
    import gc, os, threading
    from janus_notebook.panels import _boards
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[1])
    comms = len(get_ipython().kernel.comm_manager.comms)
    memory, painted = pages * os.sysconf("SC_PAGE_SIZE"), len(_boards["board"].painter.panels)
    return comms, threading.active_count(), memory, painted
"""
TIMES = 50
GROWTH = 8 * 2**20
"""Bytes that 50 runs of a cell may cost: its source and output in IPython's history, the log's entries of the
keepalives meanwhile, what the allocator keeps. A second set of panels would cost its comms first."""
COMMAND = """async ([panel, index, command]) => {
    const app = window.jupyterapp;
    app.shell.activateById(panel.id);
    panel.content.activeCellIndex = index;
    await app.commands.execute(command);
}"""


def facts(notebook: Notebook) -> list[int]:
    index = notebook.add_and_run("print(*facts())")
    return [int(word) for word in notebook.output_text(index).split()]


def test_the_life_of_a_panel(lab: Lab) -> None:
    name = write(lab.folder / "rerun.ipynb", SETUP, "session", "echo", "session.events")
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_all()
        for _ in range(3):  # what grows once, such as caches, has grown
            notebook.run_cell(2)
        before = facts(notebook)
        for _ in range(TIMES):
            notebook.start_cell(2)
        notebook.finish(120)
        notebook.check(2)
        after = facts(notebook)
        assert after[:2] == before[:2], "comms, threads"
        assert after[3] == before[3] == 3, "panels that are painted"
        assert after[2] - before[2] < GROWTH
        expect(notebook.output(2).locator(".janus-panel")).to_have_count(1)
        print(f"comms, threads, bytes, panels: {before} before, {after} after {TIMES} runs")

        # A second view of the same panel, by running its cell elsewhere and by the front end's own way.
        second = notebook.add_and_run("echo")
        page.tab.evaluate(COMMAND, [notebook.panel, 2, "notebook:create-output-view"])
        mirror = page.locator(".jp-LinkedOutputView")
        views = [notebook.output(2), notebook.output(second), mirror]
        notebook.add_and_run("await echo.publish(video=None)")
        for view in views:
            expect(view.locator(".janus-panel")).to_have_count(1)
            expect(view.locator(".janus-chip").first).to_contain_text("connected")
        page.screenshot("second-views")
        mirror.get_by_role("button", name="Hang up").click()
        for view in views:
            expect(view.locator(".janus-chip").first).to_contain_text("hung up")

        # A closed panel listens to nothing, and its static form stays.
        notebook.add_and_run("%janus panel echo --close")
        assert facts(notebook)[3] == 2
        assert facts(notebook)[0] < before[0]
        expect(notebook.output(2).locator(".janus-static")).to_be_visible()
        expect(notebook.output(2).locator(".janus-static")).to_contain_text("hung up")
        notebook.run_cell(2)
        expect(notebook.output(2).locator(".janus-panel")).to_have_count(1)

        # The kernel goes: what was live becomes its static form, here and in the saved file.
        notebook.save()
        notebook.restart_kernel()
        notebook.shutdown_kernel()
        page.console_errors.clear()  # the front end says of each widget that it is gone
    with lab.page() as page:
        notebook = page.open(name, kernel=False)
        for cell in (1, 2, 3):
            expect(notebook.output(cell).locator(".janus-static")).to_be_visible()
            expect(notebook.output(cell).locator(".janus-panel")).to_have_count(0)
        page.screenshot("saved-without-a-kernel")
