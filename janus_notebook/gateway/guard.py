"""The process between us and ``janus``: it ends janus when we end, however we end.

Run as ``python -I -S guard.py FOLDER OWNER COMMAND...`` with one end of a socket pair as
standard input. It starts COMMAND, and says over the socket, one line each::

    pid NUMBER       the command runs
    error TEXT       the command could not be started
    exit STATUS      the command ended by itself (negative: the signal that ended it)

When the other end of the socket closes, or the process OWNER is gone, it ends the command
(SIGTERM, then SIGKILL), removes FOLDER and exits. On Linux the kernel ends the command
as well if this process is killed.

This file is run by its path, apart from the package: only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 3.0  # seconds between SIGTERM and SIGKILL
PR_SET_PDEATHSIG, PR_CAPBSET_DROP = 1, 24  # <linux/prctl.h>
CAP_SYS_RESOURCE = 24  # <linux/capability.h>


def before_exec() -> Callable[[], None]:
    """Return what the child has to call before exec.

    It shall not outlive us, and a crash of it shall not leave a core file of hundreds of megabytes in the
    folder where somebody works. Janus asks for such files, and root may always have them, so it has to
    give up the right to ask.
    """
    if not sys.platform.startswith("linux"):
        return no_core_files
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)
        no_core_files()
        prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE)  # it fails for whoever does not have that right

    return tie


def no_core_files() -> None:
    import resource  # which Windows lacks, where this module is imported too

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask `process` to end, then make it."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def watch(channel: socket.socket, owner: int, command: list[str]) -> None:
    """Run `command` until it has to end; return when it is gone."""
    told_to_end = False

    def on_signal(number: int, _frame: object) -> None:
        nonlocal told_to_end
        told_to_end = told_to_end or number != signal.SIGCHLD

    waker, wakes = socket.socketpair()
    for one in (waker, wakes):
        one.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # our parent's thread may have blocked some

    def say(text: str) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more: the loop below finds out
            channel.sendall(text.encode(errors="replace") + b"\n")

    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=before_exec())  # noqa: S603 (the owner's own command)
    except OSError as exc:
        say(f"error {exc.strerror}")
        return
    try:
        say(f"pid {process.pid}")
        said = False
        while not told_to_end:
            # The timeout is for an owner that died while a child it had forked still holds the socket.
            ready, _, _ = select.select([channel, waker], [], [], 1.0)
            if waker in ready:
                waker.recv(64)
            if (channel in ready and not channel.recv(64)) or os.getppid() != owner:
                return
            if not said and process.poll() is not None:
                said = True
                say(f"exit {process.returncode}")
    finally:
        end(process)


def main() -> None:
    folder, owner, *command = sys.argv[1:]
    try:
        with socket.socket(fileno=0) as channel:
            try:
                watch(channel, int(owner), command)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except ConnectionError:  # a reset instead of an end: the owner is gone all the same
        pass


if __name__ == "__main__":
    main()
