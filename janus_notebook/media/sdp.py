"""The few things we read from, or change in, a session description (RFC 8866). Text only."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["codecs", "local_candidates", "without_candidates"]


def local_candidates(sdp: str) -> list[dict[str, Any]]:
    """Return the candidates of the first media section in the form that Janus's ``trickle`` takes.

    All media go over one transport (BUNDLE, RFC 9143), that of the first section.
    """
    section = _sections(sdp)[1:2]
    lines = section[0] if section else []
    mid = next((line[6:] for line in lines if line.startswith("a=mid:")), "0")
    return [
        {"candidate": line[2:], "sdpMid": mid, "sdpMLineIndex": 0}
        for line in lines
        if line.startswith("a=candidate:")
    ]


def without_candidates(sdp: str) -> str:
    """Return `sdp` with no candidates yet, for full trickle (RFC 8840, section 4.1.3)."""
    kept = []
    for line in sdp.splitlines():
        if line.startswith("a=candidate:") or line == "a=end-of-candidates":
            continue
        if line.startswith("c="):
            kept.append("c=IN IP4 0.0.0.0")
        else:
            kept.append(re.sub(r"^(m=\S+) \d+", r"\1 9", line))
    return "\r\n".join(kept) + "\r\n"


def codecs(answer: str) -> dict[str, tuple[str, int]]:
    """Return the codec of each media section of an answer: mid to (name, clock rate in hertz)."""
    found: dict[str, tuple[str, int]] = {}
    for lines in _sections(answer)[1:]:
        formats = lines[0].split()[3:]
        mid = next((line[6:] for line in lines if line.startswith("a=mid:")), None)
        for line in lines:
            match = re.match(r"a=rtpmap:(\d+) ([^/\s]+)/(\d+)", line)
            if mid is not None and match and formats[:1] == [match[1]]:
                found[mid] = (match[2], int(match[3]))
    return found


def _sections(sdp: str) -> list[list[str]]:
    """Return the lines of the session part, then those of each media section."""
    sections: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections
