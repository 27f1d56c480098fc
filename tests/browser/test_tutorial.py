"""The first tutorial in JupyterLab, as a person sees it: run, live during a busy cell, saved, and reread."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import CHECKOUT, Lab, Notebook, jupyter_lab

if TYPE_CHECKING:
    from tests.browser.harness import Theme

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(300)]

TUTORIAL = "01-first-session.ipynb"

# Notes the time of each change of an element's text, until it is asked for the times.
WATCH = """element => {
    window.changes = [performance.now()];
    const note = () => window.changes.push(performance.now());
    window.watcher = new MutationObserver(note);
    window.watcher.observe(element, {childList: true, characterData: true, subtree: true});
}"""
CHANGES = "() => { window.watcher.disconnect(); return [...window.changes, performance.now()]; }"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(CHECKOUT / "notebooks" / TUTORIAL, folder)
    with jupyter_lab(folder) as lab:
        yield lab


def cell_with(notebook: Notebook, text: str) -> int:
    """The index of the first code cell whose source holds `text`."""
    sources = [notebook.cell(index).locator(".cm-content") for index in range(len(notebook))]
    return next(i for i, source in enumerate(sources) if source.count() and text in source.inner_text())


def said_of_video(panel: Locator) -> Locator:
    """What the handle panel says of the video, with the count of its frames."""
    return panel.locator(".janus-media td").filter(has_text=re.compile(r"frames of \d+×\d+"))


def test_the_tutorial_runs_and_its_panels_come_alive(lab: Lab) -> None:
    with lab.page(width=1400, height=1000) as page:
        notebook = page.open(TUTORIAL)
        notebook.run_all(timeout=120)
        shown = {
            "session-panel": notebook.output(cell_with(notebook, "session = await connect()")),
            "handle-panel": notebook.output(cell_with(notebook, 'session.attach("echotest")')),
            "event-stream": notebook.output(cell_with(notebook, "%janus events")),
            "echoed-frame": notebook.output(cell_with(notebook, "Image(png(frame))")),
        }
        expect(shown["session-panel"].locator(".janus-chip")).to_contain_text("connected")
        expect(shown["handle-panel"].locator(".janus-chip")).to_contain_text("connected")
        expect(shown["handle-panel"].locator(".janus-verdict")).to_contain_text("we receive audio and video")
        expect(said_of_video(shown["handle-panel"])).to_contain_text("Janus has received it since")
        expect(shown["event-stream"]).to_contain_text("webrtcup")
        picture = shown["echoed-frame"].locator("img")
        assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [640, 480]
        themes: tuple[Theme, ...] = ("light", "dark")
        for theme, width in product(themes, (1400, 700)):
            page.set_theme(theme)
            page.tab.set_viewport_size({"width": width, "height": 1000})
            for name, output in shown.items():
                page.screenshot(f"{name}-{theme}-{width}", output)
                # Nothing of a panel is cut off at its right edge.
                assert output.evaluate("element => element.scrollWidth <= element.clientWidth")
            page.screenshot(f"tutorial-{theme}-{width}")
        assert page.console_errors == []
        notebook.shutdown_kernel()


def test_the_handle_panel_moves_while_a_cell_sleeps(lab: Lab) -> None:
    with lab.page() as page:
        notebook = page.open(TUTORIAL)
        notebook.run_all(timeout=120)
        panel = notebook.output(cell_with(notebook, 'session.attach("echotest")'))
        frames = said_of_video(panel)
        expect(frames).to_be_visible()
        busy = notebook.add("import time\ntime.sleep(8)")
        notebook.start_cell(busy)
        frames.evaluate(WATCH)
        notebook.finish(timeout=30)
        times: list[float] = page.tab.evaluate(CHANGES)
        gaps = [(after - before) / 1000 for before, after in pairwise(times)]
        seconds = (times[-1] - times[0]) / 1000
        print(f"{len(times) - 2} changes in {seconds:.1f} s, longest gap {max(gaps):.2f} s")
        assert seconds > 7
        assert max(gaps) <= 1.0
        notebook.shutdown_kernel()


# What a person may type that carries a secret; each is found nowhere in the saved file.
PLANTED = """
room = await session.attach("videoroom")
await room.request({"request": "create", "room": 7, "secret": "planted-room-secret", "pin": "planted-pin"})
try:
    await connect(session.base_url, api_secret="planted-wrong-secret")
except Exception as error:
    print(error, error.request)
room
---
session
---
session.events
---
list(session.events), session.counters, room.request, room.request({"request": "list"})
---
%janus status
---
%janus events --last 100
""".strip().split("---")


def write_with_secrets(path: Path) -> None:
    """Write the tutorial with a secret for its server, and cells that use more of them."""
    notebook = nbformat.read(CHECKOUT / "notebooks" / TUTORIAL, as_version=4)
    for cell in notebook.cells:
        if cell.source == "%janus serve":
            cell.source = (
                "from janus_notebook.notebook.connect import serve\n"
                "await serve(api_secret='planted-api-secret')"
            )
    notebook.cells += [nbformat.v4.new_code_cell(source.strip()) for source in PLANTED]
    nbformat.write(notebook, path)


def test_a_saved_notebook_shows_the_static_panels_and_holds_no_secret(lab: Lab) -> None:
    saved = lab.folder / "saved.ipynb"
    write_with_secrets(saved)
    with lab.page() as page:
        notebook = page.open(saved.name)
        notebook.run_all(timeout=120)
        page.tab.wait_for_timeout(2_500)  # the static forms are renewed every two seconds
        notebook.save()
        notebook.shutdown_kernel()
    outputs = json.dumps([cell.get("outputs", []) for cell in json.loads(saved.read_text())["cells"]])
    assert "webrtcup" in outputs
    assert "planted" not in outputs
    for trusted in (True, False):
        with lab.page(theme="light" if trusted else "dark") as page:
            notebook = page.open(saved.name, kernel=False, trusted=trusted)
            panel = notebook.output(cell_with(notebook, 'session.attach("echotest")'))
            expect(panel).to_contain_text("connected")
            expect(panel).to_contain_text("video")
            expect(panel.get_by_text("Error displaying widget")).to_have_count(0, timeout=1)
            assert panel.locator("table").first.is_visible()
            expect(notebook.output(cell_with(notebook, "%janus events"))).to_contain_text("webrtcup")
            page.screenshot(f"saved-{'trusted' if trusted else 'untrusted'}", panel)
