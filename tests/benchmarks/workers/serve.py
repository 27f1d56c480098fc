"""A worker's side of the benchmark: an order per line in, an answer per line out, both JSON.

Only the standard library is used here: the other clients run this in their own environments.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import io
import json
import pstats
import sys
import time
import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Call = Callable[[], Awaitable[object]]


class Client(ABC):
    """A client with one session on a server."""

    keepalive: Call  # ready after `open`: sends one keepalive and awaits its answer

    @abstractmethod
    async def open(self, url: str) -> None:
        """Connect and create the session."""

    @abstractmethod
    async def attach(self) -> object:
        """Attach one EchoTest handle and return what a user would hold."""

    @abstractmethod
    async def close(self) -> None:
        """Destroy the session and disconnect."""


async def calls(call: Call, count: int, in_flight: int) -> dict[str, float]:
    """Make `count` calls with `in_flight` of them under way; seconds of time and of CPU for all."""
    turns = iter(range(count))

    async def take_turns() -> None:
        for _ in turns:
            await call()

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(take_turns() for _ in range(in_flight)))
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


async def profiled(call: Call, count: int, in_flight: int) -> str:
    """The 25 functions with the most time of their own."""
    profile, text = cProfile.Profile(), io.StringIO()
    profile.enable()
    await calls(call, count, in_flight)
    profile.disable()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(25)
    return text.getvalue()


def memory() -> dict[str, int]:
    """Bytes: the process's resident memory, and Python's own allocations where they are traced."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"rss": pages * 4096, "traced": tracemalloc.get_traced_memory()[0]}


async def obey(client: Client, order: dict[str, Any], held: list[object]) -> Any:
    match order["do"]:
        case "calls":
            return await calls(client.keepalive, order["count"], order["in_flight"])
        case "profile":
            return await profiled(client.keepalive, order["count"], order["in_flight"])
        case "trace":
            tracemalloc.start()
        case "attach":
            held.extend([await client.attach() for _ in range(order["count"])])
        case "memory":
            return memory()
        case unknown:
            raise ValueError(f"no such order: {unknown!r}")
    return None


async def serve(client: Client) -> None:
    """Obey the orders on standard input until it ends."""
    loop = asyncio.get_running_loop()
    held: list[object] = []
    await client.open(sys.argv[1])
    print(json.dumps("ready"), flush=True)
    try:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            answer = await obey(client, json.loads(line), held)
            print(json.dumps(answer), flush=True)
    finally:
        await client.close()
