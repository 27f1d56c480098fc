"""Requests about stored tokens. A server with signed tokens, or with none, refuses all of them (490)."""

from __future__ import annotations

from collections.abc import Sequence

from janus_notebook.client.admin.base import AdminBase, converted
from janus_notebook.client.admin.replies import AdminReply, PluginsOfToken, StoredToken
from janus_notebook.client.plugin import full_plugin_name
from janus_notebook.client.requests import Extra, request
from janus_notebook.errors import JanusOptionError

__all__ = ["TokenRequests"]


class TokenRequests(AdminBase):
    """The part of `JanusAdmin` about stored tokens. Plugins' names may be short (``videoroom``)."""

    @request()
    async def add_token(
        self,
        token: str,
        *,
        plugins: Sequence[str] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> PluginsOfToken:
        """Let the server know a token.

        Args:
            token: any text that nobody can guess.
            plugins: what it may be used for; None for every plugin. A name that the server does not know
                is left out without a word: the answer lists those that it has taken.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        plugins = _full(plugins)
        return await self._ask("add_token", PluginsOfToken, locals(), part="data")

    @request()
    async def allow_token(
        self, token: str, *, plugins: Sequence[str], extra: Extra = None, timeout: float | None = None
    ) -> PluginsOfToken:
        """Let a token be used for more plugins.

        Args:
            token: one that the server knows, else 470.
            plugins: at least one, all of which the server must have, else 467.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Returns:
            All that it may be used for now.
        """
        plugins = _full(plugins) or ()
        return await self._ask("allow_token", PluginsOfToken, locals(), part="data")

    @request()
    async def disallow_token(
        self, token: str, *, plugins: Sequence[str], extra: Extra = None, timeout: float | None = None
    ) -> PluginsOfToken:
        """Let a token be used for fewer plugins; handles that it has attached go on.

        Args:
            token: one that the server knows, else 470.
            plugins: at least one, all of which the server must have, else 467.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Returns:
            All that it may be used for still.
        """
        plugins = _full(plugins) or ()
        return await self._ask("disallow_token", PluginsOfToken, locals(), part="data")

    @request()
    async def list_tokens(
        self, *, extra: Extra = None, timeout: float | None = None
    ) -> tuple[StoredToken, ...]:
        """List the tokens that the server knows; it leaves out those that are good for no plugin."""
        found = await self._list("list_tokens", "data.tokens", locals())
        return tuple(converted(item, StoredToken, "list_tokens") for item in found)

    @request()
    async def remove_token(
        self, token: str, *, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """Let the server forget a token; one that it does not know is 490.

        Args:
            token: the token.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("remove_token", AdminReply, locals())


def _full(plugins: Sequence[str] | None) -> list[str] | None:
    if plugins is None:
        return None
    if isinstance(plugins, str):  # a sequence too, of letters
        raise JanusOptionError(
            f"plugins must be a list of names, not the text {plugins!r}", hint=f"Write [{plugins!r}]."
        )
    return [full_plugin_name(name) for name in plugins]
