"""Data channels between two peers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.media import Peer
from tests.media.pairs import pair, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("network")


@asynccontextmanager
async def data_pair() -> AsyncIterator[tuple[Peer, Peer]]:
    caller, callee = Peer(), Peer()
    try:
        await caller.accept(await callee.answer(await caller.offer(data=True, receive=())))
        await asyncio.gather(caller.connected(), callee.connected())
        yield caller, callee
    finally:
        await asyncio.gather(caller.close(), callee.close())


def test_text_and_bytes_both_ways_in_order() -> None:
    async def main() -> None:
        async with data_pair() as (caller, callee):
            here = caller.channel()
            await here.opened()
            assert (here.label, here.state) == ("JanusDataChannel", "open")
            got: list[Any] = []
            await here.send("before anyone listened")
            there = callee.channel()
            await there.opened()
            there.on_message = got.append
            for message in ("text", "", "ünïcode", b"bytes", b"", "x" * 60_000):
                await here.send(message)
            await until(lambda: len(got) == 7)
            expected = ["before anyone listened", "text", "", "ünïcode", b"bytes", b"", "x" * 60_000]
            assert got == expected
            back: list[Any] = []
            here.on_message = back.append
            await there.send("back")
            await until(lambda: back == ["back"])
            assert caller.facts()["dtls"] == "connected"
            assert caller.facts()["pair"] is not None
            assert (await caller.stats())["transport"]["packets_out"] > 0

    asyncio.run(main())


def test_a_fast_sender_waits_and_loses_nothing() -> None:
    async def main() -> None:
        async with data_pair() as (caller, callee):
            here = caller.channel()
            await here.opened()
            got: list[Any] = []
            callee.channel().on_message = got.append
            inside: Any = here
            most = 0
            for number in range(300):
                await here.send(f"{number} " + "x" * 8000)
                most = max(most, inside._raw.bufferedAmount)
            await until(lambda: len(got) == 300)
            assert [int(text.split()[0]) for text in got] == list(range(300))
            assert most <= 256 * 1024 + 8010  # of 2.4 MB

    asyncio.run(main())


def test_channels_by_label_from_either_side() -> None:
    async def main() -> None:
        async with data_pair() as (caller, callee):
            got: list[Any] = []
            other = callee.channel("other")
            await other.opened()
            await other.send("hello")
            found = caller.channel("other")
            assert found is caller.channel("other")
            found.on_message = got.append
            await until(lambda: got == ["hello"])
            changes: list[str] = []
            found.on_change = lambda: changes.append(found.state)
            other.close()
            other.close()
            await until(lambda: (other.state, found.state) == ("closed", "closed"))
            assert changes[-1] == "closed"
            with pytest.raises(JanusStateError, match="'other' is closed, not open"):
                await other.send("too late")
            with pytest.raises(JanusMediaError, match="'other' is closed"):
                await other.opened()
            assert caller.channel("other") is not found
            await caller.channel("other").opened()

    asyncio.run(main())


def test_both_sides_open_the_same_label_at_once() -> None:
    async def main() -> None:
        async with data_pair() as (caller, callee):
            ends = [peer.channel("both") for peer in (caller, callee)]
            await asyncio.gather(*(end.opened() for end in ends))
            got: list[Any] = []
            for end in ends:
                end.on_message = got.append
            await asyncio.gather(*(end.send(f"from {i}") for i, end in enumerate(ends)))
            await until(lambda: sorted(got) == ["from 0", "from 1"])

    asyncio.run(main())


def test_what_a_channel_refuses() -> None:
    async def main() -> None:
        peer = Peer()
        with pytest.raises(JanusStateError, match="no data was negotiated here"):
            peer.channel()
        await peer.offer(data=True, receive=())
        channel = peer.channel()
        with pytest.raises(JanusStateError, match="is connecting, not open"):
            await channel.send("early")
        with pytest.raises(JanusTimeoutError, match=r"did not open within 0\.05 s"):
            await channel.opened(0.05)
        waiting = asyncio.create_task(channel.opened())
        await asyncio.sleep(0)
        await peer.close()
        with pytest.raises(JanusMediaError, match="is closed: the peer connection was closed"):
            await waiting
        assert repr(channel) == "<DataChannel 'JanusDataChannel' closed>"
        with pytest.raises(JanusStateError, match="this peer is closed"):
            peer.channel()
        async with data_pair() as (caller, _):
            await caller.channel().opened()
            with pytest.raises(JanusOptionError, match="text or bytes, not int"):
                await caller.channel().send(5)  # type: ignore[arg-type] # what is refused
            with pytest.raises(JanusOptionError, match="Cannot send message of 300000 bytes"):
                await caller.channel().send("x" * 300_000)

    asyncio.run(main())


def test_data_joins_a_connection_that_stands() -> None:
    async def main() -> None:
        async with pair(audio="tone") as (caller, callee):
            await caller.accept(await callee.answer(await caller.offer(data=True)))
            await asyncio.gather(caller.channel().opened(), callee.track("audio").snapshot())
            got: list[Any] = []
            callee.channel().on_message = got.append
            await caller.channel().send("hello")
            await until(lambda: got == ["hello"])

    asyncio.run(main())


def test_an_error_in_a_callback_is_reported_and_harms_nothing() -> None:
    async def main() -> None:
        reported: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        async with data_pair() as (caller, callee):
            got: list[Any] = []

            def listener(message: Any) -> None:
                got.append(message)
                raise ValueError("from the listener")

            await caller.channel().opened()
            callee.channel().on_message = listener
            await caller.channel().send("one")
            await caller.channel().send("two")
            await until(lambda: got == ["one", "two"])
        assert [str(context["exception"]) for context in reported] == ["from the listener"] * 2

    asyncio.run(main())
