"""The thread for what may take any time."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from janus_notebook.media.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_worker_hands_on_results_and_errors_and_ends() -> None:
    async def main() -> None:
        worker = Worker("test")
        assert await worker.submit(lambda: threading.current_thread().name) == "janus-notebook-test"
        with pytest.raises(ZeroDivisionError):
            await worker.submit(lambda: 1 / 0)
        worker.submit(lambda: 1 / 0)  # nobody waits: nothing is said
        assert await worker.submit(lambda: 3) == 3
        worker.close()
        worker.close()
        with pytest.raises(RuntimeError, match="is closed"):
            worker.submit(lambda: 3)

    asyncio.run(main())


@pytest.mark.parametrize("ended", [Worker.close, lambda _: None])
def test_a_worker_that_is_closed_or_forgotten_does_what_it_was_given_and_ends(
    ended: Callable[[Worker], None],
) -> None:
    async def main() -> None:
        worker, gate, called = Worker("test"), threading.Event(), list[int]()
        first = worker.submit(gate.wait)
        dropped, last = worker.submit(lambda: called.append(1)), worker.submit(lambda: 3)
        dropped.cancel()
        ended(worker)
        del worker
        gate.set()
        assert (await first, await last, called) == (True, 3, [])

    asyncio.run(main())
