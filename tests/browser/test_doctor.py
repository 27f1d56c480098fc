"""The browser's part of ``%janus doctor``: a camera that is denied, then allowed, and an insecure page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import unreachable, violations
from tests.browser.harness import Lab, jupyter_lab
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(240)]

# A name of this machine that is not localhost: by http it is no secure context.
INSECURE = "insecure.test"
RULES = (
    f"--host-resolver-rules=MAP {INSECURE} 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , "
    "EXCLUDE localhost , EXCLUDE *.local"
)
ALL_WELL = "All is well: there is nothing to fix."


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(
        tmp_path_factory.mktemp("notebooks"),
        browser_options=["--use-fake-device-for-media-stream", RULES],
        server_options=[f"--ServerApp.local_hostnames={INSECURE}"],
    ) as lab:
        yield lab


def step(panel: Locator, title: str) -> Locator:
    """The line of a step."""
    return panel.locator(".janus-step").filter(has=panel.page.get_by_text(title, exact=True))


def test_camera_and_secure_context(lab: Lab) -> None:
    name = write(
        lab.folder / "doctor.ipynb", "%load_ext janus_notebook\n%janus serve", "%janus doctor --as found"
    )
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_all()
        panel = notebook.output(1).locator(".janus-doctor")
        verdict, camera = panel.locator(".janus-verdict"), step(panel, "Camera")
        for title in ("URL", "Answer", "Media from Janus", "Secure page", "Media devices"):
            expect(step(panel, title)).to_have_attribute("data-status", "ok")
        # Nothing has asked for the camera by itself.
        expect(camera).to_have_attribute("data-status", "skipped")
        expect(verdict).not_to_have_attribute("data-status", "failed")
        assert violations(page.tab) == []
        assert unreachable(page.tab, panel) == []

        button = panel.get_by_role("button", name="Try the camera")
        button.click()  # a page that nobody has allowed anything is denied it
        expect(camera).to_have_attribute("data-status", "failed")
        expect(verdict).to_contain_text("The one thing to fix: Camera")
        expect(verdict).to_contain_text(f"Allow the camera for {lab.url} in the browser")
        said = notebook.output_text(notebook.add_and_run("print(found.verdict, found.exit_code)"))
        assert said.startswith("The one thing to fix (Camera): Allow the camera for")
        assert said.strip().endswith(" 1")
        assert violations(page.tab) == []
        page.screenshot("doctor-camera-denied", notebook.output(1))

        page.tab.context.grant_permissions(["camera"])
        button.click()
        expect(camera).to_contain_text("it gives a picture: 640 × 480")
        expect(verdict).to_have_text(ALL_WELL)
        expect(step(panel, "WebRTC and ICE")).to_have_attribute("data-status", "ok")
        assert notebook.output_text(notebook.add_and_run("print(found.fix)")).strip() == ALL_WELL
        page.until(
            lambda: ALL_WELL in str(notebook.outputs(1)[0]["data"]["text/plain"]), "the static form to follow"
        )
        notebook.save()

    secure, lab.url = lab.url, lab.url.replace("127.0.0.1", INSECURE)
    try:
        with lab.page(theme="dark", width=700) as page:
            notebook = page.open(name)
            notebook.add_and_run("%janus doctor --no-media --as found")
            panel = notebook.output(len(notebook) - 1).locator(".janus-doctor")
            verdict = panel.locator(".janus-verdict")
            expect(verdict).to_contain_text("The one thing to fix: Secure page")
            expect(verdict).to_contain_text(f"the browser gives no camera to a page at {lab.url}")
            expect(step(panel, "Camera")).to_have_attribute("data-status", "not tried")
            expect(panel.get_by_role("button", name="Try the camera")).to_be_disabled()
            assert violations(page.tab) == []
            page.screenshot("doctor-insecure-dark-700", notebook.output(len(notebook) - 1))
            said = notebook.output_text(notebook.add_and_run("print(found.fault.name)"))
            assert said.strip() == "browser_secure"
            notebook.shutdown_kernel()
    finally:
        lab.url = secure
