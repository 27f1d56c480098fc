"""A real Janus for tests: ``with running_gateway(session_timeout=10) as gateway: ...``."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.gateway import LocalGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

needs_janus = pytest.mark.skipif(shutil.which("janus") is None, reason="janus is not installed")


@cache
def janus_before(version: str) -> bool:
    """Whether the Janus of this machine is older than this version, such as ``"1.2.0"``."""
    told = subprocess.run(["janus", "--version"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"\((\d+(?:\.\d+)+)\)", told)
    assert found, told
    return tuple(map(int, found[1].split("."))) < tuple(map(int, version.split(".")))


# What is refused as newer than the server: 1.1.2 in Debian 12, before all of it.
needs_an_old_janus = pytest.mark.skipif(
    shutil.which("janus") is not None and not janus_before("1.1.4"), reason="this Janus has it all"
)


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
