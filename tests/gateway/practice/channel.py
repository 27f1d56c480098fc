"""TextRoom's data channel, from the client's side."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiortc import RTCDataChannel

    from tests.gateway.practice.speaker import Message, Speaker

PATIENCE = 10.0


class Channel:
    """One participant's data channel."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self.heard: list[Message] = []
        self._channel = channel
        self._news = asyncio.Event()

    def hear(self, data: str) -> None:
        self.heard.append(json.loads(data))
        self._news.set()

    def say(self, data: object) -> None:
        self._channel.send(data if isinstance(data, str | bytes) else json.dumps(data))

    async def count(self, number: int) -> None:
        """Wait until so many messages have come."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < number:
                self._news.clear()
                await self._news.wait()

    async def ask(self, body: Message, transaction: str) -> Message:
        """Send a request; return its reply."""
        self.say(body | {"transaction": transaction})
        async with asyncio.timeout(PATIENCE):
            while True:
                for message in self.heard:
                    if message.get("transaction") == transaction:
                        return message
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def channel(speaker: Speaker) -> AsyncIterator[tuple[Channel, Any]]:
    """A handle on TextRoom, and its open data channel."""
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

    from janus_notebook.media.ice import parsed_candidate

    opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    own = pc.createDataChannel("JanusDataChannel")
    wrapped = Channel(own)
    own.on("message", wrapped.hear)
    own.on("open", lambda: opened.set_result(wrapped))
    try:
        handle = await speaker.attach("textroom")
        since = len(speaker.heard)
        offer = (await handle.request({"request": "setup"}))["jsep"]
        await pc.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        await speaker.wait(lambda m: m["janus"] == "trickle" and "completed" in m["candidate"], since)
        for event in handle.events("trickle"):
            candidate = parsed_candidate(event["candidate"])
            if candidate is not None:
                candidate.sdpMid, candidate.sdpMLineIndex = "0", 0
                await pc.addIceCandidate(candidate)
        await pc.setLocalDescription(await pc.createAnswer())
        answer = {"type": "answer", "sdp": pc.localDescription.sdp}
        await handle.request({"request": "ack"}, answer)
        async with asyncio.timeout(PATIENCE):
            await opened
        yield wrapped, handle
    finally:
        await pc.close()
