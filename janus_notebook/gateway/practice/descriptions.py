"""Answers and offers like Janus's, at signalling level.

Nothing here opens a socket. The texts parse, and name codecs, directions and credentials as Janus does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from janus_notebook.gateway.practice.sdp import CODECS, STATIC, Description, Section, picked

__all__ = ["CANDIDATE", "Credentials", "answer_text", "offer_text", "rejection"]

ADDRESS = "127.0.0.1"
# The port of the discard service: a candidate has to name one, and nothing answers there.
CANDIDATE = f"candidate:1 1 udp 2015363327 {ADDRESS} 9 typ host"
# What only we would send is inactive, as neither EchoTest nor a room has anything of its own.
MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "inactive", "inactive": "inactive"}
FEEDBACK = ("ccm fir", "nack", "nack pli", "goog-remb", "transport-cc")


@dataclass(frozen=True)
class Credentials:
    """What one PeerConnection names in its descriptions. Random: it is nobody's key."""

    ufrag: str = field(default_factory=lambda: secrets.token_hex(2))
    password: str = field(default_factory=lambda: secrets.token_hex(11), repr=False)
    fingerprint: str = field(default_factory=lambda: secrets.token_bytes(32).hex(":").upper())
    session: int = field(default_factory=lambda: secrets.randbelow(2**40) + 1)

    def ssrc(self, index: int) -> int:
        return (self.session * 2654435761 + index) % 2**32 or 1


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
            sections.append((rejection(section), None))
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


def rejection(section: Section) -> list[str]:
    """Return the lines that reject a section."""
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
