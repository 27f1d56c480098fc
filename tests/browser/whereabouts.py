"""What a kernel that does not answer is doing: told on a signal, for the message of the test that waits."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNAL = signal.SIGUSR2
STARTUP = "from tests.browser import whereabouts; whereabouts.tell({folder!r})\n"
DEPTH = 12  # frames of each stack


def tell(folder: str) -> None:
    """In the kernel: at each signal, write to a file of `folder` where each thread and task is."""
    path = Path(folder) / f"whereabouts-{os.getpid()}"

    def write(*_: object) -> None:
        unfinished = path.with_suffix(".part")
        unfinished.write_text(_report())
        unfinished.rename(path)

    signal.signal(SIGNAL, write)


def ask(folder: Path, pids: Iterable[int], patience: float = 5.0) -> str:
    """In the test: what the processes say, or that they say nothing."""
    said = []
    for pid in pids:
        path = folder / f"whereabouts-{pid}"
        os.kill(pid, SIGNAL)
        deadline = time.monotonic() + patience
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        said.append(f"kernel {pid}:\n{path.read_text() if path.exists() else 'it does not say'}")
        path.unlink(missing_ok=True)
    return "\n".join(said)


def _report() -> str:
    text = io.StringIO()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        print(f"thread {names.get(ident)}:", file=text)
        traceback.print_stack(frame, DEPTH, file=text)
    for task in (each for each in gc.get_objects() if isinstance(each, asyncio.Task)):
        if not task.done():
            task.print_stack(limit=DEPTH, file=text)
    return text.getvalue()
