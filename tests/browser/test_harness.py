"""The browser harness itself: a live widget, themes, a saved notebook without a kernel, nothing left."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import expect

from tests.browser.harness import Lab, Notebook
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.harness import Theme

pytestmark = pytest.mark.browser

CONTROLS = """
import ipywidgets
clicks = []
button = ipywidgets.Button(description="Press me")
button.on_click(clicks.append)
ipywidgets.VBox([ipywidgets.IntSlider(value=7, description="Level"), button])
"""

# Painted from a thread of its own, so it moves while a cell computes.
COUNTER = '''
import threading, anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    function render({model, el}) {
        const show = () => { el.textContent = `count ${model.get("count")}`; };
        model.on("change:count", show);
        show();
        return () => model.off("change:count", show);
    }
    export default {render};
    """
    count = traitlets.Int().tag(sync=True)

counter, stop = Counter(), threading.Event()

def paint():
    while not stop.wait(0.1):
        counter.count += 1

threading.Thread(target=paint, daemon=True).start()
counter
'''

SAVED = """
from IPython.display import display
display({"text/plain": "plain form", "text/html": "<b class='probe'>static form</b>"}, raw=True)
"""


def count(notebook: Notebook) -> int:
    return int(notebook.output_text(1).removeprefix("count "))


def reached(notebook: Notebook, least: int) -> bool:
    return count(notebook) >= least


def corner(screenshot: Path) -> float:
    """Mean brightness of the lower right of the page, where only the notebook's background is."""
    with Image.open(screenshot) as image:
        grey = image.convert("L").crop((image.width * 3 // 4, image.height * 3 // 4, *image.size))
        return float(ImageStat.Stat(grey).mean[0])


def test_widgets_are_live_and_move_while_a_cell_sleeps(lab: Lab) -> None:
    name = write(lab.folder / "live.ipynb", CONTROLS, COUNTER, "import time\ntime.sleep(3)")
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_cell(0)
        notebook.run_cell(1)
        expect(notebook.output(0).locator(".widget-slider")).to_be_visible()
        notebook.output(0).get_by_role("button", name="Press me").click()
        notebook.add_and_run("assert len(clicks) == 1")
        expect(notebook.output(1)).to_contain_text("count")
        before = count(notebook)
        notebook.start_cell(2)
        began = time.monotonic()
        for least in (before + 5, before + 10, before + 15):
            page.until(partial(reached, notebook, least), f"count {least}", 2.0)
            assert notebook.kernel_status == "busy"
        notebook.finish()
        assert time.monotonic() - began >= 2.9
        notebook.shutdown_kernel()


@pytest.mark.parametrize(("theme", "other"), [("light", "dark"), ("dark", "light")])
def test_a_page_has_its_theme_and_can_change_it(lab: Lab, theme: Theme, other: Theme) -> None:
    name = write(lab.folder / f"{theme}.ipynb", CONTROLS)
    with lab.page(theme=theme, width=900, height=500) as page:
        notebook = page.open(name)
        notebook.run_all()
        expect(notebook.output(0).locator(".widget-slider")).to_be_visible()
        brightness = {theme: corner(page.screenshot(f"harness-{theme}"))}
        page.screenshot(f"harness-{theme}-controls", notebook.output(0))
        page.set_theme(other)
        brightness[other] = corner(page.screenshot(f"harness-{theme}-then-{other}"))
        notebook.shutdown_kernel()
    assert brightness["dark"] < 80 < 200 < brightness["light"]


def test_a_saved_notebook_shows_its_outputs_without_a_kernel(lab: Lab) -> None:
    name = write(lab.folder / "saved.ipynb", SAVED)
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_all()
        notebook.save()
        notebook.shutdown_kernel()
    for trusted in (None, True, False):  # None: signed by JupyterLab itself when it was saved
        with lab.page() as page:
            notebook = page.open(name, kernel=False, trusted=trusted)
            expect(notebook.output(0).locator("b.probe")).to_have_text("static form")
            signed = notebook.output(0).locator(".jp-mod-trusted")
            expect(signed).to_have_count(0 if trusted is False else 1)
            assert notebook.kernel_status == "none"
            assert lab.processes("ipykernel_launcher") == {}


def test_restart_interrupt_and_errors(lab: Lab) -> None:
    name = write(lab.folder / "verbs.ipynb", "x = 1", "import time\nprint('on', flush=True)\ntime.sleep(60)")
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_cell(0)
        notebook.start_cell(1)
        expect(notebook.output(1)).to_contain_text("on")
        with pytest.raises(AssertionError, match="a cell to end") as caught:
            notebook.finish(1.0)
        [told] = caught.value.__notes__  # where the kernel hangs, and what its tasks wait for
        assert "thread MainThread:" in told
        assert "time.sleep(60)" in told
        assert "Stack for <Task" in told
        notebook.interrupt()
        notebook.finish(5.0)
        assert notebook.outputs(1)[-1]["ename"] == "KeyboardInterrupt"
        notebook.restart_kernel()
        with pytest.raises(AssertionError, match="NameError: name 'x' is not defined"):
            notebook.add_and_run("x")
        [(pid, _)] = lab.processes("ipykernel_launcher").items()
        notebook.add_and_run(f"import os; assert os.getpid() == {pid}")
        notebook.shutdown_kernel()
        assert notebook.kernel_status == "none"


def test_an_error_in_the_console_fails_the_page(lab: Lab) -> None:
    with pytest.raises(AssertionError, match="errors in the browser's console"), lab.page() as page:
        page.tab.evaluate("console.error('planted')")
    with lab.page() as page:
        page.tab.evaluate("setTimeout(() => { throw new TypeError('planted'); })")
        page.until(lambda: page.console_errors, "the error")
        assert "uncaught TypeError: planted" in page.console_errors.pop()
        page.tab.evaluate("fetch('http://example.org/').catch(() => null)")
        page.until(lambda: page.console_errors, "the refused address")
        assert "ERR_NAME_NOT_RESOLVED" in page.console_errors.pop()
