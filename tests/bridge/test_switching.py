"""The interpreter changes threads quickly while a background loop runs, and as before when it has stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from janus_notebook.bridge import BackgroundLoop
from janus_notebook.bridge.switching import PYTHONS_OWN, QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(PYTHONS_OWN)
    loop = BackgroundLoop()
    yield loop
    loop.stop()
    sys.setswitchinterval(before)


def test_while_it_runs(loop: BackgroundLoop) -> None:
    loop.start()
    assert sys.getswitchinterval() == QUICK
    loop.stop()
    assert sys.getswitchinterval() == PYTHONS_OWN


@pytest.mark.parametrize("chosen", [0.002, 0.02])
def test_what_somebody_chose_stays(loop: BackgroundLoop, chosen: float) -> None:
    sys.setswitchinterval(chosen)
    loop.start()
    assert sys.getswitchinterval() == chosen
    loop.stop()
    assert sys.getswitchinterval() == chosen


def test_what_somebody_chooses_meanwhile_stays(loop: BackgroundLoop) -> None:
    loop.start()
    sys.setswitchinterval(0.01)
    loop.stop()
    assert sys.getswitchinterval() == 0.01
