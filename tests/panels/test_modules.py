"""The ES modules: they parse, never set HTML, and stay small; what the event stream finds and asks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.panels import assets
from janus_notebook.panels.events.panel import LIBRARIES
from janus_notebook.panels.events.query import Query

if TYPE_CHECKING:
    from pathlib import Path

node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
SOURCES = {
    source.name: source.read_text(encoding="utf-8")
    for source in files(assets.__package__).joinpath("js").iterdir()
    if source.name.endswith(".js")
}


@pytest.mark.parametrize("name", SOURCES)
def test_text_is_never_made_html_and_a_module_is_small(name: str) -> None:
    source = SOURCES[name].replace("http://www.w3.org/2000/svg", "")  # a name, not an address
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:"
    assert not re.search(forbidden, source)
    assert len(source.splitlines()) <= 200


def test_a_module_is_read_once() -> None:
    text = assets.module("events", *LIBRARIES)
    assert "export default" in text
    assert assets.module("events", *LIBRARIES) is text


def test_nothing_is_called_like_what_all_modules_share() -> None:
    declared = {
        name: re.findall(r"^(?:const|let|function|class) (\w+)", source, re.MULTILINE)
        for name, source in SOURCES.items()
    }
    names = ("meanings", "hearing", "keys", "times", "shared")
    shared = {name for module in names for name in declared.pop(f"{module}.js")}
    assert "make" in shared
    assert {name: found for name, names in declared.items() if (found := shared & {*names})} == {}


@node
def test_every_module_parses(tmp_path: Path) -> None:
    path = tmp_path / "parse.mjs"
    path.write_text(
        "import vm from 'node:vm';\n"
        f"for (const [name, text] of Object.entries({json.dumps(SOURCES)}))\n"
        "  new vm.SourceTextModule(text, { identifier: name });\n",
        encoding="utf-8",
    )
    command = ["node", "--no-warnings", "--experimental-vm-modules", str(path)]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


HARNESS = """
const listeners = {}, sent = [], state = { initial: null, batch: {} };
const model = {
  get: (name) => state[name],
  on: (name, f) => (listeners[name] ??= []).push(f),
  off: (name, f) => { listeners[name] = listeners[name].filter((g) => g !== f); },
  send: (message) => sent.push(message),
};
const fire = (name, ...args) => listeners[name].forEach((f) => f(...args));
const row = (seq, kind = "media") => ({ seq, kind, direction: "event", handle: "42", summary: `row ${seq}` });
const batch = (first, last, skipped = 0, more = {}) => ({
  first, last, skipped, dropped: 0, total: last, oldest: 1, whole: true,
  rows: Array.from({ length: last - first + 1 - skipped }, (_, i) => row(first + skipped + i)), ...more,
});
const set = (value) => { state.batch = value; fire("change:batch"); };
const answer = (message) => fire("msg:custom", { request: sent.at(-1).request, ...message });
const later = (ms) => new Promise((done) => setTimeout(done, ms));
const all = (list) => Array.from({ length: list.length }, (_, index) => list.at(index));
const told = (value) => { console.log(JSON.stringify(value)); process.exit(0); };
"""


def run_stream(tmp_path: Path, script: str) -> Any:
    """What the script tells, in the scope of the event stream's module."""
    path = tmp_path / "stream.mjs"
    module = assets.module("events", *LIBRARIES).replace("export default", "const exported =")
    path.write_text(f"{module}\n{HARNESS}\n{script}", encoding="utf-8")
    done = subprocess.run(["node", path], check=True, timeout=60, capture_output=True, text=True)
    return json.loads(done.stdout)


