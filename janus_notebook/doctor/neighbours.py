"""What else may be meant: who listens at a port, and where on a host a Janus has its usual ports."""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from janus_notebook.client.transports import make_transport
from janus_notebook.errors import JanusError

__all__ = ["is_admin_port", "janus_at", "shut", "usual_janus", "why"]

USUAL = {8188: "ws", 8989: "wss", 8088: "http", 8089: "https"}
# Each question on the way to a hint; nobody waits long for a hint.
QUESTION_SECONDS = 2.0


async def usual_janus(host: str, seconds: float) -> str | None:
    """The URL of a Janus at one of the usual ports of `host`, or None."""
    seconds = min(seconds, QUESTION_SECONDS)
    open_ones = await asyncio.gather(*(_accepts(host, port, seconds) for port in USUAL))
    for port, accepts in zip(USUAL, open_ones, strict=True):
        if accepts and (found := await janus_at(host, port, seconds)) is not None:
            return found
    return None


async def janus_at(host: str, port: int, seconds: float, *, path: str = "") -> str | None:
    """The URL with which a Janus answers at this port, or None."""
    place = _place(host, port)
    paths = dict.fromkeys([path.rstrip("/") or "/janus", "/janus"])
    wanted = ["ws://" + place, *(f"http://{place}{p}" for p in paths)]
    wanted += ["wss://" + place, *(f"https://{place}{p}" for p in paths)]
    answers = await asyncio.gather(*(_answers(url, seconds) for url in wanted))
    return next((url for url, answered in zip(wanted, answers, strict=True) if answered), None)


async def is_admin_port(host: str, port: int, seconds: float) -> bool:
    """Whether the Admin API of a Janus answers at this port."""
    place = _place(host, port)
    urls = (f"ws://{place}", f"http://{place}/admin", f"wss://{place}", f"https://{place}/admin")
    return any(await asyncio.gather(*(_answers(url, seconds, admin=True) for url in urls)))


async def _answers(url: str, seconds: float, *, admin: bool = False) -> bool:
    """Whether a Janus opens up for this URL; no certificate is checked, for no secret is sent."""
    seconds = min(seconds, QUESTION_SECONDS)
    options: dict[str, object] = {"open_timeout": seconds, "proxy": None}
    if urlsplit(url).scheme in ("wss", "https"):
        options["ssl"] = _trusting()
    transport = make_transport(url, options, admin=admin)
    try:
        async with asyncio.timeout(seconds):
            await transport.open()
    except (JanusError, TimeoutError):
        return False
    finally:
        await transport.close()
    return True


async def _accepts(host: str, port: int, seconds: float) -> bool:
    with suppress(OSError):  # TimeoutError, too
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
        await shut(writer)
        return True
    return False


async def shut(writer: asyncio.StreamWriter) -> None:
    """Close a connection at once; the other side may be of any kind, and is not waited for."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


def why(exc: OSError) -> str:
    """In words why there is no connection; with several addresses asyncio lists an error for each."""
    if exc.errno is None:
        return str(exc)
    return os.strerror(exc.errno) if exc.errno > 0 else str(exc.strerror)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
