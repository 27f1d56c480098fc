"""The session panel in a real browser: a session's whole life in one notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.timeout(400)]

THEME = """async (name) => {
    await window.jupyterapp.commands.execute('apputils:change-theme', {theme: `JupyterLab ${name}`});
}"""


def look(notebook: Notebook, panel: Locator, name: str, *, judge: bool = False) -> None:
    """Pictures in both themes, wide and narrow; axe-core judges where it is asked to."""
    tab = notebook.page.tab
    for theme in ("Dark", "Light"):
        tab.evaluate(THEME, theme)
        tab.wait_for_function(f"document.body.dataset.jpThemeName === 'JupyterLab {theme}'")
        for width in (700, 1400):
            tab.set_viewport_size({"width": width, "height": 1400})
            notebook.page.screenshot(f"session-{name}-{theme.lower()}-{width}", panel)
        assert not judge or violations(tab, ".janus-stack") == []


def test_a_session_from_its_first_ping_to_its_end(lab: Lab) -> None:
    name = write(
        lab.folder / "session.ipynb",
        "%load_ext janus_notebook\nfrom janus_notebook import JanusError\n"
        "from janus_notebook.notebook.connect import serve\n"
        "g = await serve(practice=True, reclaim_session_timeout=60)\n"
        "session = await connect(recover_timeout=30)\n"
        "echo = await session.attach('echotest', opaque_id='mine')\n"
        "room = await session.attach('videoroom')",
    )
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_cell(0)
        panel = notebook.output(notebook.add_and_run("session"))
        keyboard = page.tab.keyboard
        state, notice = panel.locator(".janus-chip").first, panel.locator(".janus-notice").first
        badge = panel.locator(".janus-badge")
        expect(state).to_have_text("● connected")
        expect(badge).to_be_hidden()

        # Ping, by mouse; its time joins the others.
        panel.get_by_role("button", name="Ping").click()
        expect(notice).to_contain_text("The server answered in")
        expect(panel.locator(".janus-trips strong")).to_contain_text("ms")
        expect(panel.locator(".janus-trips title")).to_contain_text("Round-trip times: ")
        assert all(panel.locator(".janus-facts > div").evaluate_all("nodes => nodes.map(node => node.title)"))
        assert all(panel.locator(".janus-tile").evaluate_all("nodes => nodes.map(node => node.title)"))

        # A handle's panel opens below, by keyboard, in sight; a click on another row takes its place.
        opener = panel.locator(".janus-open").first
        expect(opener).to_contain_text("echo ")
        opener.focus()
        keyboard.press("Enter")
        inner = panel.locator(".janus-stack > .janus-frame")
        expect(inner.locator(".janus-title").first).to_have_text("echo")
        expect(inner.locator(".janus-id").first).to_contain_text("janus.plugin.echotest ")
        expect(inner).to_be_in_viewport()
        expect(opener).to_be_focused()
        expect(opener).to_have_attribute("aria-expanded", "true")
        look(notebook, panel, "open", judge=True)
        panel.get_by_role("cell", name="videoroom", exact=True).click()
        expect(inner.locator(".janus-title").first).to_have_text("room")
        panel.locator(".janus-open").nth(1).press("Space")
        expect(inner).to_have_count(0)

        # An error that no call could raise is not silent.
        notebook.add_and_run("for _ in range(3): session._core.on_error(JanusError('the cat did it'))")
        expect(badge).to_have_text("▲ 3 background errors")
        badge.press("Enter")
        uncaught = panel.locator(".janus-uncaught")
        expect(uncaught).to_be_focused()
        expect(uncaught).to_contain_text("the cat did it. (3 times)")
        row = uncaught.locator("tbody tr").first
        expect(row.locator("td").last).to_have_css("white-space", "nowrap")
        expect(row.locator("td").last).to_have_attribute("title", re.compile("the cat did it"))
        row.click()
        expect(row.locator("td").last).to_have_css("white-space", "normal")

        # The bundle lies beside the notebook.
        panel.get_by_role("button", name="Support bundle").click()
        expect(notice).to_contain_text("Written: ")
        (bundle,) = lab.folder.glob("janus-bundle-*.zip")
        expect(notice).to_contain_text(bundle.name)

        # Lost and found, with the times and the reasons.
        notebook.add_and_run("g.refuse_connections()\ng.close_connections()")
        expect(state).to_have_text("◔ reconnecting")
        expect(panel.get_by_role("button", name="Ping")).to_be_disabled()
        look(notebook, panel, "reconnecting")
        notebook.add_and_run("g.accept_connections()")
        expect(state).to_have_text("● recovered")
        history = panel.locator(".janus-changes tbody tr")
        expect(history).to_have_count(4)
        expect(history.first).to_contain_text("was claimed after")
        look(notebook, panel, "recovered")
        notebook.add_and_run("g.forget_sessions()\ng.close_connections()")
        expect(state).to_have_text("▲ lost")
        rows = panel.locator(".janus-handle-list tbody tr")
        expect(rows.first).to_contain_text("✕ detached")
        expect(rows.first).to_contain_text("with the session")
        look(notebook, panel, "lost")

        # Destroy asks; Escape is a no. All by keyboard.
        destroy = panel.get_by_role("button", name="Destroy …")
        destroy.press("Enter")
        question = panel.get_by_role("alertdialog")
        expect(question).to_contain_text("Destroy session")
        keyboard.press("Escape")
        expect(question).to_be_hidden()
        expect(destroy).to_be_focused()
        expect(state).to_have_text("▲ lost")
        keyboard.press("Enter")
        question.get_by_role("button", name="Destroy").press("Enter")
        expect(state).to_have_text("✕ closed")
        expect(destroy).to_be_disabled()
        look(notebook, panel, "closed", judge=True)
        # One that has ended still has its bundle.
        expect(panel.get_by_role("button", name="Support bundle")).to_be_enabled()
        notebook.shutdown_kernel()
