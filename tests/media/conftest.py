"""The network that ICE needs."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def network() -> None:
    """Fail, rather than skip, without an address that ICE can use: it leaves the loopback interface out."""
    from aioice.ice import get_host_addresses

    if not get_host_addresses(use_ipv4=True, use_ipv6=True):
        pytest.fail("ICE needs a network interface besides loopback: run the tests with `sh tests/run`")
