"""The one way out of every message of a practice gateway, where the faults happen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from janus_notebook.gateway.practice.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from janus_notebook.gateway.practice.fault import Fault
    from janus_notebook.gateway.practice.wire import Message

Front: TypeAlias = Literal["ws", "http", "unix", "unix+dgram"]


class Outlet(Protocol):
    """Where a message leaves: a connection, one HTTP exchange, or a session's queue over HTTP."""

    @property
    def front(self) -> Front: ...

    @property
    def once(self) -> bool:
        """Whether it takes a single message: the answer to a POST."""

    def write(self, data: bytes) -> None:
        """Send one whole message. Does nothing when the peer is gone, or after `freeze`."""

    def write_raw(self, data: bytes) -> None:
        """Put bytes on the connection that are no frame of it."""

    def write_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        """Send the first `at` bytes of the frame (or HTTP answer) around a message; close the connection."""

    def freeze(self) -> None:
        """Read and write nothing more, and leave the connection open."""

    async def drained(self) -> None:
        """Wait while the peer does not take what was written; return too when it is gone."""


@dataclass(frozen=True)
class FaultDone:
    """A fault that has happened.

    Attributes:
        fault: the rule that was given to `PracticeGateway.misbehave`.
        kind: the ``janus`` of the message that it happened to.
        verb: what that message answered, or None for an event of its own accord.
        session_id, transaction: of that message, or None.
        front: the transport it left by.
        time: seconds of `time.monotonic`.
    """

    fault: Fault
    kind: str
    verb: str | None
    session_id: int | None
    transaction: str | None
    front: Front
    time: float


class Delivery:
    """One message on its way out, in the hands of a fault."""

    def __init__(self, rules: Misbehaviour, outlet: Outlet, message: Message, verb: str | None) -> None:
        self._rules = rules
        self.outlet = outlet
        self.message = message
        self.verb = verb

    @property
    def kind(self) -> str:
        return str(self.message.get("janus"))

    @property
    def data(self) -> bytes:
        """The message as it goes out."""
        return encode(self.message)

    @property
    def handle_id(self) -> int | None:
        """The handle it is about, as far as it says."""
        data = self.message.get("data")
        if self.verb == "attach" and isinstance(data, dict):
            return data.get("id")
        return self.message.get("sender")

    def send(self, data: bytes | None = None) -> None:
        self.outlet.write(self.data if data is None else data)

    def send_after(self, seconds: float) -> None:
        self._rules.after(seconds, self.send)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on with `work`; the gateway's end cancels it."""
        self._rules.run(work)


@dataclass
class _Rule:
    fault: Fault
    seen: int = 0  # messages that it matched
    held: list[Delivery] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


class Misbehaviour:
    """The rules of a gateway, in the order they were given; the first that is due takes a message."""

    def __init__(self, log: Callable[[str], None] = lambda line: None) -> None:
        self.done: list[FaultDone] = []
        self._rules: list[_Rule] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = log

    def add(self, faults: Iterable[Fault]) -> None:
        self._rules += [_Rule(fault) for fault in faults]

    def clear(self) -> None:
        """Forget the rules; what they hold back is sent."""
        rules, self._rules = self._rules, []
        for rule in rules:
            self._release(rule)

    def send(self, outlet: Outlet, message: Message, verb: str | None) -> None:
        """Send `message`, or let a fault have it. `verb` is the request that it answers."""
        if not self._rules:
            outlet.write(encode(message))
            return
        delivery = Delivery(self, outlet, message, verb)
        taker = None
        for rule in self._rules:
            if not rule.fault.matches(delivery):
                continue
            rule.seen += 1
            if taker is None and rule.fault.is_due(rule.seen):
                taker = rule
        if taker is None:
            delivery.send()
        elif taker.fault.holds > 1:
            self._hold(taker, delivery)
        else:
            self._note(taker.fault, delivery)
            taker.fault.inflict(delivery)

    def after(self, seconds: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        def fire() -> None:
            self._timers.discard(timer)
            work()

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)
        return timer

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Forget everything that was to come. Idempotent."""
        self._rules = []
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _note(self, fault: Fault, delivery: Delivery) -> None:
        self._log(f"fault: {fault!r} on {delivery.kind}")
        message = delivery.message
        done = FaultDone(
            fault=fault,
            kind=delivery.kind,
            verb=delivery.verb,
            session_id=message.get("session_id"),
            transaction=message.get("transaction"),
            front=delivery.outlet.front,
            time=time.monotonic(),
        )
        self.done.append(done)

    def _hold(self, rule: _Rule, delivery: Delivery) -> None:
        rule.held.append(delivery)
        if len(rule.held) == rule.fault.holds:
            self._release(rule)
        elif rule.timer is None:
            rule.timer = self.after(rule.fault.patience, lambda: self._release(rule))

    def _release(self, rule: _Rule) -> None:
        if rule.timer is not None:
            rule.timer.cancel()
            self._timers.discard(rule.timer)
            rule.timer = None
        held, rule.held = rule.held, []
        for delivery in reversed(held):
            if len(held) > 1:  # one alone is in order
                self._note(rule.fault, delivery)
            delivery.send()
