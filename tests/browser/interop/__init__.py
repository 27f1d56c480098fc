"""A page with Janus's own client, in a Chromium with a fake camera."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright

from tests.browser.harness import BROWSER_OPTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Page

HERE = Path(__file__).parent
SHARED = Path("/usr/share/javascript")  # Debian's libjs-janus-gateway and libjs-webrtc-adapter
FILES = {
    "/page.html": HERE / "page.html",
    "/page.js": HERE / "page.js",
    "/janus.js": SHARED / "janus-gateway" / "janus.js",
    "/adapter.js": SHARED / "webrtc-adapter" / "adapter.js",
}
MEDIA_OPTIONS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",  # nobody is asked
    "--autoplay-policy=no-user-gesture-required",
    # Candidates carry addresses: a name under .local would have to be resolved by multicast.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


class Files(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        return str(FILES.get(path, HERE / "nothing"))

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            super().do_GET()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep it off the terminal."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the page on loopback, which a browser trusts with a camera; yield its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/page.html"
        finally:
            server.shutdown()
            thread.join()


@asynccontextmanager
async def janus_js(gateway_url: str, home: Path) -> AsyncIterator[Page]:
    """A page whose Janus client has a session; its errors fail the test at the end.

    Args:
        gateway_url: the WebSocket address of Janus.
        home: an empty folder for the browser.
    """
    for path in FILES.values():
        assert path.exists(), f"{path} is missing: apt-get install libjs-janus-gateway libjs-webrtc-adapter"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "these tests need Chromium: apt-get install chromium"
    errors: list[str] = []
    with served() as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=[*BROWSER_OPTIONS, *MEDIA_OPTIONS], env={"HOME": str(home)}
            )
            try:
                context = await browser.new_context(permissions=["camera", "microphone"])
                page = await context.new_page()
                page.on("pageerror", lambda error: errors.append(str(error)))
                page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
                await page.goto(address)
                await page.evaluate("url => connect(url)", gateway_url)
                yield page
                await page.evaluate("disconnect()")
            finally:
                await browser.close()
    assert not errors, f"errors in the browser's console: {errors}"
