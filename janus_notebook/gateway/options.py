"""The options that both gateways have, and their checks."""

from __future__ import annotations

from dataclasses import dataclass, field

from janus_notebook.errors import JanusOptionError
from janus_notebook.gateway.values import require_bool, require_one_of, require_text, require_whole

UNIX_TYPES = ("SOCK_SEQPACKET", "SOCK_DGRAM")  # what janus.transport.pfunix knows; one for each server


@dataclass(frozen=True, kw_only=True)
class GatewayOptions:
    """What a gateway is started with. Times are in seconds.

    Raises:
        JanusOptionError: a value that Janus does not take.
    """

    session_timeout: int = 60
    reclaim_session_timeout: int = 0
    full_trickle: bool = True
    api_secret: str | None = field(default=None, repr=False)
    token_auth: bool = False
    token_auth_secret: str | None = field(default=None, repr=False)
    unix_type: str = "SOCK_SEQPACKET"

    def __post_init__(self) -> None:
        for name in ("session_timeout", "reclaim_session_timeout"):
            require_whole(name, getattr(self, name), 0, of="seconds")
        for name in ("full_trickle", "token_auth"):
            require_bool(name, getattr(self, name))
        for name in ("api_secret", "token_auth_secret"):
            if (value := getattr(self, name)) is not None:
                require_text(name, value, secret=True)
        if self.token_auth_secret is not None and not self.token_auth:
            raise JanusOptionError("token_auth_secret without token_auth", hint="Add token_auth=True.")
        require_one_of("unix_type", self.unix_type, UNIX_TYPES)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(secret for secret in (self.api_secret, self.token_auth_secret) if secret)
