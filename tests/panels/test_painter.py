"""The painter: how often, how long, and what happens when a panel raises."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from janus_notebook.panels.painter import RESTLESS_AFTER, RESTLESS_SECONDS, Painter

if TYPE_CHECKING:
    from collections.abc import Callable


class Fake:
    def __init__(self, *, messages: int = 1, alive: bool = True, error: Exception | None = None) -> None:
        self.messages, self.alive, self.error = messages, alive, error
        self.orphaned = False
        self.painted: list[float] = []
        self.failed: list[Exception] = []
        self.released = 0

    def paint(self, now: float) -> int:
        self.painted.append(now)
        if self.error is not None:
            raise self.error
        return self.messages

    def fail(self, error: Exception) -> None:
        self.failed.append(error)

    def release(self) -> None:
        self.released += 1


async def until(condition: Callable[[], object], timeout: float = 5.0) -> None:
    deadline = asyncio.get_running_loop().time() + timeout
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.005)


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@pytest.mark.parametrize(("messages", "least"), [(0, 0.1), (1, 0.1), (3, 0.3)])
def test_each_message_costs_a_tenth_of_a_second(messages: int, least: float) -> None:
    async def main() -> None:
        painter, panel = Painter(), Fake(messages=messages)
        painter.add(panel)
        while len(panel.painted) < 4:
            painter.hurry(panel)  # a click does not lift the limit
            await asyncio.sleep(0.02)
        await painter.close()
        if messages:
            assert min(gaps(panel.painted)) >= least - 1e-6
        else:
            assert min(gaps(panel.painted)) < 0.1  # nothing was sent, so a click is answered at once

    asyncio.run(main())


def test_what_changes_without_a_pause_is_painted_half_as_often() -> None:
    async def main() -> None:
        painter, restless = Painter(), Fake()
        painter.add(restless)
        await until(lambda: len(restless.painted) == RESTLESS_AFTER + 2)
        assert gaps(restless.painted)[-1] >= RESTLESS_SECONDS - 1e-6
        assert min(gaps(restless.painted)[:-1]) < RESTLESS_SECONDS
        painter.hurry(restless)  # somebody has clicked: that is not kept waiting
        before = restless.painted[-1]
        await until(lambda: len(restless.painted) == RESTLESS_AFTER + 3)
        assert restless.painted[-1] - before < RESTLESS_SECONDS
        restless.messages = 0  # a pause
        await until(lambda: len(restless.painted) == RESTLESS_AFTER + 6)
        assert min(gaps(restless.painted)[-2:]) < RESTLESS_SECONDS
        await painter.close()

    asyncio.run(main())


def test_an_ended_panel_rests_and_is_seen_again_when_it_lives() -> None:
    async def main() -> None:
        painter, panel = Painter(), Fake(messages=0, alive=False)
        painter.add(panel)
        await until(lambda: len(panel.painted) == 2)
        assert gaps(panel.painted)[0] >= 1
        panel.alive = True
        await until(lambda: len(panel.painted) == 4)
        assert gaps(panel.painted)[2] < 0.5
        await painter.close()

    asyncio.run(main())


def test_a_defect_stops_one_panel_only() -> None:
    async def main() -> None:
        painter, bad, good = Painter(), Fake(error=KeyError("x")), Fake()
        painter.add(bad)
        painter.add(good)
        await until(lambda: len(good.painted) == 3)
        assert (len(bad.painted), [repr(e) for e in bad.failed]) == (1, ["KeyError('x')"])
        assert painter.panels == (good,)
        await painter.close()

    asyncio.run(main())


def test_the_task_ends_with_its_last_panel_and_starts_anew() -> None:
    async def main() -> None:
        painter, panel, orphan = Painter(), Fake(), Fake()
        assert not painter.running
        for _ in range(2):
            painter.add(panel)
            painter.add(orphan)
            await until(lambda: panel.painted)
            orphan.orphaned = True
            await until(lambda: painter.panels == (panel,))
            painter.discard(panel)
            await until(lambda: not painter.running)
        assert orphan.released == 2
        painter.add(panel)
        await painter.close()
        await painter.close()
        assert not painter.running

    asyncio.run(main())


def test_it_may_change_loops() -> None:
    painter = Painter()

    async def main() -> None:
        panel = Fake()
        painter.add(panel)
        await until(lambda: len(panel.painted) > 1)
        await painter.close()

    asyncio.run(main())
    asyncio.run(main())
