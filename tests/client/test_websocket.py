"""What the WebSocket transport says when a connection can't be made, or ends."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from janus_notebook import JanusConnectionError, JanusError, JanusOptionError
from janus_notebook.client.transports import make_transport
from tests.client.scripted import ScriptedServer, run, scripted, until

INFO = b'{"janus":"info","transaction":"t"}'


@pytest.mark.parametrize(
    ("url", "options", "kind", "text"),
    [
        ("ws://u:s3cret@host/#part", {}, JanusOptionError, "'ws://***@host/#part' is not a WebSocket URL"),
        (
            "ws://host.invalid",
            {"proxy": "gopher://u:s3cret@proxy"},
            JanusOptionError,
            "the proxy 'gopher://***@proxy' can't be used",
        ),
        (
            "ws://255.255.255.255",  # no packet leaves for it
            {"proxy": None},
            JanusConnectionError,
            "can't connect to ws://255.255.255.255: ",
        ),
    ],
)
def test_a_connection_that_can_not_be_made(
    url: str, options: dict[str, Any], kind: type[JanusError], text: str
) -> None:
    async def main() -> None:
        transport = make_transport(url, options)
        with pytest.raises(kind) as caught:
            await transport.open()
        assert text in str(caught.value)
        assert "s3cret" not in f"{caught.value}{caught.value.__cause__!r}"
        await transport.close()

    run(main())


async def pause(server: ScriptedServer) -> None:
    """The server reads nothing more, pings included."""
    server.connections[0].transport.pause_reading()


async def large(server: ScriptedServer) -> None:
    server.push(b'"' + b"x" * 2000 + b'"')


async def lose(server: ScriptedServer) -> None:
    server.drop()


async def leave(server: ScriptedServer) -> None:
    await server.connections[0].close(4000, "going home")


async def leave_without_a_word(server: ScriptedServer) -> None:
    await server.connections[0].close()


@pytest.mark.parametrize(
    ("happens", "text"),
    [
        (pause, "stopped answering pings: keepalive ping timeout"),
        (large, r"sent a message of more than max_size=1000 bytes\. Pass a larger max_size"),
        (lose, "the connection to ws://.* was lost"),
        (leave, r"closed the connection with code 4000 \(going home\)"),
        (leave_without_a_word, "closed the connection with code 1000"),
    ],
)
def test_how_a_connection_ends(happens: Any, text: str) -> None:
    async def main() -> None:
        async with scripted() as server:
            transport = make_transport(
                server.url,
                {"ping_interval": 0.05, "ping_timeout": 0.1, "max_size": 1000, "close_timeout": 0.1},
            )
            await transport.open()
            await transport.send(INFO)
            assert b"server_info" in await transport.receive()
            await happens(server)
            for _ in range(2):
                with pytest.raises(JanusConnectionError, match=text):
                    await transport.receive()
            with pytest.raises(JanusConnectionError, match=text):
                await transport.send(INFO)
            await transport.close()
            await transport.close()
            for connection in server.connections:
                connection.transport.resume_reading()
            await until(lambda: not server.connections)

    run(main())


def test_frames_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The library would write each with its secrets at DEBUG."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with scripted() as server:
            transport = make_transport(server.url, {})
            await transport.open()
            await transport.send(b'{"janus":"create","transaction":"t","apisecret":"s3cret"}')
            await transport.receive()
            await transport.close()
            assert server.received[0]["apisecret"] == "s3cret"

    run(main())
    ours = [record for record in caplog.records if record.name.startswith("janus_notebook")]
    assert ours == []


def test_close_wakes_the_reader() -> None:
    async def main() -> None:
        async with scripted() as server:
            transport = make_transport(server.url, {})
            await transport.open()
            reading = asyncio.ensure_future(transport.receive())
            await asyncio.sleep(0)
            await transport.close()
            with pytest.raises(JanusConnectionError):
                await reading

    run(main())
