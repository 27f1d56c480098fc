"""The panels' controls in a real browser, and text from the network that tries to be more than text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab, Notebook
from tests.browser.notebooks import write

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(240)]

HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "</td></table><script>document.title='owned'</script>",
    "<svg onload=\"document.title='owned'\"></svg>",
    "&lt;b&gt;",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
]


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Notebook]:
    """A notebook with a server, a session and an attached EchoTest handle."""
    name = write(
        lab.folder / "panels.ipynb",
        "%load_ext janus_notebook\n%janus serve\nsession = await connect()\n"
        "echo = await session.attach('echotest')",
    )
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_cell(0)
        yield notebook
        notebook.shutdown_kernel()


def test_hang_up_and_detach_are_buttons(notebook: Notebook) -> None:
    index = notebook.add_and_run("await echo.publish()\necho")
    panel = notebook.output(index)
    hang_up, detach = panel.get_by_role("button", name="Hang up"), panel.get_by_role("button", name="Detach")
    state = panel.locator(".janus-chip")
    expect(state).to_contain_text("connected")
    hang_up.click()
    expect(state).to_contain_text("hung up")
    expect(hang_up).to_be_disabled()
    notebook.add_and_run("assert echo.state == 'hungup', echo.state\nawait echo.publish()")
    expect(state).to_contain_text("connected")
    expect(hang_up).to_be_enabled()
    detach.focus()
    notebook.page.tab.keyboard.press("Enter")
    expect(state).to_contain_text("detached")
    expect(detach).to_be_disabled()
    notebook.add_and_run("assert echo.state == 'detached', echo.state")


def test_showing_a_panel_again_and_again_shows_the_same_panel(notebook: Notebook) -> None:
    index = notebook.add("echo")
    for _ in range(5):
        notebook.run_cell(index)
    expect(notebook.output(index).locator(".janus-panel")).to_have_count(1)
    second = notebook.add_and_run("echo")
    notebook.add_and_run("await echo.publish()")
    for cell in (index, second):
        expect(notebook.output(cell).locator(".janus-chip")).to_contain_text("connected")


def test_hostile_text_is_shown_as_text(notebook: Notebook) -> None:
    """Other participants' display names, and the answers to requests, hold markup."""
    notebook.add_and_run(
        f"names = {HOSTILE!r}\n"
        "one, *others = [await session.attach('videoroom') for _ in range(len(names) + 1)]\n"
        "await one.request({'request': 'create', 'room': 7, 'notify_joining': True,\n"
        "                   'publishers': 20, 'description': names[0]})\n"
        "join = {'request': 'join', 'ptype': 'publisher', 'room': 7}\n"
        "await one.request({**join, 'display': 'watcher'})\n"
        "for other, name in zip(others, names):\n"
        "    await other.request({**join, 'display': name})"
    )
    live = [notebook.add_and_run(cell) for cell in ("one", "%janus events one", "session")]
    static = notebook.add_and_run(
        "from IPython.display import HTML\n"
        "from janus_notebook.panels.events.snapshot import stream_snapshot\n"
        "from janus_notebook.panels.events.static import stream_parts\n"
        "from janus_notebook.panels.handle.snapshot import handle_snapshot\n"
        "from janus_notebook.panels.handle.static import handle_parts\n"
        "from janus_notebook.panels.static import html\n"
        "parts = stream_parts(stream_snapshot(session._core.events))\n"
        "HTML(html([*handle_parts(handle_snapshot(one._core)), *parts]))"
    )
    stream = notebook.output(live[1])
    stream.get_by_label("Filter the events").fill("joining")
    joined = stream.locator('.janus-list [role="option"]').filter(has_text="joining={")
    expect(joined).to_have_count(len(HOSTILE))
    for row, text in zip(joined.all(), HOSTILE, strict=True):
        row.click()
        item = stream.get_by_role("treeitem").filter(has_text="display:")
        shown = stream.get_by_role("tree").inner_text()
        expect(item).to_have_count(1)
        assert not {"\x1b", "\u202e"} & set(shown)
        if text.isascii() and text.isprintable():
            expect(item).to_contain_text(text)
    for index in (*live, static):
        output = notebook.output(index)
        expect(output).to_contain_text("videoroom")
        expect(output.locator("img, script, [onerror], [onload]")).to_have_count(0)
        assert not {"\x1b", "\u202e"} & set(output.inner_text())
    expect(notebook.output(static)).to_contain_text("<img src=x onerror=")
    expect(notebook.output(live[0])).to_contain_text("<img src=x onerror=")
    notebook.page.screenshot("hostile-text", notebook.output(live[1]))
    assert notebook.page.tab.title() != "owned"
