"""What VideoCall says on its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from janus_notebook.protocol.plugin_events import PluginDetail
from janus_notebook.protocol.typed import Record

__all__ = [
    "DETAILS",
    "CallAccepted",
    "CallHangup",
    "CallSimulcast",
    "CallSlowLink",
    "CallUpdate",
    "IncomingCall",
    "detail_class",
]


class _Named(Record, frozen=True, kw_only=True):
    username: str = ""


class IncomingCall(PluginDetail, frozen=True, kw_only=True):
    """``incomingcall``: somebody calls us; the event carries their offer (`PluginEvent.jsep`).

    Attributes:
        result: has the ``username`` of who calls.
    """

    name: ClassVar[str] = "incomingcall"

    result: _Named = _Named()

    @property
    def username(self) -> str:
        """Who calls."""
        return self.result.username

    @property
    def summary(self) -> str:
        return f"{self.username} calls"


class CallAccepted(PluginDetail, frozen=True, kw_only=True):
    """``accepted``: the call of ours was taken; the event carries the answer (`PluginEvent.jsep`).

    Attributes:
        result: has the ``username`` of who took it.
    """

    name: ClassVar[str] = "accepted"

    result: _Named = _Named()

    @property
    def username(self) -> str:
        """Who took it."""
        return self.result.username

    @property
    def summary(self) -> str:
        return f"{self.username} has taken the call"


class CallUpdate(PluginDetail, frozen=True, kw_only=True):
    """``update``: the other side negotiates anew; the event carries its offer, or its answer to ours."""

    name: ClassVar[str] = "update"

    @property
    def summary(self) -> str:
        return "the other side negotiates anew"


# What Janus tells the other side in place of a reason that was not given.
NOT_GIVEN = "We did the hangup"


class _Ended(Record, frozen=True, kw_only=True):
    username: str = ""
    reason: str = ""


class CallHangup(PluginDetail, frozen=True, kw_only=True):
    """``hangup_call``: the call is over, or did not come about. It may come twice for one call.

    (Janus's name of it is ``hangup``, as for the end of any PeerConnection.)

    Attributes:
        result: has the ``username`` of who ended it, and the ``reason``.
    """

    name: ClassVar[str] = "hangup_call"

    result: _Ended = _Ended()

    @property
    def username(self) -> str:
        """Who ended it."""
        return self.result.username

    @property
    def reason(self) -> str:
        """Why; "" if they gave none."""
        return "" if self.result.reason == NOT_GIVEN else self.result.reason

    @property
    def summary(self) -> str:
        return f"{self.username} has hung up" + (f": {self.reason}" if self.reason else "")


class _Layers(Record, frozen=True, kw_only=True):
    videocodec: str = ""
    substream: int | None = None
    temporal: int | None = None


class CallSimulcast(PluginDetail, frozen=True, kw_only=True):
    """``simulcast``: another layer of the other side's video is sent to us; None is what did not change.

    Attributes:
        result: has ``videocodec``, ``substream`` and ``temporal``.
    """

    name: ClassVar[str] = "simulcast"

    result: _Layers = _Layers()

    @property
    def videocodec(self) -> str:
        """Of the video."""
        return self.result.videocodec

    @property
    def substream(self) -> int | None:
        """The simulcast layer, 0 (lowest) to 2."""
        return self.result.substream

    @property
    def temporal(self) -> int | None:
        """The temporal layer, 0 to 2."""
        return self.result.temporal

    @property
    def summary(self) -> str:
        return f"simulcast layer {self.substream}, temporal layer {self.temporal}"


class _SlowLink(Record, frozen=True, kw_only=True):
    media: str = ""
    bitrate: int = msgspec.field(name="current-bitrate", default=0)


class CallSlowLink(PluginDetail, frozen=True, kw_only=True):
    """``slow_link``: packets of ours are lost, and the cap for what we send was lowered.

    Attributes:
        result: has the ``media`` (``audio`` or ``video``), and the ``bitrate`` in bits per second
            (Janus's ``current-bitrate``).
    """

    name: ClassVar[str] = "slow_link"

    result: _SlowLink = _SlowLink()

    @property
    def media(self) -> str:
        """``audio`` or ``video``."""
        return self.result.media

    @property
    def bitrate(self) -> int:
        """The cap now, in bits per second."""
        return self.result.bitrate

    @property
    def summary(self) -> str:
        return f"{self.media} is lost; the cap is now {self.bitrate} bit/s"


DETAILS: tuple[type[PluginDetail], ...] = (
    IncomingCall,
    CallAccepted,
    CallUpdate,
    CallHangup,
    CallSimulcast,
    CallSlowLink,
)

_BY_NAME: dict[str, type[PluginDetail]] = {detail.name: detail for detail in DETAILS} | {"hangup": CallHangup}


def detail_class(data: Mapping[str, Any]) -> type[PluginDetail]:
    """The class for what the plugin said."""
    result = data.get("result")
    event = result.get("event") if isinstance(result, Mapping) else None
    return _BY_NAME.get(str(event), PluginDetail)
