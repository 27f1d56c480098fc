"""The parts of media's benchmark work; how fast anything is, is no test's business."""

from __future__ import annotations

import pytest

from tests.benchmarks import media, media_report


@pytest.mark.live
@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_a_short_run_is_measured() -> None:
    amounts = {"first": 1.0, "steady": 1.0, "latency": 2.0, "tone": 1.0, "memory": 1.0}
    found = media.measure(amounts, 1)
    assert all(turn["echoed"] > 0 for turns in found["steady"].turns.values() for turn in turns)
    text = media_report.text(found, amounts, [("Date", "today")])
    assert "| CPU, ours / bare |" in text
    assert "| From `publish()` to the first echoed frame |" in text
