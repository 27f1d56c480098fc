"""`LocalGateway` against the janus of this machine: what it offers, and how its start can fail."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import stat
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from janus_notebook.errors import JanusGatewayError, JanusOptionError, JanusStateError
from janus_notebook.gateway import LocalGateway, local, probe
from janus_notebook.gateway.configuration import LOOPBACK, Ports
from tests.gateways import needs_janus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INFO = {"janus": "info", "transaction": "t"}
live = [pytest.mark.live, needs_janus]


def ask_http(url: str, message: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(message).encode(), {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as answer:
        return dict(json.load(answer))


def ask_ws(url: str, message: dict[str, Any], protocol: str) -> dict[str, Any]:
    with connect(url, subprotocols=[Subprotocol(protocol)]) as connection:
        connection.send(json.dumps(message))
        return dict(json.loads(connection.recv(5)))


def ask_unix(url: str, message: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(5)
        sock.connect(url.removeprefix("unix://"))
        sock.send(json.dumps(message).encode())
        return dict(json.loads(sock.recv(65536)))


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalGateway]:
    with running_gateway(session_timeout=17, full_trickle=True) as gateway:
        yield gateway


class TestRunning:
    pytestmark = live

    def test_it_answers_over_every_transport(self, gateway: LocalGateway) -> None:
        answers = [
            ask_http(gateway.http_url, INFO),
            ask_ws(gateway.ws_url, INFO, "janus-protocol"),
            ask_unix(gateway.unix_url, INFO),
        ]
        for answer in answers:
            assert answer["janus"] == "server_info"
            assert answer["version_string"] == gateway.version
            assert answer["session-timeout"] == 17
            assert answer["full-trickle"] is True
            assert answer["event_handlers"] is False

    def test_its_unix_socket_may_be_one_for_datagrams(self, tmp_path: Path) -> None:
        with (
            running_gateway(unix_type="SOCK_DGRAM") as gateway,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
        ):
            sock.settimeout(5)
            sock.bind(str(tmp_path / "s"))
            sock.connect(gateway.unix_url.removeprefix("unix+dgram://"))
            sock.send(json.dumps(INFO).encode())
            assert json.loads(sock.recv(65536))["janus"] == "server_info"
            folder = Path(gateway.unix_url.removeprefix("unix+dgram://")).parent
            assert sorted(path.name for path in folder.glob("*.sock")) == ["admin.sock", "janus.sock"]

    def test_its_version_is_the_one_of_the_program(self, gateway: LocalGateway) -> None:
        assert re.fullmatch(r"\d+\.\d+\.\d+", gateway.version)
        assert f"({gateway.version})" in gateway.log_lines(1000)[0]

    def test_the_admin_api_wants_the_secret_on_every_transport(self, gateway: LocalGateway) -> None:
        asked: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
            lambda message: ask_http(gateway.admin_url, message),
            lambda message: ask_ws(gateway.admin_ws_url, message, "janus-admin-protocol"),
            lambda message: ask_unix(gateway.admin_unix_url, message),
        ]
        for ask in asked:
            request = {"janus": "list_sessions", "transaction": "t"}
            assert ask(request)["error"]["code"] == 403
            assert ask({**request, "admin_secret": gateway.admin_secret})["sessions"] == []

    def test_every_installed_plugin_is_loaded(self, gateway: LocalGateway) -> None:
        names = {"lua": "janus.plugin.echolua", "duktape": "janus.plugin.echojs"}
        folder = next(
            line.partition(": ")[2] for line in gateway.log_lines(1000) if line.startswith("Plugins folder")
        )
        installed = {
            path.name.removeprefix("libjanus_").removesuffix(".so") for path in Path(folder).glob("*.so")
        }
        assert "echotest" in installed
        if not Path("/usr/share/lua/5.3/json.lua").exists():  # Debian only recommends what the script needs
            installed.discard("lua")
        assert set(gateway.plugins) >= {names.get(name, f"janus.plugin.{name}") for name in installed}

    def test_every_transport_that_needs_no_broker_is_loaded(self, gateway: LocalGateway) -> None:
        assert gateway.transports == (
            "janus.transport.http",
            "janus.transport.pfunix",
            "janus.transport.websockets",
        )

    def test_its_log_has_no_complaint_that_a_configuration_could_remove(self, gateway: LocalGateway) -> None:
        expected = ("Reclaim session timeouts have been disabled", "has been disabled, skipping", "lua")
        complaints = [
            line for line in gateway.log_lines(1000) if line.startswith(("[WARN]", "[ERR]", "[FATAL]"))
        ]
        assert [line for line in complaints if not any(text in line for text in expected)] == []
        assert not any("\x1b" in line for line in gateway.log_lines(1000))

    @pytest.mark.parametrize("plugin", ["videoroom", "audiobridge", "textroom"])
    def test_the_demo_room_is_there(self, gateway: LocalGateway, plugin: str) -> None:
        with connect(gateway.ws_url, subprotocols=[Subprotocol("janus-protocol")]) as connection:

            def ask(**message: Any) -> dict[str, Any]:
                connection.send(json.dumps({"transaction": "t", **message}))
                return dict(json.loads(connection.recv(5)))

            session = ask(janus="create")["data"]["id"]
            handle = ask(janus="attach", session_id=session, plugin=f"janus.plugin.{plugin}")["data"]["id"]
            body = {"request": "exists", "room": 1234}
            answer = ask(janus="message", session_id=session, handle_id=handle, body=body)
            assert answer["plugindata"]["data"]["exists"] is True
            ask(janus="destroy", session_id=session)

    def test_its_folder_is_private_and_no_secret_is_shown(self, gateway: LocalGateway) -> None:
        assert gateway.log_path is not None
        assert stat.S_IMODE(gateway.log_path.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in gateway.log_path.parent.glob("*.*g")} == {0o600}
        arguments = Path(f"/proc/{gateway.pid}/cmdline").read_text()
        for text in (repr(gateway), arguments, *gateway.log_lines(1000)):
            assert gateway.admin_secret not in text

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_a_crash_would_leave_no_core_file(self, gateway: LocalGateway) -> None:
        limits = Path(f"/proc/{gateway.pid}/limits").read_text().splitlines()
        sizes = next(line for line in limits if line.startswith("Max core file size"))
        assert sizes.split()[-3:] == ["0", "0", "bytes"]

    def test_its_repr_is_one_line_of_what_matters(self, gateway: LocalGateway) -> None:
        expected = f"<LocalGateway Janus {gateway.version} at {gateway.ws_url}, pid {gateway.pid}, running>"
        assert repr(gateway) == expected

    def test_a_second_start_changes_nothing(self, gateway: LocalGateway) -> None:
        before = repr(gateway)
        assert asyncio.run(gateway.start()) is gateway
        assert repr(gateway) == before

    def test_two_run_side_by_side(self, gateway: LocalGateway) -> None:
        with running_gateway(session_timeout=23, reclaim_session_timeout=5, full_trickle=False) as other:
            assert {gateway.ws_url, gateway.http_url} & {other.ws_url, other.http_url} == set()
            assert other.admin_secret != gateway.admin_secret
            answer = ask_http(other.http_url, INFO)
            assert (answer["session-timeout"], answer["reclaim-session-timeout"]) == (23, 5)
            assert answer["full-trickle"] is False
        assert gateway.running

    def test_secrets_of_the_api_are_asked_for_and_masked_in_the_log(self) -> None:
        secret = 'a "quoted" \\ secret'
        create = {"janus": "create", "transaction": "t"}
        with running_gateway(
            api_secret=secret, token_auth=True, token_auth_secret="t", log_level=7
        ) as guarded:
            assert ask_http(guarded.http_url, create)["error"]["code"] == 403
            assert ask_http(guarded.http_url, {**create, "apisecret": secret})["janus"] == "success"
            assert ask_http(guarded.http_url, INFO)["auth_token"] is True
            ask_http(
                guarded.admin_url,
                {"janus": "get_status", "transaction": "t", "admin_secret": guarded.admin_secret},
            )
            text = "\n".join(guarded.log_lines(10_000))
            assert guarded.admin_secret not in text

    @pytest.mark.parametrize("log_level", [0, 7])
    def test_it_starts_whatever_its_log_says(self, log_level: int) -> None:
        with running_gateway(log_level=log_level) as gateway:
            assert len(gateway.transports) == 3

    def test_after_stop_its_log_stays_and_its_addresses_go(self) -> None:
        with running_gateway() as gateway:
            folder = gateway.log_path.parent if gateway.log_path else Path()
        assert not folder.exists()
        assert (gateway.running, gateway.pid, gateway.exit_reason, gateway.log_path) == (
            False,
            None,
            None,
            None,
        )
        assert repr(gateway) == "<LocalGateway stopped>"
        assert any("Janus version" in line for line in gateway.log_lines(1000))
        assert len(gateway.log_lines(2)) == 2
        assert gateway.log_lines(0) == []
        with pytest.raises(JanusStateError, match="not running"):
            _ = gateway.ws_url

    def test_it_can_be_started_again(self) -> None:
        gateway = LocalGateway()
        for _ in range(2):
            with_it = asyncio.run(_start_ask_stop(gateway))
            assert with_it["janus"] == "server_info"

    def test_a_unix_socket_that_has_gone_is_told_from_one_that_is_busy(
        self, gateway: LocalGateway, tmp_path: Path
    ) -> None:
        path = Path(gateway.unix_url.removeprefix("unix://"))
        assert asyncio.run(probe.answers_over_unix(path))
        with pytest.raises(probe.TransportLostError):
            asyncio.run(probe.answers_over_unix(tmp_path / "janus.sock"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as busy:
            busy.bind(str(tmp_path / "busy.sock"))
            busy.listen()
            assert not asyncio.run(probe.answers_over_unix(tmp_path / "busy.sock"))

    def test_a_websocket_port_with_nobody_behind_it_is_noticed(
        self, gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(probe, "OPENING", 0.2)
        port = int(gateway.ws_url.rpartition(":")[2])
        asyncio.run(probe.open_websocket(port, "janus-protocol"))
        with pytest.raises(probe.TransportLostError, match=f"port {port}: b''"):
            asyncio.run(probe.open_websocket(port, "another-protocol"))
        with socket.socket() as deaf:
            deaf.bind((LOOPBACK, 0))
            deaf.listen()
            with pytest.raises(probe.TransportLostError, match="TimeoutError"):
                asyncio.run(probe.open_websocket(deaf.getsockname()[1], "janus-protocol"))

    @pytest.mark.parametrize("transport", ["http", "websockets", "pfunix"])
    def test_a_janus_without_one_transport_will_do(self, tmp_path: Path, transport: str) -> None:
        program = _program(
            tmp_path,
            f"""#!/bin/sh
            sed -i s/libjanus_nanomsg.so/libjanus_{transport}.so/ "${{1#--config=}}" && exec janus "$@"
            """,
        )
        with running_gateway(binary=program) as gateway:
            assert len(gateway.transports) == 2
            urls = {"http": "admin_url", "websockets": "admin_ws_url", "pfunix": "admin_unix_url"}
            with pytest.raises(JanusStateError, match=f"without its {transport} transport"):
                getattr(gateway, urls.pop(transport))
            assert all(getattr(gateway, url) for url in urls.values())
            assert "running" in repr(gateway)


async def _start_ask_stop(gateway: LocalGateway) -> dict[str, Any]:
    async with gateway:
        return await asyncio.to_thread(ask_http, gateway.http_url, INFO)


class TestStartFails:
    def test_janus_is_not_installed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(JanusGatewayError) as caught:
            asyncio.run(LocalGateway().start())
        for part in (
            "PracticeGateway()",
            "JanusSession(",
            "sudo apt-get install janus",
            "docker run",
            "%janus connect wss://",
            "JANUS_URL",
        ):
            assert part in str(caught.value)

    def test_the_program_does_not_exist(self) -> None:
        with pytest.raises(JanusGatewayError, match="'/no/janus' is not a program"):
            asyncio.run(LocalGateway(binary="/no/janus").start())

    def test_the_program_cannot_be_run(self, tmp_path: Path) -> None:
        with pytest.raises(JanusGatewayError, match="could not be run: Exec format error"):
            asyncio.run(LocalGateway(binary=_program(tmp_path, "neither machine code nor a script")).start())

    def test_the_program_ends_at_once(self, tmp_path: Path, folders: Callable[[], set[Path]]) -> None:
        gateway = LocalGateway(
            binary=_program(tmp_path, "#!/bin/sh\necho '[FATAL] [a.c:f:1] no luck'\nexit 3\n")
        )
        with pytest.raises(JanusGatewayError, match="it ended with status 3; its log says: no luck"):
            asyncio.run(gateway.start())
        assert not gateway.running
        assert folders() == set()

    def test_the_program_never_answers(self, tmp_path: Path, folders: Callable[[], set[Path]]) -> None:
        program = _program(tmp_path, "#!/bin/sh\necho thinking\nexec sleep 60\n")
        with pytest.raises(JanusGatewayError, match=r"did not answer within 2 s; its log says: thinking"):
            asyncio.run(LocalGateway(binary=program, start_timeout=2).start())
        assert folders() == set()

    @pytest.mark.live
    @needs_janus
    @pytest.mark.parametrize("which", ["ws", "admin_ws", "http", "admin_http"])
    def test_other_ports_are_tried_when_one_was_taken(
        self, which: str, monkeypatch: pytest.MonkeyPatch, folders: Callable[[], set[Path]]
    ) -> None:
        with socket.socket() as taken:
            taken.bind((LOOPBACK, 0))
            taken.listen()
            port = taken.getsockname()[1]
            free, taken_first = Ports.free, [Ports(**{**vars(Ports.free()), which: port})]
            monkeypatch.setattr(Ports, "free", lambda: taken_first.pop() if taken_first else free())
            with running_gateway() as gateway:
                assert not any(f":{port}" in url for url in urls(gateway))
                assert len(gateway.transports) == 3
        assert taken_first == []
        assert folders() == set()

    @pytest.mark.live
    @needs_janus
    def test_ports_that_are_always_taken_are_an_error(
        self, monkeypatch: pytest.MonkeyPatch, folders: Callable[[], set[Path]]
    ) -> None:
        with socket.socket() as taken:
            taken.bind((LOOPBACK, 0))
            taken.listen()
            monkeypatch.setattr(local, "ATTEMPTS", 2)
            ports = Ports(**{**vars(Ports.free()), "admin_http": taken.getsockname()[1]})
            monkeypatch.setattr(Ports, "free", lambda: ports)
            with pytest.raises(JanusGatewayError, match="with all its transports, 2 times: "):
                asyncio.run(LocalGateway().start())
        assert folders() == set()

    @pytest.mark.parametrize("delay", [0.0, 0.02, 0.1])
    def test_a_cancelled_start_leaves_nothing(
        self, tmp_path: Path, delay: float, folders: Callable[[], set[Path]]
    ) -> None:
        gateway = LocalGateway(binary=_program(tmp_path, "#!/bin/sh\nexec sleep 60\n"))

        async def main() -> None:
            starting = asyncio.create_task(gateway.start())
            await asyncio.sleep(delay)  # the cancel has to land in different steps of the start
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting

        began = time.monotonic()
        asyncio.run(main())
        assert time.monotonic() - began < 3
        assert folders() == set()
        assert not gateway.running

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"log_level": 8}, "log_level=8: expected 0 to 7"),
            ({"log_level": "x"}, "log_level='x': expected 0 to 7"),
            ({"start_timeout": 0}, "start_timeout=0: expected more than 0 seconds"),
            ({"start_timeout": "x"}, "start_timeout='x': expected more than 0 seconds"),
            ({"start_timeout": float("nan")}, "start_timeout=nan"),
            ({"binary": 3}, "binary=3: expected a path or name"),
            ({"token_auth_secret": "s3cret"}, "token_auth=True"),
        ],
    )
    def test_wrong_options_are_refused(self, options: dict[str, Any], text: str) -> None:
        with pytest.raises(JanusOptionError, match=re.escape(text)) as caught:
            LocalGateway(**options)
        assert "s3cret" not in str(caught.value)

    def test_before_the_start_there_is_nothing_to_tell(self) -> None:
        gateway = LocalGateway()
        assert repr(gateway) == "<LocalGateway stopped>"
        assert (gateway.version, gateway.plugins, gateway.pid, gateway.log_lines()) == ("", (), None, [])
        with pytest.raises(JanusStateError, match=r"await gateway\.start"):
            _ = gateway.admin_secret
        asyncio.run(gateway.stop())
        assert asyncio.run(gateway.wait_closed()) is None


def urls(gateway: LocalGateway) -> list[str]:
    return [gateway.ws_url, gateway.admin_ws_url, gateway.http_url, gateway.admin_url]


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], set[Path]]]:
    """The folders of gateways that exist; temporary files go to a place of their own meanwhile."""
    with tempfile.TemporaryDirectory(prefix="gw-") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield lambda: set(Path(place).iterdir())


def _program(folder: Path, text: str) -> str:
    path = folder / "janus"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)
