"""What a user has before them: a browser page with JupyterLab in it, and a notebook open there."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import ConsoleMessage, Error, JSHandle, Locator
    from playwright.sync_api import Page as Tab

Theme = Literal["light", "dark"]
SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"
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
        self.page.wait("run => run.done", run, what, timeout)
        error = run.evaluate("run => run.error")
        assert error is None, f"{what}: {error}"


class Page:
    """One browser page with JupyterLab in it.

    Attributes:
        tab: Playwright's own page.
        console_errors: what the page wrote to its console as an error, and its uncaught exceptions. The page
            fails the test at its end if any is left; a test that expects one asserts it and clears the list.
    """

    def __init__(self, tab: Tab, url: str, trust: Callable[[str, bool], None]) -> None:
        self.tab = tab
        self._url = url
        self._trust = trust
        self.console_errors: list[str] = []
        tab.on("console", self._on_console)
        tab.on("pageerror", self._on_page_error)
        tab.on("crash", lambda _: self._on_error("the page crashed"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._on_error(f"{message.text} ({message.location['url']})")

    def _on_page_error(self, error: Error) -> None:
        place = re.search(r"https?://[^ )]+", error.stack or "")
        self._on_error(f"uncaught {error.name}: {error.message} ({place.group() if place else 'no place'})")

    def _on_error(self, text: str) -> None:
        if not any(pattern.fullmatch(text) for pattern in NOISE):
            self.console_errors.append(text)

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
        notebook = Notebook(self, self.tab.evaluate_handle(OPEN, [path, kernel]))
        if kernel:
            notebook.wait_idle()
        return notebook

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

    def locator(self, selector: str) -> Locator:
        """Playwright's locator, on the whole page."""
        return self.tab.locator(selector)

    def until(self, condition: Callable[[], object], what: str, timeout: float = 10.0) -> None:
        """Call `condition` until it is true; the page goes on meanwhile, which it does not in a sleep."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}"
            self.tab.wait_for_timeout(20)

    def wait(self, expression: str, arg: Any, what: str, timeout: float = 30.0) -> None:
        """Wait until a JavaScript expression is true; `what` names it in the failure."""
        try:
            self.tab.wait_for_function(expression, arg=arg, timeout=timeout * 1000, polling=50)
        except PlaywrightTimeoutError:
            dialogs = self.tab.locator(".jp-Dialog").all_inner_texts()
            raise AssertionError(
                f"waited {timeout:g} s for {what}; dialogs: {dialogs}; console: {self.console_errors}"
            ) from None

    def screenshot(self, name: str, locator: Locator | None = None) -> Path:
        """Write ``screenshots/<name>.png``: the page, or one element of it. Returns the path."""
        path = SCREENSHOTS / f"{name}.png"
        (locator or self.tab).screenshot(path=path)
        return path
