"""Asking a server that is starting whether it is there."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import socket
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway import logs
from janus_notebook.gateway.configuration import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from janus_notebook.gateway.configuration import Ports

ANSWER = 1.0  # seconds a server may take over one question
OPENING = 3.0  # and to open a WebSocket
INFO = '{"janus":"info","transaction":"ready"}'


class TransportLostError(Exception):
    """The server runs without one of its transports: it has to be started again."""


async def ready(
    ports: Ports,
    *,
    name: str,
    folder: Path,
    unix_type: str,
    read_log: Callable[[], str],
    log_tells: bool,
) -> dict[str, Any] | None:
    """Return the info of the server `name` once every transport it has is listening, else None.

    `log_tells` says that the transports to wait for are named in the log, sooner or later.

    Raises:
        TransportLostError: one of them could not start, or has ended already.
    """
    _look_for_taken_ports(read_log())
    info = await info_over_http(ports.http)
    if info is None and "http" not in (logs.transports_to_wait_for(read_log()) or ()):
        info = await info_over_websocket(ports.ws)
    if info is None or info.get("server-name") != name:  # a stranger's server on that port
        return None
    loaded = {transport.rpartition(".")[2] for transport in info.get("transports", ())}
    log = read_log()
    _look_for_taken_ports(log)
    expected = logs.transports_to_wait_for(log)
    if log_tells and (expected is None or not expected <= loaded):
        return None
    if "pfunix" in loaded and not await answers_over_unix(folder / "janus.sock", unix_type):
        return None
    if "websockets" in loaded:
        await open_websocket(ports.ws, "janus-protocol")
        await open_websocket(ports.admin_ws, "janus-admin-protocol")
    if "http" in loaded:
        # Not just any that accepts: the port may be a stranger's, and the log late to say so.
        admin = await info_over_http(ports.admin_http, "/admin/info")
        if admin is None or admin.get("server-name") != name:
            return None
    return info


def _look_for_taken_ports(log: str) -> None:
    if (line := logs.port_taken(log)) is not None:
        raise TransportLostError(line)


async def accepts(port: int) -> bool:
    """Tell whether something on loopback accepts connections at `port`."""
    try:
        async with asyncio.timeout(ANSWER):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:  # a timeout is one
        return False
    await _close(writer)
    return True


async def info_over_http(port: int, path: str = "/janus/info") -> dict[str, Any] | None:
    """Return the server's ``info``, or None if there is no answer yet."""
    try:
        async with asyncio.timeout(ANSWER):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}:{port}\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                await _close(writer)
    except OSError:
        return None
    return _server_info(answer.partition(b"\r\n\r\n")[2])


async def info_over_websocket(port: int) -> dict[str, Any] | None:
    """The same for a server without the HTTP transport."""
    if not await accepts(port):  # before the import, which takes a while
        return None
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException
    from websockets.typing import Subprotocol

    url, protocol = f"ws://{LOOPBACK}:{port}", Subprotocol("janus-protocol")
    with socket.socket() as sock:  # ours: websockets would take one to a proxy from the environment
        sock.setblocking(False)
        try:
            async with asyncio.timeout(ANSWER):
                await asyncio.get_running_loop().sock_connect(sock, (LOOPBACK, port))
                async with connect(url, sock=sock, subprotocols=[protocol]) as connection:
                    await connection.send(INFO)
                    return _server_info(await connection.recv(decode=False))
        except (OSError, WebSocketException):
            return None


async def open_websocket(port: int, protocol: str) -> None:
    """Open a WebSocket (RFC 6455, section 4) and close it; a port that accepts may have nobody behind it.

    Raises:
        TransportLostError: it could not be opened. The transport can end at once as in `answers_over_unix`.
    """
    lines = [
        "GET / HTTP/1.1",
        f"Host: {LOOPBACK}:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
        f"Sec-WebSocket-Protocol: {protocol}",
    ]
    try:
        async with asyncio.timeout(OPENING):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode())
                status = await reader.readline()
            finally:
                await _close(writer)
    except OSError as exc:
        raise TransportLostError(f"no WebSocket could be opened at its port {port}: {exc!r}") from exc
    if b" 101 " not in status:
        raise TransportLostError(f"no WebSocket could be opened at its port {port}: {status[:80]!r}")


async def answers_over_unix(path: Path, unix_type: str = "SOCK_SEQPACKET") -> bool:
    """Tell whether the Unix socket transport answers at `path`.

    Raises:
        TransportLostError: nothing listens there, though Janus has loaded the transport. Its thread ends
            at once, and takes the sockets away, if it runs before its own start has been noted
            (``janus_pfunix_thread`` and ``initialized`` in janus_pfunix.c; seen with 1.1.2).
    """
    loop = asyncio.get_running_loop()
    ours = path.with_name("probe.sock")  # a datagram is answered only to a path
    ours.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SocketKind[unix_type]) as sock:
        sock.setblocking(False)
        try:
            if sock.type == socket.SOCK_DGRAM:
                sock.bind(str(ours))
            async with asyncio.timeout(ANSWER):
                await loop.sock_connect(sock, str(path))
                await loop.sock_sendall(sock, INFO.encode())
                return _server_info(await loop.sock_recv(sock, 65536)) is not None
        except TimeoutError:
            return False
        except OSError as exc:
            raise TransportLostError("its Unix socket transport ended as soon as it had started") from exc
        finally:
            ours.unlink(missing_ok=True)


def _server_info(text: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and answer.get("janus") == "server_info" else None


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):  # the other side was faster
        await writer.wait_closed()
