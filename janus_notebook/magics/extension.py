"""Loading and unloading the IPython extension. Both can be repeated."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from janus_notebook.bridge import stop_background
from janus_notebook.magics.completion import complete
from janus_notebook.magics.janus import JanusMagics
from janus_notebook.notebook.connect import admin, connect, monitor
from janus_notebook.notebook.nesting import enable_for_source
from janus_notebook.notebook.replays import replay
from janus_notebook.notebook.workspace import workspace

__all__ = ["load", "unload"]

# What a notebook has after %load_ext, beside the magics.
NAMES: dict[str, Any] = {"connect": connect, "admin": admin, "monitor": monitor, "replay": replay}


class _Loaded:
    """What `load` has changed in a shell, for `unload` to undo."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.magics = JanusMagics(shell=shell, parent=shell)
        self.completer: Callable[..., list[str]] = functools.partial(complete)

    def after_cell(self, _result: Any) -> None:
        """Say what failed with nobody looking. Here, for a thread's own output would land anywhere."""
        for failure in workspace().take_failures():
            print(f"Not awaited: {failure}", file=sys.stderr)  # noqa: T201 - the cell's own stderr is meant
        for notice in workspace().take_notices():
            print(f"Monitor: {notice}", file=sys.stderr)  # noqa: T201

    def before_cell(self, info: Any) -> None:
        """Let a cell that calls ``asyncio.run`` do so inside the kernel's own loop."""
        mode: Any = self.magics.nest_asyncio  # one of its three words, as traitlets has checked
        enable_for_source(info.raw_cell or "", mode)


_loaded: dict[int, _Loaded] = {}


def load(shell: Any) -> None:
    """Register ``%janus`` and its completion, and put `NAMES` among the notebook's names.

    A variable of the user's own that is called like one of them stays as it is.
    """
    unload_hooks(shell)
    state = _loaded[id(shell)] = _Loaded(shell)
    shell.register_magics(state.magics)
    shell.set_hook("complete_command", state.completer, str_key="%janus")
    shell.events.register("pre_run_cell", state.before_cell)
    shell.events.register("post_run_cell", state.after_cell)
    for name, value in NAMES.items():
        if shell.user_ns.get(name, value) is value:
            shell.push({name: value}, interactive=False)


def unload(shell: Any) -> None:
    """Destroy the sessions, stop the local gateway and the background loop, remove the magics."""
    unload_hooks(shell)
    from janus_notebook.panels import close_all

    for name, value in NAMES.items():
        if shell.user_ns.get(name) is value:
            shell.drop_by_id({name: value})
    workspace().close()
    close_all()  # after the sessions, so that the panels show their end
    stop_background()


def unload_hooks(shell: Any) -> None:
    """Take out of the shell what an earlier `load` put in."""
    state = _loaded.pop(id(shell), None)
    if state is None:
        return
    shell.events.unregister("pre_run_cell", state.before_cell)
    shell.events.unregister("post_run_cell", state.after_cell)
    # IPython has no way to unset a completer or a magic; these two tables are what it looks into.
    shell.strdispatchers["complete_command"].strs.pop("%janus", None)
    shell.magics_manager.magics["line"].pop("janus", None)
    shell.configurables.remove(state.magics)
