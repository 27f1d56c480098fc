"""What moves in a terminal: events as they come, and a line that says what is being waited for.

A terminal has no panels. `follow` prints a log's lines until Ctrl-C. `StatusLine` shows, below a cell that
waits, for how long, for what, and the newest event; it is gone when the wait is over, and not there at all
where the output is no terminal, such as a pipe or a file. Neither has a thread of its own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.bridge.call import AFTER_WAIT
from janus_notebook.client.session import ALIVE
from janus_notebook.panels.static import ARROWS
from janus_notebook.texts import NAME_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

    from janus_notebook.bridge import BackgroundLoop, Call
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnySession
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["StatusLine", "follow", "line"]

POLL_SECONDS: Final = 0.1
PAINT_SECONDS: Final = 0.25
PATIENCE_SECONDS: Final = 0.5
"""A wait that is over sooner is shown by what comes of it."""
NARROWEST: Final = 20
ERASE: Final = "\r\x1b[K"


def line(event: JanusEvent, *, handle: bool = True) -> str:
    """Return an event as one line: number, seconds, direction, kind, handle, what.

    Args:
        event: to be shown; what others wrote in it is cleaned.
        handle: whether to name the handle, as where there are several.
    """
    direction = f"{ARROWS.get(event.direction, '?')} {event.direction}"
    whose = f" {event.handle_id or '':<16}" if handle else ""
    kind = clean(event.kind, NAME_LIMIT)
    return f"{event.seq:>5} {event.elapsed:9.3f} s  {direction:<9} {kind:<14}{whose} {event.summary}".rstrip()


def follow(
    log: EventLog,
    *,
    handle_id: int | None = None,
    session: AnySession | None = None,
    last: int = 10,
    out: TextIO | None = None,
) -> int:
    """Print the newest events, and then each as it comes, until Ctrl-C or the session's end; return how many.

    Call it on the thread that an interrupt reaches: the main one. In a notebook the Stop button ends it.

    Args:
        log: of a session, or a loaded one.
        handle_id: only this handle's; None for all.
        session: whose log it is. Without one nothing more is expected: what is there is printed.
        last: how many of the past come first.
        out: where to; ``sys.stdout`` by default.
    """
    out = sys.stdout if out is None else out
    past = list(log)
    seen = past[-1].seq if past else 0
    chosen = [event for event in past if handle_id in (None, event.handle_id)][-last:] if last else []
    count, ended = 0, False
    try:
        while True:
            for event in chosen:
                out.write(line(event, handle=handle_id is None) + "\n")
            count += len(chosen)
            if chosen:
                out.flush()
            if ended:
                break
            # Looked at before the log: what was written until the end is still printed.
            ended = session is None or session.state not in ALIVE
            if not ended:
                time.sleep(POLL_SECONDS)
            first = seen + 1
            fresh = log.since(seen)
            if fresh:
                seen = fresh[-1].seq
                if fresh[0].seq > first:
                    out.write(f"… {fresh[0].seq - first} entries came too fast to be shown …\n")
            chosen = [event for event in fresh if handle_id in (None, event.handle_id)]
    except KeyboardInterrupt:
        out.write("\n")
    out.flush()
    return count


class StatusLine:
    """The line below a cell in a terminal that waits: ``publish 3 s · connected: negotiating → connected``.

    `begin` and `end` go around a cell. Between them a task of the background loop looks four times a second
    whether anybody waits for a call. It writes nothing in the first half second of a wait, and nothing while
    the cell itself computes or prints.

    Args:
        loop: gives the background loop; asked when a cell begins.
        logs: gives the logs whose newest event is shown.
        out: a terminal.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        loop: Callable[[], BackgroundLoop],
        logs: Callable[[], Iterable[EventLog]],
        *,
        out: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._logs = logs
        self._out = out
        self._clock = clock
        self._task: Call[None] | None = None
        self._waits: dict[Call[Any], float] = {}
        self._shown = False
        self._lock = threading.Lock()  # of the line: painted on the loop's thread, erased on the cell's

    @classmethod
    def suits(cls, out: TextIO) -> bool:
        """Whether `out` is a terminal on which a line can be erased."""
        return out.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def begin(self) -> None:
        """A cell begins."""
        self.end()
        AFTER_WAIT.append(self.erase)
        self._task = self._loop().submit(self._run, name="status line")

    def end(self) -> None:
        """The cell has ended: erase the line. Idempotent."""
        if self.erase in AFTER_WAIT:
            AFTER_WAIT.remove(self.erase)
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                task.result(1.0)
        self.erase()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PAINT_SECONDS)
            self.paint(self._loop().waited_for)

    def paint(self, waited_for: Callable[[], Iterable[Call[Any]]]) -> None:
        """Show what is waited for, or erase the line when nothing is."""
        with self._lock:
            # Asked under the lock: a wait that ends from now on erases what is painted here.
            now, calls = self._clock(), [call for call in waited_for() if call is not self._task]
            self._waits = {call: self._waits.get(call, now) for call in calls}
            seconds = now - min(self._waits.values(), default=now)
            if self._waits and seconds >= PATIENCE_SECONDS:
                self._write(ERASE + self._text(seconds), shown=True)
            elif self._shown:
                self._write(ERASE, shown=False)

    def _text(self, seconds: float) -> str:
        names = ", ".join(dict.fromkeys(call.name for call in self._waits))
        newest = max(
            (log[-1] for log in self._logs() if len(log)), key=lambda event: event.time, default=None
        )
        what = "" if newest is None else f" · {clean(newest.kind, NAME_LIMIT)}: {newest.summary}"
        width = max(shutil.get_terminal_size().columns - 1, NARROWEST)
        return clean(f"waiting for {names}, {seconds:.0f} s{what}", width)

    def erase(self) -> None:
        """Take the line away, if it is there."""
        with self._lock:
            if self._shown:
                self._write(ERASE, shown=False)

    def _write(self, text: str, *, shown: bool) -> None:
        self._out.write(text)
        self._out.flush()
        self._shown = shown
