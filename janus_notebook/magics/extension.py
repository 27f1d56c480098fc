"""Loading and unloading the IPython extension. Both can be repeated."""

from __future__ import annotations

import sys
from typing import Any

from traitlets import TraitError

from janus_notebook.bridge import background, stop_background
from janus_notebook.config import read_settings
from janus_notebook.magics.completion import matcher_of
from janus_notebook.magics.context import Context
from janus_notebook.magics.janus import JanusMagics, not_loaded
from janus_notebook.magics.misuse import refuse_misuse
from janus_notebook.notebook.connect import admin, connect, monitor
from janus_notebook.notebook.names import label_handles
from janus_notebook.notebook.nesting import enable_for_source
from janus_notebook.notebook.replays import replay
from janus_notebook.notebook.workspace import workspace
from janus_notebook.panels.display import has_widgets
from janus_notebook.panels.terminal import StatusLine

__all__ = ["load", "unload"]

# What a notebook has after %load_ext, beside the magics.
NAMES: dict[str, Any] = {"connect": connect, "admin": admin, "monitor": monitor, "replay": replay}

KINDS = ("line", "cell")


class _Loaded:
    """What `load` has changed in a shell, for `unload` to undo."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.magics = _magics(shell)
        self.matcher = matcher_of(Context(shell, self.magics))
        self.status = _status_line()

    def after_cell(self, _result: Any) -> None:
        """Take over the names of the handles, and say what failed with nobody looking.

        Here, for a thread's own output would land anywhere.
        """
        label_handles(self.shell.user_ns)
        if self.status is not None:
            self.status.end()
        for failure in workspace().take_failures():
            _say(f"Not awaited: {failure}")
        for notice in workspace().take_notices():
            _say(f"Monitor: {notice}")

    def before_cell(self, info: Any) -> None:
        """Let a cell that calls ``asyncio.run`` do so inside the kernel's own loop."""
        mode: Any = self.magics.nest_asyncio  # one of its three words, as traitlets has checked
        enable_for_source(info.raw_cell or "", mode)
        if self.status is not None:
            self.status.begin()


_loaded: dict[int, _Loaded] = {}

# Each is said once: loading again does not make it truer.
_told: set[str] = set()


def load(shell: Any) -> None:
    """Register ``%janus`` and its completion, and put `NAMES` among the notebook's names.

    A variable of the user's own that is called like one of them stays as it is. Whatever is wrong with
    the settings is said, and everything else works.
    """
    unload_hooks(shell)
    state = _loaded[id(shell)] = _Loaded(shell)
    shell.register_magics(state.magics)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(state.matcher)
    shell.input_transformers_post.append(refuse_misuse)
    shell.events.register("pre_run_cell", state.before_cell)
    shell.events.register("post_run_cell", state.after_cell)
    for name, value in NAMES.items():
        if shell.user_ns.get(name, value) is value:
            shell.push({name: value}, interactive=False)
    for problem in read_settings().problems:
        _tell(f"Settings: {problem}")


def unload(shell: Any) -> None:
    """Destroy the sessions, stop the local gateway and the background loop, remove the magics."""
    unload_hooks(shell)
    from janus_notebook.panels import close_all

    for kind in KINDS:
        shell.magics_manager.magics[kind]["janus"] = not_loaded  # it says so, and nothing else is left
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
    if state.status is not None:
        state.status.end()
    shell.input_transformers_post.remove(refuse_misuse)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.remove(state.matcher)
    # IPython has no way to unset a magic; these tables are what it looks into.
    for kind in KINDS:
        shell.magics_manager.magics[kind].pop("janus", None)
    shell.magics_manager.registry.pop(type(state.magics).__name__, None)
    shell.configurables.remove(state.magics)


def _status_line() -> StatusLine | None:
    """In a terminal, the line that says what a cell waits for; elsewhere panels show more."""
    if has_widgets() or not StatusLine.suits(sys.stdout):
        return None
    return StatusLine(
        background, lambda: [session.events for session in workspace().sessions], out=sys.stdout
    )


def _magics(shell: Any) -> JanusMagics:
    """The magics with the settings of IPython's own configuration files, as far as these can be used."""
    try:
        return JanusMagics(shell=shell, parent=shell)
    except TraitError as exc:
        shell.configurables[:] = [
            known for known in shell.configurables if not isinstance(known, JanusMagics)
        ]
        _tell(f"Settings: {exc} The settings of JanusMagics are left out; %config JanusMagics sets them.")
        return JanusMagics(shell=shell)


def _tell(text: str) -> None:
    if text not in _told:
        _told.add(text)
        _say(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - the cell's own stderr is meant
