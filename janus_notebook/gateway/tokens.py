"""`TokenStore`: the stored tokens of a gateway, over its Admin API."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from janus_notebook.config import MASK
from janus_notebook.errors import (
    JanusOptionError,
    JanusProtocolError,
    JanusServerError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

ANSWER_SECONDS = 10.0
UNKNOWN = 490  # the Admin API's code for both: tokens are not stored, and no such token


class TokenStore(ABC):
    """A gateway with an Admin API, and thereby with stored tokens."""

    def __init__(self) -> None:
        self._given_tokens: set[str] = set()
        """Every token that was ever given, so that the log does not show it."""

    @property
    @abstractmethod
    def admin_url(self) -> str: ...

    @property
    @abstractmethod
    def admin_secret(self) -> str: ...

    @property
    @abstractmethod
    def plugins(self) -> tuple[str, ...]: ...

    async def add_token(self, token: str, plugins: Iterable[str] | None = None) -> tuple[str, ...]:
        """Let requests with `token` in; it is kept until `remove_token` or the gateway's end.

        For a gateway with ``token_auth=True`` and without ``token_auth_secret``; then
        ``JanusSession(gateway.ws_url, token=token)``. A token that is there already may attach to
        `plugins` too. Source: Janus documentation, "Admin/Monitor API", ``add_token``.

        Args:
            token: any text.
            plugins: what its bearer may attach to, by package name or its last part; None for all.

        Returns:
            The package names of all plugins that the token may attach to.

        Raises:
            JanusOptionError: the token is no text, or the gateway has no such plugin.
            JanusServerError: the gateway stores no tokens (490).
            JanusStateError: it is not running.
            JanusConnectionError, JanusTimeoutError, JanusProtocolError: it does not answer as it should.
        """
        fields: dict[str, Any] = {"token": _checked(token)}
        if plugins is not None:
            fields["plugins"] = self._packages(plugins)
        answer = await self._ask_admin("add_token", fields)
        try:
            return tuple(sorted(map(str, answer["data"]["plugins"])))
        except (KeyError, TypeError) as exc:
            raise JanusProtocolError("the Admin API's answer to add_token names no plugins") from exc

    async def remove_token(self, token: str) -> None:
        """Let requests with `token` in no longer; sessions that are open are refused their next request.

        Source: Janus documentation, "Admin/Monitor API", ``remove_token``.

        Raises:
            JanusOptionError: the token is no text.
            JanusServerError: there is no such token, or the gateway stores none (490).
            JanusStateError: it is not running.
            JanusConnectionError, JanusTimeoutError, JanusProtocolError: it does not answer as it should.
        """
        await self._ask_admin("remove_token", {"token": _checked(token)})

    def _packages(self, names: Iterable[str]) -> list[str]:
        from janus_notebook.client.plugin import full_plugin_name

        if isinstance(names, str):
            raise JanusOptionError(f"plugins={names!r}: expected a list of names", hint=f"Write [{names!r}].")
        try:
            given = list(names)
        except TypeError:
            given = []
        if not given or not all(isinstance(name, str) for name in given):
            hint = "Such as ['echotest']; None allows all of them."
            raise JanusOptionError(f"plugins={names!r}: expected a list of names", hint=hint)
        packages = [full_plugin_name(name) for name in given]
        if not self.plugins:
            _ = self.admin_url  # says that it is not running
        for package in packages:  # Janus itself passes over what it does not know
            if package not in self.plugins:
                raise JanusOptionError.unknown("plugin", package, self.plugins)
        return packages

    async def _ask_admin(self, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
        import httpx

        from janus_notebook.client.transports.http_client import HttpClient

        url = httpx.URL(self.admin_url)
        message = {"janus": verb, "transaction": verb, "admin_secret": self.admin_secret, **fields}
        self._given_tokens.add(fields["token"])
        client = HttpClient(
            url, context=None, headers={}, open_timeout=ANSWER_SECONDS, max_size=None, proxy=None
        )
        try:
            _, body = await client.exchange("POST", url, json.dumps(message).encode(), timeout=ANSWER_SECONDS)
        finally:
            await client.close()
        try:
            answer = json.loads(body)
            if answer["janus"] == "success":
                return dict(answer)
            code, reason = int(answer["error"]["code"]), str(answer["error"]["reason"])
        except (ValueError, KeyError, TypeError) as exc:
            raise JanusProtocolError(f"the Admin API's answer to {verb} is not one of Janus's") from exc
        error = JanusServerError(code, reason.replace(fields["token"], MASK))
        if code == UNKNOWN:
            stored = "disabled" not in reason.lower()
            error.hint = (
                "Was it added?"
                if stored
                else "It stores tokens with token_auth=True, and without token_auth_secret."
            )
        raise error


def _checked(token: object) -> str:
    if not isinstance(token, str) or not token:
        shown = "an empty text" if token == "" else type(token).__name__  # a token is a secret
        raise JanusOptionError(f"the token is {shown}: expected a text that is not empty")
    return token
