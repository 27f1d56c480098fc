"""PyPI ``janus-api-core``, its keepalive as in its own keepalive loop."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from tests.benchmarks.workers.serve import Client, serve

library = import_module("janus_api")  # not by name: only this worker's environment has it
requests = import_module("janus_api.models.request")
EchoTest: Any = type("EchoTest", (library.Plugin,), {"name": "janus.plugin.echotest"})


class JanusApiCore(Client):
    async def open(self, url: str) -> None:
        self.session = library.JanusSession(url=url)
        await self.session.create()
        self.keepalive = self.send_keepalive

    async def send_keepalive(self) -> None:
        await self.session.send(requests.KeepAliveRequest(session_id=self.session.id), wait_for_event=False)

    async def attach(self) -> object:
        return await EchoTest(session=self.session).attach()

    async def close(self) -> None:
        await self.session.destroy()


if __name__ == "__main__":
    asyncio.run(serve(JanusApiCore()))
