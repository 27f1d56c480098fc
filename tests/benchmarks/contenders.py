"""The clients as the benchmark sees them: a command, and a process that obeys orders."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Contender:
    """A client: its name in the table, its version, and the command that starts its worker."""

    name: str
    version: str
    command: tuple[str, ...]


def python_worker(name: str, module: str, version: str = "", python: str = sys.executable) -> Contender:
    return Contender(name, version, (python, "-m", f"tests.benchmarks.workers.{module}"))


class Worker:
    """A running client. Use with ``with``; its process ends with the block."""

    def __init__(self, contender: Contender, *arguments: str) -> None:
        self.name = contender.name
        self._complaints = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [*contender.command, *arguments],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._process as process, self._complaints:
            assert process.stdin is not None
            process.stdin.close()  # the worker's sign to end its session and leave
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def order(self, do: str, **values: Any) -> Any:
        """Give an order and wait for its answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says why
        return self.answer()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise RuntimeError(f"the worker {self.name} ended:\n{self._complaints.read()[-2000:]}")
        return json.loads(line)


@contextmanager
def running(contenders: Sequence[Contender], url: str) -> Iterator[list[Worker]]:
    """Start a worker for each, ready to measure."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(contender, url)) for contender in contenders]
        for worker in workers:
            worker.answer()
        yield workers
