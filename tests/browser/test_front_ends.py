"""All panels in JupyterLab, Notebook 7 and Voilà: live, in both themes, wide and narrow, by keyboard too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import unreachable, violations
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.harness import Lab, Theme
    from tests.browser.tab import Tab

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(300)]

SETUP = """
%load_ext janus_notebook
%janus serve
session = await connect()
echo = await session.attach("echotest")
await echo.publish()
"""
PANELS = {"session": "session", "handle": "echo", "events": "session.events"}
# A click on this makes the kernel busy, also in Voilà, where nobody runs cells.
BUSY = """
import time, ipywidgets
work = ipywidgets.Button(description="Work")
work.on_click(lambda _: time.sleep(3))
work
"""
WIDTHS = (1400, 700)
CLOCK = ".janus-clock"


@pytest.fixture(scope="module")
def panels(lab: Lab) -> str:
    """The notebook with every panel."""
    return write(lab.folder / "front-ends.ipynb", SETUP, *PANELS.values(), BUSY)


def look(page: Tab, output: Callable[[int], Locator], name: str, theme: Theme) -> None:
    """Every panel is live, fits, and has no serious fault of accessibility; keep a picture of each."""
    for width in WIDTHS:
        page.tab.set_viewport_size({"width": width, "height": 900})
        for cell, panel in enumerate(PANELS, 1):
            shown = output(cell).locator(".janus-panel")
            expect(shown).to_have_count(1)
            expect(shown.locator(".janus-chip").first).to_contain_text("connected")
            expect(output(cell).locator(".janus-static")).to_be_hidden()
            page.screenshot(f"{name}-{panel}-{theme}-{width}", output(cell))
            too_wide = shown.evaluate("(node) => node.scrollWidth - node.clientWidth")
            assert too_wide <= 0, f"{panel}: {too_wide} pixels wider than its place at {width}"
        found = violations(page.tab)
        assert not found, "\n".join(found)


def moves_while_busy(page: Tab, output: Callable[[int], Locator]) -> None:
    """The clock of a panel goes on while the kernel works."""
    clock = output(1).locator(CLOCK)
    output(len(PANELS) + 1).get_by_role("button", name="Work").click()
    for _ in range(2):
        before = clock.inner_text()
        expect(clock).not_to_have_text(before, timeout=2500)


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_panels_in_jupyterlab_and_notebook(
    lab: Lab, panels: str, front_end: Literal["lab", "notebook"]
) -> None:
    with lab.page(front_end) as page:
        notebook = page.open(panels)
        notebook.run_all()
        look(page, notebook.output, front_end, "light")
        page.set_theme("dark")
        look(page, notebook.output, front_end, "dark")
        moves_while_busy(page, notebook.output)
        cells, active = len(notebook), "panel => panel.content.activeCellIndex"
        for cell in range(1, len(PANELS) + 1):
            missed = unreachable(page.tab, notebook.output(cell).locator(".janus-frame"))
            assert not missed, "\n".join(missed)
        # In command mode these keys cut, insert, delete, change cells and restart the kernel.
        for box in notebook.root.locator(".janus-panel input:visible").all():
            if box.get_attribute("type") in ("text", "search", None):
                box.click()
                stays = notebook.panel.evaluate(active)
                page.tab.keyboard.type("xabddm00 y")
                expect(box).to_have_value("xabddm00 y")
                page.tab.keyboard.press("ArrowUp")
                page.tab.keyboard.press("ArrowDown")
                box.fill("")
                assert (len(notebook), notebook.panel.evaluate(active)) == (cells, stays)
        notebook.shutdown_kernel()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_panels_in_voila(lab: Lab, panels: str, theme: Theme) -> None:
    with lab.voila(panels, theme=theme) as page:
        look(page, page.output, "voila", theme)
        moves_while_busy(page, page.output)
        for cell in range(1, len(PANELS) + 1):
            missed = unreachable(page.tab, page.output(cell).locator(".janus-frame"))
            assert not missed, "\n".join(missed)
