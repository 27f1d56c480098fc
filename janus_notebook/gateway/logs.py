"""What janus's own log tells: its last lines, and why it failed."""

from __future__ import annotations

import re
from pathlib import Path

from janus_notebook.gateway.configuration import TRANSPORTS

TAIL = 1024 * 1024  # bytes of the log that are read at most; a start at log level 7 writes 130 kB
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# janus_websockets.c and janus_http.c, when a port cannot be bound; Janus goes on without it.
PORT_TAKEN = re.compile(r"Error creating vhost for .*Websockets server|Couldn't start .*webserver on port")
TELLS_TRANSPORTS = 4  # the least log level with the next line in it
TRANSPORTS_FOLDER = re.compile(r"^Transport plugins folder: (.+)$", re.MULTILINE)
NOT_LOADED = r"'janus\.transport\.{0}' plugin could not be|'libjanus_{0}\.so' has been disabled"
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
    """Return the line of `log` that best says why janus ended: an error among the last, or the last."""
    lines = [line.strip() for line in log.splitlines() if line.strip()][-8:]
    errors = [line for line in lines if line.startswith(("[FATAL]", "[ERR]"))]
    return PLACE.sub("", (errors or lines or ["(nothing)"])[-1])[:500]


def transports_to_wait_for(log: str) -> set[str] | None:
    """Return our transports that are installed, not off, and have not failed; None if `log` does not tell.

    Janus serves requests while it still loads transports, so its own list of them may be short.
    """
    folder = TRANSPORTS_FOLDER.search(log)
    if folder is None:
        return None
    installed = {name for name in TRANSPORTS if Path(folder[1], f"libjanus_{name}.so").exists()}
    return {name for name in installed if not re.search(NOT_LOADED.format(name), log)}
