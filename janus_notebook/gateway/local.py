"""`LocalGateway`: the real ``janus`` of this machine, started for this process alone."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway import guard, logs, probe
from janus_notebook.gateway.configuration import (
    LONGEST_SOCKET_PATH,
    LOOPBACK,
    TRANSPORTS,
    Configuration,
    Ports,
)

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

ATTEMPTS = 3  # starts, each on other ports, when another program takes a port in between
STOP_TIMEOUT = guard.GRACE + 3.0
HOW_TO_GET_JANUS = (
    "On Debian or Ubuntu: sudo apt-get install janus. With Docker: docker run --rm --network host "
    "canyan/janus-gateway, then %janus connect ws://localhost:8188. A server elsewhere: "
    "%janus connect wss://host/janus, or set JANUS_URL."
)


class _PortTakenError(Exception):
    """Another program took a port between our choice and janus's start."""


class LocalGateway:
    """A Janus server on 127.0.0.1 that lives as long as this process at most.

    It has a configuration of its own in a temporary folder: free ports, every installed plugin,
    the WebSocket, HTTP and Unix socket transports, the Admin API with a random secret, and the
    demo rooms 1234. It ends with `stop`, or when this process ends in whatever way.

    Args:
        binary: path or name of the server's program; None looks for ``janus`` on the PATH.
        session_timeout: seconds without a request after which Janus drops a session; 0 is never.
        reclaim_session_timeout: seconds a session outlives its lost connection; 0 is not at all.
        full_trickle: whether Janus trickles its own ICE candidates.
        api_secret: what every request has to carry as ``apisecret``; None asks for nothing.
        token_auth: whether requests need a token; with `token_auth_secret`, a signed one.
        log_level: 0 (nothing) to 7 (everything).
        start_timeout: seconds that janus has for its start.

    Raises:
        JanusOptionError: a value that Janus does not take.
    """

    def __init__(
        self,
        *,
        binary: str | None = None,
        session_timeout: int = 60,
        reclaim_session_timeout: int = 0,
        full_trickle: bool = True,
        api_secret: str | None = None,
        token_auth: bool = False,
        token_auth_secret: str | None = None,
        log_level: int = 4,
        start_timeout: float = 15.0,
    ) -> None:
        for name, value in (
            ("session_timeout", session_timeout),
            ("reclaim_session_timeout", reclaim_session_timeout),
        ):
            if value < 0:
                raise JanusOptionError(f"{name}={value!r}: expected 0 or more seconds")
        if not 0 <= log_level <= 7:
            raise JanusOptionError(f"log_level={log_level!r}: expected 0 (nothing) to 7 (everything)")
        if start_timeout <= 0:
            raise JanusOptionError(f"start_timeout={start_timeout!r}: expected more than 0 seconds")
        if token_auth_secret is not None and not token_auth:
            raise JanusOptionError("token_auth_secret without token_auth", hint="Add token_auth=True.")
        self._configuration = Configuration(
            session_timeout=session_timeout,
            reclaim_session_timeout=reclaim_session_timeout,
            full_trickle=full_trickle,
            log_level=log_level,
            api_secret=api_secret,
            token_auth=token_auth,
            token_auth_secret=token_auth_secret,
        )
        self._binary = binary
        self._start_timeout = start_timeout
        self._turn = asyncio.Lock()
        self._reading = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._guard: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._said = b""
        self._folder: Path | None = None
        self._ports: Ports | None = None
        self._name = ""
        self._admin_secret = ""
        self._info: dict[str, Any] = {}
        self._pid: int | None = None
        self._exit_reason: str | None = None
        self._last_log = ""

    # -- what it is ---------------------------------------------------------------------------

    @property
    def ws_url(self) -> str:
        """URL for the ``janus-protocol`` WebSocket."""
        return f"ws://{LOOPBACK}:{self._address('websockets').ws}"

    @property
    def http_url(self) -> str:
        return f"http://{LOOPBACK}:{self._address('http').http}/janus"

    @property
    def unix_url(self) -> str:
        self._address("pfunix")
        return f"unix://{self._folder}/janus.sock"

    @property
    def admin_url(self) -> str:
        """URL of the Admin API over HTTP; each request carries `admin_secret`."""
        return f"http://{LOOPBACK}:{self._address('http').admin_http}/admin"

    @property
    def admin_ws_url(self) -> str:
        return f"ws://{LOOPBACK}:{self._address('websockets').admin_ws}"

    @property
    def admin_unix_url(self) -> str:
        self._address("pfunix")
        return f"unix://{self._folder}/admin.sock"

    @property
    def admin_secret(self) -> str:
        """The random secret of this start's Admin API."""
        self._address()
        return self._admin_secret

    @property
    def version(self) -> str:
        """The server's version, such as ``1.1.2``; empty before the start."""
        return str(self._info.get("version_string", ""))

    @property
    def plugins(self) -> tuple[str, ...]:
        """Package names of the plugins that were loaded, such as ``janus.plugin.echotest``."""
        return tuple(sorted(self._info.get("plugins", ())))

    @property
    def transports(self) -> tuple[str, ...]:
        """Package names of the transports that were loaded, such as ``janus.transport.http``."""
        return tuple(sorted(self._info.get("transports", ())))

    @property
    def pid(self) -> int | None:
        """The process id of janus, or None when it is not running."""
        return self._pid if self.running else None

    @property
    def running(self) -> bool:
        self._listen()
        return self._pid is not None and self._exit_reason is None

    @property
    def exit_reason(self) -> str | None:
        """Why janus ended by itself, with what its log says; None while it runs and after `stop`."""
        self._listen()
        return self._exit_reason

    @property
    def log_path(self) -> Path | None:
        """Where janus's log is; None when there is none. It goes away with `stop`."""
        return None if self._folder is None else self._folder / "janus.log"

    def log_lines(self, n: int = 50) -> list[str]:
        """Return the last `n` lines of janus's log, without colours; after `stop` too."""
        lines = (logs.tail(self.log_path) or self._last_log).splitlines()
        return lines[max(0, len(lines) - n) :]

    def __repr__(self) -> str:
        if not self.running:
            state = "stopped" if self._exit_reason is None else f"ended: {self._exit_reason}"
            return f"<{type(self).__name__} {state}>"
        if not self._info:
            return f"<{type(self).__name__} starting, pid {self._pid}>"
        url = self.ws_url if "janus.transport.websockets" in self.transports else self.http_url
        return f"<{type(self).__name__} Janus {self.version} at {url}, pid {self._pid}, running>"

    # -- what it does -------------------------------------------------------------------------

    async def start(self) -> Self:
        """Start janus and wait until it answers; return self. Does nothing if it runs already.

        Raises:
            JanusGatewayError: there is no ``janus``, it ended at once, or did not answer in time;
                the message holds the line of its log that says why.
        """
        async with self._turn:
            if self.running:
                return self
            await self._end()
            self._clear()
            binary = self._find_binary()
            deadline = asyncio.get_running_loop().time() + self._start_timeout
            for attempts_left in reversed(range(ATTEMPTS)):
                try:
                    self._launch(binary)
                    await self._until_ready(deadline)
                except _PortTakenError as exc:
                    await self._end()
                    if not attempts_left:
                        text = f"janus found its ports taken, {ATTEMPTS} times: {exc}"
                        raise JanusGatewayError(text) from None
                except BaseException:
                    await self._end()
                    raise
                else:
                    break
            return self

    async def stop(self) -> None:
        """End janus; return when its processes and its folder are gone. Idempotent."""
        async with self._turn:
            await self._end()

    async def wait_closed(self) -> str | None:
        """Wait until janus is not running any more; return `exit_reason`. No deadline."""
        while self.running:
            await self._news(1.0)
        return self._exit_reason

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # -- how it does it -----------------------------------------------------------------------

    def _address(self, transport: str | None = None) -> Ports:
        if self._ports is None or not self._info:
            raise JanusStateError("the local gateway is not running", hint="Start it: await gateway.start().")
        if transport is not None and f"janus.transport.{transport}" not in self._info["transports"]:
            raise JanusStateError(f"this Janus was installed without its {transport} transport")
        return self._ports

    def _find_binary(self) -> str:
        found = shutil.which(self._binary or "janus")
        if found is None and self._binary:
            raise JanusGatewayError(
                f"{self._binary!r} is not a program that can be run", hint=HOW_TO_GET_JANUS
            )
        if found is None:
            raise JanusGatewayError("Janus is not installed here", hint=HOW_TO_GET_JANUS)
        return found

    def _launch(self, binary: str) -> None:
        """Write a configuration and start the guard, which starts janus."""
        folder = Path(tempfile.mkdtemp(prefix="janus-notebook-"))  # mode 0700
        if len(str(folder)) > LONGEST_SOCKET_PATH - len("/janus.sock"):
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix="janus-notebook-", dir="/tmp"))  # noqa: S108 (random, 0700)
        self._folder = folder
        self._ports = Ports.free()
        self._name = f"janus-notebook-{secrets.token_hex(4)}"
        self._admin_secret = secrets.token_urlsafe(24)
        config = self._configuration.write(
            folder, ports=self._ports, admin_secret=self._admin_secret, name=self._name, binary=binary
        )
        self._channel, theirs = socket.socketpair()
        log = os.open(folder / "janus.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._guard = subprocess.Popen(  # noqa: S603 (the program the user asked for)
                [sys.executable or "python3", "-I", "-S", guard.__file__, str(folder), str(os.getpid())]
                + [binary, f"--config={config}", f"--configs-folder={folder}"],
                stdin=theirs,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # an interrupt of the kernel's process group is not for janus
            )
        finally:
            os.close(log)
            theirs.close()
        self._channel.setblocking(False)

    async def _until_ready(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._listen()
            if self._exit_reason is not None:
                raise JanusGatewayError(f"janus did not start: {self._exit_reason}")
            log = logs.tail(self.log_path)
            if (line := logs.port_taken(log)) is not None:
                raise _PortTakenError(line)
            if (info := await self._ask(log)) is not None:
                self._info = info
                return
            if loop.time() > deadline:
                text = f"janus did not answer within {self._start_timeout:g} s; its log says: {logs.why(log)}"
                raise JanusGatewayError(text)
            await self._news(0.03)

    async def _ask(self, log: str) -> dict[str, Any] | None:
        """Return the server's info once every transport it has is listening."""
        assert self._ports is not None
        assert self._folder is not None
        # Janus serves requests while it still loads transports, so their files tell what to wait for.
        match = logs.TRANSPORTS_FOLDER.search(log)
        installed = (
            {name for name in TRANSPORTS if Path(match[1], f"libjanus_{name}.so").exists()} if match else None
        )
        info = await probe.info_over_http(self._ports.http)
        if info is None and "http" not in (installed or ()):
            info = await probe.info_over_websocket(self._ports.ws)
        if info is None or info.get("server-name") != self._name:
            return None
        loaded = {name.rpartition(".")[2] for name in info.get("transports", ())}
        waited_for = (installed or set()) - loaded
        if not all(f"'janus.transport.{name}' plugin could not be initialized" in log for name in waited_for):
            return None
        ports = [self._ports.ws, self._ports.admin_ws] if "websockets" in loaded else []
        ports += [self._ports.http, self._ports.admin_http] if "http" in loaded else []
        if not all([await probe.accepts(port) for port in ports]):
            return None
        sockets = [self._folder / "janus.sock", self._folder / "admin.sock"] if "pfunix" in loaded else []
        return info if all(path.exists() for path in sockets) else None

    def _listen(self) -> None:
        """Take in what the guard has said, without waiting."""
        with self._reading:
            while self._channel is not None and self._exit_reason is None:
                try:
                    data = self._channel.recv(4096)
                except BlockingIOError:
                    return
                except ConnectionError:
                    data = b""
                if not data:
                    self._exit_reason = self._explain("its guard process was killed, and janus with it")
                    return
                *lines, self._said = (self._said + data).split(b"\n")
                for line in lines:
                    self._heard(*line.decode(errors="replace").split(" ", 1))

    def _heard(self, word: str, rest: str) -> None:
        if word == "pid":
            self._pid = int(rest)
        elif word == "error":
            self._exit_reason = f"the program could not be run: {rest}"
        elif word == "exit":
            status = int(rest)
            if status < 0:
                self._exit_reason = self._explain(f"it was ended by {signal.Signals(-status).name}")
            else:
                self._exit_reason = self._explain(f"it ended with status {status}")

    def _explain(self, what: str) -> str:
        return f"{what}; its log says: {logs.why(logs.tail(self.log_path))}"

    async def _news(self, timeout: float) -> None:
        """Wait until the guard says something, or for `timeout` seconds."""
        if self._channel is None:
            return
        loop = asyncio.get_running_loop()
        heard = loop.create_future()
        descriptor = os.dup(self._channel.fileno())  # one each: a loop watches a descriptor only once
        try:
            loop.add_reader(descriptor, lambda: heard.done() or heard.set_result(None))
            await asyncio.wait([heard], timeout=timeout)
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    async def _end(self) -> None:
        """End what runs, by way of the guard, and forget it. `exit_reason` is dropped: we ended it."""
        self._last_log = logs.tail(self.log_path) or self._last_log
        if self._channel is not None:
            try:
                self._channel.shutdown(socket.SHUT_WR)  # the guard sees our end
            except OSError:
                pass  # it is gone already
        if self._guard is not None:
            loop = asyncio.get_running_loop()
            for seconds in (STOP_TIMEOUT, 2.0):
                deadline = loop.time() + seconds
                while self._guard.poll() is None and loop.time() < deadline:
                    await asyncio.sleep(0.02)
                if self._guard.poll() is None:
                    self._guard.kill()  # the kernel ends janus with it
            if self._guard.poll() is None:
                raise JanusGatewayError(f"process {self._guard.pid}, which guards janus, could not be ended")
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._channel is not None:
            self._channel.close()
        last_log = self._last_log
        self._clear()
        self._last_log = last_log
