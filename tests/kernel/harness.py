"""A real ipykernel for tests: run cells, interrupt, restart, read values back.

::

    with Kernel() as kernel:
        result = kernel.run("1 + 1")
        assert result.text == "2"
        kernel.start("import time; time.sleep(60)")
        kernel.interrupt()
        assert kernel.finish().error_name == "KeyboardInterrupt"

The kernel's environment holds this checkout first in ``PYTHONPATH``, an empty IPython
profile, and none of the caller's ``PYTHON*`` switches, ``JANUS_*`` or ``IPYTHON*`` settings.
"""

from __future__ import annotations

import ast
import os
import re
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, Self

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CHECKOUT = Path(__file__).resolve().parents[2]
STARTUP_SECONDS = 60.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Result:
    """What one cell did.

    Attributes:
        stdout, stderr: what was printed while the cell ran, by whatever thread.
        outputs: the outputs in order, as a notebook file holds them (``output_type`` and so on).
        displays: the MIME bundles among them (``display_data`` and ``execute_result``).
        error_name, error_value: class name and text of the exception, or None.
        traceback: as the user sees it, without colours; empty when the cell went well.
        seconds: from sending the cell to the kernel's reply.
    """

    stdout: str = ""
    stderr: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    displays: list[dict[str, Any]] = field(default_factory=list)
    error_name: str | None = None
    error_value: str | None = None
    traceback: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the cell ended without an exception."""
        return self.error_name is None

    @property
    def text(self) -> str | None:
        """The ``text/plain`` of the last display, or None."""
        return self.displays[-1].get("text/plain") if self.displays else None

    def check(self) -> Self:
        """Return self, or fail the test with the cell's own traceback."""
        assert self.ok, f"{self.error_name}: {self.error_value}\n{self.traceback}\n{self.stderr}"
        return self


@dataclass
class _Running:
    """A cell that was sent and has not been finished."""

    msg_id: str
    began: float = field(default_factory=time.monotonic)
    result: Result = field(default_factory=Result)
    idle: bool = False  # the reply and the outputs come on two sockets; this ends the outputs

    def absorb(self, message: dict[str, Any]) -> None:
        kind, content, result = message["msg_type"], message["content"], self.result
        if message["parent_header"].get("msg_id") != self.msg_id:
            return
        if kind == "status":
            self.idle = content["execution_state"] == "idle"
        elif kind == "stream" and content["name"] == "stdout":
            result.stdout += content["text"]
        elif kind == "stream":
            result.stderr += content["text"]
        elif kind in ("display_data", "execute_result"):
            result.displays.append(content["data"])
        elif kind == "clear_output":
            result.displays.clear()
            result.outputs.clear()
        if kind in ("stream", "display_data", "execute_result", "error"):
            result.outputs.append({"output_type": kind, **content})


