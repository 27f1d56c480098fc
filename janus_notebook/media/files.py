"""Files, URLs and devices as sources: whatever FFmpeg opens, its picture and sound in step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media.file_reading import FileReading, FileTrack, why

__all__ = ["MediaFile"]


class MediaFile:
    """A file or URL that FFmpeg opens, to be sent: its picture, its sound, or both in step.

    Nothing is opened before it is sent. Each time it is sent it begins anew.

    Args:
        url: path or URL.
        loop: begin again at the end, for ever.
        format: FFmpeg's name of the format, where it cannot tell, such as ``"rawvideo"``.
        options: FFmpeg's options of the format or protocol, as texts.
        live: it comes at its own pace, as a camera or an RTSP stream does: the newest is sent, and nothing
            is paced here. None: it is if the URL begins with ``rtsp:``, ``rtp:``, ``udp:`` or ``srt:``.
        timeout: seconds to open it, and to wait for more of it.
    """

    def __init__(
        self,
        url: str | os.PathLike[str],
        *,
        loop: bool = False,
        format: str | None = None,
        options: Mapping[str, str] | None = None,
        live: bool | None = None,
        timeout: float = 10.0,
    ) -> None:
        if not timeout > 0:
            raise JanusOptionError(f"timeout must be seconds above 0, not {timeout!r}")
        self.url = os.fspath(url)
        self.loop = loop
        self.live = self.url.startswith(("rtsp:", "rtp:", "udp:", "srt:")) if live is None else live
        if self.live and loop:
            raise JanusOptionError("loop=True is for files, and this is live")
        self.timeout = timeout
        self._format = format
        self._options = dict(options or {})
        self._reading: FileReading | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}{', loop=True' if self.loop else ''})"

    @property
    def name(self) -> str:
        """What errors call it: the URL, with no password in it."""
        scheme, separator, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}" if separator else self.url

    def track(self, kind: str, *, optional: bool = False) -> FileTrack:
        """Return a track of its picture or sound; both, if they are asked for together, are in step.

        Args:
            kind: ``"video"`` or ``"audio"``.
            optional: if the file has none, the track has ended after `FileTrack.prepare`; else that is an
                error.
        """
        reading = self._reading
        if reading is None or reading.over or kind in reading.tracks:
            reading = self._reading = FileReading(self)
        return reading.track(kind, optional)

    def check(self) -> None:
        """Say what is wrong before FFmpeg does, where it can be said better.

        Raises:
            JanusOptionError: a file that is not there.
        """
        if "://" not in self.url and self._format is None and not Path(self.url).exists():
            raise JanusOptionError(
                f"there is no file {self.url!r}", hint=f"The notebook's folder is {str(Path.cwd())!r}."
            )

    def open(self) -> Any:
        """Open it; blocks.

        Raises:
            JanusOptionError: a file that is not there.
            JanusMediaError: FFmpeg cannot open it.
        """
        self.check()
        try:
            return av.open(
                self.url, format=self._format, options=self._options, timeout=(self.timeout, self.timeout)
            )
        except (av.FFmpegError, OSError, ValueError) as exc:
            raise JanusMediaError(f"{self.name!r} cannot be opened: {why(exc)}", hint=self._hint()) from exc

    def _hint(self) -> str:
        return ""
