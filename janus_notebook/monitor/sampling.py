"""Figures of handles over the last minutes: bitrate, loss, round trip; from our own side, and from Janus's.

A `Sampler` looks at the handles of one session once a second, as long as somebody watches one. Our own
peer connection is asked each second. The Admin API, where the session knows it, gets one request a second
in all: with several handles it is asked for each in its turn. Rates are differences of counters over the
time that passed between two samples.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable
from weakref import WeakKeyDictionary, ref

from janus_notebook.client.session import ALIVE
from janus_notebook.errors import JanusError, JanusServerError, JanusStateError
from janus_notebook.monitor.rates import Rates, Totals, of_janus, of_ours

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.admin.handle_info import HandleInfo
    from janus_notebook.client.plugin import JanusPlugin
    from janus_notebook.client.session import JanusSession

__all__ = ["KEPT_POINTS", "Sampler", "Series", "Watch", "watch"]

PERIOD_SECONDS: Final = 1.0
KEPT_POINTS: Final = 300
DEADLINE_SECONDS: Final = 3.0
LONGEST_PAUSE_SECONDS: Final = 30.0
STALE_SECONDS: Final = 10.0
"""After how long what Janus said no longer counts: several handles take turns."""


@runtime_checkable
class _HasStats(Protocol):
    """A handle that can have a peer connection here."""

    @property
    def webrtc(self) -> dict[str, Any]:
        """Empty without one."""

    async def stats(self) -> dict[str, Any]:
        """Its counters."""


class Series:
    """The figures of one handle.

    Attributes:
        points: ``[at, in_bps, out_bps, loss_in, loss_out, rtt_ms]`` for each second, oldest first: seconds
            of the session, bits a second that came to us and that we sent, parts of the packets (0 to 1)
            that were lost on these ways, milliseconds. None is what is not known.
        total: how many points there have been.
        source: whose figures `points` are: ``"ours"`` (our peer connection's), ``"janus"`` or "".
        ours, janus: the newest figures of each side by mid (`Rates`), or empty.
        info: Janus's newest `handle_info`, or None.
        error: why the Admin API told nothing the last time it was asked, or "".
    """

    def __init__(self) -> None:
        self.points: deque[list[float | None]] = deque(maxlen=KEPT_POINTS)
        self.total = 0
        self.source = ""
        self.ours: dict[str, Rates] = {}
        self.janus: dict[str, Rates] = {}
        self.info: HandleInfo | None = None
        self.error = ""
        self._told_at = 0.0
        self._before_ours: dict[str, Totals] = {}
        self._before_janus: dict[str, Totals] = {}

    def since(self, number: int) -> list[list[float | None]]:
        """The points after a number (of those there have been), as far as they are kept."""
        count = min(max(self.total - number, 0), len(self.points))
        return list(self.points)[len(self.points) - count :]

    def take_ours(self, at: float, stats: dict[str, Any]) -> None:
        """Take what our own peer connection says."""
        totals = of_ours(at, stats)
        self.ours = {mid: Rates.between(self._before_ours.get(mid), now) for mid, now in totals.items()}
        self._before_ours = totals

    def take_janus(self, at: float, info: HandleInfo) -> None:
        """Take what Janus says."""
        totals = of_janus(at, info)
        self.janus = {mid: Rates.between(self._before_janus.get(mid), now) for mid, now in totals.items()}
        self._before_janus, self.info, self.error, self._told_at = totals, info, "", at

    def forget_janus(self, error: str = "") -> None:
        """Janus told nothing: what it said before no longer counts."""
        self.janus, self.info, self.error, self._before_janus = {}, None, error, {}

    def close_second(self, at: float, *, ours: bool) -> None:
        """Add the point of this second, if there is anything to say.

        Args:
            at: seconds of the session.
            ours: whether there is a peer connection here.
        """
        if not ours:
            self.ours, self._before_ours = {}, {}
        if self.info is not None and at - self._told_at > STALE_SECONDS:
            self.forget_janus()
        rates = self.ours if ours else self.janus
        if not rates:
            if self.source:  # a gap, once
                self._add([round(at, 1), None, None, None, None, None])
            self.source = ""
            return
        self.source = "ours" if ours else "janus"
        whole = Rates.sum(rates, transport=ours)
        # Janus's "in" is what we sent.
        came, went = (whole.bps_in, whole.bps_out) if ours else (whole.bps_out, whole.bps_in)
        lost_in, lost_out = (whole.loss_in, whole.loss_out) if ours else (whole.loss_out, whole.loss_in)
        self._add(
            [
                round(at, 1),
                _whole(came),
                _whole(went),
                _fine(lost_in),
                _fine(lost_out),
                _fine(whole.rtt_ms, 1),
            ]
        )

    def _add(self, point: list[float | None]) -> None:
        self.points.append(point)
        self.total += 1


class Watch:
    """Somebody looks at a handle's figures: `series`, until `close`. Idempotent; on the session's loop."""

    def __init__(self, sampler: Sampler, handle: JanusPlugin, series: Series) -> None:
        self.series = series
        self._sampler = sampler
        self._handle = ref(handle)

    def renew(self) -> None:
        """Go on sampling, should that have stopped with the session."""
        self._sampler.start()

    def close(self) -> None:
        """Look no more; what was sampled for nobody else is forgotten."""
        self._sampler.discard(self, self._handle())


class Sampler:
    """Samples the handles of one session while they are watched. It holds neither of them.

    Its methods are called on the session's loop.
    """

    def __init__(self, session: JanusSession) -> None:
        self._session = ref(session)
        self._series: WeakKeyDictionary[JanusPlugin, Series] = WeakKeyDictionary()
        self._watches: set[Watch] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = 0
        self._pause = PERIOD_SECONDS

    @property
    def running(self) -> bool:
        """Whether it samples."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def watch(self, handle: JanusPlugin) -> Watch:
        """Sample a handle from now on."""
        made = Watch(self, handle, self._series.setdefault(handle, Series()))
        self._watches.add(made)
        self.start()
        return made

    def start(self) -> None:
        """Sample, if somebody watches and the session is not over; it stops by itself with the session."""
        if self._watches and not self.running:
            self._pause = PERIOD_SECONDS
            self._tasks = [self._task(self._look(), "figures"), self._task(self._ask(), "admin-figures")]

    def _task(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        return loop.create_task(work, name=f"janus-{name}", context=contextvars.Context())

    def discard(self, watch: Watch, handle: JanusPlugin | None) -> None:
        """A watch has ended; with the last one the sampling does."""
        self._watches.discard(watch)
        if handle is not None and all(other.series is not watch.series for other in self._watches):
            self._series.pop(handle, None)
        if not self._watches:
            tasks, self._tasks = self._tasks, []
            for task in tasks:
                task.cancel()

    async def _look(self) -> None:
        """Our own side, once a second."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while (session := self._session()) is not None and session.state in ALIVE:
            for handle, series in list(self._series.items()):
                await _look_at(handle, series, session.events.elapsed)
            del session
            due = max(due + PERIOD_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _ask(self) -> None:
        """Janus's side: one request, then a pause; a longer one after each failure."""
        while (session := self._session()) is not None and session.state in ALIVE:
            handles = [handle for handle in self._series if handle.id is not None]
            admin, handle = known_admin(session), None
            if admin is None:
                for series in self._series.values():
                    series.forget_janus()
            elif handles:
                self._turn = (self._turn + 1) % len(handles)
                handle = handles[self._turn]
                await self._ask_for(admin, session, handle, self._series[handle])
            pause = self._pause if handle is not None else PERIOD_SECONDS
            del session, admin, handle, handles
            await asyncio.sleep(pause)

    async def _ask_for(
        self, admin: JanusAdmin, session: JanusSession, handle: JanusPlugin, series: Series
    ) -> None:
        session_id, handle_id = session.id, handle.id
        if session_id is None or handle_id is None:
            return
        try:
            info = await admin.handle_info(session_id, handle_id, timeout=DEADLINE_SECONDS)
            series.take_janus(session.events.elapsed, info)
            self._pause = PERIOD_SECONDS
        except JanusError as exc:
            if handle.id != handle_id:
                series.forget_janus()  # it was detached meanwhile
                return
            for each in self._series.values():
                each.forget_janus(str(exc))
            gone = isinstance(exc, JanusServerError) and exc.code in (458, 459)
            self._pause = PERIOD_SECONDS if gone else min(self._pause * 2, LONGEST_PAUSE_SECONDS)


async def _look_at(handle: JanusPlugin, series: Series, elapsed: float) -> None:
    """One second of one handle."""
    ours = isinstance(handle, _HasStats) and bool(handle.webrtc)
    if ours and isinstance(handle, _HasStats):
        with suppress(JanusStateError):  # it was closed this instant
            series.take_ours(elapsed, await handle.stats())
    if handle.id is None:
        series.forget_janus()
    series.close_second(elapsed, ours=ours)


def known_admin(session: JanusSession) -> JanusAdmin | None:
    """The Admin API of a session's server, where it is known and open."""
    return session.admin if session.admin is not None and session.admin.state != "closed" else None


_samplers: WeakKeyDictionary[JanusSession, Sampler] = WeakKeyDictionary()


def watch(session: JanusSession, handle: JanusPlugin) -> Watch:
    """Watch a handle's figures, by the one sampler of its session. On the session's loop."""
    return _samplers.setdefault(session, Sampler(session)).watch(handle)


def _whole(value: float | None) -> float | None:
    return None if value is None else round(value)


def _fine(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
