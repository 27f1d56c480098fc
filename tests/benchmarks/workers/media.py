"""One call through EchoTest, by janus_notebook or by aiortc alone: prints what it saw as one line of JSON.

``python -m tests.benchmarks.workers.media WAY WHAT URL SECONDS``; both ways send the same picture and tone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import connect

from janus_notebook import JanusEchoTestPlugin, JanusSession
from janus_notebook.errors import JanusMediaError
from janus_notebook.media import TestPattern, Tone, read_counter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FPS = 30
WARM_SECONDS = 3.0  # until the encoder has found its bitrate
SLOW_SECONDS = 0.3  # what the slow reader takes for a frame


class Ours:
    """janus_notebook."""

    def __init__(self, url: str) -> None:
        self.session = JanusSession(url)
        self.plugin = JanusEchoTestPlugin()
        self.pattern = TestPattern(640, 480, FPS)

    async def attach(self) -> None:
        await self.session.create()
        await self.plugin.attach(self.session)

    async def publish(self) -> None:
        await self.plugin.publish(self.pattern, "tone")

    async def first(self) -> None:
        await self.plugin.track("video").snapshot(timeout=30, fresh=False)

    @property
    def received(self) -> int:
        return self.plugin.track("video").frames_received

    async def close(self) -> None:
        await self.session.destroy()
        self.pattern.stop()


class Bare:
    """aiortc and websockets, with nothing that a script can do without."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pattern, self.tone = TestPattern(640, 480, FPS), Tone()
        self.received = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.arrived = asyncio.Event()
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.on("track", self.on_track)

    async def attach(self) -> None:
        self.socket = await connect(self.url, subprotocols=["janus-protocol"])  # type: ignore[list-item]
        self.session = (await self.ask(janus="create"))["data"]["id"]
        asked = await self.ask(janus="attach", session_id=self.session, plugin="janus.plugin.echotest")
        self.handle = asked["data"]["id"]

    async def ask(self, **message: Any) -> dict[str, Any]:
        await self.socket.send(json.dumps({**message, "transaction": "t"}))
        while True:
            reply: dict[str, Any] = json.loads(await self.socket.recv())
            if reply.get("transaction") == "t" and reply["janus"] != "ack":
                return reply

    def on_track(self, track: Any) -> None:
        async def drain() -> None:
            while True:
                await track.recv()
                if track.kind == "video":
                    self.received += 1
                    self.arrived.set()

        self.tasks.append(asyncio.create_task(drain()))

    async def publish(self) -> None:
        self.pc.addTrack(self.tone)
        self.pc.addTrack(self.pattern)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        described = self.pc.localDescription
        reply = await self.ask(
            janus="message",
            session_id=self.session,
            handle_id=self.handle,
            body={"audio": True, "video": True},
            jsep={"type": described.type, "sdp": described.sdp, "trickle": False},
        )
        await self.pc.setRemoteDescription(
            RTCSessionDescription(**{k: reply["jsep"][k] for k in ("sdp", "type")})
        )

    async def first(self) -> None:
        await self.arrived.wait()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.pc.close()
        await self.ask(janus="destroy", session_id=self.session)
        await self.socket.close()
        self.pattern.stop()


WAYS: dict[str, Any] = {"ours": Ours, "bare": Bare}


@asynccontextmanager
async def call(way: str, url: str) -> AsyncIterator[Any]:
    made = WAYS[way](url)
    await made.attach()
    try:
        await made.publish()
        await made.first()
        yield made
    finally:
        await made.close()


async def first(way: str, url: str, times: float) -> dict[str, float]:
    """Milliseconds from `publish` to the first echoed frame, and from the session to it, in the median."""
    frames, sessions = [], []
    for _ in range(round(times) + 1):
        begun = time.perf_counter()
        made = WAYS[way](url)
        await made.attach()
        asked = time.perf_counter()
        await made.publish()
        up = time.perf_counter()
        await made.first()
        frames.append((time.perf_counter() - asked) * 1e3)
        sessions.append((up - begun) * 1e3)
        await made.close()
    # The first of all loads codecs.
    return {
        "first": statistics.median(frames[1:]),
        "up": statistics.median(sessions[1:]),
        "worst": max(frames[1:]),
    }


async def steady(way: str, url: str, seconds: float) -> dict[str, float]:
    """Share of the frames that came back, and of one core that it took."""
    async with call(way, url) as made:
        await asyncio.sleep(WARM_SECONDS)
        received, cpu, began = made.received, time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        passed = time.perf_counter() - began
        return {
            "echoed": (made.received - received) / (passed * FPS),
            "cpu": (time.process_time() - cpu) / passed,
        }


async def latency(way: str, url: str, seconds: float) -> dict[str, float]:
    """Milliseconds from the time a frame was due at the source to its array, of a fast and a slow reader."""
    async with call(way, url) as made:
        await asyncio.sleep(WARM_SECONDS)
        found: dict[str, list[float]] = {"fast": [], "slow": []}

        async def read(name: str, pause: float) -> None:
            stream = made.plugin.track("video").frames()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                frame = await stream.get()
                try:
                    counter = read_counter(frame.data)
                except JanusMediaError:
                    continue  # smeared by the codec
                due = made.pattern._pacer._start + counter / FPS
                found[name].append((asyncio.get_running_loop().time() - due) * 1e3)
                await asyncio.sleep(pause)

        await read("fast", 0)
        await read("slow", SLOW_SECONDS)
        return {
            "fast": statistics.median(found["fast"]),
            "slow": max(found["slow"]),
            "slow_median": statistics.median(found["slow"]),
        }


async def memory(way: str, url: str, seconds: float) -> dict[str, float]:
    """Megabytes by which the process grew while nobody read the frames."""
    async with call(way, url) as made:
        streams = [made.plugin.track("video").frames(), made.plugin.track("audio").chunks()]
        await asyncio.sleep(min(30.0, seconds / 2))
        before = resident()
        await asyncio.sleep(seconds)
        return {"grown": resident() - before, "dropped": streams[0].dropped}


async def tone(way: str, url: str, seconds: float) -> dict[str, float]:
    """Hertz of the tone that comes back, and milliseconds of its longest hole."""
    async with call(way, url) as made:
        await asyncio.sleep(WARM_SECONDS)
        parts: list[Any] = []
        async for chunk in made.plugin.track("audio").chunks(seconds=0.5):
            parts.append(chunk.data[:, 0])
            if len(parts) >= seconds * 2:
                break
        sound = np.concatenate(parts)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        hertz = float(np.fft.rfftfreq(len(sound), 1 / chunk.sample_rate)[spectrum.argmax()])
        block = chunk.sample_rate // 200  # 5 ms
        silent = longest = 0
        for level in np.abs(sound[: len(sound) // block * block]).reshape(-1, block).max(axis=1):
            silent = silent + 1 if level < 0.01 else 0
            longest = max(longest, silent)
        return {"hertz": hertz, "off": abs(hertz / 440 - 1) * 100, "hole": longest * 5.0}


def resident() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


WHATS = {"first": first, "steady": steady, "latency": latency, "tone": tone, "memory": memory}

if __name__ == "__main__":
    way, what, url, amount = sys.argv[1:]
    print(json.dumps(asyncio.run(WHATS[what](way, url, float(amount)))))
