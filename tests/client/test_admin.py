"""`JanusAdmin` against a server that answers as a test says: its life, its errors, its tables, captures."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import (
    JanusAdmin,
    JanusConnectionError,
    JanusOptionError,
    JanusPluginError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.client.admin.overview import HandleTable, SessionSummary, SessionTable
from tests.client.admin_answers import SECRET, admin_server, administered
from tests.client.scripted import run, until

if TYPE_CHECKING:
    from tests.client.scripted import Message


# -- life -------------------------------------------------------------------------------------


def test_it_connects_when_it_is_first_used_and_again_after_a_loss() -> None:
    async def main() -> None:
        async with admin_server() as server:
            admin = JanusAdmin(server.url, admin_secret=SECRET)
            assert (admin.state, admin.server) == ("new", None)
            assert repr(admin) == f"<JanusAdmin new at {server.url}>"
            await admin.ping()
            assert admin.state == "connected"
            assert admin.server is not None
            assert server.verbs() == ["info", "ping"]
            server.info["version_string"] = "1.3.2"
            server.drop()
            await until(lambda: admin.state == "lost")
            await asyncio.gather(admin.ping(), admin.get_status())
            assert admin.server["version_string"] == "1.3.2"
            assert sorted(server.verbs()[2:]) == ["get_status", "info", "ping"]
            await admin.close()
            await admin.close()
            assert repr(admin) == f"<JanusAdmin closed at {server.url}>"
            for refused in (admin.ping(), admin.get_status()):
                with pytest.raises(
                    JanusStateError, match=r"this JanusAdmin is closed\. Call open\(\) first\."
                ):
                    await refused
            await admin.open()
            await admin.ping()
            await admin.close()

    run(main())


def test_what_is_under_way_fails_when_it_is_closed() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.on["get_status"] = lambda _request: []
            asked = asyncio.create_task(admin.get_status())
            await until(lambda: "get_status" in server.verbs())
            await admin.close()
            with pytest.raises(JanusConnectionError, match="closed on our side"):
                await asked

    run(main())


def test_it_does_not_connect_any_more_when_it_was_closed_meanwhile() -> None:
    async def main() -> None:
        async with admin_server() as server:
            admin = JanusAdmin(server.url)
            await admin.ping()
            server.drop()
            await until(lambda: admin.state == "lost")
            await admin._opening.acquire()  # as if another request were about to connect
            asked = asyncio.create_task(admin.ping())
            await asyncio.sleep(0)
            await admin.close()
            admin._opening.release()
            with pytest.raises(JanusStateError, match="is closed"):
                await asked
            assert not server.connections

    run(main())


def test_one_loop_after_another() -> None:
    admin: list[JanusAdmin] = []

    async def main() -> None:
        async with admin_server() as server:
            if not admin:
                admin.append(JanusAdmin(server.url))
                await asyncio.gather(admin[0].ping(), admin[0].ping())
                with pytest.raises(JanusStateError, match="belongs to another event loop"):
                    await asyncio.to_thread(asyncio.run, admin[0].ping())
                await admin[0].close()
            else:
                admin[0]._connection.url = server.url
                await admin[0].open()
                await asyncio.gather(admin[0].ping(), admin[0].ping())
                assert server.verbs() == ["info", "ping", "ping"]
                await admin[0].close()

    run(main())
    run(main())


def test_deadlines() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.on["ping"] = lambda _request: []
            admin.timeout = 0.1
            with pytest.raises(JanusTimeoutError, match=r"no reply to 'ping' within 0\.1 s"):
                await admin.ping()
            with pytest.raises(JanusTimeoutError, match=r"within 0\.05 s"):
                await admin.ping(timeout=0.05)
            with pytest.raises(JanusOptionError, match="timeout must be seconds above 0"):
                await admin.ping(timeout=0)
            admin.timeout = 10.0
            await admin.set_session_timeout(30, deadline=5)
            await admin.get_status()
        async with admin_server() as server:
            server.on["info"] = lambda _request: []
            admin = JanusAdmin(server.url, timeout=0.1)
            with pytest.raises(JanusConnectionError, match=r"did not answer within 0\.1 s"):
                await admin.open()
            await admin.close()
        # A port that takes connections and says nothing.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            admin = JanusAdmin(f"ws://127.0.0.1:{listening.getsockname()[1]}", timeout=0.05)
            with pytest.raises(JanusConnectionError, match=r"did not answer within 0\.05 s"):
                await admin.ping()
            await admin.close()

    run(main())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"admin_secret": 5}, "admin_secret must be a text, not int"),
        ({"api_secret": SECRET}, "'api_secret' is an option of JanusSession, not of JanusAdmin"),
        ({"token": SECRET}, "The Admin API's own secret is given as admin_secret."),
        ({"orign": "x"}, "unknown option 'orign'. Did you mean 'origin'?"),
        ({"secret": SECRET}, "unknown option 'secret'. Did you mean 'admin_secret'?"),
        ({"timeout": -1}, "timeout must be seconds above 0"),
    ],
)
def test_options_that_are_wrong(options: dict[str, Any], text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        JanusAdmin("ws://127.0.0.1:1", **options)
    assert text in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_subprotocol_of_ones_own_stays() -> None:
    async def main() -> None:
        async with admin_server() as server:
            admin = JanusAdmin(server.url, subprotocol="janus-protocol")
            with pytest.raises(JanusConnectionError):
                await admin.open()
            await admin.close()

    run(main())


# -- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "request_name", "hint"),
    [
        (403, "get_status", "Pass admin_secret=... as the server's janus.jcfg has it"),
        (457, "get_status", "Is this the URL of the Admin API"),
        (460, "query_logger", "info() lists the loggers that this server has."),
        (460, "get_status", "This server does not have that plugin"),
        (490, "get_status", "The server's log says more."),
    ],
)
def test_errors_say_how_to_go_on(code: int, request_name: str, hint: str) -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.on[request_name] = lambda request: [server.error(request, code)]
            with pytest.raises(JanusServerError) as caught:
                await admin.send({"janus": request_name})
            assert hint in str(caught.value)
            assert SECRET not in repr(caught.value.request)
            assert caught.value.code == code
            await admin.ping()

    run(main())


def test_where_there_are_no_stored_tokens() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            reason = "Stored-Token based authentication disabled"
            server.on["list_tokens"] = lambda request: [server.error(request, 490, reason)]
            with pytest.raises(JanusServerError, match=r"490 UNKNOWN.*Stored tokens are off"):
                await admin.list_tokens()

    run(main())


def test_a_token_is_in_no_error() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.on["allow_token"] = lambda request: [
                server.error(request, 470, f"Token {request['token']} not found")
            ]
            with pytest.raises(JanusServerError) as caught:
                await admin.allow_token("planted-token", plugins=["videoroom"])
            error = caught.value
            assert (error.code, error.reason) == (470, "Token *** not found")
            assert "planted-token" not in f"{error} {error!r} {error.request} {error.__cause__}"
            assert error.request is not None
            assert error.request["plugins"] == ["janus.plugin.videoroom"]
            server.on["allow_token"] = lambda request: [server.error(request, 467)]
            with pytest.raises(JanusServerError, match="467"):
                await admin.allow_token("planted-token", plugins=["x"])
            with pytest.raises(JanusOptionError, match="plugins must be a list of names, not the text 'x'"):
                await admin.add_token("planted-token", plugins="x")

    run(main())


def test_what_a_module_refuses_is_a_plugins_error() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.fields = {"response": {"error_code": 426, "error": "No such room"}}
            with pytest.raises(JanusPluginError) as caught:
                await admin.message_plugin("videoroom", request={"request": "edit", "secret": "planted"})
            error = caught.value
            assert (error.code, error.name, error.plugin) == (426, "NO_SUCH_ROOM", "janus.plugin.videoroom")
            assert error.request == {"request": "edit", "secret": "***"}
            server.fields = {"response": {"error": "no code"}}
            with pytest.raises(JanusPluginError) as caught:
                await admin.query_transport("http")
            assert (caught.value.code, caught.value.plugin) == (0, "janus.transport.http")
            server.fields = {"response": {"result": 200}}
            assert (await admin.query_eventhandler("sampleevh", request={"request": "tweak"}))[
                "result"
            ] == 200
            assert server.received[-1]["handler"] == "janus.eventhandler.sampleevh"
            assert (await admin.query_logger("my.own.logger")).data == {"result": 200}
            assert server.received[-1]["logger"] == "my.own.logger"
            server.fields = {"response": 5}
            assert (await admin.message_plugin("textroom", request={"request": "list"})).data == {}
            assert server.received[-1]["request"].keys() == {"request", "transaction"}
            given = {"request": "list", "transaction": "mine"}
            await admin.message_plugin("textroom", request=given)
            assert server.received[-1]["request"] == given
            with pytest.raises(JanusOptionError, match="the name of a module is expected, not ' '"):
                await admin.query_logger(" ")

    run(main())


@pytest.mark.parametrize(
    ("name", "fields", "text"),
    [
        ("list_sessions", {}, "the answer to 'list_sessions' has no list 'sessions'"),
        ("list_sessions", {"sessions": 5}, "has no list 'sessions'"),
        ("list_sessions", {"sessions": [1, True]}, "lists an id that is no number"),
        ("list_tokens", {"data": 5}, "has no list 'data.tokens'"),
        ("list_tokens", {"data": {"tokens": [5]}}, "has an odd entry"),
        ("loops_info", {"loops": [{"id": "x"}]}, "has an odd entry"),
    ],
)
def test_answers_that_are_odd(name: str, fields: Message, text: str) -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.fields = fields
            with pytest.raises(JanusProtocolError) as caught:
                await getattr(admin, name)()
            assert text in str(caught.value)

    run(main())


def test_typed_answers() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.fields = {
                "nack-optimizations": True,
                "data": {"tokens": [{"token": "planted", "allowed_plugins": ["a.b.c"]}], "plugins": ["x"]},
                "loops": [{"id": 0, "handles": 3}],
                "status": {"nack-optimizations": True, "log_level": 4, "new": 1},
                "ip": "192.0.2.1",
                "elapsed": 12,
                "public_ip": "192.0.2.2",
                "public_port": 5,
            }
            changed = await admin.set_nack_optimizations(True)
            assert (changed.value, changed.janus) == (True, "success")
            (token,) = await admin.list_tokens()
            assert (token.token, token.allowed_plugins) == ("planted", ("a.b.c",))
            assert repr(token) == "<StoredToken *** for a.b.c>"
            assert (await admin.add_token("planted", plugins=["x"])).plugins == ("x",)
            (loop,) = await admin.loops_info()
            assert (loop.id, loop.handles) == (0, 3)
            status = await admin.get_status()
            assert (status.nack_optimizations, status.log_level, status.libnice_debug) == (True, 4, None)
            assert status["new"] == 1
            assert (await admin.resolve_address("x")).ip == "192.0.2.1"
            stun = await admin.test_stun(address="x", port=1)
            assert (stun.public_ip, stun.public_port, stun.elapsed) == ("192.0.2.2", 5, 12)
            server.info |= {"plugins": {"janus.plugin.x": {"name": "X", "version": 2}}, "transports": 5}
            info = await admin.info()
            assert info.plugins["janus.plugin.x"].name == "X"
            assert (info.transports, info.unreadable) == ({}, ("transports",))
            assert admin.server == info.data

    run(main())


# -- tables -----------------------------------------------------------------------------------

MEDIUM = {
    "type": "video",
    "mid": "0",
    "direction": {"send": True, "recv": True},
    "codecs": {"codec": "vp8"},
    "rtcp": {"main": {"rtt": 5, "lost-by-remote": 2}},
    "stats": {
        "in": {"packets": 5, "bytes_lastsec": 1000, "video-simulcast-1": {"bytes_lastsec": 500}},
        "out": {"packets": 6, "bytes_lastsec": 250, "nacks": 1},
    },
}


def info_of(session_id: int, handle_id: int, **more: Any) -> Message:
    return {
        "session_id": session_id,
        "session_last_activity": 1_000_000,
        "session_timeout": 60,
        "session_transport": "janus.transport.websockets",
        "handle_id": handle_id,
        "created": 500_000,
        "current_time": 3_000_000,
        "plugin": "janus.plugin.echotest",
        "flags": {"ready": True},
        **more,
    }


def with_two_sessions(server: Any) -> None:
    """Session 1 has handles 11 and 12, session 2 has none, session 3 ends while it is looked at."""
    handles = {1: [11, 12, 13], 2: []}
    infos = {
        11: info_of(1, 11, opaque_id="<b>mine</b>\n", webrtc={"media": {"0": MEDIUM}}),
        12: info_of(1, 12, flags={}, session_last_activity=None, created=None),
    }
    server.on["list_sessions"] = lambda request: [server.reply(request, sessions=[1, 2, 3])]
    server.on["list_handles"] = lambda request: [
        server.reply(request, handles=handles[request["session_id"]])
        if request["session_id"] in handles
        else server.error(request, 458)
    ]
    server.on["handle_info"] = lambda request: [
        server.reply(request, info=infos[request["handle_id"]])
        if request["handle_id"] in infos
        else server.error(request, 459)
    ]


def test_the_tables_of_everybodys_sessions_and_handles() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            with_two_sessions(server)
            sessions = await admin.sessions()
            assert [session.id for session in sessions] == [1, 2]
            assert len(sessions) == 2
            assert [handle.handle_id for handle in sessions[0].handles] == [11, 12]
            assert sessions[0].bitrate_in == 12_000
            assert sessions[0].bitrate_out == 2_000
            assert repr(sessions).splitlines() == [
                "session  transport   handles  plugins   idle   timeout  bitrate in  bitrate out",
                "1        websockets  2        echotest  2.0 s  60       12 kbit/s   2 kbit/s",
                "2                    0",
            ]
            handles = await admin.handles()
            assert [handle.state for handle in handles] == ["connected", "attached"]
            assert [handle.handle_id for handle in handles[:1]] == [11]
            assert [line.removeprefix("1        ") for line in repr(handles).splitlines()[1:]] == [
                r"11      echotest  <b>mine</b>\n  websockets  connected  2.5 s  12 kbit/s   2 kbit/s",
                "12      echotest                 websockets  attached",
            ]
            html = handles._repr_html_()
            assert "&lt;b&gt;mine" in html
            assert "<b>" not in html
            assert [handle.handle_id for handle in await admin.handles(1)] == [11, 12]
            with pytest.raises(JanusServerError, match="458"):
                await admin.handles(3)
            frame = handles.to_frame()
            assert list(frame["handle_id"]) == [11, 12]
            assert frame.loc[0, "bitrate_in"] == 12_000
            assert frame["age"].isna().tolist() == [False, True]
            frame = sessions.to_frame()
            assert str(frame["session_id"].dtype) == "Int64"
            assert frame["timeout"].isna().tolist() == [False, True]
            media = handles[0].to_frame()
            assert media.loc["0", ["in_packets", "out_nacks", "rtt", "codec"]].tolist() == [5, 1, 5, "vp8"]
            assert handles[1].to_frame().empty
            assert repr(handles[0]).endswith("in session 1: connected, 12000 bit/s in, 2000 bit/s out>")

    run(main())


def test_an_overview_that_fails_fails_as_a_whole() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            with_two_sessions(server)
            server.on["list_handles"] = lambda request: [server.error(request, 403)]
            with pytest.raises(JanusServerError, match="403"):
                await admin.sessions()
            with_two_sessions(server)
            server.on["handle_info"] = lambda request: [server.error(request, 403)]
            with pytest.raises(JanusServerError, match="403"):
                await admin.handles(1)
            with pytest.raises(JanusServerError, match="403"):
                await admin.sessions()

    run(main())


def test_empty_tables() -> None:
    assert repr(SessionTable([])).startswith("session  transport")
    assert repr(HandleTable([])).startswith("session  handle  plugin")
    assert HandleTable([]).to_frame().empty
    nobody = SessionSummary(id=1)
    assert (nobody.transport, nobody.timeout, nobody.idle, nobody.bitrate_in) == ("", None, None, 0)
    odd = SessionTable([SessionSummary(id=2**53)])
    assert str(2**53) in repr(odd)


def test_a_frame_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(JanusOptionError, match=r"needs the data extra"):
        HandleTable([]).to_frame()


# -- captures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pcap", "text2pcap"])
def test_a_capture_ends_with_its_block(kind: Any) -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.fields = {"info": info_of(1, 2, **{f"{kind}-file": "/tmp/x"})}
            capture = admin.capture(1, 2, kind=kind, folder="/tmp", filename="x", truncate=5)
            assert repr(capture) == f"<Capture {kind} of handle 2 to no file, not begun>"
            await capture.stop()
            with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is tested
                async with capture as begun:
                    assert begun is capture
                    assert capture.running
                    assert repr(capture) == f"<Capture {kind} of handle 2 to /tmp/x, running>"
                    with pytest.raises(JanusStateError, match="under way already"):
                        await capture.__aenter__()
                    _ = 1 / 0
            assert repr(capture) == f"<Capture {kind} of handle 2 to /tmp/x, ended>"
            assert server.verbs() == ["info", f"start_{kind}", "handle_info", f"stop_{kind}"]
            sent = server.received[1]
            assert (sent["folder"], sent["filename"], sent["truncate"]) == ("/tmp", "x", 5)
            # The handle may go meanwhile: its file is closed then.
            server.on[f"stop_{kind}"] = lambda request: [server.error(request, 459)]
            async with admin.capture(1, 2, kind=kind):
                pass
            server.on[f"stop_{kind}"] = lambda request: [server.error(request, 490)]
            with pytest.raises(JanusServerError, match="490"):
                async with admin.capture(1, 2, kind=kind):
                    pass

    run(main())


def test_a_capture_that_does_not_begin() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            with pytest.raises(
                JanusOptionError, match=r"unknown kind of capture 'pcp'\. Did you mean 'pcap'\?"
            ):
                admin.capture(1, 2, kind="pcp")  # type: ignore[arg-type] # that is the mistake
            server.on["start_pcap"] = lambda request: [server.error(request, 490, "pcap already started")]
            with pytest.raises(JanusServerError, match="already started"):
                async with admin.capture(1, 2):
                    pass
            assert "stop_pcap" not in server.verbs()  # that one is somebody else's
            server.on["start_pcap"] = lambda _request: []
            server.on["stop_pcap"] = lambda request: [server.error(request, 490, "Capture not started")]
            admin.timeout = 0.1
            with pytest.raises(JanusTimeoutError):
                async with admin.capture(1, 2):
                    pass
            await until(lambda: server.verbs()[-1] == "stop_pcap")  # it may have begun
            admin.timeout = 10.0
            del server.on["start_pcap"], server.on["stop_pcap"]
            server.on["handle_info"] = lambda request: [server.error(request, 459)]
            with pytest.raises(JanusServerError, match="459"):
                async with admin.capture(1, 2):
                    pass
            assert server.verbs()[-1] == "stop_pcap"

    run(main())


def test_a_capture_whose_beginning_is_cancelled() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            server.on["start_pcap"] = lambda _request: []
            beginning = asyncio.create_task(admin.capture(1, 2).__aenter__())
            await until(lambda: "start_pcap" in server.verbs())
            beginning.cancel()
            with pytest.raises(asyncio.CancelledError):
                await beginning
            assert server.verbs()[-1] == "stop_pcap"

    run(main())


def test_the_secret_is_shown_nowhere() -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            reply = await admin.send({"janus": "get_status"})
            assert server.received[-1]["admin_secret"] == SECRET
            await admin.ping()
            assert "admin_secret" not in server.received[-1]
            shown = f"{admin!r} {reply} {json.dumps(admin.server)} {vars(admin)['_connection']!r}"
            assert SECRET not in shown

    run(main())


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ({}, "attached"),
        ({"alert": True}, "attached"),  # so Janus 1.4.1 tells of a handle that is new
        ({"alert": True, "starting": True}, "hungup"),
        ({"stopped": True, "starting": True}, "hungup"),
    ],
)
def test_the_state_of_a_handle_without_a_peer_connection(flags: dict[str, bool], state: str) -> None:
    async def main() -> None:
        async with administered() as (server, admin):
            with_two_sessions(server)
            server.on["handle_info"] = lambda request: [server.reply(request, info={"flags": flags})]
            assert (await admin.handle_info(2, 12)).state == state

    run(main())
