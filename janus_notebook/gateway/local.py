"""`LocalGateway`: the real ``janus`` of this machine, started for this process alone."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from janus_notebook.config import MASK
from janus_notebook.errors import JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway import logs, probe
from janus_notebook.gateway.configuration import (
    LONGEST_SOCKET_PATH,
    LOOPBACK,
    Configuration,
    Ports,
    Settings,
)
from janus_notebook.gateway.process import GuardedProcess
from janus_notebook.gateway.tokens import TokenStore
from janus_notebook.gateway.values import require_seconds

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

PREFIX = "janus-notebook-"
# Starts, each on other ports. A transport is lost when another program takes a port in between, or to a
# race in Janus itself (probe.answers_over_unix): one start in fifteen, with log_level=0 one in three.
ATTEMPTS = 8
INSTALL_JANUS = (
    "On Debian or Ubuntu: sudo apt-get install janus. With Docker: docker run --rm --network host "
    "canyan/janus-gateway, then connect to ws://localhost:8188."
)
HOW_TO_GET_JANUS = (
    "Without it: PracticeGateway(), or JanusSession('wss://host/janus') for a server elsewhere; in a "
    "notebook %janus serve --practice, or %janus connect wss://host/janus, or set JANUS_URL. "
    f"{INSTALL_JANUS}"
)


def is_installed() -> bool:
    """Whether there is a ``janus`` on the PATH."""
    return shutil.which("janus") is not None


class LocalGateway(TokenStore):
    """A Janus server on 127.0.0.1 that lives as long as this process at most.

    It has a configuration of its own in a temporary folder: free ports, every installed plugin,
    the WebSocket, HTTP and Unix socket transports, the Admin API with a random secret, and the
    demo rooms 1234. It ends with `stop`, or when this process ends in whatever way.

    What Janus records under a name without a folder lands in the working directory that this process had
    when the gateway was started: in a notebook beside the notebook.

    Args:
        binary: path or name of the server's program; None looks for ``janus`` on the PATH.
        session_timeout: seconds without a request after which Janus drops a session; 0 is never.
        reclaim_session_timeout: seconds a session outlives its lost connection; 0 is not at all.
        full_trickle: whether Janus trickles its own ICE candidates.
        api_secret: what every request has to carry as ``apisecret``; None asks for nothing.
        token_auth: whether requests need a token: a stored one (`add_token`), or with `token_auth_secret`
            a signed one.
        unix_type: ``SOCK_SEQPACKET`` or ``SOCK_DGRAM``: a Janus has one Unix socket, of one type.
        log_level: 0 (nothing) to 7 (everything).
        settings: more for Janus's own configuration files: name of the file without ``.jcfg``, category
            and key, such as ``{"janus.plugin.videoroom": {"general": {"string_ids": True}}}``.
        start_timeout: seconds that janus has for its start.

    Raises:
        JanusOptionError: a value that Janus does not take.
    """

    def __init__(
        self,
        *,
        binary: str | os.PathLike[str] | None = None,
        session_timeout: int = 60,
        reclaim_session_timeout: int = 0,
        full_trickle: bool = True,
        api_secret: str | None = None,
        token_auth: bool = False,
        token_auth_secret: str | None = None,
        unix_type: str = "SOCK_SEQPACKET",
        log_level: int = 4,
        settings: Settings | None = None,
        start_timeout: float = 15.0,
    ) -> None:
        super().__init__()
        if not isinstance(binary, str | os.PathLike | None):
            raise JanusOptionError(f"binary={binary!r}: expected a path or name, or None for janus")
        require_seconds("start_timeout", start_timeout, positive=True)
        self._configuration = Configuration(
            session_timeout=session_timeout,
            reclaim_session_timeout=reclaim_session_timeout,
            full_trickle=full_trickle,
            log_level=log_level,
            settings=settings or {},
            api_secret=api_secret,
            token_auth=token_auth,
            token_auth_secret=token_auth_secret,
            unix_type=unix_type,
        )
        self._binary = None if binary is None else os.fspath(binary)
        self._start_timeout = start_timeout
        self._turn = asyncio.Lock()
        self._process: GuardedProcess | None = None
        self._ports: Ports | None = None
        self._admin_secret = ""
        self._info: dict[str, Any] = {}
        self._exit_reason: str | None = None
        self._last_log = ""

    # -- what it is ---------------------------------------------------------------------------

    @property
    def ws_url(self) -> str:
        """URL for the ``janus-protocol`` WebSocket."""
        return f"ws://{LOOPBACK}:{self._address('websockets').ws}"

    @property
    def http_url(self) -> str:
        """URL of the Janus API over HTTP."""
        return f"http://{LOOPBACK}:{self._address('http').http}/janus"

    @property
    def unix_url(self) -> str:
        """``unix://`` or ``unix+dgram://``, as `unix_type` says."""
        scheme = "unix+dgram" if self._configuration.unix_type == "SOCK_DGRAM" else "unix"
        return f"{scheme}://{quote(str(self._folder()))}/janus.sock"

    @property
    def admin_url(self) -> str:
        """URL of the Admin API over HTTP; each request carries `admin_secret`."""
        return f"http://{LOOPBACK}:{self._address('http').admin_http}/admin"

    @property
    def admin_ws_url(self) -> str:
        """URL of the Admin API over WebSocket."""
        return f"ws://{LOOPBACK}:{self._address('websockets').admin_ws}"

    @property
    def admin_unix_url(self) -> str:
        """URL of the Admin API over a Unix socket."""
        return f"unix://{quote(str(self._folder()))}/admin.sock"

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
    def event_handlers(self) -> tuple[str, ...]:
        """Package names of the event handlers that were loaded; none without ``events.broadcast``."""
        return tuple(sorted(self._info.get("events", ())))

    @property
    def pid(self) -> int | None:
        """The process id of janus, or None when it is not running."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether janus runs and has answered."""
        return bool(self._info) and self._alive()

    @property
    def exit_reason(self) -> str | None:
        """Why janus ended by itself, and what its log said then; None if it runs or was stopped."""
        self._alive()
        return self._exit_reason

    @property
    def log_path(self) -> Path | None:
        """Where janus's log is, until `stop`."""
        return None if self._process is None else self._process.log

    def log_lines(self, n: int = 50) -> list[str]:
        """Return the last `n` lines of janus's log without colours and secrets; after `stop` too."""
        lines = (self._log() or self._last_log).splitlines()
        return lines[max(0, len(lines) - n) :]

    def __repr__(self) -> str:
        if self.running:
            url = self.ws_url if "janus.transport.websockets" in self.transports else self.http_url
            return f"<{type(self).__name__} Janus {self.version} at {url}, pid {self.pid}, running>"
        state = "starting" if self._alive() else "stopped"
        return f"<{type(self).__name__} {state if self._exit_reason is None else self._exit_reason}>"

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
            self._exit_reason = None
            binary = self._find_binary()
            deadline = asyncio.get_running_loop().time() + self._start_timeout
            for attempts_left in reversed(range(ATTEMPTS)):
                try:
                    self._info = await self._launch(binary, deadline)
                    break
                except probe.TransportLostError as exc:
                    await self._end()
                    if not attempts_left:
                        text = f"janus did not start with all its transports, {ATTEMPTS} times: {exc}"
                        raise JanusGatewayError(text) from exc
                except BaseException:
                    await self._end()
                    raise
            return self

    async def stop(self) -> None:
        """End janus; return when its processes and its folder are gone. Idempotent.

        Raises:
            JanusGatewayError: its processes could not be ended.
        """
        async with self._turn:
            await self._end()

    async def wait_closed(self) -> str | None:
        """Wait until janus is not running any more; return `exit_reason`. Has no deadline."""
        process = self._process
        while process is not None and process is self._process and self.running:
            await process.news(1.0)
        return self.exit_reason

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

    def _folder(self) -> Path:
        self._address("pfunix")
        assert self._process is not None
        return self._process.folder

    def _find_binary(self) -> str:
        found = shutil.which(self._binary or "janus")
        if found is not None:
            return str(Path(found).absolute())
        if self._binary:
            text = f"{self._binary!r} is not a program that can be run"
            raise JanusGatewayError(text, hint=HOW_TO_GET_JANUS)
        raise JanusGatewayError("Janus is not installed on this machine", hint=HOW_TO_GET_JANUS)

    async def _launch(self, binary: str, deadline: float) -> dict[str, Any]:
        """Start janus on ports that are free; return its info when it is ready."""
        name = f"janus-notebook-{secrets.token_hex(4)}"
        self._admin_secret = secrets.token_urlsafe(24)
        try:
            folder = _make_folder()
            config = folder / "janus.jcfg"
            self._process = GuardedProcess(
                [binary, f"--config={config}", f"--configs-folder={folder}"],
                folder=folder,
                log=folder / "janus.log",
            )
            self._ports = Ports.free()
            self._configuration.write(
                folder, ports=self._ports, admin_secret=self._admin_secret, name=name, binary=binary
            )
            self._process.launch()
        except OSError as exc:
            raise JanusGatewayError(f"janus could not be set up: {exc}") from exc
        log_tells = self._configuration.log_level >= logs.TELLS_TRANSPORTS
        loaded: object = None
        while True:
            info = await probe.ready(
                self._ports,
                name=name,
                folder=folder,
                unix_type=self._configuration.unix_type,
                read_log=self._raw_log,
                log_tells=log_tells,
            )
            if not self._alive():
                raise JanusGatewayError(f"janus did not start: {self._exit_reason}")
            if info is not None:
                if log_tells or info["transports"] == loaded:
                    return info
                loaded = info["transports"]  # more may be on their way: ask again
            if asyncio.get_running_loop().time() > deadline:
                reason = logs.why(self._log())
                text = f"janus did not answer within {self._start_timeout:g} s; its log says: {reason}"
                raise JanusGatewayError(text)
            await self._process.news(0.03)

    def _alive(self) -> bool:
        """Tell whether janus runs, or is being started; notice its end."""
        process = self._process
        if process is None:
            return False
        process.listen()
        if process.end_reason is not None and self._exit_reason is None:
            said = "" if process.killed else f"; its log says: {logs.why(self._log())}"
            self._exit_reason = process.end_reason + said
        return process.end_reason is None and not process.ending

    def _raw_log(self) -> str:
        return "" if self._process is None else logs.tail(self._process.log)

    def _log(self) -> str:
        """Return the end of the log without the secrets that Janus writes at its higher levels."""
        text = self._raw_log()
        for secret in (self._admin_secret, *self._configuration.secrets, *self._given_tokens):
            text = text.replace(secret, MASK) if secret else text
        return text

    async def _end(self) -> None:
        """End what runs; `exit_reason` stays what it was before, since the end is our own wish."""
        process = self._process
        if process is None:
            return
        self._alive()  # it may have ended by itself before
        self._last_log = self._log() or self._last_log
        self._info = {}
        await process.end()
        self._process = self._ports = None


def _make_folder() -> Path:
    """Return a new folder for this user alone, with a path short enough for Unix sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    if len(str(folder)) <= LONGEST_SOCKET_PATH - len("/janus.sock"):
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
