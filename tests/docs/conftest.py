"""One kernel for all pages, and one Janus for the programs in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jupyter_core.utils import ensure_event_loop

from tests.admin import assert_empty
from tests.gateways import running_gateway
from tests.kernel.harness import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook import LocalGateway


@pytest.fixture(scope="session")
def shared_kernel() -> Iterator[Kernel]:
    ensure_event_loop()
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        yield kernel


@pytest.fixture
def kernel(shared_kernel: Kernel, tmp_path: object) -> Kernel:
    """As good as new: no names, nothing open, an empty folder."""
    shared_kernel.run("%unload_ext janus_notebook").check()
    shared_kernel.run("%reset -f").check()
    shared_kernel.run(f"import os; os.chdir({str(tmp_path)!r}); del os").check()
    shared_kernel.run("%load_ext janus_notebook").check()
    return shared_kernel


@pytest.fixture(scope="session")
def shared_gateway() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def gateway(shared_gateway: LocalGateway) -> Iterator[LocalGateway]:
    yield shared_gateway
    assert_empty(shared_gateway)
