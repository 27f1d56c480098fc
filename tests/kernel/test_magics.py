"""``%janus`` in a real kernel: what each command does, its completion, and its errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from janus_notebook.gateway import LocalGateway
from tests.admin import sessions
from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.live]


@pytest.fixture
def bare_kernel() -> Iterator[Kernel]:
    """A kernel that knows no server."""
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        yield kernel


def test_from_serve_to_stop(bare_kernel: Kernel) -> None:
    kernel = bare_kernel
    result = kernel.run("%janus serve --session-timeout 20").check()
    served = result.text
    assert served is not None
    assert re.match(r"Janus \d\S* runs on this machine, for this kernel alone\n", served)
    for line in (
        r"Connect +%janus connect",
        r"WebSocket +ws://127",
        r"Admin API +http://\S+/admin",
        r"Stop +%janus stop",
    ):
        assert re.search(rf"^  {line}", served, re.MULTILINE)
    assert kernel.value("get_ipython().run_line_magic('janus', 'serve').admin_secret") not in str(
        result.displays
    )
    connected = kernel.run("%janus connect").check().stdout.splitlines()
    assert kernel.value("session.state") == "connected"
    assert connected[0] == f"session {kernel.value('session.id')}: bound to `session`"
    assert kernel.value("session.server['session-timeout']") == 20
    attached = kernel.run("%janus attach echotest --as echo").check().stdout.splitlines()
    assert attached[0] == "janus.plugin.echotest: bound to `echo`"
    assert kernel.value("echo.state") == "attached"
    status = kernel.run("%janus status").check().text
    assert status is not None
    lines = [line.split() for line in status.splitlines()]
    assert ["session", "session", "connected"] in [line[:3] for line in lines]
    assert ["handle", "echo", "attached"] in [line[:3] for line in lines]
    kernel.run("await echo.configure(video=True)").check()
    last = kernel.run("%janus events echo --last 2").check().stdout.splitlines()
    assert len(last) == 2
    assert any("result=ok" in line for line in last)  # its ack may come after it
    # As --follow prints them: number, seconds, direction, kind.
    assert re.match(r" *\d+ +\d+\.\d{3} s  \S+ \w+ +\w+\b", last[-1])
    # Panels and diagrams call it by its variable; another one means it as well.
    kernel.run("also = echo").check()
    assert kernel.value("echo.label, session.events.labels == {echo.id: 'echo'}") == ("echo", True)
    kernel.run("%janus ladder also").check()
    kernel.run("%janus request also configure audio=true").check()
    everybody = kernel.run("%janus events --last 20").check().stdout
    assert str(kernel.value("echo.id")) in everybody
    kernel.run("%janus detach echo").check()
    assert kernel.value("echo.state") == "detached"
    kernel.run("%janus destroy session").check()
    assert kernel.value("session.state") == "closed"
    kernel.run("%janus stop").check()
    status = kernel.run("%janus status").check().text
    assert status is not None
    assert "%janus serve starts one" in status


def test_the_gateways_options_reach_it_and_connect_knows_its_secret(bare_kernel: Kernel) -> None:
    kernel = bare_kernel
    kernel.run("from janus_notebook.notebook.connect import serve").check()
    kernel.run("await serve(api_secret='planted-secret', full_trickle=False)").check()
    kernel.run("session = await connect()").check()
    assert kernel.value("session.server['api_secret'], session.server['full-trickle']") == (True, False)
    result = kernel.run("await connect(session.base_url, api_secret='wrong')")
    assert result.traceback.startswith("JanusServerError: Unauthorized request")
    assert "planted-secret" not in kernel.run("session, list(session.events)").check().text  # type: ignore[operator]


def test_serving_twice_gives_the_same_server(bare_kernel: Kernel) -> None:
    kernel = bare_kernel
    kernel.run("%janus serve").check()
    pid = kernel.value("get_ipython().run_line_magic('janus', 'serve').pid")
    assert kernel.value("get_ipython().run_line_magic('janus', 'serve').pid") == pid
    result = kernel.run("%janus serve --log-level 5")
    assert "a local gateway runs already, with other options" in result.traceback


def test_serving_with_the_same_options_again_gives_the_same_server(bare_kernel: Kernel) -> None:
    line = "get_ipython().run_line_magic('janus', 'serve --session-timeout 30').pid"
    assert bare_kernel.value(line) == bare_kernel.value(line)


def test_help_lists_the_commands_and_shows_one(bare_kernel: Kernel) -> None:
    listed = bare_kernel.run("%janus help").check().stdout
    assert "%janus serve" in listed
    assert listed == bare_kernel.run("%janus").check().stdout
    shown = bare_kernel.run("%janus help attach").check().stdout
    assert shown.startswith("%janus attach [--as NAME]")
    assert "example:\n  %janus attach echotest --as echo" in shown


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("%janus serv", "JanusOptionError: unknown command of %janus 'serv'. Did you mean 'serve'?"),
        ("%janus help atach", "JanusOptionError: unknown command 'atach'. Did you mean 'attach'?"),
        ("%janus attach 'echotest", "the quote ' in column 15 is not closed. Close the quote."),
        (
            "%janus attach echotest",
            "JanusStateError: there is no session. Make one: %janus connect, or session = await connect().",
        ),
        ("%janus detach", "JanusStateError: there is no handle."),
        ("%janus destroy", "JanusStateError: there is no session."),
        ("%janus events nothing", "no session or handle is called 'nothing'"),
        ("%janus stop", "JanusGatewayError: no local gateway runs in this kernel."),
        ("%janus connect", "no server to connect to. Start one with %janus serve, or name one"),
        ("await connect()", "no server to connect to. Start one with %janus serve, or name one"),
        ("%janus connect --as 1st ws://127.0.0.1:1", "'1st' can't be a variable"),
        ("%janus connect localhost:8188", "has no scheme. Did you mean 'ws://localhost:8188'?"),
        (
            "%janus connect ws://127.0.0.1:1",
            "JanusConnectionError: connection to ws://127.0.0.1:1 was refused.",
        ),
        ("%janus serve --binary no-such-program", "no-such-program"),
        (
            "from janus_notebook.notebook.connect import serve; await serve(sesion_timeout=3)",
            "unknown option of serve() 'sesion_timeout'. Did you mean 'session_timeout'?",
        ),
        (
            "await serve(practice=True, medai=False)",
            "unknown option of serve() 'medai'. Did you mean 'media'?",
        ),
        ("await connect('ws://127.0.0.1:1', tiemout=3)", "unknown option 'tiemout'. Did you mean 'timeout'?"),
    ],
)
def test_a_slip_gives_one_line_that_says_what_to_do(shared_kernel: Kernel, cell: str, text: str) -> None:
    result = shared_kernel.run(cell)
    assert text in result.traceback
    assert len(result.traceback.splitlines()) == 1, result.traceback


@pytest.fixture(scope="module")
def shared_kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        yield kernel


def test_without_janus_installed_serve_says_how_to_get_it(gateway: LocalGateway) -> None:
    with Kernel(env={"JANUS_BINARY": "/nonexistent/janus"}) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        text = kernel.run("%janus serve").traceback
        assert text.startswith("JanusGatewayError: ")
        for part in ("apt-get install janus", "docker", "%janus connect"):
            assert part in text
        # And the rest of the product goes on without it.
        kernel.run(f"session = await connect({gateway.ws_url!r})").check()


def test_names_of_sessions_and_handles_are_the_users_own(kernel: Kernel, gateway: LocalGateway) -> None:
    kernel.run("%janus connect --as one").check()
    kernel.run("%janus connect --as two").check()
    kernel.run("%janus attach echotest --as a --session one").check()
    kernel.run("%janus attach videoroom --session two").check()
    again = kernel.run("%janus attach echotest --session two").check().stdout.splitlines()
    assert again[0] == "janus.plugin.echotest: bound to `echotest`"
    kernel.run("%janus detach echotest").check()
    assert kernel.value("a.session is one, videoroom.session is two, videoroom.name") == (
        True,
        True,
        "janus.plugin.videoroom",
    )
    assert "which handle? There are: a, videoroom." in kernel.run("%janus detach").traceback
    assert "Did you mean 'videoroom'?" in kernel.run("%janus detach videorom").traceback
    kernel.run("%janus detach $a.id").check()
    assert kernel.value("(a.state, videoroom.state)") == ("detached", "attached")
    kernel.run("%janus destroy --all").check()
    assert sessions(gateway) == []


def test_what_fails_with_nobody_looking_is_said_in_the_next_cell(kernel: Kernel) -> None:
    kernel.run("session = await connect()\necho = await session.attach('echotest')").check()
    kernel.run("alone = echo.configure(video='yes')").check()
    kernel.run("nowhere = connect('foo')").check()
    kernel.run("looked = echo.configure(audio='no')").check()
    assert "audio" in kernel.run("await looked").traceback
    kernel.wait_until(
        "len(__import__('janus_notebook.notebook.workspace', fromlist=['_']).workspace()._failures) == 2"
    )
    said = kernel.run("1 + 1").check().stderr
    assert "Not awaited: configure failed: Invalid element type (video should be a boolean)" in said
    assert "Not awaited: connect failed: 'foo' has no scheme" in said
    assert "audio" not in said
    assert kernel.run("1 + 1").check().stderr == ""
    # The session's log has its own failure, and not the other one.
    assert kernel.value(
        "[e.summary[:16] for e in session.events if e.direction == 'local' and e.kind == 'error']"
    ) == ["configure failed"]


SLIPS = [
    ("connect().attach('echotest')", "NotAwaitedError: connect() gave a Call, which has no 'attach'."),
    ("await echo.publsh()", "has no 'publsh'. Did you mean 'publish'?"),
    ("room.colour()", "has no 'colour'."),
    ("session.state = 'foo'", "'state' can't be set on <JanusSession"),
    ("echo.events('foo')", "JanusOptionError: unknown event kind 'foo'. "),
    ("await echo.wait_for('hangups')", "Did you mean 'hangup'?"),
    ("await echo.attach(None)", "JanusOptionError: a JanusSession is expected, not None."),
]


def test_a_slip_in_python_gives_one_line_too(kernel: Kernel) -> None:
    kernel.run("session = await connect()").check()
    kernel.run("echo, room = [await session.attach(name) for name in ('echotest', 'videoroom')]").check()
    for cell, line in SLIPS:
        result = kernel.run(cell)
        assert line in result.traceback, cell
        assert len(result.traceback.splitlines()) == 1, result.traceback


def test_a_session_can_be_entered_where_it_is_made(kernel: Kernel, gateway: LocalGateway) -> None:
    kernel.run("async with connect() as session:\n    inside = session.state").check()
    assert kernel.value("(inside, session.state)") == ("connected", "closed")
    assert sessions(gateway) == []


def test_events_are_read_as_a_sequence_and_as_a_stream(kernel: Kernel) -> None:
    kernel.run("session = await connect()\nroom = await session.attach('echotest')").check()
    assert kernel.value("[e.kind for e in session.events[-2:]]") == ["success", "state"]
    kernel.run(
        "async def gone():\n    async for event in session.events:\n        if event.kind == 'detached':\n"
        "            return event.handle_id\n"
        "import asyncio\nwaiting = asyncio.ensure_future(gone())\nawait asyncio.sleep(0)\nhandle_id = room.id"
    ).check()
    kernel.run("await room.detach()").check()
    assert kernel.value("await waiting == handle_id")
    shown = kernel.run("session.events.subscribe(['media'])").check().text
    assert shown is not None
    assert shown.startswith("<Subscription to media, 0 waiting")


def test_completion_knows_commands_options_plugins_and_names(kernel: Kernel) -> None:
    kernel.run("%janus connect --as room\n").check()
    kernel.run("%janus attach echotest --as echo").check()

    completed = kernel.complete
    assert {"serve", "status", "stop"} <= set(completed("%janus s"))
    assert "--session" in completed("%janus attach --s")
    assert "echotest" in completed("%janus attach ec")
    assert "videoroom" in completed("%janus attach vide")
    assert completed("%janus detach ec") == ["echo"]
    assert completed("%janus destroy ro") == ["room"]
    assert "room" in completed("%janus attach echotest --session ro")


def test_a_variable_called_connect_is_left_alone(bare_kernel: Kernel) -> None:
    kernel = bare_kernel
    kernel.run("%unload_ext janus_notebook").check()
    assert kernel.run("connect").error_name == "NameError"
    kernel.run("connect = 'mine'\n%load_ext janus_notebook").check()
    assert kernel.value("connect") == "mine"


def test_a_script_with_asyncio_run_works_in_a_cell(kernel: Kernel, gateway: LocalGateway) -> None:
    script = f"""
