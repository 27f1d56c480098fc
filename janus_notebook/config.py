"""Secrets and settings: what must never be shown, and the environment variables we read.

This module is the only reader of ``JANUS_*`` variables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = [
    "MASK",
    "SECRET_KEYS",
    "Settings",
    "is_secret",
    "mask",
    "mask_sdp",
    "mask_url",
    "settings_from_environment",
]

MASK = "***"

# Field names that carry a secret anywhere in the Janus API, its plugins, or WebRTC configuration.
SECRET_KEYS = frozenset(
    {
        "admin_key",
        "admin_secret",
        "allowed",  # lists of room tokens
        "api_secret",
        "apisecret",
        "auth_token",
        "authorization",
        "backend_pwd",
        "credential",
        "crypto",
        "ha1_secret",
        "new_pin",
        "new_secret",
        "password",
        "pin",
        "proxy_authorization",
        "pwd",
        "room_pin",
        "rtspauth",
        "rtsp_pwd",
        "secret",
        "srtp_crypto",
        "srtpcrypto",
        "token",
        "token_auth_secret",
        "turn_pwd",
        "turn_rest_api_key",
    }
)

# The key in an SDP's a=crypto line.
_SDES_KEY = re.compile(r"(\binline:)[^\s|;]+")


def is_secret(key: str) -> bool:
    """Whether a field of this name carries a secret."""
    return key.lower().replace("-", "_") in SECRET_KEYS


def mask(value: Any) -> Any:
    """Return `value` with every secret in it replaced by ``***``; the argument is never changed.

    Works through dicts, lists and tuples. Parts without secrets are returned as they are, not
    copied. Booleans and None under a secret's name stay: Janus uses them as flags
    (``"api_secret": true`` in its server information).
    """
    if isinstance(value, Mapping):
        changed: dict[Any, Any] = {}
        for key, item in value.items():
            if isinstance(key, str) and is_secret(key):
                masked = _mask_all(item)
            elif key in _MASKS_OF_TEXTS and isinstance(item, str):
                masked = _MASKS_OF_TEXTS[key](item)
            elif isinstance(item, str | int | float | None):
                continue
            else:
                masked = mask(item)
            if masked is not item:
                changed[key] = masked
        return {**value, **changed} if changed else value
    if isinstance(value, list | tuple):
        items = [mask(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _mask_all(value: Any) -> Any:
    """Mask every leaf of what stands under a secret's name."""
    if isinstance(value, bool | None):
        return value
    if isinstance(value, Mapping):
        return {key: _mask_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_all(item) for item in value]
    return MASK


def mask_sdp(sdp: str) -> str:
    """Return an SDP without the keys of SRTP that it may carry (``a=crypto``, RFC 4568)."""
    return _SDES_KEY.sub(rf"\1{MASK}", sdp) if "inline:" in sdp else sdp


def mask_url(url: str) -> str:
    """Return `url` without its user and password, and without secrets in its query."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        _ = parts.port  # raises where what precedes a slash in a password stands in its place
    except ValueError:
        # Not a URL, but it may hold a password all the same.
        return re.sub(r"//.*@", f"//{MASK}@", url.partition("?")[0])
    host = parts.netloc.rpartition("@")
    netloc = f"{MASK}@{host[2]}" if host[1] else parts.netloc
    if any(is_secret(key) for key, _ in query):
        pairs = [(key, MASK if is_secret(key) else value) for key, value in query]
        return urlunsplit(parts._replace(netloc=netloc, query=urlencode(pairs, safe="*")))
    return urlunsplit(parts._replace(netloc=netloc)) if host[1] else url


# Fields whose text may hold a secret among other things.
_MASKS_OF_TEXTS = {"sdp": mask_sdp, "url": mask_url}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment says; every value may be overridden by an argument.

    Attributes:
        url: ``JANUS_URL``, the server that ``connect()`` uses.
        api_secret: ``JANUS_API_SECRET``.
        token: ``JANUS_TOKEN``.
        admin_url: ``JANUS_ADMIN_URL``, the Admin API that ``admin()`` uses.
        admin_secret: ``JANUS_ADMIN_SECRET``.
        binary: ``JANUS_BINARY``, the ``janus`` executable of the local gateway.
    """

    url: str | None = None
    api_secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    admin_url: str | None = None
    admin_secret: str | None = field(default=None, repr=False)
    binary: str | None = None


def settings_from_environment() -> Settings:
    """Read the ``JANUS_*`` variables as they are now; an empty one counts as not set."""
    return Settings(
        url=os.environ.get("JANUS_URL") or None,
        api_secret=os.environ.get("JANUS_API_SECRET") or None,
        token=os.environ.get("JANUS_TOKEN") or None,
        admin_url=os.environ.get("JANUS_ADMIN_URL") or None,
        admin_secret=os.environ.get("JANUS_ADMIN_SECRET") or None,
        binary=os.environ.get("JANUS_BINARY") or None,
    )
