"""Requests to the server's modules: plugins, transports, event handlers, loggers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from janus_notebook.client.admin.base import AdminBase, object_in
from janus_notebook.client.admin.replies import AdminReply, ModuleReply
from janus_notebook.client.plugin import full_plugin_name
from janus_notebook.client.requests import Extra, request
from janus_notebook.config import mask
from janus_notebook.errors import JanusOptionError, JanusPluginError
from janus_notebook.protocol.messages import integer
from janus_notebook.protocol.plugin_codes import plugin_error_hint, plugin_error_name

__all__ = ["ModuleRequests"]

# The one plugin whose requests need a transaction of their own.
TEXTROOM = "janus.plugin.textroom"

# The requests here all have a parameter of this name, which hides the decorator in their bodies only.
Body = Mapping[str, Any] | None


class ModuleRequests(AdminBase):
    """The part of `JanusAdmin` that speaks to modules.

    The names may be short: ``videoroom`` for ``janus.plugin.videoroom``, ``http`` for
    ``janus.transport.http``. What a module refuses comes as a `JanusPluginError` with the module's name
    and its own code.
    """

    @request()
    async def message_plugin(
        self, plugin: str, *, request: Body = None, extra: Extra = None, timeout: float | None = None
    ) -> ModuleReply:
        """Send a management request to a plugin, without any session or handle.

        VideoRoom, for one, takes ``{"request": "list"}`` and whatever makes, changes and ends rooms.

        Args:
            plugin: its name.
            request: what is sent to it; in practice every plugin wants one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusPluginError: the plugin refused it.
            JanusServerError: 460 there is no such plugin, 490 it takes no such requests (SIP, NoSIP).
        """
        plugin = full_plugin_name(plugin)
        if plugin == TEXTROOM and isinstance(request, Mapping) and "transaction" not in request:
            request = {**request, "transaction": secrets.token_hex(4)}
        return await self._module("message_plugin", plugin, locals())

    @request()
    async def query_transport(
        self, transport: str, *, request: Body = None, extra: Extra = None, timeout: float | None = None
    ) -> ModuleReply:
        """Ask a transport something, or change a setting of it.

        Those of Janus itself take ``{"request": "configure"}`` (with ``events`` and ``json``) and
        ``{"request": "connections"}``.

        Args:
            transport: its name.
            request: what is sent to it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusPluginError: the transport refused it.
            JanusServerError: 460 there is no such transport.
        """
        transport = _full(transport, "transport")
        return await self._module("query_transport", transport, locals())

    @request()
    async def query_eventhandler(
        self, handler: str, *, request: Body = None, extra: Extra = None, timeout: float | None = None
    ) -> ModuleReply:
        """Ask an event handler something; most take ``{"request": "tweak", ...}`` for their settings.

        Args:
            handler: its name.
            request: what is sent to it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusPluginError: the event handler refused it.
            JanusServerError: 460 there is no such event handler.
        """
        handler = _full(handler, "eventhandler")
        return await self._module("query_eventhandler", handler, locals())

    @request()
    async def query_logger(
        self, logger: str, *, request: Body = None, extra: Extra = None, timeout: float | None = None
    ) -> ModuleReply:
        """Ask an external logger something; ``jsonlog`` takes ``{"request": "info"}``.

        Args:
            logger: its name.
            request: what is sent to it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusPluginError: the logger refused it.
            JanusServerError: 460 there is no such logger.
        """
        logger = _full(logger, "logger")
        return await self._module("query_logger", logger, locals())

    @request()
    async def custom_event(
        self,
        *,
        schema: str,
        data: Mapping[str, Any],
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AdminReply:
        """Send an event of your own through the server's event handlers, as an external one (type 4).

        Where there are no event handlers it goes nowhere, without a word.

        Args:
            schema: what kind of event it is, in your own words.
            data: what it says.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("custom_event", AdminReply, locals())

    @request()
    async def custom_logline(
        self, line: str, *, level: int | None = None, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """Write a line of your own into the server's log.

        Args:
            line: the text.
            level: from 1 (fatal) by way of 4 (information, the default) to 7; one above the server's own
                log level is not written.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("custom_logline", AdminReply, locals())

    async def _module(self, name: str, module: str, arguments: Mapping[str, Any]) -> ModuleReply:
        """Send a request to a module; what it refuses is inside of a success."""
        answer = object_in(await self._send_arguments(name, arguments), "response")
        if "error" in answer:
            code = integer(answer.get("error_code")) or 0
            error_name, reason = plugin_error_name(module, code), str(answer["error"])
            raise JanusPluginError(
                code,
                reason,
                name=error_name,
                hint=plugin_error_hint(module, error_name, reason),
                plugin=module,
            ).within(request=mask(dict(arguments.get("request") or {})))
        return ModuleReply.read(answer)


def _full(name: str, kind: str) -> str:
    """The package name of a module of this kind: ``http`` becomes ``janus.transport.http``."""
    if not isinstance(name, str) or not name.strip():
        raise JanusOptionError(f"the name of a module is expected, not {name!r}")
    return name if "." in name else f"janus.{kind}.{name}"
