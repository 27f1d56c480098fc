"""What a session shows to a server that asks who it is."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

from janus_notebook.errors import JanusOptionError, JanusTimeoutError

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

    async def renew(self, timeout: float) -> bool:
        """Ask for the token anew; return whether it is another than before.

        Raises:
            JanusOptionError: the function failed, or gave no text.
            JanusTimeoutError: it gave none within `timeout` seconds.
        """
        before = self.fields
        fields = {"apisecret": self._api_secret, "token": await self._ask(timeout)}
        self.fields = {key: value for key, value in fields.items() if value is not None}
        return self.fields != before

    def hint(self) -> str:
        """How to go on when the server refuses them; "" if there are none."""
        token = self.fields.get("token")
        if token is None:
            return "The server refused this api_secret." if self.fields else ""
        expiry = token.partition(",")[0]
        if ":" in token and expiry.isdecimal() and int(expiry) < time.time():
            ago = time.time() - int(expiry)
            return f"The token expired {ago:.0f} s ago; a function as token= can make a new one."
        return "The server refused this token; is it spelt right, signed with the right secret, not expired?"

    @property
    def renewable(self) -> bool:
        """Whether asking again may give another token."""
        return callable(self._token)

    async def _ask(self, timeout: float) -> str | None:
        if self._token is None or isinstance(self._token, str):
            return self._token
        try:
            async with asyncio.timeout(timeout) as limit:
                token = await _given(self._token)
        except Exception as exc:
            if limit.expired():
                raise JanusTimeoutError(f"the token function gave none within {timeout:g} s") from exc
            raise JanusOptionError(f"the token function failed: {type(exc).__name__}: {exc}") from exc
        if not isinstance(token, str):
            raise JanusOptionError(
                f"the token function returned {type(token).__name__}",
                hint="It must return the token, a text.",
            )
        return token


async def _given(source: Callable[[], str | Awaitable[str]]) -> str:
    token = source()
    return await token if inspect.isawaitable(token) else token
