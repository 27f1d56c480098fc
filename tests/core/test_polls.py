"""What only HTTP has: the long poll of each session, which carries a secret of its own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusServerError, JanusSession
from janus_notebook.client.tokens import signed_token
from tests.admin import admin, assert_empty
from tests.client.scripted import errors_in, run, until
from tests.core.targets import ALLOWED, SIGNING_SECRET, ServerKey, running
from tests.gateways import needs_janus

if TYPE_CHECKING:
    from janus_notebook.client.connection import JanusConnection

pytestmark = [needs_janus, pytest.mark.live]


def key(authentication: str) -> ServerKey:
    return ServerKey("janus", True, authentication, "SOCK_SEQPACKET", 60)


def test_a_poll_takes_up_a_newer_token() -> None:
    """A signed token is checked at every poll; when it has expired, the next request may bring another."""
    with running(key("signed-tokens")) as server:

        async def main() -> None:
            tokens = [signed_token(SIGNING_SECRET, ALLOWED, seconds=2)]
            async with JanusSession(server.http_url, token=lambda: tokens[-1]) as session:
                plugin = JanusEchoTestPlugin()
                await plugin.attach(session)
                await until(lambda: time.time() > float(tokens[0].partition(",")[0]) + 1)
                with pytest.raises(JanusServerError, match="403 UNAUTHORIZED"):
                    await session.send({"janus": "keepalive"})
                # An event ends the poll that still hangs there; the next one is refused. If that poll had
                # ended before, the event waits on the server for one with a newer token.
                ids = {"session_id": session.id, "handle_id": plugin.id}
                await asyncio.to_thread(admin, server, "detach_handle", **ids)
                await until(lambda: any("403" in text for text in errors_in(session)))
                assert session.state == "connected"
                tokens.append(signed_token(SIGNING_SECRET, ALLOWED))
                assert (await session.send({"janus": "keepalive"}))["janus"] == "ack"
                await until(lambda: plugin.state == "detached")
                await plugin.attach(session)
                assert (await plugin.configure(audio=True))["result"] == "ok"  # its event came by a poll

        run(main())
        assert_empty(server)


def test_a_session_that_another_connection_takes_over() -> None:
    """Events go to whoever claimed it last, so its polls begin there."""
    with running(key("open")) as server:

        async def main() -> None:
            async with JanusSession(server.ws_url) as first:
                plugin = JanusEchoTestPlugin()
                await plugin.attach(first)
                second = JanusSession(server.http_url)
                await second.create()
                connection: JanusConnection = second.connection
                claim = {"janus": "claim", "session_id": first.id}
                assert (await connection.request(claim, timeout=5))["janus"] == "success"
                message = {"janus": "message", "session_id": first.id, "handle_id": plugin.id}
                reply = await connection.request({**message, "body": {"audio": True}}, timeout=5)
                assert reply["plugindata"]["data"]["result"] == "ok"
                await first.connection.request({"janus": "claim", "session_id": first.id}, timeout=5)
                await plugin.configure(audio=True)
                await second.destroy()

        run(main())
        assert_empty(server)
