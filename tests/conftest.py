"""For every test: ``--nightly``, the check that it leaves nothing behind, and the network that ICE needs."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests import leaks

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes says something of the machine, not of the code.
hypothesis.settings.register_profile("janus", deadline=None)
hypothesis.settings.load_profile("janus")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="also run the long tests, marked nightly")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--nightly"):
        return
    nightly = [item for item in items if item.get_closest_marker("nightly")]
    if nightly:
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in nightly]


def pytest_collection_finish() -> None:
    """Many tests collect garbage, to see what it tells: what stays to the end need not be looked through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def outlives() -> leaks.Outlives:
    """Where a module or session fixture names what it starts while tests run.

    ``outlives.pids.add(process.pid)``, ``outlives.threads.add(thread)``. What such a fixture starts before
    the test's own check begins needs no entry.
    """
    return leaks.Outlives()


@pytest.fixture(autouse=True)
def nothing_left(outlives: leaks.Outlives) -> Iterator[None]:
    """Set up before a test's other fixtures, so it looks after they have cleaned up."""
    with leaks.nothing_left(outlives):
        yield


@pytest.fixture(scope="session")
def network() -> None:
    """Fail, rather than skip, without an address that ICE can use: it leaves the loopback interface out."""
    from aioice.ice import get_host_addresses

    if not get_host_addresses(use_ipv4=True, use_ipv6=True):
        pytest.fail("ICE needs a network interface besides loopback: run the tests with `sh tests/run`")
