"""`camera()`: a handle's media in the browser page that shows the notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.bridge import background
from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.notebook.forms import Form, core_of, form_of, register

if TYPE_CHECKING:
    from janus_notebook.plugins.browser.call import BrowserCall

__all__ = ["HasCamera", "NotebookBrowserCall"]

SOURCES: Final = ("camera", "screen", "test")
LARGEST: Final = 8192


class HasCamera(Form):
    """A handle whose media may be in the browser."""

    def camera(
        self,
        video: bool | None = None,
        audio: bool | None = None,
        *,
        source: str = "camera",
        width: int | None = None,
        height: int | None = None,
        fps: float | None = None,
        simulcast: bool = False,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        **request: Any,
    ) -> Any:
        """Send this notebook's own camera from the browser, and show there what comes back.

        Put it last in a cell: ``echo.camera()``. It begins when the page shows it: the browser asks for the
        camera first, then the handle's media are negotiated. It needs nothing of the ``media`` extra, and
        goes on while a cell computes. Shown again, in another cell, it is the same. It ends with `hangup`,
        with the page, or 15 s after the page was heard last; called again, it begins anew.

        EchoTest and a joined VideoRoom publish; ``camera(room=1234, feeds=[...])`` of a fresh VideoRoom
        handle watches those publishers. VideoCall calls (``username="bob"``) or takes the call that rings;
        AudioBridge sends the microphone into the room; Streaming watches (``id=1``); Record&Play records
        (``name="lesson"``) or plays (``id=1``); TextRoom has its data channel in the page
        (``room=1234, username="ann"``).

        Args:
            video: whether to send video; None: as the plugin is used, mostly yes.
            audio: whether to send sound; None: no, but of AudioBridge and VideoCall.
            source: ``"camera"``; ``"screen"``, a window or the screen that one chooses; or ``"test"``, a
                generated picture and tone, for which the browser asks nobody.
            width, height, fps: of the video, as near as its source comes.
            simulcast: send the video in three sizes, for a VideoRoom or EchoTest.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by default: no
                public server is asked.
            request: parameters of the plugin's own request: ``display``, ``bitrate``, ``room``...

        Returns:
            A `BrowserCall`: ``await it.ready()``, ``await it.snapshot()`` for a picture as numpy,
            ``await it.hangup()``.

        Raises:
            JanusStateError: the handle is not attached, has media of the kernel already, or has to join
                first.
            JanusOptionError: an argument is wrong, or the plugin has no media that a browser could take.
            JanusMediaError: this is no notebook.
        """
        from janus_notebook.panels import display

        if not display.has_widgets():
            raise JanusMediaError(
                "camera() is about the browser that shows a notebook, and there is none here",
                hint="publish() sends media of this machine.",
            )
        if source not in SOURCES:
            raise JanusOptionError.unknown("source", str(source), SOURCES)
        for name, value in (("width", width), ("height", height), ("fps", fps)):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and 1 <= value <= LARGEST):
                raise JanusOptionError(
                    f"{name} must be a number from 1, not {value!r}", hint="For example width=640, fps=15."
                )
        core = self._core
        given = {name: core_of(value) for name, value in request.items()}
        size = {"width": width, "height": height, "fps": fps, "simulcast": simulcast}
        servers = tuple(ice_servers)

        def make() -> BrowserCall:
            from janus_notebook.plugins.browser import camera

            return camera(core, video, audio, source, size, servers, given)

        return form_of(background().run_sync(make))


class NotebookBrowserCall(Form):
    """A handle's media in the browser, in a notebook: `BrowserCall` with a `Call` for each coroutine."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_camera

        show_camera(self._core)


register("plugins.browser.call.BrowserCall", NotebookBrowserCall)
