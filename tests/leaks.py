"""What a test may leave behind: nothing. No thread of ours, no child process, no socket, no task of ours.

The check compares with the state before the test, so what a wider fixture (module, session) started
earlier does not count. What such a fixture starts *during* a test is named with the ``outlives`` fixture.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import janus_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "janus-notebook"  # every thread of the package has a name that begins so
PACKAGE = str(Path(janus_notebook.__file__).parent)


@dataclass
class Outlives:
    """Threads, child processes and sockets with an owner that lives longer than one test."""

    threads: set[threading.Thread] = field(default_factory=set)
    pids: set[int] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith(OURS)}


def children() -> set[int]:
    """Pids of this process's children, zombies (ended but not waited for) included."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*"):
        try:
            found.update(int(pid) for pid in (task / "children").read_text().split())
        except FileNotFoundError:
            continue  # that thread has just ended
    return found


def sockets() -> set[str]:
    """The open sockets of this process, as ``socket:[inode]`` (proc(5)); none where there is no /proc."""
    found: set[str] = set()
    for link in Path("/proc/self/fd").glob("*"):
        try:
            target = os.readlink(link)
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:"):
            found.add(target)
    return found


def _address(name: str) -> str:
    """What is known of a socket, for the message."""
    inode = name[len("socket:[") : -1]
    for table in ("tcp", "tcp6", "udp", "udp6", "unix"):
        with suppress(OSError):
            for line in Path(f"/proc/self/net/{table}").read_text().splitlines():
                if inode in line.split():
                    return f"{name} {table} {line.strip()}"
    return name


def _process(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        return f"process {pid} (gone by now)"
    return f"process {pid}: {command.strip() or 'ended, but nobody waited for it'}"


def _code_file(task: asyncio.Task[Any]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_filename if code is not None else ""


@contextmanager
def unfinished_tasks(folder: str = PACKAGE) -> Iterator[list[str]]:
    """Collect the tasks of code in `folder` that ``asyncio.run`` finds pending when its main one is over.

    It cancels them without a word, which hides that nobody awaited them.
    """
    found: list[str] = []
    cancel_all = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]  # the one place that knows

    def look_then_cancel(loop: asyncio.AbstractEventLoop) -> None:
        found.extend(f"task {t!r}" for t in asyncio.all_tasks(loop) if _code_file(t).startswith(folder))
        cancel_all(loop)

    with mock.patch.object(asyncio.runners, "_cancel_all_tasks", look_then_cancel):
        yield found


@contextmanager
def nothing_left(outlives: Outlives, *, patience: float = 5.0) -> Iterator[None]:
    """Fail if the block leaves a thread, process, socket or task; what is ending gets `patience` seconds."""
    threads_before, children_before, sockets_before = threads(), children(), sockets()
    with unfinished_tasks() as tasks:
        yield
    deadline = time.monotonic() + patience
    while True:
        new_threads = threads() - threads_before - outlives.threads
        new_children = children() - children_before - outlives.pids
        new_sockets = sockets() - sockets_before - outlives.sockets
        if not (new_threads or new_children or new_sockets) or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    left = [
        *tasks,
        *(f"thread {thread.name}" for thread in new_threads),
        *(_process(pid) for pid in new_children),
        *(_address(name) for name in new_sockets),
    ]
    if left:
        raise AssertionError("left behind: " + "; ".join(left))
