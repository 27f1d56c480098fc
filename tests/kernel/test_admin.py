"""``admin()`` and ``%janus admin`` in a real kernel, against a real Janus."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.admin import handles, sessions
from tests.gateways import logged
from tests.kernel.harness import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook.gateway import LocalGateway

pytestmark = [pytest.mark.kernel, pytest.mark.live]


@pytest.fixture
def kernel(gateway: LocalGateway) -> Iterator[Kernel]:
    """A kernel that knows the Admin API from its environment, with a session and a handle."""
    env = {
        "JANUS_URL": gateway.ws_url,
        "JANUS_ADMIN_URL": gateway.admin_url,
        "JANUS_ADMIN_SECRET": gateway.admin_secret,
    }
    with Kernel(env=env) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        kernel.run(
            "session = await connect()\necho = await session.attach('echotest', opaque_id='mine')"
        ).check()
        yield kernel


def ids(kernel: Kernel) -> tuple[int, int]:
    found: tuple[int, int] = kernel.value("session.id, echo.id")
    return found


def test_the_notebook_form_looks_and_changes(kernel: Kernel, gateway: LocalGateway) -> None:
    session_id, handle_id = ids(kernel)
    kernel.run("janus = await admin()").check()
    assert kernel.value("janus.state") == "connected"
    assert kernel.value("(await admin()) is janus")
    assert kernel.value("(await janus.handle_info(session.id, echo.id)).opaque_id") == "mine"
    assert kernel.value("janus.list_sessions().result(5)") == (session_id,)
    assert kernel.value("[handle.handle_id for handle in await janus.handles()]") == [handle_id]
    shown = kernel.run("await janus.sessions()").check()
    assert shown.text is not None
    assert str(session_id) in shown.text
    assert "<table>" in shown.displays[-1]["text/html"]
    assert "planted" not in shown.text
    assert gateway.admin_secret not in (kernel.run("janus").check().text or "")
    kernel.run("async with janus.capture(session.id, echo.id) as taken:\n    path = taken.path").check()
    assert kernel.value("taken.running, taken.path == path, path.endswith('.pcap')") == (False, True, True)
    (Path(f"/proc/{gateway.pid}/cwd") / kernel.value("path")).unlink()
    result = kernel.run("await janus.handle_info(1, 2)")
    assert result.traceback.startswith("JanusServerError: No such session 1 (458 SESSION_NOT_FOUND).")
    kernel.run("await janus.close()").check()
    assert kernel.value("(await admin()) is not janus")


def test_the_magics_that_look(kernel: Kernel, gateway: LocalGateway) -> None:
    session_id, handle_id = ids(kernel)
    overview = kernel.run("%janus admin").check().text or ""
    assert f"at {gateway.admin_url}" in overview
    assert "log_level" in overview
    assert "echotest" in overview
    assert gateway.admin_secret not in overview
    listed = kernel.run("%janus admin sessions").check().text or ""
    assert str(session_id) in listed
    assert "websockets" in listed
    for line in ("handles", "handles session", f"handles {session_id}"):
        lines = (kernel.run(f"%janus admin {line}").check().text or "").splitlines()
        assert [line.split()[:4] for line in lines[1:]] == [
            [str(session_id), str(handle_id), "echotest", "mine"]
        ]
    for line in ("echo", "session echo", f"{session_id} {handle_id}", f"{handle_id}"):
        shown = kernel.run(f"%janus admin info {line}").check().text or ""
        assert str(handle_id) in shown
        assert "janus.plugin.echotest" in shown
    assert "log_level" in (kernel.run("%janus admin status").check().text or "")
    assert "event loop of its own" in kernel.run("%janus admin loops").check().stdout
    assert "localhost is 127.0.0.1" in kernel.run("%janus admin resolve localhost").check().stdout
    assert '"list"' in kernel.run("%janus admin message videoroom list").check().stdout
    line = """%janus admin message videoroom '{"request": "exists", "room": 1234}'"""
    assert '"exists": true' in kernel.run(line).check().stdout


def test_the_magics_that_change(kernel: Kernel, gateway: LocalGateway, tmp_path: Path) -> None:
    assert kernel.run("%janus admin set log_level 5").check().stdout == "log_level is 5 now\n"
    kernel.run("%janus admin set log-level 4").check()
    assert "log_colors is False now" in kernel.run("%janus admin set log_colors off").check().stdout
    kernel.run("%janus admin set session_timeout 30 --session session").check()
    assert (
        "session_timeout is -1" in kernel.run("%janus admin set session_timeout -1 --session session").stdout
    )
    kernel.run("%janus admin log hello from a magic").check()
    logged(gateway, "hello from a magic")
    said = kernel.run(
        f"%janus admin capture echo --seconds 0.1 --folder {tmp_path} --file x.txt --text"
    ).check()
    assert f"Captured 0.1 s to {tmp_path}/x.txt" in said.stdout
    kernel.run("%janus admin accept off --yes").check()
    assert "472" in kernel.run("await connect()").traceback
    kernel.run("%janus admin accept on").check()
    # Nobody can be asked in this kernel.
    session_id, handle_id = ids(kernel)
    for line in ("destroy session", "detach echo", "hangup echo", "accept off", "stun 127.0.0.1"):
        refused = kernel.run(f"%janus admin {line}").traceback
        assert "nobody can be asked here whether that is meant. Add --yes." in refused
    assert handles(gateway, session_id) == [handle_id]
    kernel.run("%janus admin hangup echo --yes").check()
    kernel.run("%janus admin detach session echo --yes").check()
    kernel.wait_until("echo.state == 'detached'")
    kernel.run(f"%janus admin destroy {session_id} --yes").check()
    assert sessions(gateway) == []


def test_an_interrupted_capture_ends(kernel: Kernel, tmp_path: Path) -> None:
    kernel.start(f"%janus admin capture echo --seconds 60 --folder {tmp_path} --file call")
    deadline = time.monotonic() + 10
    while not (tmp_path / "call").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kernel.interrupt()
    assert kernel.finish().error_name == "KeyboardInterrupt"
    kernel.wait_until("not (await (await admin()).handle_info(session.id, echo.id)).dump_to_pcap")


def test_the_practice_gateway_has_an_admin_api_too() -> None:
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        kernel.run("%janus serve --practice").check()
        kernel.run("session = await connect()\necho = await session.attach('echotest')").check()
        assert "sessions" in (kernel.run("%janus admin").check().text or "")
        assert "echotest" in (kernel.run("%janus admin handles").check().text or "")
        assert "(457 INVALID_REQUEST_PATH)" in kernel.run("%janus admin resolve localhost").traceback


def test_a_question_is_asked(kernel: Kernel, gateway: LocalGateway) -> None:
    session_id, _ = ids(kernel)
    # In the cell itself: ipykernel gives each cell an `input` of its own.
    cell = """from unittest import mock
