"""Recordings of this kernel: a session's log as a file, once, or going on with what comes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from janus_notebook.bridge import background
from janus_notebook.errors import JanusOptionError, JanusStateError, nearest
from janus_notebook.notebook.live_recording import LiveRecording
from janus_notebook.notebook.workspace import workspace

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession

__all__ = ["running", "save", "start", "stop"]

# By path; those that have ended leave when the next one is asked for.
_recordings: dict[str, LiveRecording] = {}


def save(session: AnySession, path: str | os.PathLike[str], *, overwrite: bool = False) -> str:
    """Save the log so far, and say so.

    Raises:
        JanusOptionError: it cannot be written there, or a file is there already.
    """
    target = _free(path, overwrite)
    session.events.save(target)
    kept, dropped = len(session.events), session.events.dropped
    missing = f"; {dropped} older ones were no longer there" if dropped else ""
    return f"{kept} entries are in {target}{missing}"


def start(session: AnySession, path: str | os.PathLike[str], *, overwrite: bool = False) -> str:
    """Save the log so far and go on with what comes; say so.

    Raises:
        JanusOptionError: it cannot be written there, or a file is there already.
        JanusStateError: the session has ended.
    """
    if not session.is_open:
        raise JanusStateError(
            f"the session is {session.state}, so nothing more will come",
            hint="Leave --live out to save what there is.",
        )
    if str(Path(path).expanduser()) in running():
        raise JanusOptionError(f"{path} is being recorded already", hint="Stop it: %janus record --stop.")
    target = _free(path, overwrite)

    async def begin() -> LiveRecording:
        return LiveRecording(session, target)

    recording = background().submit(begin, name="record").result()
    _recordings[str(target)] = recording
    workspace().own(recording)
    return f"{recording.written} entries are in {target}, and what comes is added"


def running() -> list[str]:
    """The paths of the recordings that go on."""
    for path in [path for path, recording in _recordings.items() if recording.ended]:
        del _recordings[path]
    return list(_recordings)


def stop(path: str | os.PathLike[str] | None = None) -> list[str]:
    """End the recording at a path, or all that go on; say what they have.

    Raises:
        JanusStateError: none goes on.
        JanusOptionError: not at this path.
    """
    known = running()
    if not known:
        raise JanusStateError("nothing is being recorded", hint="Begin: %janus record call.jsonl --live.")
    name = None if path is None else str(Path(path).expanduser())
    if name is not None and name not in known:
        raise JanusOptionError(f"{path} is not being recorded", hint=nearest(name, known))
    chosen = known if name is None else [name]
    recordings = [_recordings.pop(each) for each in chosen]

    async def end() -> None:
        await asyncio.gather(*(recording.close() for recording in recordings))

    background().submit(end, name="end of the recordings").result()
    return [f"{recording.written} entries are in {recording.path}" for recording in recordings]


def _free(path: str | os.PathLike[str], overwrite: bool) -> Path:
    target = Path(path).expanduser()
    if target.exists() and not overwrite:
        raise JanusOptionError(f"{path} is there already", hint="--overwrite replaces it.")
    return target
