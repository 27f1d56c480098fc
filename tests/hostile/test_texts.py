"""`clean`, `short_repr`, and what else reads a megabyte of somebody's text: in no more than linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_notebook.client.bundle.scrub import Scrubber
from janus_notebook.client.tables import Table
from janus_notebook.config import MASK, mask, mask_sdp, mask_url
from janus_notebook.errors import (
    JanusCallError,
    JanusError,
    JanusOptionError,
    JanusPluginError,
    JanusServerError,
)
from janus_notebook.protocol.events import brief
from janus_notebook.protocol.messages import excerpt
from janus_notebook.texts import clean, short_repr
from tests.hostile.corpus import CORPUS, MEGABYTE, NAMES, check_html, check_text, texts
from tests.protocol.texts import json_values

corpus = pytest.mark.parametrize("name", NAMES)


@given(texts, st.integers(1, 300), st.booleans())
def test_what_is_clean_stays_as_it_is(text: str, limit: int, lines: bool) -> None:
    shown = clean(text, limit, lines=lines)
    check_text(shown, limit, lines=lines)
    assert clean(shown, limit, lines=lines) == shown


@given(json_values | st.dictionaries(texts, texts) | st.lists(texts).map(tuple))
def test_a_short_repr_is_the_repr_of_what_is_short(value: object) -> None:
    assert short_repr(value, 1_000_000) == repr(value)
    check_text(short_repr(value, 50), 50)


@corpus
def test_an_error(name: str) -> None:
    text = CORPUS[name]
    for error in (
        JanusError(text, hint=text),
        JanusServerError(458, text),
        JanusServerError(99_999, text),
        JanusPluginError(1, text, name=text, hint=text, plugin=text),
        JanusCallError(text, text),
        JanusCallError(text, text, did="hung up"),
        JanusOptionError.unknown("room", "x", [text, "y"]),
        JanusOptionError.unknown("room", text[:1_000], [text, f"{text}2", *map(str, range(20))]),
    ):
        for shown in (str(error), repr(error), *error._render_traceback_()):
            check_text(shown, 4_200, lines=False)  # a repr doubles each backslash


@corpus
def test_a_table(name: str) -> None:
    text = CORPUS[name]
    table = Table([("a", text), (text, "b"), ("", text)])
    check_text(repr(table), 5_000)
    assert len(repr(table).splitlines()) == 3
    check_html(table._repr_html_(), 20_000)


@corpus
def test_what_is_masked(name: str) -> None:
    text = CORPUS[name]
    check_text(excerpt(text), 500, lines=False)
    check_text(excerpt(text.encode(errors="replace")), 500, lines=False)
    assert mask({"token": text, "x": [{"pin": text, text: text}]}) == {
        "token": MASK,
        "x": [{"pin": MASK, text: text}],
    }
    mask_sdp(text)
    mask_sdp("inline:" + text)
    mask_sdp("inline: " * (len(text) // 8))
    for url in (text, "http://" + text, f"rtsp://me:{text}@x/?token={text}", f"http://x/?{text}&pin=1"):
        mask_url(url)
    assert "secret" not in mask_url(f"http://[me:secret@x{text}")


def test_a_url_that_is_none_is_masked_in_one_go() -> None:
    assert mask_url("http://[me:secret@x/") == "http://***@x/"
    assert mask_url("http://[" + "//" * 3_000) == "http://[" + "//" * 3_000
    assert mask_url("http://me:secret@x/" + "y" * MEGABYTE) == "*** (1000019 characters)"


def test_a_summary_of_a_huge_object_reads_only_what_it_shows() -> None:
    wide = {f"key{number}": {"a": number} for number in range(100_000)}
    assert len(brief(wide)) < 20_000
    assert len(brief({"x": wide})) < 200
    assert len(brief({"x": "y" * MEGABYTE})) < 2_000


def test_a_list_of_secrets_without_an_end_is_masked_in_one_go() -> None:
    assert Scrubber().text('"allowed": [a, b') == '"allowed": ***'
    assert Scrubber().text("pin=[" * (MEGABYTE // 5)) == "pin=***"
