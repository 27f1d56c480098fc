"""Session descriptions (RFC 8866) at signalling level: reading what clients say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["CODECS", "STATIC", "Description", "Section", "parsed", "picked"]

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
# Janus's names of codecs, the ones it likes best first, and how rtpmap writes them.
CODECS = {
    "audio": {
        "opus": "opus/48000/2",
        "pcmu": "PCMU/8000",
        "pcma": "PCMA/8000",
        "g722": "G722/8000",
        "isac16": "ISAC/16000",
        "isac32": "ISAC/32000",
    },
    "video": {
        "vp8": "VP8/90000",
        "vp9": "VP9/90000",
        "h264": "H264/90000",
        "av1": "AV1/90000",
        "h265": "H265/90000",
    },
}
STATIC = {"pcmu": "0", "pcma": "8", "g722": "9"}


@dataclass(frozen=True)
class Section:
    """One media section: ``m=`` and the lines up to the next one."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    lines: tuple[str, ...] = field(repr=False)

    def attribute(self, name: str) -> str | None:
        """Return the value of the first ``a=name:``, or None."""
        start = f"a={name}:"
        return next((line[len(start) :] for line in self.lines if line.startswith(start)), None)

    @property
    def mid(self) -> str | None:
        return self.attribute("mid")

    @property
    def direction(self) -> str:
        return next((name for name in DIRECTIONS if f"a={name}" in self.lines), "sendrecv")

    @property
    def rejected(self) -> bool:
        return self.port == 0

    def codecs(self) -> dict[str, str]:
        """Return the offered codecs that Janus knows, its name to the payload type."""
        names = {text.lower(): name for name, text in CODECS.get(self.kind, {}).items()}
        maps = dict(
            line[9:].split(" ", 1) for line in self.lines if line.startswith("a=rtpmap:") and " " in line
        )
        maps = {payload: text for name, payload in STATIC.items() for text in [CODECS["audio"][name]]} | maps
        found: dict[str, str] = {}
        for payload in self.formats:
            name = names.get(maps.get(payload, "").strip().lower())
            if name is not None:
                found.setdefault(name, payload)
        return found

    def h264_profile(self, payload: str) -> str | None:
        """Return the ``profile-level-id`` of a payload type, or None."""
        start = f"a=fmtp:{payload} "
        text = next((line[len(start) :] for line in self.lines if line.startswith(start)), "")
        pairs = (pair.strip().split("=", 1) for pair in text.split(";") if "=" in pair)
        return dict(pairs).get("profile-level-id")

    def repair(self, payload: str) -> str | None:
        """Return the payload type that repeats lost packets of `payload` (RFC 4588), or None."""
        wanted = f"apt={payload}"
        lines = (line[7:].split(" ", 1) for line in self.lines if line.startswith("a=fmtp:") and " " in line)
        return next((own for own, text in lines if wanted in text.replace(" ", "").split(";")), None)


@dataclass(frozen=True)
class Description:
    """A session description: the lines of the session part, and the media sections."""

    lines: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def origin(self) -> str:
        """Session id and version."""
        line = next(line for line in self.lines if line.startswith("o="))
        return " ".join([*line[2:].split(), "1", "1", "1"][1:3])


def parsed(text: str) -> Description:
    """Read a description.

    Raises:
        ValueError: Janus would refuse it; the text says why in Janus's words.
    """
    if not text.startswith("v="):
        raise ValueError("Invalid SDP (doesn't start with v=)")
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line)
    if len(parts) < 2 or not all(any(line.startswith(k) for line in parts[0]) for k in ("o=", "s=")):
        raise ValueError("Missing mandatory lines (o=, s= or m=)")
    description = Description(tuple(parts[0]), tuple(_section(lines) for lines in parts[1:]))
    for section in description.sections:
        for needed in ("ice-ufrag", "ice-pwd", "fingerprint"):
            everywhere = any(line.startswith(f"a={needed}:") for line in description.lines)
            # A section of a bundle may leave its transport's lines to another one.
            others = any(other.attribute(needed) for other in description.sections)
            if not section.rejected and not (everywhere or others):
                raise ValueError("Error processing SDP")
    return description


def _section(lines: Sequence[str]) -> Section:
    words = lines[0][2:].split()
    if len(words) < 4 or not words[1].isdigit():
        raise ValueError(f"Invalid m= line: {lines[0]}")
    return Section(words[0], int(words[1]), words[2], tuple(words[3:]), tuple(lines[1:]))


def picked(section: Section, wished: Sequence[str] | None = None) -> tuple[str, str] | None:
    """Return the codec for the answer to a section, Janus's name and payload type; None rejects it."""
    if section.rejected:
        return None
    offered = section.codecs()
    order = wished if wished is not None else list(CODECS.get(section.kind, {}))
    return next(((name, offered[name]) for name in order if name in offered), None)
