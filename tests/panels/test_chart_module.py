"""The charts' points in the browser: deltas that overlap, gaps that are asked for, another session."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from janus_notebook.panels import assets

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
const listeners = {}, sent = [], state = { history: batch(1, 3), points: {} };
const model = {
  get: (name) => state[name],
  on: (name, f) => (listeners[name] ??= []).push(f),
  off: (name, f) => { listeners[name] = listeners[name].filter((g) => g !== f); },
  send: (message) => sent.push(message),
};
function batch(first, last, epoch = 1) {
  return { epoch, first, last, rows: Array.from({ length: last - first + 1 }, (_, i) => [first + i, 1]) };
}
const store = pointStore(model);
const times = () => store.points.map((point) => point[0]);
const set = (value) => { state.points = value; listeners["change:points"].forEach((f) => f()); };
const seen = [];
set(batch(1, 4)); set(batch(2, 6)); set(batch(2, 6));
seen.push(times());
set(batch(20, 22)); set(batch(21, 23));
seen.push(sent.map(({ type, after }) => [type, after]));
listeners["msg:custom"].forEach((f) => f({ type: "points", request: sent[0].request, batch: batch(7, 23) }));
seen.push(times());
set(batch(1, 1, 2));
seen.push(times());
for (let n = 1; n < 400; n++) set(batch(n, n + 1, 2));
seen.push([store.points.length, store.last, sent.length]);
seen.push([roundUp(100e3), roundUp(101e3), roundUp(0.05), bitsText(1.5e6), bitsText(310400)]);
seen.push(linePath([[0, 1], [1, 1], [2, null], [3, 1], [30, 1]], 1, 0, 100, 2).match(/[ML]/g).join(""));
store.close();
seen.push(Object.values(listeners).flat().length);
console.log(JSON.stringify(seen));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_points(tmp_path: Path) -> None:
    path = tmp_path / "chart.mjs"
    path.write_text(f"{assets.module('chart')}\n{SCRIPT}", encoding="utf-8")
    done = subprocess.run(["node", path], check=True, timeout=30, capture_output=True, text=True)
    overlapping, asked, filled, another, bounded, texts, path_of, left = json.loads(done.stdout)
    assert overlapping == [1, 2, 3, 4, 5, 6]
    assert asked == [["points", 6]]  # once
    assert filled == [*range(1, 24)]
    assert another == [1]
    assert bounded == [300, 400, 1]
    assert texts == [100_000, 200_000, 0.05, "1.50 Mbit/s", "310 kbit/s"]
    assert path_of == "MLMM"  # a gap where nothing is known, and where nothing was sampled
    assert left == 0
