"""Gives a test its target: ``target`` is the whole matrix, the other names are parts of it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from tests.admin import admin, sessions
from tests.core import targets
from tests.core.targets import Servers, Target, target_of
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = {
    "target": targets.CELLS,
    "guarded": targets.GUARDED,
    "with_tokens": targets.WITH_TOKENS,
    "each_transport": targets.EACH_TRANSPORT,
    "short_lived": targets.SHORT_LIVED,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, cells in CELLS.items():
        if name in metafunc.fixturenames:
            params = [
                pytest.param(
                    cell, id=str(cell), marks=[needs_janus, pytest.mark.live] if cell.kind == "janus" else []
                )
                for cell in cells
            ]
            metafunc.parametrize("cell_target", params, indirect=True, scope="session")


@pytest.fixture(scope="package", autouse=True)
def quick_collections() -> Iterator[None]:
    """Each test collects garbage; what was there before them all need not be looked through every time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    running = Servers()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def cell_target(request: pytest.FixtureRequest, servers: Servers) -> Target:
    return target_of(request.param, servers.get(request.param.server))


@pytest.fixture
def target(cell_target: Target) -> Iterator[Target]:
    """A target; after the test its server must hold no session."""
    yield cell_target
    left = sessions(cell_target.admin)
    for session_id in left:  # the next test is not to suffer
        admin(cell_target.admin, "destroy_session", session_id=session_id)
    assert left == [], "sessions were left on the server"


guarded = with_tokens = each_transport = short_lived = target
