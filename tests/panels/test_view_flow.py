"""When a view may send a picture: what pages say, how many are under way, and a kernel that hears nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from janus_notebook.panels.view.flow import (
    BLIND_LATER_SECONDS,
    BLIND_PATIENCE_SECONDS,
    BLIND_SECONDS,
    DEAF_SECONDS,
    LONG_SECONDS,
    SILENT_SECONDS,
    VIEWERS,
    WINDOW,
    Flow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

FAST = 1000.0


class Scene:
    """A flow with a clock of its own."""

    def __init__(self, fps: float = FAST, *, deaf: bool = False) -> None:
        self.flow, self.now, self.deaf, self.sent = Flow(fps), 1000.0, deaf, 0

    def pass_by(self, seconds: float) -> Scene:
        self.now += seconds
        return self

    @property
    def wait(self) -> float:
        return self.flow.wait(self.now, deaf=self.deaf)

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            self.pass_by(1.5 / self.flow.fps)
            assert self.wait == 0
            self.sent += 1
            self.flow.sent(self.sent, self.now, deaf=self.deaf)

    def here(self, *viewers: str) -> None:
        for viewer in viewers:
            self.flow.here(viewer, self.now)

    def seen(self, viewer: str, number: int) -> bool:
        return self.flow.seen(viewer, number, self.now)


def test_nothing_is_sent_before_somebody_looks() -> None:
    scene = Scene()
    assert scene.pass_by(100).wait > 0
    scene.here("a")
    scene.send()
    scene.flow.away("a", scene.now)
    scene.seen("a", 1)  # it had still drawn that one
    assert scene.pass_by(100).wait > 0
    scene.here("a")
    scene.send()
    scene.flow.gone("a")
    assert scene.pass_by(100).wait > 0


def test_two_are_under_way_until_one_is_confirmed() -> None:
    scene = Scene()
    scene.here("a")
    scene.send(WINDOW)
    assert scene.pass_by(0.1).wait > 0
    assert scene.seen("a", 1)
    scene.send()
    assert scene.pass_by(0.1).wait > 0
    assert scene.seen("a", 3)  # what came before it is done with
    assert not scene.seen("a", 2)
    scene.send(WINDOW)
    assert scene.flow.most_under_way == WINDOW


def test_a_page_that_takes_long_has_one_under_way() -> None:
    scene = Scene()
    scene.here("a")
    scene.send()
    scene.pass_by(LONG_SECONDS * 2)
    scene.seen("a", 1)
    scene.send()
    assert scene.pass_by(0.01).wait > 0
    for number in range(2, 10):  # it is fast again
        scene.seen("a", number)
        scene.send()
        scene.pass_by(0.01)
    assert scene.wait == 0


def test_the_rate_is_kept() -> None:
    scene = Scene(fps=10)
    scene.here("a")
    scene.send()
    sent_at = scene.now
    assert 0 < scene.wait <= 0.1
    scene.pass_by(scene.wait + 1e-6)
    assert scene.wait == 0
    assert scene.now - sent_at <= 0.1 + 1e-5
    scene.send()
    scene.seen("a", 2)
    for fps in (60.0, 0.5, 5.0):  # it may be changed at any time
        scene.flow.fps = fps
        assert scene.wait <= 1 / fps


def test_the_slowest_page_sets_the_rate_while_it_answers_at_all() -> None:
    scene = Scene()
    scene.here("a", "b")
    scene.send(WINDOW)
    assert scene.seen("a", WINDOW)
    assert scene.pass_by(0.1).wait > 0
    scene.pass_by(SILENT_SECONDS)
    assert scene.wait == 0
    scene.send()
    assert not scene.seen("b", 1)  # it is back
    scene.send()
    assert scene.seen("a", 4)
    assert scene.seen("b", 4)


def test_a_page_that_comes_back_is_not_held_to_what_was_lost() -> None:
    scene = Scene()
    scene.here("a")
    scene.send(WINDOW)
    scene.pass_by(DEAF_SECONDS)
    scene.here("a")  # it has got nothing for long
    scene.send()


def test_while_a_cell_keeps_pages_from_being_heard_the_clock_decides() -> None:
    scene = Scene()
    scene.here("a")
    scene.send(WINDOW)
    scene.deaf = True
    assert scene.pass_by(DEAF_SECONDS / 2).wait > 0
    scene.pass_by(DEAF_SECONDS)
    for _ in range(3):
        assert scene.wait == 0
        scene.sent += 1
        scene.flow.sent(scene.sent, scene.now, deaf=True)
        assert scene.pass_by(BLIND_SECONDS / 2).wait > 0
        scene.pass_by(BLIND_SECONDS / 2)
    scene.pass_by(BLIND_PATIENCE_SECONDS)
    assert scene.wait == 0
    scene.flow.sent(99, scene.now, deaf=True)
    assert scene.pass_by(BLIND_LATER_SECONDS / 2).wait > 0
    assert scene.pass_by(BLIND_LATER_SECONDS / 2).wait == 0
    scene.deaf = False  # the cell has ended: what pages had to say comes now, and is no latency
    assert not scene.seen("a", 1)
    scene.send(WINDOW)
    assert scene.flow.most_under_way == WINDOW


def test_a_flood_of_names_takes_no_memory() -> None:
    scene = Scene()
    for number in range(1000):
        scene.here(f"page {number}")
    assert len(scene.flow._viewers) == VIEWERS
    scene.send()


moves = st.lists(
    st.tuples(st.sampled_from(["here", "away", "gone", "seen", "send", "wait"]), st.sampled_from("ab")),
    max_size=80,
)


@given(moves=moves, steps=st.lists(st.floats(0, 2), min_size=80, max_size=80), deaf=st.booleans())
def test_no_page_ever_has_more_to_confirm(
    moves: Iterable[tuple[str, str]], steps: list[float], deaf: bool
) -> None:
    scene = Scene(fps=30, deaf=deaf)
    confirmed = {"a": 0, "b": 0}
    for (move, who), step in zip(moves, steps, strict=False):
        scene.pass_by(step)
        if move == "send" and scene.wait == 0:
            scene.sent += 1
            scene.flow.sent(scene.sent, scene.now, deaf=deaf)
        elif move == "seen" and confirmed[who] < scene.sent:
            confirmed[who] += 1
            scene.seen(who, confirmed[who])
        elif move in ("here", "away"):
            getattr(scene.flow, move)(who, scene.now)
        elif move == "gone":
            scene.flow.gone(who)
        assert scene.flow.most_under_way <= WINDOW
        assert scene.wait >= 0
