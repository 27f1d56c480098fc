"""A gateway that misbehaves, sessions on it over any transport, and deadlines that tell a hang."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusError, JanusSession
from janus_notebook.gateway import PracticeGateway
from tests.client.scripted import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

TRANSPORTS = ("ws", "http", "unix", "unix+dgram")
# For what takes long and is much the same over each: the others are for the night.
ALL_AT_NIGHT = (
    *("ws", "http"),
    *(pytest.param(name, marks=pytest.mark.nightly) for name in ("unix", "unix+dgram")),
)
# Where either side learns of the other's end. The others keep a session until its timeout.
CONNECTED = ("ws", "unix")
UNCONNECTED = ("http", "unix+dgram")


def misbehaving(**options: Any) -> PracticeGateway:
    """A practice gateway, not started yet; it has no need of media here."""
    return PracticeGateway(media=False, **options)


def url_of(gateway: PracticeGateway, transport: str) -> str:
    """Where a session over this transport connects to."""
    urls = {
        "ws": gateway.ws_url,
        "http": gateway.http_url,
        "unix": gateway.unix_url,
        "unix+dgram": gateway.unix_dgram_url,
    }
    return urls[transport]


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Fail if the block takes longer: it hangs, or is far slower than documented."""
    try:
        async with asyncio.timeout(seconds) as deadline:
            yield
    except TimeoutError:
        if deadline.expired():
            raise AssertionError(f"not over within {seconds} s") from None
        raise


async def outcome(call: Awaitable[Any]) -> Any:
    """What a call returned, or the error of ours that it raised; anything else is a failure."""
    try:
        return await call
    except JanusError as exc:
        return exc


@asynccontextmanager
async def echoing(
    url: str, *, timeout: float = 10.0, **options: Any
) -> AsyncIterator[tuple[JanusSession, JanusEchoTestPlugin]]:
    """A session with a handle on EchoTest; both end within 10 s, whatever has become of the server.

    The timeout is the session's from then on: a busy machine may be slower in making them.
    """
    session, plugin = JanusSession(url, **options), JanusEchoTestPlugin()
    async with within(10):
        await session.create()
    try:
        async with within(10):
            await plugin.attach(session)
        session.timeout = timeout
        yield session, plugin
    finally:
        async with within(10):
            await session.destroy()


async def becomes(session: JanusSession, state: str, seconds: float) -> None:
    """Wait until the session is in this state, or in one that it does not leave."""
    ended = {state, "lost", "closed"} - {session.state}
    await until(lambda: session.state == state or session.state in ended, seconds)
    assert session.state == state, f"{session.state}: {session.reason}"


def states_of(session: JanusSession) -> list[str]:
    """The states that the session has gone through."""
    return [
        event.raw["state"] for event in session.events if event.kind == "state" and event.handle_id is None
    ]