@node
def test_the_store_takes_deltas_and_repeats(tmp_path: Path) -> None:
    seqs = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 2);
        const store = makeStore(model);
        set(batch(3, 4)); set(batch(3, 6)); set(batch(3, 6)); set(batch(7, 7)); set(batch(5, 6));
        told([[...store.rows.keys()], store.last, store.solid, sent.length]);
        """,
    )
    assert seqs == [[1, 2, 3, 4, 5, 6, 7], 7, 1, 0]


@node
def test_the_store_knows_from_where_on_it_has_every_row(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 500, 300);
        const store = makeStore(model);
        const seen = [store.solid];
        set(batch(501, 510)); seen.push(store.solid);
        set(batch(520, 530)); seen.push(store.solid); // one between was missed
        set(batch(511, 531)); seen.push(store.solid); // a young panel repeats
        set(batch(532, 900, 360)); seen.push(store.solid);
        told(seen);
        """,
    )
    assert result == [301, 301, 520, 511, 892]


@node
def test_the_store_fetches_what_is_looked_at(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 500, 498);
        const store = makeStore(model);
        const missing = [store.row(7), store.row(8), store.row(500)?.seq];
        await later(60);
        store.row(7);
        await later(60);
        const asked = sent.length;
        const ask = sent[0];
        answer({ type: "rows", rows: [row(7)], gone: [8] });
        store.row(8);
        await later(60);
        told([missing, asked, ask.type, ask.seqs, store.row(7).seq, store.gone.has(8), sent.length]);
        """,
    )
    assert result == [[None, None, 500], 1, "rows", [7, 8], 7, True, 1]


@node
def test_the_store_is_bounded_and_lets_go(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 1);
        const store = makeStore(model);
        for (let n = 0; n < 50; n++) set(batch(2 + n * 200, 201 + n * 200));
        const answers = [];
        store.ask({ type: "json", seq: 5 }, (reply) => answers.push(reply.text));
        fire("msg:custom", { type: "json", request: 99, text: "not mine" });
        answer({ type: "json", text: "mine" });
        answer({ type: "json", text: "twice" });
        store.close();
        told([store.rows.size, store.last, store.solid, answers, Object.values(listeners).flat().length]);
        """,
    )
    assert result == [4000, 10001, 6002, ["mine"], 0]


@node
def test_a_late_answer_is_told_and_a_file_comes_in_parts(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 1);
        const store = makeStore(model);
        let changes = 0;
        store.changed.add(() => { changes += 1; });
        const parts = [];
        store.ask({ type: "export" }, (reply) => parts.push(reply.part));
        await later(600);
        const late = store.late;
        answer({ part: "a", more: true });
        const heard = store.late;
        answer({ part: "b", more: false });
        answer({ part: "c", more: false });
        const back = store.ask({ type: "find" }, () => parts.push("taken back"));
        await later(600);
        back();
        answer({});
        told([late, heard, store.late, parts, changes]);
        """,
    )
    assert result == [1, 0, 0, ["a", "b"], 2]


@node
def test_the_finder_asks_the_kernel_for_what_is_not_here(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 500, 400);
        const store = makeStore(model);
        let told_ = 0;
        const finder = makeFinder(store, "me", () => { told_ += 1; });
        finder.set(null, () => true);
        const everything = finder.list(1, 500).length;
        const query = { text: '"row 49"' };
        finder.set(query, matcher(query));
        const here = all(finder.list(1, 500)); // what this page has, until the kernel answers
        const [asked] = sent;
        const pending = finder.pending;
        answer({ type: "found", from: 301, to: 500, runs: [348, 1, 140, 2] }); // 349, 490, 491
        const found = all(finder.list(1, 500));
        await later(600);
        finder.list(1, 500);
        const older = sent.at(-1);
        answer({ type: "found", from: 1, to: 300, runs: [48, 1] });
        const whole = all(finder.list(1, 500));
        set(batch(501, 502)); set(batch(503, 503, 0, { rows: [row(503, "row 49")] }));
        await later(600);
        const more = all(finder.list(1, 503));
        const last = sent.at(-1);
        answer({ type: "found", from: 501, to: 503, runs: [500, 1, 1, 1] }); // in its JSON, too
        const cut = [all(finder.list(400, 502)), all(finder.list(400, 503))];
        told([everything, here, [asked.after, asked.before, asked.query, pending], found,
              [older.after, older.before], whole, more, [last.after, last.before], cut, told_ > 0]);
        """,
    )
    tens = list(range(490, 500))
    assert result == [
        500,
        tens,
        [0, 501, {"text": '"row 49"'}, 500],
        [349, 490, 491],
        [0, 301],
        [49, 349, 490, 491],
        [49, 349, 490, 491, 503],
        [500, 504],
        [[490, 491, 501], [490, 491, 501, 503]],
        True,
    ]


