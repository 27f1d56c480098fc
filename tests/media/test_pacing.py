"""Slots come on time, never drift, and never burst; on a clock that the test owns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from janus_notebook.media.pacing import Pacer


class OwnClock(asyncio.SelectorEventLoop):
    """A loop whose time passes only when it would sleep, or when the test says so."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]  # the loop's own timers
        if scheduled and not self._ready:  # type: ignore[attr-defined]
            self.now = max(self.now, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]


def on_own_clock(test: Any) -> None:
    with asyncio.Runner(loop_factory=OwnClock) as runner:
        runner.run(test(runner.get_loop()))


def test_slots_come_on_time_without_drift() -> None:
    async def test(clock: OwnClock) -> None:
        pacer = Pacer(1 / 30)
        assert await pacer.next() == 0
        for expected in range(1, 30 * 600):
            assert await pacer.next() == expected
        assert clock.now == pytest.approx(1000 + 600 - 1 / 30, abs=1e-6)

    on_own_clock(test)


def test_the_first_slot_is_due_when_first_asked_for() -> None:
    async def test(clock: OwnClock) -> None:
        pacer = Pacer(1.0)
        clock.now += 50
        assert await pacer.next() == 0
        assert clock.now == 1050

    on_own_clock(test)


def test_a_little_late_keeps_every_slot() -> None:
    async def test(clock: OwnClock) -> None:
        pacer = Pacer(1.0)
        for expected in range(20):
            assert await pacer.next() == expected
            clock.now += 0.9

    on_own_clock(test)


def test_missed_slots_are_left_out() -> None:
    async def test(clock: OwnClock) -> None:
        pacer = Pacer(1.0)
        await pacer.next()
        clock.now += 7.5
        assert await pacer.next() == 7
        assert clock.now == 1007.5
        assert await pacer.next() == 8
        assert clock.now == 1008

    on_own_clock(test)


def test_a_few_missed_slots_can_be_made_up_for() -> None:
    async def test(clock: OwnClock) -> None:
        pacer = Pacer(1.0, catch_up=3)
        await pacer.next()
        clock.now += 3.5
        assert [await pacer.next() for _ in range(4)] == [1, 2, 3, 4]
        assert clock.now == 1004
        clock.now += 10.5
        assert [await pacer.next() for _ in range(5)] == [11, 12, 13, 14, 15]
        assert clock.now == 1015

    on_own_clock(test)
