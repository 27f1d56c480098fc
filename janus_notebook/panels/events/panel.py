"""`EventStreamPanel`: the log of a session, or of one handle, as it grows."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from traitlets import Dict

from janus_notebook.client.session import ALIVE
from janus_notebook.monitor.log import MergedLog
from janus_notebook.panels import assets
from janus_notebook.panels.events.export import FORMATS, file_name, parts
from janus_notebook.panels.events.facets import Facets
from janus_notebook.panels.events.query import Query, flat_runs, matching
from janus_notebook.panels.events.snapshot import (
    event_text,
    log_facts,
    newest_rows,
    picked,
    stream_head,
    stream_snapshot,
)
from janus_notebook.panels.events.static import stream_parts
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.snapshot import clean, event_row, is_moving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.replay import AnySession
    from janus_notebook.panels.painter import Painter
    from janus_notebook.panels.static import Part
    from janus_notebook.protocol.events import JanusEvent

__all__ = ["EventStreamPanel"]

_File = tuple["Iterator[tuple[str, int, bool]]", dict[str, Any], dict[str, Any]]  # parts, reply, request

LIBRARIES: Final = ("tree", "list", "carry", "store", "filters", "finder", "details", "bars")
FIRST_ROWS: Final = 200
ROWS_AT_ONCE: Final = 50
"""In a message, ten times a second: more than anybody reads. Others are asked for when they come in sight."""
ASKED_AT_ONCE: Final = 200
"""Of rows, in one request."""
LOOKED_THROUGH: Final = 20_000
"""Entries, for one answer to a filter; the front end asks again for older ones."""
LISTENING: Final = frozenset({"listening", "receiving"})  # a monitor's log
FACETS_SECONDS: Final = 1.0
CUMULATIVE_SECONDS: Final = 2.0
"""A young panel repeats its rows: the front end may still be loading the module, and the kernel may then be
too busy to be asked for what was missed."""


class EventDrawing(assets.Drawing):
    """See ``js/events.js``."""

    head = Dict(help="title and state").tag(sync=True)
    initial = Dict(help="the batch of rows when the panel was made").tag(sync=True)
    batch = Dict(help="the newest rows, and what the log holds: see `_batch`").tag(sync=True)
    facets = Dict(help="directions, kinds and handles of the log, with counts").tag(sync=True)


class EventStreamPanel(Panel["EventLog"]):
    """A live view of a session's log.

    The front end gets the newest rows by itself, and asks for the others: the rows with certain numbers, the
    numbers of what fits a filter, one event's JSON, a file.

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
        self._facets = Facets(handle_id)
        self._facets_at = 0.0
        self._plugins: dict[int, str] = {}
        self._held: list[JanusEvent] = []  # what a paused view may still ask for
        self._files: deque[_File] = deque()  # being saved
        self._newest_request: dict[str, object] = {}  # by who asked: an older one is no longer wanted
        state = loop.run_sync(self._start)
        drawing = EventDrawing(
            _esm=assets.module("events", *LIBRARIES),
            _css=assets.style("tree", "events"),
            _dom_classes=self.classes,
            **state,
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
            new = log.since(self._last)
            self._facts = log_facts(new, *self._facts)
            self._facets.follow(new, len(log))
            # While it is young every batch starts where the initial one ended.
            young = log.elapsed - self._born < CUMULATIVE_SECONDS
            traits["batch"] = self._batch(log, self._base if young else self._last, ROWS_AT_ONCE)
            self._last = traits["batch"]["last"]
        if log.elapsed - self._facets_at >= FACETS_SECONDS or not self.alive:
            traits["facets"] = self._listed(log)
        return {**traits, **self._head(log)}

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        match request:
            case {"type": "json", "seq": int(seq)}:
                event = picked(self._entries(), [seq]).get(seq)
                if event is None:
                    return {"type": "json", "seq": seq, "error": "no longer in the log"}
                text, whole = event_text(event)
                return {"type": "json", "seq": seq, "text": text, "whole": whole}
            case {"type": "rows", "seqs": list(seqs)}:
                numbers = [seq for seq in seqs[:ASKED_AT_ONCE] if isinstance(seq, int)]
                found = picked(self._entries(), numbers)
                gone = [seq for seq in numbers if seq not in found]
                return {"type": "rows", "rows": [event_row(event) for event in found.values()], "gone": gone}
            case {"type": "hold", "on": bool(on)}:
                # The same entries as the log's, which may let go of them now.
                self._held = list(self._log()) if on else []
                return {"type": "hold"}
        return None

    async def _take(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "find", "asker": str(asker), "after": int(after), "before": int(before)}:
                await self._find(content, asker, after, before)
            case {"type": "export", "form": str(form)} if form in FORMATS:
                await self._export(content, form)
            case _:
                await super()._take(content)

    async def _find(self, content: dict[str, Any], asker: str, after: int, before: int) -> None:
        """Which of the entries between two numbers fit; where they are too many, of the newest of them."""
        entries = self._entries()
        some = [event for event in entries if after < event.seq < before][-LOOKED_THROUGH:]
        upto = min(before - 1, self._log().total)
        request = content.get("request")
        self._newest_request.pop(asker, None)
        self._newest_request[asker] = request
        while len(self._newest_request) > 20:
            self._newest_request.pop(next(iter(self._newest_request)))
        query = self._query(content)
        found = await matching(
            some, query, lambda: self._newest_request.get(asker) == request, self._log().labels
        )
        if found is None:
            return
        more = bool(some) and some[0].seq > max(after + 1, entries[0].seq)
        reply = {"type": "found", "from": some[0].seq if more else after + 1, "to": upto}
        self._reply({**reply, "runs": flat_runs(event.seq for event in found)}, content)

    async def _export(self, content: dict[str, Any], form: str) -> None:
        """Begin a file of what fits; `paint` sends it part by part."""
        query, labels = self._query(content), self._log().labels
        found = await matching(self._entries(), query, lambda: not self.closed, labels) or []
        upto = content.get("upto")
        if isinstance(upto, int):  # what is shown is paused there
            found = [event for event in found if event.seq <= upto]
        reply = {"type": "export", "of": len(found), "name": file_name(self._facts[1], form)}
        self._files.append((parts(self._log(), found, form), reply, content))
        self._painter.hurry(self)

    def paint(self, now: float) -> int:
        if self._files and not self._answers:
            pieces, reply, content = self._files[0]
            try:
                part, done, more = next(pieces)
                self._reply({**reply, "part": part, "done": done, "more": more}, content)
            except (TypeError, ValueError) as exc:  # JSON or UTF-8 has no form for an entry
                more = False
                self._reply({**reply, "error": clean(exc)}, content)
            if not more:
                self._files.popleft()
            asyncio.get_running_loop().call_soon(self._painter.hurry, self)  # also where nothing else moves
        return super().paint(now)

    def _query(self, content: dict[str, Any]) -> Query:
        given = content.get("query")
        query = given if isinstance(given, dict) else {}
        return Query.of(query if self.handle_id is None else {**query, "handle": str(self.handle_id)})

    def _start(self) -> dict[str, Any]:
        log = self._log()
        self._facts = log_facts(log)
        self._facets.follow(log, len(log))
        self._born = log.elapsed
        initial = self._batch(log, 0, FIRST_ROWS)
        self._base = self._last = initial["last"]
        return {"initial": initial, "facets": self._listed(log), **self._head(log)}

    def _head(self, log: EventLog) -> dict[str, Any]:
        head = stream_head(*self._facts, self.handle_id, log.title, log.labels)
        return {"head": {**head, "capacity": log.capacity}, "beat": self.beat(log.elapsed)}

    def _listed(self, log: EventLog) -> dict[str, Any]:
        self._facets_at = log.elapsed
        if (session := self.session) is not None:
            self._plugins |= {plugin.id: plugin.name for plugin in session.plugins if plugin.id is not None}
        return self._facets.listed(self._plugins, log.labels)

    def _batch(self, log: EventLog, after: int, limit: int) -> dict[str, Any]:
        """The newest rows after a number. It covers every number from ``first`` to ``last``.

        ``skipped``: how many of them have no row here. ``oldest``: the first number that the log still has.
        ``whole``: every number from that one on has an entry to be shown.
        """
        rows, skipped = newest_rows(log, after, limit, self.handle_id)
        oldest = log[0].seq if len(log) else log.total + 1
        return {
            "first": after + 1,
            "last": log.total,
            "rows": rows,
            "skipped": skipped,
            "oldest": oldest,
            "whole": self.handle_id is None and log.total - oldest + 1 == len(log),
            "dropped": log.dropped,
            "total": log.total,
        }

    def _entries(self) -> list[JanusEvent]:
        """What can be asked for: the log's entries, behind those that a paused view holds."""
        entries = list(self._log())
        first = entries[0].seq if entries else 0
        return [*(event for event in self._held if event.seq < first), *entries]

    def _log(self) -> EventLog:
        core = self.core
        assert core is not None  # the painter asks `orphaned` first
        return core
