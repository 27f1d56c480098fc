"""The VideoCall plugin: calls between two handles that have registered a name.

::

    await bob.register(username="bob")
    await alice.register(username="alice")
    calling = asyncio.create_task(alice.call(username="bob"))
    await bob.wait_for("incomingcall")
    await bob.accept()
    await calling
    frame = await bob.track("video").snapshot()
    await alice.hangup_call()

Source: "VideoCall plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from janus_notebook.plugins.videocall.events import (
    DETAILS,
    CallAccepted,
    CallHangup,
    CallSimulcast,
    CallSlowLink,
    CallUpdate,
    IncomingCall,
    detail_class,
)
from janus_notebook.plugins.videocall.plugin import JanusVideoCallPlugin
from janus_notebook.plugins.videocall.replies import CallAnswer, CallUsers
from janus_notebook.protocol.plugin_events import register_details

__all__ = [
    "CallAccepted",
    "CallAnswer",
    "CallHangup",
    "CallSimulcast",
    "CallSlowLink",
    "CallUpdate",
    "CallUsers",
    "IncomingCall",
    "JanusVideoCallPlugin",
]

register_details(JanusVideoCallPlugin.plugin_name, detail_class, DETAILS)
