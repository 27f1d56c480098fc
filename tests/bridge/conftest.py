"""A background loop for each test, and waiting on conditions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.bridge import BackgroundLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def until(condition: Callable[[], Any], timeout: float = 5.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    loop.start()
    yield loop
    loop.stop()


@pytest.fixture
def reported(loop: BackgroundLoop) -> list[tuple[str, BaseException]]:
    reports: list[tuple[str, BaseException]] = []
    loop.on_error.append(lambda name, error: reports.append((name, error)))
    return reports
