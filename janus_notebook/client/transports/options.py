"""Checks of transport options: each names the value, what is expected, and how to fix it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from math import inf
from typing import Any
from urllib.parse import urlsplit

from janus_notebook.config import mask_url
from janus_notebook.errors import JanusOptionError

__all__ = [
    "check_headers",
    "check_proxy",
    "check_seconds",
    "check_ssl",
    "check_whole",
    "refuse_ssl_without_tls",
]

# RFC 9110, sections 5.1 and 5.5: a token, and text without control characters.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

_CONTEXT = (
    "None verifies the server's certificate. For a private one pass "
    "ssl.create_default_context(cafile='its.pem')."
)


def check_seconds(name: str, value: Any, *, optional: bool = False) -> None:
    """Refuse what is not a finite number of seconds above 0 (or None, where it is `optional`)."""
    if value is None and optional:
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf:
        return
    none = ", or None for never" if optional else ""
    raise JanusOptionError(
        f"{name} must be seconds above 0, and finite{none}, not {value!r}", hint=f"For example {name}=10."
    )


def check_whole(
    name: str, value: Any, *, most: int | None = None, example: int, optional: bool = False
) -> None:
    """Refuse what is not a whole number from 1 to `most` (or None, where it is `optional`)."""
    if value is None and optional:
        return
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1 and (not most or value <= most):
        return
    upto = f"from 1 to {most}" if most else "of at least 1"
    none = ", or None for no limit" if optional else ""
    raise JanusOptionError(
        f"{name} must be a whole number {upto}{none}, not {value!r}", hint=f"For example {name}={example}."
    )


def check_ssl(value: Any) -> None:
    """Refuse what is neither an `ssl.SSLContext` nor None; a bool says nothing of what is trusted."""
    if value is not None and not isinstance(value, ssl.SSLContext):
        raise JanusOptionError(f"ssl must be an ssl.SSLContext or None, not {value!r}", hint=_CONTEXT)


def check_headers(value: Any) -> None:
    """Refuse headers that HTTP can't carry. Their values are never shown: they may be secrets."""
    if not isinstance(value, Mapping):
        raise JanusOptionError(
            f"headers must be a dict of names and values, not {type(value).__name__}",
            hint='For example headers={"X-Forwarded-For": "192.0.2.1"}.',
        )
    for name, text in value.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise JanusOptionError(
                f"{name!r} is not the name of an HTTP header", hint="For example 'Authorization'."
            )
        if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
            raise JanusOptionError(
                f"the header {name!r} must be a string on one line",
                hint="Convert it with str(), and strip it.",
            )


def check_proxy(value: Any) -> None:
    """Refuse what is neither the URL of a proxy, nor True, nor None."""
    if value is None or value is True:
        return
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            if parts.scheme and parts.hostname:
                return
        except ValueError:
            pass  # said below
    # What is no URL may still hold a password: it is not shown.
    shown = "a text that is none" if isinstance(value, str) else repr(value)
    raise JanusOptionError(
        f"proxy must be a URL, True for the one of the environment, or None for none, not {shown}",
        hint="For example proxy='http://proxy.example:3128'.",
    )


def refuse_ssl_without_tls(url: str, context: ssl.SSLContext | None, scheme: str) -> None:
    """Refuse a TLS context for a URL without TLS: the caller believes that it is protected."""
    if context is not None and not url.lower().startswith(f"{scheme}:"):
        raise JanusOptionError(
            f"ssl= is given, but {mask_url(url)!r} does not use TLS",
            hint=f"Write {scheme}://, or leave ssl out.",
        )
