"""Notebook 7 and Voilà, as JupyterLab's server has them beside JupyterLab itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.browser.page import NOISE, STARTUP_SECONDS, Notebook, Page
from tests.browser.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.tab import Theme

# What Notebook 7.6 itself writes to the console as an error, and why it is harmless.
NOTEBOOK_NOISE = [
    *NOISE,
    # Its shortcuts plugin hears of another plugin's settings before it has its own.
    re.compile(
        r"uncaught TypeError: Cannot read properties of undefined \(reading 'schema'\)"
        r" \(http://[^ ]+/static/notebook/notebook_core\.[^ ]+\)"
    ),
]
VOILA_NOISE = [
    # Icons and formulas come from the net. There is none here, and the panels use neither.
    re.compile(r"Failed to load resource: net::ERR_NAME_NOT_RESOLVED \(https://cdn[^ ]+\)"),
    # Extensions of JupyterLab that Voilà has no use for; it loads whatever is installed.
    re.compile(
        r"(?s)Error: The getter for the shared module is not a function\..*"
        r'"shareKey":"@jupyterlab/docregistry".*'
    ),
]

OPENED = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.isReady && panel.content.widgets.length ? panel : null;
}"""


class NotebookPage(Page):
    """One browser page with Notebook 7 in it: one notebook in each page."""

    noise = NOTEBOOK_NOISE

    def load(self) -> None:
        """Nothing yet: Notebook 7 has a page for each notebook."""

    def _open(self, path: str, *, kernel: bool) -> Notebook:
        assert kernel, "Notebook 7 starts a kernel for every notebook"
        self.tab.goto(f"{self._url}/notebooks/{quote(path)}", wait_until="commit")
        panel = self.tab.wait_for_function(OPENED, timeout=STARTUP_SECONDS * 1000)
        return Notebook(self, panel)


class Dashboard(Tab):
    """A notebook in Voilà: it has run, and its outputs are on the page. Cells are counted from 0."""

    noise = VOILA_NOISE

    def render(self, path: str, theme: Theme) -> None:
        """Run a notebook, and wait for its end and for its widgets."""
        self.tab.goto(f"{self._url}/voila/render/{quote(path)}?theme={theme}", wait_until="commit")
        ended = "() => document.querySelector('#rendered_cells')?.checkVisibility()"
        self.wait(ended, None, "the notebook to run", STARTUP_SECONDS)
        # The widgets come after that: each output is a script until they take its place.
        waiting = 'script[type="application/vnd.voila.cell-output+json"]'
        shown = f"""() => !document.querySelector('#rendered_cells {waiting}')"""
        self.wait(shown, None, "the widgets", STARTUP_SECONDS)

    def output(self, index: int) -> Locator:
        """The cell's output area."""
        return self.tab.locator(f'#rendered_cells [cell-index="{index + 1}"] .jp-Cell-outputArea')
