"""Cancellation at every await of `create`, `attach`, `request`, `detach` and `destroy`: nothing is harmed.

Each verb is walked: it is cancelled where it suspends for the first time, then afresh where it suspends for
the second time, and so on until it ends before it could be cancelled.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest

from janus_notebook import (
    JanusConnection,
    JanusPlugin,
    JanusServerError,
    JanusSession,
    JanusStateError,
    PracticeGateway,
)
from tests.admin import handles as handles_on
from tests.client.memory import FarEnd, memory_scheme, run_instantly
from tests.client.scripted import run, scripted, until
from tests.leaks import sockets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

Message = dict[str, Any]
How = Literal["at once", "as it ends", "at once and again", "as it ends and again"]
VERBS = ["create", "attach", "request", "detach", "destroy"]
HOWS: list[How] = ["at once", "as it ends", "at once and again", "as it ends and again"]

# Turns of the loop that an answer takes.
LATENCY = 3


class Walked:
    """Awaits a coroutine, and cancels the task that does where the coroutine suspends for the `at`-th time.

    Args:
        how: cancel at once, or when what is waited for is there, but the task has not yet gone on;
            and perhaps again at the next time.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], at: int, how: How) -> None:
        self.coroutine = coroutine
        self.at = {at, at + 1} if how.endswith("again") else {at}
        self.instantly = how.startswith("at once")
        self.suspended = 0

    @property
    def reached(self) -> bool:
        return self.suspended >= min(self.at)

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        assert task is not None
        inner = self.coroutine.__await__()
        error: BaseException | None = None
        while True:
            try:
                waited_for = next(inner) if error is None else inner.throw(error)
            except StopIteration as end:
                return end.value
            self.suspended += 1
            if self.suspended in self.at:
                if self.instantly or waited_for is None:
                    task.cancel()
                else:
                    # Ahead of the task's own wish to be woken.
                    waited_for.add_done_callback(lambda _: task.cancel())
            try:
                yield waited_for
            except BaseException as exc:  # noqa: BLE001 # it goes to the coroutine
                error = exc
            else:
                error = None


async def _awaited(walked: Walked) -> Any:
    return await walked


