"""What becomes of a delivery: its events go into the log, whatever else it is is counted and said."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from janus_notebook.errors import JanusProtocolError
from janus_notebook.protocol.messages import excerpt
from janus_notebook.protocol.monitor_events import read_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.monitor.log import MonitorLog

# Seconds that the events of a delivery may take in one go, before others on the loop get their turn.
SLICE = 0.005
# sampleevh tries an event six times in a minute at most, one delivery after the other.
REMEMBERED = 16
REMEMBERED_SECONDS = 90.0

_item = msgspec.json.Decoder(msgspec.Raw)
_items = msgspec.json.Decoder(list[msgspec.Raw])


class Intake:
    """Takes deliveries, of whatever transport, into a log.

    Args:
        log: where the events go.
        on_first: called before the first event is recorded.

    Attributes:
        events: how many there were.
        deliveries: how many there were that held events; one may hold many.
        duplicates: how many deliveries came a second time, and were left out.
        refused: how many were refused, by the reason.
        clock_offset: seconds by which our clock is ahead of the server's, the shortest way of an event
            from there to here included; None before the first event.
    """

    def __init__(self, log: MonitorLog, on_first: Callable[[], None]) -> None:
        self.log = log
        self._on_first = on_first
        self.events = 0
        self.deliveries = 0
        self.duplicates = 0
        self.refused: Counter[str] = Counter()
        self.clock_offset: float | None = None
        self._slice_began = 0.0
        self._recent: deque[tuple[float, bytes]] = deque(maxlen=REMEMBERED)

    async def take(self, body: bytes) -> bool:
        """Record the events of a delivery: one object, or an array of them. False if there was none.

        What is no event is refused by itself; the others of the delivery are recorded.
        """
        try:
            found = _items.decode(body) if _is_array(body) else [_item.decode(body)]
        except (ValueError, RecursionError, msgspec.MsgspecError) as exc:
            self.refuse("it is not JSON", f"{exc}: {excerpt(body)}")
            return False
        taken = 0
        for item in found:
            try:
                self._record(bytes(item))
                taken += 1
            except JanusProtocolError as exc:
                self.refuse("it is no event", str(exc))
            await self._give_way()
        self.deliveries += taken > 0
        return taken > 0 or not found

    def is_repeated(self, body: bytes) -> bool:
        """Whether this delivery was there a moment ago; remembers it.

        sampleevh sends again what was not answered in time. No two events are alike to the microsecond.
        """
        now = time.monotonic()
        digest = blake2b(body, digest_size=16).digest()
        if any(known == digest and now - at < REMEMBERED_SECONDS for at, known in self._recent):
            self.duplicates += 1
            return True
        self._recent.append((now, digest))
        return False

    def refuse(self, reason: str, detail: str = "") -> None:
        """Count what could not be taken; the log says it the first, the tenth, the hundredth time."""
        self.refused[reason] += 1
        count = self.refused[reason]
        if str(count).strip("0") == "1":
            times = f" ({count} times by now)" if count > 1 else ""
            text = f"a delivery was refused, {reason}{times}" + (f": {detail}" if detail else "")
            self.log.record("local", "error", {"error": text})

    def _record(self, item: bytes) -> None:
        kind, session_id, handle_id, timestamp = read_event(item)
        if not self.events:
            self._on_first()
        event = self.log.record("monitor", kind, item, session_id, handle_id)
        if timestamp is not None:
            offset = event.time - timestamp / 1e6
            self.clock_offset = offset if self.clock_offset is None else min(self.clock_offset, offset)
        self.events += 1

    async def _give_way(self) -> None:
        """Let others on the loop have their turn, every few milliseconds."""
        now = time.monotonic()
        if now - self._slice_began >= SLICE:
            await asyncio.sleep(0)
            self._slice_began = time.monotonic()


def _is_array(body: bytes) -> bool:
    return body.lstrip()[:1] == b"["
