"""Damaged deliveries to both ports: the monitor outlives them all, and still takes good ones."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from janus_notebook import Monitor
from tests.client.scripted import run, until
from tests.monitor.sender import event
from tests.monitor.test_receiver import request, status, talk

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
WHOLE = (request(json.dumps(event(1)).encode()), UPGRADE + b"\x81\x85\x01\x02\x03\x04\x05\x06\x07\x08\x09")


def damaged(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(WHOLE))
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(3):
            case 0:
                data[at : at + 1] = chance.randbytes(1)
            case 1:
                data[at:at] = chance.randbytes(chance.randrange(20))
            case 2:
                del data[at : at + chance.randrange(30)]
    return bytes(data)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_deliveries_harm_nothing(seed: int) -> None:
    async def main() -> None:
        chance = random.Random(seed)
        async with Monitor(request_timeout=0.5, max_body=100_000) as monitor:
            for _ in range(5):
                urls = [chance.choice([monitor.http_url, monitor.ws_url]) for _ in range(40)]
                finish = chance.random() < 0.7
                await asyncio.gather(*(talk(url, damaged(chance), finish=finish) for url in urls))
            assert monitor.counters["refused"] > 50
            assert await status(monitor.http_url, request(json.dumps(event(99)).encode())) == 200
            await until(lambda: monitor.counters["connections"] == 0)

    run(main())