import asyncio
from janus_notebook import JanusSession, JanusEchoTestPlugin

async def main():
    session = JanusSession(base_url={gateway.ws_url!r})
    async with session:
        plugin = JanusEchoTestPlugin()
        await plugin.attach(session)
        print(plugin.state)

asyncio.run(main())
"""
    for _ in range(2):
        assert kernel.run(script).check().stdout == "attached\n"
    kernel.run("session = await connect()").check()
    assert len(sessions(gateway)) == 1


def test_without_janus_the_practice_gateway_takes_its_place_and_says_so(bare_kernel: Kernel) -> None:
    kernel = bare_kernel
    kernel.run("import os; os.environ['PATH'] = '/nowhere'; os.environ.pop('JANUS_BINARY', None)").check()
    served = kernel.run("%janus serve").check()
    assert served.stdout.startswith("Janus is not installed on this machine. This is the practice gateway")
    assert "apt-get install janus" in served.stdout
    again = kernel.run("%janus serve").check().stdout
    assert again.startswith("The practice gateway is running already; it is not Janus.")
    assert served.text is not None
    assert "Practice gateway (not Janus)" in served.text
    kernel.run("%janus connect").check()
    assert "practice" in kernel.value("session.server['name']")
    kernel.run("%janus attach echotest --as echo").check()
    kernel.run("await echo.publish()").check()
    assert kernel.value("(await echo.track('video').snapshot()).shape") == (480, 640, 3)
    status = kernel.run("%janus status").check().text
    assert status is not None
    assert "practice gateway (not Janus)" in status
    kernel.run("%janus stop").check()
    assert kernel.value("session.state") == "closed"
    result = kernel.run("from janus_notebook.notebook.connect import serve; await serve(practice=False)")
    assert result.traceback.startswith("JanusGatewayError: Janus is not installed")
    result = kernel.run("%janus serve --log-level 7")
    assert result.traceback.startswith(
        "JanusOptionError: the practice gateway has no option 'log_level'; only a real Janus does"
    )


def test_a_practice_gateway_can_be_asked_for(bare_kernel: Kernel) -> None:
    kernel = bare_kernel
    served = kernel.run("%janus serve --practice --reclaim 20").check()
    assert served.stdout == ""
    assert served.text is not None
    assert "Practice gateway (not Janus)" in served.text
    again = kernel.run("%janus serve").check().stdout.splitlines()
    assert again[0].endswith("For the real one: %janus stop, then %janus serve.")
    assert "not installed" not in "".join(again)
    assert kernel.run("%janus serve --practice --reclaim 20").check().stdout == ""
    kernel.run("%janus connect --recover recreate").check()
    assert kernel.value("session.server['reclaim-session-timeout']") == 20
