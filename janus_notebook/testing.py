"""Fixtures for pytest: test what you wrote for Janus against a practice gateway.

They are there as soon as the package is installed::

    def test_my_call_survives_a_slow_server(practice_gateway):
        practice_gateway.misbehave(Delay("attach", 0.5))  # from janus_notebook.gateway.practice import Delay

        async def main():
            async with JanusSession(practice_gateway.ws_url) as session:
                await JanusEchoTestPlugin().attach(session)

        asyncio.run(main())
        assert len(practice_gateway.faults_done) == 1

A gateway runs on a thread of its own, so a test may block, call `asyncio.run`, use a pytest plugin for
asyncio, or run a notebook. It is a `PracticeGateway`: in this process, on loopback, and not Janus.

This module is imported by every run of pytest: nothing else of the package is, until a fixture is used.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from janus_notebook.gateway.practice.gateway import PracticeGateway

__all__ = ["practice_gateway", "practice_gateways"]


@pytest.fixture
def practice_gateways() -> Iterator[Callable[..., PracticeGateway]]:
    """Make gateways with options of your own; each runs until the end of the test.

    ``gateway = practice_gateways(session_timeout=2, reclaim_session_timeout=10)``: the options are those of
    `PracticeGateway`.
    """
    from janus_notebook.gateway.practice.gateway import PracticeGateway

    with ExitStack() as running:

        def start(**options: Any) -> PracticeGateway:
            return running.enter_context(PracticeGateway(**options))

        yield start


@pytest.fixture
def practice_gateway(practice_gateways: Callable[..., PracticeGateway]) -> PracticeGateway:
    """A gateway that runs during the test, with the default options."""
    return practice_gateways()
