"""``view()``: live video of a handle, a subscription or a track in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.client.arguments import checked
from janus_notebook.errors import JanusStateError
from janus_notebook.notebook.forms import Form, core_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_notebook.panels.view.show import View

__all__ = ["HandleView", "NotebookTrack", "SubscriberView", "view_of_room"]


class HandleView:
    """What the notebook form of a handle has for its video."""

    _core: Any

    @checked
    def view(
        self,
        which: str = "video",
        *,
        fps: float = 15,
        width: int | None = None,
        quality: int = 70,
        overlay: Callable[[Any], Any] | None = None,
        static: bool = False,
    ) -> View | None:
        """Show received video in this cell, live.

        The pictures go from the kernel to the page with everything else that a notebook does, so they also
        arrive where no UDP does. It shows the newest frame only: what is slow, the line, the page or your
        function, lowers the rate, not the latency. It can be called before there is video, and goes on when
        the handle negotiates anew.

        Args:
            which: ``"video"`` for the first video track, or a mid.
            fps: pictures a second, at most.
            width: pixels, at most; None for the video's own, up to 1280.
            quality: of the JPEG pictures, 1 to 100. 640x480 at 70 takes about 40 kB each.
            overlay: a function of yours that each picture goes through, on a thread of its own. It gets
                uint8 (height, width, 3) RGB as it will be shown, and draws into it or returns another of any
                size (grey ones are uint8 (height, width)). What it raises is shown, and the video goes on.
            static: keep the last picture in the saved notebook. Not by default: a notebook file travels,
                and not everybody wants to travel with it.

        Raises:
            JanusOptionError: a value that can't be used, or no such video is received.
            JanusMediaError: the media extra is missing.
        """
        from janus_notebook.panels.view.options import view_options
        from janus_notebook.panels.view.source import handle_source

        options = view_options(fps=fps, width=width, quality=quality, overlay=overlay, static=static)
        return _shown(self._core, handle_source, which, options=options)


class SubscriberView:
    """What the notebook form of a VideoRoom's subscription has for its video."""

    _core: Any

    @checked
    def view(
        self,
        feed: Any = None,
        which: str = "video",
        *,
        fps: float = 15,
        width: int | None = None,
        quality: int = 70,
        overlay: Callable[[Any], Any] | None = None,
        static: bool = False,
    ) -> View | None:
        """Show a feed's video in this cell, live; see ``view()`` of a handle for the options.

        Args:
            feed: the publisher, or its id; None for the first that is received.
            which: ``"video"``, or the publisher's mid.

        Raises:
            JanusOptionError: a value that can't be used, or it is no video.
            JanusMediaError: nothing of that feed is received, or the media extra is missing.
        """
        from janus_notebook.panels.view.options import view_options
        from janus_notebook.panels.view.source import subscriber_source

        options = view_options(fps=fps, width=width, quality=quality, overlay=overlay, static=static)
        if feed is None:
            feed = next(iter(self._core.feeds), None)
            if feed is None:
                raise JanusStateError(
                    "no feed is received yet", hint="await subscriber.set(room.view.feeds) first."
                )
        return _shown(self._core, subscriber_source, core_of(feed), which, options=options)


class NotebookTrack(Form):
    """A received track in a notebook: `ReceivedTrack` with a `Call` for each coroutine, and a live view."""

    @checked
    def view(
        self,
        *,
        fps: float = 15,
        width: int | None = None,
        quality: int = 70,
        overlay: Callable[[Any], Any] | None = None,
        static: bool = False,
    ) -> View | None:
        """Show this track in this cell, live, until it ends; see ``view()`` of a handle for the options.

        Raises:
            JanusOptionError: a value that can't be used, or this track is audio.
        """
        from janus_notebook.panels.view.options import view_options
        from janus_notebook.panels.view.source import track_source

        options = view_options(fps=fps, width=width, quality=quality, overlay=overlay, static=static)
        return _shown(self._core, track_source, options=options)


def view_of_room(room: Any) -> None:
    """Say what ``room.view`` is: of a VideoRoom handle it is who is there, and no call."""
    raise JanusStateError(
        f"{room!r} is who is in the room; the handle that joined receives no video",
        hint="subscriber = await room.subscriber(); await subscriber.set(room.view.feeds); subscriber.view()",
    )


def _shown(core: Any, make: Callable[..., Any], *arguments: Any, options: Any) -> View | None:
    from janus_notebook.bridge import background
    from janus_notebook.panels import show_view

    source = background().run_sync(lambda: make(core, *arguments))
    return show_view(core, source, options)
