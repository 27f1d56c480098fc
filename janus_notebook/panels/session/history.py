"""What a session's log tells of its connection: states, round trips, and errors that no call could raise."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from janus_notebook.protocol.events import ErrorEvent, StateEvent

if TYPE_CHECKING:
    from janus_notebook.client.log import EventLog
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["History"]

CHANGES: Final = 100
ERRORS: Final = 50
TIMES: Final = 60
"""How many of each are kept, the newest."""
ASKED: Final = 1_000
"""Requests whose answer is waited for; some never get one."""
AT_ONCE: Final = frozenset({"ack", "pong", "server_info"})
"""Answers that Janus's core gives by itself: no plugin has worked on them."""


class History:
    """Follows a log, reading each entry once.

    Attributes:
        session_id: the newest id that the session has had.
        changes: the session's own states, oldest first; ``changed`` counts those that are gone, too.
        errors: what no call could raise, oldest first, and how often it came in a row; ``failed`` counts
            each of them, those that are gone, too.
        times: ``(elapsed, seconds, kind of the request)`` of the answered ones, oldest first.
    """

    def __init__(self) -> None:
        self.session_id: int | None = None
        self.changes: deque[StateEvent] = deque(maxlen=CHANGES)
        self.changed = 0
        self.errors: deque[tuple[ErrorEvent, int]] = deque(maxlen=ERRORS)
        self.failed = 0
        self.times: deque[tuple[float, float, str]] = deque(maxlen=TIMES)
        self._seen = 0
        self._asked: dict[object, JanusEvent] = {}

    def follow(self, log: EventLog) -> History:
        """Take in what is new in the log, which is the same each time. Returns itself."""
        if log.total > self._seen:
            for event in log.since(self._seen):
                self._take(event)
            self._seen = log.total
        return self

    def _take(self, event: JanusEvent) -> None:
        if event.session_id is not None:
            self.session_id = event.session_id
        if event.direction == "request":
            self._asked[event.raw.get("transaction")] = event
            if len(self._asked) > ASKED:
                del self._asked[next(iter(self._asked))]
        elif event.direction == "reply":
            asked = self._asked.pop(event.raw.get("transaction"), None)
            if asked is not None and event.kind in AT_ONCE:
                self.times.append((event.elapsed, max(event.elapsed - asked.elapsed, 0.0), asked.kind))
        elif event.direction == "local" and isinstance(event, StateEvent) and event.handle_id is None:
            self.changes.append(event)
            self.changed += 1
        elif event.direction == "local" and isinstance(event, ErrorEvent):
            self._fail(event)

    def _fail(self, event: ErrorEvent) -> None:
        """Keep an error; one that says the same as the one before takes its place."""
        self.failed += 1
        times = 1
        if self.errors:
            before, count = self.errors[-1]
            if (before.reason, before.handle_id) == (event.reason, event.handle_id):
                self.errors.pop()
                times += count
        self.errors.append((event, times))
