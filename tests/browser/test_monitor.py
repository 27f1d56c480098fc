"""The monitor's live panel in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab, Notebook
from tests.browser.notebooks import write

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(240)]


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Notebook]:
    name = write(lab.folder / "monitor.ipynb", "%load_ext janus_notebook\n%janus monitor")
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_cell(0)
        yield notebook
        notebook.shutdown_kernel()


def test_what_the_server_tells_is_seen_live(notebook: Notebook) -> None:
    panel = notebook.output(0)
    chip, rows = panel.locator(".janus-chip"), panel.locator('.janus-list [role="option"]')
    expect(panel).to_contain_text("Events of the server")
    expect(chip).to_contain_text("listening")
    notebook.add_and_run("%janus serve")
    expect(chip).to_contain_text("receiving")
    expect(rows.filter(has_text="startup started Janus").first).to_be_visible()
    notebook.add_and_run("session = await connect()\necho = await session.attach('echotest')")
    notebook.add_and_run("await echo.publish()")
    expect(rows.filter(has_text="connection webrtcup").first).to_be_visible()
    panel.get_by_label("Filter the events").fill("monitor jsep offer")
    rows.filter(has_text="offer of the client").first.click()
    tree = panel.get_by_role("tree")
    expect(tree).to_contain_text('owner: "remote"')
    expect(tree).to_contain_text("m=audio")
    panel.get_by_label("Filter the events").fill("")
    merged = notebook.output(notebook.add_and_run("watching.merged(session)"))
    expect(merged).to_contain_text("Events of the session and of the server about it")
    merged.get_by_role("listbox").press("Home")
    expect(merged.locator('[role="option"][data-direction="monitor"]').first).to_be_visible()
    expect(merged.locator('[role="option"][data-direction="request"]').first).to_be_visible()
    merged.get_by_label("Filter the events").fill("monitor jsep answer")
    merged.locator('.janus-list [role="option"]').first.click()
    expect(merged.get_by_role("tree")).to_contain_text('owner: "local"')
    notebook.add_and_run("%janus monitor --stop")
    expect(chip).to_contain_text("closed")
