"""Each step against servers that are scripted: what is found, what is not tried, what is left behind."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.server import serve

from janus_notebook import JanusOptionError, PracticeGateway
from janus_notebook.doctor import Check, Diagnosis, diagnose, neighbours
from tests.client.scripted import run, scripted, until
from tests.doctor.certificates import certificate

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ECHOTEST: dict[str, Any] = {"janus.plugin.echotest": {}}


@pytest.fixture(autouse=True)
def nobody_at_the_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs on this machine beside the tests is not asked."""
    monkeypatch.setattr(neighbours, "USUAL", {})


def look(url: str, **options: Any) -> Diagnosis:
    return run(diagnose(url, **{"media": False, "timeout": 5.0, **options}))


def untried(found: Diagnosis) -> set[str]:
    return {check.name for check in found.checks if check.status == "not tried"}


@asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a TCP server on loopback that does `handler` with each connection, then closes it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (OSError, EOFError):
            pass  # the other side has gone
        finally:
            writer.transport.abort()

    before = asyncio.all_tasks()
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await until(lambda: asyncio.all_tasks() <= before)  # those of its connections


async def answer_404(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if not (await reader.read(1000)).startswith(b"GET"):
        return
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n")
    await writer.drain()
    await reader.read()


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(1000):
        pass


def test_a_healthy_server_and_the_order_of_the_steps() -> None:
    seen: list[Check] = []

    async def main() -> Diagnosis:
        async with scripted() as server:
            server.info["plugins"] = ECHOTEST
            found = await diagnose(server.url, media=False, on_check=seen.append)
            assert server.verbs() == ["info", "create", "destroy"]
        return found

    found = run(main())
    assert found.exit_code == 0
    assert seen == found.checks
    assert [check.name for check in found.checks if check.status == "ok"] == [
        *("url", "name", "port", "answer", "janus", "secret", "plugins")
    ]
    assert all(check.seconds is not None for check in found.checks if check.status == "ok")
    assert not untried(found)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:8188", "ws://localhost:8188"),
        ("wss:/host", "wss:/host"),
        ("", "must be a URL"),
        ("ws://host:port", "ws://host:port"),
        ("ftp://host", "ftp"),
        ("ws://user:hidden@[host", "is not a URL"),
    ],
)
def test_what_is_no_url(url: str, said: str) -> None:
    found = look(url)
    assert found.fault == found.check("url")
    assert said in found.fix
    assert "hidden" not in str(found)
    assert {"name", "port", "answer", "secret"} <= untried(found)


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    found = look("ws://jnaus.example:8188")
    assert found.fault == found.check("name")
    assert "Correct the host name 'jnaus.example'" in found.fix


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(*_args: object, **_options: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    found = look("ws://janus.example:8188", timeout=0.05)
    assert found.fault == found.check("name")
    assert "name server" in found.fix


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_a_wrong_port() -> None:
    port = free_port()
    found = look(f"ws://127.0.0.1:{port}")
    assert found.fault == found.check("port")
    assert found.check("port").seen == f"no connection to 127.0.0.1:{port}: Connection refused"
    assert f"Correct the port {port} in the URL" in found.fix


def test_a_wrong_port_where_a_janus_has_its_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> Diagnosis:
        async with scripted() as server:
            monkeypatch.setattr(neighbours, "USUAL", {int(server.url.rpartition(":")[2]): "ws"})
            found = await diagnose(f"ws://127.0.0.1:{free_port()}", media=False)
            assert f"Use {server.url}: a Janus answers there" in found.fix
        return found

    assert run(main()).exit_code == 1


def test_a_plain_http_server() -> None:
    async def main(scheme: str) -> Diagnosis:
        async with listening(answer_404) as port:
            return await diagnose(f"{scheme}://127.0.0.1:{port}", media=False, timeout=5.0)

    for scheme, said in (("ws", "it is a plain HTTP server (HTTP 404)"), ("http", "not Janus's HTTP")):
        found = run(main(scheme))
        assert found.fault == found.check("answer")
        assert said in found.fix


def test_a_websocket_that_is_not_januss() -> None:
    async def main() -> Diagnosis:
        async with serve(lambda connection: connection.wait_closed(), "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            return await diagnose(f"ws://127.0.0.1:{port}", media=False, timeout=5.0)

    found = run(main())
    assert found.fault == found.check("answer")
    assert "does not speak the subprotocol 'janus-protocol'" in found.fix


@pytest.mark.parametrize("scheme", ["ws", "http", "wss"])
def test_a_server_that_takes_connections_and_says_nothing(scheme: str) -> None:
    async def main() -> Diagnosis:
        async with listening(say_nothing) as port:
            return await diagnose(f"{scheme}://127.0.0.1:{port}", media=False, timeout=0.3)

    found = run(main())
    assert found.fault == found.check("tls" if scheme == "wss" else "answer")
    assert found.fault is not None
    assert "within 0.3 s" in found.fault.seen
    assert "Find out what listens at 127.0.0.1" in found.fix


@pytest.mark.parametrize(
    ("name", "days", "known", "said"),
    [
        ("localhost", 90, False, "is self-signed"),
        ("localhost", -1, True, "Renew the certificate of localhost"),
        ("localhost", 5, True, "it expires in 5 days"),
        ("elsewhere.example", 90, True, "Use a name of the certificate (elsewhere.example)"),
        ("localhost", 400, True, "the clocks of this machine"),
    ],
)
def test_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, days: int, known: bool, said: str
) -> None:
    context, file = certificate(tmp_path, name=name, days=days)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", file)

    async def main() -> Diagnosis:
        async with listening(say_nothing, context) as port:
            return await diagnose(f"wss://localhost:{port}", media=False, timeout=2.0)

    found = run(main())
    check = found.check("tls")
    assert said in check.fix
    assert check.status == ("warning" if days == 5 else "failed")


def test_a_certificate_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", file)

    async def main() -> Diagnosis:
        async with listening(say_nothing, context) as port:
            return await diagnose(f"https://localhost:{port}/janus", media=False, timeout=1.0)

    found = run(main())
    assert found.check("tls").status == "ok"
    assert found.check("tls").seen.endswith("the certificate is trusted")
    assert found.fault == found.check("answer")


def test_no_tls_there_but_a_janus() -> None:
    async def main() -> None:
        async with scripted() as server:
            found = await diagnose(server.url.replace("ws:", "wss:"), media=False)
            assert found.fault == found.check("tls")
            assert f"Use {server.url}" in found.fix

    run(main())


def test_an_answer_that_is_not_januss() -> None:
    async def main(answer: list[Any]) -> Diagnosis:
        async with scripted() as server:
            server.on["info"] = lambda request: [server.reply(request, **one) for one in answer]
            return await diagnose(server.url, media=False, timeout=0.3)

    for answer, said in (
        ([{"janus": "success"}], "does not speak the Janus API"),
        ([], "it says nothing"),
        ([{"janus": "server_info", "accepting-new-sessions": False}], "accept_new_sessions"),
    ):
        found = run(main(answer))
        assert found.fault == found.check("janus")
        assert said in found.fix


def test_an_old_janus_is_a_warning_and_its_name_is_harmless() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.info |= {
                "name": "Janus \x1b[2J\u202e",
                "version": 93,
                "version_string": "0.9.3",
                "server-name": "\0" + "x" * 1_000_000,
                "plugins": "none",
            }
            found = await diagnose(server.url, media=False)
            assert found.check("janus").status == "warning"
            assert "Update Janus 0.9.3 to 1.x" in found.fix
            assert str(found).replace("\n", "").isprintable()
            assert len(str(found)) < 5_000

    run(main())


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ({}, "Give the server's api_secret"),
        ({"api_secret": "not-that"}, "Correct the server's api_secret"),
        ({"token": "not-that"}, "Give the server's api_secret"),
    ],
)
def test_secrets(given: dict[str, str], fix: str) -> None:
    async def main() -> None:
        async with PracticeGateway(api_secret="open-sesame") as gateway:
            found = await diagnose(gateway.ws_url, media=False, **given)  # type: ignore[arg-type]  # strings
            assert found.fault == found.check("secret")
            assert fix in found.fix
            assert "not-that" not in found.to_json()
            well = await diagnose(gateway.ws_url, media=False, api_secret="open-sesame")
            assert well.exit_code == 0
            assert gateway.sessions == ()

    run(main())


