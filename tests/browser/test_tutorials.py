"""Every tutorial in JupyterLab: run from top to bottom, its panels alive, and a picture of each kept."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser.harness import CHECKOUT, Lab, jupyter_lab
from tests.notebooks.tutorials import FOLDER, TUTORIALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(400)]

OPTIONS = ["--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(CHECKOUT / "notebooks", folder, dirs_exist_ok=True)
    with jupyter_lab(folder, browser_options=OPTIONS, permissions=("camera", "microphone")) as lab:
        yield lab


def stored_panels(name: str) -> int:
    """How many cells have a panel among their stored outputs."""
    cells = nbformat.read(FOLDER / name, as_version=4).cells
    view = "application/vnd.jupyter.widget-view+json"
    return sum(any(view in each.get("data", {}) for each in cell.get("outputs", [])) for cell in cells)


@pytest.mark.parametrize("name", TUTORIALS)
def test_it_runs_and_its_panels_are_seen(lab: Lab, name: str) -> None:
    with lab.page(width=1400, height=1000) as page:
        notebook = page.open(name)
        notebook.run_all(timeout=240)
        seen = 0
        for index in range(len(notebook)):
            frame = notebook.cell(index).locator(".janus-frame").first
            if frame.count():
                frame.wait_for(state="visible")
                seen += 1
        assert seen >= stored_panels(name)
        height = notebook.root.locator(".jp-WindowedPanel-inner").first.evaluate("node => node.scrollHeight")
        page.tab.set_viewport_size({"width": 1400, "height": min(height + 150, 15_000)})
        notebook.cell(0).scroll_into_view_if_needed()
        page.screenshot(f"tutorial-{name.removesuffix('.ipynb')}")
        notebook.shutdown_kernel()
