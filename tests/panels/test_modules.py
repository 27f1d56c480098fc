"""The ES modules: they parse, never set HTML, and the event stream's store finds its gaps."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.panels import assets

if TYPE_CHECKING:
    from pathlib import Path

node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
MODULES = ("session", "handle", "events")


@pytest.mark.parametrize("name", MODULES)
def test_text_is_never_made_html(name: str) -> None:
    text = assets.module(name)
    assert "textContent" in text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:", text)
    assert "export default" in text
    assert assets.module(name) is text  # read once


@node
@pytest.mark.parametrize("name", MODULES)
def test_the_module_parses(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.mjs"
    path.write_text(assets.module(name), encoding="utf-8")
    subprocess.run(["node", "--check", path], check=True, timeout=30)


HARNESS = """
const listeners = {}, sent = [], state = STATE;
const model = {
  get: (name) => state[name],
  on: (name, f) => (listeners[name] ??= []).push(f),
  off: (name, f) => { listeners[name] = listeners[name].filter((g) => g !== f); },
  send: (message) => sent.push(message),
};
const fire = (name, ...args) => listeners[name].forEach((f) => f(...args));
const row = (seq) => ({ seq });
const batch = (first, last, skipped = 0) => ({
  first, last, skipped, dropped: 0, total: last,
  rows: Array.from({ length: last - first + 1 - skipped }, (_, i) => row(first + skipped + i)),
});
const set = (value) => { state.batch = value; fire("change:batch"); };
"""


def run_store(tmp_path: Path, script: str) -> Any:
    path = tmp_path / "store.mjs"
    harness = HARNESS.replace("STATE", "{ initial: null, batch: {} }")
    module = assets.module("events").replace("export default", "const exported =")
    path.write_text(f"{module}\n{harness}\n{script}", encoding="utf-8")
    done = subprocess.run(["node", path], check=True, timeout=30, capture_output=True, text=True)
    return json.loads(done.stdout)


@node
def test_the_store_takes_deltas_and_repeats(tmp_path: Path) -> None:
    seqs = run_store(
        tmp_path,
        """
        state.initial = batch(1, 2);
        const store = makeStore(model);
        set(batch(3, 4)); set(batch(3, 6)); set(batch(3, 6)); set(batch(7, 7));
        console.log(JSON.stringify([store.rows.map((r) => r.seq), sent.length]));
        """,
    )
    assert seqs == [[1, 2, 3, 4, 5, 6, 7], 0]


@node
def test_the_store_asks_once_for_what_it_missed(tmp_path: Path) -> None:
    result = run_store(
        tmp_path,
        """
        state.initial = batch(1, 2);
        state.batch = batch(9, 9);
        const store = makeStore(model);
        set(batch(10, 10));
        const asked = [...sent];
        fire("msg:custom", { type: "rows", request: 1, batch: batch(3, 10, 2) });
        set(batch(11, 11));
        const seen = store.rows.map((r) => r.gap ? `gap ${r.gap}` : r.seq);
        console.log(JSON.stringify([asked, sent.length, seen]));
        """,
    )
    assert result == [
        [{"type": "rows", "after": 2, "request": 1}],
        1,
        [1, 2, "gap 2", 5, 6, 7, 8, 9, 10, 11],
    ]


@node
def test_the_store_is_bounded_and_lets_go(tmp_path: Path) -> None:
    result = run_store(
        tmp_path,
        """
        state.initial = batch(1, 1);
        const store = makeStore(model);
        for (let n = 0; n < 50; n++) set(batch(2 + n * 200, 201 + n * 200));
        const answers = [];
        store.ask(5, (reply) => answers.push(reply.text));
        fire("msg:custom", { type: "json", request: 99, text: "not mine" });
        fire("msg:custom", { type: "json", request: 1, text: "mine" });
        store.close();
        const left = Object.values(listeners).flat().length;
        console.log(JSON.stringify([store.rows.length, store.last, answers, left]));
        """,
    )
    assert result == [2000, 10001, ["mine"], 0]
