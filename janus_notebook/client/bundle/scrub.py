"""Masking for a file that strangers will read: in data by field names, in texts by what secrets look like.

A text may hold anything: an SDP, a header, JSON that Janus's log shows at its higher levels. Where a rule
can't tell, it masks too much rather than too little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from janus_notebook.config import MASK, SECRET_KEYS, is_secret, mask
from janus_notebook.texts import clean

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession

__all__ = ["Scrubber", "plain", "secrets_of"]

# A shorter one may be part of a word or of an id: it is masked where it stands alone.
SHORT = 6
LONGEST_LINE = 20_000

_KEY = "|".join(key.replace("_", "[-_]") for key in sorted(SECRET_KEYS, key=len, reverse=True))
# The only rule that needs neither a colon nor an equals sign.
_SCHEME = re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w+/=.~-]{6,}")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Headers, to the end of the line; in JSON the line ends at an escape.
    (re.compile(r"(?im)\b((?:proxy-)?authorization\s*:\s*)(?:(?!\\[rn]).)+"), rf"\1{MASK}"),
    (_SCHEME, rf"\1{MASK}"),
    (re.compile(r"""(?i)\b(response\s*=\s*\\*["'])[0-9a-f]+"""), rf"\1{MASK}"),
    # The users of URLs, and the passwords of SIP addresses.
    (re.compile(r"""(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^/\s@"'<>]+@"""), rf"\1{MASK}@"),
    (re.compile(r"""(?i)\b(sips?:[^:@\s;"'<>]{1,200}:)[^@\s"'<>]{1,200}@"""), rf"\1{MASK}@"),
    # The keys of SRTP in an SDP (RFC 4568).
    (re.compile(r"""\b(inline:)(?:\\/|[^\s|;"'\\])+"""), rf"\1{MASK}"),
    # A name and its value, as in JSON (also within a text of JSON), Python, libconfig, URLs and SDPs. With
    # it go ICE's passwords.
    (
        re.compile(
            rf"""(?is)(?<!a=)\b((?:{_KEY})(?:\\*["'])?\s*[:=]\s*)"""
            rf"""(?!{re.escape(MASK)}|\\*["']{re.escape(MASK)})"""
            r"""(?:(?P<quote>\\*["']).*?(?:(?<!\\)(?P=quote)|\Z)|\[[^\]]*\]?|"""
            r"""(?!(?:true|false|null|none)\b)[^\s,;&{}\[\]()"'\\]+)"""
        ),
        rf"\1\g<quote>{MASK}\g<quote>",
    ),
)


class Scrubber:
    """Masks secrets in data and texts.

    Args:
        secrets: texts that are masked wherever they stand.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _spellings(secret)} - {""}
        # The longest first: one may be the beginning of another.
        self._known = (
            re.compile("|".join(map(_sought, sorted(forms, key=len, reverse=True)))) if forms else None
        )

    def text(self, text: str) -> str:
        """A text without its secrets, and without what no UTF-8 can hold."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        if ":" in text or "=" in text or _SCHEME.search(text):
            for rule, replacement in _RULES:
                text = rule.sub(replacement, text)
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")

    def value(self, value: Any) -> Any:
        """Data without its secrets; the argument is never changed."""
        return self._texts_of(mask(value))

    def _texts_of(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._texts_of(key): self._texts_of(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._texts_of(item) for item in value]
        return value


def _spellings(secret: str) -> Iterable[str]:
    """How a secret may be written."""
    return (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])


def _sought(form: str) -> str:
    pattern = re.escape(form)
    return pattern if len(form) >= SHORT else rf"(?<!\w){pattern}(?!\w)"


def secrets_of(session: JanusSession) -> set[str]:
    """The secrets that a session was given."""
    found = {*session.credentials.fields.values(), *_in_url(session.base_url)}
    admin = session.admin
    if admin is not None:
        found |= {*admin.secrets, *_in_url(admin.base_url)}
    for name, value in session.connection.options.items():
        if isinstance(value, Mapping):
            found |= {str(text) for key, text in value.items() if _is_header_secret(str(key))}
        elif isinstance(value, str):
            found |= {value} if is_secret(name) else _in_url(value)
    return found


def _is_header_secret(name: str) -> bool:
    return is_secret(name) or any(word in name.lower() for word in ("cookie", "key", "token", "secret"))


def _in_url(url: str) -> set[str]:
    """The password of a URL, and the secrets in its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return set()  # no URL: the rules look at it as at any text
    found = {value for key, value in parse_qsl(parts.query) if is_secret(key)}
    return found | ({parts.password, unquote(parts.password)} if parts.password else set())


def plain(text: str) -> str:
    """A text on one line, as it may be shown anywhere."""
    return clean(text, LONGEST_LINE)
