"""100,000 events at once, and consumers that sleep or raise."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusEchoTestPlugin
from janus_notebook.gateway.practice import Flood
from tests.client.scripted import errors_in, run, until
from tests.faults.setting import TRANSPORTS, echoing, misbehaving, url_of, within

if TYPE_CHECKING:
    from janus_notebook import JanusEvent

EVENTS = 100_000
CAPACITY = 5_000


def number_of(event: JanusEvent) -> int:
    number: int = event.raw["plugindata"]["data"]["flood"]
    return number


# HTTP brings ten events in a poll, so this many take minutes; Janus's own queue has no end either.
@pytest.mark.parametrize(
    ("transport", "number"),
    [
        ("ws", EVENTS // 5),
        *(pytest.param(name, EVENTS, marks=pytest.mark.nightly) for name in ("ws", "unix", "unix+dgram")),
    ],
)
@pytest.mark.timeout(300)
def test_a_flood_and_a_consumer_that_sleeps(transport: str, number: int) -> None:
    """The reader is not slowed; what the consumer loses is counted exactly, and so is what the ring does."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport), log_capacity=CAPACITY) as (session, plugin):
            slow, wide = plugin.events(buffer=1000), session.subscribe(["event"], buffer=number)
            asleep, wake = asyncio.Event(), asyncio.Event()

            async def consume() -> list[int]:
                first = await anext(slow)
                asleep.set()
                await wake.wait()
                return [number_of(first), *[number_of(event) async for event in slow]]

            consumer = asyncio.create_task(consume())
            gateway.misbehave(Flood(number, kind="event"))
            async with within(20):
                assert (await plugin.configure(audio=True))["result"] == "ok"
                await asleep.wait()
            # Meanwhile other requests on the same connection are answered.
            async with within(110):
                for _ in range(3):
                    await session.ping(timeout=110)
                await until(lambda: session.counters["events"] == number, 110)
            # Nothing lost on the way to who has room for it, and all in order.
            assert [number_of(event) for event in wide._waiting] == list(range(number))
            slow.close()
            wake.set()
            got = await consumer
            assert got[1:] == list(range(number - 1000, number))
            assert slow.dropped == number - len(got)
            log = session.events
            assert (len(log), log.dropped) == (CAPACITY, log.total - CAPACITY)
            assert session.counters["dropped"] == log.dropped
            assert log.total == sum(log.counts.values())
            assert session.state == "connected"

    with misbehaving() as gateway:
        run(main())


def test_a_flood_over_http() -> None:
    async def main() -> None:
        async with echoing(gateway.http_url, maxev=500, log_capacity=CAPACITY) as (session, plugin):
            stream = plugin.events(buffer=1000)
            gateway.misbehave(Flood(20_000, kind="event"))
            async with within(40):
                assert (await plugin.configure(audio=True))["result"] == "ok"
                await until(lambda: session.counters["events"] == 20_000, 40)
            assert stream.dropped == 20_000 - 1000
            assert session.events.dropped == session.events.total - CAPACITY

    with misbehaving() as gateway:
        run(main())


def test_a_flood_takes_no_more_memory_than_the_ring_and_the_buffers_hold() -> None:
    """The first wave fills them; the second must leave nothing behind."""

    async def main() -> None:
        async with echoing(gateway.ws_url, log_capacity=1000) as (session, plugin):
            plugin_stream = plugin.events(buffer=100)

            async def flood(count: int) -> int:
                before = session.counters["events"]
                gateway.misbehave(Flood(count, kind="event"))
                async with within(40):
                    await plugin.configure(audio=True)
                    await until(lambda: session.counters["events"] == before + count, 40)
                gateway.behave()
                return tracemalloc.get_traced_memory()[0]

            tracemalloc.start()
            try:
                first = await flood(2_000)
                second = await flood(4_000)
            finally:
                tracemalloc.stop()
            # Kept, the second wave would weigh several megabytes.
            assert second - first < 300_000
            assert plugin_stream.dropped == 6_000 - 100

    with misbehaving() as gateway:
        run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_consumer_that_raises(transport: str) -> None:
    """Its own task fails, and tells whoever awaits it; the session and other consumers go on."""

    async def main() -> None:
        async with echoing(url_of(gateway, transport)) as (session, plugin):
            other = JanusEchoTestPlugin()
            await other.attach(session)

            async def careless() -> None:
                async for event in plugin.events(["event"]):
                    raise ZeroDivisionError(number_of(event))

            async def careful() -> list[int]:
                found: list[int] = []
                async with plugin.events(["event"]) as events:
                    async for event in events:
                        found.append(number_of(event))
                        if len(found) == 50:
                            break
                return found

            tasks = asyncio.create_task(careless()), asyncio.create_task(careful())
            await asyncio.sleep(0)
            gateway.misbehave(Flood(50, kind="event"))
            async with within(5):
                assert (await plugin.configure(audio=True))["result"] == "ok"
                with pytest.raises(ZeroDivisionError):
                    await tasks[0]
                assert await tasks[1] == list(range(50))
                assert (await other.configure(audio=True))["result"] == "ok"
            assert (session.state, plugin.state) == ("connected", "attached")

    with misbehaving() as gateway:
        run(main())


def test_an_on_event_that_raises() -> None:
    """A derived plugin's `on_event` runs in the reader: a bug there is recorded, and the session goes on."""

    class Careless(JanusEchoTestPlugin):
        def on_event(self, event: JanusEvent) -> None:
            raise ZeroDivisionError("a bug of this plugin")

    async def main() -> None:
        async with echoing(gateway.ws_url, recover=None) as (session, plugin):
            careless = Careless()
            await careless.attach(session)
            gateway.misbehave(Flood(1, kind="event"))
            async with within(5):
                await careless.configure(audio=True)
                await until(lambda: errors_in(session))
                assert errors_in(session) == [
                    "Careless.on_event failed: ZeroDivisionError: a bug of this plugin."
                ]
                assert session.state == "connected", session.reason
                assert (await plugin.configure(audio=True))["result"] == "ok"

    with misbehaving() as gateway:
        run(main())
