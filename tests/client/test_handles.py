"""Handles and sessions at their edges: what is refused before it is sent, and what few servers do."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusOptionError,
    JanusPlugin,
    JanusProtocolError,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
    PluginReply,
)
from janus_notebook.client import recovery as recovery_module
from janus_notebook.client.transports.http_client import HttpClient
from janus_notebook.protocol.router import MAX_ABANDONED
from tests.client.memory import FarEnd, MemoryTransport, memory_scheme, run_instantly
from tests.client.scripted import attached, errors_in, run, scripted, until

if TYPE_CHECKING:
    from collections.abc import Callable

Message = dict[str, Any]


def silent(_: Message) -> list[Any]:
    return []


# -- handles ----------------------------------------------------------------------------------------


def test_a_handle_belongs_to_one_session() -> None:
    async def main() -> None:
        async with (
            scripted() as server,
            attached(server) as (session, plugin),
            JanusSession(server.url) as other,
        ):
            with pytest.raises(JanusStateError, match="attached to another session"):
                await plugin.attach(other)
            with pytest.raises(JanusStateError, match="attached to another session"):
                await other.detach_plugin(plugin)
            assert await session.attach_plugin(plugin) is plugin.attached
            assert (plugin.server, JanusPlugin("scripted").server) == (session.server, None)
            assert await JanusPlugin("scripted").detach() == {}
            with pytest.raises(JanusOptionError, match="a JanusSession is expected"):
                await JanusPlugin("scripted").attach("ws://localhost")  # type: ignore[arg-type]
            with pytest.raises(JanusStateError, match="is new, not attached"):
                await JanusPlugin("scripted").request({})

    run(main())


def test_a_plugin_that_the_server_does_not_have() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.info["plugins"] = {"janus.plugin.echotest": {}, "janus.plugin.videoroom": {}}
            server.on["attach"] = lambda request: [server.error(request, 460, "No such plugin")]
            async with JanusSession(server.url) as session:
                with pytest.raises(JanusServerError, match=r"Did you mean 'janus\.plugin\.echotest'"):
                    await JanusPlugin("ecotest", opaque_id="mine").attach(session)
            assert next(r for r in server.received if r["janus"] == "attach")["opaque_id"] == "mine"

    run(main())


def test_what_can_not_be_sent_is_refused() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (_, plugin):
            with pytest.raises(JanusOptionError, match="the body of a request must be a dict"):
                await plugin.request(["list"])  # type: ignore[arg-type]
            for candidate in [{}, {"candidate": ""}, "candidate:1", [{"sdpMid": "0"}]]:
                with pytest.raises(JanusOptionError, match="not an ICE candidate"):
                    await plugin.trickle(candidate)  # type: ignore[arg-type]
            one = {"candidate": "candidate:1", "sdpMid": "0"}
            await plugin.trickle(one)
            await plugin.trickle([one, {"completed": True}])
            await plugin.trickle(None)
            trickled = [request for request in server.received if request["janus"] == "trickle"]
            assert [request.get("candidate", request.get("candidates")) for request in trickled] == [
                one,
                [one, {"completed": True}],
                {"completed": True},
            ]
            await plugin.hangup()  # nothing is negotiated: no event to wait for
            assert plugin.state == "attached"
            plugin.end("")
            plugin.end("again")
            assert plugin.reason == ""
            plugin.id = next(iter(plugin.session.handles._by_id))  # type: ignore[union-attr]

    run(main())


def test_a_reply_reads_like_a_dict() -> None:
    reply = PluginReply.from_message({"plugindata": {"data": {"a": 1}}, "jsep": {"type": "answer"}})
    assert (reply["a"], reply.get("a"), reply.get("b", 2)) == (1, 1, 2)
    assert repr(reply) == "<PluginReply {'a': 1} + answer>"


def test_a_handle_whose_own_code_fails() -> None:
    class Odd(JanusPlugin):
        fail_release = False

        def on_event(self, event: Any) -> None:
            raise ValueError("odd")

        async def release(self) -> None:
            if self.fail_release:
                raise ValueError("can't release")

    async def main() -> None:
        async with scripted() as server:
            session, plugin, other = JanusSession(server.url), Odd("scripted"), JanusPlugin("scripted")
            await session.create()
            await plugin.attach(session)
            await other.attach(session)
            ids = {"session_id": session.id, "sender": plugin.id}
            server.push(
                {"janus": "media", "mid": "0", **ids}, {"janus": "webrtcup", **ids | {"sender": other.id}}
            )
            await until(lambda: other.state == "connected")
            assert [text for text in errors_in(session) if "Odd.on_event failed: ValueError: odd" in text]
            plugin.fail_release = True
            with pytest.raises(ValueError, match="can't release"):
                await session.destroy()
            assert (session.state, plugin.state, other.state) == ("closed", "detached", "detached")

    run(main())


def test_an_sdp_and_a_loss_for_handles_that_are_not_ours() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            session.handles.note_jsep(1, {"jsep": {"type": "offer"}})
            server.on["keepalive"] = lambda request: [server.error(request, 459, "no such handle")]
            with pytest.raises(JanusServerError, match="459"):
                await session.send({"janus": "keepalive"})
            assert plugin.state == "attached"

    run(main())


def test_a_handle_that_comes_late_for_a_session_that_is_gone() -> None:
    async def main() -> None:
        async with scripted() as server:
            connection = JanusConnection(server.url)
            session = JanusSession(connection=connection)
            await session.create()
            held: list[Message] = []
            polite = server.on["attach"]
            server.on["attach"] = lambda request: held.append(request) or []  # type: ignore[func-returns-value]
            call = asyncio.create_task(JanusPlugin("scripted").attach(session))
            await until(lambda: held)
            call.cancel()
            await asyncio.wait([call])
            await session.destroy()
            server.on["attach"] = polite
            await session.create()
            server.push(server.made(held[0]))
            await session.ping()
            assert "detach" not in server.verbs()  # it went with its session
            await session.destroy()
            await connection.close()

    run(main())


def test_streams_say_what_they_are() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            stream, whole = plugin.events(["media", "hangup"]), aiter(session.events)
            assert repr(stream) == (
                "<Subscription to hangup, media, 0 waiting, 0 dropped; use `async for event in ...`>"
            )
            whole.close()
            assert repr(whole) == "<Subscription to all kinds, 0 waiting, 0 dropped; ended>"

    run(main())


# -- sessions ---------------------------------------------------------------------------------------


def test_a_shared_connection_has_its_own_options() -> None:
    with pytest.raises(JanusOptionError, match="belong to the connection that is shared"):
        JanusSession(connection=JanusConnection("ws://localhost"), max_size=10)


def test_a_session_that_is_not_there() -> None:
    async def main() -> None:
        session = JanusSession("ws://localhost")
        with pytest.raises(JanusStateError, match=r"the session is new\. Call create\(\) first"):
            await session.send({"janus": "keepalive"})
        async with scripted() as server:
            session = JanusSession(server.url)
            await session.create()
            waiting = asyncio.create_task(session.wait_for("media"))
            await asyncio.sleep(0)
            await session.destroy()
            with pytest.raises(JanusStateError, match="the session is closed"):
                await waiting

    run(main())


def test_a_keepalive_that_fails_does_not_end_the_keepalives() -> None:
    async def main() -> None:
        async with scripted(session_timeout=0.15) as server, attached(server) as (session, _):
            polite = server.on["keepalive"]
            server.on["keepalive"] = lambda request: [server.error(request, 490, "?")]
            await until(lambda: [text for text in errors_in(session) if "490" in text])
            server.on["keepalive"] = polite
            count = server.verbs().count("keepalive")
            await until(lambda: server.verbs().count("keepalive") > count + 1)
            assert session.state == "connected"

    run(main())


def test_a_keepalive_in_flight_when_the_connection_goes() -> None:
    async def main() -> None:
        async with scripted(session_timeout=0.15) as server, attached(server, recover=None) as (session, _):
            server.on["keepalive"] = silent
            await until(lambda: "keepalive" in server.verbs())
            server.drop()
            await until(lambda: session.state == "lost")
            assert "was lost" in session.reason

    run(main())


def test_keepalives_of_a_session_that_is_not_there_end() -> None:
    async def main() -> None:
        session = JanusSession("ws://localhost")
        await asyncio.wait_for(session._keep_alive(0.001), 5)
        assert errors_in(session) == []

    run(main())


def test_an_http_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def exchange(*_: Any, **__: Any) -> tuple[int, bytes]:
        raise JanusTimeoutError("http://far did not answer within 1 s")

    monkeypatch.setattr(HttpClient, "exchange", exchange)

    async def main() -> None:
        connection = JanusConnection("http://far/janus", proxy=None)
        with pytest.raises(JanusConnectionError, match=r"did not answer within 1 s\. Is it Janus's port"):
            await connection.open()

    run(main())


def test_a_server_that_falls_silent() -> None:
    async def main() -> None:
        async with (
            scripted(session_timeout=0.3) as server,
            attached(server, timeout=0.2, recover=None) as (
                session,
                _,
            ),
        ):
            assert not session.connection.lose_if_silent(0.0, "it is not")
            server.on["keepalive"] = server.on["detach"] = server.on["destroy"] = silent
            await until(lambda: session.state == "lost")
            assert "stopped answering: nothing came for 0.2 s" in session.reason
            assert not session.connection.lose_if_silent(0.0, "it is lost")

    run(main())


# -- the connection, on a transport without a network -----------------------------------------------


class Refusing(MemoryTransport):
    """Also hands on what the server refused it, keeps sessions, and writes as it is told."""

    keeps_sessions = True
    opens = True

    async def open(self) -> None:
        if not type(self).opens:
            await self.closed.wait()
        await super().open()

    async def receive(self) -> bytes:
        item: Any = await self.arriving.get()
        if isinstance(item, Exception):
            raise item
        return bytes(item)


def in_memory(main: Callable[[FarEnd], Any]) -> None:
    from janus_notebook import register_transport

    with memory_scheme():
        register_transport("memory", Refusing)
        run_instantly(main(FarEnd()))


def answering(far: FarEnd, **fields: Any) -> Callable[[bytes], None]:
    """An answer to all that is sent: the verb it asks for, or `fields`."""

    def on_send(data: bytes) -> None:
        request = json.loads(data)
        reply: Message = {"janus": "success", "transaction": request["transaction"], "data": {"id": 7}}
        if "session_id" in request:
            reply["session_id"] = request["session_id"]
        if request["janus"] == "info":
            reply["janus"] = "server_info"
        far.push(json.dumps(reply | fields).encode())

    return on_send


def test_a_transport_that_may_not_look_after_a_session() -> None:
    async def main(far: FarEnd) -> None:
        far.on_send = answering(far)
        session = JanusSession("memory://far", far=far)
        await session.create()
        for error in (
            JanusServerError(403, "no").within(session_id=7),
            JanusServerError(458, "no").within(session_id=8),
            JanusServerError(458, "no").within(session_id=7),
        ):
            assert session.state == "connected"
            for transport in far.open:
                transport.arriving.put_nowait(error)  # type: ignore[arg-type]
            await asyncio.sleep(0.1)
        assert session.state == "lost"
        assert session.reason == "the server no longer knows session 7"
        assert len(errors_in(session)) == 3
        await session.destroy()

    in_memory(main)


def test_a_transport_by_which_janus_notices_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_module, "SLACK_SECONDS", 1.0)

    async def main(far: FarEnd) -> None:
        for timeout, seconds in [(3, 4), (0, 60)]:
            far.on_send = answering(far, **{"session-timeout": timeout})
            session = JanusSession("memory://far", far=far)
            await session.create()
            Refusing.opens = False
            far.drop()
            await until(lambda: session.state == "lost", 100)  # noqa: B023
            assert f"did not come back within {seconds} s" in session.reason
            Refusing.opens = True
            await session.destroy()

    in_memory(main)


def test_lost_in_the_instant_in_which_it_is_claimed() -> None:
    async def main(far: FarEnd) -> None:
        polite = answering(far)
        claims: list[bytes] = []

        def on_send(data: bytes) -> None:
            polite(data)
            if b'"claim"' in data:
                claims.append(data)
                if len(claims) == 1:
                    far.drop()

        far.on_send = on_send
        session = JanusSession("memory://far", far=far)
        await session.create()
        far.drop()
        await until(lambda: session.state == "recovered")
        assert len(claims) == 2
        assert [text for text in errors_in(session) if "lost again" in text or "has gone" in text]
        await session.ping()
        await session.destroy()

    in_memory(main)


def test_create_gives_up_after_its_own_timeout() -> None:
    async def main(far: FarEnd) -> None:
        Refusing.opens = False
        session = JanusSession("memory://far", far=far, timeout=2)
        with pytest.raises(JanusConnectionError, match="did not answer within 2 s"):
            await session.create()
        Refusing.opens = True

    in_memory(main)


def test_what_comes_after_its_time() -> None:
    """Replies for callers that gave up, without a session or with an answer that makes no sense."""

    async def main(far: FarEnd) -> None:
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        session = JanusSession(connection=connection)
        connection.add(session)
        late: list[Message] = []

        def on_late(message: Message) -> None:
            late.append(message)
            raise JanusProtocolError("it makes no sense")

        message = {"janus": "message", "session_id": 1, "handle_id": 1, "transaction": "t"}
        call = asyncio.create_task(connection.request(message, timeout=5, on_late=on_late))
        await asyncio.sleep(0.1)
        far.push(b'{"janus":"ack","transaction":"t"}')
        await asyncio.sleep(0.1)
        call.cancel()
        await asyncio.wait([call])
        far.push(b'{"janus":"success","transaction":"t"}')
        await asyncio.sleep(0.1)
        assert len(late) == 1
        assert [text for text in errors_in(session) if "makes no sense" in text]
        connection.remove(session)
        await connection.close()

    in_memory(main)


def test_only_so_many_given_up_requests_are_remembered() -> None:
    async def main(far: FarEnd) -> None:
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        late: list[Message] = []
        for number in range(MAX_ABANDONED + 1):
            message = {"janus": "ping", "transaction": f"t{number}"}
            call = asyncio.create_task(connection.request(message, timeout=5, on_late=late.append))
            await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call])
        assert len(connection._waiters) == MAX_ABANDONED
        far.push(b'{"janus":"pong","transaction":"t0"}')
        far.push(b'{"janus":"pong","transaction":"t1"}')
        await asyncio.sleep(0.1)
        assert [message["transaction"] for message in late] == ["t1"]
        await connection.close()

    in_memory(main)


def test_a_transport_that_was_replaced_delivers_nothing() -> None:
    async def main(far: FarEnd) -> None:
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        (transport,) = far.open
        assert transport.deliver is not None
        session = JanusSession(connection=connection)
        connection.add(session)
        transport.deliver(b'{"janus":"novelty"}')
        assert session.counters["events"] == 1
        connection.remove(session)
        await connection.close()
        transport.deliver(b'{"janus":"novelty"}')
        assert session.counters["events"] == 1

    in_memory(main)


@pytest.mark.parametrize("answer", ["success", "error", None])
def test_a_write_that_fails_when_the_answer_is_there(answer: str | None) -> None:
    async def main(far: FarEnd) -> None:
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        (transport,) = far.open

        async def send(_: bytes) -> None:
            if answer:
                reply = {"janus": answer, "transaction": "t", "error": {"code": 490, "reason": "?"}}
                connection.feed(json.dumps(reply).encode())
            raise JanusConnectionError("the write failed")

        transport.send = send  # type: ignore[assignment]
        call = connection.request({"janus": "ping", "transaction": "t"}, timeout=5)
        if answer == "success":
            assert (await call)["janus"] == "success"
        else:
            with pytest.raises(JanusServerError if answer else JanusConnectionError):
                await call
        assert connection.state == "lost"
        await connection.close()

    in_memory(main)


def test_a_refused_renegotiation_leaves_the_handle_connected() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.push({"janus": "webrtcup", "session_id": session.id, "sender": plugin.id})
            await until(lambda: plugin.state == "connected")
            server.on["message"] = lambda request: [server.error(request, 465, "no SDP")]
            with pytest.raises(JanusServerError, match="465"):
                await plugin.request({}, {"type": "offer", "sdp": "x"})
            assert plugin.state == "connected"

    run(main())


def test_a_task_of_the_session_that_fails_is_in_its_log() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, _):

            async def failing() -> None:
                raise ZeroDivisionError("nought")

            session.spawn(failing(), name="a-task")
            await until(lambda: "a-task failed: ZeroDivisionError: nought." in errors_in(session))

    run(main())
