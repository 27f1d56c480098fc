"""`PluginReply`: a plugin's answer to a request. Typed plugins derive theirs from it."""

from __future__ import annotations

from typing import Any, Self

import msgspec

from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.typed import Typed
from janus_notebook.texts import NAME_LIMIT, clean

__all__ = ["PluginReply"]


class PluginReply(Typed, frozen=True, kw_only=True):
    """A plugin's answer to a request. It reads as its data does: ``reply["key"]``, ``"key" in reply``.

    Attributes:
        data: the plugin's own data.
        jsep: ``{"type", "sdp"}`` where it negotiates, else None.
        raw: the whole message.
    """

    jsep: dict[str, Any] | None = msgspec.field(name="*jsep")
    raw: dict[str, Any] = msgspec.field(name="*raw")

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Take the plugin's part out of a final reply."""
        plugindata = message.get("plugindata")
        data = plugindata.get("data") if isinstance(plugindata, dict) else None
        data = data if isinstance(data, dict) else {}
        jsep = message.get("jsep")
        jsep = jsep if isinstance(jsep, dict) else None
        if cls is PluginReply:
            return cls(data=data, jsep=jsep, raw=message)
        return cls.read(data, jsep=jsep, raw=message)

    def _and(self) -> str:
        return f" + {clean(self.jsep.get('type'), NAME_LIMIT)}" if self.jsep else ""

    def _notes(self) -> dict[str, str]:
        notes = super()._notes()
        if self.jsep:
            sdp = str(self.jsep.get("sdp", ""))
            what = f"{len(sdp.splitlines())} lines of SDP" if sdp else "no SDP"
            notes["jsep"] = f"{self.jsep.get('type')}, {what}: .jsep"
        return notes
