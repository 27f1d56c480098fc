"""The Admin panel and the Room panel with the real Janus: each control once, then what the server says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.harness import Lab, Notebook, Page
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.nightly, pytest.mark.timeout(900)]

SETUP = """
%load_ext janus_notebook
import time
import numpy as np
from janus_notebook.notebook.connect import admin, connect, serve
await serve(token_auth=True)
adm = await admin()
await adm.add_token("hunter2-of-the-test")
session = await connect(token="hunter2-of-the-test")
victim = await connect(token="hunter2-of-the-test")
echo = await victim.attach("echotest", opaque_id="<b>echo</b>")
await echo.publish()

def picture():
    time.sleep(0.2)
    return np.full((48, 64, 3), 120, np.uint8)

me, ada, guest = [await session.attach("videoroom") for _ in range(3)]
await me.create(room=7, description="<i>Physics</i>", notify_joining=True, secret="of-the-room")
await me.join(room=7, display="me")
await ada.join(room=7, id=2, display="<b>Ada</b>")
await ada.publish(picture, None)
await guest.join(room=7, id=3, display="Guest")

async def told(what, condition, seconds=15):
    '''Wait until the server says so.'''
    end = time.monotonic() + seconds
    while not condition(await what()):
        assert time.monotonic() < end, await what()
