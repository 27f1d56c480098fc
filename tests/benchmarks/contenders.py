"""A client as the benchmark sees it: a command, and a process that obeys orders."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds for a worker to destroy its session and leave


@dataclass(frozen=True)
class Contender:
    """A client: its name in the table, and the command that starts its worker."""

    name: str
    command: tuple[str, ...]


def python_worker(name: str, module: str, python: str = sys.executable) -> Contender:
    """A worker of this package's environment, or of another's `python`."""
    return Contender(name, (python, "-m", f"tests.benchmarks.workers.{module}"))


BARE, OURS = python_worker("bare", "bare"), python_worker("ours", "ours")
NOTEBOOK, SESSIONS = python_worker("notebook", "notebook"), python_worker("sessions", "sessions")


class WorkerError(Exception):
    """A worker ended before its time; the text is what it wrote about that."""


class Worker:
    """A running client. What it writes to standard error is kept in `complaints`."""

    def __init__(self, name: str, process: subprocess.Popen[str], complaints: IO[str]) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._complaints = complaints

    def order(self, do: str, **values: Any) -> Any:
        """Give an order and wait for its answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` tells why it is gone
        return self.answer()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(PATIENCE)
            self._complaints.seek(0)
            raise WorkerError(f"the worker {self.name!r} ended:\n{self._complaints.read()[-2000:]}")
        return json.loads(line)


@contextmanager
def started(contender: Contender, url: str) -> Iterator[Worker]:
    """Start a client's process, which ends with the block."""
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as complaints,  # a pipe could fill up
        subprocess.Popen(
            [*contender.command, url], cwd=CHECKOUT, stdin=pipe, stdout=pipe, stderr=complaints, text=True
        ) as process,
    ):
        try:
            yield Worker(contender.name, process, complaints)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # the sign to leave
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def running(contenders: Iterable[Contender], url: str) -> Iterator[list[Worker]]:
    """Start a worker for each and wait until all are connected."""
    with ExitStack() as stack:
        workers = [stack.enter_context(started(contender, url)) for contender in contenders]
        for worker in workers:
            worker.answer()
        yield workers
