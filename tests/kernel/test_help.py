"""Tab and Shift-Tab: every method of every plugin shows its parameters and its documentation."""

from __future__ import annotations

import inspect

import pytest

from janus_notebook.plugins import known_plugins, plugin_class
from janus_notebook.plugins.requests import requests_of
from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.live]


@pytest.mark.parametrize("plugin", known_plugins())
def test_the_requests_of_a_plugin(kernel: Kernel, plugin: str) -> None:
    kernel.run(f"session = await connect()\nhandle = await session.attach({plugin!r})").check()
    offered = kernel.complete("handle.")
    requests = requests_of(plugin_class(plugin))
    assert requests
    for method in requests.values():
        name = method.__name__
        assert name in offered or f".{name}" in offered or f"handle.{name}" in offered, name
        shown = kernel.inspect(f"handle.{name}(")
        documented = inspect.getdoc(method)
        assert documented
        assert documented.splitlines()[0] in shown, name
        for parameter in inspect.signature(method).parameters:
            if parameter != "self":
                assert parameter in shown, f"{name}: {parameter}"
        assert "Call[" in shown, name
    kernel.run("await session.destroy()").check()


def test_parameters_are_completed(kernel: Kernel) -> None:
    kernel.run("session = await connect()\nroom = await session.attach('videoroom')").check()
    assert "display=" in kernel.complete("room.join(disp")
    assert "notify_joining=" in kernel.complete("room.create(notify")
    assert "handle_id=" in kernel.complete("session.ladder(han")
    assert "Follow this handle's events from now on" in kernel.inspect("room.events(")
    assert "sequence diagram" in kernel.inspect("session.ladder(")
    assert "Play a file" in kernel.inspect("replay(")
    kernel.run("await session.destroy()").check()
