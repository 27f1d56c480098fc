"""The few things we read from, or change in, a session description (RFC 8866). Text only."""

from __future__ import annotations

import re
from typing import Any

from janus_notebook.errors import JanusMediaError

__all__ = ["bundle", "codecs", "local_candidates", "rejected_as_inactive", "without_candidates"]

FORMATS = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=rtcp-mux")
TRANSPORT = ("a=ice-", "a=candidate:", "a=end-of-candidates", "a=fingerprint:", "a=setup:")


def local_candidates(sdp: str) -> list[dict[str, Any]]:
    """Return the candidates of the first media section in the form that Janus's ``trickle`` takes.

    All media go over one transport (BUNDLE, RFC 9143), that of the first section.
    """
    section = next(iter(_sections(sdp)[1:]), [])
    return [
        {"candidate": line[2:], "sdpMid": _mid(section) or "0", "sdpMLineIndex": 0}
        for line in section
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
        mid = _mid(lines)
        for line in lines:
            match = re.match(r"a=rtpmap:(\d+) ([^/\s]+)/(\d+)", line)
            if mid is not None and match and formats[:1] == [match[1]]:
                found[mid] = (match[2], int(match[3]))
    return found


def bundle(sdp: str) -> list[str]:
    """Return the mids that share one transport, the one that names it first (RFC 9143, section 7.2)."""
    group = next((line for line in sdp.splitlines() if line.startswith("a=group:BUNDLE")), "")
    return group.split()[1:]


def rejected_as_inactive(answer: str, offer: str) -> str:
    """Return `answer` with its rejected media sections (port 0) rewritten as inactive ones.

    That says the same, and aiortc, which takes a rejected section for a broken one, understands it.
    The transport's lines are those of the first section that was accepted.

    Raises:
        JanusMediaError: every section was rejected.
    """
    session, *sections = _sections(answer)
    offered = _sections(offer)[1:]
    accepted = next((lines for lines in sections if not _rejected(lines)), None)
    if len(offered) != len(sections):
        return answer
    if accepted is None:
        raise JanusMediaError(
            "the other side rejected all media", hint="It may not accept these kinds, or their codecs."
        )
    transport = [line for line in accepted if line.startswith(TRANSPORT)]
    for index, lines in enumerate(sections):
        if _rejected(lines):
            kept = [line for line in offered[index] if line.startswith(("m=", "c=", "a=mid:", *FORMATS))]
            sections[index] = [*kept, "a=inactive", *transport]
    return "\r\n".join(line for lines in (session, *sections) for line in lines) + "\r\n"


def _rejected(section: list[str]) -> bool:
    return section[0].split()[1:2] == ["0"]


def _mid(section: list[str]) -> str | None:
    return next((line[6:] for line in section if line.startswith("a=mid:")), None)


def _sections(sdp: str) -> list[list[str]]:
    """Return the lines of the session part, then those of each media section."""
    sections: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections
