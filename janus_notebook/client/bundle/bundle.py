"""`Bundle`: a support bundle that was written, and `write_bundle`, which does it."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from janus_notebook.client.bundle.collect import Findings, collect
from janus_notebook.client.bundle.members import Member, members, summary
from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.replay import AnySession
from janus_notebook.errors import JanusOptionError, JanusTimeoutError

__all__ = ["Bundle", "write_bundle"]

SUMMARY = "README.txt"

# Writing takes a second for each hundred thousand entries; a disk that hangs must not take for ever.
WRITE_SECONDS = 60.0
# A write that is given up ends between two parts of a file.
STOP_SECONDS = 2.0


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A support bundle.

    Attributes:
        path: the file.
        size: its length in bytes.
        contents: the names of the files in it.
        missing: what could not be collected, a line each.
    """

    path: Path
    size: int
    contents: tuple[str, ...]
    missing: tuple[str, ...]

    def __repr__(self) -> str:
        size = f"{self.size / 1000:.0f} kB" if self.size < 1_000_000 else f"{self.size / 1_000_000:.1f} MB"
        shown = [f"<Bundle {self.path} ({size}): {len(self.contents)} files; read {SUMMARY} in it first"]
        if self.missing:
            shown.append("  not in it:")
            shown += [f"  - {line}" for line in self.missing]
        return "\n".join(shown) + ">"


async def write_bundle(
    source: AnySession,
    path: str | os.PathLike[str] | None,
    *,
    overwrite: bool,
    logs: Mapping[str, str] | None,
    timeout: float,
) -> Bundle:
    """Write a support bundle of a session or a recording; see `JanusSession.bundle`."""
    seconds = check_seconds("timeout", timeout)
    given = _checked_logs(logs or {})
    session_id = source.id or next(
        (e.session_id for e in reversed(list(source.events)) if e.session_id), None
    )
    target = _target(path, f"janus-bundle-{session_id or 'none'}-{time.strftime('%Y%m%d-%H%M%S')}.zip")
    _refuse(target, overwrite)
    findings = await collect(source, given, seconds)
    stop = threading.Event()
    writing = asyncio.ensure_future(asyncio.to_thread(_write, findings, target, overwrite, stop))
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            return await asyncio.shield(writing)
    except TimeoutError as exc:
        raise JanusTimeoutError(
            f"{target} was not written within {WRITE_SECONDS:g} s", hint="Try another disk."
        ) from exc
    finally:
        stop.set()
        await asyncio.wait([writing], timeout=STOP_SECONDS)
        if writing.done() and not writing.cancelled():
            writing.exception()  # raised above, or of a write that was given up


def _checked_logs(logs: Any) -> dict[str, str]:
    if not isinstance(logs, Mapping) or not all(
        isinstance(name, str) and isinstance(text, str) for name, text in logs.items()
    ):
        raise JanusOptionError(
            "logs must be a dict of file names and texts",
            hint="For example logs={'janus.log': Path('janus.log').read_text()}.",
        )
    for name in logs:
        if name in ("", ".", "..") or not name.isprintable() or {"/", "\\", ":"} & set(name):
            raise JanusOptionError(f"{name!r} in logs is not a file name", hint="For example 'janus.log'.")
    return dict(logs)


def _target(path: str | os.PathLike[str] | None, name: str) -> Path:
    """The file to write, absolute: a folder gets one of this name, a name without a suffix ``.zip``."""
    try:
        target = Path(name if path is None else path).expanduser().absolute()
        if not str(target).isprintable():
            raise ValueError("it holds characters that can't be seen")
        if target.is_dir():
            target /= name
        folder_is_there = target.parent.is_dir()
    except (TypeError, ValueError, OSError, RuntimeError) as exc:
        raise JanusOptionError(
            f"{path!r} is not the name of a file: {exc}", hint="For example session.bundle('report.zip')."
        ) from exc
    if not target.suffix:
        target = target.with_name(target.name + ".zip")
    if target.suffix.lower() != ".zip":
        raise JanusOptionError(
            f"a bundle is a zip file, not {target.suffix!r}", hint=f"Write {target.stem + '.zip'!r}."
        )
    if not folder_is_there:
        raise JanusOptionError(
            f"there is no folder {target.parent}", hint="Make it first, or write elsewhere."
        )
    return target


def _refuse(target: Path, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise _exists(target)


def _exists(target: Path) -> JanusOptionError:
    return JanusOptionError(
        f"{target} exists already",
        hint="Choose another name, or pass overwrite=True (--overwrite) to replace it.",
    )


class _Stopped(Exception):  # noqa: N818 # nobody catches it but the one who waits for the end
    """The writing was given up."""


def _write(findings: Findings, target: Path, overwrite: bool, stop: threading.Event) -> Bundle:
    """Write the file, which is there whole or not at all. In a thread of its own."""
    part = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        contents = _pack(findings, part, _folder(target.stem), stop)
        size = part.stat().st_size
        _put_in_place(part, target, overwrite)
    except OSError as exc:
        raise JanusOptionError(
            f"{target} cannot be written: {exc.strerror or exc}", hint="Try another folder."
        ) from exc
    finally:
        with suppress(OSError):  # the error above is the one to tell
            part.unlink(missing_ok=True)
    return Bundle(path=target, size=size, contents=contents, missing=tuple(findings.missing))


def _folder(name: str) -> str:
    """The folder within the zip: on no system one above it, or on another drive."""
    return re.sub(r'[\\:*?"<>|]', "_", name).strip(". ") or "janus-bundle"


def _pack(findings: Findings, part: Path, folder: str, stop: threading.Event) -> tuple[str, ...]:
    listed = list(members(findings))
    with zipfile.ZipFile(part, "w") as archive:

        def add(member: Member) -> None:
            about = zipfile.ZipInfo(f"{folder}/{member.name}", time.localtime(findings.taken)[:6])
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with archive.open(about, "w") as stream:
                for piece in member.parts:
                    if stop.is_set():
                        raise _Stopped
                    stream.write(piece)

        add(Member(SUMMARY, "", [summary(findings, listed).encode()]))
        for member in listed:
            add(member)
    return (SUMMARY, *(member.name for member in listed))


def _put_in_place(part: Path, target: Path, overwrite: bool) -> None:
    """In one step; a file that came into being meanwhile is not replaced unasked."""
    if not overwrite:
        try:
            os.link(part, target)
            return
        except FileExistsError:
            raise _exists(target) from None
        except OSError:
            _refuse(target, overwrite)  # a disk that has no links: looked at once more
    part.replace(target)
