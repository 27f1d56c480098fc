"""The event log and its subscriptions, alone and behind a connection."""

from __future__ import annotations

import asyncio
import gc
import json
import re
from typing import Any
from unittest import mock

import pytest

from janus_notebook import EventLog, JanusOptionError, JanusPlugin, JanusStateError, JanusTimeoutError
from janus_notebook.protocol import plugin_events
from janus_notebook.protocol.events import MediaEvent, PluginEvent
from tests.client.scripted import attached, errors_in, run, scripted, until


def filled(count: int, capacity: int = 10) -> EventLog:
    log = EventLog(capacity)
    for number in range(1, count + 1):
        log.record("event", "media", {"n": number}, 1, number % 2)
    return log


# -- the log alone --------------------------------------------------------------------------------


def test_the_ring_keeps_the_newest_and_counts_what_it_dropped() -> None:
    log = filled(25)
    assert (len(log), log.total, log.dropped) == (10, 25, 15)
    assert [event.seq for event in log] == list(range(16, 26))
    assert (log[0].seq, log[-1].seq) == (16, 25)
    assert repr(log) == "<EventLog 10 of 25 entries, 15 dropped>"
    assert log.counts == {"event": 25}


def test_get_by_sequence_number() -> None:
    log = filled(25)
    found = [log.get(seq) for seq in (15, 16, 20, 25, 26, 0)]
    assert [event.seq if event else None for event in found] == [None, 16, 20, 25, None, None]
    assert EventLog().get(1) is None


@pytest.mark.parametrize(
    ("seq", "limit", "expected"),
    [
        (25, None, []),
        (99, None, []),
        (23, None, [24, 25]),
        (20, 2, [24, 25]),
        (0, None, list(range(16, 26))),
        (0, 3, [23, 24, 25]),
        (24, 0, []),
    ],
)
def test_since(seq: int, limit: int | None, expected: list[int]) -> None:
    assert [event.seq for event in filled(25).since(seq, limit)] == expected


def test_times_come_from_the_two_clocks() -> None:
    ticks, walls = iter([100.0, 100.5, 103.0]), iter([1e9, 1e9 - 3600])
    log = EventLog(clock=lambda: next(ticks), wall_clock=lambda: next(walls))
    first, second = log.record("local", "error", {}), log.record("local", "error", {})
    assert (first.elapsed, second.elapsed) == (0.5, 3.0)
    assert (first.time, second.time) == (1e9, 1e9 - 3600)


def test_secrets_are_masked_on_the_way_in() -> None:
    log = EventLog()
    raw: dict[str, Any] = {"janus": "create", "apisecret": "s3cret", "deep": [{"pin": "s3cret"}]}
    event = log.record("request", "create", raw)
    assert "s3cret" not in repr(event.raw) + repr(event) + event.summary
    assert raw["apisecret"] == "s3cret"


# -- subscriptions --------------------------------------------------------------------------------


def test_a_subscription_starts_when_it_is_made_and_filters() -> None:
    async def main() -> None:
        log = filled(3)
        everything, media = log.subscribe(), log.subscribe("media", handle_id=1)
        mixed = log.subscribe(["media", "state"])
        replies = log.subscribe(directions=["reply"])
        log.record("event", "media", {"n": 4}, 1, 1)
        log.record("event", "media", {"n": 5}, 1, 2)
        log.record("reply", "media", {"n": 6}, 1, 1)
        log.record("local", "state", {"n": 7}, 1, 1)
        log.end_subscriptions()
        log.record("event", "media", {"n": 8}, 1, 1)
        assert [event.raw["n"] async for event in everything] == [4, 5]
        assert [event.raw["n"] async for event in media] == [4]
        assert [event.raw["n"] async for event in mixed] == [4, 5, 7]
        assert [event.raw["n"] async for event in replies] == [6]

    run(main())


def test_a_slow_consumer_loses_the_oldest_and_counts_them() -> None:
    async def main() -> None:
        log = EventLog()
        slow = log.subscribe(buffer=3)
        for number in range(10):
            log.record("event", "media", {"n": number})
        slow.close()
        assert [event.raw["n"] async for event in slow] == [7, 8, 9]
        assert (slow.dropped, log.dropped) == (7, 0)

    run(main())


def test_get_with_a_deadline_and_at_the_end() -> None:
    async def main() -> None:
        log = EventLog()
        stream = log.subscribe(["media", "hangup"])
        with pytest.raises(JanusTimeoutError, match=r"no hangup, media within 0\.01 s"):
            await stream.get(0.01)
        log.record("event", "media", {})
        assert (await stream.get(0.01)).kind == "media"
        async with stream:
            pass
        with pytest.raises(StopAsyncIteration):
            await stream.get()

    run(main())


