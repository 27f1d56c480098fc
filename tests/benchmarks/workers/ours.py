"""This package's core: a `JanusSession` with its defaults."""

from __future__ import annotations

import asyncio
from functools import partial

from janus_notebook import JanusEchoTestPlugin, JanusSession
from tests.benchmarks.workers.serve import Client, serve


class Ours(Client):
    async def open(self, url: str) -> None:
        self.session = JanusSession(url)
        await self.session.create()
        self.keepalive = partial(self.session.send, {"janus": "keepalive"})

    async def attach(self) -> object:
        plugin = JanusEchoTestPlugin()
        await plugin.attach(self.session)
        return plugin

    async def close(self) -> None:
        await self.session.destroy()


if __name__ == "__main__":
    asyncio.run(serve(Ours()))
