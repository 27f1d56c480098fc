"""``%janus monitor`` and ``%janus serve --monitor`` in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.live]

UNTIL = """\
import time
def until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
def told(kind):
    return [event.name for event in watching.events if event.direction == "monitor" and event.kind == kind]
"""


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel() as started:
        started.run("%load_ext janus_notebook").check()
        started.run(UNTIL).check()
        yield started


def test_serve_tells_the_monitor_by_itself(kernel: Kernel) -> None:
    kernel.run("%janus serve --monitor").check()
    shown = kernel.run("%janus monitor").check()
    assert "bound to `watching`" in shown.stdout
    assert "The local gateway tells it everything." in shown.stdout
    panel = shown.displays[-2]["text/plain"]
    assert panel.startswith("Events of the server: ")
    # Not just one: a start that missed a transport is ended, and tried again.
    kernel.run("until(lambda: told('core')[-1:] == ['startup'])").check()
    kernel.run("session = await connect()").check()
    kernel.run("echo = await session.attach('echotest')").check()
    kernel.run("await echo.configure(audio=True)").check()
    kernel.run("until(lambda: 'configured' in told('plugin'))").check()
    kernel.run("merged = watching.merged(session)").check()
    assert kernel.value("{event.direction for event in merged} >= {'request', 'monitor', 'reply'}")
    assert kernel.run("merged").check().displays[-2]["text/plain"].startswith("Events of the session and of")
    # A stream is followed as that of a session.
    kernel.run("stream = watching.events.subscribe(['session', 'handle'], session_id=session.id)").check()
    kernel.run("await session.destroy()").check()
    assert kernel.value("[(await anext(stream)).name for _ in range(2)]") == ["detached", "destroyed"]
    kernel.run("%janus stop").check()
    kernel.run("until(lambda: told('core')[-1] == 'shutdown')").check()
    assert "monitor" in str(kernel.run("%janus status").check().text)
    # The next server tells the same monitor.
    kernel.run("%janus serve").check()
    kernel.run("until(lambda: told('core')[-1] == 'startup')").check()
    password = kernel.value("watching._core._password")
    seen = kernel.run("watching, repr(watching), watching.configuration()").check()
    assert password not in str(seen.text)
    assert kernel.value("watching.refused") == {}


def test_a_gateway_that_runs_already_is_started_anew_if_nobody_uses_it(kernel: Kernel) -> None:
    kernel.run("%janus serve --session-timeout 30").check()
    told = kernel.run("%janus monitor").check()
    assert "was started anew" in told.stdout
    kernel.run("until(lambda: told('core'))").check()
    kernel.run("session = await connect()").check()
    assert kernel.value("session.server['session-timeout']") == 30
    kernel.run("until(lambda: told('session'))").check()
    kernel.run("%janus monitor --stop").check()
    assert kernel.value("watching.state") == "closed"
    # The same address again: the server goes on telling.
    kernel.run("%janus monitor").check()
    kernel.run("await session.attach('echotest')").check()
    kernel.run("until(lambda: told('handle'))").check()


def test_sessions_are_not_destroyed_without_a_word(kernel: Kernel) -> None:
    kernel.run("%janus serve").check()
    kernel.run("session = await connect()").check()
    told = kernel.run("%janus monitor").check()
    assert "%janus monitor --restart starts it anew" in told.stdout
    assert kernel.value("session.state") == "connected"
    assert "was started anew" in kernel.run("%janus monitor --restart").check().stdout
    assert kernel.value("session.state") == "closed"
    kernel.run("session = await connect()").check()
    kernel.run("until(lambda: 'created' in told('session'))").check()


def test_for_another_server_it_gives_the_configuration(kernel: Kernel) -> None:
    shown = kernel.run("%janus monitor --auth --as watch").check()
    assert "For another server: %janus monitor --config." in shown.stdout
    text = kernel.run("%janus monitor --config --events sessions,media --as watch").check().stdout
    assert 'events = "sessions,media"' in text
    assert 'backend_pwd = "***"' in text
    assert str(kernel.value("watch.http_url")) in text
    secret = kernel.run("%janus monitor --config --secrets --as watch").check().stdout
    assert f'backend_pwd = "{kernel.value("watch._core._password")}"' in secret
    assert "janus.eventhandler.wsevh.jcfg" in kernel.run("%janus monitor --config wsevh").check().stdout
    assert "a monitor runs already" in kernel.run("%janus monitor --host 0.0.0.0").traceback
    assert "Did you mean 'sessions'" in kernel.run("%janus monitor --config --events session").traceback


def test_silence_is_said_below_the_next_cell(kernel: Kernel) -> None:
    kernel.run("listen = monitor").check()
    kernel.run("watch = await listen(patience=0.3)").check()
    said = kernel.run("until(lambda: watch.notice)").check().stderr + kernel.run("1").stderr
    assert said.startswith("Monitor: nothing has arrived from Janus within 0.3 s. ")
    assert "Monitor:" not in kernel.run("1").stderr
    assert "Did you mean 'patience'" in kernel.run("await listen(patienc=1)").traceback


def test_a_gateway_that_does_not_start_leaves_no_monitor(kernel: Kernel) -> None:
    assert "no-such" in kernel.run("%janus serve --monitor --binary no-such").traceback
    kernel.run("from janus_notebook.notebook.connect import serve").check()
    wrong = kernel.run("await serve(monitor=True, settings={'janus': 5})").traceback
    assert "must be a dict of categories" in wrong
    assert "Did you mean 'wsevh'" in kernel.run("await serve(monitor='wsev')").traceback
    assert "monitor" not in str(kernel.run("%janus status").check().text)
    # Further settings of one's own stand beside those for the monitor.
    settings = {
        "janus": {"events": {"stats_period": 2}},
        "janus.eventhandler.wsevh": {"general": {"events": "core"}},
    }
    kernel.run(f"gateway = await serve(monitor='wsevh', settings={settings})").check()
    kernel.run("%janus monitor").check()
    kernel.run("until(lambda: told('core'))").check()
    kernel.run("session = await connect()").check()
    assert kernel.value("told('session')") == []


def test_the_practice_gateway_tells_nothing(kernel: Kernel) -> None:
    kernel.run("%janus serve --practice").check()
    assert "only a real Janus" in kernel.run("%janus monitor").check().stdout
    kernel.run("%janus stop").check()
    assert "has no event handlers" in kernel.run("%janus serve --practice --monitor").traceback
    kernel.run("%janus serve --practice").check()  # with a monitor there: nothing to wire, no error


def test_the_monitor_ends_with_the_extension(kernel: Kernel) -> None:
    kernel.run("%janus monitor").check()
    url = str(kernel.value("watching.http_url"))
    kernel.run("%unload_ext janus_notebook").check()
    assert kernel.value("watching.state") == "closed"
    kernel.run("%load_ext janus_notebook").check()
    kernel.run("%janus monitor").check()
    assert kernel.value("watching.http_url") != url
