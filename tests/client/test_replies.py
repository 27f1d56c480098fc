"""Which reply ends which request, over a connection: order, lateness, cancellation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusError,
    JanusOptionError,
    JanusPlugin,
    JanusPluginError,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
    PluginReply,
)
from tests.client.scripted import ScriptedServer, attached, errors_in, run, scripted, until
from tests.protocol.test_outline import pretty

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def test_ack_and_event_in_the_same_instant_in_either_order_a_thousand_times() -> None:
    async def main() -> None:
        async with scripted() as server:

            def answer(request: dict[str, Any]) -> list[Any]:
                frames = [server.ack(request), server.event(request)]
                return frames if request["body"]["n"] % 2 else frames[::-1]

            server.on["message"] = answer
            async with attached(server) as (session, plugin):
                for n in range(1000):
                    reply = await plugin.request({"n": n})
                    assert reply["body"] == {"n": n}
                # The last ack may still be on its way.
                await until(lambda: sum(event.kind == "ack" for event in session.events) == 1000)
                assert session.counters["in_flight"] == 0
                assert session.counters["events"] == 0
                # Whichever came first: each is found under the handle that asked.
                assert {event.handle_id for event in session.events if event.kind == "ack"} == {plugin.id}

    run(main())


def test_pipelined_requests_each_get_their_own_answer() -> None:
    async def main() -> None:
        async with scripted() as server:
            held: list[dict[str, Any]] = []

            def hold(request: dict[str, Any]) -> list[Any]:
                held.append(request)
                if len(held) < 50:
                    return []
                return [server.event(each) for each in reversed(held)]

            server.on["message"] = hold
            async with attached(server) as (_, plugin):
                replies = await asyncio.gather(*(plugin.request({"n": n}) for n in range(50)))
                assert [reply["body"]["n"] for reply in replies] == list(range(50))

    run(main())


def test_a_late_reply_after_a_timeout_is_dropped_and_the_handle_works_on() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.on["message"] = lambda request: [server.ack(request)]
            with pytest.raises(JanusTimeoutError, match="acknowledged 'message'") as caught:
                await plugin.request({"n": 1}, timeout=0.05)
            assert caught.value.handle_id == plugin.id
            assert caught.value.request is not None
            assert caught.value.request["body"] == {"n": 1}
            before = session.counters["events"]
            server.push(server.event(server.received[-1]))
            del server.on["message"]
            server.on["message"] = lambda request: [server.event(request, fine=1)]
            assert (await plugin.request({"n": 2}))["fine"] == 1
            assert session.counters["events"] == before
            assert errors_in(session) == []

    run(main())


def test_no_ack_at_all_is_another_timeout() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.on["message"] = lambda _: []
            with pytest.raises(JanusTimeoutError, match=r"no reply to 'message' within 0\.05 s"):
                await plugin.request({}, timeout=0.05)
            assert session.counters["in_flight"] == 0

    run(main())


def test_errors_of_the_core_and_of_the_plugin() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.on["message"] = lambda request: [server.error(request, 454, "broken")]
            with pytest.raises(JanusServerError) as core:
                await plugin.request({"secret": "s3cret"})
            assert (core.value.code, core.value.name) == (454, "INVALID_JSON")
            assert (core.value.session_id, core.value.handle_id) == (session.id, plugin.id)
            assert core.value.plugin == plugin.name
            assert "s3cret" not in repr(core.value.request)
            server.on["message"] = lambda request: [server.event(request, error_code=0, error="not now")]
            with pytest.raises(JanusPluginError, match="not now") as late:
                await plugin.request({})
            assert late.value.code == 0

    run(main())


@pytest.mark.parametrize(
    ("kind", "order"), [("create", "destroy"), ("attach", "detach")], ids=["create", "attach"]
)
@pytest.mark.parametrize("how", ["timeout", "cancel"])
def test_what_a_late_reply_made_is_undone(kind: str, order: str, how: str) -> None:
    """On a shared connection, which outlives the attempt."""

    async def main() -> None:
        async with scripted() as server:
            holder = JanusSession(server.url)
            async with holder:
                session = JanusSession(connection=holder.connection, timeout=0.1)
                plugin = JanusPlugin("scripted")
                if kind == "attach":
                    await session.create()
                held: list[dict[str, Any]] = []
                server.on[kind] = lambda request: held.append(request) or []  # type: ignore[func-returns-value]
                call = asyncio.create_task(session.create() if kind == "create" else plugin.attach(session))
                await until(lambda: held)
                if how == "cancel":
                    call.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await call
                else:
                    with pytest.raises(JanusTimeoutError):
                        await call
                assert server.verbs()[-1] == kind
                assert holder.counters["in_flight"] == 0
                made = server.made(held[0])
                server.push(made)
                await until(lambda: server.verbs()[-1] == order)
                assert made["data"]["id"] in server.received[-1].values()
                assert plugin.id is None
                await session.destroy()

    run(main())


def test_a_reply_in_the_instant_of_the_cancellation() -> None:
    """The reply is read and the caller is cancelled in the same turn of the loop."""

    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            feed = session.connection.feed
            for target in ("attach", "message", "detach"):
                other = JanusPlugin("scripted")
                if target == "detach":
                    await other.attach(session)
                calls: dict[str, Callable[[], Awaitable[Any]]] = {
                    "attach": lambda other=other: other.attach(session),  # type: ignore[misc]
                    "message": lambda: plugin.request({}),
                    "detach": other.detach,
                }
                call = asyncio.ensure_future(calls[target]())

                def cancelling(text: bytes, call: asyncio.Future[Any] = call) -> None:
                    feed(text)
                    call.cancel()

                session.connection.feed = cancelling  # type: ignore[method-assign]
                with pytest.raises(asyncio.CancelledError):
                    await call
                session.connection.feed = feed  # type: ignore[method-assign]
                if target == "attach":
                    await until(lambda: server.verbs()[-1] == "detach")
                assert other.id is None
                assert (await plugin.request({"n": 1}))["body"] == {"n": 1}
            assert session.plugins == (plugin,)

    run(main())


def test_create_cancelled_in_the_instant_of_its_reply_destroys_the_session() -> None:
    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(server.url)
            call = asyncio.create_task(session.create())
            server.on["create"] = lambda request: [server.made(request)]
            feed = session.connection.feed

            def cancelling(text: bytes) -> None:
                feed(text)
                if session.id is not None:
                    session.connection.feed = feed  # type: ignore[method-assign]
                    call.cancel()

            session.connection.feed = cancelling  # type: ignore[method-assign]
            with pytest.raises(asyncio.CancelledError):
                await call
            assert server.verbs()[-1] == "destroy"
            assert session.state == "closed"
            assert (await session.create())["janus"] == "success"
            await session.destroy()

    run(main())


@pytest.mark.parametrize("verb", ["info", "create", "attach", "message", "trickle", "detach", "destroy"])
def test_cancelled_while_the_server_is_silent(verb: str) -> None:
    async def main() -> None:
        async with scripted() as server:
            session, plugin = JanusSession(server.url), JanusPlugin("scripted")

            async def everything() -> None:
                await session.create()
                await plugin.attach(session)
                await plugin.request({})
                await plugin.trickle(None)
                await plugin.detach()
                await session.destroy()

            polite = server.on[verb]
            server.on[verb] = lambda _: []
            call = asyncio.create_task(everything())
            await until(lambda: verb in server.verbs())
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            if verb in ("info", "create", "destroy"):
                assert session.state == "closed"
                assert session.connection.state == "closed"
            else:
                assert session.state == "connected"
            server.on[verb] = polite
            await asyncio.wait_for(everything(), 5)
            assert session.connection.state == "closed"
            assert plugin.state == "detached"

    run(main())


def test_a_deadline_in_the_instant_of_the_reply_keeps_the_reply() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            feed = session.connection.feed

            def late(text: bytes) -> None:
                # Blocks the loop past the deadline, so that both are due in the same turn.
                feed(text)
                end = asyncio.get_running_loop().time() + 0.2
                while asyncio.get_running_loop().time() < end:
                    pass

            session.connection.feed = late  # type: ignore[method-assign]
            server.on["message"] = lambda request: [server.event(request, n=1)]
            reply = await plugin.request({}, timeout=0.1)
            session.connection.feed = feed  # type: ignore[method-assign]
            assert reply["n"] == 1

    run(main())


def test_the_callers_dict_is_never_changed_and_the_log_keeps_what_was_sent() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server, api_secret="s3cret") as (session, plugin):
            body = {"list": [1], "pin": "1234"}
            message = {"janus": "message", "handle_id": plugin.id, "body": body}
            copy = {**message, "body": {**body, "list": [1]}}
            await session.send(message)
            assert message == copy
            body["list"] = [2]
            sent = [event.raw for event in session.events if event.kind == "message"]
            assert sent[0]["body"] == {"list": [1], "pin": "***"}
            assert server.received[-1]["body"] == copy["body"]
            assert server.received[-1]["apisecret"] == "s3cret"

    run(main())


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "info",
        {},
        {"janus": None},
        {"janus": 5},
        {"janus": ""},
        {"Janus": "info"},
        {"janus": "info", "transaction": 5},
        {"janus": "message", "handle_id": "12"},
        {"janus": "message", "handle_id": [1]},
        {"janus": "keepalive", "session_id": True},
        {"janus": "message", "body": {"n": 2**63}},
        {"janus": "message", "body": {"n": float("nan")}},
        {"janus": "message", "body": object()},
    ],
    ids=repr,
)
def test_what_is_not_a_janus_message_is_refused_before_it_is_sent(message: Any) -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            before = len(server.received)
            with pytest.raises(JanusOptionError):
                await session.send(message)
            with pytest.raises(JanusOptionError, match="timeout"):
                await session.send({"janus": "ping"}, timeout=0)
            await plugin.request({})
            assert len(server.received) == before + 1

    run(main())


def test_a_transaction_of_the_callers_own() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            assert (await session.send({"janus": "ping", "transaction": "mine"}))["transaction"] == "mine"
            server.on["message"] = lambda _: []
            message: dict[str, Any] = {"janus": "message", "handle_id": plugin.id, "body": {}}
            message["transaction"] = "mine"
            first = asyncio.create_task(session.send(message, timeout=0.2))
            await until(lambda: server.verbs()[-1] == "message")
            with pytest.raises(JanusOptionError, match="in use"):
                await session.send(message)
            with pytest.raises(JanusTimeoutError):
                await first

    run(main())


def test_an_error_that_names_no_request_ends_the_only_one_pending() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            stray = {"janus": "error", "error": {"code": 454, "reason": "Could not parse"}}
            server.on["message"] = lambda _: [stray]
            with pytest.raises(JanusServerError, match="Could not parse"):
                await plugin.request({})
            server.push(stray)
            await until(lambda: [event for event in session.events if event.kind == "error"])
            assert session.state == "connected"

    run(main())


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {}}, {"data": {"id": "x"}}, {"data": [1]}])
def test_an_attach_whose_answer_holds_no_id(answer: dict[str, Any]) -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            polite = server.on["attach"]
            server.on["attach"] = lambda request: [server.reply(request) | answer]
            with pytest.raises(JanusError, match="holds no id"):
                await JanusPlugin("scripted").attach(session)
            server.on["attach"] = polite
            await plugin.request({})

    run(main())


def test_a_refused_offer_leaves_the_handle_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("janus_notebook.client.plugin.HANGUP_SECONDS", 60)

    async def main() -> None:
        async with scripted() as server, attached(server) as (_, plugin):
            server.on["message"] = lambda request: [server.error(request, 465, "bad SDP")]
            with pytest.raises(JanusServerError):
                await plugin.request({}, {"type": "offer", "sdp": "v=0"})
            assert plugin.state == "attached"
            assert [event.state for event in plugin.transitions] == ["attached", "negotiating", "attached"]
            server.on["hangup"] = lambda request: [server.reply(request)]
            async with asyncio.timeout(5):
                await plugin.hangup()  # Janus has no PeerConnection, so it sends no event

    run(main())


@pytest.mark.parametrize("refused", [False, True])
def test_hangup_waits_for_its_event_so_that_it_cannot_end_the_next_negotiation(refused: bool) -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.on["hangup"] = lambda request: [server.reply(request)]
            if refused:  # by the plugin: Janus has a PeerConnection by then
                failure = {"error_code": 478, "error": "nobody"}
                server.on["message"] = lambda request: [server.ack(request), server.event(request, **failure)]
                with pytest.raises(JanusPluginError):
                    await plugin.request({}, {"type": "offer", "sdp": "v=0"})
            else:
                await plugin.request({}, {"type": "offer", "sdp": "v=0"})
            assert plugin.state == ("attached" if refused else "negotiating")
            call = asyncio.create_task(plugin.hangup())
            await until(lambda: session.counters["in_flight"] == 0 and server.verbs()[-1] == "hangup")
            await asyncio.sleep(0)
            assert not call.done()
            ids = {"session_id": session.id, "sender": plugin.id}
            server.push({"janus": "hangup", "reason": "Janus API", **ids})
            await call
            assert (plugin.state, plugin.reason) == ("hungup", "Janus API")

    run(main())


def test_a_hangup_event_fails_nothing() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):

            def hung_up_then_answered(request: dict[str, Any]) -> list[Any]:
                ids = {"session_id": session.id, "sender": plugin.id}
                media = {"janus": "media", "mid": "0", "type": "video", "receiving": True, **ids}
                hangup = {"janus": "hangup", "reason": "Close PC", **ids}
                return [server.ack(request), media, hangup, server.event(request, ok=1)]

            server.on["message"] = hung_up_then_answered
            assert (await plugin.request({}))["ok"] == 1
            assert plugin.state == "hungup"
            assert plugin.media["0"].receiving is False  # nothing flows after a hangup

    run(main())


@pytest.mark.parametrize("code", [458, 459])
def test_a_reply_that_says_that_it_is_gone_ends_it_here(code: int) -> None:
    """Janus tells the owner nothing when an administrator destroys a session."""

    async def main() -> None:
        async with scripted() as server:
            session, plugin = JanusSession(server.url), JanusPlugin("scripted")
            await session.create()
            await plugin.attach(session)
            server.on["message"] = lambda request: [server.error(request, code)]
            with pytest.raises(JanusServerError):
                await plugin.request({})
            assert plugin.state == "detached"
            assert "no longer" in plugin.reason
            assert session.state == ("lost" if code == 458 else "connected")
            with pytest.raises(JanusStateError, match=r"no longer knew|no longer knows"):
                await plugin.request({})
            server.on["message"] = ScriptedServer().on["message"]
            await session.create()
            await plugin.attach(session)
            await plugin.request({})
            await session.destroy()

    run(main())


def test_a_reply_reads_as_its_data_does() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (_, plugin):
            server.on["message"] = lambda request: [server.event(request, room=7, list=[])]
            reply = await plugin.request({})
            assert "room" in reply
            assert "pin" not in reply
            assert dict(reply) == {"room": 7, "list": []} == {key: reply[key] for key in reply}

    run(main())


class Configured(PluginReply, frozen=True, kw_only=True):
    """An answer with a field."""

    room: int = 0


def test_a_typed_reply_has_its_fields_and_the_whole_message() -> None:
    data = {"room": 7, "pin": "planted"}
    message = {"janus": "event", "plugindata": {"data": data}, "jsep": {"type": "answer", "sdp": "v=0"}}
    reply = Configured.from_message(message)
    assert (reply.room, reply.data, reply.raw) == (7, data, message)
    assert reply.jsep == message["jsep"]
    assert repr(reply) == "<Configured {'room': 7, 'pin': '***'} + answer>"
    odd = Configured.from_message({"janus": "event", "plugindata": {"data": {"room": "x"}}})
    assert (odd.room, odd.unreadable) == (0, ("room",))


@pytest.mark.parametrize(
    ("jsep", "line"),
    [
        ({"type": "offer", "sdp": "v=0\r\ns=-\r\n"}, "  jsep  offer, 2 lines of SDP: .jsep"),
        ({"type": "answer"}, "  jsep  answer, no SDP: .jsep"),
        (None, None),
    ],
)
def test_a_long_reply_names_its_description(jsep: Any, line: str | None) -> None:
    message = {"janus": "event", "plugindata": {"data": {"text": "x" * 200}}, "jsep": jsep}
    found = [text for text in pretty(PluginReply.from_message(message)).splitlines() if ".jsep" in text]
    assert found == ([line] if line else [])


@pytest.mark.parametrize("plugindata", [None, 5, {}, {"data": 5}])
def test_a_reply_without_data_is_empty(plugindata: Any) -> None:
    for kind in (PluginReply, Configured):
        reply = kind.from_message({"janus": "success", "plugindata": plugindata, "jsep": 5})
        assert (reply.data, reply.jsep) == ({}, None)
        assert repr(reply) == f"<{kind.__name__} {{}}>"


def test_a_refused_sdp_in_a_raw_message_leaves_the_handle_as_it_was() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.on["message"] = lambda request: [server.error(request, 465, "no SDP")]
            message = {
                "janus": "message",
                "handle_id": plugin.id,
                "body": {},
                "jsep": {"type": "offer", "sdp": "x"},
            }
            with pytest.raises(JanusServerError, match="465"):
                await session.send(message)
            assert plugin.state == "attached"
            with pytest.raises(JanusOptionError, match="a JanusPlugin is expected, not 'scripted'"):
                await session.attach_plugin("scripted")  # type: ignore[arg-type]

    run(main())
