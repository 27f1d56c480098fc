from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from janus_notebook.gateway import logs

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tail_is_bounded_whole_lines_and_without_colours(tmp_path: Path) -> None:
    path = tmp_path / "janus.log"
    path.write_text("x" * logs.TAIL + "\n\x1b[31m[ERR]\x1b[0m red\nlast \udcff\n", errors="surrogateescape")
    assert logs.tail(path) == "[ERR] red\nlast \ufffd\n"


def test_no_log_is_an_empty_log(tmp_path: Path) -> None:
    assert logs.tail(tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("", "(nothing)"),
        ("one\n\ntwo\n", "two"),
        ("[FATAL] [janus.c:main:4711] No transport\nBye!\n", "No transport"),
        ("[ERR] [plugins/janus_lua.c:init:1] No json\n" + "later\n" * 9, "later"),
    ],
)
def test_why_is_a_recent_error_or_the_last_line(log: str, expected: str) -> None:
    assert logs.why(log) == expected


@pytest.mark.parametrize(
    "line",
    [
        "[FATAL] [a.c:f:502] Error creating vhost for Websockets server...",
        "[FATAL] [a.c:f:502] Error creating vhost for Admin Websockets server...",
        "[FATAL] [a.c:f:795] Couldn't start webserver on port 28088...",
        "[FATAL] [a.c:f:871] Couldn't start admin/monitor webserver on port 27088...",
    ],
)
def test_janus_1_1_says_in_four_ways_that_a_port_is_taken(line: str) -> None:
    assert logs.port_taken(f"before\n{line}\nafter\n") == line
    assert logs.port_taken("HTTP webserver started (port 28088, /janus path listener)...\n") is None


def test_transports_are_waited_for_until_they_fail(tmp_path: Path) -> None:
    for name in ("http", "websockets", "mqtt"):
        (tmp_path / f"libjanus_{name}.so").touch()
    log = f"Plugins folder: /p\nTransport plugins folder: {tmp_path}\n"
    assert logs.transports_to_wait_for(log) == {"http", "websockets"}
    log += "[WARN] The 'janus.transport.http' plugin could not be initialized\n"
    assert logs.transports_to_wait_for(log) == {"websockets"}
    assert (
        logs.transports_to_wait_for(
            f"{log}[WARN] Transport plugin 'libjanus_websockets.so' has been disabled"
        )
        == set()
    )
    assert logs.transports_to_wait_for("Plugins folder: /p\n") is None
