"""ICE servers and candidates, in the forms that callers and Janus use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiortc.rtcicetransport import RTCIceCandidate, parse_stun_turn_uri
from aiortc.sdp import candidate_from_sdp

from janus_notebook.errors import JanusMediaError, JanusOptionError

__all__ = ["checked_servers", "masked_server", "parsed_candidate"]

SERVER_KEYS = ("urls", "username", "credential")


def checked_servers(servers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a checked copy of the ICE servers that a caller gives.

    Raises:
        JanusOptionError: it is not a list of dicts, or one of them does not describe a server.
    """
    if isinstance(servers, (str, Mapping)) or not isinstance(servers, Iterable):
        raise _not_servers(servers)
    return [_checked(server) for server in servers]


def _not_servers(found: object) -> JanusOptionError:
    # The type alone: what was given may hold a secret.
    return JanusOptionError(
        f"ice_servers is a list of dicts; found {type(found).__name__}",
        hint="Give for example ice_servers=[{'urls': 'stun:stun.example.org:3478'}].",
    )


def _checked(server: object) -> dict[str, Any]:
    """Return a checked copy of an ICE server's options, as a browser's ``RTCIceServer`` has them."""
    if not isinstance(server, Mapping):
        raise _not_servers(server)
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
    if not isinstance(candidate, Mapping):  # a server may send anything
        raise JanusMediaError(f"{candidate!r} is not an ICE candidate")
    text = candidate.get("candidate", "")
    if candidate.get("completed") or text == "":
        return None
    try:
        return candidate_from_sdp(text.removeprefix("a=").removeprefix("candidate:"))
    except (AssertionError, AttributeError, ValueError) as exc:
        raise JanusMediaError(f"{text!r} is not an ICE candidate") from exc
