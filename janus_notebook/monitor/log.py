"""The log of a monitor, and its view together with the log of a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar
from weakref import ref

from msgspec.structs import replace

from janus_notebook.client.log import EventLog, Subscription
from janus_notebook.errors import JanusOptionError
from janus_notebook.protocol.events import Direction, JanusEvent
from janus_notebook.protocol.monitor_events import MONITOR_KINDS, MONITOR_NAMES, MonitorEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MergedLog", "MonitorLog", "MonitorSubscription"]

# As for a session's log: who names kinds may also mean a local one.
DEFAULT_DIRECTIONS: frozenset[Direction] = frozenset({"monitor"})
NAMED_DIRECTIONS: frozenset[Direction] = frozenset({"monitor", "local"})
LOCAL_KINDS = frozenset({"error", "state"})


class MonitorLog(EventLog):
    """Everything that Janus told its event handlers; like the log of a session, with other filters.

    Its entries have the direction ``monitor``; what went wrong with a delivery is a local ``error``.
    """

    title: ClassVar[str] = "Events of the server"

    def subscribe(
        self,
        kinds: Iterable[str] | None = None,
        *,
        handle_id: int | None = None,
        session_id: int | None = None,
        directions: Iterable[Direction] | None = None,
        buffer: int | None = None,
    ) -> MonitorSubscription:
        """Follow the log from now on.

        Args:
            kinds: only these kinds (``"session"``, ``"webrtc"``, ``"plugin"``, ...) or names of events
                (``"created"``, ``"selected-pair"``, ``"talking"``); None for all.
            handle_id: only this handle's; None for all.
            session_id: only this session's; None for all.
            directions: only these; by default what the server told, and with `kinds` local ones too.
            buffer: how many entries wait for a slow consumer; beyond it the oldest are dropped
                and counted in `Subscription.dropped`. None for as many as the log keeps.

        Raises:
            JanusOptionError: a kind is misspelt, or the buffer holds nothing.
        """
        buffer = self.capacity if buffer is None else buffer
        if not isinstance(buffer, int) or buffer < 1:
            raise JanusOptionError(f"buffer must be a whole number from 1, not {buffer!r}")
        chosen = None if kinds is None else frozenset([kinds] if isinstance(kinds, str) else kinds)
        known = MONITOR_KINDS | MONITOR_NAMES | LOCAL_KINDS
        for name in (chosen or frozenset()) - known:
            if not name.startswith("type-"):  # one that only a newer Janus knows
                raise JanusOptionError.unknown("kind of event", str(name), known)
        if directions is None:
            directions = DEFAULT_DIRECTIONS if chosen is None else NAMED_DIRECTIONS
        stream = MonitorSubscription(chosen, handle_id, frozenset(directions), buffer, session_id)
        self._subscriptions.add(ref(stream, self._subscriptions.discard))
        return stream

    def of(self, session_id: int | None) -> Iterator[JanusEvent]:
        """The entries about one session, oldest first."""
        return (event for event in self if event.session_id == session_id and event.session_id is not None)


class MonitorSubscription(Subscription):
    """An endless-until-closed stream of what the server tells: ``async for event in subscription``."""

    def __init__(
        self,
        kinds: frozenset[str] | None,
        handle_id: int | None,
        directions: frozenset[Direction],
        buffer: int,
        session_id: int | None,
    ) -> None:
        super().__init__(kinds, handle_id, directions, buffer)
        self.session_id = session_id
        self._names = (kinds or frozenset()) & MONITOR_NAMES

    def offer(self, event: JanusEvent) -> None:
        """Take `event` if it is one of those asked for."""
        if self.session_id is None or event.session_id == self.session_id:
            super().offer(event)

    def _is_named(self, event: JanusEvent) -> bool:
        return bool(self._names) and event.direction == "monitor" and event.name in self._names


class MergedLog(EventLog):
    """The log of a session and what the server told about it, in order of time; as they were when merged.

    Args:
        session: the session's entries.
        server: the server's, with its own times.
        offset: seconds by which the server's clock differs from ours.
    """

    title: ClassVar[str] = "Events of the session and of the server about it"

    def __init__(self, session: Iterable[JanusEvent], server: Iterable[JanusEvent], offset: float) -> None:
        timed = [(event.time, event) for event in session]
        for event in server:
            at = event.happened + offset if isinstance(event, MonitorEvent) else event.time
            timed.append((at, event))
        timed.sort(key=lambda pair: pair[0])
        super().__init__(max(1, len(timed)))
        began = timed[0][0] if timed else 0.0
        for number, (at, event) in enumerate(timed, start=1):
            self.append(replace(event, seq=number, time=at, elapsed=at - began))
