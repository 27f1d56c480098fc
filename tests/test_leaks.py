"""The leak check finds what it must find."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests import leaks


def test_a_thread_of_ours_is_found() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="janus-notebook-planted")
    left = pytest.raises(AssertionError, match="thread janus-notebook-planted")
    with left, leaks.nothing_left(leaks.Outlives(), patience=0):
        thread.start()
    end.set()
    thread.join()


def test_a_child_process_is_found_also_as_a_zombie() -> None:
    child = None
    with pytest.raises(AssertionError, match="process"), leaks.nothing_left(leaks.Outlives(), patience=0):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child is not None
    with leaks.nothing_left(leaks.Outlives(pids={child.pid}), patience=0):
        child.kill()
        assert child.pid in leaks.children()
    child.communicate()
    assert child.pid not in leaks.children()


def test_a_socket_is_found() -> None:
    with pytest.raises(AssertionError, match=r"socket:\["), leaks.nothing_left(leaks.Outlives(), patience=0):
        left = socket.create_server(("127.0.0.1", 0))
    with leaks.nothing_left(leaks.Outlives(), patience=0):
        left.close()
        for one in socket.socketpair():
            one.close()


def test_a_loop_that_is_closed_leaves_no_socket() -> None:
    with leaks.nothing_left(leaks.Outlives(), patience=0):
        asyncio.run(asyncio.sleep(0))


def test_what_outlives_the_test_is_allowed() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="janus-notebook-planted")
    with leaks.nothing_left(leaks.Outlives(threads={thread}), patience=0):
        thread.start()
    end.set()
    thread.join()


def test_a_thread_that_is_ending_gets_its_time() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="janus-notebook-planted")
    with leaks.nothing_left(leaks.Outlives()):
        thread.start()
        threading.Timer(0.1, end.set).start()
    assert not thread.is_alive()


def test_a_task_of_ours_that_nobody_awaits_is_found() -> None:
    async def leave_a_task() -> None:
        asyncio.get_running_loop().create_task(asyncio.Event().wait(), name="foreign")
        asyncio.get_running_loop().create_task(for_ever(), name="planted")
        await asyncio.sleep(0)

    async def for_ever() -> None:
        await asyncio.Event().wait()

    with leaks.unfinished_tasks(str(Path(__file__).parent)) as found:
        asyncio.run(leave_a_task())
    assert len(found) == 1
    assert "name='planted'" in found[0]