def test_several_readers_of_one_stream_share_it_and_one_may_be_cancelled() -> None:
    async def main() -> None:
        log = EventLog()
        stream = log.subscribe()
        readers = [asyncio.create_task(stream.get()) for _ in range(3)]
        await asyncio.sleep(0)
        readers[0].cancel()
        log.record("event", "media", {"n": 1})
        log.record("event", "media", {"n": 2})
        results = await asyncio.gather(*readers, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert sorted(result.raw["n"] for result in results[1:] if not isinstance(result, BaseException)) == [
            1,
            2,
        ]

    run(main())


def test_a_forgotten_subscription_is_not_kept() -> None:
    log = EventLog()
    log.subscribe()
    gc.collect()
    assert len(log._subscriptions) == 0


@pytest.mark.parametrize(
    ("kinds", "near"),
    [("slowlnk", "slowlink"), (["media", "hang-up"], "hangup"), (["webrtc_up"], "webrtcup")],
)
def test_misspelt_kinds(kinds: Any, near: str) -> None:
    # The names of the plugins' events count too, of those plugins that other tests have imported.
    with mock.patch.object(plugin_events, "_names", {"talking"}):
        with pytest.raises(JanusOptionError, match=f"Did you mean '{near}'"):
            EventLog().subscribe(kinds)
        with pytest.raises(JanusOptionError, match=r"Known: browser, data, detached, .*talking"):
            EventLog().subscribe(["x-new-kind"])  # it would wait for ever; without kinds all are seen
        EventLog().subscribe(["talking", "media"])


def test_a_buffer_that_holds_nothing() -> None:
    with pytest.raises(JanusOptionError, match="buffer must be a whole number from 1, not 0"):
        EventLog().subscribe(buffer=0)


# -- behind a connection --------------------------------------------------------------------------


def test_a_burst_of_5000_events_loses_none_from_the_log() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            slow = plugin.events(["slowlink"], buffer=100)
            ids = {"session_id": session.id, "sender": plugin.id}
            burst = [{"janus": "slowlink", "mid": "0", "uplink": False, "lost": 1, **ids}] * 5000
            server.push(*burst)
            await until(lambda: session.counters["events"] == 5000, 20)
            assert [event.raw["lost"] for event in session.events if event.kind == "slowlink"] == [1] * 5000
            assert session.events.dropped == 0
            assert (slow.dropped, plugin.media["0"].slowlinks, plugin.media["0"].lost) == (4900, 5000, 5000)
            await plugin.request({})

    run(main())


def test_events_right_behind_the_attach_reply_reach_the_handle() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, _):

            def answer(request: dict[str, Any]) -> list[Any]:
                made = server.made(request)
                ids = {"session_id": session.id, "sender": made["data"]["id"]}
                return [
                    made,
                    {"janus": "webrtcup", **ids},
                    {"janus": "media", "mid": "a", "type": "audio", **ids},
                ]

            server.on["attach"] = answer
            plugin = JanusPlugin("scripted")
            await plugin.attach(session)
            await until(lambda: plugin.media)
            assert plugin.state == "connected"
            assert plugin.media["a"].receiving is False

    run(main())


def test_events_of_unknown_handles_and_kinds_are_kept() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            stream = session.subscribe()
            ids = {"session_id": session.id, "sender": 1}
            server.push({"janus": "media", **ids, "mid": "0", "receiving": True})
            server.push({"janus": "novelty", "session_id": session.id, "sender": plugin.id, "what": [1]})
            server.push(
                {"janus": "event", **ids, "transaction": "of another", "plugindata": {"data": {"a": 1}}}
            )
            events = [await stream.get(2) for _ in range(3)]
            assert [event.kind for event in events] == ["media", "novelty", "event"]
            assert isinstance(events[0], MediaEvent)
            assert events[1].raw["what"] == [1]
            assert isinstance(events[2], PluginEvent)
            assert events[2].data == {"a": 1}
            assert [event.handle_id for event in events] == [1, plugin.id, 1]

    run(main())