def test_tokens() -> None:
    async def main() -> None:
        async with PracticeGateway(token_auth=True) as gateway:
            found = await diagnose(gateway.http_url, media=False)
            assert "Give a token that the server knows" in found.fix

    run(main())


def test_plugins_that_are_missing() -> None:
    async def main() -> None:
        async with scripted() as server:
            found = await diagnose(server.url, plugins=["sip", "videoroom"], media=False)
            assert found.fault == found.check("plugins")
            assert "Install and enable janus.plugin.sip, janus.plugin.videoroom" in found.fix
            found = await diagnose(server.url)
            assert "Install and enable janus.plugin.echotest" in found.fix
            assert found.check("candidates").status == "not tried"

    run(main())


def test_the_practice_gateways_admin_api() -> None:
    async def main() -> None:
        async with PracticeGateway() as gateway:
            for admin, said in (
                ({"admin_url": gateway.admin_url, "admin_secret": gateway.admin_secret}, "All is well"),
                ({"admin_url": gateway.admin_url, "admin_secret": "not-that"}, "refuses this one"),
                ({"admin_url": gateway.admin_url}, "asks for it"),
                ({"admin_url": f"http://127.0.0.1:{free_port()}/admin"}, "Turn the Admin API on"),
                ({"admin_url": "nothing"}, "Correct the URL of the Admin API"),
            ):
                found = await diagnose(gateway.ws_url, media=False, **admin)  # type: ignore[arg-type]  # strings
                assert said in found.fix

    run(main())


