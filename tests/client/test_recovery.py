"""Recovery by its rules: what comes back, what fails at once, what waits, and that nothing is sent twice."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusOptionError,
    JanusPlugin,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
    PluginReply,
)
from janus_notebook.client import connection as connection_module
from janus_notebook.client import recovery as recovery_module
from janus_notebook.client.recovery import NOT_KEPT
from janus_notebook.client.transports import make_transport
from tests.client.memory import FarEnd, MemoryTransport, instant_loop, memory_scheme, run_instantly
from tests.client.scripted import ScriptedServer, errors_in, run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

Message = dict[str, Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "FIRST_PAUSE", 0.002)


def silent(_: Message) -> list[Any]:
    return []


@asynccontextmanager
async def keeping(seconds: float = 10, session_timeout: float = 60) -> AsyncIterator[ScriptedServer]:
    """A server that keeps a session for some time when its connection is gone; 0: not at all."""
    async with scripted(session_timeout) as server:
        server.info["reclaim-session-timeout"] = seconds
        server.on["claim"] = (
            (lambda request: [server.reply(request)])
            if seconds
            else (lambda request: [server.error(request, 458, "no such session")])
        )
        yield server


@asynccontextmanager
async def session_with(
    server: ScriptedServer, handles: int = 1, **options: Any
) -> AsyncIterator[tuple[JanusSession, list[JanusPlugin]]]:
    async with JanusSession(server.url, **options) as session:
        plugins = [JanusPlugin(f"scripted{number}") for number in range(handles)]
        for plugin in plugins:
            await plugin.attach(session)
        server.received.clear()
        yield session, plugins


async def lose(server: ScriptedServer, session: JanusSession) -> None:
    server.drop()
    await until(lambda: session.state not in ("connected", "recovered"))


async def back(session: JanusSession) -> None:
    await until(lambda: session.state == "recovered")


def states_of(session: JanusSession) -> list[str]:
    return [
        event.raw["state"] for event in session.events if event.kind == "state" and event.handle_id is None
    ]


def sent(server: ScriptedServer, verb: str) -> list[Message]:
    return [request for request in server.received if request["janus"] == verb]


def once(
    server: ScriptedServer, verb: str, act: Callable[[Message], Iterable[Any]]
) -> Callable[[Message], Iterable[Any]]:
    """Let the next `verb` be answered by `act`, and those after it as before."""
    polite = server.on[verb]

    def first(request: Message) -> Iterable[Any]:
        server.on[verb] = polite
        return act(request)

    server.on[verb] = first
    return polite


def hold(server: ScriptedServer, verb: str) -> list[Message]:
    """Keep the requests with `verb` without an answer."""
    held: list[Message] = []
    server.on[verb] = lambda request: held.append(request) or []  # type: ignore[func-returns-value]
    return held


# -- the modes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["claim", "recreate"])
def test_claim_brings_the_same_session_back(mode: Any) -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, 2, recover=mode) as (session, plugins):
            ids = session.id, [plugin.id for plugin in plugins]
            await lose(server, session)
            await back(session)
            assert (session.id, [plugin.id for plugin in plugins]) == ids
            assert server.verbs() == ["info", "claim"]
            assert sent(server, "claim")[0]["session_id"] == session.id
            assert states_of(session) == ["connecting", "connected", "reconnecting", "recovered"]
            assert session.reason.startswith(f"session {session.id} was claimed after ")
            assert session.is_open
            assert (await plugins[1].request({"n": 1}))["body"] == {"n": 1}
            assert [plugin.state for plugin in plugins] == ["attached", "attached"]
            await lose(server, session)  # as often as it takes
            await back(session)
            assert (session.id, [plugin.id for plugin in plugins]) == ids
        assert server.verbs()[-3:] == ["detach", "detach", "destroy"]
        assert session.state == "closed"

    run(main())


@pytest.mark.parametrize("reclaim", [0, 10])
def test_recreate_makes_a_new_session_with_the_same_handles(reclaim: int) -> None:
    async def main() -> None:
        async with (
            keeping(reclaim) as server,
            session_with(server, 2, recover="recreate") as (session, plugins),
        ):
            server.on["claim"] = lambda request: [server.error(request, 458, "no such session")]
            before = session.id, [plugin.id for plugin in plugins]
            await lose(server, session)
            await back(session)
            assert server.verbs() == ["info", *(["claim"] if reclaim else []), "create", "attach", "attach"]
            assert [request["plugin"] for request in sent(server, "attach")] == [
                plugin.name for plugin in plugins
            ]
            assert {request["session_id"] for request in sent(server, "attach")} == {session.id}
            after = session.id, [plugin.id for plugin in plugins]
            assert before[0] != after[0]
            assert not set(before[1]) & set(after[1])
            assert session.plugins == tuple(plugins)
            assert "was made anew after" in session.reason
            assert [event.state for event in plugins[0].transitions] == ["attached", "detached", "attached"]
            assert plugins[0].transitions[1].raw["reason"] == "the session on the server is gone"
            assert (await plugins[0].request({"n": 1}))["body"] == {"n": 1}
            assert (await session.create())["data"]["id"] == session.id

    run(main())


def test_no_recovery() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, recover=None) as (session, (plugin,)):
            await lose(server, session)
            assert session.state == "lost"
            assert "was lost" in session.reason
            assert plugin.state == "detached"
        assert server.verbs() == []

    run(main())


def test_a_server_that_keeps_nothing_is_not_asked_and_the_user_is_told() -> None:
    async def main() -> None:
        async with keeping(0) as server, session_with(server) as (session, (plugin,)):
            await lose(server, session)
            assert session.state == "lost"
            assert session.reason.endswith(NOT_KEPT)
            assert "reclaim_session_timeout is 0" in NOT_KEPT
            with pytest.raises(JanusStateError, match=r"reclaim_session_timeout is 0.*recover='recreate'"):
                await session.send({"janus": "keepalive"})
            assert plugin.state == "detached"
        assert server.verbs() == []

    run(main())


def test_a_server_that_no_longer_has_the_session() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, (plugin,)):
            server.on["claim"] = lambda request: [server.error(request, 458)]
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert "no longer knows session" in session.reason
            assert "reclaim_session_timeout of 10 s" in session.reason
            assert plugin.state == "detached"
            await session.create()
            await plugin.attach(session)
            assert session.state == "connected"

    run(main())


def test_a_server_that_comes_back_with_another_setting() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, _):
            server.info["reclaim-session-timeout"] = 0
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert "reclaim_session_timeout of 0 s" in session.reason
            assert server.verbs() == ["info"]

    run(main())


def test_a_claim_that_is_refused_for_another_reason() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, recover="recreate") as (session, _):
            server.on["claim"] = lambda request: [server.error(request, 403, "Unauthorized request")]
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert "403" in session.reason
            assert server.verbs() == ["info", "claim"]

    run(main())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"recover": "always"}, "recover must be 'claim', 'recreate' or None, not 'always'"),
        ({"recover_timeout": 0}, "recover_timeout must be seconds above 0"),
        ({"recover_timeout": True}, "recover_timeout must be seconds above 0"),
        ({"recover_timeout": "60"}, "recover_timeout must be seconds above 0"),
    ],
)
def test_options_that_there_are_not(options: Any, text: str) -> None:
    with pytest.raises(JanusOptionError, match=text):
        JanusSession("ws://localhost", **options)


# -- requests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reclaim", [0, 10])
def test_what_is_in_flight_fails_at_once_and_is_never_sent_again(reclaim: int) -> None:
    async def main() -> None:
        async with (
            keeping(reclaim) as server,
            session_with(server, recover="recreate") as (session, (plugin,)),
        ):
            polite = server.on["message"]
            held = hold(server, "message")
            calls = [asyncio.create_task(plugin.request({"n": n}, timeout=30)) for n in range(3)]
            await until(lambda: len(held) == 3)
            hold(server, "info")
            server.drop()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert session.state == "reconnecting"
            for result in results:
                assert isinstance(result, JanusConnectionError)
                assert "was lost" in str(result)
            assert session.counters["in_flight"] <= 1  # ours of the recovery
            server.on["info"] = lambda request: [server.reply(request, **server.info)]
            server.on["message"] = polite
            server.drop()
            await back(session)
            await plugin.request({"n": 9})
            assert [request["body"]["n"] for request in sent(server, "message")] == [0, 1, 2, 9]

    run(main())


@pytest.mark.parametrize("reclaim", [0, 10])
def test_what_is_asked_meanwhile_waits_and_is_sent_once_with_the_ids_of_now(reclaim: int) -> None:
    async def main() -> None:
        async with (
            keeping(reclaim) as server,
            session_with(server, recover="recreate") as (session, (plugin,)),
        ):
            old = {"session_id": session.id, "handle_id": plugin.id}
            polite, held = server.on["info"], hold(server, "info")
            await lose(server, session)
            await until(lambda: held)
            calls: list[asyncio.Future[Any]] = [
                asyncio.ensure_future(plugin.request({"n": 0})),
                asyncio.ensure_future(session.send({"janus": "message", "body": {"n": 1}, **old})),
                asyncio.ensure_future(plugin.trickle(None)),
                asyncio.ensure_future(session.ping()),
                asyncio.ensure_future(session.info()),
            ]
            await asyncio.sleep(0)
            assert server.verbs() == ["info"]
            server.on["info"] = polite
            server.push(*polite(held[0]))
            await asyncio.gather(*calls)
            assert session.state == "recovered"
            messages = sent(server, "message") + sent(server, "trickle")
            assert [request.get("body") for request in messages] == [{"n": 0}, {"n": 1}, None]
            for request in messages:
                assert (request["session_id"], request["handle_id"]) == (session.id, plugin.id)
            assert (session.id == old["session_id"]) is bool(reclaim)
            assert len(sent(server, "ping")) == 1

    run(main())


def test_what_waits_has_its_own_deadline() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, (plugin,)):
            held = hold(server, "claim")
            await lose(server, session)
            await until(lambda: held)
            with pytest.raises(JanusTimeoutError, match=r"still reconnecting after 0\.05 s; .* not sent"):
                await plugin.request({}, timeout=0.05)
            waiting = asyncio.create_task(plugin.request({}))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            server.push(server.reply(held[0]))
            await back(session)
            assert sent(server, "message") == []

    run(main())


def test_what_waits_hears_of_the_end() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, (plugin,)):
            held = hold(server, "claim")
            await lose(server, session)
            await until(lambda: held)
            calls = [asyncio.create_task(plugin.request({})), asyncio.create_task(session.destroy())]
            await asyncio.gather(*calls)
            assert session.state == "closed"
            # The connection was there, so the request went out before the session ended, and once.
            assert server.verbs()[-3:] == ["message", "detach", "destroy"]

    run(main())


def test_a_request_waits_through_a_second_loss_that_follows_at_once() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, (plugin,)):
            held = hold(server, "claim")
            await lose(server, session)
            await until(lambda: held)
            call = asyncio.create_task(plugin.request({"n": 1}))
            await asyncio.sleep(0)
            seen: list[Any] = []
            recovered = session.recovered

            def lost_again(how: str, began: float) -> None:
                recovered(how, began)
                seen.append(how)
                if len(seen) == 1:
                    # Before the request that has waited can take its turn.
                    asyncio.get_running_loop().call_soon(
                        lambda: session.connection._end("lost", lambda: JanusConnectionError("again"))
                    )

            session.recovered = lost_again  # type: ignore[method-assign]
            server.on["claim"] = lambda request: [server.reply(request)]
            server.push(server.reply(held[0]))
            result = (await asyncio.gather(call, return_exceptions=True))[0]
            await until(lambda: len(seen) == 2)
            # Sent at most once: it either waited for the second one, or failed with the loss.
            assert len(sent(server, "message")) <= 1
            assert isinstance(result, JanusConnectionError | PluginReply)
            await plugin.request({"n": 2})

    run(main())


# -- verbs while it is reconnecting ----------------------------------------------------------------


def test_destroy_meanwhile() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, (plugin,)):
            hold(server, "claim")
            await lose(server, session)
            await until(lambda: sent(server, "claim"))
            destroyed = await session.destroy()
            assert destroyed["janus"] == "success"
            assert (session.state, session.id, plugin.state) == ("closed", None, "detached")
            assert await session.destroy() == destroyed
            assert server.verbs() == ["info", "claim", "detach", "destroy"]
            await session.create()
            assert session.state == "connected"

    run(main())


def test_destroy_while_the_session_is_made_anew_leaves_nothing_on_a_shared_connection() -> None:
    async def main() -> None:
        async with keeping(0) as server:
            connection = JanusConnection(server.url)
            other = JanusSession(connection=connection, recover="recreate")
            session = JanusSession(connection=connection, recover="recreate")
            await other.create()
            await session.create()
            await JanusPlugin("scripted").attach(session)
            server.received.clear()
            held: list[Message] = []
            polite = server.on["create"]

            def first_only(request: Message) -> Iterable[Any]:
                held.append(request)
                return polite(request) if len(held) == 1 else []

            server.on["create"] = first_only
            server.drop()
            await until(lambda: len(held) == 2)
            await until(lambda: "recovered" in (session.state, other.state))
            late = next(one for one in (session, other) if one.state == "reconnecting")
            kept = other if late is session else session
            await until(lambda: kept.state == "recovered")
            await late.destroy()
            assert late.state == "closed"
            answer = server.made(held[1])
            server.push(answer)
            made = answer["data"]["id"]
            await until(lambda: made in [request["session_id"] for request in sent(server, "destroy")])
            server.on["create"] = polite
            await kept.destroy()
            await connection.close()

    run(main())


@pytest.mark.parametrize("reclaim", [0, 10])
def test_detach_meanwhile(reclaim: int) -> None:
    async def main() -> None:
        async with (
            keeping(reclaim) as server,
            session_with(server, 2, recover="recreate") as (session, plugins),
        ):
            polite, held = server.on["info"], hold(server, "info")
            await lose(server, session)
            await until(lambda: held)
            call = asyncio.create_task(plugins[0].detach())
            await asyncio.sleep(0)
            server.on["info"] = polite
            server.push(*polite(held[0]))
            assert (await call)["janus"] == "success"
            assert plugins[0].state == "detached"
            assert session.plugins == (plugins[1],)
            # The session is 1000 and its handles 1001 and 1002, then 1003 with 1004 and 1005.
            assert [r["handle_id"] for r in sent(server, "detach")] == [1001 if reclaim else 1004]
            assert len(sent(server, "attach")) == (0 if reclaim else 2)

    run(main())


def test_verbs_while_a_handle_has_no_id() -> None:
    """The old session is gone, the new one is about to be made: its handles are between two ids."""

    async def main() -> None:
        async with keeping(0) as server, session_with(server, 3, recover="recreate") as (session, plugins):
            polite, held = server.on["create"], hold(server, "create")
            await lose(server, session)
            await until(lambda: held)
            assert [plugin.id for plugin in plugins] == [None, None, None]
            new = JanusPlugin("scripted-new")
            stream = plugins[0].events(["media"])
            calls: list[asyncio.Future[Any]] = [
                asyncio.ensure_future(plugins[0].request({"n": 0})),
                asyncio.ensure_future(plugins[1].detach()),
                asyncio.ensure_future(plugins[2].attach(session)),
                asyncio.ensure_future(new.attach(session)),
                asyncio.ensure_future(session.create()),
            ]
            await asyncio.sleep(0)
            server.on["create"] = polite
            server.push(*polite(held[0]))
            reply, detached, attached, fresh, created = await asyncio.gather(*calls)
            assert reply["body"] == {"n": 0}
            assert detached["janus"] == "success"
            assert attached["data"]["id"] == plugins[2].id
            assert fresh["data"]["id"] == new.id
            assert created["data"]["id"] == session.id
            assert len(sent(server, "attach")) == 4
            assert set(session.plugins) == {plugins[0], plugins[2], new}
            assert len(sent(server, "detach")) == 1
            ids = {"session_id": session.id, "sender": plugins[0].id}
            server.push({"janus": "media", "mid": "0", "type": "audio", "receiving": True, **ids})
            assert (await stream.get(5)).kind == "media"

    run(main())


def test_create_meanwhile_waits_within_its_deadline() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, timeout=0.1) as (session, _):
            hold(server, "claim")
            await lose(server, session)
            with pytest.raises(JanusTimeoutError, match="still reconnecting"):
                await session.create()

    run(main())


@pytest.mark.parametrize("step", ["reopen", "claim"])
def test_closing_the_shared_connection_meanwhile_ends_its_sessions(step: str) -> None:
    async def main() -> None:
        async with keeping() as server:
            connection = JanusConnection(server.url)
            sessions = [JanusSession(connection=connection, recover=mode) for mode in ("claim", "recreate")]
            for session in sessions:
                await session.create()
            streams = [session.subscribe() for session in sessions]
            if step == "claim":
                hold(server, "claim")
            server.drop()
            await until(lambda: all(session.state == "reconnecting" for session in sessions))
            if step == "claim":
                await until(lambda: len(sent(server, "claim")) == 2)
            await connection.close()
            assert [session.state for session in sessions] == ["closed", "closed"]
            assert all(stream.closed for stream in streams)
            for session in sessions:
                assert await session.destroy() == {}
            assert connection.state == "closed"

    run(main())


# -- losses on the way ------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["info", "claim", "create", "attach"])
@pytest.mark.parametrize("reclaim", [0, 10])
@pytest.mark.parametrize("answered", [False, True])
def test_lost_again_at_each_step(step: str, reclaim: int, answered: bool) -> None:
    """Also in the very instant of the answer."""

    async def main() -> None:
        async with (
            keeping(reclaim) as server,
            session_with(server, 3, recover="recreate") as (session, plugins),
        ):
            known = {session.id}
            made = server.on["create"]

            def create(request: Message) -> Iterable[Any]:
                for answer in made(request):
                    assert isinstance(answer, dict)
                    known.add(answer["data"]["id"])
                    yield answer

            server.on["create"] = create
            if reclaim and step in ("create", "attach"):
                known.clear()
                server.on["claim"] = lambda request: [
                    server.reply(request) if request["session_id"] in known else server.error(request, 458)
                ]
            polite = server.on[step]

            def lost(request: Message) -> Iterable[Any]:
                answers = list(polite(request)) if answered else []
                for connection in server.connections:
                    server._write(connection, answers)
                    if answered:
                        connection.transport.close()
                    else:
                        connection.transport.abort()
                return []

            once(server, step, lost)
            await lose(server, session)
            if step == "claim" and not reclaim:
                await back(session)
                assert sent(server, "claim") == []
                return
            await until(lambda: sent(server, step))
            await until(
                lambda: (
                    server.on[step] is polite
                    # On a connection that stands: the end of the last one may not have been noticed yet.
                    and [c.transport.is_closing() for c in server.connections] == [False]
                    and session.state == "recovered"
                    and not session._recovery.running
                )
            )
            for n, plugin in enumerate(plugins):
                assert (await plugin.request({"n": n}, timeout=5))["body"] == {"n": n}
            assert len({plugin.id for plugin in plugins}) == 3
            assert session.plugins == tuple(session.handles)
            assert set(session.plugins) == set(plugins)
            assert [request["body"]["n"] for request in sent(server, "message")] == [0, 1, 2]
            assert {request["session_id"] for request in sent(server, "message")} == {session.id}
            assert states_of(session)[-1] == "recovered"

    run(main())


def test_a_server_that_is_not_back_yet() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, _):
            tries: list[str] = []

            def refusing(url: str, options: Any) -> Any:
                tries.append(url)
                return make_transport(url if len(tries) > 3 else "ws://127.0.0.1:1", options)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("janus_notebook.client.connection.make_transport", refusing)
                await lose(server, session)
                await until(lambda: len(tries) > 1)
                assert session.connection.state in ("lost", "connecting")
                await back(session)
            assert len(tries) == 4
            assert len([text for text in errors_in(session) if "was refused" in text]) == 3

    run(main())


@pytest.mark.parametrize("mode", ["claim", "recreate"])
def test_a_session_that_times_out_while_it_is_claimed(mode: Any) -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, recover=mode) as (session, (plugin,)):
            server.on["claim"] = lambda request: [{"janus": "timeout", "session_id": request["session_id"]}]
            await lose(server, session)
            if mode == "recreate":
                await back(session)
                await plugin.request({})
            else:
                await until(lambda: session.state == "lost")
                assert "no longer knows session" in session.reason

    run(main())


@pytest.mark.parametrize("told", ["by an answer", "by a timeout"])
def test_a_new_session_that_goes_at_once(told: str) -> None:
    """The server was restarted once more, or times out what it has just made: another one is made."""

    async def main() -> None:
        async with keeping(0) as server, session_with(server, 2, recover="recreate") as (session, plugins):
            polite = server.on["attach"]

            def gone(request: Message) -> Iterable[Any]:
                if len(sent(server, "attach")) == 1:
                    return polite(request)
                server.on["attach"] = polite
                if told == "by a timeout":
                    return [{"janus": "timeout", "session_id": request["session_id"]}]
                return [server.error(request, 458, "no such session")]

            server.on["attach"] = gone
            await lose(server, session)
            await back(session)
            first, second = (request["transaction"] for request in sent(server, "create"))
            assert first != second
            assert [request["session_id"] == session.id for request in sent(server, "attach")] == [
                *(False, False),
                *(True, True),
            ]
            for plugin in plugins:
                await plugin.request({})
            assert set(session.plugins) == set(plugins)

    run(main())


def test_new_sessions_that_all_go_at_once() -> None:
    """There is an end to it, and the reason is told."""

    async def main() -> None:
        options: dict[str, Any] = {"recover": "recreate", "recover_timeout": 0.5}
        async with keeping(0) as server, session_with(server, 2, **options) as (session, _):
            server.on["attach"] = lambda request: [server.error(request, 458, "no such session")]
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert session.reason.startswith("it did not come back within 0.5 s: ")
            assert "458" in session.reason
            assert 1 < len(sent(server, "create")) < 10  # with pauses between

    run(main())


def test_an_answer_that_never_comes_is_asked_for_on_a_new_connection() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, timeout=0.1) as (session, (plugin,)):
            once(server, "claim", silent)
            await lose(server, session)
            await back(session)
            assert server.verbs() == ["info", "claim", "info", "claim"]
            assert [text for text in errors_in(session) if "no reply to 'claim'" in text]
            await plugin.request({})

    run(main())


def test_handles_of_an_earlier_life_stay_where_they_are() -> None:
    async def main() -> None:
        async with (
            keeping(0) as server,
            session_with(server, recover="recreate", recover_timeout=0.2) as (
                session,
                (old,),
            ),
        ):
            polite = server.on["create"]
            server.on["create"] = silent
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert session.reason.startswith("it did not come back within 0.2 s: ")
            server.on["create"] = polite
            await session.create()
            new = JanusPlugin("scripted-new")
            await new.attach(session)
            server.received.clear()
            await lose(server, session)
            await back(session)
            assert [request["plugin"] for request in sent(server, "attach")] == [new.name]
            assert old.state == "detached"

    run(main())


# -- handles ----------------------------------------------------------------------------------------


def test_a_handle_that_can_not_be_attached_again() -> None:
    async def main() -> None:
        async with keeping(0) as server, session_with(server, 3, recover="recreate") as (session, plugins):
            polite = server.on["attach"]
            server.on["attach"] = lambda request: (
                [server.error(request, 460, "No such plugin")]
                if request["plugin"] == plugins[1].name
                else polite(request)
            )
            streams = [plugin.events(["media"]) for plugin in plugins]
            hello = hold(server, "info")
            await lose(server, session)
            await until(lambda: hello)
            call = asyncio.create_task(plugins[1].request({}))
            await asyncio.sleep(0)
            known = server.on["message"]
            server.on["message"] = lambda request: (
                known(request)
                if request["handle_id"] in [plugin.id for plugin in session.plugins]
                else [server.error(request, 459, "No such handle")]
            )
            server.push(server.reply(hello[0], **server.info))
            await back(session)
            with pytest.raises(JanusServerError, match="459 HANDLE_NOT_FOUND"):
                await call
            await plugins[0].request({})
            assert [plugin.state for plugin in plugins] == ["attached", "detached", "attached"]
            assert [stream.closed for stream in streams] == [False, True, False]
            assert [text for text in errors_in(session) if "460" in text]
            assert session.plugins == (plugins[0], plugins[2])
            with pytest.raises(JanusStateError, match="the session on the server is gone"):
                await plugins[1].request({})

    run(main())


def test_a_handle_that_ends_or_goes_elsewhere_meanwhile_is_not_attached_again() -> None:
    async def main() -> None:
        async with keeping(0) as server, session_with(server, 3, recover="recreate") as (session, plugins):
            other = JanusSession(server.url)
            await other.create()
            connections = list(server.connections)
            held = hold(server, "create")

            async def release() -> None:
                # The server says that it is gone, in the instant in which we close what it had.
                plugins[0].release = JanusPlugin.release.__get__(plugins[0])  # type: ignore[method-assign]
                session.handles.lose(plugins[0].id)

            plugins[0].release = release  # type: ignore[method-assign]
            connections[0].transport.abort()
            await until(lambda: held)
            assert plugins[0].state == "detached"
            await plugins[1].attach(other)
            server.push(server.made(held[0]))
            await back(session)
            assert session.plugins == (plugins[2],)
            assert other.plugins == (plugins[1],)
            await plugins[1].request({})
            await other.destroy()

    run(main())


@pytest.mark.parametrize("reclaim", [0, 10])
def test_streams_go_on(reclaim: int) -> None:
    async def main() -> None:
        async with (
            keeping(reclaim) as server,
            session_with(server, 2, recover="recreate") as (session, plugins),
        ):
            whole = session.subscribe()
            streams = [plugin.events() for plugin in plugins]
            waiting = [
                asyncio.create_task(plugins[0].wait_for("media")),
                asyncio.create_task(session.wait_for("media")),
            ]
            await asyncio.sleep(0)
            await lose(server, session)
            await back(session)
            for plugin in plugins:
                ids = {"session_id": session.id, "sender": plugin.id}
                server.push({"janus": "media", "mid": "0", "type": "audio", "receiving": True, **ids})
            assert {event.handle_id for event in await asyncio.gather(*waiting)} == {plugins[0].id}
            for plugin, stream in zip(plugins, streams, strict=True):
                assert (await stream.get(5)).handle_id == plugin.id
            assert [(await whole.get(5)).handle_id for _ in plugins] == [plugin.id for plugin in plugins]

    run(main())


def test_streams_end_when_there_is_no_way_back() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, (plugin,)):
            streams = [session.subscribe(), plugin.events(), plugin.events(["state"])]
            waiting = asyncio.create_task(plugin.wait_for("media"))
            server.on["claim"] = lambda request: [server.error(request, 458)]
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert [stream.closed for stream in streams] == [True] * 3
            with pytest.raises(JanusStateError, match="no longer knows session"):
                await waiting

    run(main())


# -- what the server says ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["timeout event", "458", "458 to a keepalive"])
@pytest.mark.parametrize("mode", ["claim", "recreate", None])
def test_a_session_that_is_gone_while_its_connection_stands(how: str, mode: Any) -> None:
    async def main() -> None:
        short = 0.3 if how == "458 to a keepalive" else 60
        async with (
            keeping(session_timeout=short) as server,
            session_with(server, recover=mode) as (
                session,
                (plugin,),
            ),
        ):
            gone = session.id
            if how == "timeout event":
                held = hold(server, "message")
                call = asyncio.create_task(plugin.request({"n": 0}))
                await until(lambda: held)
                server.push({"janus": "timeout", "session_id": gone})
                with pytest.raises(JanusStateError, match="timed out on the server"):
                    await call
            elif how == "458":
                once(server, "message", lambda request: [server.error(request, 458, "no such session")])
                with pytest.raises(JanusServerError, match="458"):
                    await plugin.request({"n": 0})
            else:
                once(server, "keepalive", lambda request: [server.error(request, 458)])
                await until(lambda: session.id != gone)
            server.on["message"] = lambda request: [server.event(request)]
            if mode == "recreate":
                await back(session)
                assert session.id != gone
                assert len(sent(server, "attach")) == 1
                assert "claim" not in server.verbs()
                await plugin.request({"n": 1})
                assert len(server.connections) == 1
            else:
                await until(lambda: session.state == "lost")
                assert "timed out" in session.reason or "no longer knows" in session.reason
                assert plugin.state == "detached"

    run(main())


def test_keepalives_go_on_after_recovery() -> None:
    async def main() -> None:
        async with keeping(session_timeout=0.3) as server, session_with(server) as (session, _):
            await lose(server, session)
            await back(session)
            count = len(sent(server, "keepalive"))
            await until(lambda: len(sent(server, "keepalive")) >= count + 2)
            assert {request["session_id"] for request in sent(server, "keepalive")} == {session.id}
            assert len([task for task in asyncio.all_tasks() if task.get_name() == "janus-keepalive"]) == 1

    run(main())


# -- several sessions, pauses, patience -------------------------------------------------------------


def test_sessions_of_one_connection_come_back_by_one_try() -> None:
    async def main() -> None:
        async with keeping() as server:
            connection = JanusConnection(server.url)
            sessions = [
                JanusSession(connection=connection, recover=mode) for mode in ("claim", "recreate", None)
            ]
            for session in sessions:
                await session.create()
            opened = 0
            original = connection.open

            async def counting() -> None:
                nonlocal opened
                opened += 1
                await original()

            connection.open = counting  # type: ignore[method-assign]
            server.received.clear()
            server.drop()
            await until(lambda: [s.state for s in sessions] == ["recovered", "recovered", "lost"])
            assert opened == 1
            claims = sent(server, "claim")
            assert {request["session_id"] for request in claims} == {s.id for s in sessions[:2]}
            assert len(claims) == 2
            await sessions[2].create()
            for session in sessions:
                await session.ping()
                await session.destroy()
            await connection.close()

    run(main())


class _Unreachable(MemoryTransport):
    """Can be opened while `up`; notes when it was tried."""

    up = True
    tried: list[float]

    async def open(self) -> None:
        type(self).tried.append(instant_loop().time())
        if not type(self).up:
            raise JanusConnectionError("nobody there")
        await super().open()


@pytest.mark.parametrize(("dice", "factor"), [(0, 0.5), (500, 0.75), (999, 0.9995)])
def test_pauses_grow_and_are_not_the_same_for_all(
    dice: int, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(secrets, "randbelow", lambda below: min(dice, below - 1))
    _Unreachable.tried = []
    _Unreachable.up = True

    async def main() -> None:
        connection = JanusConnection("memory://far", far=FarEnd())
        await connection.open()
        connection.options["far"].drop()
        await until(lambda: connection.state == "lost")
        _Unreachable.up = False
        began = instant_loop().time()
        _Unreachable.tried.clear()
        for _ in range(9):
            with pytest.raises(JanusConnectionError, match="nobody there"):
                await connection.reopen()
            assert connection.state == "lost"
        times = [began, *_Unreachable.tried]
        pauses = [after - before for before, after in itertools.pairwise(times)]
        expected = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
        assert pauses == pytest.approx([pause * factor for pause in expected])
        _Unreachable.up = True
        await connection.reopen()
        assert connection.state == "connected"
        await connection.close()

    with memory_scheme():
        from janus_notebook import register_transport

        register_transport("memory", _Unreachable)
        run_instantly(main())


def test_a_server_that_accepts_and_drops_is_not_tried_in_a_hurry() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server) as (session, _):
            polite = server.on["info"]

            def drop(_: Message) -> list[Any]:
                server.drop()
                return []

            server.on["info"] = drop
            await lose(server, session)
            await until(lambda: len(sent(server, "info")) >= 4)
            assert session.connection._failures >= 4
            server.on["info"] = polite
            await back(session)
            assert session.connection._failures == 0

    run(main())


def test_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not longer than asked for, nor than the server can have kept the session."""
    monkeypatch.setattr(recovery_module, "SLACK_SECONDS", 0.1)

    async def main() -> None:
        for reclaim, limit, seconds in [(10, 0.2, "0.2"), (0.1, 60, "0.2")]:
            async with (
                keeping(reclaim) as server,
                session_with(server, recover_timeout=limit) as (session, _),
            ):
                server.on["claim"] = silent
                await lose(server, session)
                await until(lambda: session.state == "lost", 2)
                assert f"it did not come back within {seconds} s: no answer" in session.reason
                assert session.connection.in_flight == 0

    run(main())


def test_a_handles_own_stream_sees_it_come_back() -> None:
    async def main() -> None:
        async with keeping() as server, session_with(server, recover="recreate") as (session, (plugin,)):
            stream = plugin.events(["state"])
            once(server, "claim", lambda request: [server.error(request, 458)])
            await lose(server, session)
            changes = [await stream.get(5), await stream.get(5)]
            assert [event.raw["state"] for event in changes] == ["detached", "attached"]
            assert changes[1].handle_id == plugin.id

    run(main())
