"""PyPI ``janus-client``. Its keepalive is as its own `ping` and `destroy` do it: a send, then a wait of 15 s
at most, then the release of the transaction."""

from __future__ import annotations

import asyncio
from importlib import import_module

from tests.benchmarks.workers.serve import Client, serve

library = import_module("janus_client")  # not by name: only this worker's environment has it


class JanusClient(Client):
    async def open(self, url: str) -> None:
        self.session = library.JanusSession(base_url=url)
        await self.session.create()
        self.keepalive = self.send_keepalive

    async def send_keepalive(self) -> None:
        transaction = await self.session.send({"janus": "keepalive"})
        await transaction.get(timeout=15)
        await transaction.done()

    async def attach(self) -> object:
        plugin = library.JanusEchoTestPlugin()
        await plugin.attach(self.session)
        return plugin

    async def close(self) -> None:
        await self.session.destroy()


if __name__ == "__main__":
    asyncio.run(serve(JanusClient()))
