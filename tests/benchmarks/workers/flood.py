"""A server for a flood: it speaks Janus as far as attaching goes, then sends events as fast as it is told.

Its address is the first line of its output; it ends with its standard input. A handle asks for the flood:
``{"request": "flood", "rate": 5000, "seconds": 30}`` is answered when the last event has left, with their
number.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator

from websockets.asyncio.server import serve
from websockets.typing import Subprotocol

from tests.client.scripted import Message, ScriptedServer

TICK = 0.01  # seconds between two writes
HIGH_WATER = 4_000_000  # bytes that may wait for a slow client


def events(session_id: int, handle_id: int) -> Iterator[str]:
    """Events of the kinds that come in numbers, one after the other, without end."""
    head = f'"session_id": {session_id}, "sender": {handle_id}'
    number = 0
    while True:
        number += 1
        mid, kind = ("0", "audio") if number % 2 else ("1", "video")
        yield (
            f'{{"janus": "media", {head}, "mid": "{mid}", "type": "{kind}", '
            f'"receiving": {"true" if number % 8 else "false"}, "seconds": 1}}'
        )
        yield (
            f'{{"janus": "slowlink", {head}, "mid": "{mid}", "media": "{kind}", "uplink": true, '
            f'"lost": {number % 50}}}'
        )
        yield (
            f'{{"janus": "event", {head}, "plugindata": {{"plugin": "janus.plugin.echotest", "data": '
            f'{{"echotest": "event", "result": "ok", "number": {number}, "note": "what the plugin says"}}}}}}'
        )
        host, port = f"192.0.2.{number % 250}", 10_000 + number % 50_000
        yield (
            f'{{"janus": "trickle", {head}, "candidate": {{"sdpMid": "{mid}", "sdpMLineIndex": 0, '
            f'"candidate": "candidate:{number} 1 udp 2015363327 {host} {port} typ host"}}}}'
        )


class FloodServer(ScriptedServer):
    """A `ScriptedServer` whose handles can ask for a flood, and wait for its end."""

    def __init__(self) -> None:
        super().__init__()
        self.on["message"] = self._begin
        self._tasks: set[asyncio.Task[None]] = set()

    def _begin(self, request: Message) -> list[Message]:
        task = asyncio.create_task(self._flood(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return [self.ack(request)]

    async def _flood(self, request: Message) -> None:
        rate, seconds = request["body"]["rate"], request["body"]["seconds"]
        connection = self.connections[-1]
        stream = events(request["session_id"], request["handle_id"])
        whole, sent, began = round(rate * seconds), 0, time.monotonic()
        while sent < whole and not connection.transport.is_closing():
            due = min(whole, round((time.monotonic() - began) * rate))
            if due > sent and connection.transport.get_write_buffer_size() < HIGH_WATER:
                self._write(connection, (next(stream) for _ in range(due - sent)))
                sent = due
            await asyncio.sleep(TICK)
        took = round(time.monotonic() - began, 3)
        self._write(connection, [self.event(request, sent=sent, seconds=took)])


async def main() -> None:
    server, protocol = FloodServer(), Subprotocol("janus-protocol")
    async with serve(
        server.serve, "127.0.0.1", 0, subprotocols=[protocol], compression=None, ping_interval=None
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        print(json.dumps(f"ws://127.0.0.1:{port}"), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.drop()


if __name__ == "__main__":
    asyncio.run(main())
