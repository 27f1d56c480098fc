"""Work with the Janus WebRTC server from Python, in a notebook or out of it.

In a notebook: ``%load_ext janus_notebook``, then ``%janus help``. In a script::

    async with JanusSession(base_url="ws://localhost:8188") as session:
        plugin = JanusEchoTestPlugin()
        await plugin.attach(session)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import (
    JanusCallError,
    JanusConnectionError,
    JanusError,
    JanusGatewayError,
    JanusMediaError,
    JanusOptionError,
    JanusPluginError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
    JanusVersionError,
)

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.connection import JanusConnection
    from janus_notebook.client.ladder import Ladder
    from janus_notebook.client.log import EventLog, Subscription
    from janus_notebook.client.plugin import JanusPlugin, MediaState, PluginReply
    from janus_notebook.client.replay import Replay
    from janus_notebook.client.session import JanusSession
    from janus_notebook.client.tokens import signed_token
    from janus_notebook.client.transports import Transport, register_transport
    from janus_notebook.gateway.local import LocalGateway
    from janus_notebook.gateway.practice.gateway import PracticeGateway
    from janus_notebook.monitor.monitor import Monitor
    from janus_notebook.notebook.connect import connect
    from janus_notebook.notebook.replays import replay
    from janus_notebook.plugins.audiobridge import JanusAudioBridgePlugin
    from janus_notebook.plugins.echotest import JanusEchoTestPlugin
    from janus_notebook.plugins.nosip import JanusNoSipPlugin
    from janus_notebook.plugins.recordplay import JanusRecordPlayPlugin
    from janus_notebook.plugins.sip import JanusSipError, JanusSipPlugin
    from janus_notebook.plugins.streaming import JanusStreamingPlugin
    from janus_notebook.plugins.textroom import JanusTextRoomPlugin
    from janus_notebook.plugins.videocall import JanusVideoCallPlugin
    from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin
    from janus_notebook.protocol.events import JanusEvent
    from janus_notebook.protocol.monitor_events import MonitorEvent

__version__ = "0.1.0"

# Where each public name lives; it is imported when it is first used, so that importing the
# package costs little.
_HOMES = {
    "EventLog": "client.log",
    "JanusAdmin": "client.admin.admin",
    "JanusConnection": "client.connection",
    "JanusEchoTestPlugin": "plugins.echotest",
    "JanusVideoRoomPlugin": "plugins.videoroom",
    "JanusAudioBridgePlugin": "plugins.audiobridge",
    "JanusTextRoomPlugin": "plugins.textroom",
    "JanusStreamingPlugin": "plugins.streaming",
    "JanusVideoCallPlugin": "plugins.videocall",
    "JanusSipPlugin": "plugins.sip",
    "JanusSipError": "plugins.sip",
    "JanusNoSipPlugin": "plugins.nosip",
    "JanusRecordPlayPlugin": "plugins.recordplay",
    "JanusEvent": "protocol.events",
    "JanusPlugin": "client.plugin",
    "JanusSession": "client.session",
    "Ladder": "client.ladder",
    "Replay": "client.replay",
    "replay": "notebook.replays",
    "LocalGateway": "gateway.local",
    "MediaState": "client.plugin",
    "Monitor": "monitor.monitor",
    "MonitorEvent": "protocol.monitor_events",
    "PluginReply": "client.plugin",
    "PracticeGateway": "gateway.practice.gateway",
    "Subscription": "client.log",
    "Transport": "client.transports",
    "connect": "notebook.connect",
    "register_transport": "client.transports",
    "signed_token": "client.tokens",
}

__all__ = [
    "EventLog",
    "JanusAdmin",
    "JanusAudioBridgePlugin",
    "JanusCallError",
    "JanusConnection",
    "JanusConnectionError",
    "JanusEchoTestPlugin",
    "JanusError",
    "JanusEvent",
    "JanusGatewayError",
    "JanusMediaError",
    "JanusNoSipPlugin",
    "JanusOptionError",
    "JanusPlugin",
    "JanusPluginError",
    "JanusProtocolError",
    "JanusRecordPlayPlugin",
    "JanusServerError",
    "JanusSession",
    "JanusSipError",
    "JanusSipPlugin",
    "JanusStateError",
    "JanusStreamingPlugin",
    "JanusTextRoomPlugin",
    "JanusTimeoutError",
    "JanusVersionError",
    "JanusVideoCallPlugin",
    "JanusVideoRoomPlugin",
    "Ladder",
    "LocalGateway",
    "MediaState",
    "Monitor",
    "MonitorEvent",
    "PluginReply",
    "PracticeGateway",
    "Replay",
    "Subscription",
    "Transport",
    "connect",
    "load_ipython_extension",
    "register_transport",
    "replay",
    "signed_token",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext janus_notebook``: the ``%janus`` magics, and ``connect`` in the notebook's names."""
    from janus_notebook.magics.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext janus_notebook``: end the sessions, the local gateway and our threads."""
    from janus_notebook.magics.extension import unload

    unload(shell)
