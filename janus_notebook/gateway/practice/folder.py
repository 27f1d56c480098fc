"""`SocketFolder`: where a practice gateway's Unix sockets are, and how those of dead processes go.

A process that is killed cannot remove its folder. Each folder is therefore locked (flock(2)) as long as its
owner lives: the system drops the lock with the process, however that ends, and the next start removes
every folder of this user that it can lock. Unlike a process id, a lock is right across containers too.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from janus_notebook.gateway.configuration import LONGEST_SOCKET_PATH

PREFIX = "janus-notebook-practice-"
NAME = re.compile(re.escape(PREFIX) + r"\d+-\w+")  # the owner's pid, for people to see, and a random part
SHORT_PLACE = "/tmp"  # noqa: S108 - only for folders that mkdtemp makes there
ATTEMPTS = 5


class SocketFolder:
    """A new folder for this user alone, with a path short enough for Unix sockets in it.

    Removes the folders that killed processes have left. For systems with Unix sockets. Raises OSError.
    """

    def __init__(self) -> None:
        remove_leftovers()
        for attempts_left in reversed(range(ATTEMPTS)):
            self.path = _make()
            self._lock = lock(self.path)
            if self._lock is not None or not attempts_left:
                break  # without a lock on file systems that have none; nobody removes it there
            shutil.rmtree(self.path, ignore_errors=True)  # taken for a leftover before it was locked

    def close(self) -> None:
        """Remove it. Idempotent."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _make() -> Path:
    prefix = f"{PREFIX}{os.getpid()}-"
    path = Path(tempfile.mkdtemp(prefix=prefix))
    if len(str(path)) <= LONGEST_SOCKET_PATH - len("/janus.sock"):
        return path
    path.rmdir()
    return Path(tempfile.mkdtemp(prefix=prefix, dir=SHORT_PLACE))


def lock(path: Path) -> int | None:
    """Lock a folder of this user's own; return the descriptor that holds the lock.

    None if another process holds it, or it is gone, or is no folder of ours.
    """
    import fcntl  # not on every system

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):  # not removed meanwhile
                return descriptor
    except OSError:  # locked, or gone
        pass
    os.close(descriptor)
    return None


def remove_leftovers() -> None:
    """Remove the folders of processes that are gone, in both places where they may be."""
    for place in {tempfile.gettempdir(), SHORT_PLACE}:
        with suppress(OSError):  # a place that cannot be read holds nothing of ours
            for path in Path(place).iterdir():
                if NAME.fullmatch(path.name) and (descriptor := lock(path)) is not None:
                    shutil.rmtree(path, ignore_errors=True)
                    os.close(descriptor)
