"""Asking a server that is starting whether it is there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from janus_notebook.gateway.configuration import LOOPBACK

ANSWER = 1.0  # seconds a server may take over one question


async def accepts(port: int) -> bool:
    """Tell whether something on loopback accepts connections at `port`."""
    try:
        async with asyncio.timeout(ANSWER):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:  # a timeout is one
        return False
    await _close(writer)
    return True


async def info_over_http(port: int) -> dict[str, Any] | None:
    """Return the server's ``info``, or None if there is no answer yet."""
    try:
        async with asyncio.timeout(ANSWER):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET /janus/info HTTP/1.0\r\nHost: {LOOPBACK}:{port}\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                await _close(writer)
    except OSError:
        return None
    return _server_info(answer.partition(b"\r\n\r\n")[2])


async def info_over_websocket(port: int) -> dict[str, Any] | None:
    """The same for a server without the HTTP transport."""
    if not await accepts(port):
        return None
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException
    from websockets.typing import Subprotocol

    try:
        async with (
            asyncio.timeout(ANSWER),
            connect(f"ws://{LOOPBACK}:{port}", subprotocols=[Subprotocol("janus-protocol")]) as socket,
        ):
            await socket.send('{"janus":"info","transaction":"ready"}')
            return _server_info(await socket.recv(decode=False))
    except (OSError, WebSocketException):
        return None


def _server_info(text: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and answer.get("janus") == "server_info" else None


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        pass  # the other side was faster
