"""What a page tells of its peer connection, read into the forms of our own (`Peer.facts`, `Peer.stats`).

None of it is trusted: what has another type is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from janus_notebook.texts import NAME_LIMIT, clean

__all__ = ["candidates_of", "pair_of", "stats_of", "text_of", "tracks_of", "whole"]

MOST_SECTIONS: Final = 64
MOST_CANDIDATES: Final = 64
CANDIDATE_LIMIT: Final = 1000
DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive", "stopped")
COUNTS: Final = ("packets_in", "bytes_in", "frames_in", "lost_in", "packets_out", "bytes_out", "lost_out")
SECONDS: Final = ("jitter_in_secs", "jitter_out_secs", "rtt_secs")


def text_of(value: object, limit: int = NAME_LIMIT) -> str:
    """A text, cut and cleaned; "" for what is none."""
    return clean(value, limit) if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """A count, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < 1e6 else None


def _mappings(value: object) -> list[Mapping[str, Any]]:
    found = value if isinstance(value, list) else []
    return [each for each in found[:MOST_SECTIONS] if isinstance(each, Mapping)]


def stats_of(told: object) -> dict[str, Any]:
    """The counters, as `Peer.stats` gives them."""
    facts = told if isinstance(told, Mapping) else {}
    transport = facts.get("transport")
    counted = transport if isinstance(transport, Mapping) else {}
    names = ("bytes_in", "bytes_out", "packets_in", "packets_out")
    media = {
        text_of(section.get("mid")): {
            "kind": text_of(section.get("kind")),
            "direction": section["direction"] if section.get("direction") in DIRECTIONS else None,
            "codec": text_of(section.get("codec")) or None,
            **{name: whole(section.get(name)) for name in COUNTS},
            **{name: _seconds(section.get(name)) for name in SECONDS},
        }
        for section in _mappings(facts.get("media"))
    }
    return {
        "transport": {name: whole(counted.get(name)) for name in names} if counted else {},
        "media": media,
    }


def tracks_of(told: object) -> list[dict[str, Any]]:
    """What is received, as `Peer.facts` has it."""
    return [
        {
            "mid": text_of(track.get("mid")),
            "kind": text_of(track.get("kind")),
            "frames": whole(track.get("frames")) or 0,
            "size": _size(track),
            "last_frame_at": None,
            "ended": track.get("ended") is True,
        }
        for track in _mappings(told)
    ]


def _size(track: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = whole(track.get("width")), whole(track.get("height"))
    return (width, height) if width and height else None


def pair_of(told: object) -> dict[str, dict[str, Any]] | None:
    """The candidate pair in use, as `Peer.facts` has it."""
    if not isinstance(told, Mapping):
        return None
    found = {}
    for side in ("local", "remote"):
        candidate = told.get(side)
        if not isinstance(candidate, Mapping):
            return None
        found[side] = {
            "address": text_of(candidate.get("address")),
            "port": whole(candidate.get("port")) or 0,
            "type": text_of(candidate.get("type")),
            "protocol": text_of(candidate.get("protocol")),
        }
    return found


def candidates_of(told: object) -> list[dict[str, Any]]:
    """ICE candidates as Janus's ``trickle`` takes them; the last may be ``{"completed": True}``."""
    found: list[dict[str, Any]] = []
    for each in told[:MOST_CANDIDATES] if isinstance(told, list) else []:
        if not isinstance(each, Mapping):
            continue
        text, index = each.get("candidate"), whole(each.get("sdpMLineIndex"))
        if each.get("completed") is True:
            found.append({"completed": True})
        elif isinstance(text, str) and text and len(text) < CANDIDATE_LIMIT:
            mid = text_of(each.get("sdpMid"))
            found.append({"candidate": text, "sdpMid": mid, "sdpMLineIndex": index or 0})
    return found
