"""The Unix socket transport: one message in each packet, to a Janus on the same machine.

Source: "Unix Sockets Interface" of the Janus documentation and ``janus.transport.pfunix.jcfg`` (``path`` and
``type``). Its 8 kB limit for requests was read in ``janus_pfunix.c`` and seen on a live server.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket as socket_module
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from janus_notebook.client.transports import Transport
from janus_notebook.client.transports.options import check_seconds, check_whole
from janus_notebook.config import mask_url
from janus_notebook.errors import JanusConnectionError, JanusOptionError

__all__ = ["UnixDatagramOptions", "UnixDatagramTransport", "UnixOptions", "UnixTransport"]

# Janus reads a packet into a buffer of this size, and writes a zero byte behind it.
JANUS_BUFFER = 8192
# sockaddr_un.sun_path of Linux, with its final zero byte.
SUN_PATH = 108
# A listener with a full queue is asked again after this many seconds: nothing tells when it has room.
RETRY_SECONDS = 0.02
# After so many packets in a row, others on the loop get their turn.
BURST = 64


@dataclass(frozen=True, kw_only=True)
class UnixOptions:
    """Options of a Unix socket.

    Attributes:
        open_timeout: seconds to connect, where the server's queue of connections is full.
        max_size: largest message in bytes that can be received.
    """

    open_timeout: float = 10.0
    max_size: int = 2**20

    def __post_init__(self) -> None:
        check_seconds("open_timeout", self.open_timeout)
        check_whole("max_size", self.max_size, example=2**20)


@dataclass(frozen=True, kw_only=True)
class UnixDatagramOptions(UnixOptions):
    """Options of a Unix datagram socket: those of `UnixOptions`, and the following.

    Attributes:
        local_path: the path of our own socket, which Janus answers to; None makes one in a new folder
            for this user alone. A Janus of another user needs one it may write to.
    """

    local_path: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.local_path is not None:
            if not isinstance(self.local_path, str) or not self.local_path.startswith("/"):
                raise JanusOptionError(
                    f"local_path must be an absolute path or None, not {self.local_path!r}",
                    hint="For example '/run/user/1000/janus-client.sock'.",
                )
            _check_length(self.local_path)


class UnixTransport(Transport):
    """Carries messages over a Unix socket of type SOCK_SEQPACKET, one connection: ``unix:///path``."""

    options_class = UnixOptions
    options: UnixOptions
    scheme: ClassVar[str] = "unix"
    other_scheme: ClassVar[str] = "unix+dgram"
    kind: ClassVar[socket_module.SocketKind] = socket_module.SOCK_SEQPACKET

    def __init__(self, url: str, options: UnixOptions) -> None:
        super().__init__(url, options)
        parts = urlsplit(url)
        if parts.netloc:
            raise JanusOptionError(
                f"{mask_url(url)!r} has only two slashes, so {mask_url(url).split('/')[2]!r} would be a host",
                hint=f"Write three: {self.scheme}:///{mask_url(url).split('//', 1)[1]}",
            )
        if parts.query or parts.fragment:
            raise JanusOptionError(
                f"{mask_url(url)!r} is more than a path", hint="In a path write ? as %3F and # as %23."
            )
        self._path = unquote(parts.path)
        if self._path.strip("/") == "" or "\0" in self._path:
            raise JanusOptionError(
                f"{mask_url(url)!r} names no socket", hint=f"For example '{self.scheme}:///run/janus.sock'."
            )
        _check_length(self._path)
        self._socket: socket_module.socket | None = None
        self._buffer = bytearray()
        self._burst = 0
        self._writing = asyncio.Lock()
        self._waiting: list[Callable[[], None]] = []

    async def open(self) -> None:
        sock = self._socket = socket_module.socket(socket_module.AF_UNIX, self.kind)
        sock.setblocking(False)
        self._buffer = bytearray(self.options.max_size)
        self._prepare(sock)
        try:
            async with asyncio.timeout(self.options.open_timeout):
                while True:
                    try:
                        sock.connect(self._path)
                        return
                    except BlockingIOError:
                        await asyncio.sleep(RETRY_SECONDS)
        except TimeoutError as exc:
            raise JanusConnectionError(
                f"{self.url} did not take a connection within {self.options.open_timeout:g} s",
                hint="Is the server alive?",
            ) from exc
        except OSError as exc:
            raise self._open_error(exc) from exc

    def _prepare(self, sock: socket_module.socket) -> None:
        """Do what a socket of this type needs before it connects."""

    def _open_error(self, exc: OSError) -> JanusConnectionError:
        path = self._path
        if isinstance(exc, FileNotFoundError | NotADirectoryError):
            return JanusConnectionError(
                f"there is no socket {path}",
                hint="Is Janus running, with its Unix socket transport (pfunix) enabled at this path?",
            )
        if isinstance(exc, ConnectionRefusedError):
            if not Path(path).is_socket():
                return JanusConnectionError(f"{path} is not a socket", hint="Check the path.")
            return JanusConnectionError(
                f"nobody listens at {path}", hint="Its server has ended, and left the socket behind."
            )
        if isinstance(exc, PermissionError):
            return JanusConnectionError(
                f"this user may not use the socket {path}",
                hint="Check the rights of the file and its folders.",
            )
        if exc.errno == errno.EPROTOTYPE:
            return JanusConnectionError(
                f"the socket {path} is of another type than {self.kind.name}",
                hint=f"Write {self.other_scheme}://{path}, or check 'type' in janus.transport.pfunix.jcfg.",
            )
        return JanusConnectionError(f"can't connect to {path}: {exc.strerror}", hint="Check the path.")

    async def send(self, data: bytes) -> None:
        """Write one JSON text.

        Raises:
            JanusOptionError: it has 8,192 bytes or more. Janus would cut it off, and mostly say nothing.
            JanusConnectionError: the server has gone.
        """
        if len(data) >= JANUS_BUFFER:
            raise JanusOptionError(
                f"the request has {len(data)} bytes, and Janus's Unix socket transport loses "
                f"those of {JANUS_BUFFER} or more",
                hint="WebSocket and HTTP have no such limit.",
            )
        async with self._writing:  # one at a time may wait until there is room
            while True:
                sock = self._open_socket()
                try:
                    sock.send(data)
                    return
                except BlockingIOError:
                    await self._ready(sock, writing=True)
                except OSError as exc:
                    raise self._lost(exc) from exc

    async def receive(self) -> bytes:
        while True:
            sock = self._open_socket()
            try:
                size, _, flags, _ = sock.recvmsg_into([self._buffer])
            except BlockingIOError:
                self._burst = 0
                await self._ready(sock, writing=False)
                continue
            except OSError as exc:
                raise self._lost(exc) from exc
            if flags & socket_module.MSG_TRUNC:
                raise JanusConnectionError(
                    f"{self.url} sent a message of more than max_size={self.options.max_size} bytes",
                    hint="Pass a larger max_size.",
                )
            if size == 0:
                if self.kind == socket_module.SOCK_DGRAM:
                    continue  # an empty packet is nothing
                raise JanusConnectionError(
                    f"{self.url} closed the connection",
                    hint="Janus does so when it ends, and when one of the connection's sessions times out.",
                )
            self._burst += 1
            if self._burst >= BURST:
                self._burst = 0
                await asyncio.sleep(0)
            return bytes(memoryview(self._buffer)[:size])

    async def _ready(self, sock: socket_module.socket, *, writing: bool) -> None:
        """Wait until there is something to read, or room to write, or the socket is closed."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        descriptor = sock.fileno()
        if writing:
            loop.add_writer(descriptor, wake)
        else:
            loop.add_reader(descriptor, wake)
        self._waiting.append(wake)
        try:
            await ready
        finally:
            self._waiting.remove(wake)
            if sock.fileno() >= 0:
                (loop.remove_writer if writing else loop.remove_reader)(descriptor)

    def _open_socket(self) -> socket_module.socket:
        if self._socket is None:
            raise JanusConnectionError(f"the connection to {self.url} was closed on our side")
        return self._socket

    def _lost(self, exc: OSError) -> JanusConnectionError:
        return JanusConnectionError(
            f"the connection to {self.url} was lost: {exc.strerror}", hint="Has Janus ended?"
        )

    async def close(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock)
            loop.remove_writer(sock)
            sock.close()
        for wake in tuple(self._waiting):
            wake()


class UnixDatagramTransport(UnixTransport):
    """Carries messages over a Unix socket of type SOCK_DGRAM: ``unix+dgram:///path``.

    Nobody tells that the server has gone: the next request finds out. And Janus drops what a client is
    too slow to read (280 messages were seen to wait), which ``unix://`` never does.
    """

    options_class = UnixDatagramOptions
    options: UnixDatagramOptions
    keeps_sessions = True
    scheme = "unix+dgram"
    other_scheme = "unix"
    kind = socket_module.SOCK_DGRAM

    def __init__(self, url: str, options: UnixDatagramOptions) -> None:
        super().__init__(url, options)
        self._folder: str | None = None
        self._bound: str | None = None

    def _prepare(self, sock: socket_module.socket) -> None:
        """Give the socket a path of its own: without one Janus has nowhere to answer to."""
        path = self.options.local_path
        try:
            if path is None:
                self._folder = tempfile.mkdtemp(prefix="janus-notebook-")
                path = f"{self._folder}/client.sock"
                _check_length(path)
            sock.bind(path)
            self._bound = path
        except OSError as exc:
            raise JanusConnectionError(
                f"no socket could be made at {path}: {exc.strerror}",
                hint="Pass local_path= with a path that is free, in a folder that you may write to.",
            ) from exc

    async def close(self) -> None:
        await super().close()
        bound, self._bound = self._bound, None
        if bound is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(bound)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _check_length(path: str) -> None:
    size = len(os.fsencode(path))
    if size >= SUN_PATH:
        raise JanusOptionError(
            f"the path {path!r} has {size} bytes, and a Unix socket's has at most {SUN_PATH - 1}",
            hint="Use a shorter one, or a symbolic link to its folder.",
        )
