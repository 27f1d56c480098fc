"""Real front ends in a real Chromium, for tests: open a notebook, run its cells, look at what a user sees.

::

    with jupyter_lab(folder) as lab, lab.page(theme="dark") as page:
        notebook = page.open("first.ipynb")
        notebook.run_all()
        notebook.start_cell(2)                      # goes on while the test looks
        expect(notebook.output(1)).to_contain_text("connected")
        notebook.finish()
        page.screenshot("first-dark", notebook.output(1))

``lab.page("notebook")`` is the same with Notebook 7, and ``with lab.voila("first.ipynb") as dashboard`` shows
the notebook in Voilà: one server has all three.

Cells are run by JupyterLab's own commands. Settings, kernels, notebook signatures and workspaces live in a
temporary home, so no setting of this machine matters and none is changed. JupyterLab asks nothing: its
dialogs are answered by settings. Names reach the resolver for loopback only.

While a lab is open its thread counts as running an event loop (Playwright's sync API works so):
``asyncio.run`` in the test itself is refused then.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import nbformat
import nbformat.sign
from playwright.sync_api import sync_playwright

from tests.browser import whereabouts
from tests.browser.front_ends import Dashboard, NotebookPage
from tests.browser.page import STARTUP_SECONDS, THEMES, Notebook, Page
from tests.browser.tab import Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, ViewportSize
    from playwright.sync_api import Page as PlaywrightPage

__all__ = ["CHECKOUT", "Dashboard", "Lab", "Notebook", "Page", "Theme", "jupyter_lab"]

CHECKOUT = Path(__file__).resolve().parents[2]
MARK = "NOTEBOOK_LAB_HOME"  # in the environment of every process below a lab: how its leftovers are found

SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension/sessionDialogs": {"skipKernelRestartDialog": True},
    # A save that the test did not ask for could fall between two of its steps.
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False, "confirmClosingDocument": False},
    # All cells are in the DOM, also those out of sight.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}

BROWSER_OPTIONS = [
    "--no-sandbox",  # a container has no user namespaces; the pages are our own
    "--disable-dev-shm-usage",  # /dev/shm is small in containers
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE *.local",
]


class Lab:
    """A running JupyterLab server and a browser; made by `jupyter_lab`."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.url = ""
        self.browser: Browser
        self.permissions: Sequence[str] = ()
        self._http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def log(self) -> str:
        """The server's log, with what its kernels wrote to the terminal."""
        return (self.home / "lab.log").read_text(errors="replace")

    @contextmanager
    def page(
        self,
        front_end: Literal["lab", "notebook"] = "lab",
        *,
        theme: Theme = "light",
        width: int = 1400,
        height: int = 900,
    ) -> Iterator[Page]:
        """A fresh browser page with JupyterLab or Notebook 7; kernels outlive it, as they do for a user."""
        self.configure("@jupyterlab/apputils-extension/themes", {"theme": THEMES[theme]})
        kind = Page if front_end == "lab" else NotebookPage
        with self._tab(width, height) as tab:
            page = kind(tab, self.url, self.trust, self.whereabouts)
            page.load()
            yield page
            assert not page.console_errors, f"errors in the browser's console: {page.console_errors}"

    @contextmanager
    def voila(
        self, path: str, *, theme: Theme = "light", width: int = 1400, height: int = 900
    ) -> Iterator[Dashboard]:
        """A fresh browser page in which Voilà has run a notebook of the folder; its kernel ends with it."""
        before = self._kernels()
        with self._tab(width, height) as tab:
            dashboard = Dashboard(tab, self.url)
            dashboard.render(path, theme)
            yield dashboard
            assert not dashboard.console_errors, f"errors in the console: {dashboard.console_errors}"
        # What a form of the server's own pages sends along; nobody else's page could.
        ours = {"Cookie": "_xsrf=ours", "X-XSRFToken": "ours"}
        for kernel in self._kernels() - before:
            url = f"{self.url}/api/kernels/{kernel}"
            self._http.open(urllib.request.Request(url, method="DELETE", headers=ours)).close()

    def _kernels(self) -> set[str]:
        with self._http.open(f"{self.url}/api/kernels", timeout=10) as answer:
            return {kernel["id"] for kernel in json.load(answer)}

    @contextmanager
    def _tab(self, width: int, height: int) -> Iterator[PlaywrightPage]:
        size: ViewportSize = {"width": width, "height": height}
        with self.browser.new_context(viewport=size, permissions=self.permissions or None) as context:
            yield context.new_page()

    def processes(self, word: str = "") -> dict[int, str]:
        """Pid and command of every process below the lab whose command holds `word`; the browser's too."""
        mark = f"{MARK}={self.home}".encode()
        found: dict[int, str] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it has just ended, or is another user's
        return {pid: command for pid, command in found.items() if word in command}

    def whereabouts(self) -> str:
        """Where each thread and task of each kernel is."""
        return whereabouts.ask(self.home, self.processes("ipykernel_launcher"))

    def trust(self, path: str, trusted: bool = True) -> None:
        """Sign the notebook's file as ``jupyter trust`` does, or take its signature away."""
        library: Any = nbformat  # it has no types
        notebook = library.read(self.folder / path, as_version=4)
        notary = library.sign.NotebookNotary(data_dir=str(self.home / "data"))
        try:
            (notary.sign if trusted else notary.unsign)(notebook)
        finally:
            notary.store.close()

    def configure(self, plugin: str, settings: Mapping[str, Any]) -> None:
        """Set one plugin's settings, instead of earlier ones, for the pages that are loaded from now on."""
        path = self.home / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))

    def environment(self) -> dict[str, str]:
        prefixes = ("PYTHON", "JANUS_", "IPYTHON", "JUPYTER")
        return {k: v for k, v in os.environ.items() if not k.startswith(prefixes)} | {
            MARK: str(self.home),
            "HOME": str(self.home),
            "PYTHONPATH": str(CHECKOUT),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
        }

    def start(self, options: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start the server, with more options if need be; `wait_ready` gives its address."""
        for plugin, settings in SETTINGS.items():
            self.configure(plugin, settings)
        startup = self.home / ".ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "whereabouts.py").write_text(whereabouts.STARTUP.format(folder=str(self.home)))
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser"),
            *("--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={self.folder}"),
            "--JupyterNotebookApp.expose_app_in_browser=True",
            *("--IdentityProvider.token=", "--LabApp.extension_manager=readonly"),
            *(["--allow-root"] if os.geteuid() == 0 else []),
            *options,
        ]
        with (self.home / "lab.log").open("wb") as log:
            # A session of its own: Ctrl-C in the terminal reaches the test, which then ends the server.
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, server: subprocess.Popen[bytes]) -> None:
        info = self.home / "runtime" / f"jpserver-{server.pid}.json"
        deadline = time.monotonic() + STARTUP_SECONDS
        while not self._answers(info):
            if server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"JupyterLab did not start:\n{self.log}")
            time.sleep(0.05)

    def _answers(self, info: Path) -> bool:
        try:
            self.url = f"http://127.0.0.1:{json.loads(info.read_text())['port']}"
            with self._http.open(f"{self.url}/api/status", timeout=5):
                return True
        except (OSError, ValueError):  # no file yet, half a file, or nobody listens yet
            return False


@contextmanager
def jupyter_lab(
    folder: Path,
    *,
    browser_options: Sequence[str] = (),
    server_options: Sequence[str] = (),
    permissions: Sequence[str] = (),
    patience: float = 15.0,
) -> Iterator[Lab]:
    """Run JupyterLab on `folder`, and a browser; at the end all processes below them must be gone.

    Args:
        folder: where the notebooks are; kernels run in it.
        browser_options: more of Chromium's command line, such as a fake camera.
        server_options: more of JupyterLab's, such as another name that it answers to.
        permissions: what every page may do without asking, such as ``camera``.
        patience: seconds that processes have to end after the server has.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "these tests need Chromium: apt-get install chromium"
    with tempfile.TemporaryDirectory(prefix="lab-test-", ignore_cleanup_errors=True) as home:
        lab = Lab(Path(folder).resolve(), Path(home))
        lab.permissions = permissions
        try:
            with ExitStack() as stack:
                server = lab.start(server_options)
                stack.callback(_stop, server)
                playwright = stack.enter_context(sync_playwright())
                lab.browser = playwright.chromium.launch(
                    executable_path=chromium,
                    args=[*BROWSER_OPTIONS, *browser_options],
                    env=dict(lab.environment()),
                )
                stack.callback(lab.browser.close)
                lab.wait_ready(server)
                yield lab
        finally:
            left = _end_all(lab.processes, patience)
        assert not left, f"left running by the lab: {left}"


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server in order, so that it ends its kernels; the processes that stay are looked for later."""
    server.terminate()
    try:
        server.wait(20.0)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _end_all(processes: Callable[[], dict[int, str]], patience: float) -> dict[int, str]:
    """Give processes `patience` seconds to end, kill those that do not, and return them."""
    deadline = time.monotonic() + patience
    while (left := processes()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return left
