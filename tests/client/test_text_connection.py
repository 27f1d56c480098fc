"""`TextConnection` against the library it is made of: the same bytes, the same messages, the same end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri
from websockets.utils import apply_mask

from janus_notebook import JanusConnection, JanusConnectionError, JanusSession
from janus_notebook.client.transports.text_connection import TextConnection
from tests.client.scripted import run, scripted, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
FIN, MASKED = 0x80, 0x80
LIMIT = 70_000
PROTOCOL = Subprotocol("janus-protocol")


def frame(head: int, data: bytes = b"", *, mask: bytes | None = None, length: int | None = None) -> bytes:
    """A frame; `length` is what it says, where that is not the truth."""
    bit = 0 if mask is None else MASKED
    said = len(data) if length is None else length
    if said < 126:
        header = bytes((head, bit | said))
    elif said < 65_536:
        header = struct.pack("!BBH", head, bit | 126, said)
    else:
        header = struct.pack("!BBQ", head, bit | 127, said)
    return header + (data if mask is None else mask + apply_mask(data, mask))


class FakeTransport(asyncio.Transport):
    """Takes down what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.written.append(b"EOF")

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def connected(cls: type[ClientConnection], limit: int | None = LIMIT) -> tuple[Any, FakeTransport]:
    """A connection whose handshake is over."""
    protocol = ClientProtocol(parse_uri("ws://far"), state=State.OPEN, max_size=limit)
    connection, transport = cls(protocol, close_timeout=0.05), FakeTransport()
    connection.connection_made(transport)
    connection.response = object()  # type: ignore[assignment]
    if isinstance(connection, TextConnection):
        connection.limit = limit
    return connection, transport


async def outcome(cls: type[ClientConnection], chunks: Sequence[bytes], limit: int | None) -> tuple[Any, ...]:
    """The messages, how it ended, and what was written."""
    connection, transport = connected(cls, limit)
    for chunk in chunks:
        connection.data_received(chunk)
    connection.eof_received()
    connection.connection_lost(None)
    messages: list[bytes] = []
    try:
        while True:
            if isinstance(connection, TextConnection):
                messages.append(await connection.receive_text())
            else:
                received = await connection.recv(decode=False)
                assert isinstance(received, bytes)
                messages.append(received)
    except ConnectionClosed as exc:
        # Each frame of ours has a mask of its own, so the lengths are compared.
        return messages, exc.rcvd, exc.sent, exc.rcvd_then_sent, [len(data) for data in transport.written]