class Kernel:
    """One ipykernel process and its client; a context manager.

    Args:
        env: variables to add to the kernel's environment.
        cwd: working directory of the kernel; a temporary one by default.

    Attributes:
        messages: every message of the IOPub channel read so far (comm messages too), in order.
    """

    def __init__(self, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        self.env = dict(env or {})
        self.cwd = cwd
        self.messages: list[dict[str, Any]] = []
        self._manager: Any = None
        self._client: Any = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._running: _Running | None = None
        # By the id of their request: `value` may overtake `finish`.
        self._replies: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory(prefix="kernel-test-")
        self._manager = KernelManager(kernel_name="python3", ip="127.0.0.1")
        try:
            self._manager.start_kernel(
                env=self._environment(),
                cwd=str(self.cwd or self._scratch.name),
                extra_arguments=["--IPKernelApp.log_level=ERROR"],  # else each start warns about loopback TCP
            )
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _environment(self) -> dict[str, str]:
        assert self._scratch is not None
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JANUS_", "IPYTHON"))}
        env["PYTHONPATH"] = str(CHECKOUT)
        env["IPYTHONDIR"] = self._scratch.name
        env["XDG_CONFIG_HOME"] = self._scratch.name  # no settings file of whoever runs the tests
        env["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the debugger prints a notice into stderr
        return env | self.env

    def _connect(self) -> None:
        self._replies.clear()  # each client of a manager numbers its requests from the start
        self._client = self._manager.client()
        # No heartbeat: nobody looks at it, and where a busy kernel misses one, it opens a socket anew.
        self._client.start_channels(hb=False)
        self._client.wait_for_ready(timeout=STARTUP_SECONDS)

    def close(self) -> None:
        """Kill the kernel and release sockets and files; idempotent."""
        client, self._client = self._client, None
        manager, self._manager = self._manager, None
        scratch, self._scratch = self._scratch, None
        if client is not None:
            client.stop_channels()
        if manager is not None:
            if manager.has_kernel:
                manager.shutdown_kernel(now=True)
            else:
                manager.cleanup_resources()
        if scratch is not None:
            scratch.cleanup()

    @property
    def pid(self) -> int:
        """Process id of the kernel."""
        return int(self._manager.provisioner.pid)

    def alive(self) -> bool:
        """Whether the kernel process runs."""
        return bool(self._manager.is_alive())

    def run(self, code: str, timeout: float = 30.0) -> Result:
        """Run a cell and wait for its end."""
        self.start(code)
        return self.finish(timeout)

    def start(self, code: str) -> None:
        """Send a cell and return at once; `finish` gives its result."""
        assert self._running is None, "a cell runs already: call finish() first"
        self._running = _Running(self._execute(code))

    def run_in_subshell(self, code: str, timeout: float = 30.0) -> Result:
        """Run a cell in a new subshell, beside a cell that `start` sent."""
        with self.subshell(timeout) as subshell_id:
            return self._finish(_Running(self._execute(code, subshell_id=subshell_id)), timeout)

    @contextmanager
    def subshell(self, timeout: float = 30.0) -> Iterator[str]:
        """A subshell, by its id: a thread with its own loop, which takes what names it."""
        control, session = self._client.control_channel, self._client.session
        control.send(session.msg("create_subshell_request"))
        subshell_id = self._client.get_control_msg(timeout=timeout)["content"]["subshell_id"]
        try:
            yield subshell_id
        finally:
            control.send(session.msg("delete_subshell_request", {"subshell_id": subshell_id}))
            self._client.get_control_msg(timeout=timeout)

    def send_comm(self, comm_id: str, data: dict[str, Any], **header: str) -> None:
        """Say something to a comm, as a page does; `header`: more of the message's header."""
        message = self._client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        message["header"] |= header
        self._client.shell_channel.send(message)

    def wait_for_comm(
        self, comm_id: str, holds: Callable[[dict[str, Any]], bool], timeout: float = 30.0
    ) -> dict[str, Any]:
        """Wait for a message of a comm, while the cell runs that `start` sent; return the whole message."""
        assert self._running is not None, "no cell runs: call start() first"
        deadline = time.monotonic() + timeout
        while True:
            self._take(self._running, deadline)
            message = self.messages[-1]
            ours = message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == comm_id
            if ours and holds(message):
                return message
            assert not self._running.idle, "the cell ended first"

    def _execute(self, code: str, **header: str) -> str:
        content = {"code": code, "silent": False, "allow_stdin": False, "stop_on_error": False}
        message = self._client.session.msg("execute_request", content)
        message["header"] |= header
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    @property
    def running(self) -> str:
        """The message id of the cell that `start` sent."""
        assert self._running is not None, "no cell runs: call start() first"
        return self._running.msg_id

    def wait_for_output(self, text: str, timeout: float = 30.0) -> None:
        """Wait until the running cell has printed `text`; the way to know that it got somewhere."""
        assert self._running is not None, "no cell runs: call start() first"
        deadline = time.monotonic() + timeout
        while text not in self._running.result.stdout:
            assert not self._running.idle, f"the cell ended without printing {text!r}"
            self._take(self._running, deadline)

    def start_sleeping(self, marker: Path) -> None:
        """Send a cell that sleeps for a minute, and return when it certainly does; `marker` is a new file.

        An interrupt that comes while a cell prints can be lost inside the kernel's own output code.
        """
        touch = f"threading.Timer(0.2, open, ({str(marker)!r}, 'x')).start()"
        self.start(f"import threading, time\n{touch}\ntime.sleep(60)")
        deadline = time.monotonic() + 10
        while not marker.exists():
            assert time.monotonic() < deadline, "the cell did not start"
            time.sleep(0.01)

    def finish(self, timeout: float = 30.0) -> Result:
        """Wait for the end of the cell that `start` sent."""
        assert self._running is not None, "no cell runs: call start() first"
        running, self._running = self._running, None
        return self._finish(running, timeout)

    def _finish(self, running: _Running, timeout: float) -> Result:
        result = running.result
        deadline = time.monotonic() + timeout
        content = self._reply(running.msg_id, deadline)["content"]
        result.seconds = time.monotonic() - running.began
        if content["status"] != "ok":
            result.error_name = content.get("ename", content["status"])
            result.error_value = content.get("evalue", "")
            result.traceback = _COLOURS.sub("", "\n".join(content.get("traceback", [])))
        while not running.idle:
            self._take(running, deadline)
        return result

    def value(self, expression: str, timeout: float = 30.0) -> Any:
        """Evaluate an expression (``await`` is allowed) and return its value, which must be a literal."""
        # Silent: neither the history nor the cell hooks see it.
        code = f"_harness_value = (\n{expression}\n)"
        msg_id = self._client.execute(code, silent=True, user_expressions={"value": "repr(_harness_value)"})
        content = self._reply(msg_id, time.monotonic() + timeout)["content"]
        if content["status"] != "ok":
            raise AssertionError(f"{expression}: {content.get('ename')}: {content.get('evalue')}")
        return ast.literal_eval(ast.literal_eval(content["user_expressions"]["value"]["data"]["text/plain"]))

    def wait_until(self, expression: str, timeout: float = 10.0) -> Any:
        """Evaluate an expression until it is true and return its value; fail after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not (value := self.value(expression)):
            assert time.monotonic() < deadline, f"still {value!r} after {timeout} s: {expression}"
            time.sleep(0.02)
        return value

    def complete(self, code: str, timeout: float = 30.0) -> list[str]:
        """What the Tab key offers at the end of `code`."""
        content = self._reply(self._client.complete(code, len(code)), time.monotonic() + timeout)["content"]
        found: list[str] = content["matches"]
        return found

    def inspect(self, code: str, timeout: float = 30.0) -> str:
        """What Shift-Tab shows at the end of `code`, without colours; "" for nothing."""
        msg_id = self._client.inspect(code, len(code))
        content = self._reply(msg_id, time.monotonic() + timeout)["content"]
        return _COLOURS.sub("", content["data"].get("text/plain", ""))

    def interrupt(self) -> None:
        """Do what the Stop button does."""
        self._manager.interrupt_kernel()

    def restart(self) -> None:
        """Restart the kernel as the user interface does: an orderly shutdown, then a new process."""
        self._running = None
        self._client.stop_channels()
        self._manager.restart_kernel(now=False)
        self._connect()

    def kill(self) -> None:
        """SIGKILL, as the kernel's crash."""
        self._running = None
        self._manager.signal_kernel(9)
        deadline = time.monotonic() + 10.0
        while self.alive():
            assert time.monotonic() < deadline, "the kernel survived SIGKILL"
            time.sleep(0.02)

    def _reply(self, msg_id: str, deadline: float) -> dict[str, Any]:
        while msg_id not in self._replies:
            left = deadline - time.monotonic()
            assert left > 0, "the kernel did not reply in time"
            try:
                message: dict[str, Any] = self._client.get_shell_msg(timeout=min(left, 1.0))
            except Empty:
                assert self.alive(), "the kernel died"
                continue
            self._replies[message["parent_header"].get("msg_id", "")] = message
        return self._replies.pop(msg_id)

    def _take(self, running: _Running, deadline: float) -> None:
        message = self._iopub(deadline)
        running.absorb(message)
        if self._running is not None and self._running is not running:
            self._running.absorb(message)

    def _iopub(self, deadline: float) -> dict[str, Any]:
        try:
            message: dict[str, Any] = self._client.get_iopub_msg(
                timeout=max(deadline - time.monotonic(), 0.1)
            )
        except Empty:
            raise AssertionError("the kernel's outputs did not end in time") from None
        self.messages.append(message)
        return message
