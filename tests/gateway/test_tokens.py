"""Stored tokens: both gateways keep them alike."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusSession
from janus_notebook.errors import (
    JanusConnectionError,
    JanusOptionError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
)
from janus_notebook.gateway import LocalGateway, PracticeGateway
from janus_notebook.gateway.configuration import LOOPBACK
from janus_notebook.gateway.tokens import TokenStore
from janus_notebook.plugins import make_plugin
from tests.gateways import needs_janus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    Gateway = LocalGateway | PracticeGateway

KINDS = [
    pytest.param("practice"),
    pytest.param("janus", marks=[pytest.mark.live, needs_janus]),
]
both = pytest.mark.parametrize("kind", KINDS)
TOKEN = "planted-token"


@contextmanager
def running(kind: str, **options: Any) -> Iterator[Gateway]:
    if kind == "practice":
        with PracticeGateway(**options) as gateway:
            yield gateway
    else:
        with running_gateway(log_level=7, **options) as janus:
            yield janus


async def attach(gateway: Gateway, plugin: str) -> str:
    async with JanusSession(gateway.ws_url, token=TOKEN) as session:
        handle = make_plugin(plugin)
        await handle.attach(session)
        return handle.name


@both
def test_a_token_opens_the_plugins_it_names_until_it_is_removed(kind: str) -> None:
    async def main(gateway: Gateway) -> None:
        with pytest.raises(JanusServerError, match="403 UNAUTHORIZED"):
            await attach(gateway, "echotest")
        assert await gateway.add_token(TOKEN, ["echotest"]) == ("janus.plugin.echotest",)
        assert await attach(gateway, "echotest") == "janus.plugin.echotest"
        with pytest.raises(JanusServerError, match="405 UNAUTHORIZED_PLUGIN"):
            await attach(gateway, "textroom")
        more = await gateway.add_token(TOKEN, ["janus.plugin.textroom"])
        assert more == ("janus.plugin.echotest", "janus.plugin.textroom")
        assert await attach(gateway, "textroom") == "janus.plugin.textroom"
        assert set(await gateway.add_token("for all")) == set(gateway.plugins)
        async with JanusSession(gateway.ws_url, token=TOKEN) as session:
            await gateway.remove_token(TOKEN)
            with pytest.raises(JanusServerError, match="403 UNAUTHORIZED"):
                await JanusEchoTestPlugin().attach(session)
            await gateway.add_token(TOKEN)  # so that the session can be destroyed
        await gateway.remove_token(TOKEN)
        with pytest.raises(JanusServerError, match=r"490 UNKNOWN\)\. Was it added\?") as caught:
            await gateway.remove_token(TOKEN)
        assert TOKEN not in str(caught.value)

    with running(kind, token_auth=True) as gateway:
        asyncio.run(main(gateway))
    assert TOKEN not in "\n".join(gateway.log_lines(100_000))


@both
@pytest.mark.parametrize("options", [{}, {"token_auth": True, "token_auth_secret": "secret"}])
def test_a_gateway_that_stores_none_says_how_it_would(kind: str, options: dict[str, Any]) -> None:
    async def main(gateway: Gateway) -> None:
        for call in (gateway.add_token, gateway.remove_token):
            with pytest.raises(JanusServerError, match="with token_auth=True, and without") as caught:
                await call(TOKEN)
            assert caught.value.code == 490

    with running(kind, **options) as gateway:
        asyncio.run(main(gateway))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3,), "the token is int: expected a text that is not empty"),
        (("",), "the token is an empty text"),
        ((TOKEN, "echotest"), r"plugins='echotest': expected a list of names. Write \['echotest'\]"),
        ((TOKEN, []), r"plugins=\[\]: expected a list of names. .* None allows all"),
        ((TOKEN, 3), "plugins=3: expected a list of names"),
        ((TOKEN, [3]), r"plugins=\[3\]: expected a list of names"),
        (
            (TOKEN, ["echotst"]),
            "unknown plugin 'janus.plugin.echotst'. Did you mean 'janus.plugin.echotest'?",
        ),
    ],
)
def test_what_can_be_no_token_or_plugin_is_refused(arguments: tuple[Any, ...], words: str) -> None:
    with PracticeGateway(token_auth=True) as gateway, pytest.raises(JanusOptionError, match=words) as caught:
        asyncio.run(gateway.add_token(*arguments))
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("kind", [LocalGateway, PracticeGateway])
@pytest.mark.parametrize("plugins", [None, ["echotest"]])
def test_without_a_running_gateway_there_are_no_tokens(
    kind: type[Gateway], plugins: list[str] | None
) -> None:
    with pytest.raises(JanusStateError, match=r"Start it: await gateway\.start"):
        asyncio.run(kind(token_auth=True).add_token(TOKEN, plugins))


class Stranger(TokenStore):
    """A server whose Admin API answers each request with the same body."""

    admin_url = ""
    admin_secret = "secret"
    plugins = ()


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"janus": "error"}', '{"janus": "success", "data": 3}'])
def test_an_answer_that_is_not_janus_s_is_an_error_of_ours(body: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(answer, LOOPBACK, 0) as server:
            stranger = Stranger()
            stranger.admin_url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/admin"
            with pytest.raises(JanusProtocolError, match="the Admin API's answer to add_token"):
                await stranger.add_token(TOKEN)
        with pytest.raises(JanusConnectionError, match="was refused"):
            await stranger.add_token(TOKEN)

    asyncio.run(main())
