"""Every request of the Admin API against the real Janus, over each of its transports."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusAdmin,
    JanusConnectionError,
    JanusEchoTestPlugin,
    JanusPluginError,
    JanusServerError,
    JanusSession,
)
from tests.client.scripted import run, until
from tests.gateways import janus_before, logged, running_gateway

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

URLS = ("admin_url", "admin_ws_url", "admin_unix_url")


def admin_on(gateway: LocalGateway, url: str = "admin_url") -> JanusAdmin:
    return JanusAdmin(getattr(gateway, url), admin_secret=gateway.admin_secret)


async def code_of(call: Awaitable[Any]) -> int:
    with pytest.raises(JanusServerError) as caught:
        await call
    return caught.value.code


@pytest.mark.parametrize("url", URLS)
def test_each_transport_in_the_success_case_and_with_errors(gateway: LocalGateway, url: str) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session, admin_on(gateway, url) as admin:
            echo = JanusEchoTestPlugin(opaque_id="ours")
            await echo.attach(session)
            assert echo.id is not None
            assert session.id is not None
            info = await admin.info()
            assert (info.version_string, info.janus) == (gateway.version, "server_info")
            assert info.plugins["janus.plugin.echotest"].version > 0
            assert info.unreadable == ()
            assert (await admin.ping()).data.keys() == {"janus", "transaction"}
            assert session.id in await admin.list_sessions()
            assert await admin.list_handles(session.id) == (echo.id,)
            about = await admin.handle_info(session.id, echo.id)
            assert (about.opaque_id, about.state, about.unreadable) == ("ours", "attached", ())
            (handle,) = await admin.handles(session.id)
            assert handle.handle_id == echo.id
            assert session.id in [one.id for one in await admin.sessions()]
            assert await code_of(admin.list_handles(1)) == 458
            assert await code_of(admin.handle_info(session.id, 1)) == 459
            assert await code_of(admin.set_log_level(9)) == 467
            assert await code_of(admin.send({"janus": "nonsense"})) == 457
            with pytest.raises(JanusPluginError) as refused:
                await admin.message_plugin("videoroom", request={"request": "nonsense"})
            assert (refused.value.code, refused.value.name) == (423, "INVALID_REQUEST")
        wrong = JanusAdmin(getattr(gateway, url), admin_secret="wrong")
        async with wrong:
            await wrong.info()
            await wrong.ping()
            assert await code_of(wrong.get_status()) == 403
        async with JanusAdmin(getattr(gateway, url)) as without:
            with pytest.raises(JanusServerError, match=r"Pass admin_secret=\.\.\."):
                await without.get_status()

    run(main())


def test_what_is_no_admin_api(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusAdmin(gateway.http_url, admin_secret="x") as admin:
            with pytest.raises(JanusServerError, match="Is this the URL of the Admin API"):
                await admin.get_status()
        for url in (gateway.ws_url, "http://127.0.0.1:1/admin", "unix:///nowhere"):
            with pytest.raises(JanusConnectionError):
                await JanusAdmin(url).open()

    run(main())


def test_the_settings(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with admin_on(gateway) as admin:
            before = await admin.get_status()
            assert before.unreadable == ()
            # Each is set to another value and back, and get_status tells it.
            for name, status_name, other in (
                ("session_timeout", "session_timeout", 77),
                ("log_level", "log_level", 5),
                ("log_timestamps", "log_timestamps", True),
                ("log_colors", "log_colors", True),
                ("refcount_debug", "refcount_debug", True),
                *([("libnice_debug", "libnice_debug", True)] if janus_before("1.3.2") else []),
                ("min_nack_queue", "min_nack_queue", 333),
                ("nack_optimizations", "nack_optimizations", True),
                ("no_media_timer", "no_media_timer", 3),
                ("slowlink_threshold", "slowlink_threshold", 9),
                ("locking_debug", "locking_debug", True),
            ):
                setter = getattr(admin, f"set_{name}")
                old = getattr(before, status_name)
                assert old != other
                changed = await setter(other)
                assert (changed.value, type(changed.value)) == (other, type(other)), name
                assert getattr(await admin.get_status(), status_name) == other, name
                assert (await setter(old)).value == old
            assert (await admin.get_status()).data == before.data
            for refused in (
                admin.set_session_timeout(-1),
                admin.set_min_nack_queue(-1),
                admin.set_no_media_timer(-1),
                admin.set_slowlink_threshold(-1),
                admin.send({"janus": "set_log_colors", "colors": 1}),
            ):
                assert await code_of(refused) == 467
            assert (await admin.accept_new_sessions(False)).value is False
            try:
                with pytest.raises(JanusServerError, match="472"):
                    await JanusSession(gateway.ws_url).create()
                assert (await admin.info()).accepting_new_sessions is False
            finally:
                await admin.accept_new_sessions(True)

    run(main())


def test_the_modules(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with admin_on(gateway, "admin_ws_url") as admin:
            listed = await admin.message_plugin("textroom", request={"request": "list"})
            assert [room["room"] for room in listed["list"]] == [1234]
            made = await admin.message_plugin(
                "videoroom", request={"request": "create", "room": 99, "secret": "x"}
            )
            assert (made["videoroom"], made["room"]) == ("created", 99)
            destroyed = {"request": "destroy", "room": 99, "secret": "x"}
            assert (await admin.message_plugin("videoroom", request=destroyed))["videoroom"] == "destroyed"
            for refused, code in (
                (admin.message_plugin("nothing", request={"request": "list"}), 460),
                (admin.message_plugin("sip", request={"request": "list"}), 490),
                (admin.query_transport("nothing"), 460),
                (admin.query_eventhandler("nothing"), 460),
                (admin.query_logger("nothing"), 460),
                (admin.send({"janus": "custom_event", "schema": "x", "data": 5}), 467),
            ):
                assert await code_of(refused) == code
            found = await admin.query_transport("http", request={"request": "connections"})
            assert found["connections"].keys() == {"http", "admin_http"}
            for name in ("http", "websockets", "pfunix"):
                assert (await admin.query_transport(name, request={"request": "configure"})).data == {
                    "result": 200
                }
            with pytest.raises(JanusPluginError) as caught:
                await admin.query_transport("http", request={"request": "nonsense"})
            assert (caught.value.code, caught.value.plugin) == (411, "janus.transport.http")
            assert (await admin.custom_event(schema="ours", data={"x": 1})).janus == "success"
            await admin.custom_logline("a line of our own", level=4)
            await admin.custom_logline("another line of our own")
            await asyncio.to_thread(logged, gateway, "a line of our own", "another line of our own")
            assert await admin.loops_info() == ()

    run(main())


def test_event_handlers_and_static_loops() -> None:
    handler = {"enabled": True, "backend": "http://127.0.0.1:9", "events": "none"}
    settings = {
        "janus": {"general": {"event_loops": 2}, "events": {"broadcast": True}},
        "janus.eventhandler.sampleevh": {"general": handler},
    }

    async def main(gateway: LocalGateway) -> None:
        async with admin_on(gateway, "admin_unix_url") as admin:
            if "janus.eventhandler.sampleevh" in (await admin.info()).events:
                tweak = {"request": "tweak", "events": "sessions"}
                assert (await admin.query_eventhandler("sampleevh", request=tweak))["result"] == 200
                with pytest.raises(JanusPluginError) as caught:
                    await admin.query_eventhandler("sampleevh", request={"request": "nonsense"})
                assert caught.value.plugin == "janus.eventhandler.sampleevh"
            async with JanusSession(gateway.ws_url) as session:
                await JanusEchoTestPlugin().attach(session)
                loops = await admin.loops_info()
                assert [loop.id for loop in loops] == [0, 1]
                assert sum(loop.handles for loop in loops) == 1

    with running_gateway(settings=settings) as gateway:
        run(main(gateway))


def test_stored_tokens() -> None:
    async def main(gateway: LocalGateway) -> None:
        url = gateway.admin_unix_url.replace("unix:", "unix+dgram:")
        async with JanusAdmin(url, admin_secret=gateway.admin_secret) as admin:
            assert await admin.list_tokens() == ()
            everything = await admin.add_token("planted-1")
            assert set(everything.plugins) == set(gateway.plugins)
            one = await admin.add_token("planted-2", plugins=["echotest", "janus.plugin.unknown"])
            assert one.plugins == ("janus.plugin.echotest",)
            listed = await admin.list_tokens()
            assert {token.token: len(token.allowed_plugins) for token in listed} == {
                "planted-1": len(gateway.plugins),
                "planted-2": 1,
            }
            assert "planted" not in repr(listed)
            allowed = await admin.allow_token("planted-2", plugins=["videoroom"])
            assert set(allowed.plugins) == {"janus.plugin.echotest", "janus.plugin.videoroom"}
            left = await admin.disallow_token("planted-2", plugins=["videoroom", "echotest"])
            assert left.plugins == ()
            assert len(await admin.list_tokens()) == 1  # one that is good for nothing is not listed
            for refused, code in (
                (admin.allow_token("planted-2", plugins=["unknown"]), 467),
                (admin.allow_token("planted-2", plugins=[]), 467),
                (admin.allow_token("planted-3", plugins=["echotest"]), 470),
                (admin.disallow_token("planted-3", plugins=["echotest"]), 470),
                (admin.remove_token("planted-3"), 490),
            ):
                with pytest.raises(JanusServerError) as caught:
                    await refused
                assert caught.value.code == code
                assert "planted" not in f"{caught.value} {caught.value.request}"
            assert (await admin.remove_token("planted-1")).janus == "success"

    # The Unix socket here is of the other type.
    datagrams = {"janus.transport.pfunix": {"admin": {"admin_type": "SOCK_DGRAM"}}}
    with running_gateway(token_auth=True, settings=datagrams) as gateway:
        run(main(gateway))


def test_tokens_where_there_are_none(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with admin_on(gateway) as admin:
            for refused in (
                admin.list_tokens(),
                admin.add_token("x"),
                admin.allow_token("x", plugins=["echotest"]),
                admin.disallow_token("x", plugins=["echotest"]),
                admin.remove_token("x"),
            ):
                with pytest.raises(JanusServerError, match=r"490 UNKNOWN.*Stored tokens are off") as caught:
                    await refused
                assert caught.value.code == 490

    run(main())


@contextmanager
def stun_server() -> Iterator[int]:
    """A STUN server on loopback that answers one request; gives its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)

        def answer() -> None:
            data, (host, port) = sock.recvfrom(1500)
            # RFC 5389: XOR-MAPPED-ADDRESS, the address and port mixed with the magic cookie.
            cookie = data[4:8]
            address = bytes(a ^ b for a, b in zip(socket.inet_aton(host), cookie, strict=True))
            mixed = port ^ int.from_bytes(cookie[:2])
            attribute = struct.pack("!HHBBH", 0x0020, 8, 0, 1, mixed) + address
            sock.sendto(struct.pack("!HH", 0x0101, len(attribute)) + data[4:20] + attribute, (host, port))

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            thread.join()