def test_wrong_arguments_raise_before_anything_is_opened() -> None:
    for arguments in ({"timeout": 0}, {"plugins": [""]}, {"pin_timeout": 3}, {"open_timeout": -1}):
        with pytest.raises(JanusOptionError):
            look("ws://127.0.0.1:1", **arguments)
    with pytest.raises(JanusOptionError, match="must be a text"):
        run(diagnose(8188))  # type: ignore[arg-type]  # on purpose


def test_an_echotest_that_answers_oddly() -> None:
    pytest.importorskip("aiortc")

    async def main() -> None:
        async with scripted() as server:
            server.info["plugins"] = ECHOTEST

            async def found_with(odd: dict[str, Any] | None, timeout: float = 10.0) -> Check:
                def answer(request: dict[str, Any]) -> list[Any]:
                    return [] if odd is None else [server.event(request, echotest="event") | odd]

                server.on["message"] = answer
                found = await diagnose(server.url, timeout=timeout)
                assert found.fault == found.check("candidates")
                return found.check("candidates")

            assert "without an SDP" in (await found_with({})).seen
            assert "'answer'" in (await found_with({"jsep": {"type": "offer", "sdp": "?"}})).seen
            assert "its janus.plugin.echotest does not answer" in (await found_with(None, 0.3)).fix
            with pytest.raises(JanusOptionError):
                await diagnose(server.url, ice_servers=[{"urls": "nothing"}])

    run(main())


def test_cancelled_it_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with scripted() as server:
            server.info["plugins"] = ECHOTEST
            server.on["attach"] = lambda _request: []
            asked = asyncio.Event()
            steps: list[Check] = []

            def note(check: Check) -> None:
                steps.append(check)
                if check.name == "admin":
                    asked.set()

            looking = asyncio.create_task(diagnose(server.url, timeout=60.0, on_check=note))
            await asked.wait()
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking
            assert server.verbs()[-1] == "destroy"
            assert steps[-1].name == "admin"

    run(main())


def test_a_unix_socket(tmp_path: Path) -> None:
    found = look(f"unix://{tmp_path}/none.sock")
    assert found.fault == found.check("port")
    assert "none.sock" in found.fix
    (tmp_path / "file").touch()
    assert "is not a socket" in look(f"unix://{tmp_path}/file").fix


def test_a_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:hidden@127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    found = look("http://janus.example:8088/janus")
    assert found.check("name").status == found.check("port").status == "skipped"
    assert "the proxy http://***@127.0.0.1" in found.fix
    assert "hidden" not in found.to_json()
