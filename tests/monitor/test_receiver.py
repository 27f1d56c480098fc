"""What arrives at the two ports, good and bad: nothing ends the monitor, everything is counted and said."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from janus_notebook import JanusConnectionError, Monitor
from tests.client.scripted import run, until
from tests.monitor.sender import event

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

GOOD = json.dumps(event(1)).encode()


async def talk(url: str, data: bytes, *, finish: bool = True) -> bytes:
    """Send bytes, return everything that comes back until the connection ends."""
    host, _, port = url.partition("://")[2].partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        if finish:
            writer.write_eof()
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(
    body: bytes, *, method: str = "POST", path: str = "/", length: int | None = None, **headers: str
) -> bytes:
    fields = {"Host": "monitor", "Content-Length": str(len(body) if length is None else length)}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def status(url: str, data: bytes, *, finish: bool = True) -> int:
    answer = await talk(url, data, finish=finish)
    return int(answer.split()[1]) if answer else 0


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def errors(monitor: Monitor) -> list[str]:
    return [entry.summary for entry in monitor.events if entry.kind == "error"]


def numbers(monitor: Monitor) -> list[int]:
    return [e.raw["event"]["data"]["id"] for e in monitor.events if e.direction == "monitor"]


def tried(work: Callable[[Monitor], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run `work` with a monitor; afterwards it must still take a delivery on each port."""

    async def main() -> None:
        async with Monitor(**options) as monitor:
            await work(monitor)
            before = monitor.counters["events"]
            token = basic(f"{options.get('user')}:{options.get('password')}")
            last = json.dumps([event(9998)]).encode()
            assert await status(monitor.http_url, request(last, Authorization=token)) == 200
            async with connect(monitor.ws_url) as socket:
                await socket.send(json.dumps(event(9999)))
                await until(lambda: monitor.counters["events"] == before + 2)
            await until(lambda: monitor.counters["connections"] == 0)

    run(main())


def test_one_object_or_an_array_of_them() -> None:
    async def work(monitor: Monitor) -> None:
        assert repr(monitor).startswith("<Monitor listening at http://127.0.0.1:")
        assert await status(monitor.http_url, request(GOOD)) == 200
        assert monitor.state == "receiving"
        assert await status(monitor.http_url, request(json.dumps([event(2), event(3)]).encode())) == 200
        assert await status(monitor.http_url, request(b" [ ] ")) == 200
        async with connect(monitor.ws_url, subprotocols=[Subprotocol("whatever")]) as socket:
            assert socket.subprotocol == "whatever"
            await socket.send(json.dumps([event(4), event(5)]))
            await socket.send(json.dumps(event(6)).encode())  # binary
            await until(lambda: len(numbers(monitor)) == 6)
        assert numbers(monitor) == [1, 2, 3, 4, 5, 6]
        assert monitor.counters["deliveries"] == 4
        assert monitor.refused == {}
        assert errors(monitor) == []

    tried(work)


def test_several_requests_on_one_connection() -> None:
    async def work(monitor: Monitor) -> None:
        answer = await talk(monitor.http_url, request(GOOD) + request(json.dumps(event(2)).encode()))
        assert answer.count(b"HTTP/1.1 200") == 2
        assert numbers(monitor) == [1, 2]

    tried(work)


