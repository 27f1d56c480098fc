"""`LiveRecording`: a log as a file that grows with it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from janus_notebook.client import recording
from janus_notebook.errors import JanusError, JanusOptionError
from janus_notebook.protocol.events import Direction

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession

__all__ = ["LiveRecording"]

ALL: Final[frozenset[Direction]] = frozenset({"request", "reply", "event", "local", "monitor"})


class LiveRecording:
    """Writes a session's log to a file, first what there is, then what comes.

    What is there can be read at any time; its first line tells how the session stood when the recording
    ended, and so is written anew then. It ends with `close`, or with the session. On the session's loop.

    Args:
        session: open.
        path: of the file, which is replaced.

    Attributes:
        path: the same.
        written: how many entries are in the file.
        ended: whether nothing more is written.

    Raises:
        JanusOptionError: it cannot be written there.
    """

    def __init__(self, session: AnySession, path: Path) -> None:
        self.path = path
        self._session = session
        log = session.events
        self._coming = log.subscribe(directions=ALL)
        so_far = recording.record(log, None)
        try:
            # Each line is written whole: what is there can be read, whatever happens next.
            self._file = path.open("wb", buffering=0)
            self._file.write(b"".join(recording.lines(so_far)))
        except OSError as exc:
            raise JanusOptionError(f"{path} cannot be written: {exc.strerror or exc}") from exc
        self._header = so_far.header
        self.written = len(so_far.entries)
        self._task = asyncio.create_task(self._run(), name="janus-recording")

    @property
    def ended(self) -> bool:
        """Whether nothing more is written."""
        return self._task.done()

    async def close(self) -> None:
        """Write what has come until now, and end. Idempotent."""
        self._coming.close()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            async for event in self._coming:
                one = recording.Recording(path="", header=self._header, entries=(event,))
                _, line = recording.lines(one)
                self._file.write(line)
                self.written += 1
            self._finish()
        except OSError as exc:  # a disk that is full
            error = JanusError(f"the recording {self.path} has stopped: {exc.strerror or exc}")
            self._session.on_error(error)
        finally:
            self._coming.close()
            self._file.close()

    def _finish(self) -> None:
        """Put the header as it is now in front, in one step."""
        self._file.close()
        log = self._session.events
        now = recording.record(log, log.about() if log.about is not None else None)
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            with self.path.open("rb") as written, part.open("wb") as whole:
                written.readline()
                empty = recording.Recording(path="", header=now.header, entries=())
                whole.writelines(recording.lines(empty))
                while block := written.read(1 << 20):
                    whole.write(block)
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)
