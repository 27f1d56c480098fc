"""ICE servers and candidates, in the forms that callers and Janus use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiortc.rtcicetransport import RTCIceCandidate, parse_stun_turn_uri
from aiortc.sdp import candidate_from_sdp

from janus_notebook.errors import JanusMediaError, JanusOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["checked_server", "masked_server", "parsed_candidate"]

SERVER_KEYS = ("urls", "username", "credential")


def checked_server(server: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked copy of an ICE server's options, as a browser's ``RTCIceServer`` has them."""
    for key in server:
        if key not in SERVER_KEYS:
            raise JanusOptionError.unknown("key of an ICE server", key, SERVER_KEYS)
    urls = server.get("urls")
    for url in [urls] if isinstance(urls, str) else urls or [None]:
        try:
            parse_stun_turn_uri(url)
        except (AttributeError, ValueError) as exc:
            raise JanusOptionError(
                f"{url!r} is not the URL of an ICE server",
                hint="Use 'stun:host:port' or 'turn:host:port?transport=udp'.",
            ) from exc
    return dict(server)


def masked_server(server: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy that may be shown. With time-limited TURN the user name is half of the secret."""
    return {key: value if key == "urls" else "***" for key, value in server.items()}


def parsed_candidate(candidate: Mapping[str, Any]) -> RTCIceCandidate | None:
    """Return a trickled candidate in aiortc's form; None means that no more will come.

    Raises:
        JanusMediaError: the text is not a candidate (RFC 8839, section 5.1).
    """
    text = candidate.get("candidate", "")
    if candidate.get("completed") or text == "":
        return None
    try:
        return candidate_from_sdp(text.removeprefix("a=").removeprefix("candidate:"))
    except (AssertionError, AttributeError, ValueError) as exc:
        raise JanusMediaError(f"{text!r} is not an ICE candidate") from exc
