"""Every panel in JupyterLab, Notebook 7 and Voilà: themes, widths, each control by mouse and by keyboard."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import unreachable, violations
from tests.browser.hands import Hand, Keyboard, Mouse
from tests.browser.harness import Lab, jupyter_lab
from tests.browser.notebooks import write
from tests.browser.tours import CELLS, ELSEWHERE, READY, SETUP, TOURS, end
from tests.browser.tours_media import BROWSER_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.browser.harness import Notebook, Theme
    from tests.browser.tab import Tab

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(1800)]

# A click on this makes the kernel busy, also in Voilà, where nobody runs cells.
BUSY = """
import ipywidgets, pathlib, time
go = pathlib.Path("go")
go.unlink(missing_ok=True)
def work(_):
    until = time.monotonic() + 60
    while not go.exists() and time.monotonic() < until:
        time.sleep(0.1)
button = ipywidgets.Button(description="Work")
button.on_click(work)
button
"""
NAMES = list(CELLS)
WIDTHS = (1400, 700)
PERMISSIONS = ("clipboard-read", "clipboard-write", "camera", "microphone")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    with jupyter_lab(folder, browser_options=BROWSER_OPTIONS, permissions=PERMISSIONS) as lab:
        yield lab


@pytest.fixture(scope="module")
def panels(lab: Lab) -> str:
    """The notebook with every panel."""
    return write(lab.folder / "front-ends.ipynb", SETUP, *CELLS.values(), BUSY)


class View:
    """The panels as one front end shows them."""

    def __init__(self, page: Tab, output: Callable[[int], Locator], name: str) -> None:
        self.page = page
        self.cell = output
        self.name = name

    def output(self, panel: str) -> Locator:
        return self.cell(1 + NAMES.index(panel))

    @contextmanager
    def step(self, panel: str, what: str) -> Iterator[None]:
        """A part of the test that takes its time, and tells what was on the page if it fails."""
        began = time.monotonic()
        try:
            yield
        except Exception as exc:
            output = self.output(panel)
            exc.add_note(f"{self.name}, {panel}, {what}:\n{output.inner_text()}\n{self.page.console_errors}")
            self.page.screenshot(f"{self.name}-{panel}-failed")  # the page: an element may not stand still
            raise
        print(f"{self.name}, {panel}, {what}: {time.monotonic() - began:.1f} s")

    def look(self, theme: Theme) -> None:
        """Every panel is live and fits, axe-core finds no serious fault, and Tab goes everywhere."""
        tab = self.page.tab
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 2400})
            for panel in NAMES:
                with self.step(panel, f"looked at, {theme}, {width}"):
                    self.look_at(panel, f"{theme}-{width}")
            self.rules(".janus-frame", f"{theme}, {width}")
            pages = self.output("admin").get_by_role("tab").all()
            for page in pages[1:]:
                name = page.inner_text().split(" ")[0].lower()
                with self.step("admin", f"{name}, {theme}, {width}"):
                    page.click()
                    self.page.screenshot(f"{self.name}-admin-{name}-{theme}-{width}", self.output("admin"))
                    self.rules(".janus-admin", f"{name}, {theme}, {width}")
                    if width == WIDTHS[-1]:
                        self.reachable("admin")
            pages[0].click()
        for panel in NAMES:
            with self.step(panel, f"by Tab, {theme}"):
                self.reachable(panel)

    def look_at(self, panel: str, name: str) -> None:
        """It is as the tours want it, and no wider than its place."""
        output = self.output(panel)
        output.scroll_into_view_if_needed()
        expect(output).to_contain_text(READY[panel])
        expect(output.locator(".janus-static")).to_be_hidden()
        self.page.screenshot(f"{self.name}-{panel}-{name}", output)
        too_wide = "(node) => node.scrollWidth - node.clientWidth"
        assert output.locator(".janus-panel").first.evaluate(too_wide) <= 0, "it is wider than its place"

    def rules(self, selector: str, where: str) -> None:
        began = time.monotonic()
        assert (found := violations(self.page.tab, selector)) == [], f"{where}:\n" + "\n".join(found)
        print(f"{self.name}, axe-core, {where}: {time.monotonic() - began:.1f} s")

    def reachable(self, panel: str) -> None:
        missed = unreachable(self.page.tab, self.output(panel).locator(".janus-frame").first)
        assert missed == [], "\n".join(missed)

    def tour(self, hand: Hand, width: int, panels: Iterable[str] = NAMES) -> None:
        """Each control of each panel."""
        hand.tab.set_viewport_size({"width": width, "height": 900})
        for panel in panels:
            output = self.output(panel)
            with self.step(panel, f"by {hand.name}, {width}"):
                TOURS[panel](output, hand)
                left = hand.untried(output, apart=ELSEWHERE.get(panel, ()))
                assert not left, f"untried: {left}"

    def moves_while_busy(self, go: Path) -> None:
        """The clock of a panel goes on while the kernel works."""
        clock = self.output("session").locator(".janus-clock").first
        self.cell(len(NAMES) + 1).get_by_role("button", name="Work").click()
        for _ in range(3):
            before = clock.inner_text()
            expect(clock).not_to_have_text(before)
            expect(clock).to_contain_text("for ")
        go.touch()


def keys_stay_in_the_panels(notebook: Notebook) -> None:
    """In command mode these keys cut, insert, delete, change cells and restart the kernel."""
    keyboard, active = notebook.page.tab.keyboard, "panel => panel.content.activeCellIndex"
    cells = len(notebook)
    for box in notebook.root.locator(".janus-panel input:visible").all():
        if box.get_attribute("type") in ("text", "search", None):
            before = box.input_value()
            box.click()
            stays = notebook.panel.evaluate(active)
            box.fill("")
            keyboard.type("xabddm00 y")
            expect(box).to_have_value("xabddm00 y")
            keyboard.press("ArrowUp")
            keyboard.press("ArrowDown")
            box.fill(before)
            assert (len(notebook), notebook.panel.evaluate(active)) == (cells, stays)
    kinds = "panel => panel.content.widgets.map(({model}) => model.type)"
    before_all = notebook.panel.evaluate(kinds)
    for box in notebook.root.locator(".janus-panel :is(select:enabled, [role=listbox]):visible").all():
        chosen = box.evaluate("(node) => node.value ?? null")
        box.focus()
        keyboard.type("xamv00")
        assert notebook.panel.evaluate(kinds) == before_all, box
        if chosen is not None:
            box.select_option(chosen)


@pytest.mark.parametrize(
    ("front_end", "hands"),
    [("lab", (Mouse, Keyboard)), ("notebook", (Keyboard, Mouse))],
    ids=["lab", "notebook"],
)
def test_jupyterlab_and_notebook(
    lab: Lab, panels: str, front_end: Literal["lab", "notebook"], hands: tuple[type[Hand], type[Hand]]
) -> None:
    with lab.page(front_end) as page:
        notebook = page.open(panels)
        try:
            notebook.run_all()
            view = View(page, notebook.output, front_end)
            in_the_light, in_the_dark = (hand(page.tab) for hand in hands)
            view.look("light")
            view.tour(in_the_light, 1400)
            view.moves_while_busy(lab.folder / "go")
            keys_stay_in_the_panels(notebook)
            page.set_theme("dark")
            view.look("dark")
            view.tour(in_the_dark, 700)
            end(view.output, in_the_dark)
        finally:
            notebook.shutdown_kernel()  # with its server, which the next front end would find


@pytest.mark.parametrize(
    ("theme", "kind", "width"), [("light", Keyboard, 700), ("dark", Mouse, 1400)], ids=["light", "dark"]
)
def test_voila(lab: Lab, panels: str, theme: Theme, kind: type[Hand], width: int) -> None:
    with lab.voila(panels, theme=theme) as page:
        view = View(page, page.output, "voila")
        view.look(theme)
        view.tour(hand := kind(page.tab), width)
        view.moves_while_busy(lab.folder / "go")
        end(view.output, hand)
