"""The live view as a person sees and uses it: the picture, its controls, an overlay that fails, every end."""

from __future__ import annotations

import base64
import io
from ast import literal_eval
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from janus_notebook.errors import JanusMediaError
from janus_notebook.media import bars_match, read_counter
from tests.browser.accessibility import unreachable, violations
from tests.browser.harness import Lab, Notebook
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(300)]

SETUP = """
%load_ext janus_notebook
%janus serve
session = await connect()
echo = await session.attach("echotest")

def panels():
    from janus_notebook.panels import _boards
    return len(_boards["board"].panels)

moody = False
def overlay(picture):
    picture[:20, -20:] = (255, 128, 0)
    if moody:
        raise ValueError("<b>bad mood</b>\\x1b[31m")
"""
BUSY = """
import pathlib, time
go, until = pathlib.Path("go"), time.monotonic() + 120
while not go.exists() and time.monotonic() < until: time.sleep(0.1)
"""
CELL = "echo.view()"
EDIT = """(panel, [index, code]) => {
    panel.content.widgets[index].model.sharedModel.setSource(code);
}"""
ONE_FRAME = "() => new Promise(done => requestAnimationFrame(() => done(true)))"


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Notebook]:
    name = write(lab.folder / "view.ipynb", SETUP)
    with lab.page(height=1100) as page:
        notebook = page.open(name)
        notebook.run_cell(0, 90)
        yield notebook
        notebook.shutdown_kernel()


def shown(view: Locator) -> NDArray[np.uint8]:
    """The pixels that are in the view's canvas."""
    url: str = view.locator("canvas").evaluate("node => node.toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def counter(view: Locator) -> int | None:
    """The number in the test pattern as it is shown; None while there is none."""
    try:
        return read_counter(shown(view)) if view.locator("canvas").is_visible() else None
    except JanusMediaError:
        return None


def moves(notebook: Notebook, view: Locator) -> None:
    """Wait until three more pictures were seen. Out of sight there are none, and JupyterLab scrolls too."""
    screen, seen = view.locator(".janus-screen"), {counter(view)}

    def enough() -> bool:
        screen.scroll_into_view_if_needed()
        seen.add(counter(view))
        return len(seen) > 3

    try:
        notebook.page.until(enough, "pictures that differ", 60)
    except AssertionError as exc:
        notebook.page.screenshot("view-stuck")
        exc.add_note(f"{seen}; {view.inner_text()}")
        raise


def facts(notebook: Notebook, name: str) -> dict[str, Any]:
    found: dict[str, Any] = literal_eval(notebook.output_text(notebook.add_and_run(f"print({name}.facts)")))
    return found


def looks(notebook: Notebook, name: str, view: Locator) -> None:
    """Wide and narrow, light and dark; nothing may stand out of the panel."""
    for theme in ("dark", "light"):
        notebook.page.set_theme(theme)
        for width in (700, 1400):
            notebook.page.tab.set_viewport_size({"width": width, "height": 1100})
            notebook.page.tab.wait_for_function(ONE_FRAME)
            view.scroll_into_view_if_needed()
            notebook.page.screenshot(f"view-{name}-{theme}-{width}", view)
            wide = view.locator(".janus-panel").evaluate("node => node.scrollWidth - node.clientWidth")
            assert wide <= 1, (name, width, wide)


def test_a_view_from_its_first_picture_to_its_end(lab: Lab, notebook: Notebook) -> None:
    page, tab = notebook.page, notebook.page.tab
    first = notebook.add_and_run(CELL)
    view = notebook.output(first)
    chip, reason = view.locator(".janus-chip"), view.locator(".janus-reason")

    # Before there is any video, it says what it waits for; then it plays by itself.
    expect(chip).to_contain_text("waiting")
    expect(reason).to_contain_text("publish() first")
    expect(view.get_by_role("button", name="Save picture")).to_be_disabled()
    page.screenshot("view-waiting", view)
    notebook.add_and_run("await echo.publish(video='pattern', audio=None)", 60)
    moves(notebook, view)
    expect(chip).to_contain_text("playing")
    assert shown(view).shape == (480, 640, 3)
    assert bars_match(shown(view))
    assert (view.get_by_role("img").get_attribute("aria-label") or "").startswith("Live video of echotest")
    expect(view.locator(".janus-figures")).to_contain_text("640 × 480")
    assert violations(tab) == []
    assert unreachable(tab, view.locator(".janus-panel")) == []
    looks(notebook, "playing", view)

    # It moves on while a cell keeps the kernel busy, one way or the other.
    notebook.start_cell(notebook.add(BUSY))
    moves(notebook, view)
    (lab.folder / "go").touch()
    notebook.finish(60)

    # Its controls, by keyboard and by mouse.
    pause = view.get_by_role("button", name="Pause")
    pause.focus()
    tab.keyboard.press("Enter")
    expect(chip).to_contain_text("paused")
    resume = view.get_by_role("button", name="Resume")
    expect(resume).to_have_attribute("aria-pressed", "true")
    with tab.expect_download() as download:
        view.get_by_role("button", name="Save picture").click()
    assert download.value.suggested_filename.startswith("echotest-")
    with Image.open(download.value.path()) as saved:
        assert saved.format == "PNG"
        assert read_counter(np.asarray(saved.convert("RGB"))) == counter(view)
    resume.click()
    moves(notebook, view)
    wide, canvas = view.get_by_role("button", name="Full width"), view.locator("canvas")
    before = canvas.evaluate("node => node.clientWidth")
    wide.click()
    expect(wide).to_have_attribute("aria-pressed", "true")
    assert canvas.evaluate("node => node.clientWidth") > before
    wide.click()

    # An overlay that fails is told in one line of text, and the video goes on.
    second = notebook.add_and_run("seen = echo.view(overlay=overlay, width=320, quality=90)")
    with_overlay = notebook.output(second)
    moves(notebook, with_overlay)
    assert np.abs(shown(with_overlay)[4:16, 304:316].astype(int) - (255, 128, 0)).max() < 40
    notebook.add_and_run("moody = True")
    problem = with_overlay.locator(".janus-problem")
    expect(problem).to_contain_text(r"overlay: ValueError: <b>bad mood</b>\x1b[31m (line ")
    moves(notebook, with_overlay)
    with_overlay.scroll_into_view_if_needed()
    page.screenshot("view-overlay", with_overlay)
    notebook.add_and_run("moody = False")
    expect(problem).to_be_hidden()
    assert facts(notebook, "seen")["most_under_way"] in (1, 2)

    # The cell again and again: one panel, also with other options.
    for code in [CELL] * 5 + ["echo.view(fps=5, quality=50)"]:
        notebook.panel.evaluate(EDIT, [first, code])
        notebook.run_cell(first)
    expect(view.locator(".janus-view")).to_have_count(1)
    count = notebook.output_text(notebook.add_and_run("print(panels())"))
    assert count.strip() == "2"
    moves(notebook, view)

    # Hung up, published anew, detached: it says why, and follows.
    notebook.add_and_run("await echo.hangup()")
    expect(chip).to_contain_text("waiting")
    expect(reason).to_contain_text("hung up")
    notebook.add_and_run("await echo.publish(video='pattern')", 60)
    moves(notebook, view)
    notebook.add_and_run("await echo.detach()")
    expect(chip).to_contain_text("ended")
    expect(reason).to_contain_text("detached")
    page.screenshot("view-ended", view)

    # The file has words where the picture was.
    notebook.save()
    saved_file = (lab.folder / "view.ipynb").read_text()
    assert "view(static=True) keeps the last one" in saved_file
    assert "data:image/jpeg" not in saved_file
