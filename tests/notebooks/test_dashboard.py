"""The dashboard with nobody at its page: without a server, with one, and with one that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.gateways import running_gateway
from tests.kernel.harness import Kernel
from tests.notebooks.tutorials import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernel.harness import Result

pytestmark = [pytest.mark.live, pytest.mark.kernel, pytest.mark.timeout(240)]

SECRET = "open sesame"
NO_SERVER = "No server yet: give a URL and choose Watch, or choose Start one here."
SOURCES = [
    cell.source
    for cell in nbformat.read(FOLDER / "dashboard.ipynb", as_version=4).cells
    if cell.cell_type == "code"
]

# What the page holds, once its server's panel has drawn that it asks every five seconds: it draws ten times a second.
DRAWN = """
import json

def drawn():
    shown = [janus.secret, operator.secret, *tabs.children, *tabs.children[1].children]
    return json.dumps([widget.get_state() for widget in shown], default=str)

async with asyncio.timeout(20):
    while '"interval": 5' not in drawn():
        await asyncio.sleep(0.01)
print(drawn())
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        for source in SOURCES:
            kernel.run(source).check()
        yield kernel


def result(kernel: Kernel, code: str) -> str:
    """What a cell prints at its end, when the page has done what the cell has asked for."""
    done: Result = kernel.run(f"{code}\nprint(status.value, '|', *tabs.titles)", timeout=120)
    assert done.check().stderr == ""
    return done.stdout.strip()


def test_without_a_server_it_says_so_in_one_line(kernel: Kernel) -> None:
    assert result(kernel, "") == f"{NO_SERVER} |"
    assert result(kernel, "await run(watch)") == f"{NO_SERVER} |"


def test_it_shows_a_server_and_lets_go_of_it(kernel: Kernel) -> None:
    with running_gateway(api_secret=SECRET) as gateway:
        urls, secrets = (gateway.ws_url, gateway.admin_url), (SECRET, gateway.admin_secret)
        kernel.run(f"janus.url.value, operator.url.value = {urls}").check()
        kernel.run(f"janus.secret.value, operator.secret.value = {secrets}").check()
        watching = f"Watching {gateway.ws_url} | Server Session Messages"
        assert result(kernel, "await run(watch)") == watching
        drawn = kernel.run(DRAWN).check().stdout
        assert '"Janus WebRTC Server"' in drawn
        assert SECRET not in drawn
        assert gateway.admin_secret not in drawn
        assert result(kernel, "await run(watch)") == watching
        assert result(kernel, "await run(leave)") == "Nothing is watched. |"
        left = "url, secret = operator.reach()\nprint(await (await admin(url, **secret)).list_sessions())"
        assert kernel.run(left).check().stdout == "()\n"


def test_a_secret_goes_to_no_other_server(kernel: Kernel) -> None:
    kernel.run(f"janus.url.value = 'ws://127.0.0.1:9'; janus.secret.value = {SECRET!r}").check()
    assert kernel.run("print(janus.reach(), [janus.secret.value])").stdout == (
        f"('ws://127.0.0.1:9', {{'api_secret': '{SECRET}'}}) ['']\n"
    )
    kernel.run("janus.url.value = 'ws://127.0.0.1:10'").check()
    assert kernel.run("print(janus.reach())").stdout == "('ws://127.0.0.1:10', {})\n"


def test_where_no_server_is_it_says_why(kernel: Kernel) -> None:
    kernel.run("janus.url.value, operator.url.value = 'ws://127.0.0.1:9', ''").check()
    said = result(kernel, "await run(watch)")
    assert said.count("\n") == 0
    assert "127.0.0.1:9" in said
    assert said.endswith("| Doctor")
    assert kernel.run("print(watched['Doctor'].fault.name)").check().stdout == "port\n"


def test_it_starts_a_server_of_its_own_with_people_in_it(kernel: Kernel) -> None:
    assert result(kernel, "await run(start_here)").endswith("| Server Session Messages Events")
    names = "print(sorted({p for h in await watched['Server'].handles() if (p := h.plugin)}))"
    assert "janus.plugin.videoroom" in kernel.run(names).check().stdout
    assert result(kernel, "await run(diagnose)").endswith("| Server Session Messages Events Doctor")
    assert kernel.run("print(watched['Doctor'].exit_code)").check().stdout == "0\n"
    assert result(kernel, "await run(leave)") == "Nothing is watched. |"
    assert result(kernel, "await run(watch)").endswith("| Server Session Messages Events")
