"""The few things we read from, or change in, a session description (RFC 8866). Text only."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from janus_notebook.errors import JanusMediaError

__all__ = [
    "as_inactive",
    "bundle",
    "codecs",
    "local_candidates",
    "mids",
    "refusing",
    "rejected",
    "without_candidates",
]

FORMATS = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=rtcp-mux", "a=sctp-port:", "a=max-message-size:")
# What an inactive section holds whose own formats nobody here knows.
STAND_INS = {
    "audio": ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "c=IN IP4 0.0.0.0", "a=rtpmap:0 PCMU/8000", "a=rtcp-mux"],
    "video": ["m=video 9 UDP/TLS/RTP/SAVPF 97", "c=IN IP4 0.0.0.0", "a=rtpmap:97 VP8/90000", "a=rtcp-mux"],
    "application": [
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=sctp-port:5000",
    ],
}
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


def mids(sdp: str) -> list[str]:
    """Return the mid of each media section."""
    return [_mid(section) or "" for section in _sections(sdp)[1:]]


def rejected(sdp: str) -> set[int]:
    """Return which media sections are rejected (port 0), by their place."""
    return {index for index, lines in enumerate(_sections(sdp)[1:]) if lines[0].split()[1:2] == ["0"]}


def as_inactive(sdp: str, refused: Collection[int], pattern: str = "") -> str:
    """Return `sdp` with some media sections rewritten as inactive ones.

    aiortc takes a rejected section (port 0), or one with no codec that it knows, for a broken
    description. The transport's lines are those of the first section that stays as it was.

    Args:
        sdp: an offer or an answer.
        refused: the places of the sections to rewrite.
        pattern: for an answer the offer, whose mids and formats it keeps; else `STAND_INS` are taken.

    Raises:
        JanusMediaError: no section is left.
    """
    session, *sections = _sections(sdp)
    usable = next((lines for index, lines in enumerate(sections) if index not in refused), None)
    if usable is None:
        raise JanusMediaError(
            "the other side rejected all media", hint="It may not accept these kinds, or their codecs."
        )
    transport = [line for line in usable if line.startswith(TRANSPORT)]
    like = _sections(pattern)[1:]
    for index in refused:
        if like:
            kept = [line for line in like[index] if line.startswith(("m=", "c=", "a=mid:", *FORMATS))]
        else:
            lines = sections[index]
            kept = [
                *STAND_INS.get(lines[0][2:].split()[0], STAND_INS["audio"]),
                *(line for line in lines if line.startswith("a=mid:")),
            ]
        sections[index] = [*kept, "a=inactive", *transport]
    return _joined(session, sections)


def refusing(answer: str, offer: str, refused: Collection[int]) -> str:
    """Return `answer` with these sections of `offer` rejected (port 0), and out of the bundle."""
    session, *sections = _sections(answer)
    out = {_mid(sections[index]) for index in refused}
    for index in refused:
        first = re.sub(r"^(m=\S+) \d+", r"\1 0", _sections(offer)[1 + index][0])
        sections[index] = [first, "c=IN IP4 0.0.0.0", "a=inactive", f"a=mid:{_mid(sections[index])}"]
    group = " ".join(["a=group:BUNDLE", *(mid for mid in bundle(answer) if mid not in out)])
    return _joined([group if line.startswith("a=group:BUNDLE") else line for line in session], sections)


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


def _joined(session: list[str], sections: list[list[str]]) -> str:
    return "\r\n".join(line for lines in (session, *sections) for line in lines) + "\r\n"
