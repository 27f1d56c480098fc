"""A plugin that makes this process stumble as a busy machine does, to find the tests that only pass at speed.

``python -m pytest -p tests.stalls tests/client`` stops the whole interpreter again and again for up to
`LONGEST` seconds, at moments of its own choosing. What fails then and not without it is a race: of the test
or of ours. Deadlines of a test that are shorter than a stall or two fail too, and rightly: on a loaded
machine they will.
"""

from __future__ import annotations

import ctypes
import random
import threading
import time

__all__ = ["pytest_runtest_setup"]

LONGEST = 0.15  # seconds
BETWEEN = 0.1  # seconds at most from one stall to the next

_random = random.Random()  # of its own: Hypothesis watches over the shared one
_libc = ctypes.PyDLL(None)  # unlike CDLL it keeps the interpreter's lock during a call
_started = threading.Event()


def _stumble() -> None:
    while True:
        time.sleep(_random.uniform(0, BETWEEN))
        _libc.usleep(int(_random.uniform(0, LONGEST) * 1e6))


def pytest_runtest_setup() -> None:
    """Begin with the first test: collection need not be slow."""
    if not _started.is_set():
        _started.set()
        threading.Thread(target=_stumble, name="stalls", daemon=True).start()