def test_the_network_as_the_server_sees_it(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with admin_on(gateway) as admin:
            found = await admin.resolve_address("localhost")
            assert found.ip in ("127.0.0.1", "::1")
            assert 0 < found.elapsed < 10_000_000
            assert await code_of(admin.resolve_address("nowhere.invalid")) == 490
            with stun_server() as port:
                tested = await admin.test_stun(address="127.0.0.1", port=port)
            assert tested.public_ip == "127.0.0.1"
            assert 0 < tested.public_port < 65536
            assert 0 < tested.elapsed < 10_000_000
            assert await code_of(admin.test_stun(address="nowhere.invalid", port=3478)) == 490

    run(main())


def test_what_is_done_to_somebodys_handle(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with admin_on(gateway, "admin_ws_url") as admin:
            session = JanusSession(gateway.ws_url)
            await session.create()
            echo = JanusEchoTestPlugin()
            await echo.attach(session)
            assert session.id is not None
            assert echo.id is not None
            changed = await admin.set_session_timeout(50, session_id=session.id)
            assert (changed.value, changed.session_id) == (50, session.id)
            assert (await admin.handle_info(session.id, echo.id)).session_timeout == 50
            assert (await admin.set_session_timeout(-1, session_id=session.id)).value == -1
            assert await code_of(admin.set_session_timeout(-2, session_id=session.id)) == 467
            only = await admin.handle_info(session.id, echo.id, plugin_only=True)
            assert only.flags is None
            assert "sdps" not in only
            assert only.plugin_specific["audio_active"] is True
            session_id, handle_id = session.id, echo.id
            assert (await admin.hangup_webrtc(session_id, handle_id)).session_id == session_id
            assert (await admin.detach_handle(session_id, handle_id)).janus == "success"
            await until(lambda: echo.state == "detached")
            assert await code_of(admin.detach_handle(session_id, handle_id)) == 459
            assert await code_of(admin.hangup_webrtc(session_id, handle_id)) == 459
            assert (await admin.destroy_session(session_id)).janus == "success"
            assert await code_of(admin.destroy_session(session_id)) == 458
            assert session_id not in await admin.list_sessions()
            await session.destroy()

    run(main())


# -- with media -------------------------------------------------------------------------------


async def a_call(gateway: LocalGateway, session: JanusSession) -> tuple[int, int, JanusEchoTestPlugin]:
    """An EchoTest call whose media have arrived; the ids of session and handle."""
    echo = JanusEchoTestPlugin()
    await echo.attach(session)
    await echo.publish("pattern")
    assert session.id is not None
    assert echo.id is not None
    return session.id, echo.id, echo


async def info_with_media(admin: JanusAdmin, ids: tuple[int, int]) -> Any:
    """What the server tells when packets of each medium have come and gone."""
    async with asyncio.timeout(15):
        while True:
            info = await admin.handle_info(*ids)
            traffic = [medium.stats for medium in info.media.values()]
            if traffic and all(stats.in_.bytes_lastsec and stats.out.bytes_lastsec for stats in traffic):
                return info
            await asyncio.sleep(0.05)


def test_handle_info_of_a_call_and_the_end_of_it(gateway: LocalGateway) -> None:
    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session, admin_on(gateway) as admin:
            *ids, echo = await a_call(gateway, session)
            info = await info_with_media(admin, (ids[0], ids[1]))
            assert info.unreadable == ()
            assert info.state == "connected"
            assert info.flags.negotiated
            assert info.webrtc.ice.state == "ready"
            assert info.webrtc.ice.local_candidates
            assert info.webrtc.dtls.valid
            assert info.webrtc.dtls.stats.in_.packets > 0
            assert info.seconds_ago(info.webrtc.dtls.connected) < 30
            assert {medium.type: medium.codecs.codec for medium in info.media.values()} == {
                "audio": "opus",
                "video": "vp8",
            }
            video = next(medium for medium in info.media.values() if medium.type == "video")
            assert (video.direction.send, video.direction.recv) == (True, True)
            assert video.rtcp.main.base == 90_000
            assert video.ssrc.ssrc_peer > 0
            assert "m=video" in info.sdps.remote
            assert info.bitrate_in > 1000
            assert info.to_frame().loc[video.mid, "in_packets"] == video.stats.in_.packets
            table = await admin.handles()
            row = table.to_frame().set_index("handle_id").loc[echo.id]
            assert (row["plugin"], row["state"], row["transport"]) == ("echotest", "connected", "websockets")
            await admin.hangup_webrtc(*ids)
            await until(lambda: echo.state == "hungup")
            assert echo.reason == "Admin API"
            ended = await admin.handle_info(*ids)
            assert (ended.state, ended.media) == ("hungup", {})

    run(main())


def packets_of_pcap(data: bytes) -> list[bytes]:
    """The records of a pcap file (its header: magic, version 2.4)."""
    order = "<" if data[:4] == bytes.fromhex("d4c3b2a1") else ">"
    magic, major, minor = struct.unpack(f"{order}IHH", data[:8])
    assert (magic, major, minor) == (0xA1B2C3D4, 2, 4)
    found, at = [], 24
    while at < len(data):
        _, _, size, _ = struct.unpack(f"{order}IIII", data[at : at + 16])
        found.append(data[at + 16 : at + 16 + size])
        assert len(found[-1]) == size
        at += 16 + size
    return found


# One packet: its direction, time, offset and bytes, and a comment that text2pcap skips.
TEXT_LINE = re.compile(
    r"[IO] \d\d:\d\d:\d\d\.\d{6} 000000 (?: [0-9a-f]{2})+ "
    r"JANUS_TEXT2PCAP_(?:RTP|RTCP) \[session=(\d+)\]\[handle=(\d+)\]\r?"
)


def test_captures_of_a_call(gateway: LocalGateway, tmp_path: Path) -> None:
    async def packets(admin: JanusAdmin, ids: tuple[int, int]) -> int:
        info = await admin.handle_info(*ids)
        return sum(medium.stats.in_.packets for medium in info.media.values())

    async def main() -> None:
        async with JanusSession(gateway.ws_url) as session, admin_on(gateway, "admin_ws_url") as admin:
            *pair, _ = await a_call(gateway, session)
            ids = (pair[0], pair[1])
            await info_with_media(admin, ids)
            for kind in ("pcap", "text2pcap"):
                folder = tmp_path / kind  # Janus makes it
                async with admin.capture(*ids, kind=kind, folder=folder, filename="call") as capture:
                    assert capture.path == str(folder / "call")
                    before = await packets(admin, ids)
                    about = await admin.handle_info(*ids)
                    assert (about.dump_to_pcap, about.dump_to_text2pcap) == (kind == "pcap", kind != "pcap")
                    assert await code_of(admin.start_pcap(*ids, folder=str(tmp_path))) == 490
                    assert await code_of(admin.start_text2pcap(*ids, folder=str(tmp_path))) == 490
                    async with asyncio.timeout(10):
                        while (seen := await packets(admin, ids) - before) < 20:
                            pass
                data = (folder / "call").read_bytes()
                if kind == "pcap":
                    # What came in and went out, RTCP besides; the file ends with a whole record.
                    assert len(packets_of_pcap(data)) >= seen
                else:
                    lines = [TEXT_LINE.fullmatch(line) for line in data.decode().split("\n") if line]
                    assert len(lines) >= seen
                    assert {line and line.groups() for line in lines} == {tuple(map(str, ids))}
                assert await code_of(admin.stop_pcap(*ids)) == 490
                assert await code_of(admin.stop_text2pcap(*ids)) == 490
            # A file of a capture that is there: text is added to it.
            size = (tmp_path / "text2pcap" / "call").stat().st_size
            async with admin.capture(*ids, kind="text2pcap", folder=tmp_path / "text2pcap", filename="call"):
                pass
            assert (tmp_path / "text2pcap" / "call").stat().st_size >= size
            async with admin.capture(*ids, folder=tmp_path, filename="cut", truncate=40):
                before = await packets(admin, ids)
                async with asyncio.timeout(10):
                    while await packets(admin, ids) < before + 5:
                        pass
            cut = packets_of_pcap((tmp_path / "cut").read_bytes())
            # Ethernet, IP and UDP headers are made up before what is left.
            assert {len(packet) <= 14 + 20 + 8 + 40 for packet in cut} == {True}

    run(main())
