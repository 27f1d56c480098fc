"""A tab of a browser: what it writes to its console, waiting, pictures. Knows nothing of Jupyter."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import ConsoleMessage, Error, Locator
    from playwright.sync_api import Page as PlaywrightPage

Theme = Literal["light", "dark"]
SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"


class Tab:
    """One tab of a browser.

    Attributes:
        tab: Playwright's own page.
        noise: patterns of whole console errors that are known to be harmless.
        console_errors: what the page wrote to its console as an error, and its uncaught exceptions. The page
            fails the test at its end if any is left; a test that expects one asserts it and clears the list.
    """

    noise: Sequence[re.Pattern[str]] = ()

    def __init__(self, tab: PlaywrightPage, url: str) -> None:
        self.tab = tab
        self._url = url
        self.console_errors: list[str] = []
        tab.on("console", self._on_console)
        tab.on("pageerror", self._on_page_error)
        tab.on("crash", lambda _: self._on_error("the page crashed"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._on_error(f"{message.text} ({message.location['url']})")

    def _on_page_error(self, error: Error) -> None:
        place = re.search(r"https?://[^ )]+", error.stack or "")
        self._on_error(f"uncaught {error.name}: {error.message} ({place.group() if place else 'no place'})")

    def _on_error(self, text: str) -> None:
        if not any(pattern.fullmatch(text) for pattern in self.noise):
            self.console_errors.append(text)

    def locator(self, selector: str) -> Locator:
        """Playwright's locator, on the whole page."""
        return self.tab.locator(selector)

    def until(self, condition: Callable[[], object], what: str, timeout: float = 10.0) -> None:
        """Call `condition` until it is true; the page goes on meanwhile, which it does not in a sleep."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}"
            self.tab.wait_for_timeout(20)

    def wait(self, expression: str, arg: Any, what: str, timeout: float = 30.0) -> None:
        """Wait until a JavaScript expression is true; `what` names it in the failure."""
        try:
            self.tab.wait_for_function(expression, arg=arg, timeout=timeout * 1000, polling=50)
        except PlaywrightTimeoutError:
            dialogs = self.tab.locator(".jp-Dialog").all_inner_texts()
            raise AssertionError(
                f"waited {timeout:g} s for {what}; dialogs: {dialogs}; console: {self.console_errors}"
            ) from None

    def screenshot(self, name: str, locator: Locator | None = None) -> Path:
        """Write ``screenshots/<name>.png``: the page, or one element of it. Returns the path."""
        path = SCREENSHOTS / f"{name}.png"
        (locator or self.tab).screenshot(path=path)
        return path
