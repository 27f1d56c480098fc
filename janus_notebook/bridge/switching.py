"""`quick_switching`: the interpreter goes from thread to thread at once, while the background loop runs.

A thread that computes keeps the interpreter for Python's switch interval, 5 ms, once another has asked for
it; and a loop asks anew after each system call, several times for every packet of media. Beside a cell
that computes it would get through a few hundred of them a second, and fall behind. What a shorter interval
costs the cell, and what it gives the loop: ``tests/benchmarks/BUSY.md``.

Source: ``sys.setswitchinterval`` in Python's documentation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["PYTHONS_OWN", "QUICK", "quick_switching"]

PYTHONS_OWN: Final = 0.005
"""Seconds that Python begins with. Another value was chosen by somebody, and is left alone."""

QUICK: Final = 0.001
"""Seconds that a thread which computes keeps the interpreter while the background loop waits for it."""


@contextmanager
def quick_switching() -> Iterator[None]:
    """Shorten the interval of this process, and give it back unless somebody has changed it meanwhile."""
    changed = sys.getswitchinterval() == PYTHONS_OWN
    if changed:
        sys.setswitchinterval(QUICK)
    try:
        yield
    finally:
        if changed and sys.getswitchinterval() == QUICK:
            sys.setswitchinterval(PYTHONS_OWN)
