"""Sessions in a real kernel: they outlive busy cells, survive interrupts, and leave nothing behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from janus_notebook.gateway import LocalGateway
from tests.admin import admin, assert_empty, sessions
from tests.kernel.conftest import SESSION_TIMEOUT_SECONDS
from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.live]

# What a person would notice as the Stop button not working.
STOP_SECONDS = 1.0
# The most that may pass until Janus has forgotten a kernel that is gone.
GONE_SECONDS = 15.0

ATTACHED = "session = await connect()\necho = await session.attach('echotest')"
OUR_THREADS = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('janus')]"


def running(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_ended(pid: int, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while running(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs after {seconds} s"
        time.sleep(0.05)


def test_a_call_can_be_awaited_or_blocked_on_or_left_alone(kernel: Kernel) -> None:
    kernel.run(ATTACHED).check()
    kernel.run("awaited = await echo.configure(video=False)").check()
    kernel.run("blocked = echo.configure(video=True).result(5)").check()
    kernel.run("alone = echo.configure(bitrate=0)").check()
    kernel.wait_until("alone.done()")
    assert kernel.value("[r['result'] for r in (awaited, blocked, alone.result())]") == ["ok"] * 3


def test_a_cell_that_blocks_longer_than_the_session_timeout_loses_nothing(
    kernel: Kernel, gateway: LocalGateway
) -> None:
    kernel.run(ATTACHED).check()
    session_id, handle_id = kernel.value("(session.id, echo.id)")
    kernel.run("import time; time.sleep(30)", timeout=60).check()
    assert 2 * SESSION_TIMEOUT_SECONDS < 30
    assert kernel.value("(session.state, session.id, echo.state, echo.id)") == (
        "connected",
        session_id,
        "attached",
        handle_id,
    )
    kernel.run("await echo.configure(video=True)").check()
    assert admin(gateway, "list_handles", session_id=session_id)["handles"] == [handle_id]


@pytest.mark.parametrize(
    "cell",
    ["await echo.wait_for('slowlink', timeout=60)", "echo.wait_for('slowlink', timeout=60).result()"],
)
def test_stop_ends_a_long_wait_and_the_handle_works_afterwards(kernel: Kernel, cell: str) -> None:
    kernel.run(ATTACHED).check()
    kernel.start(f"print('waiting')\n{cell}")
    kernel.wait_for_output("waiting")
    began = time.monotonic()
    kernel.interrupt()
    result = kernel.finish()
    assert time.monotonic() - began < STOP_SECONDS
    assert result.error_name in ("CancelledError", "KeyboardInterrupt")
    assert len(result.traceback.splitlines()) == 1, result.traceback
    assert kernel.run("(await echo.configure(video=True))['result']").check().text == "'ok'"


def test_stop_ends_publish_at_any_moment_and_the_handle_can_publish_afterwards(kernel: Kernel) -> None:
    kernel.run(ATTACHED).check()
    kernel.run("from janus_notebook.media import require_media; require_media()").check()
    for delay in (0.0, 0.02, 0.05, 0.1):
        kernel.start("print('publishing')\nawait echo.publish()\nawait echo.wait_for('slowlink', timeout=60)")
        kernel.wait_for_output("publishing")
        time.sleep(delay)  # the moments of a negotiation: nothing announces them
        began = time.monotonic()
        kernel.interrupt()
        result = kernel.finish()
        assert time.monotonic() - began < STOP_SECONDS
        assert result.error_name in ("CancelledError", "KeyboardInterrupt"), result
        # It may have come about just before the interrupt.
        kernel.run("if echo.tracks: await echo.hangup()").check()
    kernel.run("await echo.publish()\nframe = await echo.track('video').snapshot()", timeout=30).check()
    assert kernel.value("frame.shape") == (480, 640, 3)


def test_destroy_leaves_nothing(kernel: Kernel, gateway: LocalGateway) -> None:
    kernel.run(f"{ATTACHED}\nawait echo.publish()").check()
    assert len(sessions(gateway)) == 1
    kernel.run("answer = await session.destroy()").check()
    assert kernel.value("answer['janus']") == "success"
    assert sessions(gateway) == []
    assert kernel.value("(session.state, echo.state, session.plugins)") == ("closed", "detached", ())
    assert kernel.value("(await session.destroy()) == answer")


def test_unloading_the_extension_leaves_nothing(kernel: Kernel, gateway: LocalGateway) -> None:
    kernel.run("gateway = get_ipython().run_line_magic('janus', 'serve')").check()
    pid = kernel.value("gateway.pid")
    kernel.run(ATTACHED).check()
    kernel.run("other = await connect(__import__('os').environ['JANUS_URL'])\nawait echo.publish()").check()
    assert len(sessions(gateway)) == 1
    assert kernel.value(OUR_THREADS)
    kernel.run("%unload_ext janus_notebook").check()
    assert sessions(gateway) == []
    assert not running(pid)
    assert kernel.value(OUR_THREADS) == []
    assert "janus_notebook is not loaded. Load it" in (kernel.run("%janus status").traceback or "")
    # And again: loading, connecting and unloading can be repeated.
    kernel.run(f"%load_ext janus_notebook\n{ATTACHED}").check()
    kernel.run("%reload_ext janus_notebook").check()
    assert kernel.value(OUR_THREADS) == []
    assert sessions(gateway) == []


def test_restarting_the_kernel_leaves_nothing(kernel: Kernel, gateway: LocalGateway) -> None:
    kernel.run("gateway = get_ipython().run_line_magic('janus', 'serve')").check()
    pid = kernel.value("gateway.pid")
    kernel.run(f"await connect({gateway.ws_url!r})\n{ATTACHED}\nawait echo.publish()").check()
    kernel.restart()
    wait_until_ended(pid)
    assert_empty(gateway, GONE_SECONDS)
    kernel.run("%load_ext janus_notebook").check()
    kernel.run(f"{ATTACHED}\nawait echo.publish()").check()


def test_a_killed_kernel_leaves_nothing(kernel: Kernel, gateway: LocalGateway) -> None:
    kernel.run("gateway = get_ipython().run_line_magic('janus', 'serve')").check()
    pid = kernel.value("gateway.pid")
    kernel.run(f"await connect({gateway.ws_url!r})\n{ATTACHED}\nawait echo.publish()").check()
    kernel.kill()
    wait_until_ended(pid)
    assert_empty(gateway, GONE_SECONDS)


def test_a_gateway_that_dies_is_told_to_its_sessions(kernel: Kernel) -> None:
    kernel.run("gateway = get_ipython().run_line_magic('janus', 'serve')").check()
    kernel.run(ATTACHED).check()
    kernel.run("import os, signal; os.kill(gateway.pid, signal.SIGKILL)").check()
    kernel.wait_until("session.state == 'lost'")
    assert kernel.value("echo.state") == "detached"
    result = kernel.run("await echo.configure(video=True)")
    assert result.error_name == "JanusStateError"
    assert len(result.traceback.splitlines()) == 1
    kernel.wait_until("any('local gateway ended' in e.summary for e in session.events if e.kind == 'error')")
    kernel.run("%janus serve").check()
    kernel.run(ATTACHED).check()
