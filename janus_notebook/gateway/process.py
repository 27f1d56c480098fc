"""A program that runs under a guard (`guard.py`), seen from the process that owns it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from janus_notebook.errors import JanusGatewayError
from janus_notebook.gateway import guard

STOP_TIMEOUT = guard.GRACE + 3.0  # seconds that the guard has to end the program
KILL_TIMEOUT = 2.0  # seconds until a killed process is gone


class GuardedProcess:
    """`command`, its output in the file `log`, and its `folder`, which is removed when it ends.

    It runs in the working directory that this process has at its start: what it writes without saying where,
    such as a recording, is there where one looks for it, and outlives it.

    It is bound to no event loop: each call may come from another one.

    Attributes:
        pid: the program's process id; None until it runs.
        end_reason: why it ended by itself ("it was ended by signal 9 (Killed)"); None while it runs.
        killed: whether somebody else ended it, of which its own log knows nothing.
        ending: whether `end` was called; nothing the guard says later counts.
    """

    def __init__(self, command: list[str], *, folder: Path, log: Path) -> None:
        self.command = command
        self.folder = folder
        self.log = log
        self.pid: int | None = None
        self.end_reason: str | None = None
        self.killed = False
        self.ending = False
        self._guard: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._said = b""
        self._lock = threading.Lock()  # `listen` is called by whatever thread shows a repr

    def launch(self) -> None:
        """Start the guard, which starts the program. Raises OSError."""
        self._channel, theirs = socket.socketpair()
        self._channel.setblocking(False)
        log = -1
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            interpreter = [sys.executable or "python3", "-I", "-S", guard.__file__]
            self._guard = subprocess.Popen(  # noqa: S603 (the program that the user asked for)
                [*interpreter, str(self.folder), str(os.getpid()), *self.command],
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                cwd=_working_folder(self.folder),
                start_new_session=True,  # an interrupt of our process group is not for the program
            )
        finally:
            theirs.close()
            if log >= 0:
                os.close(log)

    def listen(self) -> None:
        """Take in what the guard has said; never waits."""
        with self._lock:
            while self._channel is not None and self.end_reason is None and not self.ending:
                try:
                    data = self._channel.recv(4096)
                except BlockingIOError:
                    return
                except ConnectionError:
                    data = b""
                if not data:
                    self.end_reason = "its guard process was killed, and it with that"
                    return
                *lines, self._said = (self._said + data).split(b"\n")
                for line in lines:
                    self._hear(*line.decode(errors="replace").split(" ", 1))

    def _hear(self, word: str, rest: str) -> None:
        if word == "pid":
            self.pid = int(rest)
        elif word == "error":
            self.end_reason = f"the program could not be run: {rest}"
        elif word == "exit":
            status = int(rest)
            if status < 0:
                self.end_reason = f"it was ended by signal {-status} ({signal.strsignal(-status)})"
                self.killed = -status in (signal.SIGINT, signal.SIGKILL, signal.SIGTERM)
            else:
                self.end_reason = f"it ended with status {status}"

    async def news(self, timeout: float) -> None:
        """Wait until the guard says something, or for `timeout` seconds."""
        with self._lock:
            if self._channel is None:
                return
            # A descriptor for each waiter: a loop watches a descriptor for one of them only.
            descriptor = os.dup(self._channel.fileno())
        loop = asyncio.get_running_loop()
        said = asyncio.Event()
        loop.add_reader(descriptor, said.set)
        try:
            async with asyncio.timeout(timeout):
                await said.wait()
        except TimeoutError:
            pass
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    async def end(self) -> None:
        """End the program; return when it, its guard and its folder are gone.

        May be called again, also after it was cancelled half-way: the guard goes on by itself.

        Raises:
            JanusGatewayError: the guard did not even end when it was killed.
        """
        self.listen()
        self.ending = True
        if self._channel is not None:
            with contextlib.suppress(OSError):  # the guard is gone already
                self._channel.shutdown(socket.SHUT_WR)  # all that the guard waits for
        if self._guard is not None and not await self._gone(STOP_TIMEOUT):
            self._guard.kill()  # the kernel ends the program with it
            if not await self._gone(KILL_TIMEOUT):
                raise JanusGatewayError(f"process {self._guard.pid}, the guard of janus, could not be ended")
        shutil.rmtree(self.folder, ignore_errors=True)  # there still if the guard was killed
        with self._lock:
            if self._channel is not None:
                self._channel.close()
                self._channel = None

    async def _gone(self, timeout: float) -> bool:
        assert self._guard is not None
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        # A poll, since only our own loop could be told of the end, and this may be any loop.
        while self._guard.poll() is None:
            if loop.time() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True


def _working_folder(otherwise: Path) -> Path:
    """The working directory, if it can be entered still."""
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        return otherwise
    return here if os.access(here, os.X_OK) else otherwise
