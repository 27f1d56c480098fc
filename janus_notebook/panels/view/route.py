"""`Route`: what a kernel needs to hear a page while a cell runs.

A front end such as JupyterLab has what its widgets say handled by a subshell, a thread beside the one that
runs cells. But ipykernel 7.4 hands a widget's message to the shell on whose behalf the widget last sent
something, and takes a background thread to send on behalf of whatever message came last: the running cell,
mostly. So a view sends on behalf of what its page has said last, which names the page's subshell; or of what
the page of another view said, before its own was heard.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import ClassVar, Final, TypeVar, TypeVarTuple

__all__ = ["Route"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

FRESH_SECONDS: Final = 5.0
"""A page that was heard before that may be gone, with its subshell: what came next would reach nobody."""


class Route:
    """Of one widget.

    Attributes:
        main: whether the last message came on the main thread, which runs cells.
    """

    _latest: ClassVar[tuple[float, contextvars.Context] | None] = None

    def __init__(self) -> None:
        self.main = True
        self._heard: tuple[float, contextvars.Context] | None = None

    def heard(self) -> None:
        """Call it where a message of the page is handled, on whatever thread."""
        self.main = threading.current_thread() is threading.main_thread()
        self._heard = Route._latest = time.monotonic(), contextvars.copy_context()

    def run(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """Call what sends something to the page."""
        heard = self._heard or Route._latest
        if heard is None or time.monotonic() - heard[0] > FRESH_SECONDS:
            return function(*args)
        return heard[1].copy().run(function, *args)  # a copy: nobody else may be in it
