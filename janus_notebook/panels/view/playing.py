"""`Playing`: one view's task, which brings the newest pictures of a track to the pages that look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.tasks import Tasks
from janus_notebook.errors import JanusError, JanusMediaError
from janus_notebook.panels.snapshot import clean
from janus_notebook.panels.view.cells import is_running
from janus_notebook.panels.view.figures import Figures
from janus_notebook.panels.view.flow import Flow

if TYPE_CHECKING:
    from janus_notebook.media.preview import Picture
    from janus_notebook.media.tracks import ReceivedTrack
    from janus_notebook.panels.view.options import ViewOptions

__all__ = ["Playing"]

LOOK_SECONDS: Final = 0.25
STILL_SECONDS: Final = 2.0
"""After so long without a new frame the view says so."""


class Playing:
    """Where a view stands, and the task that moves it. All of it is used on the loop's thread.

    Args:
        options: of the view; may be exchanged at any time.
        find: gives the track that there is, or raises the `JanusError` that says why there is none.
        alive: whether there may be a track again.
        send: takes what is to go to the pages: the message, and the picture.
        on_error: called with a defect that ended the task.

    Attributes:
        state: ``waiting`` (for video), ``playing``, ``paused`` or ``ended``.
        reason: why it waits or has ended, or "".
        last: the newest picture that was sent, or None.
        independent: whether pages are heard while a cell runs.
        pages: whether anybody looks, as far as that is known.
        blind: whether pictures go out by the clock, for no page can be heard now.
    """

    def __init__(
        self,
        options: ViewOptions,
        *,
        find: Callable[[], ReceivedTrack],
        alive: Callable[[], bool],
        send: Callable[[dict[str, Any], bytes], None],
        on_error: Callable[[JanusError], None],
    ) -> None:
        self.options = options
        self.flow = Flow(options.fps)
        self.figures = Figures()
        self.state, self.reason = "waiting", ""
        self.last: Picture | None = None
        self.independent = False
        self.pages = self.blind = False
        self._find, self._alive, self._send = find, alive, send
        self._paused = False
        self._wake = asyncio.Event()
        self._sequence = 0
        self._round = 0  # grows when everything is to be looked at anew
        self._tasks = Tasks(on_error)
        self._task: asyncio.Task[None] | None = None

    @property
    def paused(self) -> bool:
        """Whether somebody has stopped it for now."""
        return self._paused

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._task is None:
            self._task = self._tasks.spawn(self._run(), name="janus-view")

    async def close(self) -> None:
        """End the task, and await its end. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def change(self, options: ViewOptions) -> None:
        """Look for the track again, and go on with these options."""
        self.options = options
        self.flow.fps = options.fps
        self._round += 1
        self._wake.set()

    def pause(self, on: bool) -> None:
        """Send no more pictures, or go on with the newest."""
        self._paused = on
        self._wake.set()

    def hear(self, content: dict[str, Any]) -> None:
        """Take what a page says: ``here``, ``away``, ``gone``, or that it has drawn a picture."""
        viewer, now = content.get("viewer"), time.monotonic()
        if not isinstance(viewer, str) or len(viewer) > 64:
            return
        match content:
            case {"type": "seen", "n": int(number)}:
                if self.flow.seen(viewer, number, now):
                    self.figures.seen(number, time.time())
            case {"type": "here"}:
                self.flow.here(viewer, now)
            case {"type": "away"}:
                self.flow.away(viewer, now)
            case {"type": "gone"}:
                self.flow.gone(viewer)
        self._wake.set()

    # -- the task --------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while True:
                try:
                    track = self._find()
                except JanusError as exc:
                    self._tell("waiting" if self._alive() else "ended", clean(exc))
                    await asyncio.sleep(LOOK_SECONDS)
                else:
                    await self._play(track)
                    del track  # the view of a track that has ended does not keep it
        except Exception as exc:
            self._tell("ended", clean(f"a defect: {type(exc).__name__}: {exc}"))
            raise

    async def _play(self, track: ReceivedTrack) -> None:
        """Show a track until it ends, or is to be shown otherwise."""
        from janus_notebook.media.preview import preview

        this_round, number, idle = self._round, 0, True
        with preview(track, self.options.recipe) as pictures:
            while self._round == this_round and track.ended is None:
                if self._paused:
                    self._tell("paused")
                    await self._sleep(LOOK_SECONDS)
                    idle = True
                    continue
                if not await self._is_due():
                    idle = idle or not (self.pages or self.blind)
                    continue
                if idle:  # what came while nobody looked was not left out
                    number, idle = max(number, track.frames_received - 1), False
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        picture = await pictures.newer(number)
                except TimeoutError:
                    self._tell_stillness(track)
                    continue
                except JanusMediaError:
                    return  # it has ended
                if self._round == this_round and self._may_send():  # still: waiting may have taken a while
                    self._show(picture, picture.number - number - 1)
                    number = picture.number

    async def _is_due(self) -> bool:
        """Wait until a picture may go out, for a moment at most; say whether it may."""
        if (wait := self._wait()) <= 0:
            return True
        await self._sleep(min(wait, LOOK_SECONDS))
        return self._may_send()

    def _may_send(self) -> bool:
        return not self._paused and self._wait() <= 0

    def _wait(self) -> float:
        """For how long nothing may go out."""
        now, deaf = time.monotonic(), self._is_deaf()
        self.pages = self.flow.lookers(now, deaf=deaf)
        self.blind = deaf and not self.pages
        return self.flow.wait(now, deaf=deaf)

    def _is_deaf(self) -> bool:
        return not self.independent and is_running()

    async def _sleep(self, seconds: float) -> None:
        """Sleep until something has changed, so long at most."""
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _show(self, picture: Picture, skipped: int) -> None:
        self._sequence += 1
        content = {
            "type": "picture",
            "n": self._sequence,
            "width": picture.width,
            "height": picture.height,
            "blind": self.blind,
            "problem": picture.problem,
        }
        self._send(content, picture.data)
        self.flow.sent(self._sequence, time.monotonic(), deaf=self._is_deaf())
        self.figures.sent(self._sequence, picture.arrived, len(picture.data), skipped, time.time())
        self.last = picture
        self._tell("playing")

    def _tell_stillness(self, track: ReceivedTrack) -> None:
        if track.last_frame_at is None:
            self._tell("waiting", "no picture has arrived yet")
        elif (seconds := time.time() - track.last_frame_at) > STILL_SECONDS:
            self._tell("waiting", f"no new picture since {seconds:.0f} s")
        elif self.options.recipe.overlay is not None and self.last is not None:
            busy = time.time() - self.last.arrived
            if busy > STILL_SECONDS:
                self._tell("waiting", f"the overlay has worked for {busy:.0f} s on one picture")

    def _tell(self, state: str, reason: str = "") -> None:
        self.state, self.reason = state, reason
