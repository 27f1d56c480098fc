"""What was meant by a URL whose scheme is missing, broken or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from janus_notebook.config import mask_url
from janus_notebook.errors import JanusOptionError

__all__ = ["unknown_scheme", "without_scheme"]


def without_scheme(url: str, schemes: Iterable[str]) -> JanusOptionError:
    """The error for a URL that does not begin with ``scheme://``, with the one that was meant."""
    names = "|".join(map(re.escape, schemes))
    # A name before a colon and a number is a host, whatever it is called.
    match = re.match(rf"(?i)({names})(?::/?(?!\d+(?:/|$))|//)|:?//", url)
    start, scheme = (match[0], match[1]) if match else ("", None)
    rest = url[len(start) :]
    if not start and url.startswith("/"):
        scheme = "unix"
    scheme = (scheme or "ws").lower()
    root = "/" if scheme.startswith("unix") and not rest.startswith("/") else ""
    meant = mask_url(f"{scheme}://{root}{rest}")
    # Only what has a scheme is taken apart, and so masked.
    shown = start + meant.removeprefix(f"{scheme}://{root}")
    return JanusOptionError(f"{shown!r} has no scheme", hint=f"Did you mean {meant!r}? {_known(schemes)}")


def unknown_scheme(shown: str, scheme: str, schemes: Iterable[str]) -> JanusOptionError:
    """The error for the URL `shown`, whose `scheme` is none of `schemes`."""
    names = sorted(schemes)
    # Letters in the wrong order first: of two letters, no likeness is found otherwise.
    close = [name for name in names if sorted(name) == sorted(scheme)] or get_close_matches(
        scheme, names, n=1
    )
    hint = _known(names)
    if close and not scheme.startswith("unix"):  # a socket of a type that no transport has is no slip
        hint = f"Did you mean {close[0] + shown[len(scheme) :]!r}? {hint}"
    return JanusOptionError(f"{shown!r} has an unknown scheme {scheme!r}", hint=hint)


def _known(schemes: Iterable[str]) -> str:
    return f"Known: {', '.join(f'{scheme}://' for scheme in sorted(schemes))}."
