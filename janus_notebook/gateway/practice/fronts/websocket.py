"""The WebSocket front (RFC 6455), with the subprotocol ``janus-protocol``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from janus_notebook.gateway.practice.fronts.peer import Unconcerned
from janus_notebook.gateway.practice.fronts.streams import StreamConnection
from janus_notebook.gateway.practice.wire import InvalidJSONError, decode_several

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.misbehaviour import Front, Misbehaviour
    from janus_notebook.gateway.practice.server import PracticeServer
    from janus_notebook.gateway.practice.wire import Message

PACKAGE = "janus.transport.websockets"
SUBPROTOCOL = "janus-protocol"
GOING_AWAY = 1001
# Its own would show every message, secrets included, to who logs at DEBUG.
SILENT = logging.Logger("silent", logging.CRITICAL + 1)
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class WebSocketConnection(Unconcerned, StreamConnection):
    """One WebSocket: a `Peer` of the server, an `Outlet` of the faults."""

    transport = PACKAGE
    front: Front = "ws"
    once = False

    def __init__(self, server: PracticeServer, faults: Misbehaviour) -> None:
        super().__init__()
        self._server = server
        self._faults = faults
        self._socket = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=None, logger=SILENT)
        self._fragments: list[bytes | bytearray] = []
        self.on_lost = self._gone

    # -- from the client ----------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.frozen:
            return
        self._socket.receive_data(data)
        for event in self._socket.events_received():
            if isinstance(event, Request):
                self._open(event)
            elif isinstance(event, Frame) and event.opcode in DATA:
                self._fragments.append(bytes(event.data))
                if event.fin:
                    text = b"".join(self._fragments)
                    self._fragments.clear()
                    self._take(text)
            if self.frozen or not self.is_open:
                return
        self._flush()

    def eof_received(self) -> bool:
        return self.frozen  # True leaves our side open: nobody is to notice anything

    def _open(self, request: Request) -> None:
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
        if SUBPROTOCOL not in [one.strip() for one in offered]:
            self._server.log("a WebSocket without the subprotocol janus-protocol was dropped")
            self.end()  # as Janus does: without a word
            return
        self._socket.send_response(self._socket.accept(request))

    def _take(self, text: bytes) -> None:
        try:
            values = decode_several(text)
        except InvalidJSONError as exc:
            self._server.refuse_json(self, str(exc))
            return
        for value in values:
            self._server.request(value, self)

    def _gone(self) -> None:
        self._server.peer_gone(self)

    # -- to the client ------------------------------------------------------------------------

    def reply(self, message: Message, verb: str | None) -> None:
        self._faults.send(self, message, verb)

    def event(self, message: Message, verb: str | None) -> None:
        self._faults.send(self, message, verb)

    def write(self, data: bytes) -> None:
        if self._may_write():
            self._socket.send_text(data)
            self._flush()

    def write_raw(self, data: bytes) -> None:
        self.put(data)

    def write_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        if self._may_write():
            self._flush()
            self._socket.send_text(data)
            self.put_cut(b"".join(self._socket.data_to_send()), at, reset=reset)

    def say_goodbye(self) -> None:
        """Close with a close frame."""
        if self._may_write():
            self._socket.send_close(GOING_AWAY)
            self._flush()
            self.end(flush=True)

    def _may_write(self) -> bool:
        return self.is_open and not self.frozen and self._socket.state is State.OPEN

    def _flush(self) -> None:
        for data in self._socket.data_to_send():
            if data:
                self.put(data)
            else:  # the protocol's sign for an end of stream
                self.end(flush=True)
