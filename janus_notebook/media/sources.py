"""What may be given to send, and the track that aiortc reads it from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from aiortc.mediastreams import MediaStreamTrack

from janus_notebook.errors import JanusOptionError, nearest
from janus_notebook.media.arrays import ArraySource, SoundSource
from janus_notebook.media.devices import Camera, Microphone
from janus_notebook.media.files import MediaFile
from janus_notebook.media.pattern import TestPattern, Tone
from janus_notebook.media.producer import is_producer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ACCEPTED", "ArraySource", "SoundSource", "opened", "source_track"]

ACCEPTED = {
    "video": (
        "'pattern' for a moving test pattern; one numpy picture (uint8, height x width x 3, RGB), or a "
        "function or (async) generator that gives them; a file's path or a URL; 'camera' for that of the "
        "kernel's machine; an aiortc track of video; None for no video"
    ),
    "audio": (
        "'tone' for a 440 Hz tone; numpy sound (int16, or float from -1 to 1, 48000 a second), or a function "
        "or (async) generator that gives it, in SoundSource(..., sample_rate=) for other rates; a file's "
        "path or a URL; 'microphone' for that of the kernel's machine; an aiortc track of audio; None for "
        "no audio"
    ),
}
NAMED: dict[str, dict[str, Callable[[], Any]]] = {
    "video": {"pattern": TestPattern, "camera": Camera},
    "audio": {"tone": Tone, "microphone": Microphone},
}
ARRAYS: dict[str, type[ArraySource | SoundSource]] = {"video": ArraySource, "audio": SoundSource}


def opened(kind: str, source: object) -> object:
    """Return `source`, or a `MediaFile` for a path or URL, so that two kinds can share it."""
    if isinstance(source, str) and source not in NAMED[kind]:
        file = MediaFile(source)
        try:
            file.check()
        except JanusOptionError as exc:
            near = nearest(source, NAMED[kind])
            hint = near if near.startswith("Did") else f"{exc.hint} Accepted: {ACCEPTED[kind]}"
            raise JanusOptionError(f"{kind}={source!r} cannot be sent: {exc.message}", hint=hint) from exc
        return file
    return MediaFile(source) if isinstance(source, os.PathLike) else source


def source_track(kind: str, source: object) -> tuple[MediaStreamTrack, bool]:
    """Return the track to send, and whether it was made here (then whoever asked must stop it).

    Args:
        kind: ``"audio"`` or ``"video"``.
        source: see `ACCEPTED`.

    Raises:
        JanusOptionError: `source` cannot be sent as `kind`.
    """
    if isinstance(source, MediaStreamTrack):
        if source.kind == kind and source.readyState == "live":
            return source, False
        what = "has ended" if source.kind == kind else f"is a track of {source.kind}"
        raise JanusOptionError(f"{kind}={source!r} {what}", hint=f"Accepted: {ACCEPTED[kind]}")
    if source is True:
        source = next(iter(NAMED[kind]))
    source = opened(kind, source)
    if isinstance(source, str):
        source = NAMED[kind][source]()
        if isinstance(source, MediaStreamTrack):
            return source, True
    if isinstance(source, MediaFile):
        if getattr(source, "kind", kind) != kind:
            raise JanusOptionError(f"{kind}={source!r} gives no {kind}")
        return source.track(kind), True
    if isinstance(source, np.ndarray) or is_producer(source):
        return ARRAYS[kind](source), True  # type: ignore[arg-type]  # is_producer says so
    shown = repr(source) if isinstance(source, (int, float)) else type(source).__name__
    raise JanusOptionError(f"{kind}={shown} cannot be sent", hint=f"Accepted: {ACCEPTED[kind]}")
