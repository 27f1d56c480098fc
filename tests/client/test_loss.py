"""One exit: what a lost connection, a session timeout and a detach by the server end, and what not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusError,
    JanusPlugin,
    JanusSession,
    JanusStateError,
    Subscription,
)
from tests.client.scripted import attached, errors_in, run, scripted, until


def silent(_: dict[str, Any]) -> list[Any]:
    return []


async def drain(stream: Subscription) -> list[str]:
    """Read a stream to its end."""
    return [event.kind async for event in stream]


def states_of(session: JanusSession) -> list[str]:
    return [
        event.raw["state"] for event in session.events if event.kind == "state" and event.handle_id is None
    ]


def test_a_lost_connection_fails_everything_at_once_and_create_works_again() -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugins = JanusSession(server.url), [JanusPlugin("scripted") for _ in range(3)]
            await session.create()
            for plugin in plugins:
                await plugin.attach(session)
            server.on["message"] = server.on["ping"] = silent
            streams = [asyncio.create_task(drain(plugin.events(["state"]))) for plugin in plugins]
            whole = asyncio.create_task(drain(session.subscribe()))
            calls: list[asyncio.Future[Any]] = [
                asyncio.ensure_future(plugin.request({}, timeout=30)) for plugin in plugins
            ]
            calls.append(asyncio.ensure_future(session.ping(timeout=30)))
            await until(lambda: session.counters["in_flight"] == 4 and len(server.received) >= 9)
            began = asyncio.get_running_loop().time()
            server.drop()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert asyncio.get_running_loop().time() - began < 1
            for result in results:
                assert isinstance(result, JanusConnectionError)
                assert "was lost" in str(result)
                assert "may have been carried out; it is not sent again" in str(result)
                assert result.__cause__ is not None
                assert result.request is not None
            assert len({id(result) for result in results}) == 4
            assert await asyncio.gather(*streams) == [["state"]] * 3
            assert await whole == []
            assert session.state == "lost"
            assert session.id is None
            assert states_of(session) == ["connecting", "connected", "lost"]
            for plugin, result in zip(plugins, results, strict=False):
                assert [event.state for event in plugin.transitions] == ["attached", "detached"]
                assert "was lost" in plugin.reason
                assert isinstance(result, JanusError)
                assert result.plugin == plugin.name
                with pytest.raises(JanusStateError, match="was lost"):
                    await plugin.request({})
                assert await plugin.detach() == {}
            with pytest.raises(JanusStateError, match=r"the session was lost: .* Make a new one"):
                await session.send({"janus": "keepalive"})
            await session.create()
            await plugins[0].attach(session)
            assert (str(session.state), str(plugins[0].state)) == ("connected", "attached")
            await session.destroy()
            assert states_of(session)[-3:] == ["connecting", "connected", "closed"]

    run(main())


def test_create_right_after_a_request_that_met_the_loss_makes_a_new_session() -> None:
    """A failed write ends the session there and then, not when the reader notices."""

    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(server.url)
            first = await session.create()
            transport = session.connection._transport
            assert transport is not None

            async def failing(_: bytes) -> None:
                raise JanusConnectionError("broken pipe")

            transport.send = failing  # type: ignore[assignment]
            with pytest.raises(JanusConnectionError, match="broken pipe"):
                await session.ping()
            assert session.state == "lost"
            assert (await session.create())["data"] != first["data"]
            await session.ping()
            await session.destroy()

    run(main())


@pytest.mark.parametrize("verb", ["info", "create"])
def test_lost_while_it_is_created(verb: str) -> None:
    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(server.url)
            polite, server.on[verb] = server.on[verb], silent
            call = asyncio.create_task(session.create())
            await until(lambda: verb in server.verbs())
            server.drop()
            with pytest.raises(JanusConnectionError, match="was lost"):
                await call
            assert session.state in ("closed", "lost")
            server.on[verb] = polite
            await session.create()
            await session.destroy()

    run(main())


@pytest.mark.parametrize("verb", ["attach", "detach", "destroy"])
def test_lost_during(verb: str) -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugin = JanusSession(server.url), JanusPlugin("scripted")
            await session.create()
            if verb != "attach":
                await plugin.attach(session)
            server.on[verb] = silent
            calls = {
                "attach": lambda: plugin.attach(session),
                "detach": plugin.detach,
                "destroy": session.destroy,
            }
            call = asyncio.ensure_future(calls[verb]())
            await until(lambda: verb in server.verbs())
            server.drop()
            if verb == "attach":
                with pytest.raises(JanusConnectionError):
                    await call
            else:
                assert await call == {}
                assert plugin.state == "detached"
            assert await session.destroy() == {}
            assert session.state == "closed"

    run(main())


def test_destroy_while_it_is_created_waits_and_destroys() -> None:
    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(server.url)
            held: list[dict[str, Any]] = []
            server.on["create"] = lambda request: held.append(request) or []  # type: ignore[func-returns-value]
            creating = asyncio.create_task(session.create())
            await until(lambda: held)
            destroying = asyncio.create_task(session.destroy())
            await asyncio.sleep(0)
            server.push(server.made(held[0]))
            assert (await creating)["janus"] == (await destroying)["janus"] == "success"
            assert server.verbs()[-1] == "destroy"
            assert session.state == "closed"

    run(main())


def test_destroy_of_a_server_that_no_longer_answers_ends_in_bounded_time() -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugins = JanusSession(server.url, timeout=0.3), [JanusPlugin("scripted") for _ in "abc"]
            await session.create()
            for plugin in plugins:
                await plugin.attach(session)
            server.on["detach"] = server.on["destroy"] = silent
            began = asyncio.get_running_loop().time()
            assert await session.destroy() == {}
            assert asyncio.get_running_loop().time() - began < 3
            assert session.state == "closed"
            assert {plugin.state for plugin in plugins} == {"detached"}
            assert any("no reply to 'destroy'" in text for text in errors_in(session))

    run(main())


def test_detach_waits_for_what_is_in_flight_on_the_handle() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (_, plugin):
            held: list[dict[str, Any]] = []
            server.on["message"] = lambda request: held.append(request) or []  # type: ignore[func-returns-value]
            request = asyncio.ensure_future(plugin.request({}))
            await until(lambda: held)
            detach = asyncio.create_task(plugin.detach())
            await asyncio.sleep(0.02)
            assert "detach" not in server.verbs()
            server.push(server.event(held[0], ok=1))
            assert (await request)["ok"] == 1
            assert (await detach)["janus"] == "success"
            assert (await plugin.detach())["janus"] == "success"
            assert server.verbs().count("detach") == 1

    run(main())


def test_a_session_timeout_event_ends_the_session() -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugin = JanusSession(server.url), JanusPlugin("scripted")
            await session.create()
            await plugin.attach(session)
            server.on["message"] = silent
            stream = asyncio.create_task(drain(plugin.events()))
            call = asyncio.ensure_future(plugin.request({}))
            await until(lambda: "message" in server.verbs())
            session_id = session.id
            server.push({"janus": "timeout", "session_id": session_id})
            with pytest.raises(JanusStateError, match=f"session {session_id} timed out on the server"):
                await call
            assert await stream == []
            assert (session.state, plugin.state) == ("lost", "detached")
            assert "timed out" in plugin.reason
            await session.create()
            await session.destroy()

    run(main())


def test_detached_by_the_server() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            other = JanusPlugin("scripted")
            await other.attach(session)
            server.on["message"] = silent
            stream = asyncio.create_task(drain(plugin.events()))
            call = asyncio.ensure_future(plugin.request({}))
            kept = asyncio.ensure_future(other.request({}))
            await until(lambda: server.verbs().count("message") == 2)
            gone = plugin.id
            server.push({"janus": "detached", "session_id": session.id, "sender": gone})
            with pytest.raises(JanusStateError, match=f"handle {gone} was detached by the server"):
                await call
            assert await stream == ["detached"]
            assert [event.state for event in plugin.transitions] == ["attached", "detached"]
            assert session.plugins == (other,)
            assert await plugin.detach() == {}
            assert not kept.done()
            server.push(server.event(server.received[-1], ok=1))
            assert (await kept)["ok"] == 1
            await plugin.attach(session)
            assert plugin.state == "attached"

    run(main())


def test_the_same_handle_id_in_two_sessions_is_two_handles() -> None:
    async def main() -> None:
        async with scripted() as server:
            connection = JanusConnection(server.url)
            first, second = JanusSession(connection=connection), JanusSession(connection=connection)
            server.on["attach"] = lambda request: [server.reply(request, data={"id": 7})]
            server.on["message"] = silent
            async with first, second:
                one, two = JanusPlugin("scripted"), JanusPlugin("scripted")
                await one.attach(first)
                await two.attach(second)
                lost = asyncio.ensure_future(one.request({}))
                kept = asyncio.ensure_future(two.request({}))
                await until(lambda: server.verbs().count("message") == 2)
                server.push({"janus": "detached", "session_id": first.id, "sender": 7})
                with pytest.raises(JanusStateError):
                    await lost
                assert (one.state, two.state) == ("detached", "attached")
                assert not kept.done()
                server.push(server.event(server.received[-1], ok=1))
                assert (await kept)["ok"] == 1
            assert connection.state == "connected"
            await connection.close()

    run(main())


def test_several_sessions_on_one_connection() -> None:
    async def main() -> None:
        async with scripted() as server:
            connection = JanusConnection(server.url)
            sessions = [JanusSession(connection=connection) for _ in range(3)]
            plugins = [JanusPlugin("scripted") for _ in sessions]
            for session, plugin in zip(sessions, plugins, strict=True):
                await session.create()
                await plugin.attach(session)
            assert len(server.connections) == 1
            ids = {"session_id": sessions[1].id, "sender": plugins[1].id}
            server.push({"janus": "media", "mid": "0", "type": "audio", "receiving": True, **ids})
            await until(lambda: plugins[1].media)
            assert not plugins[0].media
            assert [session.counters["events"] for session in sessions] == [0, 1, 0]
            # One that names no session of ours concerns all, and is no handle's.
            server.push({"janus": "media", "session_id": 1, "sender": plugins[0].id, "mid": "9"})
            server.push({"janus": "novelty", "session_id": 1})
            await until(lambda: [s.counters["events"] for s in sessions] == [2, 3, 2])
            assert not plugins[0].media
            await sessions[0].destroy()
            assert connection.state == "connected"
            assert [session.state for session in sessions] == ["closed", "connected", "connected"]
            await connection.close()
            assert [session.state for session in sessions] == ["closed", "closed", "closed"]
            assert "closed on our side" in sessions[1].reason
            await connection.close()
            for session in sessions:
                await session.destroy()

    run(main())


def test_keepalives_follow_the_servers_own_timeout() -> None:
    async def main() -> None:
        async with scripted(session_timeout=3) as server, attached(server) as (session, _):
            assert session.keepalive_interval == 1.0
            times: list[float] = []

            def answer(request: dict[str, Any]) -> list[Any]:
                times.append(asyncio.get_running_loop().time())
                return [server.ack(request)] if len(times) != 2 else []

            server.on["keepalive"] = answer
            began = asyncio.get_running_loop().time()
            await until(lambda: len(times) == 3, 6)
            assert times[0] - began == pytest.approx(1.0, abs=0.4)
            assert times[1] - times[0] == pytest.approx(1.0, abs=0.4)
            assert times[2] - times[1] < 3
            assert [text for text in errors_in(session) if "no reply to 'keepalive'" in text]
            assert session.state == "connected"

    run(main())


@pytest.mark.parametrize(
    ("given", "interval"), [(0, None), (None, 20.0), ("soon", 20.0), (-1, None), (600, 200.0)], ids=repr
)
def test_keepalive_interval_of_odd_servers(given: Any, interval: float | None) -> None:
    async def main() -> None:
        async with scripted(session_timeout=given) as server, attached(server) as (session, _):
            assert session.keepalive_interval == interval

    run(main())


def test_a_session_that_a_keepalive_finds_gone_is_lost() -> None:
    async def main() -> None:
        async with scripted(session_timeout=0.3) as server:
            session = JanusSession(server.url)
            await session.create()
            server.on["keepalive"] = lambda request: [server.error(request, 458)]
            await until(lambda: session.state == "lost")
            assert "no longer knows session" in session.reason
            await session.destroy()
            assert session.state == "closed"

    run(main())
