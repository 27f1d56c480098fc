"""Media for a session: a peer connection, sources to send, tracks to receive (the ``media`` extra).

Knows WebRTC, not Janus: a signalling layer carries the descriptions and candidates.
The public names load aiortc, PyAV and numpy when first used, which takes about a second;
without the extra they raise one `JanusMediaError` that says how to install it.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from janus_notebook.errors import JanusMediaError

if TYPE_CHECKING:
    from janus_notebook.media.channels import DataChannel
    from janus_notebook.media.devices import Camera, Microphone
    from janus_notebook.media.files import MediaFile
    from janus_notebook.media.frames import Chunk, Frame
    from janus_notebook.media.pattern import BARS, TestPattern, Tone, bar_colours, bars_match, read_counter
    from janus_notebook.media.peer import Peer
    from janus_notebook.media.picture import png
    from janus_notebook.media.reading import ChunkStream, FrameStream
    from janus_notebook.media.recorder import MediaRecording
    from janus_notebook.media.sources import ArraySource, SoundSource
    from janus_notebook.media.tracks import ReceivedTrack

__all__ = [
    "BARS",
    "ArraySource",
    "Camera",
    "Chunk",
    "ChunkStream",
    "DataChannel",
    "Frame",
    "FrameStream",
    "MediaFile",
    "MediaRecording",
    "Microphone",
    "Peer",
    "ReceivedTrack",
    "SoundSource",
    "TestPattern",
    "Tone",
    "bar_colours",
    "bars_match",
    "png",
    "read_counter",
    "require_media",
]

_HOMES = {
    "ArraySource": "sources",
    "BARS": "pattern",
    "Camera": "devices",
    "Chunk": "frames",
    "ChunkStream": "reading",
    "DataChannel": "channels",
    "Frame": "frames",
    "FrameStream": "reading",
    "MediaFile": "files",
    "MediaRecording": "recorder",
    "Microphone": "devices",
    "Peer": "peer",
    "ReceivedTrack": "tracks",
    "SoundSource": "arrays",
    "TestPattern": "pattern",
    "png": "picture",
    "Tone": "pattern",
    "bar_colours": "pattern",
    "bars_match": "pattern",
    "read_counter": "pattern",
}


def require_media(feature: str = "this") -> None:
    """Load aiortc, PyAV and numpy.

    Args:
        feature: what needs them, the subject of the error's sentence.

    Raises:
        JanusMediaError: one of them is not installed, or does not load.
    """
    for module in ("numpy", "av", "aiortc"):
        try:
            import_module(module)
        except ImportError as exc:
            raise JanusMediaError(
                f"{feature} needs the media extra: pip install 'janus-notebook[media]'",
                hint="" if exc.name == module else f"({module} does not load: {exc})",
            ) from exc
    for name in ("aiortc", "aioice", "libav"):
        # Without any handler, Python prints a library's warnings to stderr, and so into a notebook
        # cell. A NullHandler stops only that; handlers that the user configured still get them.
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_media(name)
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
