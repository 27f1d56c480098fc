"""One Janus for all live tests; after each, it must hold no session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.admin import assert_empty
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook import LocalGateway


@pytest.fixture(scope="session")
def shared_gateway() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def plain_gateway() -> Iterator[LocalGateway]:
    """One without full trickle: Janus puts its candidates into its answer."""
    with running_gateway(full_trickle=False) as gateway:
        yield gateway


@pytest.fixture
def gateway(shared_gateway: LocalGateway) -> Iterator[LocalGateway]:
    yield shared_gateway
    assert_empty(shared_gateway)
