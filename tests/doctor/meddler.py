"""A WebSocket proxy in front of a real Janus that changes what passes, as a bad proxy or a script would."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from websockets.asyncio.connection import Connection

    Change = Callable[[str], str]

JANUS = [Subprotocol("janus-protocol")]


def same(text: str) -> str:
    return text


@asynccontextmanager
async def meddler(url: str, *, up: Change = same, down: Change = same) -> AsyncIterator[str]:
    """The URL of a proxy to `url`; `up` changes what goes to Janus, `down` what comes from it."""

    async def pump(source: Connection, sink: Connection, change: Change) -> None:
        try:
            async for text in source:
                assert isinstance(text, str)
                await sink.send(change(text))
        except ConnectionClosed:
            pass  # one side has gone
        await sink.close()

    async def handle(client: ServerConnection) -> None:
        async with connect(url, subprotocols=JANUS, compression=None, proxy=None) as janus:
            await asyncio.gather(pump(client, janus, up), pump(janus, client, down))

    async with serve(handle, "127.0.0.1", 0, subprotocols=JANUS, compression=None) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
