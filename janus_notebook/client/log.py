"""The event log of a session, and subscriptions to it."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload
from weakref import ref

from janus_notebook.client import recording
from janus_notebook.config import mask
from janus_notebook.errors import JanusOptionError, JanusTimeoutError
from janus_notebook.protocol.events import KINDS, Direction, JanusEvent, check_kinds, event_class

if TYPE_CHECKING:
    from janus_notebook.client.ladder import Ladder

__all__ = ["EventLog", "Subscription"]

# A consumer that asks for no kinds gets what Janus sent, not our own requests and their replies.
DEFAULT_DIRECTIONS: frozenset[Direction] = frozenset({"event"})
# One that names kinds may also mean a local one ("state", "error").
NAMED_DIRECTIONS: frozenset[Direction] = frozenset({"event", "local"})


class EventLog:
    """Everything a session sent, received, and went through: a ring that counts what it dropped.

    Secrets are masked in whatever is read from it (`JanusEvent.raw`). Reading is safe from any
    thread; `record` belongs to the session's loop.

    Args:
        capacity: how many entries are kept; the oldest goes first.

    Attributes:
        total: how many entries there have been.
        errors: how many of them were errors, answered by Janus or recorded here.
        counts: how many there have been of each direction.
        about: tells how the session stands, for `save`; None for a log without one.
        labels: what a person calls a handle, by its id; those that are detached included.
        title: what a panel calls it; "" for the log of a session or handle.
    """

    title: ClassVar[str] = ""

    def __init__(
        self,
        capacity: int = 10_000,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(capacity, int) or capacity < 1:
            raise JanusOptionError(f"capacity must be a whole number from 1, not {capacity!r}")
        self.capacity = capacity
        self.total = 0
        self.errors = 0
        self.counts: Counter[str] = Counter()
        self.about: Callable[[], recording.SessionFacts | None] | None = None
        self.labels: dict[int, str] = {}
        self._ring: deque[JanusEvent] = deque(maxlen=capacity)
        # A stream that nobody holds any more leaves by itself.
        self._subscriptions: set[ref[Subscription]] = set()
        self._clock = clock
        self._wall_clock = wall_clock
        self._began = clock()

    @property
    def dropped(self) -> int:
        """How many entries the ring has let go."""
        return self.total - len(self._ring)

    @property
    def elapsed(self) -> float:
        """Seconds since the log began."""
        return self._clock() - self._began

    def __len__(self) -> int:
        return len(self._ring)

    def __iter__(self) -> Iterator[JanusEvent]:
        return iter(list(self._ring))

    @overload
    def __getitem__(self, index: int) -> JanusEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[JanusEvent]: ...
    def __getitem__(self, index: int | slice) -> JanusEvent | list[JanusEvent]:
        """The entry at a position: 0 is the oldest kept, -1 the newest. A slice gives a list."""
        return list(self._ring)[index] if isinstance(index, slice) else self._ring[index]

    def __aiter__(self) -> Subscription:
        """Follow Janus's events from now on: ``async for event in session.events``; see `subscribe`."""
        return self.subscribe()

    def __repr__(self) -> str:
        return f"<EventLog {len(self)} of {self.total} entries, {self.dropped} dropped>"

    def get(self, seq: int) -> JanusEvent | None:
        """The entry with sequence number `seq`, or None if the ring has let it go."""
        found = next((event for event in reversed(list(self._ring)) if event.seq <= seq), None)
        return found if found is not None and found.seq == seq else None

    def since(self, seq: int, limit: int | None = None) -> list[JanusEvent]:
        """Entries after sequence number `seq`, oldest first; at most the newest `limit` of them."""
        count = max(0, self.total - seq)
        if limit is not None:
            count = min(count, limit)
        newest = list(islice(reversed(self._ring.copy()), count))
        newest.reverse()
        return [event for event in newest if event.seq > seq]

    def record(
        self,
        direction: Direction,
        kind: str,
        raw: bytes | dict[str, Any],
        session_id: int | None = None,
        handle_id: int | None = None,
    ) -> JanusEvent:
        """Add an entry and hand it to the subscriptions that asked for it.

        Args:
            raw: the message as JSON text or as a dict; nobody may change it afterwards.
        """
        event = event_class(direction, kind)(
            self.total + 1,
            self._wall_clock(),
            self._clock() - self._began,
            direction,
            kind,
            session_id,
            handle_id,
            raw if isinstance(raw, bytes) else mask(raw),
        )
        self.append(event)
        return event

    def append(self, event: JanusEvent) -> None:
        """Add an entry that was made elsewhere; its number is the next, or higher."""
        self.total = event.seq
        self.counts[event.direction] += 1
        if event.kind == "error":
            self.errors += 1
        self._ring.append(event)
        if self._subscriptions:
            for subscription in self._live():
                subscription.offer(event)

    def label(self, handle_id: int, text: str) -> None:
        """Keep what a person calls a handle; "" for nothing any more."""
        if text:
            self.labels[handle_id] = text
        else:
            self.labels.pop(handle_id, None)

    # -- records of what happened -----------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the log to a file, as JSON lines with the secrets masked; return its path.

        `EventLog.load` and ``replay`` read it, on any machine and without a server.

        Raises:
            JanusOptionError: it cannot be written there.
        """
        return recording.write(self, path, self.about() if self.about is not None else None)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a log that `save` has written.

        Raises:
            JanusOptionError: there is none, or it is damaged; names the line.
        """
        found = recording.read(path)
        facts = found.header.log
        log = cls(max(facts.capacity, len(found.entries), 1))
        for event in found.entries:
            log.append(event)
        log.total, log.errors = max(facts.total, log.total), max(facts.errors, log.errors)
        log.counts = Counter(facts.counts or log.counts)
        log.about = lambda: found.header.session
        log.labels = dict(facts.labels)
        return log

    def to_frame(self) -> Any:
        """The log as a pandas DataFrame, one row for each entry; see `janus_notebook.client.frames`.

        Raises:
            JanusOptionError: pandas is not installed.
        """
        from janus_notebook.client.frames import frame_of

        return frame_of(self)

    def ladder(
        self,
        *,
        handle_id: int | None = None,
        keepalives: bool = False,
        candidates: bool = False,
        limit: int = 200,
    ) -> Ladder:
        """The signalling as a sequence diagram: drawn by JupyterLab, as text anywhere else.

        Args:
            handle_id: only this handle's messages; None for all.
            keepalives: show them, and their acks.
            candidates: show each ICE candidate.
            limit: how many messages are drawn, the newest.

        Raises:
            JanusOptionError: `limit` is not a whole number from 1.
        """
        from janus_notebook.client.ladder import ladder_of

        return ladder_of(
            self,
            handle_id=handle_id,
            keepalives=keepalives,
            candidates=candidates,
            limit=limit,
            labels=dict(self.labels),
        )

    def subscribe(
        self,
        kinds: Iterable[str] | None = None,
        *,
        handle_id: int | None = None,
        directions: Iterable[Direction] | None = None,
        buffer: int = 10_000,
    ) -> Subscription:
        """Follow the log from now on.

        Args:
            kinds: only these kinds (``"media"``, ``"hangup"``, ...) or plugin's events (``"talking"``);
                None for all.
            handle_id: only this handle's; None for all.
            directions: only these; by default Janus's events, and with `kinds` also local ones.
            buffer: how many entries wait for a slow consumer; beyond it the oldest are dropped
                and counted in `Subscription.dropped`.

        Raises:
            JanusOptionError: a kind is misspelt, or the buffer holds nothing.
        """
        if not isinstance(buffer, int) or buffer < 1:
            raise JanusOptionError(f"buffer must be a whole number from 1, not {buffer!r}")
        chosen = check_kinds(kinds)
        if directions is None:
            directions = DEFAULT_DIRECTIONS if chosen is None else NAMED_DIRECTIONS
        subscription = Subscription(chosen, handle_id, frozenset(directions), buffer)
        self._subscriptions.add(ref(subscription, self._subscriptions.discard))
        return subscription

    def rebind(self, handle_id: int, new_id: int) -> None:
        """Let the streams of a handle go on with the id under which it was attached again."""
        for subscription in self._live():
            if subscription.handle_id == handle_id:
                subscription.handle_id = new_id

    def end_subscriptions(self, handle_id: int | None = None) -> None:
        """End the streams of a handle that is gone, or (without id) all of them."""
        for subscription in self._live():
            if handle_id in (None, subscription.handle_id):
                subscription.close()

    def _live(self) -> list[Subscription]:
        streams = [reference() for reference in tuple(self._subscriptions)]
        return [stream for stream in streams if stream is not None]


