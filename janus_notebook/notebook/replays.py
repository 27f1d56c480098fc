"""`replay`: a saved log in the notebook, played on the background loop into live panels."""

from __future__ import annotations

import os
from typing import Any

from janus_notebook.bridge import background
from janus_notebook.client.arguments import checked
from janus_notebook.client.replay import Replay
from janus_notebook.notebook.connect import NotebookHandle
from janus_notebook.notebook.forms import Form, form_of, register
from janus_notebook.notebook.workspace import workspace
from janus_notebook.plugins import load_plugins

__all__ = ["NotebookReplay", "replay"]


class NotebookReplay(Form):
    """A replay in a notebook: the panels of its session and of its events, which move as it plays."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_events, show_session

        show_session(self._core)
        show_events(self._core)


register("client.replay.Replay", NotebookReplay)
register("client.replay.ReplayedHandle", NotebookHandle)


@checked
def replay(path: str | os.PathLike[str], speed: float = 1.0) -> Any:
    """Play a file of ``session.events.save(path)``; it needs no server.

    It plays while cells run. As the last line of a cell it shows the panels of the session and of its
    events; ``replay(...).plugins[0]`` is a handle, with its own. ``pause()``, ``play()``, ``seek(seconds)``
    and ``await finished()`` are its verbs.

    Args:
        path: of the file.
        speed: seconds of the recording in one second; ``math.inf`` for all at once.

    Raises:
        JanusOptionError: there is no such file, it is damaged, or the speed is not a number above 0.
    """
    load_plugins()  # so that their events are read as what they are
    core = Replay.open(path, speed=speed)

    def begin() -> None:
        core.play()
        workspace().own(core)

    background().run_sync(begin)
    return form_of(core)
