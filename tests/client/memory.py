"""A transport without a network, and a loop without waiting: any interleaving, at once and repeatable."""

from __future__ import annotations

import asyncio
import selectors
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from unittest import mock

from janus_notebook import JanusConnectionError
from janus_notebook.client import transports
from janus_notebook.client.transports import Transport, register_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")


class _IdleSelector(selectors.DefaultSelector):
    """Where another would wait, it moves the clock on; there is no I/O that could come meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "every task waits, and nothing will ever come"
            self.now += max(timeout, 0.0)
        return ready


class InstantLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, whose clock jumps to the next timer when nothing else is to be done."""

    def __init__(self) -> None:
        self.selector = _IdleSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now

    def jump(self, seconds: float) -> None:
        """Let time pass in which nothing runs: what is due then falls into one instant with what is ready."""
        self.selector.now += seconds

    def timers(self) -> list[asyncio.TimerHandle]:
        """What is still scheduled."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # no other way
        return [timer for timer in scheduled if not timer.cancelled()]


def instant_loop() -> InstantLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, InstantLoop)
    return loop


def run_instantly(main: Coroutine[Any, Any, T]) -> T:
    """Run `main`; fail if it leaves a task or a timer, or if asyncio found an error that nobody saw."""
    unseen: list[str] = []

    async def watched() -> T:
        loop = instant_loop()
        loop.set_exception_handler(lambda _, context: unseen.append(str(context)))
        result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left: {left}"
        assert not loop.timers(), f"timers left: {loop.timers()}"
        return result

    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        result = runner.run(watched())
    assert not unseen, unseen
    return result


class FarEnd:
    """The server's side of the transports that are given it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.writing: Literal["works", "fails", "hangs"] = "works"
        self.on_send: Callable[[bytes], None] = lambda _: None
        self.on_read: Callable[[bytes], None] = lambda _: None
        self.open: set[MemoryTransport] = set()

    def push(self, text: bytes) -> None:
        """Send to every client."""
        for transport in self.open:
            transport.arriving.put_nowait(text)

    def unread(self) -> int:
        """How many texts wait to be read."""
        return sum(transport.arriving.qsize() for transport in self.open)

    def drop(self) -> None:
        """End every connection, after what was pushed before."""
        for transport in self.open:
            transport.arriving.put_nowait(JanusConnectionError("the far end has gone"))


@dataclass(frozen=True)
class MemoryOptions:
    """Options of a `MemoryTransport`."""

    far: FarEnd


class MemoryTransport(Transport):
    """Hands messages to a `FarEnd` and back."""

    options_class = MemoryOptions

    def __init__(self, url: str, options: MemoryOptions) -> None:
        super().__init__(url, options)
        self.far = options.far
        self.arriving: asyncio.Queue[bytes | JanusConnectionError] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def open(self) -> None:
        await asyncio.sleep(0)
        self.far.open.add(self)

    async def send(self, data: bytes) -> None:
        if self.far.writing == "hangs":
            await self.closed.wait()
        if self.far.writing == "fails" or self.closed.is_set():
            raise JanusConnectionError("the write failed")
        self.far.sent.append(data)
        self.far.on_send(data)

    async def receive(self) -> bytes:
        item = await self.arriving.get()
        if isinstance(item, JanusConnectionError):
            raise item
        self.far.on_read(item)
        return item

    async def close(self) -> None:
        self.far.open.discard(self)
        self.closed.set()


@contextmanager
def memory_scheme() -> Iterator[None]:
    """``memory://`` as a URL scheme."""
    with mock.patch.dict(transports._TRANSPORTS):
        register_transport("memory", MemoryTransport)
        yield
