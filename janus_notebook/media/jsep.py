"""Descriptions as Janus carries them (``jsep``), and aiortc's errors about them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiortc import RTCSessionDescription
from aiortc.codecs import CODECS
from aiortc.rtcpeerconnection import find_common_codecs
from aiortc.sdp import SessionDescription

from janus_notebook.errors import JanusMediaError, JanusOptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["described", "mapped", "unknown_formats"]


def described(jsep: Mapping[str, Any], expected: str) -> RTCSessionDescription:
    """Return a ``jsep`` in aiortc's form, if its type is `expected`: ``offer`` or ``answer``.

    Raises:
        JanusOptionError: it has another type, or no text.
    """
    got = jsep.get("type")
    if got != expected or not isinstance(jsep.get("sdp"), str):
        raise JanusOptionError(f"jsep must have type {expected!r} and a text sdp, not type {got!r}")
    return RTCSessionDescription(sdp=jsep["sdp"], type=expected)


def unknown_formats(offer: str) -> set[int]:
    """Return which media sections hold nothing that could be sent or received here, by their place."""
    return {
        index
        for index, media in enumerate(SessionDescription.parse(offer).media)
        if media.kind != "application"
        and not find_common_codecs(CODECS.get(media.kind, []), media.rtp.codecs)
    }


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Turn what aiortc raises, which may be anything for a strange SDP, into `JanusMediaError`."""
    try:
        yield
    except Exception as exc:
        raise JanusMediaError(f"{what}: {str(exc) or repr(exc)}") from exc
