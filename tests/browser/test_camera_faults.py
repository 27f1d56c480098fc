"""`camera()` in a second page, one that falls silent, one that is not secure; a kernel that hears none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab, jupyter_lab
from tests.browser.test_camera import OPTIONS, hung_up, opened, plays, received, text_of
from tests.browser.test_doctor import INSECURE, RULES
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook import LocalGateway

pytestmark = [
    pytest.mark.browser,
    pytest.mark.live,
    pytest.mark.nightly,
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def lab(gateway: LocalGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(
        tmp_path_factory.mktemp("notebooks"),
        browser_options=[*OPTIONS, RULES],
        server_options=[f"--ServerApp.local_hostnames={INSECURE}"],
    ) as lab:
        yield lab


def test_a_second_page_takes_it_and_falls_silent(lab: Lab, gateway: LocalGateway) -> None:
    with lab.page(height=1100) as page:
        notebook = opened(lab, page, gateway, "echotest")
        panel = notebook.output(notebook.add_and_run("camera = it.camera(source='test')\ncamera"))
        plays(page, received(panel), colour=None)
        notebook.save()
        with lab.page(height=1100) as second:  # the same notebook in another page
            other = second._open("echotest-True.ipynb", kernel=True)
            shown = other.root.locator(".janus-camera")
            expect(shown).to_contain_text("It is in another page of this notebook")
            plays(page, received(panel), colour=None)
            shown.get_by_role("button", name="Take it here").click()
            plays(second, received(shown), colour=None)
            expect(panel.locator(".janus-verdict")).to_contain_text("It is in another page")
            # It can say nothing any more, though its media flow.
            second.tab.evaluate("() => { WebSocket.prototype.send = () => {}; }")
            hung_up(gateway, page)
        expect(panel.locator(".janus-verdict")).to_contain_text(
            "Ended: nothing was heard of the page for 15 s"
        )
        notebook.shutdown_kernel()


def test_no_camera_by_http_from_afar(lab: Lab, gateway: LocalGateway) -> None:
    secure, lab.url = lab.url, lab.url.replace("127.0.0.1", INSECURE)
    try:
        with lab.page(theme="dark", width=700) as page:
            notebook = opened(lab, page, gateway, "echotest", allowed=False)
            panel = notebook.output(notebook.add_and_run("it.camera()"))
            expect(panel.locator(".janus-verdict")).to_contain_text(
                f"The browser gives no camera to {lab.url}: it is not a secure context. Open"
            )
            page.screenshot("camera-insecure-dark-700", panel)
            test = notebook.output(notebook.add_and_run("it.camera(source='test')"))
            plays(page, received(test), colour=None)  # what needs no leave goes
            notebook.shutdown_kernel()
    finally:
        lab.url = secure


def test_a_kernel_that_hears_no_page_while_a_cell_runs(lab: Lab, gateway: LocalGateway) -> None:
    lab.configure("@jupyterlab/apputils-extension/kernels-settings", {"commsOverSubshells": "disabled"})
    with lab.page(height=1100) as page:
        notebook = opened(lab, page, gateway, "echotest")
        cell = notebook.add("camera = it.camera()\ndisplay(camera)\ntime.sleep(8)")
        notebook.start_cell(cell)
        panel = notebook.output(cell)
        expect(panel.locator(".janus-verdict")).to_contain_text("Waiting: the kernel is busy with a cell")
        page.screenshot("camera-waiting", panel)
        notebook.finish(60)
        plays(page, received(panel))
        # Far longer than a page may be silent: nothing of it can be heard, and it goes on.
        notebook.add_and_run("time.sleep(25)", 90)
        plays(page, received(panel))
        assert text_of(notebook, "camera.state").endswith("'connected'")
        panel.get_by_role("button", name="Hang up").click()
        hung_up(gateway, page)
        notebook.shutdown_kernel()
