"""What a user has before them: a browser page with JupyterLab in it, and a notebook open there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.browser.tab import Tab

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import JSHandle, Locator
    from playwright.sync_api import Page as PlaywrightPage

    from tests.browser.tab import Theme

STARTUP_SECONDS = 60.0
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# What JupyterLab itself writes to the console as an error: pattern of the whole text, and why it is harmless.
NOISE = [
    # The debugger asks each new kernel for its state; a kernel that ends within a second or so never answers.
    re.compile(
        r"Could not restore the debugger state: Canceled future for debug_request message before replies"
        r" were done \(http://[^ ]+/static/lab/jlab_core\.[^ ]+\)"
    ),
    # ipywidgets 8.1 looks for the session's kernel in every notebook that is opened without one.
    re.compile(
        r"uncaught TypeError: Cannot read properties of null \(reading 'kernel'\)"
        r" \(http://[^ ]+/@jupyter-widgets/jupyterlab-manager/static/[^ ]+\)"
    ),
]

OPEN = """async ([path, kernel]) => {
    const app = window.jupyterapp;
    const kernelPreference = kernel ? undefined : {shouldStart: false, autoStartDefault: false};
    const panel = await app.commands.execute(
        'docmanager:open', {path, factory: 'Notebook', kernelPreference});
    await panel.context.ready;
    app.shell.activateById(panel.id);
    return panel;
}"""

# Commands act on the current notebook and its active cell.
RUN = """([panel, command, index]) => {
    window.jupyterapp.shell.activateById(panel.id);
    if (index !== null) {
        panel.content.deselectAll();
        panel.content.activeCellIndex = index;
    }
    const run = {done: false, error: null};
    window.jupyterapp.commands.execute(command).then(
        () => { run.done = true; },
        error => { run.error = String(error); run.done = true; });
    return run;
}"""


class Notebook:
    """A notebook open in a page. Cells are counted from 0, Markdown cells too."""

    def __init__(self, page: Page, panel: JSHandle) -> None:
        self.page = page
        self.panel = panel
        self.root = page.tab.locator(f'[id="{panel.evaluate("panel => panel.id")}"]')
        self._runs: list[JSHandle] = []

    def __len__(self) -> int:
        return int(self.panel.evaluate("panel => panel.content.widgets.length"))

    @property
    def kernel_status(self) -> str:
        """What the kernel says of itself (``idle``, ``busy``, ...), or ``none`` without a kernel."""
        return str(self.panel.evaluate("panel => panel.sessionContext.session?.kernel?.status ?? 'none'"))

    def cell(self, index: int) -> Locator:
        """The whole cell."""
        return self.root.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """The cell's output area."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def output_text(self, index: int) -> str:
        """The text of the cell's outputs as it is on the screen, without the ``[1]:`` before a result."""
        return "\n".join(self.output(index).locator(".jp-OutputArea-output").all_inner_texts())

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The cell's outputs as a notebook file holds them."""
        found: list[dict[str, Any]] = self.panel.evaluate(
            "(panel, index) => panel.content.widgets[index].model.outputs?.toJSON() ?? []", index
        )
        return found

    def run_cell(self, index: int, timeout: float = 30.0, *, check: bool = True) -> None:
        """Run a cell and wait for its end; an error in it fails the test unless `check` is False."""
        self.start_cell(index)
        self.finish(timeout)
        if check:
            self.check(index)

    def run_all(self, timeout: float = 120.0, *, check: bool = True) -> None:
        """Run every cell and wait for the end."""
        self._runs.append(self._command("notebook:run-all-cells"))
        self.finish(timeout)
        if check:
            self.check(*range(len(self)))

    def start_cell(self, index: int) -> None:
        """Start a cell and return at once; `finish` waits for it."""
        self._runs.append(self._command("notebook:run-cell", index))

    def finish(self, timeout: float = 30.0) -> None:
        """Wait for the end of everything that was started."""
        while self._runs:
            self._done(self._runs[0], "a cell to end", timeout)
            self._runs.pop(0)

    def add_and_run(self, code: str, timeout: float = 30.0, *, check: bool = True) -> int:
        """Append a code cell, run it, and return its index."""
        index = self.add(code)
        self.run_cell(index, timeout, check=check)
        return index

    def add(self, code: str) -> int:
        """Append a code cell and return its index."""
        index = len(self)
        self.panel.evaluate(
            "(panel, source) => { panel.content.model.sharedModel.addCell({cell_type: 'code', source}); }",
            code,
        )
        self.page.until(lambda: len(self) > index, "the new cell")
        return index

    def check(self, *indexes: int) -> None:
        """Fail with the traceback of the first of these cells that ended in an error."""
        for index in indexes:
            for output in self.outputs(index):
                if output["output_type"] == "error":
                    trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
                    raise AssertionError(f"cell {index}: {output['ename']}: {output['evalue']}\n{trace}")

    def wait_idle(self, timeout: float = STARTUP_SECONDS) -> None:
        """Wait until what was started has ended and the kernel is idle."""
        self.finish(timeout)
        idle = "panel => panel.sessionContext.session?.kernel?.status === 'idle'"
        self.page.wait(idle, self.panel, "the kernel to be idle", timeout)

    def save(self) -> None:
        """Save the notebook with its outputs."""
        self.panel.evaluate("panel => panel.context.save()")

    def restart_kernel(self, timeout: float = STARTUP_SECONDS) -> None:
        """Restart the kernel and wait until it is idle; the outputs stay."""
        self._done(self._command("notebook:restart-kernel"), "the restart", timeout)
        self._runs.clear()
        self.wait_idle(timeout)

    def interrupt(self) -> None:
        """Do what the Stop button does."""
        self._done(self._command("notebook:interrupt-kernel"), "the interrupt", 10.0)

    def shutdown_kernel(self) -> None:
        """End the kernel; the notebook stays open with its outputs."""
        self._done(self._command("notebook:shutdown-kernel"), "the end of the kernel", 30.0)
        self._runs.clear()

    def _command(self, command: str, index: int | None = None) -> JSHandle:
        return self.page.tab.evaluate_handle(RUN, [self.panel, command, index])

    def _done(self, run: JSHandle, what: str, timeout: float) -> None:
        try:
            self.page.wait("run => run.done", run, what, timeout)
        except AssertionError as exc:
            exc.add_note(self.page.whereabouts())
            raise
        error = run.evaluate("run => run.error")
        assert error is None, f"{what}: {error}"


