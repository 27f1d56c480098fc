"""What a session shows to a server that asks who it is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from janus_notebook.errors import JanusOptionError

__all__ = ["Credentials", "TokenSource"]

TokenSource = str | Callable[[], str | Awaitable[str]]


class Credentials:
    """The API secret and the token of a session.

    Args:
        api_secret: the server's ``api_secret``, or None.
        token: a token, or a function (a coroutine function too) that gives one, or None.

    Attributes:
        fields: what goes into each request, as of the last `renew`: ``apisecret``, ``token``.

    Raises:
        JanusOptionError: one of them is not what it should be.
    """

    def __init__(self, api_secret: str | None, token: TokenSource | None) -> None:
        if api_secret is not None and not isinstance(api_secret, str):
            raise JanusOptionError(f"api_secret must be a text, not {type(api_secret).__name__}")
        if token is not None and not isinstance(token, str) and not callable(token):
            raise JanusOptionError(
                f"token must be a text or a function that returns one, not {type(token).__name__}"
            )
        self._api_secret = api_secret
        self._token = token
        self.fields: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self.fields) or 'none'}>"

    async def renew(self) -> bool:
        """Ask for the token anew; return whether it is another than before.

        Whatever the function raises goes to the caller.

        Raises:
            JanusOptionError: the function gave no text.
        """
        before = self.fields
        fields = {"apisecret": self._api_secret, "token": await self._ask()}
        self.fields = {key: value for key, value in fields.items() if value is not None}
        return self.fields != before

    @property
    def renewable(self) -> bool:
        """Whether asking again may give another token."""
        return callable(self._token)

    async def _ask(self) -> str | None:
        if self._token is None or isinstance(self._token, str):
            return self._token
        token = self._token()
        if inspect.isawaitable(token):
            token = await token
        if not isinstance(token, str):
            raise JanusOptionError(
                f"the token function returned {type(token).__name__}",
                hint="It must return the token, a text.",
            )
        return token
