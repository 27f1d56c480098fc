"""`TypedPlugin`: the base of the plugins whose requests and events have types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.replies import PluginReply
from janus_notebook.plugins.requests import body_of
from janus_notebook.protocol.plugin_events import PluginDetail

__all__ = ["TypedPlugin"]

R = TypeVar("R", bound=PluginReply)


class TypedPlugin(JanusPlugin):
    """A handle on a plugin with a method for each request.

    Every such method takes keyword-only parameters, named as Janus names them; one that is left at None
    is not sent. `extra` is a dict of further parameters that a newer server knows; `timeout` is in
    seconds, None means the session's default; `jsep` is ``{"type", "sdp"}`` where the request may carry
    one. Whether the plugin answers at once or later makes no difference. All of them raise

    - `JanusPluginError`: the plugin refused it,
    - `JanusVersionError`: this server does not have the request, or one of the parameters,
    - `JanusOptionError`: a parameter is misspelt (names the nearest) or cannot be sent,
    - what `JanusPlugin.request` raises.

    Attributes:
        details: the types of the plugin's events (`PluginEvent.detail`).
    """

    details: ClassVar[tuple[type[PluginDetail], ...]] = ()

    async def _ask(self, name: str, reply: type[R], arguments: Mapping[str, Any]) -> R:
        """Send a request made of a method's arguments (its ``locals()``), and type its answer."""
        message: dict[str, Any] = {"janus": "message", "body": body_of(name, arguments)}
        if arguments.get("jsep") is not None:
            message["jsep"] = arguments["jsep"]
        return reply.from_message(await self._send(message, arguments.get("timeout")))
