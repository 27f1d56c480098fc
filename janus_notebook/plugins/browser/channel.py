"""`BrowserChannel`: a data channel of a page's peer connection, with the methods of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError
from janus_notebook.media.channels import DataChannel

if TYPE_CHECKING:
    from janus_notebook.plugins.browser.page import Page

__all__ = ["BrowserChannel"]


class BrowserChannel(DataChannel):
    """One data channel by its label; its messages go through the kernel.

    Args:
        page: where it is.
        label: its name.
        on_close: called by `close`.
    """

    def __init__(self, page: Page, label: str, on_close: Callable[[], None]) -> None:
        super().__init__(label)
        self._page, self._close = page, on_close
        self._open = False

    @property
    def state(self) -> str:
        """``connecting``, ``open`` or ``closed``."""
        return "closed" if self.reason else "open" if self._open else "connecting"

    async def send(self, message: str | bytes) -> None:
        """Send a message; the page has handed it to the browser when it returns.

        Raises:
            JanusOptionError: `message` is neither text nor bytes.
            JanusStateError: the channel is not open.
        """
        if not isinstance(message, (str, bytes)):
            raise JanusOptionError(f"a message is text or bytes, not {type(message).__name__}")
        async with self._turn:
            if self.state != "open":
                why = f": {self.reason}" if self.reason else ""
                raise JanusStateError(f"the data channel {self.label!r} is {self.state}, not open{why}")
            text = message if isinstance(message, str) else None
            data = list(message) if isinstance(message, bytes) else None
            try:
                await self._page.ask("send", label=self.label, text=text, data=data)
            except JanusMediaError as exc:
                raise JanusStateError(str(exc)) from exc

    def close(self) -> None:
        """Close the channel; the peer connection goes on. Idempotent."""
        if not self.reason:
            self._close()
            self.end("close() ended it")

    def opened_there(self) -> None:
        """The page says that it is open."""
        self._open = True
        self._notify()

    def take(self, message: str | bytes) -> None:
        """The page says what has come."""
        self._arrived(message)