def test_a_plugin_event_that_reuses_an_answered_transaction_is_an_event() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (_, plugin):
            stream = plugin.events()
            reply = await plugin.request({"n": 1})
            server.push(reply.raw)
            event = await stream.get(2)
            assert event.raw == reply.raw

    run(main())


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ("not JSON", "is not JSON"),
        ("", "is not JSON"),
        ('{"janus": "event"', "is not JSON"),
        ("[1, 2]", "no 'janus' field"),
        ("5", "no 'janus' field"),
        ("null", "no 'janus' field"),
        ("{}", "no 'janus' field"),
        ('{"janus": 7}', "no 'janus' field"),
        ('{"janus": "event", "session_id": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"janus": "event", "a": ' + "[" * 90_000 + "]" * 90_000 + "}", "JSON"),
        ('{"janus": "event", "a": ' + "[" * 450 + "]" * 450 + "}", "nested deeper than 100"),
        ("x" * 8_000_000, "and 7999920 more bytes"),
        ('{"token": "s3cret"}', r'"token": "\*\*\*"'),
        ('{"janus": "x", "plugindata": {"PIN": "s3cret', '"PIN": "'),
    ],
    ids=lambda value: str(value)[:24],
)
def test_garbage_is_recorded_and_the_session_lives_on(frame: str, text: str) -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            server.push(frame)
            await until(lambda: errors_in(session))
            recorded = next(event for event in session.events if event.kind == "error")
            assert recorded.raw["error"]["type"] == "JanusProtocolError"
            assert re.search(text, errors_in(session)[0])
            assert "s3cret" not in errors_in(session)[0]
            assert len(errors_in(session)[0]) < 400
            await plugin.request({})
            assert session.state == "connected"

    run(main())


def test_odd_fields_in_events_harm_nothing() -> None:
    odd: list[Any] = [None, True, -1, 1.5, "text", [], {}, [{}], 2**63, "\u0000<b>"]
    fields = ["session_id", "sender", "transaction", "mid", "type", "receiving", "candidate", "plugindata"]
    kinds = [
        "event",
        "media",
        "slowlink",
        "hangup",
        "trickle",
        "webrtcup",
        "detached",
        "timeout",
        "ack",
        "error",
    ]

    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            for kind in kinds:
                for field in [*fields, "jsep", "error", "lost", "reason", "seconds"]:
                    ids = {"session_id": session.id, "sender": 5 if kind == "detached" else plugin.id}
                    if kind == "timeout":
                        ids["session_id"] = 5
                    server.push(*({"janus": kind, **ids, field: value} for value in odd))
            server.push({"janus": "last", "session_id": session.id})
            await until(lambda: session.events[-1].kind == "last")
            for event in session.events:
                assert repr(event)
                json.dumps(event.raw)
            await plugin.request({})

    run(main())


def test_wait_for() -> None:
    async def main() -> None:
        async with scripted() as server, attached(server) as (session, plugin):
            with pytest.raises(JanusTimeoutError):
                await plugin.wait_for("webrtcup", timeout=0.01)
            call = asyncio.create_task(plugin.wait_for("webrtcup"))
            await asyncio.sleep(0)
            server.push({"janus": "webrtcup", "session_id": session.id, "sender": plugin.id})
            assert (await call).kind == "webrtcup"
            call = asyncio.create_task(plugin.wait_for("hangup"))
            await asyncio.sleep(0)
            await plugin.detach()
            with pytest.raises(JanusStateError, match="is detached"):
                await call
            with pytest.raises(JanusStateError):
                plugin.events()

    run(main())


def test_no_secret_in_any_output(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with scripted() as server:
            url = server.url.replace("ws://", "ws://user:s3cret@") + "/?token=s3cret"
            caplog.set_level("INFO")
            options: dict[str, Any] = {"api_secret": "s3cret", "headers": {"authorization": "s3cret"}}
            async with attached(server, token="s3cret") as (session, plugin):
                other = type(session)(url, token=lambda: "s3cret", **options)
                async with other:
                    reply = await plugin.request({"secret": "s3cret", "list": [{"pin": "s3cret"}]})
                    server.on["message"] = lambda request: [server.error(request, 403)]
                    with pytest.raises(Exception, match="403") as caught:
                        await plugin.request({"pin": "s3cret"})
                    shown = [
                        repr(each) for each in (session, other, other.connection, plugin, reply, caught.value)
                    ]
                    shown += [repr(caught.value.request)]  # type: ignore[attr-defined]
                    for log in (session.events, other.events):
                        shown += [f"{event!r} {event.summary} {event.raw}" for event in log]
            server.drop()
            refused = type(session)(
                url.replace(url.rpartition(":")[2], "1/?token=s3cret"), api_secret="s3cret"
            )
            with pytest.raises(Exception, match="refused") as caught:
                await refused.create()
            shown += [repr(caught.value), str(caught.value), repr(refused), repr(list(refused.events))]
            assert "s3cret" not in " ".join(shown) + caplog.text

    run(main())
