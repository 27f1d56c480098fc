"""A user's function on the pictures of a view: what it returns, or what is wrong with it, in one line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np
from av import VideoFrame

from janus_notebook.errors import JanusOptionError
from janus_notebook.media.frames import converted
from janus_notebook.texts import clean

__all__ = ["Overlay", "checked", "overlaid"]

Overlay = Callable[[Any], Any]
"""Takes a picture, uint8 (height, width, 3) RGB, which it may draw into; returns another, or None."""

LARGEST = 4096
TEXT_LIMIT = 300


def checked(overlay: object) -> Overlay | None:
    """Return what was given as ``overlay=``, if it can be called with a picture.

    Raises:
        JanusOptionError: it can't.
    """
    if overlay is None or (callable(overlay) and not inspect.iscoroutinefunction(overlay)):
        return overlay
    what = "a coroutine function" if callable(overlay) else type(overlay).__name__
    raise JanusOptionError(
        f"overlay is {what}",
        hint="Give a plain function that takes a picture, uint8 (height, width, 3), and draws into it or"
        " returns another.",
    )


def overlaid(frame: VideoFrame, overlay: Overlay) -> tuple[VideoFrame, str]:
    """Return the frame as the function made it, and ""; or the frame as it was, and what is wrong."""
    picture = np.array(converted(frame, format="rgb24").to_ndarray())  # its own: others have the frame too
    try:
        made = overlay(picture)
    except BaseException as exc:  # noqa: BLE001 - SystemExit too: it must not end the thread of the view
        return frame, told(exc, overlay)
    result = picture if made is None else made
    if wrong := _wrong(result):
        return frame, wrong
    layout = "gray" if result.ndim == 2 else "rgb24"
    return VideoFrame.from_ndarray(np.ascontiguousarray(result), format=layout), ""


def told(error: BaseException, overlay: Overlay) -> str:
    """What a function raised, in one line, with the line of the function's own file or cell."""
    code = getattr(overlay, "__code__", None)
    line = _line(error.__traceback__, getattr(code, "co_filename", None))
    where = f" (line {line})" if line is not None else ""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - of a class of the user's own
        text = ""
    return clean(f"overlay: {type(error).__name__}{': ' if text else ''}{text}", TEXT_LIMIT) + where


def _line(trace: TracebackType | None, file: str | None) -> int | None:
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _wrong(result: object) -> str:
    """What is wrong with the picture that a function returned; "" if nothing is."""
    if inspect.iscoroutine(result):
        result.close()  # nobody will await it
    if not isinstance(result, np.ndarray):
        return f"overlay: it returned {clean(type(result).__name__, 60)}; a picture (or None) is expected"
    got = f"overlay: it returned {result.dtype} {result.shape}; "
    coloured = result.ndim == 3 and result.shape[2] == 3
    if not coloured and result.ndim != 2:
        return f"{got}(height, width, 3) RGB, or (height, width) grey, is expected"
    if result.dtype != np.uint8:
        hint = "picture.clip(0, 255).astype('uint8')"
        if result.dtype == bool:
            hint = "picture.astype('uint8') * 255"
        return f"{got}uint8 is expected, as of {hint}"
    if 0 in result.shape or max(result.shape) > LARGEST:
        return f"{got}1 to {LARGEST} pixels each way are expected"
    return ""
