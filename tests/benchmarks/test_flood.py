"""The flood's own parts work; how fast anything is, is no test's business."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks import flood, flood_report
from tests.benchmarks.wire import message, payload


def test_frames_are_read_in_both_protocols() -> None:
    header, content = {"msg_type": "comm_msg"}, {"comm_id": "c"}
    parts = [b"iopub", json.dumps(header).encode(), b"{}", b"{}", json.dumps(content).encode(), b"buffer"]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    head = b"".join(number.to_bytes(8, "little") for number in [len(offsets), *offsets])
    assert message(head + b"".join(parts)) == (header, content)
    assert message(json.dumps({"header": header, "content": content}).encode()) == (header, content)
    assert payload({"opcode": 1, "payloadData": "é"}) == "é".encode()
    assert payload({"opcode": 2, "payloadData": "aGk="}) == b"hi"


@pytest.mark.browser
@pytest.mark.nightly
@pytest.mark.timeout(240)
def test_a_short_flood_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SETTLE_MS", "IDLE_MS"):
        monkeypatch.setattr(flood, name, 500)
    found = flood.run(rate=1_000, seconds=2.0, ways={"ours": 1.0})
    ours = found["ours"]
    assert not ours.broken
    assert (ours.sent, ours.seen, ours.log["gaps"]) == (2_000, 2_000, 0)
    assert len(ours.panels) == 2  # the handle panel and the event stream
    assert ours.answers
    assert ours.wire > 0
    text = flood_report.text(found, 1_000, [("Date", "today")])
    assert "| Events that the log missed | 0 |" in text
    assert "Beside the obvious way" not in text
    found["obvious"] = ours
    assert "| Over the wire, kB/s |" in flood_report.text(found, 1_000, [])
