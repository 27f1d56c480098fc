"""The floor: websockets and msgspec, a dict of futures and a task that reads. Nothing else.

No timeout, no error handling, no log, no events, no shared connection: no client can be faster with
these two libraries, and none that lacks all this is usable.
"""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.benchmarks.workers.serve import Client, serve


class Bare(Client):
    async def open(self, url: str) -> None:
        self.encode = msgspec.json.Encoder().encode
        self.decode = msgspec.json.Decoder().decode
        self.numbers = itertools.count()
        self.pending: dict[str, asyncio.Future[Any]] = {}
        self.loop = asyncio.get_running_loop()
        self.socket: ClientConnection = await connect(
            url, subprotocols=[Subprotocol("janus-protocol")], compression=None, max_size=16 * 2**20
        )
        self.reader = asyncio.create_task(self.read())
        self.session = {"session_id": (await self.request({"janus": "create"}))["data"]["id"]}
        self.keepalive = partial(self.request, {"janus": "keepalive", **self.session})

    async def read(self) -> None:
        while True:
            message = self.decode(await self.socket.recv(decode=False))
            future = self.pending.pop(message.get("transaction"), None)
            if future is not None:
                future.set_result(message)

    async def request(self, message: dict[str, Any]) -> Any:
        transaction = f"bare-{next(self.numbers)}"
        future = self.pending[transaction] = self.loop.create_future()
        await self.socket.send(self.encode({**message, "transaction": transaction}), text=True)
        return await future

    async def attach(self) -> object:
        attach = {"janus": "attach", "plugin": "janus.plugin.echotest", **self.session}
        return (await self.request(attach))["data"]["id"]

    async def close(self) -> None:
        await self.request({"janus": "destroy", **self.session})
        self.reader.cancel()
        await asyncio.wait([self.reader])
        await self.socket.close()


if __name__ == "__main__":
    asyncio.run(serve(Bare()))
