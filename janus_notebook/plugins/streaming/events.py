"""What Streaming says on its own: to the viewers of a mountpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from janus_notebook.client.requests import Id
from janus_notebook.protocol.plugin_events import PluginDetail
from janus_notebook.protocol.typed import Record

__all__ = [
    "DETAILS",
    "LayerResult",
    "MountpointEdited",
    "RtspDisconnected",
    "RtspReconnected",
    "StreamKickedAll",
    "StreamLayer",
    "StreamMessage",
    "StreamStarted",
    "StreamStopped",
    "detail_class",
]

LAYERS = ("substream", "temporal", "spatial_layer", "temporal_layer")


class StreamStarted(PluginDetail, frozen=True, kw_only=True):
    """``started``: the PeerConnection is up, and the mountpoint's media are on their way."""

    name: ClassVar[str] = "started"


class StreamStopped(PluginDetail, frozen=True, kw_only=True):
    """``stopped``: the mountpoint was destroyed; the PeerConnection is closed."""

    name: ClassVar[str] = "stopped"


class StreamKickedAll(PluginDetail, frozen=True, kw_only=True):
    """``kicked_all``: all viewers were removed from the mountpoint; the PeerConnection is closed."""

    name: ClassVar[str] = "kicked_all"


class MountpointEdited(PluginDetail, frozen=True, kw_only=True):
    """``edited``: the mountpoint was changed by an ``edit`` with ``edited_event``.

    Attributes:
        id: of the mountpoint.
        metadata: what it has now; None if it has none.
    """

    name: ClassVar[str] = "edited"

    id: Id = 0
    metadata: str | None = None


class LayerResult(Record, frozen=True, kw_only=True):
    """The layer that is sent now; what did not change is None.

    Attributes:
        mid: of the medium; None where the server does not say it, in an answer to what was so already.
        substream, temporal: simulcast layers, 0 (lowest) to 2.
        spatial_layer, temporal_layer: SVC layers.
    """

    mid: str | None = None
    substream: int | None = None
    temporal: int | None = None
    spatial_layer: int | None = None
    temporal_layer: int | None = None


class StreamLayer(PluginDetail, frozen=True, kw_only=True):
    """``layer``: another simulcast or SVC layer is sent.

    Attributes:
        result: which.
    """

    name: ClassVar[str] = "layer"

    result: LayerResult = LayerResult()


class RtspDisconnected(PluginDetail, frozen=True, kw_only=True):
    """``rtsp-disconnected``: the mountpoint has lost its RTSP server (Janus 1.3.3 and newer).

    Attributes:
        id: of the mountpoint.
    """

    name: ClassVar[str] = "rtsp-disconnected"

    id: Id = 0


class RtspReconnected(PluginDetail, frozen=True, kw_only=True):
    """``rtsp-reconnected``: the mountpoint has its RTSP server back (Janus 1.3.3 and newer).

    Attributes:
        id: of the mountpoint.
    """

    name: ClassVar[str] = "rtsp-reconnected"

    id: Id = 0


class StreamMessage(PluginDetail, frozen=True, kw_only=True):
    """``message``: a message of the mountpoint's data stream, over the data channel.

    Attributes:
        text: the message, if it is text: UTF-8, whatever the server calls it.
        base64: of another one.
    """

    name: ClassVar[str] = "message"

    text: str | None = None
    base64: str | None = None


DETAILS: tuple[type[PluginDetail], ...] = (
    StreamStarted,
    StreamStopped,
    StreamKickedAll,
    MountpointEdited,
    StreamLayer,
    RtspDisconnected,
    RtspReconnected,
    StreamMessage,
)

_STATUSES = {detail.name: detail for detail in (StreamStarted, StreamStopped, StreamKickedAll)}
# These have no "streaming" and no "result".
_EVENTS = {detail.name: detail for detail in (MountpointEdited, RtspDisconnected, RtspReconnected)}


def detail_class(data: Mapping[str, Any]) -> type[PluginDetail]:
    """The class for an event's data."""
    result = data.get("result")
    if "text" in data or "base64" in data:
        return StreamMessage
    if not isinstance(result, Mapping):
        return _EVENTS.get(str(data.get("event")), PluginDetail)
    if any(layer in result for layer in LAYERS):
        return StreamLayer
    return _STATUSES.get(str(result.get("status")), PluginDetail)