class Page(Tab):
    """One browser page with JupyterLab in it."""

    noise = NOISE

    def __init__(
        self,
        tab: PlaywrightPage,
        url: str,
        trust: Callable[[str, bool], None],
        whereabouts: Callable[[], str],
    ) -> None:
        super().__init__(tab, url)
        self._trust = trust
        self.whereabouts = whereabouts

    def load(self) -> None:
        """Load JupyterLab with an empty workspace."""
        self.tab.goto(f"{self._url}/lab?reset", wait_until="commit")
        self.wait("() => window.jupyterapp", None, "JupyterLab to load", STARTUP_SECONDS)
        self.tab.evaluate(
            "async () => { await window.jupyterapp.restored; window.jupyterapp.shell.collapseLeft(); }"
        )
        self._splash_gone()

    def open(self, path: str, *, kernel: bool = True, trusted: bool | None = None) -> Notebook:
        """Open a notebook of the lab's folder.

        Args:
            path: relative to the folder.
            kernel: False leaves the notebook without a kernel, as for a reader who only looks.
            trusted: sign the file first, or take its signature away; None leaves it as it is. JupyterLab
                signs what it saves itself, if all outputs come from this session or were trusted.
        """
        if trusted is not None:
            self._trust(path, trusted)
        notebook = self._open(path, kernel=kernel)
        if kernel:
            notebook.wait_idle()
        return notebook

    def _open(self, path: str, *, kernel: bool) -> Notebook:
        return Notebook(self, self.tab.evaluate_handle(OPEN, [path, kernel]))

    def set_theme(self, theme: Theme) -> None:
        """Change the theme of the running JupyterLab."""
        self.tab.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", THEMES[theme]
        )
        self.wait(
            "light => document.body.dataset.jpThemeLight === light", str(theme == "light").lower(), theme
        )
        self._splash_gone()

    def _splash_gone(self) -> None:
        self.wait("() => !document.getElementById('jupyterlab-splash')", None, "the splash screen to go")
