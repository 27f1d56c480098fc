"""IPython in a terminal, Python's own asyncio REPL, and pipes: text forms, lines as they come, no escapes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from janus_notebook.panels.terminal import ERASE
from tests.kernel.harness import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from janus_notebook.gateway import LocalGateway

pytestmark = [pytest.mark.kernel, pytest.mark.live]

LONGEST = 60


def environment(gateway: LocalGateway, home: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JANUS_", "IPYTHON"))}
    return kept | {
        "PYTHONPATH": str(CHECKOUT),
        "IPYTHONDIR": home,
        "HOME": home,
        "JANUS_URL": gateway.ws_url,
        "TERM": "xterm",
        "COLUMNS": "100",
    }


class Terminal:
    """IPython in a pseudo-terminal."""

    def __init__(self, environment: dict[str, str]) -> None:
        options: Any = environment
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"],
            env=options,
            encoding="utf-8",
            timeout=LONGEST,
            dimensions=(40, 100),
            echo=False,
            # A shell's background job ignores interrupts, and so would all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.prompt()

    def prompt(self) -> str:
        """Wait for the next prompt; return what came before it."""
        self.child.expect(r"In \[\d+\]: ")
        return str(self.child.before)

    def run(self, line: str) -> str:
        """Type a line and return what it printed."""
        self.child.sendline(line)
        return self.prompt()


@pytest.fixture
def terminal(gateway: LocalGateway) -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(environment(gateway, home))
        yield terminal
        terminal.child.sendline("exit")
        terminal.child.expect(pexpect.EOF)
        terminal.child.close()
        assert terminal.child.exitstatus == 0


def test_ipython_in_a_terminal(terminal: Terminal) -> None:
    assert "Traceback" not in terminal.run("%load_ext janus_notebook")
    terminal.run("session = await connect(); echo = await session.attach('echotest')")
    shown = terminal.run("session")
    assert "Janus session" in shown
    assert "● connected" in shown
    assert "janus.plugin.echotest" in shown
    assert "◇ attached" in terminal.run("echo")
    assert "new → attached" in terminal.run("%janus events echo")
    assert "\x1b" not in shown

    # Lines come while it waits, and Ctrl-C ends that and nothing else.
    later = "import threading; threading.Timer(1, lambda: echo.configure(bitrate=123456)).start()"
    terminal.run(later)
    terminal.child.sendline("%janus events echo --follow")
    terminal.child.expect("new → attached")
    terminal.child.expect("bitrate=123456")
    terminal.child.expect("result=ok")
    terminal.child.sendintr()
    assert "Traceback" not in terminal.prompt()
    assert "'attached'" in terminal.run("echo.state")

    # A wait says what it is for, and leaves nothing behind.
    terminal.run("import asyncio")
    wait = "await asyncio.gather(echo.events(['media']).get(timeout=2), return_exceptions=True)"
    waited = terminal.run(f"_ = {wait}; print('clean')")
    assert re.search(r"waiting for [^\r\n]+, 1 s", waited)
    assert f"{ERASE}clean" in waited

    threads = "import threading; print(sorted(t.name for t in threading.enumerate()))"
    assert "janus-notebook" in terminal.run(threads)
    terminal.run("%unload_ext janus_notebook")
    assert "janus-notebook" not in terminal.run(threads)


def run_python(gateway: LocalGateway, home: Path, *arguments: str, code: str) -> str:
    """Feed `code` to a Python whose input and output are pipes."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=code,
        env=environment(gateway, str(home)),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert "\x1b" not in done.stdout
    return done.stdout


def test_ipython_in_a_pipe(gateway: LocalGateway, tmp_path: Path) -> None:
    code = (
        "%load_ext janus_notebook\nsession = await connect()\nsession\n"
        "import threading; threading.Timer(1, session.destroy).start()\n%janus events --follow\n"
    )
    shown = run_python(
        gateway,
        tmp_path,
        *("-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"),
        code=code,
    )
    assert "● connected" in shown
    assert "connecting → connected" in shown
    assert "connected → closed" in shown  # which ends the following


def test_the_asyncio_repl(gateway: LocalGateway, tmp_path: Path) -> None:
    code = (
        "from janus_notebook import connect\nsession = await connect()\nprint(session.state)\nsession\n"
        "echo = await session.attach('echotest')\necho\nprint((await session.destroy())['janus'])\n"
    )
    shown = run_python(gateway, tmp_path, "-m", "asyncio", code=code)
    assert "connected" in shown
    assert "success" in shown


def test_a_script(gateway: LocalGateway, tmp_path: Path) -> None:
    """The session is left open: the process still ends by itself."""
    code = "from janus_notebook import connect\nsession = connect().result(20)\nprint(session)\n"
    assert "connected" in run_python(gateway, tmp_path, "-", code=code)
