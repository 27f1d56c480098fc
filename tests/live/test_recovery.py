"""Recovery, signed tokens and cancellation against the real Janus."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusEchoTestPlugin,
    JanusPlugin,
    JanusServerError,
    JanusSession,
    JanusStateError,
    signed_token,
)
from janus_notebook.client.recovery import NOT_KEPT
from tests.admin import admin, assert_empty, handles, sessions
from tests.client.scripted import run, until
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

SECRET = "the signing secret"


@pytest.fixture(scope="module")
def running_reclaiming() -> Iterator[LocalGateway]:
    with running_gateway(reclaim_session_timeout=10) as gateway:
        yield gateway


@pytest.fixture
def reclaiming(running_reclaiming: LocalGateway) -> Iterator[LocalGateway]:
    yield running_reclaiming
    assert_empty(running_reclaiming)


@pytest.fixture(scope="module")
def signing() -> Iterator[LocalGateway]:
    with running_gateway(token_auth=True, token_auth_secret=SECRET) as gateway:
        yield gateway


def cut(session: JanusSession) -> None:
    """End the connection as a network does: no close frame, no goodbye."""
    socket: Any = session.connection._transport
    socket._socket.transport.abort()


async def cut_and_back(session: JanusSession) -> None:
    cut(session)
    await until(lambda: session.state == "reconnecting")
    await until(lambda: session.state in ("recovered", "lost"), 10)


@pytest.mark.parametrize("mode", ["claim", "recreate"])
def test_claim_recovers_the_session_and_its_handles(reclaiming: LocalGateway, mode: Any) -> None:
    async def main() -> None:
        async with JanusSession(reclaiming.ws_url, recover=mode) as session:
            plugins = [JanusPlugin("videoroom"), JanusPlugin("echotest")]
            for plugin in plugins:
                await plugin.attach(session)
            ids = session.id, {plugin.id for plugin in plugins}
            stream = plugins[1].events(["hangup", "event"])
            for _ in range(2):
                await cut_and_back(session)
                assert session.state == "recovered"
                assert "was claimed after" in session.reason
                assert (session.id, {plugin.id for plugin in plugins}) == ids
                assert sessions(reclaiming) == [session.id]
                assert set(handles(reclaiming, session.id)) == ids[1]
                assert (await plugins[0].request({"request": "list"}))["videoroom"] == "success"
                assert (await plugins[1].request({"audio": True}))["result"] == "ok"
            assert not stream.closed
            # A request that is made while it comes back waits, and is answered.
            cut(session)
            await until(lambda: session.state == "reconnecting")
            assert (await plugins[0].request({"request": "list"}))["videoroom"] == "success"

    run(main())


def test_a_server_that_keeps_nothing(gateway: LocalGateway) -> None:
    async def main() -> None:
        session = JanusSession(gateway.ws_url)
        await session.create()
        plugin = JanusPlugin("echotest")
        await plugin.attach(session)
        cut(session)
        await until(lambda: session.state == "lost")
        assert session.reason.endswith(NOT_KEPT)
        with pytest.raises(JanusStateError, match="reclaim_session_timeout is 0"):
            await session.send({"janus": "keepalive"})
        assert plugin.state == "detached"
        await session.destroy()

    run(main())


def test_recreate_brings_the_handles_back(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url, recover="recreate") as session:
            plugins = [JanusPlugin("videoroom"), JanusPlugin("echotest")]
            for plugin in plugins:
                await plugin.attach(session)
            before = session.id
            await cut_and_back(session)
            assert session.state == "recovered"
            assert session.id != before
            assert set(handles(gateway, session.id)) == {plugin.id for plugin in plugins}
            assert (await plugins[0].request({"request": "list"}))["videoroom"] == "success"
            await until(lambda: sessions(gateway) == [session.id])
            # Ended by an administrator: Janus tells nobody, the next request finds out.
            admin(gateway, "destroy_session", session_id=session.id)
            gone = session.id
            with pytest.raises(JanusServerError, match="458"):
                await plugins[0].request({"request": "list"})
            await until(lambda: session.state == "recovered" and session.id != gone)
            assert (await plugins[1].request({"audio": True}))["result"] == "ok"

    run(main())


async def published(session: JanusSession) -> JanusEchoTestPlugin:
    plugin = JanusEchoTestPlugin()
    await plugin.attach(session)
    await plugin.publish()
    await plugin.track("video").snapshot()
    assert plugin.state == "connected"
    return plugin


def test_media_goes_on_over_a_claim(reclaiming: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(reclaiming.ws_url) as session:
            plugin = await published(session)
            ids = session.id, plugin.id
            await cut_and_back(session)
            assert (session.state, session.id, plugin.id) == ("recovered", *ids)
            assert plugin.state == "connected"
            for _ in range(20):
                await plugin.track("video").snapshot()
            info = admin(reclaiming, "handle_info", session_id=session.id, handle_id=plugin.id)["info"]
            assert info["webrtc"]["ice"]["state"] in ("connected", "ready")
            assert [event.state for event in plugin.transitions] == ["attached", "negotiating", "connected"]
            assert (await plugin.hangup())["janus"] == "success"

    run(main())


def test_media_is_closed_where_the_session_is_made_anew(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url, recover="recreate") as session:
            plugin = await published(session)
            await cut_and_back(session)
            assert (session.state, plugin.state) == ("recovered", "attached")
            assert plugin.tracks == ()
            with pytest.raises(JanusStateError, match="has no media here"):
                plugin.track("video")
            await plugin.publish()
            await plugin.track("video").snapshot()

    run(main())


# -- signed tokens ----------------------------------------------------------------------------------


def test_a_signed_token_is_accepted(signing: LocalGateway) -> None:
    async def main() -> None:
        token = signed_token(SECRET, ["echotest", "janus.plugin.videoroom"])
        async with JanusSession(signing.ws_url, token=token) as session:
            await JanusPlugin("echotest").attach(session)
            await JanusPlugin("videoroom").attach(session)
            with pytest.raises(JanusServerError, match="405 UNAUTHORIZED_PLUGIN"):
                await JanusPlugin("textroom").attach(session)
            await session.send({"janus": "keepalive"})
        async with JanusSession(signing.ws_url, token=signed_token(SECRET)) as bare:
            with pytest.raises(JanusServerError, match="405"):
                await JanusPlugin("echotest").attach(bare)

    run(main())
    assert_empty(signing)


@pytest.mark.parametrize(
    "token",
    [
        None,
        signed_token(SECRET, ["echotest"], expires=1_000_000_000),
        signed_token("another secret", ["echotest"]),
        signed_token(SECRET, ["echotest"]) + "A",
        "nonsense",
    ],
    ids=["none", "expired", "another secret", "changed", "nonsense"],
)
def test_a_token_that_is_refused(signing: LocalGateway, token: str | None) -> None:
    async def main() -> None:
        session = JanusSession(signing.ws_url, token=token)
        with pytest.raises(JanusServerError, match="403 UNAUTHORIZED"):
            await session.create()
        assert session.state == "closed"

    run(main())
    assert_empty(signing)


def test_a_token_is_renewed_while_the_session_lives(signing: LocalGateway) -> None:
    async def main() -> None:
        given: list[str] = []

        def token() -> str:
            given.append(signed_token(SECRET, ["echotest"], expires=time.time() + (1.5 if not given else 60)))
            return given[-1]

        async with JanusSession(signing.ws_url, token=token) as session:
            plugin = JanusPlugin("echotest")
            await plugin.attach(session)
            expiry = int(given[0].partition(",")[0])
            await until(lambda: time.time() > expiry + 1, 10)
            assert (await plugin.request({"audio": True}))["result"] == "ok"
            assert len(given) == 2
            await session.send({"janus": "keepalive"})
            assert len(given) == 2

    run(main())
    assert_empty(signing)


# -- cancellation -----------------------------------------------------------------------------------


def test_what_is_cancelled_leaves_nothing_on_the_server(gateway: LocalGateway) -> None:
    """Each verb, cancelled a little later each time; see `tests.client.test_cancellation` for every await."""

    async def cancelled(call: Coroutine[Any, Any, Any], turns: int) -> None:
        task = asyncio.create_task(call)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async def main() -> None:
        for turns in range(0, 40, 3):
            session, plugin = JanusSession(gateway.ws_url), JanusPlugin("videoroom")
            await cancelled(session.create(), turns)
            await session.create()
            await cancelled(plugin.attach(session), turns)
            await plugin.attach(session)
            await cancelled(plugin.request({"request": "list"}), turns)
            assert (await plugin.request({"request": "list"}))["videoroom"] == "success"
            assert session.counters["in_flight"] == 0
            await until(lambda: handles(gateway, session.id) == [plugin.id])  # noqa: B023
            await cancelled(session.destroy(), turns)
            await session.destroy()
            await until(lambda: sessions(gateway) == [])

    run(main())
