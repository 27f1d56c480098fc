"""`Replay`: a saved log that plays again, as the session and the handles that it is about.

It has what a panel reads of a session, and no server. ``elapsed`` runs through the recording at the chosen
speed; what is asked of a handle is refused.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Self

from janus_notebook.client.frames import plugins_by_handle
from janus_notebook.client.log import EventLog, Subscription
from janus_notebook.client.plugin import JanusPlugin, MediaState, media_after
from janus_notebook.client.recording import HandleFacts, Recording, SessionFacts, read
from janus_notebook.client.session import OPEN, JanusSession, keepalive_interval
from janus_notebook.errors import JanusError, JanusOptionError, JanusStateError
from janus_notebook.protocol.events import JanusEvent, StateEvent
from janus_notebook.texts import NAME_LIMIT, clean

if TYPE_CHECKING:
    from janus_notebook.client.bundle.bundle import Bundle
    from janus_notebook.client.ladder import Ladder

__all__ = ["AnyHandle", "AnySession", "Replay", "ReplayedHandle"]


class ReplayedHandle:
    """A handle of a recording; its attributes are those of `JanusPlugin`."""

    def __init__(self, session: Replay, handle_id: int, name: str) -> None:
        self.session = session
        self.id: int | None = handle_id
        self.name = name
        self.opaque_id: str | None = None
        self.state = "new"
        self.reason = ""
        self.media: dict[str, MediaState] = {}
        self.transitions: deque[StateEvent] = deque(maxlen=50)
        self.webrtc: dict[str, Any] = {}
        self._last_id = handle_id

    @property
    def label(self) -> str:
        """What the person who recorded it called it."""
        return self.session.events.labels.get(self._last_id, "")

    def __repr__(self) -> str:
        name, state = clean(self.name, NAME_LIMIT), clean(self.state, NAME_LIMIT)
        return f"<ReplayedHandle {name} {self.id or ''} {state}>"

    def events(self, kinds: list[str] | None = None, *, buffer: int = 10_000) -> Subscription:
        """Follow this handle's events from now on; see `JanusPlugin.events`."""
        return self.session.events.subscribe(kinds, handle_id=self.id, buffer=buffer)

    async def hangup(self) -> None:
        """Refused: there is no server."""
        raise _recorded()

    async def detach(self) -> None:
        """Refused: there is no server."""
        raise _recorded()

    def follow(self, event: JanusEvent) -> None:
        """Take over what an entry says of the handle."""
        if isinstance(event, StateEvent):
            self.state, self.reason = event.state, event.reason
            self.transitions.append(event)
            if event.state == "attached":
                self.id, self.media = event.handle_id, {}
                self._last_id = event.handle_id or self._last_id
            elif event.state == "detached":
                self.id = None
        elif event.direction == "event":
            self.media = media_after(self.media, event)
        elif event.kind == "peer":
            self.webrtc = event.raw

    def settle(self, facts: HandleFacts) -> None:
        """Take over how the handle stood when the recording was saved."""
        self.name = facts.plugin
        self.opaque_id, self.state, self.reason = facts.opaque_id, facts.state, facts.reason
        self.media = {mid: MediaState(**state) for mid, state in facts.media.items()}
        self.webrtc = facts.webrtc


