"""A real Janus of the tests' own, and kernels with the extension loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jupyter_core.utils import ensure_event_loop

from janus_notebook.gateway import LocalGateway
from tests.gateways import running_gateway
from tests.kernel.harness import Kernel
from tests.leaks import Outlives

SESSION_TIMEOUT_SECONDS = 10


@pytest.fixture(scope="session", autouse=True)
def jupyters_loop() -> None:
    """Jupyter's blocking client has one event loop for good; the first test that uses it is not to blame."""
    ensure_event_loop()


@pytest.fixture(scope="session")
def gateway(outlives: Outlives) -> Iterator[LocalGateway]:
    """One Janus for all kernels, with a short session timeout; it outlives them, and so can be asked."""
    with running_gateway(session_timeout=SESSION_TIMEOUT_SECONDS) as gateway:
        yield gateway


@pytest.fixture
def kernel(gateway: LocalGateway) -> Iterator[Kernel]:
    """A kernel with the extension loaded, which connects to `gateway` by default."""
    with Kernel(env={"JANUS_URL": gateway.ws_url}) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        yield kernel