@node
def test_the_finder_needs_no_kernel_for_rows_that_are_here(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        state.initial = batch(1, 9);
        const store = makeStore(model);
        const finder = makeFinder(store, "me", () => {});
        const query = { kind: "hangup", text: "", directions: ["event"] };
        finder.set(query, matcher(query));
        finder.list(1, 9);
        set(batch(10, 12, 0, { rows: [row(10), row(11, "hangup"), row(12)] }));
        told([all(finder.list(1, 12)), finder.pending, sent.length]);
        """,
    )
    assert result == [[11], 0, 0]


@node
@pytest.mark.parametrize(
    "text", ["", "media  ROW", '-keepalive "row 5" -"no such"', '"open', "- a", "-", '""']
)
def test_the_same_words_are_looked_for_on_both_sides(tmp_path: Path, text: str) -> None:
    query = Query.of({"text": text})
    found = run_stream(tmp_path, f"told(wordsOf({json.dumps(text)}));")
    assert (tuple(found["words"]), tuple(found["without"])) == (query.words, query.without)


@node
def test_a_handle_is_found_by_what_a_person_calls_it(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        """
        const labels = new Map([["42", "Alice"]]);
        const found = ["alice", "ALICE 42", "-alice", "bob"].map((text) => matcher({ text }, labels)(row(3)));
        labels.set("42", "Bob"); // a row is the same, and called anew
        told([...found, matcher({ text: "bob" }, labels)(row(3)), matcher({ search: "alice" })(row(3))]);
        """,
    )
    assert result == [True, True, False, False, True, False]


@node
def test_what_is_invisible_is_shown_and_long_numbers_stay(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        r"""
        const value = parseJson('{"id": 1152921504606846977, "n": 5, "x": "a\u202e\ud800"}');
        const exact = typeof value.id === "bigint" || value.id === 1152921504606846977;
        const texts = [visible(value.x), visible('<b>"\\\n\u200b')];
        told([exact, value.n, ...texts, previewOf([1, 2], [1]), previewOf({}, null)]);
        """,
    )
    assert result == [True, 5, r"a\u202e\ud800", r'<b>"\\n\u200b', "2 items", "{ }"]


@node
def test_an_sdp_unfolds_by_its_media_sections(tmp_path: Path) -> None:
    result = run_stream(
        tmp_path,
        r"""
        const sdp = "v=0\r\ns=-\r\nm=audio 9\r\na=mid:0\r\nm=video 9\r\na=mid:1\r\n";
        const lines = (fold) => fold.pairs.map(([, line]) => line.label);
        const parts = childrenOf(sdp).map(([, fold]) => [fold.label, lines(fold)]);
        const many = childrenOf(Array.from({ length: 450 }, (_, n) => n)).map(([, fold]) => fold.label);
        told([parts, many, childrenOf("one line\n"), holds({ a: ["Needle"] }, "needle")]);
        """,
    )
    assert result[0] == [
        ["session", ["v=0", "s=-"]],
        ["m=audio 9", ["a=mid:0"]],
        ["m=video 9", ["a=mid:1"]],
    ]
    assert result[1:] == [["0 … 99", "100 … 199", "200 … 299", "300 … 399", "400 … 449"], None, True]
