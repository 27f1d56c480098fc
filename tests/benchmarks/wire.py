"""What goes over the wire between a kernel and a page: counted as Chromium sees it."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

WORD = 8  # bytes of a number in the frames of v1.kernel.websocket.jupyter.org


@dataclass
class Wire:
    """The kernel's frames since it was made, or `clear` was called.

    Attributes:
        received, sent: bytes.
        comms: messages that came, by comm; of those that carry updates of a widget or answers to it.
        kinds: messages that came, by type.
    """

    received: int = 0
    sent: int = 0
    comms: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    _kernels: set[str] = field(default_factory=set)  # their sockets

    def follow(self, cdp: CDPSession) -> None:
        """Count from now on; the sockets must not be open yet."""
        cdp.send("Network.enable")
        cdp.on("Network.webSocketCreated", self._on_created)
        cdp.on("Network.webSocketFrameReceived", self._on_received)
        cdp.on("Network.webSocketFrameSent", self._on_sent)

    def clear(self) -> None:
        """Begin anew."""
        self.received = self.sent = 0
        self.comms.clear()
        self.kinds.clear()

    def _on_created(self, params: dict[str, Any]) -> None:
        if "/channels" in params["url"]:
            self._kernels.add(params["requestId"])

    def _on_received(self, params: dict[str, Any]) -> None:
        if params["requestId"] not in self._kernels:
            return
        data = payload(params["response"])
        self.received += len(data)
        header, content = message(data)
        self.kinds[header["msg_type"]] += 1
        if header["msg_type"] == "comm_msg":
            self.comms[content["comm_id"]] += 1

    def _on_sent(self, params: dict[str, Any]) -> None:
        if params["requestId"] in self._kernels:
            self.sent += len(payload(params["response"]))


def payload(response: dict[str, Any]) -> bytes:
    """The bytes of a frame: text frames come as they are, binary ones in base64."""
    data = str(response["payloadData"])
    return data.encode() if response["opcode"] == 1 else base64.b64decode(data)


def message(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and content of a frame: of the binary protocol, or of the older one, which is JSON."""
    if data[:1] == b"{":
        whole = json.loads(data)
        return whole["header"], whole["content"]
    count = int.from_bytes(data[:WORD], "little")
    offsets = [int.from_bytes(data[at : at + WORD], "little") for at in range(WORD, WORD * (count + 1), WORD)]
    parts = [data[begin:end] for begin, end in itertools.pairwise(offsets)]
    return json.loads(parts[1]), json.loads(parts[4])
