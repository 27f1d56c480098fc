"""A real Janus for tests: ``with running_gateway(session_timeout=10) as gateway: ...``."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.gateway import LocalGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

needs_janus = pytest.mark.skipif(shutil.which("janus") is None, reason="janus is not installed")


@contextmanager
def running_gateway(**options: Any) -> Iterator[LocalGateway]:
    """Start a `LocalGateway`, yield it, stop it. For synchronous code: a fixture, or a test that
    calls `asyncio.run` itself. A gateway belongs to no loop, so any test's loop can talk to it."""
    gateway = LocalGateway(**options)
    asyncio.run(gateway.start())
    try:
        yield gateway
    finally:
        asyncio.run(gateway.stop())


def logged(gateway: LocalGateway, *texts: str, within: float = 10.0) -> None:
    """Wait until the server's log holds these texts: Janus writes it after it answered."""
    deadline = time.monotonic() + within
    while missing := [text for text in texts if text not in "\n".join(gateway.log_lines())]:
        assert time.monotonic() < deadline, f"not in the log: {missing}"
        time.sleep(0.02)
