"""What a practice gateway is started with."""

from __future__ import annotations

from dataclasses import dataclass, field

from janus_notebook.errors import JanusOptionError


@dataclass(frozen=True, kw_only=True)
class PracticeOptions:
    """The options of `LocalGateway` that a gateway without a ``janus`` can keep. Times are in seconds.

    Raises:
        JanusOptionError: a value that Janus does not take.
    """

    session_timeout: int = 60
    reclaim_session_timeout: int = 0
    full_trickle: bool = True
    api_secret: str | None = field(default=None, repr=False)
    token_auth: bool = False
    token_auth_secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("session_timeout", "reclaim_session_timeout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise JanusOptionError(f"{name}={value!r}: expected 0 or more whole seconds")
        if self.token_auth_secret is not None and not self.token_auth:
            raise JanusOptionError("token_auth_secret without token_auth", hint="Add token_auth=True.")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(secret for secret in (self.api_secret, self.token_auth_secret) if secret)
