"""The Unix socket fronts: one JSON text per packet, over SOCK_SEQPACKET or SOCK_DGRAM."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from janus_notebook.gateway.practice.fronts.peer import Unconcerned
from janus_notebook.gateway.practice.wire import InvalidJSONError, decode

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook.gateway.practice.misbehaviour import Front, Misbehaviour
    from janus_notebook.gateway.practice.server import PracticeServer
    from janus_notebook.gateway.practice.wire import Message

PACKAGE = "janus.transport.pfunix"
BUFFER = 8192  # Janus's: a request that fills it vanishes
RETRY_SECONDS = 0.002  # a datagram socket cannot be asked when its peer has room again
PLENTY = 1000  # packets that wait before `drained` does


class UnixPeer(Unconcerned, ABC):
    """One client; a `Peer` of the server, an `Outlet` of the faults."""

    transport = PACKAGE
    front: ClassVar[Front]
    once = False

    def __init__(self, server: PracticeServer, faults: Misbehaviour) -> None:
        self._server = server
        self._faults = faults
        self._waiting: deque[bytes] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self.frozen = False
        self.closed = False

    def take(self, data: bytes) -> None:
        """Serve one packet."""
        if len(data) >= BUFFER or self.frozen or self.closed:
            return
        try:
            request = decode(data)
        except InvalidJSONError as exc:
            self._server.refuse_json(self, str(exc))
        else:
            self._server.request(request, self)

    def reply(self, message: Message, verb: str | None) -> None:
        self._faults.send(self, message, verb)

    def event(self, message: Message, verb: str | None) -> None:
        self._faults.send(self, message, verb)

    def write(self, data: bytes) -> None:
        if self.closed or self.frozen:
            return
        self._waiting.append(data)
        if len(self._waiting) == 1:
            self.flush()
        if len(self._waiting) > PLENTY:
            self._room.clear()

    def write_raw(self, data: bytes) -> None:
        raise NotImplementedError("every packet is a frame")

    def write_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        raise NotImplementedError("a packet cannot be cut")

    def freeze(self) -> None:
        self.frozen = True
        self._waiting.clear()
        self._room.set()

    async def drained(self) -> None:
        await self._room.wait()
        await asyncio.sleep(0)

    def flush(self) -> None:
        """Send what waits, as far as the client takes it."""
        while self._waiting and not self.closed:
            try:
                self._put(self._waiting[0])
            except BlockingIOError:
                self._wait_for_room()
                return
            except OSError:  # too long for a packet, or the client is gone: Janus loses it too
                self._lost()
            if self._waiting:
                self._waiting.popleft()
        self._room.set()

    def close(self) -> None:
        self.closed = True
        self._waiting.clear()
        self._room.set()

    @abstractmethod
    def _put(self, data: bytes) -> None:
        """Send one packet. Raises OSError."""

    @abstractmethod
    def _wait_for_room(self) -> None:
        """See to it that `flush` is called again."""

    def _lost(self) -> None:
        self._server.log("a packet could not be delivered")


class SeqPacketPeer(UnixPeer):
    """One connection."""

    front = "unix"

    def __init__(
        self, server: PracticeServer, faults: Misbehaviour, sock: socket.socket, front: UnixSeqPacket
    ) -> None:
        super().__init__(server, faults)
        self._sock = sock
        self._front = front
        asyncio.get_running_loop().add_reader(sock, self._read)

    def session_over(self, session_id: int, *, timed_out: bool) -> None:
        if timed_out:  # Janus closes the whole connection then
            asyncio.get_running_loop().call_soon(self._close_when_flushed)

    def freeze(self) -> None:
        super().freeze()
        if not self.closed:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._sock)
            loop.remove_writer(self._sock)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._sock)
        loop.remove_writer(self._sock)
        self._sock.close()
        self._front.peers.discard(self)
        self._server.peer_gone(self)

    def _close_when_flushed(self) -> None:
        self.flush()
        self.close()

    def _read(self) -> None:
        try:
            data = self._sock.recv(BUFFER)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self.take(data)
        else:
            self.close()

    def _put(self, data: bytes) -> None:
        asyncio.get_running_loop().remove_writer(self._sock)
        self._sock.send(data)

    def _wait_for_room(self) -> None:
        asyncio.get_running_loop().add_writer(self._sock, self.flush)


class UnixSeqPacket:
    """The SOCK_SEQPACKET front at `path`."""

    def __init__(self, path: Path, server: PracticeServer, faults: Misbehaviour) -> None:
        self.path = path
        self.peers: set[SeqPacketPeer] = set()
        self._server = server
        self._faults = faults
        self._listener: socket.socket | None = None

    def open(self) -> None:
        """Raises OSError, on systems without such sockets too."""
        if self._listener is None:
            self._listener = bound(socket.SOCK_SEQPACKET, self.path)
            self._listener.listen(128)
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def shut(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
            self.path.unlink(missing_ok=True)

    def end_connections(self) -> None:
        for peer in list(self.peers):
            peer.close()

    def close(self) -> None:
        self.shut()
        self.end_connections()

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            sock, _ = self._listener.accept()
        except OSError:  # it went away while it waited
            return
        sock.setblocking(False)
        self.peers.add(SeqPacketPeer(self._server, self._faults, sock, self))


class DatagramPeer(UnixPeer):
    """One client, known by the path it has bound. Janus never learns that it is gone."""

    front = "unix+dgram"

    def __init__(
        self, server: PracticeServer, faults: Misbehaviour, address: str | bytes, front: UnixDatagram
    ) -> None:
        super().__init__(server, faults)
        self._address = address
        self._front = front
        self._timer: asyncio.TimerHandle | None = None

    def close(self) -> None:
        super().close()
        if self._timer is not None:
            self._timer.cancel()

    def _put(self, data: bytes) -> None:
        self._front.send(data, self._address)

    def _wait_for_room(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(RETRY_SECONDS, self.flush)

    def _lost(self) -> None:
        super()._lost()
        self._front.peers.pop(self._address, None)  # a new client may bind the path


class UnixDatagram:
    """The SOCK_DGRAM front at `path`."""

    def __init__(self, path: Path, server: PracticeServer, faults: Misbehaviour) -> None:
        self.path = path
        self.peers: dict[str | bytes, DatagramPeer] = {}
        self._server = server
        self._faults = faults
        self._sock: socket.socket | None = None

    def open(self) -> None:
        """Raises OSError."""
        if self._sock is None:
            self._sock = bound(socket.SOCK_DGRAM, self.path)
            asyncio.get_running_loop().add_reader(self._sock, self._read)

    def shut(self) -> None:
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None
            self.path.unlink(missing_ok=True)

    def end_connections(self) -> None:
        """There are none."""

    def close(self) -> None:
        self.shut()
        for peer in self.peers.values():
            peer.close()
        self.peers.clear()

    def send(self, data: bytes, address: str | bytes) -> None:
        if self._sock is not None:
            self._sock.sendto(data, address)

    def _read(self) -> None:
        assert self._sock is not None
        with suppress(BlockingIOError, InterruptedError):
            data, address = self._sock.recvfrom(BUFFER)
            if not address:  # it bound no path: nobody to answer
                return
            peer = self.peers.get(address)
            if peer is None:
                peer = self.peers[address] = DatagramPeer(self._server, self._faults, address, self)
            peer.take(data)


def bound(kind: int, path: Path) -> socket.socket:
    """Return a socket bound to `path`. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, kind)
    try:
        sock.setblocking(False)
        sock.bind(str(path))
    except BaseException:
        sock.close()
        raise
    return sock
