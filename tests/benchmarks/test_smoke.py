"""The benchmark's own parts work; how fast anything is, is no test's business."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from janus_notebook.gateway import LocalGateway
from tests.benchmarks import report
from tests.benchmarks.calls import turns_of
from tests.benchmarks.contenders import BARE, NOTEBOOK, OURS, SESSIONS, WorkerError, python_worker, running
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.rounds import alternate
from tests.gateways import needs_janus, running_gateway


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.mark.live
@needs_janus
def test_the_floor_and_ours_take_turns(gateway: LocalGateway) -> None:
    with running([BARE, OURS], gateway.ws_url) as workers:
        turns = turns_of(workers, in_flight=2, seconds=0.01)
        rounds = alternate(turns, [worker.pid for worker in workers], rounds=2)
    assert list(rounds.turns) == ["bare", "ours"]
    assert all(turn["rate"] > 0 for turns in rounds.turns.values() for turn in turns)
    assert 2 <= rounds.taken <= 6


@pytest.mark.live
@needs_janus
def test_handles_are_attached_and_counted(gateway: LocalGateway) -> None:
    with running([BARE, OURS], gateway.ws_url) as workers:
        for worker in workers:
            worker.order("trace")
            before = worker.order("memory")
            worker.order("attach", count=20)
            assert worker.order("memory")["traced"] > before["traced"], worker.name


@pytest.mark.live
@needs_janus
def test_the_notebook_and_the_idle_sessions(gateway: LocalGateway) -> None:
    with running([NOTEBOOK, SESSIONS], gateway.ws_url) as [notebook, sessions]:
        assert notebook.order("result", count=2)["seconds"] > 0
        assert notebook.order("await", count=2)["seconds"] > 0
        assert sessions.order("idle", seconds=0.01)["alive"] == 200


def test_a_worker_that_ends_says_why() -> None:
    with (
        pytest.raises(WorkerError, match=r"No module named tests\.benchmarks\.workers\.nothing"),
        running([python_worker("nothing", "nothing")], "ws://localhost:9"),
    ):
        pass


def test_rounds_end_on_a_machine_that_is_never_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = iter([0.9, 0.5, 0.8, 0.6, 0.7, 0.4])

    def others_share(_pids: object, work: object) -> float:
        assert callable(work)
        work()
        return next(noise)

    monkeypatch.setattr("tests.benchmarks.rounds.others_share", others_share)
    numbers = iter(range(6))
    rounds = alternate({"ours": lambda: {"n": next(numbers)}}, [os.getpid()], rounds=2)
    assert rounds.values("ours", "n") == [5, 1]  # the quietest two
    assert (rounds.taken, rounds.disturbance) == (6, 0.5)


@pytest.mark.parametrize(
    ("bound", "target", "verdict"), [("≥", 2.0, "met"), ("≤", 2.0, "met"), ("≥", 2.1, "**missed**")]
)
def test_a_line_of_the_table(bound: str, target: float, verdict: str) -> None:
    values = ratios([1.0, 4.0, 9.0], [1.0, 2.0, 3.0])
    figure = Figure(title="It", values=values, bound="≤" if bound == "≤" else "≥", target=target, unit=" ms")
    assert report.table([figure]).splitlines()[-1] == (
        f"| It | 2.00 ms | 1.00 to 3.00 | {bound} {target:g} ms | {verdict} |  |"
    )
