"""The dashboard as a page of Voilà, used by a person."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import jupyter_lab
from tests.notebooks.tutorials import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.harness import Theme

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(600)]

# The machine may have more to do than this page.
expect.set_options(timeout=120_000)


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 700)])
def test_a_person_watches_a_server(tmp_path: Path, theme: Theme, width: int) -> None:
    shutil.copy(FOLDER / "dashboard.ipynb", tmp_path)
    with (
        jupyter_lab(tmp_path) as lab,
        lab.voila("dashboard.ipynb", theme=theme, width=width) as page,
    ):

        def button(name: str) -> Locator:
            return page.tab.get_by_role("button", name=name, exact=True)

        def panel(title: str) -> Locator:
            page.tab.locator(".lm-TabBar-tab").filter(has_text=title).click()
            return page.tab.locator(".janus-frame:visible")

        expect(page.tab.get_by_text("No server yet")).to_be_visible()
        secret = page.tab.locator("input[type=password]").last
        secret.fill("open sesame")
        secret.blur()
        expect(secret).to_have_value("")
        expect(secret).to_have_attribute("placeholder", "taken: the kernel has it")
        button("Start one here").click()
        expect(button("Watch")).to_be_enabled()
        expect(panel("Server")).to_contain_text("publishes in room 1234 “Ada”")
        page.screenshot(f"dashboard-server-{theme}-{width}")
        expect(panel("Session")).to_contain_text("● connected")
        expect(panel("Messages")).to_contain_text("create")
        expect(panel("Events")).to_contain_text("● receiving")
        button("Examine").click()
        expect(button("Watch")).to_be_enabled()
        expect(panel("Doctor")).to_contain_text("Media")
        page.screenshot(f"dashboard-doctor-{theme}-{width}")
        too_wide = page.tab.evaluate("document.body.scrollWidth - document.body.clientWidth")
        assert too_wide <= 0
        button("Leave").click()
        expect(page.tab.get_by_text("Nothing is watched.")).to_be_visible()