def test_the_client_may_ask_first_whether_to_send_the_body() -> None:
    async def work(monitor: Monitor) -> None:
        port = int(monitor.http_url.split(":")[2].strip("/"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(b"", length=len(GOOD), Expect="100-continue"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(GOOD)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()
        assert numbers(monitor) == [1]

    tried(work)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "zlib"])
def test_packed_deliveries(pack: Callable[[bytes], bytes]) -> None:
    async def work(monitor: Monitor) -> None:
        name = "gzip" if pack is gzip.compress else "deflate"
        assert await status(monitor.http_url, request(pack(GOOD), Content_Encoding=name)) == 200
        assert numbers(monitor) == [1]
        bomb = pack(b"[" + b" " * 50_000_000 + b"]")
        assert await status(monitor.http_url, request(bomb, Content_Encoding=name)) == 413
        assert await status(monitor.http_url, request(pack(GOOD)[:-9], Content_Encoding=name)) == 400
        assert await status(monitor.http_url, request(b"not packed", Content_Encoding=name)) == 400
        assert await status(monitor.http_url, request(b"other", Content_Encoding="br")) == 415
        assert monitor.refused == {
            "it is too large": 1,
            "it cannot be unpacked": 2,
            "its encoding is unknown": 1,
        }

    tried(work)


def test_a_delivery_that_comes_twice_counts_once() -> None:
    async def work(monitor: Monitor) -> None:
        for _ in range(3):
            assert await status(monitor.http_url, request(GOOD)) == 200
        assert numbers(monitor) == [1]
        assert monitor.counters["duplicates"] == 2
        assert monitor.counters["refused"] == 0

    tried(work)


def test_the_password_is_asked_for_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    async def work(monitor: Monitor) -> None:
        caplog.set_level("DEBUG")
        good = basic("janus:planted:with-colon")
        assert await status(monitor.http_url, request(GOOD, Authorization=good)) == 200
        wrong = ["janus:planted", "janus:", ":", "", "other:planted:with-colon", "janus:plänted"]
        for text in wrong:
            answer = await talk(monitor.http_url, request(GOOD, Authorization=basic(text)))
            assert answer.startswith(b"HTTP/1.1 401")
            assert b"WWW-Authenticate: Basic" in answer
        for header in ("", "Basic", "Basic ***", good.replace("Basic", "Bearer"), "Basic " + "A" * 9000):
            assert await status(monitor.http_url, request(GOOD, Authorization=header)) == 401
        assert await status(monitor.http_url, request(GOOD)) == 401
        assert monitor.refused == {"its user or password is wrong": len(wrong) + 6}
        # Said the first and the tenth time.
        assert len(errors(monitor)) == 2
        assert "(10 times by now)" in errors(monitor)[1]
        shown = [repr(monitor), *map(str, monitor.events), caplog.text, monitor.configuration()]
        assert "planted" not in "".join(shown)
        assert 'backend_user = "janus"' in monitor.configuration()
        assert 'backend_pwd = "planted:with-colon"' in monitor.configuration(secrets=True)
        assert "backend_pwd" not in monitor.configuration("wsevh", secrets=True)

    tried(work, user="janus", password="planted:with-colon")


BAD = [
    (b"", 400, "it is not JSON"),
    (b"garbage", 400, "it is not JSON"),
    (b'{"type": 1', 400, "it is not JSON"),
    (b"[1, 2", 400, "it is not JSON"),
    (b"\xff\xfe\x00", 400, "it is not JSON"),
    (b'{"type": 1, "event": "\xff"}', 400, "it is not JSON"),
    (b"[" * 100_000, 400, "it is not JSON"),
    (b'{"type":1,"event":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, 400, "it is not JSON"),
    (b'{"type":1,"event":' + b'{"a":' * 200 + b"1" + b"}" * 201, 400, "it is no event"),
    (b"null", 400, "it is no event"),
    (b"7", 400, "it is no event"),
    (b"{}", 400, "it is no event"),
    (b'{"type": "1"}', 400, "it is no event"),
    (b'{"type": true}', 400, "it is no event"),
    (b"[1, {}]", 400, "it is no event"),
]


@pytest.mark.parametrize(("body", "answer", "reason"), BAD, ids=range(len(BAD)))
def test_what_is_no_event_is_refused(body: bytes, answer: int, reason: str) -> None:
    async def work(monitor: Monitor) -> None:
        assert await status(monitor.http_url, request(body)) == answer
        (found,) = monitor.refused
        count = monitor.refused[found]
        assert found in (reason, "it is no event")
        assert found in errors(monitor)[0]
        async with connect(monitor.ws_url) as socket:
            await socket.send(body)
            await until(lambda: monitor.refused[found] == 2 * count)
        assert monitor.counters["events"] == monitor.counters["deliveries"] == 0

    tried(work)


def test_the_good_events_of_a_delivery_are_taken() -> None:
    async def work(monitor: Monitor) -> None:
        body = json.dumps([event(1), {"no": "event"}, event(2)]).encode()
        assert await status(monitor.http_url, request(body)) == 200
        assert numbers(monitor) == [1, 2]
        assert monitor.refused == {"it is no event": 1}

    tried(work)


def test_wrong_requests_are_told_what_is_wrong() -> None:
    async def work(monitor: Monitor) -> None:
        url = monitor.http_url
        assert await status(url, request(GOOD, path="/other")) == 404
        assert await status(url, request(GOOD, path="/?query=is-fine")) == 200
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            assert await status(url, request(b"", method=method)) == 405
        assert await status(url, request(GOOD, Sec_Fetch_Site="cross-site")) == 403
        for bad in (b"garbage\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"):
            assert await status(url, bad, finish=False) == 400
        assert await status(url, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000, finish=False) in (0, 400, 431)
        assert await status(url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", finish=False) in (
            0,
            400,
        )  # TLS
        assert monitor.refused["its path is unknown"] == 1
        assert monitor.refused["it is no POST"] == 4
        assert monitor.refused["it came from a web page"] == 1
        assert monitor.refused["it is not HTTP"] >= 3
        assert monitor.counters["events"] == 1

    tried(work)


def test_a_delivery_that_is_too_large_is_not_kept() -> None:
    async def work(monitor: Monitor) -> None:
        url = monitor.http_url
        assert await status(url, request(b"x" * 20_000), finish=False) == 413
        assert await status(url, request(b"x", length=10**12), finish=False) == 413
        await until(lambda: monitor.refused.get("it is too large") == 2)
        async with connect(monitor.ws_url) as socket:
            await socket.send("x" * 20_000)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        await until(lambda: monitor.refused["it is too large"] == 3)

    tried(work, max_body=10_000)


def test_clients_that_hang_are_dropped_in_time() -> None:
    async def work(monitor: Monitor) -> None:
        url = monitor.http_url
        whole = request(GOOD)
        hanging = [whole[:10], whole[:-5], request(b"", length=50)]
        await asyncio.gather(*(talk(url, data, finish=False) for data in hanging))
        assert monitor.refused == {"it took too long": 3}
        assert await talk(url, b"", finish=False) == b""  # nothing was asked: no word about it
        assert monitor.refused == {"it took too long": 3}
        await talk(monitor.ws_url, b"GET / HTTP/1.1\r\nHost:", finish=False)
        await until(lambda: monitor.refused.get("it is no WebSocket") == 1)

    tried(work, request_timeout=0.3)


def test_connections_that_break_off_are_forgotten() -> None:
    async def work(monitor: Monitor) -> None:
        await talk(monitor.http_url, request(GOOD)[:-5])
        await talk(monitor.http_url, b"")
        await talk(monitor.ws_url, b"garbage")
        await until(lambda: monitor.refused.get("it is no WebSocket") == 1)
        assert monitor.refused == {"its connection broke off": 1, "it is no WebSocket": 1}
        socket = await connect(monitor.ws_url)
        await socket.send(json.dumps(event(5)))
        await until(lambda: numbers(monitor) == [5])
        socket.transport.abort()
        await until(lambda: monitor.counters["connections"] == 0)

    tried(work)


def test_a_websocket_elsewhere_or_from_a_page_is_refused() -> None:
    async def refused(url: str, **options: Any) -> int:
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, **options)
        return caught.value.response.status_code

    async def work(monitor: Monitor) -> None:
        assert await refused(monitor.ws_url + "other") == 404
        page = {"Sec-Fetch-Site": "cross-site", "Origin": "http://page.example"}
        assert await refused(monitor.ws_url, additional_headers=page) == 403
        # libwebsockets, and so wsevh, names an origin of its own.
        async with connect(monitor.ws_url, origin="http://janus"):  # type: ignore[arg-type]  # an alias of str
            pass
        assert monitor.refused == {"its path is unknown": 1, "it came from a web page": 1}
        answer = await talk(monitor.ws_url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", finish=False)
        assert b"426" in answer.split(b"\r\n")[0]
        await until(lambda: monitor.refused.get("it is no WebSocket") == 1)

    tried(work)


def test_a_client_that_breaks_the_websocket_protocol_is_dropped() -> None:
    async def work(monitor: Monitor) -> None:
        socket: ClientConnection
        async with connect(monitor.ws_url) as socket:
            socket.transport.write(b"\xff\xff\xff\xff")
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        await until(lambda: monitor.refused == {"it breaks the WebSocket protocol": 1})

    tried(work)


def test_stopping_ends_whoever_is_there() -> None:
    async def main() -> None:
        monitor = await Monitor().start()
        assert await monitor.start() is monitor
        urls = monitor.http_url, monitor.ws_url
        stream = monitor.events.subscribe()
        sockets = [await connect(monitor.ws_url) for _ in range(3)]
        halves = [asyncio.create_task(talk(url, b"POST", finish=False)) for url in urls]
        await until(lambda: monitor.counters["connections"] == 4)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(monitor.stop(), monitor.stop())
        assert loop.time() - began < 3
        assert monitor.state == "closed"
        await asyncio.gather(*halves)
        for socket in sockets:
            await socket.wait_closed()
        assert [entry async for entry in stream] == []
        with pytest.raises(ConnectionRefusedError):
            await talk(urls[0], GOOD)
        await monitor.start()
        assert (monitor.http_url, monitor.ws_url) == urls
        assert await status(monitor.http_url, request(GOOD)) == 200
        await monitor.stop()

    run(main())


def test_a_port_that_is_taken_is_said() -> None:
    async def main() -> None:
        async with Monitor() as first:
            port = int(first.http_url.split(":")[2].strip("/"))
            for second in (Monitor(port=port), Monitor(ws_port=port)):
                with pytest.raises(JanusConnectionError, match=f"port {port}"):
                    await second.start()
                assert second.state == "new"

    run(main())
