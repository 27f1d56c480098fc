"""A log as a file: JSON lines, the first of which says what it is.

::

    {"format": "janus-notebook events", "version": 1, "saved": 1767225600.0, "log": {...}, "session": {...}}
    {"seq": 1, "time": ..., "elapsed": ..., "direction": "local", "kind": "state", ..., "raw": {...}}

``session`` tells how the session and its handles stood when it was saved. Secrets are masked, as they
are wherever a log is read.
"""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from janus_notebook.config import mask, mask_url
from janus_notebook.errors import JanusOptionError
from janus_notebook.protocol.events import Direction, JanusEvent, event_class
from janus_notebook.protocol.typed import Record
from janus_notebook.texts import harmless_json

if TYPE_CHECKING:
    from janus_notebook.client.log import EventLog
    from janus_notebook.client.session import JanusSession

__all__ = ["LOG_IN_BUNDLE", "Recording", "describe", "lines", "read", "record", "write"]

# The name of a recording within a support bundle.
LOG_IN_BUNDLE = "events.jsonl"

FORMAT = "janus-notebook events"
VERSION = 1


# Since the Unix epoch, until the year 9999: no other can be written as a date.
Seconds = Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)]


class LogFacts(Record, frozen=True, kw_only=True):
    """The counts of a log, of all its entries, kept or dropped; and what a person calls its handles."""

    total: int = 0
    errors: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    capacity: int = 10_000
    labels: dict[int, str] = msgspec.field(default_factory=dict)


class HandleFacts(Record, frozen=True, kw_only=True):
    """How an attached handle stood.

    Attributes:
        media: fields of `MediaState` by mid.
        webrtc: what our own peer connection knew.
    """

    id: int
    plugin: str = ""
    opaque_id: str | None = None
    state: str = "new"
    reason: str = ""
    media: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    webrtc: dict[str, Any] = msgspec.field(default_factory=dict)


class SessionFacts(Record, frozen=True, kw_only=True):
    """How a session stood."""

    url: str = ""
    id: int | None = None
    state: str = "new"
    reason: str = ""
    server: dict[str, Any] | None = None
    in_flight: int = 0
    handles: tuple[HandleFacts, ...] = ()


class Header(Record, frozen=True, kw_only=True):
    """The first line of the file."""

    format: str
    version: int
    saved: Seconds = 0.0
    log: LogFacts = LogFacts()
    session: SessionFacts | None = None


class Line(Record, frozen=True, kw_only=True):
    """An entry of the log."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    time: Seconds
    elapsed: Annotated[float, msgspec.Meta(ge=0, le=1e10)]
    direction: Direction
    kind: str
    session_id: int | None = None
    handle_id: int | None = None
    raw: dict[str, Any]


class Recording(Record, frozen=True, kw_only=True):
    """What a file holds.

    Attributes:
        path: of the file.
        header: its first line.
        entries: of the log, oldest first.
    """

    path: str
    header: Header
    entries: tuple[JanusEvent, ...]


def describe(session: JanusSession) -> SessionFacts:
    """How a session stands now; secrets are masked."""
    handles = tuple(
        HandleFacts(
            id=plugin.id,
            plugin=plugin.name,
            opaque_id=plugin.opaque_id,
            state=plugin.state,
            reason=plugin.reason,
            media={mid: msgspec.structs.asdict(state) for mid, state in plugin.media.items()},
            webrtc=mask(getattr(plugin, "webrtc", None) or {}),
        )
        for plugin in session.plugins
        if plugin.id is not None
    )
    return SessionFacts(
        url=mask_url(session.base_url),
        id=session.id,
        state=session.state,
        reason=session.reason,
        server=mask(session.server),
        in_flight=session.connection.in_flight,
        handles=handles,
    )


def record(log: EventLog, session: SessionFacts | None) -> Recording:
    """A log as it stands now, as what `read` would give of it."""
    entries = tuple(log)
    facts = LogFacts(
        total=log.total,
        errors=log.errors,
        counts=dict(log.counts),
        capacity=log.capacity,
        labels=dict(log.labels),
    )
    header = Header(format=FORMAT, version=VERSION, saved=time.time(), log=facts, session=session)
    return Recording(path="", header=header, entries=entries)


def lines(recording: Recording) -> Iterator[bytes]:
    """The lines of the file."""
    yield harmless_json(msgspec.json.encode(recording.header)) + b"\n"
    for event in recording.entries:
        line = Line(
            seq=event.seq,
            time=event.time,
            elapsed=event.elapsed,
            direction=event.direction,
            kind=event.kind,
            session_id=event.session_id,
            handle_id=event.handle_id,
            raw=event.raw,
        )
        yield harmless_json(msgspec.json.encode(line)) + b"\n"


def write(log: EventLog, path: str | os.PathLike[str], session: SessionFacts | None) -> Path:
    """Write a log to a file, which is there whole or not at all; return its path.

    Raises:
        JanusOptionError: it cannot be written there.
    """
    recording = record(log, session)
    target = Path(path).expanduser()
    # Written beside it, and put in its place in one step.
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.writelines(lines(recording))
        part.replace(target)
    except OSError as exc:
        raise _not_possible("written", target, exc) from exc
    finally:
        part.unlink(missing_ok=True)
    return target


def read(path: str | os.PathLike[str]) -> Recording:
    """Read a file that `write` has written, or the one within a support bundle.

    Raises:
        JanusOptionError: there is none, or a line of it is not what it should be; names the line.
    """
    target = Path(path).expanduser()
    try:
        text = _unpacked(target) if zipfile.is_zipfile(target) else target.read_bytes()
    except (OSError, zipfile.BadZipFile) as exc:
        raise _not_possible("read", target, exc) from exc
    rows = text.splitlines()
    number = 1
    try:
        header = msgspec.json.decode(rows[0] if rows else b"", type=Header)
        if header.format != FORMAT:
            raise JanusOptionError(f"{target} is a file of {header.format!r}, not of {FORMAT!r}")
        if header.version > VERSION:
            raise JanusOptionError(
                f"{target} was saved by a newer janus-notebook (format {header.version}, not {VERSION})",
                hint="Upgrade this one to read it.",
            )
        entries = []
        for number, line in enumerate(rows[1:], start=2):
            entries.append(_event(msgspec.json.decode(line, type=Line)))
            if number > 2 and entries[-1].seq <= entries[-2].seq:
                raise msgspec.ValidationError("it does not follow the line before (seq)")
    except msgspec.DecodeError as exc:
        raise JanusOptionError(
            f"{target}, line {number}: {exc}", hint="Expected a file of events.save(path), whole."
        ) from exc
    return Recording(path=str(target), header=header, entries=tuple(entries))


def _event(line: Line) -> JanusEvent:
    return event_class(line.direction, line.kind)(
        line.seq,
        line.time,
        line.elapsed,
        line.direction,
        line.kind,
        line.session_id,
        line.handle_id,
        mask(line.raw),  # it may have been made by other hands
    )


def _unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        name = next((name for name in archive.namelist() if name.endswith(f"/{LOG_IN_BUNDLE}")), None)
        if name is None:
            raise JanusOptionError(
                f"{path} is a zip file without {LOG_IN_BUNDLE}", hint="Expected one of session.bundle(path)."
            )
        return archive.read(name)


def _not_possible(what: str, path: Path, exc: Exception) -> JanusOptionError:
    return JanusOptionError(f"{path} cannot be {what}: {getattr(exc, 'strerror', None) or exc}")
