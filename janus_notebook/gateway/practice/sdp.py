"""Session descriptions (RFC 8866) at signalling level: read one, answer it, or offer.

Nothing here opens a socket. The texts parse, and name codecs, directions and credentials as Janus does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["CODECS", "Credentials", "Description", "Section", "answer_text", "offer_text", "parsed", "picked"]

ADDRESS = "127.0.0.1"
# The port of the discard service: a candidate has to name one, and nothing answers there.
CANDIDATE = f"candidate:1 1 udp 2015363327 {ADDRESS} 9 typ host"
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
# What only we would send is inactive, as neither EchoTest nor a room has anything of its own.
MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "inactive", "inactive": "inactive"}
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
FEEDBACK = ("ccm fir", "nack", "nack pli", "goog-remb", "transport-cc")


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


@dataclass(frozen=True)
class Credentials:
    """What one PeerConnection names in its descriptions. Random: it is nobody's key."""

    ufrag: str = field(default_factory=lambda: secrets.token_hex(2))
    password: str = field(default_factory=lambda: secrets.token_hex(11), repr=False)
    fingerprint: str = field(default_factory=lambda: secrets.token_bytes(32).hex(":").upper())
    session: int = field(default_factory=lambda: secrets.randbelow(2**40) + 1)

    def ssrc(self, index: int) -> int:
        return (self.session * 2654435761 + index) % 2**32 or 1


def picked(section: Section, wished: Sequence[str] | None = None) -> tuple[str, str] | None:
    """Return the codec for the answer to a section, Janus's name and payload type; None rejects it."""
    if section.rejected:
        return None
    offered = section.codecs()
    order = wished if wished is not None else list(CODECS.get(section.kind, {}))
    return next(((name, offered[name]) for name in order if name in offered), None)


def answer_text(
    offer: Description,
    credentials: Credentials,
    *,
    wished: Mapping[str, Sequence[str]] | None = None,
    sends: bool = True,
    candidates: bool = True,
) -> str:
    """Answer every section of an offer.

    Args:
        offer: what was offered.
        credentials: whose answer it is.
        wished: the codecs to take for ``audio`` and ``video``, the best first; others are rejected.
        sends: whether we send as well; if not, what would be ``sendrecv`` is ``recvonly``.
        candidates: whether to list our candidate.
    """
    sections: list[tuple[list[str], str | None]] = []
    for index, section in enumerate(offer.sections):
        picked_one = picked(section, (wished or {}).get(section.kind))
        if section.rejected or (section.kind != "application" and picked_one is None):
            sections.append((_rejected(section), None))
            continue
        direction = MIRRORED[section.direction]
        if not sends and direction == "sendrecv":
            direction = "recvonly"
        lines = _media(
            section.kind, section.mid or str(index), direction, picked_one, section, credentials, index
        )
        sections.append((lines, section.mid or str(index)))
    return _text(offer.origin, sections, credentials, setup="active", candidates=candidates)


def offer_text(
    streams: Iterable[Mapping[str, object]],
    credentials: Credentials,
    version: int = 1,
    *,
    candidates: bool = True,
) -> str:
    """Offer to send `streams`, each with ``type``, ``mid``, ``codec`` and ``active``."""
    sections: list[tuple[list[str], str | None]] = []
    for index, stream in enumerate(streams):
        kind, mid = str(stream["type"]), str(stream["mid"])
        kind = "application" if kind == "data" else kind
        codec = str(stream.get("codec") or next(iter(CODECS.get(kind, {"": ""}))))
        payload = STATIC.get(codec, str(96 + 2 * index if index < 15 else 96))
        direction = "sendonly" if stream.get("active", True) else "inactive"
        sections.append((_media(kind, mid, direction, (codec, payload), None, credentials, index), mid))
    return _text(f"{credentials.session} {version}", sections, credentials, "actpass", candidates)


def _rejected(section: Section) -> list[str]:
    lines = [f"m={section.kind} 0 {section.protocol} 0", f"c=IN IP4 {ADDRESS}", "a=inactive"]
    return lines + ([f"a=mid:{section.mid}"] if section.mid is not None else [])


def _media(
    kind: str,
    mid: str,
    direction: str,
    codec: tuple[str, str] | None,
    offered: Section | None,
    credentials: Credentials,
    index: int,
) -> list[str]:
    """Return a section's lines, without those of the transport."""
    if kind == "application" or codec is None:
        return [
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            f"c=IN IP4 {ADDRESS}",
            "a=sendrecv",
            f"a=mid:{mid}",
            "a=sctp-port:5000",
        ]
    name, payload = codec
    protocol = offered.protocol if offered is not None else "UDP/TLS/RTP/SAVPF"
    repair = offered.repair(payload) if offered is not None else None
    if offered is None and kind == "video":
        repair = str(int(payload) + 1)
    lines = [
        f"m={kind} 9 {protocol} {payload}{f' {repair}' if repair else ''}",
        f"c=IN IP4 {ADDRESS}",
        f"a={direction}",
        f"a=mid:{mid}",
        "a=rtcp-mux",
        f"a=rtpmap:{payload} {CODECS[kind][name]}",
    ]
    if kind == "video":
        lines += [f"a=rtcp-fb:{payload} {one}" for one in FEEDBACK]
    if name == "h264":
        wanted = f"a=fmtp:{payload} "
        own = next((line for line in (offered.lines if offered else ()) if line.startswith(wanted)), None)
        lines.append(own or f"{wanted}profile-level-id=42e01f;packetization-mode=1")
    if repair:
        lines += [f"a=rtpmap:{repair} rtx/90000", f"a=fmtp:{repair} apt={payload}"]
    if direction.startswith("send"):
        lines += [f"a=msid:janus janus{mid}", f"a=ssrc:{credentials.ssrc(index)} cname:janus"]
    return lines


def _text(
    origin: str,
    sections: Sequence[tuple[list[str], str | None]],
    credentials: Credentials,
    setup: str,
    candidates: bool,
) -> str:
    """Join sections, each its lines and, unless it is rejected, its mid."""
    used = [mid for _, mid in sections if mid is not None]
    lines = [
        "v=0",
        f"o=- {origin} IN IP4 {ADDRESS}",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE{''.join(f' {mid}' for mid in used)}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {credentials.fingerprint}",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS *",
    ]
    for body, mid in sections:
        lines += body
        if mid is not None:
            lines += [
                f"a=ice-ufrag:{credentials.ufrag}",
                f"a=ice-pwd:{credentials.password}",
                "a=ice-options:trickle",
                f"a=setup:{setup}",
            ]
            if candidates:
                lines += [f"a={CANDIDATE}", "a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"
