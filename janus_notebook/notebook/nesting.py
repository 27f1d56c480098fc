"""Scripts pasted into a cell: ``asyncio.run(...)`` inside the kernel's running loop.

asyncio forbids that. `enable_for_source` looks at a cell before it runs and makes the running
loop reentrant the first time a cell needs it. Nothing else in this package needs a reentrant loop.

It is done by nest-asyncio2, on every Python: the older nest-asyncio loses each message that reaches
an ipykernel 7 during a nested run (cells, widget clicks), because that kernel runs them all in one
context, which the cell has entered already.
"""

from __future__ import annotations

import ast
import asyncio
import warnings
from typing import Any, Literal, TypeAlias, get_args

from janus_notebook.errors import JanusOptionError, JanusStateError

__all__ = ["NestingMode", "enable_for_source", "runs_a_loop"]

NestingMode: TypeAlias = Literal["auto", "always", "never"]


_MAGICS_AROUND_CODE = {"capture", "prun", "time", "timeit"}


def enable_for_source(source: str, mode: NestingMode = "auto") -> bool:
    """Make the running event loop reentrant if this cell is going to run a loop inside it.

    Call it in a ``pre_run_cell`` hook, with the cell's raw source. Where no loop is running (IPython
    in a terminal, a script) nested runs need no help, and nothing is done.

    Args:
        source: the cell, magics and shell lines included.
        mode: ``auto`` decides by the source, ``always`` and ``never`` do not look at it.

    Returns:
        Whether this loop is reentrant now and the cell was found to need it (or `mode` is ``always``).

    Raises:
        JanusOptionError: an unknown mode.
        JanusStateError: a loop that is not asyncio's own (such as uvloop) cannot be made reentrant.
    """
    if mode not in get_args(NestingMode):
        raise JanusOptionError.unknown("nesting mode", mode, get_args(NestingMode))
    if mode == "never" or (mode == "auto" and not runs_a_loop(source)):
        return False
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return False
    if not hasattr(loop, "_nest_patched"):
        _make_reentrant(loop)
    return True


def _make_reentrant(loop: asyncio.AbstractEventLoop) -> None:
    if not isinstance(
        loop, asyncio.BaseEventLoop
    ):  # checked first: nest-asyncio2 patches asyncio, then looks
        raise JanusStateError(
            f"{type(loop).__name__} cannot run a loop inside a loop",
            hint="Use `await main()` in place of asyncio.run(main()).",
        )
    import nest_asyncio2

    with warnings.catch_warnings():
        # Its notes on event loop policies and on an earlier nest-asyncio are nothing a user can act on.
        warnings.simplefilter("ignore")
        nest_asyncio2.apply(loop)


def runs_a_loop(source: str) -> bool:
    """Whether a cell, by its source, calls ``asyncio.run`` or ``loop.run_until_complete``.

    ``import asyncio as ...`` is followed within the cell. ``from asyncio import run`` counts by itself:
    the name must be imported after the loop was made reentrant, to be the ``run`` that may nest.
    A cell that does not parse runs nothing, and gives False.
    """
    if "run" not in source:
        return False
    from IPython.core import inputtransformer2

    untyped: Any = inputtransformer2
    try:
        tree = ast.parse(untyped.TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):  # ValueError: a null byte
        return False
    modules = {"asyncio"}  # a cell may use what an earlier one imported
    methods = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname for alias in node.names if alias.name == "asyncio" and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module in ("asyncio", "asyncio.runners"):
            if any(alias.name in ("run", "*") for alias in node.names):
                return True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            methods.append((node.func, node.args))
    return any(_is_run(method, modules) or _magic_runs(method, args) for method, args in methods)


def _is_run(method: ast.Attribute, modules: set[str]) -> bool:
    if method.attr == "run_until_complete":
        return True
    return method.attr == "run" and isinstance(method.value, ast.Name) and method.value.id in modules


def _magic_runs(method: ast.Attribute, args: list[ast.expr]) -> bool:
    """Whether this is IPython's form of ``%time``, ``%%time`` and their like around such a call."""
    if method.attr not in ("run_line_magic", "run_cell_magic"):
        return False
    texts = [arg.value for arg in args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return bool(texts) and texts[0] in _MAGICS_AROUND_CODE and any(runs_a_loop(text) for text in texts[1:])
