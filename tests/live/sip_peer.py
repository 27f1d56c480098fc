"""A SIP peer that is not ours: Debian's sipp.

``async with peer(script) as bob:`` runs one; leaving the block waits for its end, and fails if anything was
not as the script says. What it receives as RTP it sends back.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live.sip_script import Script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
SECONDS = 20

needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed")


@dataclass
class Peer:
    """A running sipp."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What its scenario has logged."""
        return _text(self.folder / "log")

    def uri(self, user: str) -> str:
        return f"sip:{user}@{HOST}:{self.port}"

    async def over(self) -> None:
        """Wait for its end, which must be a good one."""
        status = await asyncio.to_thread(self.process.wait, SECONDS + 5)
        assert status == 0, f"sipp ended with {status}\n{self.told}"

    @property
    def told(self) -> str:
        """What went wrong, and all that was sent and received."""
        return "\n".join(_text(self.folder / name) for name in ("stderr", "errors", "messages"))


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def free_port() -> int:
    """A UDP port of loopback that was free a moment ago."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_bound(port: int) -> bool:
    """Whether some process has this UDP port (proc(5), of the network that we are in)."""
    return re.search(rf":{port:04X} ", Path("/proc/net/udp").read_text()) is not None


@asynccontextmanager
async def peer(
    script: Script | str, *, to: str = "", user: str = "", calls: int | None = 1
) -> AsyncIterator[Peer]:
    """Run a script.

    Args:
        script: what it does in each call.
        to: ``host:port`` to call, for a script that calls.
        user: whom to call there.
        calls: how many calls it takes part in before it ends; None for any number: then it is ended here.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "script.xml").write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{script}')
        command = ["sipp", "-sf", str(folder / "script.xml"), "-nostdin", "-i", HOST, "-p", str(port)]
        command += ["-mi", HOST, "-mp", str(free_port()), "-rtp_echo"]
        command += ["-timeout", f"{SECONDS}s", "-timeout_error"]
        command += ["-trace_err", "-error_file", str(folder / "errors")]
        command += ["-trace_msg", "-message_file", str(folder / "messages")]
        command += ["-trace_logs", "-log_file", str(folder / "log")]
        if calls is not None:
            command += ["-m", str(calls)]
        if to:
            command += ["-s", user, to]
        with (folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(  # noqa: ASYNC220 # it only starts it
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
            )
        running = Peer(port, folder, process)
        try:
            async with asyncio.timeout(SECONDS):
                while not is_bound(port) and process.poll() is None:  # noqa: ASYNC110 # nothing tells it
                    await asyncio.sleep(0.005)
            yield running
        except BaseException as exc:
            exc.add_note(running.told)
            raise
        else:
            if calls is not None:
                await running.over()
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)
