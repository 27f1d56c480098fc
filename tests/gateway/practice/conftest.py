"""Both gateways, each started once for this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from janus_notebook.gateway.practice import PracticeGateway
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook.gateway import LocalGateway


@pytest.fixture
def gateway() -> Iterator[PracticeGateway]:
    with PracticeGateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def practice() -> Iterator[PracticeGateway]:
    """One that stays polite."""
    with PracticeGateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def janus() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway
