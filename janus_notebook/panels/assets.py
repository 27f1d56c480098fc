"""The panels' JavaScript and CSS as text, read once for each process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any
from uuid import uuid4

import anywidget
from traitlets import Dict, Unicode

__all__ = ["Drawing", "module", "scope", "style"]


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath("js", name).read_text(encoding="utf-8")


@cache
def module(name: str, *libraries: str) -> str:
    """Return the ES module of a panel.

    It is what all of them share (the first of `parts`), then `libraries`, then ``js/<name>.js``.
    """
    parts = ("meanings", "hearing", "keys", "times", "shared", *libraries, name)
    return "\n".join(_text(f"{part}.js") for part in parts)


@cache
def style(*names: str) -> str:
    """Return the style sheet of all panels, and ``js/<name>.css`` for each name; the last is the panel's own.

    A style sheet is the whole page's: those after the first hold within that panel alone, for another's may
    have a class of the same name.
    """
    if not names:
        return _text("panel.css")
    own = "\n".join(_text(f"{name}.css") for name in names)
    return f"{_text('panel.css')}\n@scope (.{scope(names[-1])}) {{\n{own}\n}}"


def scope(name: str) -> str:
    """Return the CSS class of a panel's root: of the one with this style sheet."""
    return f"janus-is-{name}"


class Drawing(anywidget.AnyWidget):
    """What a panel draws for itself. Its traits are written by the painter alone.

    Its module is a trait with the text, not a file: anywidget watches files, and that keeps closed
    widgets alive.
    """

    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)
    own_id = Unicode(help="the widget's id, by which the module finds it in the page").tag(sync=True)
    beat = Dict(help="alive, and for how many seconds: changes at least once a second").tag(sync=True)
    notice = Dict(help="of the last click: text, failed, busy (actions under way)").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        ident = uuid4().hex
        super().__init__(model_id=ident, own_id=ident, **traits)
        # A front end such as JupyterLab has what its widgets say handled by a subshell, a thread beside the
        # one that runs cells, and names it in each message. But ipykernel 7.4 hands the message to the shell
        # on whose behalf the widget last sent something: the running cell's, mostly, which hears nothing.
        # It is made for what waits for an answer on its own thread; a panel's click waits for none.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = None
