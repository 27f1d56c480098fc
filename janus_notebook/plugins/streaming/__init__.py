"""The Streaming plugin: mountpoints, fed by RTP, RTSP or a file, and watched by any number of viewers.

Source: "Streaming plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.streaming.events import (
    DETAILS,
    LayerResult,
    MountpointEdited,
    RtspDisconnected,
    RtspReconnected,
    StreamKickedAll,
    StreamLayer,
    StreamMessage,
    StreamStarted,
    StreamStopped,
    detail_class,
)
from janus_notebook.plugins.streaming.mountpoints import (
    MountpointRequests,
    NewMedium,
    RecordedMedium,
)
from janus_notebook.plugins.streaming.replies import (
    CreatedMountpoint,
    CreatedPort,
    Mountpoint,
    MountpointAbout,
    MountpointCreated,
    MountpointDestroyed,
    MountpointEditAnswer,
    MountpointInfo,
    MountpointList,
    MountpointMedium,
    StreamAnswer,
    StreamResult,
    StreamStatus,
)
from janus_notebook.plugins.streaming.viewing import MediumSettings, ViewerRequests
from janus_notebook.protocol.plugin_events import register_details

__all__ = [
    "CreatedMountpoint",
    "CreatedPort",
    "JanusStreamingPlugin",
    "LayerResult",
    "MediumSettings",
    "Mountpoint",
    "MountpointAbout",
    "MountpointCreated",
    "MountpointDestroyed",
    "MountpointEditAnswer",
    "MountpointEdited",
    "MountpointInfo",
    "MountpointList",
    "MountpointMedium",
    "NewMedium",
    "RecordedMedium",
    "RtspDisconnected",
    "RtspReconnected",
    "StreamAnswer",
    "StreamKickedAll",
    "StreamLayer",
    "StreamMessage",
    "StreamResult",
    "StreamStarted",
    "StreamStatus",
    "StreamStopped",
]


class JanusStreamingPlugin(ViewerRequests, MountpointRequests):
    """A handle on Streaming (``janus.plugin.streaming``).

    Any handle can make and change mountpoints; each handle can watch one of them::

        made = await streaming.create(type="rtp", media=[{"type": "video", "mid": "v", "port": 0, "pt": 96,
                                                          "codec": "vp8"}])
        made.stream.ports[0].port               # send RTP here
        await streaming.watch(id=made.stream.id)
        await streaming.track("video").snapshot()
    """

    plugin_name: ClassVar[str] = "janus.plugin.streaming"
    begins_media = "watch()"
    details = DETAILS


register_details(JanusStreamingPlugin.plugin_name, detail_class, DETAILS)
