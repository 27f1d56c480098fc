"""`EventStreamPanel`: the log of a session, or of one handle, as it grows."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from traitlets import Dict

from janus_notebook.client.session import ALIVE
from janus_notebook.monitor.log import MergedLog
from janus_notebook.panels import assets
from janus_notebook.panels.events.snapshot import log_facts, newest_rows, stream_head, stream_snapshot
from janus_notebook.panels.events.static import stream_parts
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.snapshot import event_json, is_moving

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part

__all__ = ["EventStreamPanel"]

ROWS_AT_ONCE: Final = 200
LISTENING: Final = frozenset({"listening", "receiving"})  # a monitor's log
CUMULATIVE_SECONDS: Final = 2.0
"""A young panel repeats its rows: the front end may still be loading the module, and the kernel may then be
too busy to be asked for what was missed."""


class EventDrawing(assets.Drawing):
    """See ``js/events.js``."""

    head = Dict(help="title and state").tag(sync=True)
    initial = Dict(help="the batch of rows when the panel was made").tag(sync=True)
    batch = Dict(help="the newest rows only: first, last, rows, skipped, dropped, total").tag(sync=True)


class EventStreamPanel(Panel["EventLog"]):
    """A live view of a session's log.

    Args:
        core: the log.
        session: whose log it is, where that is known; it hears of errors.
        handle_id: only this handle's entries; None for all.
    """

    def __init__(
        self,
        core: EventLog,
        *,
        loop: BackgroundLoop,
        painter: Painter,
        session: AnySession | None = None,
        handle_id: int | None = None,
    ) -> None:
        super().__init__(core, loop=loop, painter=painter)
        self.handle_id = handle_id
        self._session = weakref.ref(session) if session is not None else None
        self._facts: tuple[str, int | None] = ("new", None)
        self._base = 0  # of cumulative batches
        self._last = 0  # the newest number that a batch covers
        self._born = 0.0
        state = loop.run_sync(self._start)
        drawing = EventDrawing(
            _esm=assets.module("events"), _css=assets.style(), _dom_classes=self.classes, **state
        )
        self.begin(drawing, state)

    @property
    def session(self) -> AnySession | None:
        return self._session() if self._session is not None else None

    @property
    def alive(self) -> bool:
        session = self.session
        if session is not None:
            return is_moving(session)
        # A log shown without its session; to one that was merged nothing more will come.
        return self._facts[0] in ALIVE | LISTENING and not isinstance(self.core, MergedLog)

    def snapshot(self) -> dict[str, Any]:
        return stream_snapshot(self._log(), self.handle_id)

    def parts(self, snapshot: dict[str, Any]) -> list[Part]:
        return stream_parts(snapshot)

    def live(self) -> dict[str, Any]:
        log, traits = self._log(), {}
        if log.total > self._last:
            self._facts = log_facts(log.since(self._last), *self._facts)
            # While it is young every batch starts where the initial one ended.
            young = log.elapsed - self._born < CUMULATIVE_SECONDS
            traits["batch"] = self._batch(log, self._base if young else self._last)
            self._last = traits["batch"]["last"]
        return {**traits, **self._head(log)}

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        log = self._log()
        match request:
            case {"type": "json", "seq": int(seq)}:
                event = log.get(seq)
                if event is None:
                    return {"type": "json", "seq": seq, "error": "no longer in the log"}
                text, sdp = event_json(event)
                return {"type": "json", "seq": seq, "text": text, "sdp": sdp}
            case {"type": "rows", "after": int(after)}:
                return {"type": "rows", "batch": self._batch(log, max(after, 0))}
        return None

    def _start(self) -> dict[str, Any]:
        log = self._log()
        self._facts = log_facts(log)
        self._born = log.elapsed
        initial = self._batch(log, 0)
        initial |= {"first": 1, "skipped": 0}  # what came before it was made is no gap
        self._base = self._last = initial["last"]
        return {"initial": initial, **self._head(log)}

    def _head(self, log: EventLog) -> dict[str, Any]:
        return {"head": stream_head(*self._facts, self.handle_id, log.title), "beat": self.beat(log.elapsed)}

    def _batch(self, log: EventLog, after: int) -> dict[str, Any]:
        """The newest rows after a number. It covers every number from ``first`` to ``last``."""
        rows, skipped = newest_rows(log, after, ROWS_AT_ONCE, self.handle_id)
        return {
            "first": after + 1,
            "last": log.total,
            "rows": rows,
            "skipped": skipped,
            "dropped": log.dropped,
            "total": log.total,
        }

    def _log(self) -> EventLog:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core
