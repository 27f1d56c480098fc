"""The fixtures for other people's tests, in a pytest run of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

import janus_notebook

pytest_plugins = ["pytester"]

# By its name, so that it makes no difference whether the entry point is installed.
OPTIONS = ("-p", "janus_notebook.testing", "-p", "no:cacheprovider", "-W", "error")

TESTS = """
import asyncio
import threading

from janus_notebook import JanusEchoTestPlugin, JanusSession
from janus_notebook.gateway.practice import Delay, PracticeGateway

seen = []

async def echo(url):
    async with JanusSession(url) as session:
        plugin = JanusEchoTestPlugin()
        await plugin.attach(session)
        return (await plugin.configure(audio=True))["result"]

def test_a_sync_test(practice_gateway):
    assert isinstance(practice_gateway, PracticeGateway)
    assert practice_gateway.sessions == ()
    seen.append(practice_gateway)

def test_it_has_ended_with_the_test():
    assert not seen[0].running
    assert [t.name for t in threading.enumerate() if t.name.startswith("janus-notebook")] == []

def test_a_loop_in_the_test(practice_gateway):
    practice_gateway.misbehave(Delay("attach", 0.05))
    assert asyncio.run(echo(practice_gateway.ws_url)) == "ok"
    assert [done.verb for done in practice_gateway.faults_done] == ["attach"]

def test_several_with_options(practice_gateways):
    one, other = practice_gateways(session_timeout=7), practice_gateways(api_secret="a")
    assert one.ws_url != other.ws_url
    assert asyncio.run(echo(one.ws_url)) == "ok"
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs import this checkout, installed or not, and no other plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(janus_notebook.__file__).parent.parent))


def test_they_serve_sync_tests_and_loops(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=4)


def test_a_run_that_does_not_use_them_loads_next_to_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_loaded():
            ours = {name for name in sys.modules if name.startswith("janus_notebook")}
            light = {"errors", "testing", "texts"}
            assert ours <= {"janus_notebook", *(f"janus_notebook.{name}" for name in light)}
            assert not {"websockets", "httpx", "h11", "aiortc", "IPython"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)


def test_a_gateway_ends_when_a_test_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading

        def test_fails(practice_gateway):
            assert practice_gateway.sessions == (1,)

        def test_nothing_is_left():
            assert [t.name for t in threading.enumerate() if t.name.startswith("janus-notebook")] == []
        """
    )
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1, failed=1)


def test_an_option_that_is_wrong_fails_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_wrong(practice_gateways): practice_gateways(session_timeout=-1)")
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*JanusOptionError: session_timeout=-1: expected 0 or more whole seconds*"])