class Subscription:
    """An endless-until-closed stream of log entries: ``async for event in subscription``.

    It begins when it is made, not when it is first read, so nothing between is missed. It ends when
    its handle is detached or its session ends. A slow consumer never slows the session.

    Attributes:
        dropped: how many entries were lost because the consumer was too slow.
    """

    def __init__(
        self,
        kinds: frozenset[str] | None,
        handle_id: int | None,
        directions: frozenset[Direction],
        buffer: int,
    ) -> None:
        self.kinds = kinds
        self._names_plugin_events = kinds is not None and not kinds <= KINDS
        self.handle_id = handle_id
        self.directions = directions
        self.dropped = 0
        self.closed = False
        self._waiting: deque[JanusEvent] = deque(maxlen=buffer)
        self._wake: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        kinds = ", ".join(sorted(self.kinds)) if self.kinds else "all kinds"
        state = "ended" if self.closed else "use `async for event in ...`"
        return f"<Subscription to {kinds}, {len(self._waiting)} waiting, {self.dropped} dropped; {state}>"

    def offer(self, event: JanusEvent) -> None:
        """Take `event` if it is one of those asked for."""
        if (
            self.closed
            or event.direction not in self.directions
            or (self.kinds is not None and event.kind not in self.kinds and not self._is_named(event))
            or (self.handle_id is not None and event.handle_id != self.handle_id)
        ):
            return
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        self._waiting.append(event)
        self._wake_up()

    def _is_named(self, event: JanusEvent) -> bool:
        """Whether a plugin's own name for it was asked for. Only then is its text read here."""
        named = self._names_plugin_events and event.kind in ("event", "data")
        return named and event.name in (self.kinds or ())

    def close(self) -> None:
        """End the stream; what already waits can still be read."""
        self.closed = True
        self._wake_up()

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> JanusEvent:
        while not self._waiting:
            if self.closed:
                raise StopAsyncIteration
            if self._wake is None or self._wake.done():
                self._wake = asyncio.get_running_loop().create_future()
            # Shielded: several readers may share one stream, and one of them may be cancelled.
            await asyncio.shield(self._wake)
        return self._waiting.popleft()

    async def get(self, timeout: float | None = None) -> JanusEvent:
        """Return the next entry.

        Raises:
            JanusTimeoutError: nothing came within `timeout` seconds.
            StopAsyncIteration: the stream has ended.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self.__anext__()
        except TimeoutError as exc:
            wanted = ", ".join(sorted(self.kinds)) if self.kinds else "event"
            raise JanusTimeoutError(f"no {wanted} within {timeout:g} s") from exc

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()