class Replay:
    """A recording that plays. Belongs to the event loop that runs when it first plays.

    ::

        replay = Replay.open("call.jsonl", speed=4)
        replay.play()
        await replay.finished()

    Args:
        recording: what `janus_notebook.client.recording.read` gave.
        speed: seconds of the recording in one second; `math.inf` for all at once.

    Attributes:
        recording: the same.
        speed: as given; it may be set at any time.
        events: the log, as far as it has been played.
        id, state, reason, server: of the session, at that moment.

    Raises:
        JanusOptionError: the speed is not a number above 0.
    """

    def __init__(self, recording: Recording, *, speed: float = 1.0) -> None:
        self.recording = recording
        header = recording.header
        self._facts = header.session or SessionFacts()
        self._entries = recording.entries
        self._next = 0
        self._speed = _checked_speed(speed)
        self._anchor: tuple[float, float] | None = None  # while it plays: when it began, and where
        self._position = 0.0
        self._task: asyncio.Task[None] | None = None
        self._handles: dict[int, ReplayedHandle] = {}
        self._plugins = plugins_by_handle(self._entries)
        self.id: int | None = None
        self.state = "new"
        self.reason = ""
        self.server: dict[str, Any] | None = None
        self.events = EventLog(max(header.log.capacity, len(self._entries), 1), clock=self._clock)
        # What the ring had let go of when it was saved.
        self.events.counts = Counter(header.log.counts) - Counter(e.direction for e in self._entries)
        self.events.errors = max(header.log.errors - sum(e.kind == "error" for e in self._entries), 0)
        self.events.about = lambda: header.session
        self.events.labels = dict(header.log.labels)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, speed: float = 1.0) -> Self:
        """Read a file of ``events.save(path)``.

        Raises:
            JanusOptionError: there is none, it is damaged, or the speed is not a number above 0.
        """
        return cls(read(path), speed=speed)

    def __repr__(self) -> str:
        return (
            f"<Replay of session {self.id or self._facts.id or ''}: {clean(self.state, NAME_LIMIT)}; "
            f"{self.progress}; "
            f"{self._next} of {len(self._entries)} entries>"
        )

    # -- what a session has --------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The URL of the server, without secrets."""
        return self._facts.url

    @property
    def is_open(self) -> bool:
        """Whether the session could be used at this moment."""
        return self.state in OPEN

    @property
    def plugins(self) -> tuple[ReplayedHandle, ...]:
        """The handles that are attached at this moment, oldest first."""
        return tuple(handle for handle in self._handles.values() if handle.id is not None)

    @property
    def handles(self) -> tuple[ReplayedHandle, ...]:
        """Every handle that there has been so far, detached ones included, oldest first."""
        return tuple(self._handles.values())

    def handle(self, handle_id: int) -> ReplayedHandle:
        """The handle with this id, also when it is detached already.

        Raises:
            JanusOptionError: none has had it so far; names those that there were.
        """
        if handle_id not in self._handles:
            raise JanusOptionError.unknown("handle", str(handle_id), map(str, self._handles))
        return self._handles[handle_id]

    @property
    def keepalive_interval(self) -> float | None:
        """As `JanusSession.keepalive_interval`."""
        return keepalive_interval(self.server)

    @property
    def counters(self) -> dict[str, int]:
        """As `JanusSession.counters`."""
        counts = self.events.counts
        return {
            "requests": counts["request"],
            "replies": counts["reply"],
            "events": counts["event"],
            "local": counts["local"],
            "errors": self.events.errors,
            "in_flight": self._facts.in_flight if self.ended else 0,
            "dropped": self.events.dropped,
        }

    def on_error(self, error: JanusError) -> None:
        """Record an error that no call can raise."""
        raw = {"error": {"type": type(error).__name__, "reason": str(error)}}
        self.events.record("local", "error", raw, self.id)

    def ladder(
        self,
        *,
        handle_id: int | None = None,
        keepalives: bool = False,
        candidates: bool = False,
        limit: int = 200,
    ) -> Ladder:
        """The signalling as a sequence diagram, as far as it has been played; see `EventLog.ladder`."""
        return self.events.ladder(
            handle_id=handle_id, keepalives=keepalives, candidates=candidates, limit=limit
        )

    async def bundle(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        logs: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Bundle:
        """Write a support bundle of the whole recording; see `JanusSession.bundle`."""
        from janus_notebook.client.bundle.bundle import write_bundle

        return await write_bundle(self, path, overwrite=overwrite, logs=logs, timeout=timeout)

    # -- playing -------------------------------------------------------------------------------

    @property
    def speed(self) -> float:
        """Seconds of the recording in one second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._speed = _checked_speed(speed)
        if self.playing:
            self.pause()
            self.play()

    @property
    def duration(self) -> float:
        """Seconds from the beginning of the session to the last entry."""
        return self._entries[-1].elapsed if self._entries else 0.0

    @property
    def position(self) -> float:
        """Seconds of the recording that have passed."""
        return self._clock()

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        now = "playing" if self.playing else "at its end" if self.ended else "paused"
        speed = "" if self.speed == 1 else f", {self.speed:g} times as fast"
        return f"{now}, {self.position:.1f} of {self.duration:.1f} s{speed}"

    @property
    def playing(self) -> bool:
        """Whether it is running."""
        return self._task is not None and not self._task.done()

    @property
    def ended(self) -> bool:
        """Whether everything has been played."""
        return self._next == len(self._entries)

    def play(self) -> None:
        """Play on from here, without waiting."""
        if not self.playing and not self.ended:
            self._anchor = time.monotonic(), self._position
            self._task = asyncio.create_task(self._run(), name="janus-replay")

    async def finished(self) -> None:
        """Return when it is at its end, or paused."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def pause(self) -> None:
        """Stop here; `play` goes on."""
        self._position = self._clock()
        self._anchor = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def seek(self, elapsed: float) -> None:
        """Play everything up to a moment at once. It only goes forward: open the file again to go back.

        Args:
            elapsed: seconds since the session began.

        Raises:
            JanusOptionError: that moment has passed.
        """
        if not elapsed >= self._clock():
            raise JanusOptionError(
                f"the replay is at {self._clock():.3f} s and cannot go to {elapsed!r}",
                hint="To go back, open the file again.",
            )
        playing = self.playing
        self.pause()
        self._forward(elapsed)
        if playing:
            self.play()

    async def close(self) -> None:
        """Stop, and await the end of what was started. Idempotent."""
        task = self._task
        self.pause()
        if task is not None:
            await asyncio.wait([task])

    async def _run(self) -> None:
        while not self.ended:
            due = self._entries[self._next].elapsed
            await asyncio.sleep(max((due - self._clock()) / self._speed, 0.0))
            self._forward(max(due, min(self._clock(), self.duration)))
        self._position, self._anchor = self.duration, None

    def _clock(self) -> float:
        if self._anchor is None:
            return self._position
        began, position = self._anchor
        passed = time.monotonic() - began
        return min(position + passed * self._speed, self.duration) if passed else position

    def _forward(self, elapsed: float) -> None:
        """Take over every entry up to a moment."""
        while not self.ended and self._entries[self._next].elapsed <= elapsed:
            self._follow(self._entries[self._next])
            self._next += 1
        if self._anchor is None:
            self._position = min(elapsed, self.duration)
        if self.ended:
            self._settle()

    def _follow(self, event: JanusEvent) -> None:
        if event.kind == "server_info":
            self.server = event.raw
        if event.handle_id is not None:
            self._handle_of(event, event.handle_id).follow(event)
        elif isinstance(event, StateEvent):
            self.state, self.reason = event.state, event.reason
            self.id = None if event.state in ("closed", "lost") else event.session_id
        self.events.append(event)

    def _handle_of(self, event: JanusEvent, handle_id: int) -> ReplayedHandle:
        """The handle of an entry, made at its first one; one that was attached again is the same."""
        former = event.raw.get("former") if isinstance(event, StateEvent) else None
        if former in self._handles:
            self._handles[handle_id] = self._handles.pop(former)
        if handle_id not in self._handles:
            name = self._plugins.get(handle_id, "")
            self._handles[handle_id] = ReplayedHandle(self, handle_id, name)
        return self._handles[handle_id]

    def _settle(self) -> None:
        """What is not told by entries: it may have been dropped, or is known to our own side alone."""
        if self.recording.header.session is None:
            return
        facts = self._facts
        self.id, self.state, self.reason, self.server = facts.id, facts.state, facts.reason, facts.server
        for about in facts.handles:
            handle = self._handles.setdefault(about.id, ReplayedHandle(self, about.id, about.plugin))
            handle.settle(about)


def _checked_speed(speed: float) -> float:
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not speed > 0:
        raise JanusOptionError(
            f"speed must be a number above 0, not {speed!r}", hint="2 is twice as fast, math.inf at once."
        )
    return float(min(speed, inf))


def _recorded() -> JanusStateError:
    return JanusStateError("this is a recording: there is no server to ask")


# What a panel shows: of a server, or of a recording.
AnySession = JanusSession | Replay
AnyHandle = JanusPlugin | ReplayedHandle