"""


def server(notebook: Notebook, what: str, condition: str) -> None:
    """Ask the server until it says so: `condition` is about `it`, the answer of the Admin API to `what`."""
    notebook.add_and_run(f"await told(lambda: adm.{what}, lambda it: {condition})")


def pages(panel: Locator, page: Page, name: str) -> None:
    """Look at each page of the panel, by the arrow keys."""
    panel.get_by_role("tab", name="Sessions").click()
    for tab in ("Sessions", "Rooms", "Settings", "Tokens", "Server"):
        chosen = panel.get_by_role("tab", selected=True)
        expect(chosen).to_contain_text(tab)
        expect(chosen).to_be_focused()
        expect(panel.get_by_role("tabpanel")).to_have_count(1)
        page.screenshot(f"admin-{tab.lower()}-{name}", panel)
        if "dark" in name or tab == "Settings":  # axe-core takes its time
            assert violations(page.tab) == []
        page.tab.keyboard.press("ArrowRight")
    expect(panel.get_by_role("tab", selected=True)).to_contain_text("Sessions")


def test_each_control(lab: Lab) -> None:
    name = write(lab.folder / "admin.ipynb", SETUP)
    with lab.page() as page:
        page.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        notebook = page.open(name)
        notebook.run_cell(0, timeout=60)
        room = notebook.output(notebook.add_and_run("me.view"))
        check_room(notebook, room)
        panel = notebook.output(notebook.add_and_run("adm"))
        pages(panel, page, "1400-light")
        check_rooms(panel)
        check_settings(notebook, panel)
        check_tokens(notebook, panel)
        check_sessions(notebook, panel)
        check_refresh(notebook, panel, lab.folder)
        page.set_theme("dark")
        page.tab.set_viewport_size({"width": 700, "height": 900})
        pages(panel, page, "700-dark")
        page.screenshot("room-700-dark", room)
        check_end(notebook, panel, room)
        notebook.shutdown_kernel()


def check_room(notebook: Notebook, panel: Locator) -> None:
    tab = notebook.page.tab
    expect(panel.locator(".janus-title")).to_have_text("VideoRoom 7 “<i>Physics</i>”")
    expect(panel.locator(".janus-facts")).to_contain_text("at most 3 at once")
    card = panel.locator(".janus-person").filter(has_text="<b>Ada</b>")
    expect(card).to_contain_text("▣ video vp8")
    card.get_by_role("button", name="Receive").click()
    picture = card.get_by_role("img", name="The newest picture of <b>Ada</b>")
    expect(picture).to_be_visible()
    assert picture.evaluate("async (node) => { await node.decode(); return node.naturalWidth; }") == 64
    expect(card.get_by_role("button", name="Stop receiving")).to_be_enabled()
    notebook.page.screenshot("room-1400-light", panel)
    assert violations(tab) == []
    card.get_by_role("button", name="Stop receiving").press("Enter")
    expect(card.get_by_role("button", name="Receive")).to_be_enabled()
    expect(picture).to_be_hidden()
    # The wrong secret, typed; then the one that is known, for this session has made the room.
    panel.get_by_label("Room secret").fill("wrong")
    mute = card.get_by_role("button", name="Mute video")
    mute.click()
    expect(panel.locator(".janus-notice")).to_contain_text("Type the room's secret into the field")
    panel.get_by_label("Room secret").fill("")
    mute.press("Space")
    expect(card).to_contain_text("muted by moderation")
    notebook.add_and_run("assert me.view.participant(2).streams[0].moderated")
    card.get_by_role("button", name="Unmute video").click()
    expect(card).not_to_contain_text("muted by moderation")
    guest = panel.locator(".janus-person").filter(has_text="Guest")
    guest.get_by_role("button", name="Kick").click()
    expect(guest.get_by_role("alertdialog")).to_contain_text("Throw Guest out of the room?")
    tab.keyboard.press("Escape")
    expect(panel.get_by_role("alertdialog")).to_have_count(0)
    guest.get_by_role("button", name="Kick").press("Enter")
    guest.get_by_role("alertdialog").get_by_role("button", name="Kick").press("Enter")
    expect(guest).to_have_count(0)
    expect(panel.get_by_role("row").filter(has_text="was thrown out")).to_contain_text("Guest")
    notebook.add_and_run("assert guest.view.state == 'kicked', guest.view\nawait guest.detach()")
    notebook.add_and_run("await me.edit(room=7, secret='of-the-room', new_publishers=5); None")
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.locator(".janus-facts")).to_contain_text("at most 5 at once")
    notebook.add_and_run("watching = await me.subscriber()\nawait watching.set(me.view.feeds)\nNone")


def check_rooms(panel: Locator) -> None:
    panel.get_by_role("tab", name="Rooms").click()
    graph = panel.get_by_role("img", name="Room 7: 1 publisher · 1 subscription · 1 connection")
    expect(graph.locator(".janus-node")).to_have_count(2)
    expect(graph).to_contain_text("★ <b>Ada</b>")
    panel.get_by_label("Highlight").select_option(label="me (receives)")
    expect(graph.locator(".janus-node.janus-on")).to_have_count(2)
    panel.get_by_text("The same as a table").click()
    row = panel.get_by_role("row").filter(has_text="<b>Ada</b>")
    expect(row.get_by_role("cell")).to_have_text(["<b>Ada</b>", "video vp8", "me"])


def check_settings(notebook: Notebook, panel: Locator) -> None:
    panel.get_by_role("tab", name="Settings").click()
    field = panel.get_by_label("Slow link threshold", exact=True)
    field.fill("7")
    field.press("Enter")
    server(notebook, "get_status()", "it.slowlink_threshold == 7")
    expect(panel.get_by_role("button", name="Set Slow link threshold")).to_be_disabled()
    panel.get_by_label("Log level", exact=True).select_option("5")
    panel.get_by_role("button", name="Set Log level").click()
    server(notebook, "get_status()", "it.log_level == 5")
    panel.get_by_label("Log times").press("Space")
    server(notebook, "get_status()", "it.log_timestamps")
    lock = panel.get_by_label("Log every lock")
    lock.click()
    panel.get_by_role("alertdialog").get_by_role("button", name="Cancel").press("Enter")
    expect(lock).not_to_be_checked()
    server(notebook, "get_status()", "not it.locking_debug")
    accept = panel.get_by_label("Accept new sessions")
    accept.click()
    panel.get_by_role("alertdialog").get_by_role("button", name="Change it").click()
    server(notebook, "info()", "not it.accepting_new_sessions")
    expect(panel.locator(".janus-notice").first).to_have_text("Accept new sessions: off now")
    accept.click()
    server(notebook, "info()", "it.accepting_new_sessions")


def check_tokens(notebook: Notebook, panel: Locator) -> None:
    panel.get_by_role("tab", name="Tokens").click()
    first = panel.locator(".janus-token").filter(has_text="Token 1")
    first.get_by_role("button", name="Copy").click()
    expect(panel.get_by_text("token 1 is on the clipboard")).to_be_visible()
    assert notebook.page.tab.evaluate("() => navigator.clipboard.readText()") == "hunter2-of-the-test"
    assert "hunter2" not in panel.inner_html()
    panel.get_by_role("button", name="Add token").click()
    second = panel.locator(".janus-token").filter(has_text="Token 2")
    expect(second).to_contain_text("used by 0 handles")
    server(notebook, "list_tokens()", "len(it) == 2")
    second.locator("summary").click()
    second.get_by_label("echotest").press("Space")
    server(
        notebook, "list_tokens()", "['echotest' in str(one.allowed_plugins) for one in it].count(False) == 1"
    )
    expect(second.get_by_label("echotest")).not_to_be_checked()
    second.get_by_role("button", name="Remove").click()
    second.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    server(notebook, "list_tokens()", "len(it) == 1")
    expect(second).to_have_count(0)


def check_sessions(notebook: Notebook, panel: Locator) -> None:
    panel.get_by_role("tab", name="Sessions").click()
    handles = panel.locator("tr[data-kind=handle]")
    panel.get_by_label("Filter the sessions").fill("<b>echo</b> connected")
    expect(handles).to_have_count(1)
    handles.get_by_role("button").press("Enter")
    tree = panel.get_by_role("tree", name="What Janus knows of the handle")
    expect(tree.get_by_role("treeitem").filter(has_text="opaque_id")).to_contain_text("<b>echo</b>")
    expect(tree.get_by_role("treeitem").filter(has_text="token")).to_contain_text("***")
    for button, asked in (
        ("Hang up", "PeerConnection"),
        ("Detach", "Detach"),
        ("Destroy session", "Destroy"),
    ):
        panel.get_by_role("button", name=button, exact=True).click()
        question = panel.get_by_role("alertdialog")
        expect(question).to_contain_text(asked)
        if button == "Hang up":
            notebook.page.tab.keyboard.press("Escape")
            server(notebook, "handle_info(victim.id, echo.id)", "it.state == 'connected'")
            panel.get_by_role("button", name=button, exact=True).click()
        question.get_by_role("button", name=button).click()
        match button:
            case "Hang up":
                server(notebook, "handle_info(victim.id, echo.id)", "it.state != 'connected'")
                panel.get_by_label("Filter the sessions").fill("")
            case "Detach":
                server(notebook, "list_handles(victim.id)", "it == ()")
                expect(panel.get_by_text("It is not there any more")).to_be_visible()
            case _:
                server(notebook, "list_sessions()", "it == (session.id,)")
    panel.get_by_role("button", name="Close details").click()
    expect(tree).to_be_hidden()


def check_refresh(notebook: Notebook, panel: Locator, folder: Path) -> None:
    notebook.add_and_run("more = await session.attach('echotest', opaque_id='one more')")
    more = panel.locator("tr[data-kind=handle]").filter(has_text="one more")
    expect(more).to_have_count(0)
    panel.get_by_role("button", name="Refresh").press("Enter")
    expect(more).to_have_count(1)
    second = notebook.output(notebook.add_and_run("adm"))  # the same panel once more
    panel.get_by_label("Refresh automatically").select_option(label="every second")
    expect(second.get_by_label("Refresh automatically")).to_have_value("1")
    # While a cell computes, too.
    wait = "while not Path('seen').exists():\n    time.sleep(0.05)"
    notebook.start_cell(notebook.add(f"from pathlib import Path\nawait more.detach()\n{wait}"))
    for view in (panel, second):
        expect(view.locator("tr[data-kind=handle]").filter(has_text="one more")).to_have_count(0)
    assert notebook.kernel_status == "busy"
    (folder / "seen").touch()
    notebook.finish()
    panel.get_by_label("Refresh automatically").select_option(label="off")
    expect(second.get_by_label("Refresh automatically")).to_have_value("0")


def check_end(notebook: Notebook, panel: Locator, room: Locator) -> None:
    """The server goes: what was seen stays, and the panels say what happened."""
    notebook.add_and_run("await me.leave()\nNone")
    expect(room.locator(".janus-chip")).to_contain_text("left")
    notebook.add_and_run("%janus stop")
    expect(panel.locator(".janus-chip")).to_contain_text("closed")
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.locator(".janus-failure").first).to_contain_text("failed: this JanusAdmin is closed")
    expect(panel.locator("tr[data-kind=handle]").filter(has_text="videoroom").first).to_be_visible()
