"""The parts of a negotiation that need no handle: one attempt at it, Janus's candidates, waiting for all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from janus_notebook.client.replies import PluginReply
from janus_notebook.errors import JanusError, JanusOptionError

if TYPE_CHECKING:
    from janus_notebook.media import Peer
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["TAKE_IT", "Attempt", "Trickled", "all_of", "load_peer"]

R = TypeVar("R", bound=PluginReply)

# What to do if nobody has taken a call.
TAKE_IT = "Is anybody there to take it? If both sides are here, accept() before you await call()."

# Far more than Janus ever sends for one PeerConnection.
MOST_CANDIDATES = 256


@dataclass
class Attempt(Generic[R]):
    """One negotiation.

    Attributes:
        describe: makes our description; told the peer, and whether it is the first one.
        send: the plugin's request that carries it.
        sources: what to send, as `Peer.prepare` takes it.
        timeout: seconds for all of it, from `begin` on.
        deadline: the loop's time at which it must be done.
        told: whether Janus has heard of it.
    """

    describe: Callable[[Peer, bool], Coroutine[Any, Any, dict[str, Any]]]
    send: Callable[[dict[str, Any]], Awaitable[R]]
    sources: Mapping[str, Any]
    timeout: float
    deadline: float = field(default=0.0, init=False)
    told: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if not self.timeout > 0:
            raise JanusOptionError(f"timeout must be seconds above 0, not {self.timeout!r}")

    def begin(self) -> None:
        """The time runs from now on."""
        self.deadline = asyncio.get_running_loop().time() + self.timeout

    @property
    def left(self) -> float:
        """Seconds, above 0."""
        return max(self.deadline - asyncio.get_running_loop().time(), 0.001)

    async def sent(self, jsep: dict[str, Any]) -> R:
        """Send our description and return the plugin's reply."""
        self.told = True
        return await self.send(jsep)


class Trickled:
    """Janus's candidates, which may come before its description, and so before there is a peer."""

    def __init__(self) -> None:
        self._waiting: deque[JanusEvent] = deque(maxlen=MOST_CANDIDATES)
        self._arrived: asyncio.Event | None = None

    def add(self, event: JanusEvent) -> None:
        """Keep a ``trickle`` event until somebody takes it."""
        self._waiting.append(event)
        if self._arrived is not None:
            self._arrived.set()

    def clear(self) -> None:
        """Forget them: their PeerConnection is gone."""
        self._waiting.clear()

    async def feed(self, peer: Peer) -> None:
        """Hand them to `peer`, in order, until cancelled.

        Raises:
            JanusMediaError: a candidate that cannot be read.
        """
        arrived = self._arrived = asyncio.Event()
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                try:
                    await peer.add_candidate(event.raw.get("candidate"))
                except JanusError as exc:
                    raise exc.within(handle_id=event.handle_id) from exc.__cause__
            arrived.clear()
            await arrived.wait()


def load_peer() -> type[Peer]:
    """Import what media needs; it takes about a second.

    Raises:
        JanusMediaError: the ``media`` extra is missing.
    """
    from janus_notebook.media import require_media

    require_media("media of our own")
    from janus_notebook.media.peer import Peer

    return Peer


async def all_of(
    *coroutines: Coroutine[Any, Any, Any], beside: asyncio.Task[None] | None = None
) -> list[Any]:
    """Await all and return their results; the first failure, `beside`'s too, ends the rest and is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    pending: set[asyncio.Task[Any]] = {*tasks} if beside is None else {*tasks, beside}
    try:
        while not pending.isdisjoint(tasks):
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        # Gathered, not waited for: an error of one that failed as well counts as seen.
        await asyncio.gather(*tasks, return_exceptions=True)
