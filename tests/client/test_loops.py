"""A session belongs to the event loop that it was made in; any other is told so in a sentence."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusError,
    JanusPlugin,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusStateError,
    PracticeGateway,
)
from tests.client.scripted import run, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

OTHER = "belongs to another event loop"


def elsewhere(call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    asyncio.run(call())


def run_and_leave(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` as `asyncio.run` does, with a session left open in it."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main)
    left = asyncio.all_tasks(loop)
    assert left
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.wait(left))
    loop.close()


def test_another_thread_is_told_and_the_session_goes_on() -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugin = JanusSession(server.url), JanusPlugin("scripted")
            await session.create()
            await plugin.attach(session)
            calls: list[Any] = [session.ping, session.create, session.destroy, lambda: plugin.request({})]
            calls += [plugin.detach, session.connection.open, session.connection.close]
            for call in calls:
                with pytest.raises(JanusStateError, match=OTHER):
                    await asyncio.to_thread(elsewhere, call)
            await session.ping()
            await plugin.request({"n": 1})
            await session.destroy()

    run(main())


@pytest.mark.parametrize("recover", [None, "claim", "recreate"])
@pytest.mark.parametrize("first", ["request", "create", "destroy"])
def test_a_loop_that_has_ended_leaves_a_session_that_can_begin_anew(recover: Any, first: str) -> None:
    with PracticeGateway(reclaim_session_timeout=5) as gateway:
        session, plugin = JanusSession(gateway.ws_url, recover=recover), JanusPlugin("echotest")

        async def begin() -> None:
            await session.create()
            await plugin.attach(session)

        async def go_on() -> None:
            if first == "request":
                with pytest.raises(JanusError):
                    await plugin.request({"audio": True})
            elif first == "destroy":
                assert await session.destroy() == {}
            await session.create()
            await plugin.attach(session)
            assert (await plugin.request({"audio": True}))["result"] == "ok"
            await session.destroy()
            assert (session.state, session.connection.state) == ("closed", "closed")

        run_and_leave(begin())
        run(go_on())


def test_a_connection_opens_and_closes_itself() -> None:
    async def main() -> None:
        async with scripted() as server:
            async with JanusConnection(server.url) as connection:
                async with JanusSession(connection=connection):
                    assert connection.state == "connected"
                assert str(connection.state) == "connected"
            assert str(connection.state) == "closed"

    run(main())


@pytest.mark.parametrize(
    "error",
    [
        JanusServerError(458, "No such session 1").within(session_id=1, request={"janus": "attach"}),
        JanusPluginError(426, "No such room", name="NO_SUCH_ROOM", plugin="janus.plugin.videoroom"),
        JanusStateError("the session is new", hint="Call create()."),
    ],
)
def test_an_error_can_be_pickled(error: JanusError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
