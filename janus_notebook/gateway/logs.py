"""What janus's own log tells: its last lines, and why it failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TAIL = 256 * 1024  # bytes of the log that are read at most
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# janus_websockets.c and janus_http.c, when a port cannot be bound; Janus goes on without it.
PORT_TAKEN = re.compile(r"Error creating vhost for .*Websockets server|Couldn't start .*webserver on port")
TRANSPORTS_FOLDER = re.compile(r"^Transport plugins folder: (.+)$", re.MULTILINE)
PLACE = re.compile(r"^\[(?:FATAL|ERR)\] (?:\[[^\]]*\] *)?")


def tail(path: Path | None) -> str:
    """Return the end of the log without its colours; empty if there is none."""
    if path is None:
        return ""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - TAIL))
            text = stream.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    if size > TAIL:  # the first line is cut, or ends here
        text = text.partition("\n")[2]
    return ANSI.sub("", text).replace("\r", "")


def port_taken(log: str) -> str | None:
    """Return the line that says that a port was taken, if one does."""
    return next((line.strip() for line in log.splitlines() if PORT_TAKEN.search(line)), None)


def why(log: str) -> str:
    """Return the line of `log` that best says why janus ended: its last error, or its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("[FATAL]", "[ERR]"))]
    return PLACE.sub("", (errors or lines or ["(its log is empty)"])[-1])[:500]
