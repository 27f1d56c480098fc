"""Who may ask what: the API secret, stored tokens, signed tokens.

The rules are those of the Janus documentation, "Authenticating the Janus API", and of ``auth.c``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from janus_notebook.gateway.options import GatewayOptions

REALM = "janus"


class Authority:
    """Checks each request; keeps the stored tokens and the plugins that each may attach to.

    Args:
        options: holds the secrets.
        clock: seconds since the epoch, for the expiry of signed tokens.
    """

    def __init__(self, options: GatewayOptions, *, clock: Callable[[], float] = time.time) -> None:
        self._api_secret = options.api_secret
        self._signing_secret = options.token_auth_secret
        self._clock = clock
        self.uses_tokens = options.token_auth
        self.allowed: dict[str, set[str]] | None = None
        """Plugins by stored token; None unless tokens are stored."""
        if options.token_auth and options.token_auth_secret is None:
            self.allowed = {}

    @property
    def uses_secret(self) -> bool:
        return self._api_secret is not None

    def admits(self, request: Mapping[str, Any]) -> bool:
        """Whether `request` may be served: the secret or a valid token is enough."""
        if not self.uses_secret and not self.uses_tokens:
            return True
        secret, token = request.get("apisecret"), request.get("token")
        if self._api_secret is not None and isinstance(secret, str) and same(secret, self._api_secret):
            return True
        return self.uses_tokens and isinstance(token, str) and self.knows(token)

    def knows(self, token: str) -> bool:
        """Whether `token` is stored, or well signed for Janus and not expired."""
        if self.allowed is not None:
            return token in self.allowed
        return self._signed_for(token) is not None

    def allows(self, token: object, plugin: str) -> bool:
        """Whether a request with this token may attach to `plugin`; one without a token may."""
        if not self.uses_tokens or not isinstance(token, str):
            return True
        if self.allowed is not None:
            return plugin in self.allowed.get(token, ())
        return plugin in (self._signed_for(token) or ())

    def _signed_for(self, token: str) -> list[str] | None:
        """Return the plugins that a signed token names, or None if it is not valid."""
        assert self._signing_secret is not None
        text, colon, signature = token.partition(":")
        fields = text.split(",")
        if not colon or len(fields) < 2 or fields[1] != REALM:
            return None
        digits = fields[0].strip()
        expiry = int(digits) if digits.isascii() and digits.isdigit() else 0
        if self._clock() >= expiry + 1:  # Janus compares whole seconds
            return None
        digest = hmac.new(self._signing_secret.encode(), text.encode(), hashlib.sha1).digest()
        return fields[2:] if same(signature, base64.b64encode(digest).decode()) else None

    def listed(self) -> Iterable[tuple[str, list[str]]]:
        """Yield the stored tokens with their plugins; one without plugins is hidden, as in Janus."""
        for token, plugins in (self.allowed or {}).items():
            if plugins:
                yield token, sorted(plugins)


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
