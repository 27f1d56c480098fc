"""Whoever dies, and however: no janus, no guard and no folder stays behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from janus_notebook.gateway import LocalGateway, probe
from tests.gateways import needs_janus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.live, needs_janus]

ROOT = Path(__file__).parents[2]

# A stand-in for a kernel: it survives an interrupt, and may have forked a child that holds its files.
OWNER = """
import asyncio, json, os, signal, sys
from janus_notebook.gateway import LocalGateway

async def main():
    gateway = await LocalGateway().start()
    child = os.fork() if "fork" in sys.argv else None
    if child == 0:
        while True:
            signal.pause()
    signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(json.dumps([gateway.pid, str(gateway.log_path.parent), gateway.http_url, child]), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] == "Z" else fields


def parent(pid: int) -> int:
    return int(status(pid)[1])


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Owner:
    process: subprocess.Popen[str]
    janus: int
    guard: int
    folder: Path
    http_port: int
    child: int | None

    def all_gone(self) -> bool:
        return wait_until(lambda: not (status(self.janus) or status(self.guard) or self.folder.exists()))


@contextmanager
def owner(*arguments: str) -> Iterator[Owner]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    child = None
    with process:
        try:
            assert process.stdout is not None
            janus, folder, url, child = json.loads(process.stdout.readline())
            port = int(url.rpartition(":")[2].partition("/")[0])
            yield Owner(process, janus, parent(janus), Path(folder), port, child)
        finally:
            process.kill()
            if child is not None:
                os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["process", "group"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_all_ends_with_its_owner(kill: Callable[[int, int], None], number: int) -> None:
    with owner() as one:
        assert status(one.janus)
        assert status(one.guard)
        kill(one.process.pid, number)
        assert one.all_gone()


def test_all_ends_with_its_owner_when_a_forked_child_lives_on() -> None:
    with owner("fork") as one:
        one.process.kill()
        assert one.all_gone()
        assert one.child is not None
        assert status(one.child)


def test_an_interrupt_of_the_owners_group_is_not_for_janus() -> None:
    with owner() as one:
        os.killpg(one.process.pid, signal.SIGINT)
        assert one.process.stdout is not None
        assert one.process.stdout.readline() == "interrupted\n"
        assert asyncio.run(probe.info_over_http(one.http_port)) is not None
        for pid in (one.janus, one.guard):
            assert os.getsid(pid) == one.guard


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_janus_ends_with_its_guard(number: int) -> None:
    async def main(gateway: LocalGateway) -> str | None:
        waiting = asyncio.create_task(gateway.wait_closed())
        os.kill(guard, number)
        return await asyncio.wait_for(waiting, 5)

    with running_gateway() as gateway:
        assert gateway.pid is not None
        assert gateway.log_path is not None
        janus, guard, folder = gateway.pid, parent(gateway.pid), gateway.log_path.parent
        reason = asyncio.run(main(gateway))
        assert reason is not None
        assert "guard process was killed" in reason
        assert wait_until(lambda: not status(janus))
    assert not folder.exists()


@pytest.mark.parametrize(
    ("number", "texts"),
    [
        (signal.SIGKILL, ["signal 9 (Killed)"]),
        # Janus 1.1.2 can abort on its way out, in a destructor of a thread of GLib.
        (signal.SIGTERM, ["status 0", "signal 6 (Aborted); its log says: GLib (gthread-posix.c)"]),
        (signal.SIGSEGV, ["signal 11"]),
    ],
)
def test_janus_that_ends_by_itself_is_noticed_by_everyone(number: int, texts: list[str]) -> None:
    async def main(gateway: LocalGateway) -> None:
        waiting = [asyncio.create_task(gateway.wait_closed()) for _ in range(3)]
        await asyncio.sleep(0)  # they wait now
        assert gateway.pid is not None
        os.kill(gateway.pid, number)
        reasons = await asyncio.wait_for(asyncio.gather(*waiting), 5)
        assert set(reasons) == {gateway.exit_reason}

    with running_gateway() as gateway:
        asyncio.run(main(gateway))
        assert not gateway.running
        assert gateway.pid is None
        reason = str(gateway.exit_reason)
        assert any(text in reason for text in texts), reason
        # A janus that somebody killed knows nothing of it, so its last line would only mislead.
        assert ("; its log says: " in str(gateway.exit_reason)) == (number != signal.SIGKILL)
        assert reason in repr(gateway)
        assert gateway.log_lines() != []
    assert str(gateway.exit_reason) == reason  # stop() does not take the reason away
    with running_gateway() as other:
        assert other.exit_reason is None


def test_a_gateway_that_ended_can_be_started_again() -> None:
    async def main() -> None:
        async with LocalGateway() as gateway:
            assert gateway.pid is not None
            assert gateway.log_path is not None
            first, folder = gateway.pid, gateway.log_path.parent
            os.kill(first, signal.SIGKILL)
            assert await asyncio.wait_for(gateway.wait_closed(), 5) is not None
            await gateway.start()
            assert gateway.exit_reason is None
            assert gateway.pid not in (None, first)
            assert not folder.exists()

    asyncio.run(main())


def test_stop_is_waited_for_is_idempotent_and_leaves_nothing() -> None:
    async def main() -> None:
        gateway = await LocalGateway().start()
        waiting = asyncio.create_task(gateway.wait_closed())
        await asyncio.sleep(0)  # it waits now
        assert gateway.pid is not None
        assert gateway.log_path is not None
        janus, guard, folder = gateway.pid, parent(gateway.pid), gateway.log_path.parent
        await asyncio.gather(gateway.stop(), gateway.stop())
        assert (status(janus), status(guard), folder.exists()) == ([], [], False)
        assert await asyncio.wait_for(waiting, 5) is None
        await gateway.stop()

    asyncio.run(main())


def test_a_janus_that_does_not_listen_to_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_gateway() as gateway:
        assert gateway.pid is not None
        janus = gateway.pid
        os.kill(janus, signal.SIGSTOP)
        began = time.monotonic()
        asyncio.run(gateway.stop())
        assert 2.5 < time.monotonic() - began < 6
        assert not status(janus)


def test_it_may_be_started_and_stopped_in_other_threads() -> None:
    async def main() -> None:
        gateway = LocalGateway()
        await asyncio.to_thread(lambda: asyncio.run(gateway.start()))
        assert gateway.running
        waiting = asyncio.create_task(gateway.wait_closed())
        await asyncio.to_thread(lambda: asyncio.run(gateway.stop()))
        assert await asyncio.wait_for(waiting, 5) is None
        assert not gateway.running

    asyncio.run(main())