class Server(FarEnd):
    """Speaks Janus, some turns of the loop late, and knows what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[int, set[int]] = {}
        self.verbs: list[str] = []
        self._ids = itertools.count(100)
        self.on_send = self._take

    def _take(self, data: bytes) -> None:
        request = json.loads(data)
        verb = request["janus"]
        self.verbs.append(verb)
        reply = {"janus": "success", "transaction": request["transaction"]}
        session, handle = request.get("session_id"), request.get("handle_id")
        answers = [reply]
        if verb == "info":
            reply["janus"] = "server_info"
        elif verb == "create":
            reply["data"] = {"id": next(self._ids)}
            self.sessions[reply["data"]["id"]] = set()
        elif session not in self.sessions or (handle and handle not in self.sessions[session]):
            reply |= {"janus": "error", "error": {"code": 459 if session in self.sessions else 458}}
        elif verb == "attach":
            reply["data"] = {"id": next(self._ids)}
            self.sessions[session].add(reply["data"]["id"])
        elif verb == "detach":
            self.sessions[session].discard(handle)
        elif verb == "destroy":
            del self.sessions[session]
        elif verb == "message":
            reply["janus"] = "ack"
            event = {"session_id": session, "sender": handle, "plugindata": {"data": request["body"]}}
            answers.append(reply | {"janus": "event"} | event)
        for number, answer in enumerate(answers, 1):
            _in_turns(LATENCY * number, partial(self.push, json.dumps(answer).encode()))


def _in_turns(turns: int, act: Callable[[], None]) -> None:
    if turns:
        asyncio.get_running_loop().call_soon(_in_turns, turns - 1, act)
    else:
        act()


class Walk:
    """One session in the state in which `verb` begins, and what must be true after it was cancelled."""

    def __init__(self, verb: str, session: JanusSession) -> None:
        self.verb = verb
        self.session = session
        self.plugins = [JanusPlugin("scripted"), JanusPlugin("scripted")]
        self.beside: list[asyncio.Task[Any]] = []

    async def prepare(self) -> None:
        if self.verb == "create":
            return
        await self.session.create()
        await self.plugins[1].attach(self.session)
        if self.verb != "attach":
            await self.plugins[0].attach(self.session)
        if self.verb in ("detach", "destroy"):  # they wait for it
            self.beside.append(asyncio.create_task(self.plugins[0].request({"request": "list"})))
            await asyncio.sleep(0)

    def call(self) -> Coroutine[Any, Any, Any]:
        plugin, session = self.plugins[0], self.session
        calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "create": session.create,
            "attach": lambda: plugin.attach(session),
            "request": lambda: plugin.request({"request": "list"}),
            "detach": plugin.detach,
            "destroy": session.destroy,
        }
        return calls[self.verb]()

    async def check(self) -> None:
        """It is in a documented state, and goes on from there."""
        session, plugin = self.session, self.plugins[0]
        await asyncio.gather(*self.beside, return_exceptions=True)
        if self.verb in ("create", "destroy"):
            assert session.state in ("new", "closed", "connected")
            assert plugin.state in ("new", "detached") or session.state == "connected"
            assert (session.id is None) is (session.state != "connected")
        else:
            assert session.state == "connected"
            assert plugin.state in ("new", "attached", "detached")
            assert (plugin.id is None) is (plugin.state != "attached")
            assert self.plugins[1].state == "attached"
        await session.create()
        for one in self.plugins:
            await one.attach(session)
            try:
                await one.request({"request": "list"})
            except (JanusServerError, JanusStateError):
                assert self.verb == "detach"  # it was cancelled, but on its way to the server
                await one.attach(session)
                await one.request({"request": "list"})
        assert session.is_open
        assert set(session.plugins) == set(self.plugins)

    async def end(self) -> None:
        await self.session.destroy()
        assert (self.session.state, self.session.id) == ("closed", None)
        assert {plugin.state for plugin in self.plugins} == {"detached"}


async def _cancelled(walk: Walk, at: int, how: How) -> Walked:
    """Call the verb in a task of its own, cancel it, and see how it ends."""
    walked = Walked(walk.call(), at, how)
    task = asyncio.create_task(_awaited(walked))
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return walked


async def in_memory(verb: str, at: int, how: How, *, shared: bool) -> Walked:
    far = Server()
    connection = JanusConnection("memory://far", far=far) if shared else None
    session = JanusSession(connection=connection) if shared else JanusSession("memory://far", far=far)
    walk = Walk(verb, session)
    await walk.prepare()
    walked = await _cancelled(walk, at, how)
    if verb in ("attach", "detach", "request"):
        await _turns(6 * LATENCY)  # what comes late is undone
        assert session.counters["in_flight"] == 0
        assert far.sessions == {session.id: {plugin.id for plugin in session.plugins}}
    await walk.check()
    await _turns(6 * LATENCY)
    assert session.connection.in_flight == 0
    if shared:
        assert far.sessions == {session.id: {plugin.id for plugin in session.plugins}}
    await walk.end()
    await _turns(6 * LATENCY)
    if connection is not None:
        assert far.sessions == {}
        await connection.close()
    assert not far.open
    return walked


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("verb", VERBS)
def test_cancelled_at_every_await(verb: str, how: How, shared: bool) -> None:
    with memory_scheme():
        at = 1
        while run_instantly(in_memory(verb, at, how, shared=shared)).reached:
            at += 1
    # The walk has met what there is: see the awaits of the verb.
    assert at - 1 >= {"create": 3, "attach": 1, "request": 1, "detach": 2, "destroy": 3}[verb]


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.parametrize("verb", VERBS)
def test_cancelled_in_every_turn_of_the_loop(verb: str, shared: bool) -> None:
    """Also where other tasks of ours are in the middle of something."""

    async def main(turns: int) -> bool:
        far = Server()
        connection = JanusConnection("memory://far", far=far) if shared else None
        session = JanusSession(connection=connection) if shared else JanusSession("memory://far", far=far)
        walk = Walk(verb, session)
        await walk.prepare()
        task = asyncio.create_task(walk.call())
        await _turns(turns)
        stopped = task.cancel()
        await asyncio.wait([task])
        await walk.check()
        await _turns(6 * LATENCY)
        assert session.connection.in_flight == 0
        if shared:
            assert far.sessions == {session.id: {plugin.id for plugin in session.plugins}}
        await walk.end()
        await _turns(6 * LATENCY)
        if connection is not None:
            assert far.sessions == {}
            await connection.close()
        return stopped

    with memory_scheme():
        turns = 0
        while run_instantly(main(turns)):
            turns += 1
    assert turns > LATENCY


# -- with real sockets ------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["ws", "http", "unix"])
@pytest.mark.parametrize("how", HOWS[:2])
def test_cancelled_at_every_await_over_sockets(transport: str, how: How) -> None:
    with PracticeGateway() as gateway:
        run(over_sockets(gateway, transport, how))


async def over_sockets(gateway: PracticeGateway, transport: str, how: How) -> None:
    url: str = getattr(gateway, f"{transport}_url")

    async def walk_once(verb: str, at: int) -> Walked:
        connection = JanusConnection(url)
        session = JanusSession(connection=connection)
        walk = Walk(verb, session)
        for plugin in walk.plugins:
            plugin.name = "janus.plugin.videoroom"
        await walk.prepare()
        walked = await _cancelled(walk, at, how)
        await walk.check()
        assert session.connection.in_flight == 0
        known = [session.id]
        await until(lambda: list(gateway.sessions) == known)
        ids = {plugin.id for plugin in walk.plugins}
        await until(lambda: set(handles_on(gateway, session.id)) == ids)
        await walk.end()
        await connection.close()
        assert gateway.sessions == ()
        return walked

    for verb in VERBS:
        at = 1
        while (await walk_once(verb, at)).reached:
            at += 1
        assert at > 1


@pytest.mark.parametrize("transport", ["ws", "http", "unix", "unix_dgram"])
@pytest.mark.parametrize("how", HOWS)
def test_what_a_cancelled_destroy_leaves_open_the_next_one_closes(transport: str, how: How) -> None:
    """No task goes on to close anything once a whole `destroy` has returned."""

    async def main() -> None:
        at, before = 1, sockets()
        reached = True
        while reached:
            session, plugin = JanusSession(getattr(gateway, f"{transport}_url")), JanusPlugin("videoroom")
            await session.create()
            await plugin.attach(session)
            walked = Walked(session.destroy(), at, how)
            await asyncio.wait([asyncio.create_task(_awaited(walked))])
            await session.destroy()
            assert asyncio.all_tasks() == {asyncio.current_task()}, f"cancelled at {at}"
            await until(lambda: sockets() <= before)  # the loop closes them in its next turns
            reached, at = walked.reached, at + 1
        assert at > 3

    with PracticeGateway() as gateway:
        run(main())


@pytest.mark.parametrize("answered", [True, False])
def test_the_session_of_a_cancelled_create_is_destroyed_before_its_connection_closes(answered: bool) -> None:
    """Janus may keep a session that it makes for a connection that has just closed."""

    async def main() -> None:
        async with scripted() as server:
            asked = asyncio.Event()

            def keep_silent(_: Message) -> list[Message]:
                asked.set()
                return []

            server.on["create"] = keep_silent
            session = JanusSession(server.url)
            creating = asyncio.create_task(session.create())
            await asked.wait()
            creating.cancel()
            if answered:
                server.push(server.made(server.received[-1]))
            async with asyncio.timeout(5):  # it does not wait for the session's own timeout
                await asyncio.wait([creating])
            assert creating.cancelled()
            assert session.state == "closed"
            assert server.verbs() == ["info", "create", *(["destroy"] if answered else [])]

    run(main())


def test_the_walk_cancels_where_it_says() -> None:
    """The tool itself: what it counts, and what the coroutine sees."""

    async def walked(at: int, how: How) -> list[str]:
        seen: list[str] = []
        ready = asyncio.get_running_loop().create_future()

        async def verb() -> None:
            for number, wait in enumerate([asyncio.sleep(0), ready], 1):
                try:
                    await wait
                except asyncio.CancelledError:
                    seen.append(f"cancelled {number}{' when ready' if ready.done() else ''}")
                    raise
                seen.append(f"went on {number}")

        asyncio.get_running_loop().call_later(0.1, lambda: None if ready.done() else ready.set_result(None))
        task: Awaitable[Any] = asyncio.create_task(_awaited(Walked(verb(), at, how)))
        await asyncio.wait([task])  # type: ignore[type-var]
        await asyncio.sleep(0.2)
        ready.cancel()
        return seen

    async def main() -> None:
        assert await walked(1, "at once") == ["cancelled 1"]
        assert await walked(2, "as it ends") == ["went on 1", "cancelled 2 when ready"]
        assert await walked(3, "at once") == ["went on 1", "went on 2"]

    run_instantly(main())
