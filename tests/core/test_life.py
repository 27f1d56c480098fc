"""The life of sessions and handles: made, shared, ended by either side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusPlugin, JanusServerError, JanusStateError
from tests.admin import admin, handles, sessions
from tests.client.scripted import errors_in, run, until

if TYPE_CHECKING:
    from tests.core.targets import Target


def test_a_session_from_create_to_destroy(target: Target) -> None:
    async def main() -> None:
        session = target.session()
        created = await session.create()
        assert created["janus"] == "success"
        assert session.id == created["data"]["id"]
        assert await session.create() is created
        assert await asyncio.to_thread(sessions, target.admin) == [session.id]
        info = await session.info()
        assert info["janus"] == "server_info"
        assert info["session-timeout"] == 60
        assert "janus.plugin.echotest" in info["plugins"]
        assert 0 < await session.ping() < 5
        assert (await session.send({"janus": "keepalive"}))["janus"] == "ack"
        destroyed = await session.destroy()
        assert destroyed["janus"] == "success"
        assert await session.destroy() == destroyed
        assert session.state == "closed"
        assert await asyncio.to_thread(sessions, target.admin) == []
        with pytest.raises(JanusStateError):
            await session.send({"janus": "keepalive"})
        async with session:  # it can be made again
            await session.ping()
        assert errors_in(session) == []

    run(main())


def test_a_handle_from_attach_to_detach(target: Target) -> None:
    async def main() -> None:
        async with target.session() as session:
            plugin = JanusEchoTestPlugin()
            attached = await plugin.attach(session)
            assert attached["data"]["id"] == plugin.id
            assert await asyncio.to_thread(handles, target.admin, session.id) == [plugin.id]
            first = plugin.id
            detached = await plugin.detach()
            assert detached["janus"] == "success"
            assert await plugin.detach() == detached
            assert await asyncio.to_thread(handles, target.admin, session.id) == []
            await plugin.attach(session)
            assert plugin.id != first
            assert errors_in(session) == []

    run(main())


def test_several_sessions_and_handles_on_one_connection(target: Target) -> None:
    """Each event reaches its own handle and nobody else."""

    async def main() -> None:
        connection = target.connection()
        one, two = target.session_on(connection), target.session_on(connection)
        await asyncio.gather(one.create(), two.create())
        plugins = [JanusEchoTestPlugin() for _ in range(4)]
        owners = [one, one, two, two]
        await asyncio.gather(*(p.attach(s) for p, s in zip(plugins, owners, strict=True)))
        assert len({p.id for p in plugins}) == 4
        ids = [p.id for p in plugins]
        stream = plugins[2].events()
        await asyncio.gather(*(p.configure(audio=True) for p in plugins * 3))
        chosen = plugins[2]
        await asyncio.to_thread(admin, target.admin, "detach_handle", session_id=two.id, handle_id=chosen.id)
        await until(lambda: chosen.state == "detached")
        assert [event.kind async for event in stream][-1] == "detached"  # after EchoTest's "done", at times
        assert [p.state for p in plugins] == ["attached", "attached", "detached", "attached"]
        for plugin in (plugins[0], plugins[1], plugins[3]):
            await plugin.configure(audio=False)
        seen = [e.handle_id for s in (one, two) for e in s.events if e.direction == "event"]
        assert set(seen) == {ids[2]}
        await one.destroy()
        await plugins[3].configure(audio=True)  # the other session did not notice
        assert connection.state == "connected"
        assert await asyncio.to_thread(sessions, target.admin) == [two.id]
        await two.destroy()
        assert connection.state == "connected"
        await connection.close()
        assert errors_in(one) == errors_in(two) == []

    run(main())


def test_destroyed_by_an_administrator(target: Target) -> None:
    """The server does not tell; the next request finds out."""

    async def main() -> None:
        session, plugin = target.session(), JanusEchoTestPlugin()
        await session.create()
        await plugin.attach(session)
        await asyncio.to_thread(admin, target.admin, "destroy_session", session_id=session.id)
        with pytest.raises(JanusServerError, match="458 SESSION_NOT_FOUND"):
            await plugin.configure(audio=True)
        assert (session.state, plugin.state) == ("lost", "detached")
        async with session:
            await plugin.attach(session)
            await plugin.configure(audio=True)

    run(main())


def test_keepalives_keep_a_session_and_without_them_it_times_out(
    short_lived: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with short_lived.session() as kept:
            lost, plugin = short_lived.session(), JanusPlugin("sip")
            with monkeypatch.context() as patched:
                patched.setattr(type(lost), "keepalive_interval", None)
                await lost.create()
            await plugin.attach(lost)
            stream = lost.subscribe()
            requests = kept.counters["requests"]
            # Never answered. Janus may tell of the handle's end before that of its session.
            with pytest.raises(JanusStateError, match=r"timed out|was detached by the server"):
                await plugin.request({"request": "hangup"}, timeout=20)
            assert [event.kind async for event in stream][-1:] == ["timeout"]
            assert (lost.state, plugin.state) == ("lost", "detached")
            assert "timed out on the server" in lost.reason
            await lost.destroy()
            # Its server checks every other second, so this one has outlived its timeout as well.
            assert kept.counters["requests"] - requests >= 3
            assert kept.state == "connected"
            await kept.ping()

    run(main())
