"""Two peers connected to each other, and what a process holds open."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_notebook.media import Peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += str(entry.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue  # the descriptor of this very listing
    return count


async def until(condition: Callable[[], Any], timeout: float = 10.0) -> None:
    """Poll `condition` until it holds."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 (nobody announces it)
            await asyncio.sleep(0.01)


async def negotiate(caller: Peer, callee: Peer, *, trickle: bool = False, **sources: Any) -> None:
    """Carry an offer, its answer and the candidates; `sources` go both ways."""
    offer = await caller.offer(trickle=trickle, **sources)
    answer = await callee.answer(offer, trickle=trickle, **sources)
    if trickle:
        for candidate in callee.candidates():  # before the answer, as Janus's full trickle does
            await caller.add_candidate(candidate)
    await caller.accept(answer)
    if trickle:
        for candidate in caller.candidates():
            await callee.add_candidate(candidate)


@asynccontextmanager
async def pair(*, trickle: bool = False, **sources: Any) -> AsyncIterator[tuple[Peer, Peer]]:
    """Two connected peers; both send the pattern and the tone unless `sources` say otherwise."""
    caller, callee = Peer(), Peer()
    try:
        await negotiate(caller, callee, trickle=trickle, **(sources or {"video": True, "audio": True}))
        await asyncio.gather(caller.connected(), callee.connected())
        yield caller, callee
    finally:
        await asyncio.gather(caller.close(), callee.close())