LENGTHS = st.one_of(st.integers(0, 200), st.sampled_from([125, 126, 127, 65_535, 65_536, 65_537]))
PAYLOADS = st.builds(lambda byte, length: bytes([byte]) * length, st.integers(0, 255), LENGTHS)
CONTROLS = st.builds(
    lambda opcode, data: frame(FIN | opcode, data),
    st.sampled_from([PING, PONG]),
    st.binary(max_size=125),
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """One text, whole or in parts, with pings and pongs between them."""
    parts = draw(st.lists(PAYLOADS.filter(lambda data: len(data) < 20_000), min_size=2, max_size=4))
    if draw(st.booleans()):
        return frame(FIN | TEXT, draw(PAYLOADS))
    pieces = []
    for number, part in enumerate(parts):
        head = (TEXT if number == 0 else CONTINUATION) | (FIN if number == len(parts) - 1 else 0)
        pieces += draw(st.lists(CONTROLS, max_size=2))
        pieces.append(frame(head, part))
    return b"".join(pieces)


CLOSES = st.one_of(
    st.builds(
        lambda code, reason: frame(FIN | CLOSE, struct.pack("!H", code) + reason),
        st.sampled_from([1000, 1001, 1005, 999, 3000, 65_535]),
        st.one_of(st.just(b""), st.just(b"bye"), st.just(b"\xff"), st.binary(max_size=123)),
    ),
    st.sampled_from([frame(FIN | CLOSE), frame(FIN | CLOSE, b"1"), frame(CLOSE, b"")]),
)
BROKEN = st.one_of(
    st.builds(lambda data: frame(FIN | TEXT, data, mask=b"mask"), st.binary(max_size=200)),
    st.builds(lambda bits, data: frame(bits, data), st.integers(0, 255), st.binary(max_size=200)).filter(
        lambda data: data[0] & 0x7F != BINARY
    ),
    st.builds(lambda data: frame(FIN | CONTINUATION, data), st.binary(max_size=10)),
    st.builds(lambda data: frame(TEXT, data), st.binary(max_size=10)),
    st.builds(lambda data: frame(FIN | PING, data), st.binary(min_size=126, max_size=130)),
    st.builds(lambda extra: frame(FIN | TEXT, b"x", length=LIMIT + extra), st.sampled_from([1, 2**40])),
    st.builds(lambda: frame(TEXT, b"x" * (LIMIT - 1)) + frame(FIN | CONTINUATION, b"xx")),
    st.binary(max_size=12).filter(lambda data: not data or data[0] & 0x7F != BINARY),
)
STREAMS = st.lists(st.one_of(messages(), messages(), CONTROLS, CLOSES, BROKEN), max_size=6).map(b"".join)


@st.composite
def chunked(draw: st.DrawFn) -> list[bytes]:
    """A stream, cut anywhere; often near where a frame begins."""
    stream = draw(STREAMS)
    cuts = sorted(draw(st.sets(st.one_of(st.integers(0, len(stream)), st.integers(0, 12)), max_size=8)))
    ends = [cut for cut in cuts if cut < len(stream)]
    return [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]


def binary_in(chunks: Iterable[bytes]) -> bool:
    """Whether the library finds a message of bytes there: that is where ours differs, see below."""
    protocol = ClientProtocol(parse_uri("ws://far"), state=State.OPEN, max_size=LIMIT)
    for chunk in chunks:
        protocol.receive_data(chunk)
    return any(
        event.opcode is Opcode.BINARY for event in protocol.events_received() if isinstance(event, Frame)
    )


@pytest.mark.parametrize("limit", [LIMIT, None])
def test_the_same_as_the_library(limit: int | None) -> None:
    with asyncio.Runner() as runner:

        @settings(max_examples=150 if limit else 50, deadline=None)
        @given(chunks=chunked())
        def compare(chunks: list[bytes]) -> None:
            assume(not binary_in(chunks))
            ours, theirs = (
                runner.run(outcome(cls, chunks, limit)) for cls in (TextConnection, ClientConnection)
            )
            assert ours == theirs

        compare()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_texts_of_every_length_cut_at_every_place(size: int) -> None:
    stream = (
        frame(FIN | TEXT, b"a" * size) + frame(TEXT, b"b" * size) + frame(FIN | CONTINUATION, b"c" * size)
    )

    async def main() -> None:
        for cut in [*range(1, min(30, len(stream))), size + 2, size + 4, size + 10, len(stream) - 1]:
            connection, _ = connected(TextConnection, None)
            connection.data_received(stream[:cut])
            connection.data_received(stream[cut:])
            assert await connection.receive_text() == b"a" * size
            assert await connection.receive_text() == b"b" * size + b"c" * size
            connection.connection_lost(None)

    run(main())


@pytest.mark.parametrize("head", [FIN | BINARY, BINARY])
def test_a_message_of_bytes_ends_the_connection(head: int) -> None:
    """The library takes one; to Janus's clients it is nothing, and nobody would ever read it."""

    async def main() -> None:
        chunks = [frame(FIN | TEXT, b"{}"), frame(head, b"bytes"), frame(FIN | TEXT, b"{}")]
        texts, rcvd, sent, *_ = await outcome(TextConnection, chunks, LIMIT)
        assert (texts, rcvd) == ([b"{}"], None)
        assert (sent.code, sent.reason) == (1003, "bytes instead of a text")

    run(main())


def test_a_text_is_delivered_as_it_arrives() -> None:
    async def main() -> None:
        connection, _ = connected(TextConnection)
        delivered: list[bytes] = []
        connection.deliver = delivered.append
        connection.data_received(frame(FIN | TEXT, b"1") + frame(FIN | TEXT, b"2")[:2])
        assert delivered == [b"1"]
        connection.data_received(b"2")
        assert delivered == [b"1", b"2"]
        connection.connection_lost(None)
        with pytest.raises(ConnectionClosed):
            await connection.receive_text()
        with pytest.raises(ConnectionClosed):
            await connection.send_text(b"{}")

    run(main())


def test_requests_that_follow_from_one_read_go_out_in_one_write() -> None:
    async def main() -> None:
        connection, transport = connected(TextConnection)
        tasks: list[asyncio.Task[None]] = []
        connection.deliver = lambda text: tasks.append(asyncio.create_task(connection.send_text(text)))
        connection.data_received(b"".join(frame(FIN | TEXT, bytes([65 + n])) for n in range(3)))
        await asyncio.gather(*tasks)
        await asyncio.sleep(0)
        (written,) = transport.written
        assert len(written) == 3 * 7
        for n in range(3):
            head, length, *masked = written[7 * n : 7 * n + 7]
            assert (head, length) == (FIN | TEXT, MASKED | 1)
            assert apply_mask(bytes(masked[4:]), bytes(masked[:4])) == bytes([65 + n])
        # One text alone goes out at once.
        connection.data_received(frame(FIN | TEXT, b"D"))
        await tasks[-1]
        assert len(transport.written) == 2
        # What is gathered when the connection closes has nowhere to go.
        connection.data_received(frame(FIN | TEXT, b"E") + frame(FIN | TEXT, b"F") + frame(FIN | CLOSE))
        count = len(transport.written)
        connection.connection_lost(None)
        results = await asyncio.gather(*tasks[-2:], return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionClosedOK] * 2
        assert transport.written[count:] == []

    run(main())


def test_a_full_buffer_holds_the_writer_back() -> None:
    async def main() -> None:
        connection, _ = connected(TextConnection)
        connection.pause_writing()
        writing = asyncio.create_task(connection.send_text(b"{}"))
        await asyncio.sleep(0)
        assert not writing.done()
        connection.resume_writing()
        await writing
        connection.connection_lost(None)

    run(main())


def test_masks_differ() -> None:
    async def main() -> None:
        connection, transport = connected(TextConnection)
        for _ in range(3000):  # more than are fetched at once
            await connection.send_text(b"")
        masks = {data[2:] for data in transport.written}
        assert len(masks) > 2990
        assert {len(mask) for mask in masks} == {4}
        connection.connection_lost(None)

    run(main())


@pytest.mark.parametrize(
    "bytes_", [frame(FIN | CLOSE), frame(FIN | TEXT, mask=b"mask")], ids=["close", "odd"]
)
def test_a_peer_that_closes_but_does_not_go(bytes_: bytes) -> None:
    """It is given the close timeout, not for ever."""

    async def main() -> None:
        connection, transport = connected(TextConnection)
        reading = asyncio.create_task(connection.receive_text())
        await asyncio.sleep(0)
        connection.data_received(bytes_)
        await until(lambda: transport.aborted)
        connection.connection_lost(None)
        with pytest.raises(ConnectionClosed):
            await reading

    run(main())


# -- the handshake ----------------------------------------------------------------------------------


@asynccontextmanager
async def raw_server(behind: bytes, *, status: bytes = b"101 Switching Protocols") -> AsyncIterator[str]:
    """Answers a handshake byte by byte, and with the last of them sends `behind`."""

    serving: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        digest = hashlib.sha1(key.split(b": ")[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        answer = (
            b"HTTP/1.1 " + status + b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: janus-protocol\r\nSec-WebSocket-Accept: "
            + base64.b64encode(digest)
            + b"\r\n\r\n"
        )
        for at in range(len(answer) - 2):
            writer.write(answer[at : at + 1])
            await asyncio.sleep(0)
        writer.write(answer[-2:] + behind)
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*filter(None, serving))


def test_texts_right_behind_the_handshake() -> None:
    async def main() -> None:
        behind = frame(FIN | TEXT, b"1") + frame(FIN | PING) + frame(FIN | TEXT, b"23")[:3]
        async with (
            raw_server(behind) as url,
            connect(
                url, create_connection=TextConnection, subprotocols=[PROTOCOL], close_timeout=0.1
            ) as connection,
        ):
            assert isinstance(connection, TextConnection)
            assert await connection.receive_text() == b"1"
            connection.data_received(b"3")
            assert await connection.receive_text() == b"23"
            await connection.close()

    run(main())


@pytest.mark.parametrize("behind", [b"", b"no\r\n\r\n" + frame(FIN | TEXT, b"1")])
def test_no_frames_behind_a_refusal(behind: bytes) -> None:
    async def main() -> None:
        refusal = b"404 Not Found\r\nContent-Length: %d" % len(behind)
        async with raw_server(behind, status=refusal) as url:
            with pytest.raises(InvalidHandshake, match="404"):
                await connect(url, create_connection=TextConnection, subprotocols=None)
            with pytest.raises(JanusConnectionError, match="404"):
                await JanusConnection(url).open()

    run(main())


def test_a_server_that_sends_bytes_is_given_up() -> None:
    async def main() -> None:
        async with scripted() as server, JanusSession(server.url, recover=None) as session:
            server.connections[0].transport.write(frame(FIN | BINARY, b"{}"))
            await until(lambda: session.state == "lost")

    run(main())