with mock.patch("builtins.input", side_effect=[{answer!r}]) as asked:
    get_ipython().run_line_magic("janus", "admin destroy session")"""
    assert kernel.run(cell.format(answer="n")).check().stdout == "Nothing was done.\n"
    question = f"Destroy session {session_id} with all its handles at {gateway.admin_url}? [y/N] "
    assert kernel.value("asked.call_args.args") == (question,)
    assert sessions(gateway) == [session_id]
    kernel.run(cell.format(answer="y")).check()
    assert sessions(gateway) == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("sesions", "unknown verb of %janus admin 'sesions'. Did you mean 'sessions'?"),
        ("info", "%janus admin info: which handle? There are: echo"),
        ("info ecko", "'ecko' is no id of a handle, nor the name of one here. Did you mean 'echo'?"),
        ("info 17", "which session is handle 17 in?. Write both, or list it first"),
        ("info 1 2", "No such session 1 (458 SESSION_NOT_FOUND)"),
        ("info session echo 3", "unexpected '3'. Usage: %janus admin info"),
        ("handles sesion", "is no id of a session, nor the name of one here. Did you mean 'session'?"),
        ("set log_levle 3", "unknown setting 'log_levle'. Did you mean 'log_level'?"),
        ("set log_level much", "log_level is a whole number, not 'much'"),
        ("set log_level 9", "(467 INVALID_ELEMENT_TYPE)"),
        ("set log_colors maybe", "'maybe' is neither on nor off. Write on or off."),
        ("set log_level 3 --session session", "log_level is the same for all sessions"),
        (
            "tokens",
            "Stored-Token based authentication disabled (490 UNKNOWN). Stored tokens are off (token_auth",
        ),
        ("tokens add", "which token is to be used for 'add'?"),
        ("capture echo --seconds 0", "--seconds must be above 0, not 0"),
        ("message videoroom {", "the bracket { in column 32 is not closed"),
        ("message videoroom nothing", "JanusPluginError: Unknown request 'nothing' (423 INVALID_REQUEST)"),
        ("status --admin nothing", "'nothing' is no connection to an Admin API"),
        ("sessions --yes", "unknown option '--yes'."),
    ],
)
def test_errors_are_one_line(errors_kernel: Kernel, line: str, text: str) -> None:
    shown = errors_kernel.run(f"%janus admin {line}").traceback
    assert text.replace("?.", "?") in shown
    assert len(shown.splitlines()) == 1


@pytest.fixture(scope="module")
def errors_kernel(gateway: LocalGateway) -> Iterator[Kernel]:
    env = {"JANUS_URL": gateway.ws_url, "JANUS_ADMIN_URL": gateway.admin_url}
    with Kernel(env={**env, "JANUS_ADMIN_SECRET": gateway.admin_secret}) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        kernel.run("session = await connect()\necho = await session.attach('echotest')").check()
        yield kernel


def test_completion(kernel: Kernel) -> None:
    session_id, handle_id = ids(kernel)
    kernel.run("%janus admin sessions").check()
    assert "hangup" in kernel.complete("%janus admin h")
    assert "handles" in kernel.complete("%janus admin h")
    assert {"session", str(session_id)} <= set(kernel.complete("%janus admin handles "))
    assert str(handle_id) in kernel.complete(f"%janus admin info {session_id} ")
    assert "echo" in kernel.complete("%janus admin info session ")
    assert kernel.complete("%janus admin set log_l") == ["log_level"]
    assert {"on", "off"} <= set(kernel.complete("%janus admin set log_colors o"))
    assert kernel.complete("%janus admin destroy --y") == ["--yes"]
    assert "--yes" not in kernel.complete("%janus admin nonsense ")


def test_the_local_gateway_is_the_default_and_help_names_the_verbs() -> None:
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        assert (
            "no Admin API to connect to. Start a gateway with %janus serve"
            in kernel.run("%janus admin").traceback
        )
        kernel.run("gateway = get_ipython().run_line_magic('janus', 'serve')").check()
        kernel.run("janus = await admin()").check()
        assert kernel.value("janus.base_url == gateway.admin_url")
        assert kernel.value("await janus.list_sessions()") == ()
        listed = kernel.run("%janus help").check().stdout
        assert "%janus admin" in listed
        shown = kernel.run("%janus help admin").check().stdout
        assert "%janus admin capture [--admin NAME]" in shown
        assert "Destroy anybody's session." in shown
        kernel.run("%janus stop").check()
        assert kernel.value("janus.state") == "closed"
        assert "this JanusAdmin is closed. Call open() first." in kernel.run("await janus.ping()").traceback
        assert "no Admin API to connect to" in kernel.run("await admin()").traceback
