"""A transport that hands the answer over while it sends: before `send` has returned, in the caller's task."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from janus_notebook import JanusConnectionError, JanusPlugin, JanusSession, Transport, register_transport
from janus_notebook.client import transports
from tests.client.scripted import run


@dataclass(frozen=True)
class NoOptions:
    """None."""


class EagerTransport(Transport):
    options_class = NoOptions

    async def open(self) -> None:
        self.ended = asyncio.Event()

    async def send(self, data: bytes) -> None:
        request = json.loads(data)
        kind = {"info": "server_info", "keepalive": "ack", "message": "event"}.get(
            request["janus"], "success"
        )
        answer = {"janus": kind, "transaction": request["transaction"], "data": {"id": 7}}
        assert self.deliver is not None
        self.deliver(json.dumps(answer).encode())

    async def receive(self) -> bytes:
        await self.ended.wait()
        raise JanusConnectionError("ended")

    async def close(self) -> None:
        self.ended.set()


@pytest.fixture(autouse=True)
def scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "_TRANSPORTS", dict(transports._TRANSPORTS))
    register_transport("eager", EagerTransport)


def test_an_answer_within_send_leaves_its_caller_alone() -> None:
    async def main() -> None:
        async with JanusSession("eager://here") as session:
            plugin = JanusPlugin("scripted")
            await plugin.attach(session)
            for _ in range(3):
                await plugin.request({"n": 1})
                await asyncio.sleep(0)  # a cancellation would come out here
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            assert session.counters["in_flight"] == 0

    run(main())
