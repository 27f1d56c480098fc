"""The handle panel as a person sees and uses it, in every state of a connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab, Notebook
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(300)]

SECRET = "hunter2-of-the-room"
ICE_FAILS = """
from janus_notebook import JanusPlugin
trickle = JanusPlugin.trickle
async def lost(self, candidates, timeout=None):
    text = "candidate:1 1 udp 2015363839 192.0.2.9 9 typ host"
    gone = {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0}
    return await trickle(self, [gone, {"completed": True}], timeout)
async def deaf(self, candidate):
    return None
from janus_notebook.media.peer import Peer
hear, Peer.add_candidate, JanusPlugin.trickle = Peer.add_candidate, deaf, lost
try:
    await echo.publish(timeout=8)
except Exception as error:
    print(type(error).__name__)
finally:
    Peer.add_candidate, JanusPlugin.trickle = hear, trickle
"""


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Notebook]:
    """A notebook with a server, a session and an attached EchoTest handle."""
    name = write(
        lab.folder / "handle.ipynb",
        "%load_ext janus_notebook\n%janus serve\nsession = await connect()\n"
        "echo = await session.attach('echotest')",
    )
    with lab.page(height=1300) as page:
        notebook = page.open(name)
        notebook.run_cell(0, 60)
        yield notebook
        notebook.shutdown_kernel()


def pictures(notebook: Notebook, name: str, panel: Locator) -> None:
    """Wide and narrow; nothing may stand out of the panel."""
    tab = notebook.page.tab
    for width in (700, 1400):
        tab.set_viewport_size({"width": width, "height": 1300})
        tab.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
        notebook.page.screenshot(f"handle-{name}-{width}", panel)
        wide = panel.locator(".janus-panel").first.evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide <= 1, (name, width, wide)


def test_every_state_and_every_control(notebook: Notebook) -> None:
    tab = notebook.page.tab
    panel = notebook.output(notebook.add_and_run("echo"))
    verdict, notice = panel.locator(".janus-verdict"), panel.locator(".janus-notice").first

    def button(name: str) -> Locator:
        return panel.get_by_role("button", name=name)

    expect(verdict).to_contain_text("Attached, no media yet")
    pictures(notebook, "attached", panel)

    # By keyboard: it begins here, without a line of code.
    button("Send test media").focus()
    tab.keyboard.press("Enter")
    expect(verdict).to_contain_text("Connected in")
    expect(panel.locator(".janus-step[data-status=done]")).to_have_count(7)
    expect(button("Send test media")).to_be_disabled()
    media = panel.get_by_role("table", name="Media")
    expect(media.get_by_role("row").filter(has_text="Janus").filter(has_text="bit/s").first).to_be_visible(
        timeout=20_000
    )
    chart = panel.get_by_role("img", name="Bitrate")
    expect(chart).to_have_attribute("aria-label", re.compile(r"from Janus \d+ kbit/s"))
    expect(panel.locator(".janus-plot path").first).to_have_attribute("d", re.compile("L"))
    pictures(notebook, "connected-light", panel)
    notebook.page.set_theme("dark")
    pictures(notebook, "connected-dark", panel)
    chart.focus()
    tab.keyboard.press("ArrowLeft")
    expect(chart).to_have_attribute("aria-label", re.compile(r"Bitrate, \+\d+\.\d+ s"))

    button("Echo video").click()
    expect(notice).to_have_text("video is not echoed")
    expect(button("Echo video")).to_have_attribute("aria-pressed", "false")
    button("Echo audio").click()
    expect(notice).to_have_text("audio is not echoed")
    expect(verdict).to_contain_text("Janus sends no audio or video back: switched off")
    button("Record").click()
    expect(notice).to_contain_text("the server records: Janus names the files")
    field = panel.get_by_role("spinbutton", name="kbit/s")
    field.fill("-5")
    field.press("Enter")
    expect(notice).to_contain_text("bitrate must be a whole number from 0 to 1,000,000, not “-5”")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("300")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    field.press("Enter")
    expect(notice).to_have_text("Janus asks the sender for at most 300 kbit/s; a sender need not obey")
    expect(panel.get_by_role("combobox", name="Layer")).to_have_count(0)  # our test media have one
    button("Support bundle").click()
    expect(notice).to_contain_text("written: ")
    button("All events").click()
    expect(panel.locator(".janus-panel")).to_have_count(2)
    button("All events").click()
    expect(panel.locator(".janus-panel")).to_have_count(1)
    for control in panel.locator("button:visible, select:visible, input:visible").all():
        assert control.get_attribute("title") or control.locator("xpath=ancestor::label").get_attribute(
            "title"
        )

    button("Hang up").click()
    expect(verdict).to_contain_text("Hung up. Closed by hangup()")
    pictures(notebook, "hungup", panel)
    notebook.add_and_run(ICE_FAILS, 60)
    expect(verdict).to_contain_text("ICE pair failed")
    expect(verdict).to_contain_text("Try: ")
    expect(panel.locator(".janus-step[data-status=failed]")).to_have_count(1)
    pictures(notebook, "ice-failed", panel)
    button("Detach").click()
    expect(verdict).to_contain_text("Detached")
    expect(panel.locator(".janus-group")).to_have_count(0)
    pictures(notebook, "detached", panel)
    recorded = notebook.add_and_run(
        "session.events.save('call.jsonl')\nplayed = replay('call.jsonl', speed=float('inf'))\n"
        "import asyncio\nwhile not played.ended: await asyncio.sleep(0.05)\nplayed.handles[0]"
    )
    again = notebook.output(recorded)
    expect(again.locator(".janus-figures")).to_contain_text("A recording has no figures.")
    expect(again.locator(".janus-verdict")).to_contain_text("Detached")


def test_a_room_is_moderated_from_the_panel(notebook: Notebook) -> None:
    notebook.add_and_run(
        "me, other = [await session.attach('videoroom') for _ in range(2)]\n"
        f"await me.create(room=77, secret={SECRET!r}, description='Lesson', notify_joining=True)\n"
        "await other.join(room=77, display='Ann')\nawait other.publish()"
    )
    panel = notebook.output(notebook.add_and_run("me"))
    notice = panel.locator(".janus-notice").first
    panel.get_by_role("textbox", name="Room").fill("77")
    panel.get_by_role("textbox", name="Name").fill("Teacher")
    panel.get_by_role("button", name="Join").click()
    expect(notice).to_have_text("joined room 77")
    ann = panel.locator(".janus-group").get_by_role("row").filter(has_text="Ann")
    expect(ann).to_contain_text("video 1")
    ann.get_by_role("button", name="Mute audio (mid 0)").click()
    expect(notice).to_contain_text("could not mute or unmute")
    secret = panel.get_by_label("Room secret")
    assert secret.get_attribute("type") == "password"
    secret.fill(SECRET)
    ann.get_by_role("button", name="Mute audio (mid 0)").click()
    expect(ann.get_by_role("button", name="Unmute audio (mid 0)")).to_be_visible()
    notebook.page.screenshot("handle-videoroom-1400", panel)
    subscribed = notebook.add_and_run(
        "subscriber = await me.subscriber()\nawait subscriber.set(me.view.feeds)\nsubscriber.handle"
    )
    viewer = notebook.output(subscribed)
    expect(viewer.get_by_role("table", name="Subscription").get_by_role("row")).to_have_count(3)
    viewer.get_by_role("button", name="Pause all").click()
    expect(viewer.locator(".janus-notice").first).to_have_text("Janus sends nothing")
    viewer.get_by_role("button", name="Resume all").click()
    expect(viewer.locator(".janus-notice").first).to_have_text("Janus sends again")
    notebook.page.screenshot("handle-subscriber-1400", viewer)
    ann.get_by_role("button", name="Kick").click()
    panel.get_by_role("button", name="Cancel").click()
    expect(ann).to_have_count(1)
    ann.get_by_role("button", name="Kick").click()
    panel.get_by_role("alertdialog").get_by_role("button", name="Kick").click()
    expect(notice).to_contain_text("Ann was thrown out")
    expect(ann).to_have_count(0)
    for cell in range(1, len(notebook)):
        assert SECRET not in str(notebook.outputs(cell))
