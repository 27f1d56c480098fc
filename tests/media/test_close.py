"""A closed peer leaves no task, no thread, no socket; and nothing is printed on the way."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref

import pytest

from janus_notebook.errors import JanusError, JanusMediaError
from janus_notebook.media import Peer
from tests.media.pairs import negotiate, pair, sockets, until

pytestmark = pytest.mark.usefixtures("network")


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def decoders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.endswith("-decoder")]


@pytest.mark.parametrize("moment", ["offered", "answered", "accepted", "connected", "receiving"])
def test_closing_at_any_moment_leaves_nothing(moment: str) -> None:
    async def main() -> None:
        before = sockets()
        caller, callee = Peer(), Peer()
        offer = await caller.offer(video=True, audio=True)
        if moment != "offered":
            answer = await callee.answer(offer, video=True, audio=True)
        if moment not in ("offered", "answered"):
            await caller.accept(answer)
        if moment in ("connected", "receiving"):
            await asyncio.gather(caller.connected(), callee.connected())
        if moment == "receiving":
            await asyncio.gather(caller.track("video").snapshot(), callee.track("audio").snapshot())
            assert len(decoders()) == 4
        assert sockets() > before
        for peer in (caller, callee):
            await peer.close()
            assert peer.state == "closed"
        assert others() == set()
        assert decoders() == []
        assert sockets() == before
        assert set(caller.facts()["sources"].values()) == {"ended"}

    threads = set(threading.enumerate())
    asyncio.run(main())
    assert set(threading.enumerate()) == threads


def test_closing_while_an_answer_is_taken_leaves_nothing() -> None:
    """However far it has come: a track that appears once the end has begun is not read."""

    async def main() -> None:
        taken = 0
        for turns in range(12):
            caller, callee = Peer(), Peer()
            answer = await callee.answer(await caller.offer(video=True, audio=True), video=True, audio=True)
            accepting = asyncio.create_task(caller.accept(answer))
            for _ in range(turns):
                await asyncio.sleep(0)
            await caller.close()
            (result,) = await asyncio.gather(accepting, return_exceptions=True)
            assert result is None or isinstance(result, JanusError)
            taken += result is None
            await callee.close()
            assert others() == set()
        assert taken

    asyncio.run(main())


def test_closing_is_idempotent_concurrent_and_survives_a_cancel() -> None:
    async def main() -> None:
        await Peer().close()
        caller, callee = Peer(), Peer()
        await negotiate(caller, callee, video=True)
        await asyncio.gather(caller.connected(), callee.connected())
        impatient = asyncio.create_task(caller.close())
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        await asyncio.gather(caller.close(), caller.close(), callee.close())
        await caller.close()
        assert others() == set()
        assert caller.facts()["dtls"] == "closed"

    asyncio.run(main())


def test_waiting_readers_hear_of_the_close() -> None:
    async def main() -> None:
        async with pair(video=True, receive=("video",)) as (caller, _):
            caller.track("video").end("a test")
            other = asyncio.create_task(caller.track("video").snapshot())
            with pytest.raises(JanusMediaError, match="a test"):
                await other
        async with pair() as (caller, _):
            track = caller.track("video")
            waiting = asyncio.create_task(track.snapshot())
            await asyncio.sleep(0)
            await caller.close()
            with pytest.raises(JanusMediaError, match="the peer connection was closed"):
                await waiting
            assert track.ended == "the peer connection was closed"

    asyncio.run(main())


def test_the_other_sides_close_ends_tracks_and_state() -> None:
    async def main() -> None:
        async with pair() as (caller, callee):
            await caller.track("video").snapshot()
            await callee.close()
            await until(lambda: caller.state == "closed")
            await until(lambda: all(track.ended for track in caller.tracks))
            with pytest.raises(JanusMediaError, match="has ended: the other side"):
                await caller.track("video").snapshot()
            with pytest.raises(JanusMediaError, match="it was closed"):
                await caller.connected(1)
        assert others() == set()

    asyncio.run(main())


def test_ten_rounds_do_not_grow() -> None:
    async def main() -> None:
        gone: list[weakref.ref[Peer]] = []

        async def round_trip() -> None:
            async with pair(video=True) as (caller, callee):
                await callee.track("video").snapshot()
                gone.extend((weakref.ref(caller), weakref.ref(callee)))

        await round_trip()
        before = sockets()
        for _ in range(10):
            await round_trip()
            assert others() == set()
            assert sockets() == before
            assert decoders() == []
        gc.collect()
        assert [ref() for ref in gone if ref() is not None] == []

    asyncio.run(main())


def test_nothing_is_printed() -> None:
    code = """
import asyncio
from janus_notebook.media import Peer
async def main():
    a, b = Peer(), Peer()
    await a.accept(await b.answer(await a.offer(video=True, audio=True), video=True, audio=True))
    await asyncio.gather(a.connected(), b.connected())
    await asyncio.gather(*(p.track(k).snapshot() for p in (a, b) for k in ("audio", "video")))
    await a.add_candidate({"completed": True})
    await asyncio.gather(a.close(), b.close())
asyncio.run(main(), debug=False)
"""
    done = subprocess.run(
        [sys.executable, "-W", "default", "-X", "dev", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
