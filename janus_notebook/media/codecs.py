"""Codecs by the names that people, and Janus, use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiortc.codecs import get_capabilities

from janus_notebook.errors import JanusOptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiortc.rtcrtpparameters import RTCRtpCodecCapability

__all__ = ["known_codecs", "preferences", "sent_codecs"]

KINDS = ("audio", "video")


def known_codecs() -> list[str]:
    """Return the names of the codecs that can be sent and received here, such as ``vp8`` and ``opus``."""
    return sorted({_name(codec) for kind in KINDS for codec in get_capabilities(kind).codecs} - {"rtx"})


def sent_codecs(names: Iterable[str]) -> tuple[str, ...]:
    """Return the checked names, in their order and in small letters.

    Raises:
        JanusOptionError: one is unknown here.
    """
    asked = [names] if isinstance(names, str) else list(names)
    known = known_codecs()
    for name in asked:
        if not isinstance(name, str) or name.lower() not in known:
            raise JanusOptionError.unknown("codec", str(name), known)
    return tuple(name.lower() for name in asked)


def preferences(kind: str, names: Sequence[str]) -> list[RTCRtpCodecCapability]:
    """Return what to offer of a kind: the named ones in their order; all, if none of them is of that kind."""
    codecs = get_capabilities(kind).codecs
    wanted = [codec for name in names for codec in codecs if _name(codec) == name]
    return wanted + [codec for codec in codecs if _name(codec) == "rtx"] if wanted else []


def _name(codec: RTCRtpCodecCapability) -> str:
    return codec.mimeType.partition("/")[2].lower()
