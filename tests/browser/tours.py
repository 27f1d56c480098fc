"""Every panel in one notebook, and a tour of each: all its controls, used by a `Hand`, with what they do.

A tour looks at the page alone, for in Voilà no cell can ask the kernel, and leaves its panel as it was, so
that another hand can make it again. `end` then does what can be done only once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser import tours_media
from tests.browser.tour_steps import button, declined, said, toggle, walk
from tests.browser.tours_admin import TOKEN, admin

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.hands import Hand

__all__ = ["CELLS", "READY", "SETUP", "TOURS", "end"]

SETUP = f"""
%load_ext janus_notebook
import os, time
import numpy as np
from janus_notebook import JanusError
from janus_notebook.notebook.connect import admin, connect, serve
gateway = await serve(token_auth=True)
adm = await admin()
await adm.add_token({TOKEN!r})
session = await connect(token={TOKEN!r})
# By another name, for which there is a token in the settings.
url = gateway.ws_url.replace("127.0.0.1", "localhost")
os.environ |= {{"JANUS_URL": url, "JANUS_TOKEN": {TOKEN!r}}}
echo = await session.attach("echotest")
await echo.publish()

def picture():
    time.sleep(0.2)
    return np.full((48, 64, 3), 120, np.uint8)

me, ada = [await session.attach("videoroom") for _ in range(2)]
if not (await me.exists(room=7)).exists:  # another front end was here before
    await me.create(room=7, description="Physics", notify_joining=True, secret="of-the-room")
await me.join(room=7, display="me")
await ada.join(room=7, id=2, display="Ada")
await ada.publish(picture, None)
viewer = await me.subscriber()
await viewer.set(me.view.feeds)
seen, shared = [await session.attach("echotest") for _ in range(2)]
session._core.on_error(JanusError("the cat did it"))
"""
CELLS = {
    "session": "session",
    "handle": "echo",
    "videoroom": "me",
    "subscriber": "viewer.handle",
    "events": "session.events",
    "admin": "adm",
    "room": "me.view",
    "doctor": "%janus doctor $url --as found",
    "view": "echo.view(width=320, fps=10)",
    "camera": "seen.camera(audio=True, width=320, height=240, fps=10)",
    "screen": "shared.camera(source='screen', width=320, fps=5)",
}
READY: dict[str, str | re.Pattern[str]] = {
    "session": "● connected",
    "handle": "Connected in",
    "videoroom": "Ada",
    "subscriber": "Connected in",
    "events": "● connected",
    "admin": "● connected",
    "room": "VideoRoom 7",
    "doctor": "All is well",
    "view": "▶ playing",
    "camera": "● connected",
    "screen": re.compile("● connected|you hung up"),
}
"""What a panel says when it is there as the tours want it."""


def session(panel: Locator, hand: Hand) -> None:
    hand.press(button(panel, "Ping"))
    expect(said(panel)).to_contain_text("The server answered in")
    hand.press(button(panel, "Support bundle"))
    expect(said(panel)).to_contain_text(re.compile("^[Ww]ritten: "))
    hand.press(button(panel, "Copy id"))
    copied = "async (ident) => await navigator.clipboard.readText() === ident"
    panel.page.wait_for_function(copied, arg=panel.locator(".janus-id").first.inner_text())
    opener = panel.locator(".janus-open").first
    inner = panel.locator(".janus-stack > .janus-frame")
    # Text that somebody has selected makes no difference.
    panel.locator(".janus-facts").first.evaluate("(facts) => getSelection().selectAllChildren(facts)")
    hand.press(opener)
    expect(inner).to_contain_text("janus.plugin.echotest")
    expect(inner).to_be_in_viewport()
    panel.page.evaluate("() => getSelection().removeAllRanges()")
    hand.press(opener, "Space")
    expect(inner).to_have_count(0)
    hand.press(panel.locator(".janus-badge"))
    expect(panel.locator(".janus-uncaught")).to_be_focused()
    declined(panel, hand, button(panel, "Destroy …"), "Destroy session")


def handle(panel: Locator, hand: Hand) -> None:
    for name, medium in (("Echo audio", "audio"), ("Echo video", "video")):
        for text in (f"{medium} is not echoed", f"{medium} is echoed"):
            hand.press(toggle(panel, name))
            expect(said(panel)).to_have_text(text)
    hand.press(toggle(panel, "Record"))
    expect(said(panel)).to_contain_text("the server records")
    expect(toggle(panel, "Record")).to_have_attribute("aria-pressed", "true")
    hand.press(toggle(panel, "Record"))
    expect(said(panel)).to_have_text("the server no longer records")
    field = panel.get_by_role("spinbutton", name="kbit/s")
    hand.fill(field, "-5")
    hand.press(button(panel, "Cap bitrate"))
    expect(said(panel)).to_contain_text("must be a whole number")
    expect(field).to_have_attribute("aria-invalid", "true")
    hand.fill(field, "600")
    hand.keys("Enter")
    expect(said(panel)).to_contain_text("at most 600 kbit/s")
    expect(panel.get_by_label("Layer")).to_have_count(0)  # the test media have one
    chart = panel.get_by_role("img", name="Bitrate")
    hand.reach(chart)
    if hand.name == "keyboard":
        hand.keys("ArrowLeft", "Escape")
    stream = panel.locator(".janus-stream")
    hand.press(button(panel, "All events"))
    expect(stream.locator(".janus-event[role=option]").first).to_be_visible()
    expect(button(panel, "All events")).to_have_attribute("aria-expanded", "true")
    hand.press(button(panel, "All events"))
    expect(stream).to_have_count(0)
    hand.press(button(panel, "Support bundle"))
    expect(said(panel)).to_contain_text(re.compile("^[Ww]ritten: "))
    chip = panel.locator(".janus-chip").first
    hand.press(button(panel, "Hang up"))
    expect(chip).to_have_text("■ hung up")
    hand.press(button(panel, "Send test media"))
    expect(chip).to_have_text("● connected")
    expect(said(panel)).to_have_text("the test pattern and the tone are sent")


def videoroom(panel: Locator, hand: Hand) -> None:
    for shown in (1, 0):
        hand.press(button(panel, "Room view"))
        expect(panel.locator(".janus-room-panel")).to_have_count(shown)
        expect(button(panel, "Room view")).to_have_attribute("aria-expanded", "true" if shown else "false")
    row = panel.locator(".janus-group").get_by_role("row").filter(has_text="Ada")
    hand.press(panel.locator(".janus-group").get_by_role("button", name="Refresh"))
    expect(said(panel)).to_have_text("2 in the room")
    mute = row.get_by_role("button", name=re.compile("ute video"))
    hand.fill(panel.get_by_label("Room secret"), "wrong")
    hand.press(mute)
    expect(said(panel)).to_contain_text("could not mute or unmute")
    for text in ("is muted", "is heard again"):
        hand.fill(panel.get_by_label("Room secret"), "of-the-room")
        hand.press(mute)
        expect(said(panel)).to_contain_text(text)
    question = panel.get_by_role("alertdialog")
    hand.press(button(row, "Kick"))
    expect(question).to_contain_text("Throw Ada out")
    hand.press(button(question, "Cancel"))
    expect(question).to_have_count(0)
    hand.press(button(panel, "Publish test media"))
    expect(panel.locator(".janus-chip").first).to_have_text("● connected")
    expect(said(panel)).to_contain_text("are published")
    for name, medium in (("Send audio", "audio"), ("Send video", "video")):
        for text in (f"your {medium} is not relayed", f"your {medium} is relayed"):
            hand.press(toggle(panel, name))
            expect(said(panel)).to_have_text(text)
    hand.fill(panel.get_by_role("spinbutton", name="kbit/s"), "600")
    hand.press(button(panel, "Cap bitrate"))
    expect(said(panel)).to_contain_text("at most 600 kbit/s")
    hand.press(button(panel, "Unpublish"))
    expect(said(panel)).to_contain_text("nothing is published")
    expect(button(panel, "Publish test media")).to_be_enabled()


def subscriber(panel: Locator, hand: Hand) -> None:
    row = panel.get_by_role("table", name="Subscription").get_by_role("row").filter(has_text="Ada")
    for name, text in (
        ("Pause all", "sends nothing"),
        ("Resume all", "sends again"),
        ("Key frame", "asked for"),
    ):
        hand.press(button(panel, name))
        expect(said(panel)).to_contain_text(text)
    for name, text in (("Pause", "is paused"), ("Resume", "is relayed again")):
        hand.press(button(row, name))
        expect(said(panel)).to_contain_text(text)
    for name in ("Simulcast", "Frame rate"):
        expect(row.get_by_label(name)).to_have_count(0)  # the test media have one layer


def events(panel: Locator, hand: Hand) -> None:
    status, rows = panel.locator(".janus-status"), panel.locator(".janus-event[role=option]")
    fit = re.compile(r"[\d,]+ of [\d,]+ events fit the filter")

    def all_again() -> None:
        expect(status).to_contain_text(fit)
        hand.press(button(panel, "Show all"))
        expect(status).not_to_contain_text(fit)
        expect(panel.get_by_label("Filter the events")).to_be_focused()

    hand.fill(panel.get_by_label("Filter the events"), "webrtcup -keepalive")
    expect(rows.first).to_contain_text("webrtcup")
    all_again()
    hand.choose(panel.get_by_label("Kind of event"), "media")
    all_again()
    hand.choose(panel.get_by_label("Handle", exact=True), "echo")
    all_again()
    for direction in ("request", "reply", "event", "local"):
        box = panel.locator(f'.janus-check[data-direction="{direction}"] input')
        hand.tick(box)
        expect(box).not_to_be_checked()
        all_again()
        expect(box).to_be_checked()

    found = panel.locator(".janus-found")
    hand.fill(panel.get_by_label("Search in the events"), "media")
    expect(found).to_contain_text(re.compile("found| of "))
    hand.press(button(panel, "Next match"))
    expect(found).to_contain_text(re.compile(r"\d+ of \d+"))
    first = found.inner_text()
    hand.press(button(panel, "Previous match"))
    expect(found).not_to_have_text(first)
    hand.fill(panel.get_by_label("Search in the events"), "")

    follow, pause = panel.get_by_role("button", name="Follow"), panel.get_by_role("button", name="Pause")
    expect(follow).to_have_attribute("aria-pressed", "false")
    hand.press(follow)
    expect(follow).to_have_attribute("aria-pressed", "true")
    hand.press(pause)
    resume = panel.get_by_role("button", name="Resume")
    expect(resume).to_have_attribute("aria-pressed", "true")
    hand.press(resume)
    expect(pause).to_have_attribute("aria-pressed", "false")
    for name, ending in (("Save JSONL", ".jsonl"), ("Save text", ".txt")):
        with hand.tab.expect_download() as download:
            hand.press(button(panel, name))
        assert download.value.suggested_filename.endswith(ending)
        expect(panel.locator(".janus-saved")).to_contain_text("in this browser's downloads")

    hand.fill(panel.get_by_label("Filter the events"), "joining")  # its JSON has branches to unfold
    expect(rows.filter(has_text="Ada")).to_have_count(1)
    details, listbox = panel.get_by_label("The chosen event"), panel.get_by_role("listbox")
    if hand.name == "keyboard":
        hand.reach(listbox)
        hand.keys("Home", "Enter")
    else:
        rows.first.click()
    expect(details.get_by_role("treeitem").first).to_be_visible()
    hand.press(button(details, "Copy JSON"))
    expect(details.get_by_role("status")).to_have_text("JSON copied")
    hand.press(button(details, "Copy line"))
    expect(details.get_by_role("status")).to_have_text("Line copied")
    hand.press(button(details, "Unfold all"))
    hand.press(button(details, "Fold all"))
    item = details.locator('[role=treeitem][aria-expanded="false"]').first
    if hand.name == "keyboard":
        hand.reach(details.locator('[role=treeitem][tabindex="0"]'))
        hand.keys("Home")
        folded = details.locator('[role=treeitem][aria-expanded="false"]:focus')
        walk(hand, "ArrowDown", folded.count, "what is folded")
        hand.keys("ArrowRight")
        expect(details.locator('[role=treeitem][aria-expanded="true"]:focus')).to_have_count(1)
    else:
        item.click()
        expect(details.locator('[role=treeitem][aria-expanded="true"]')).not_to_have_count(0)
    hand.press(button(details, "Close the event"))
    expect(details).to_be_hidden()
    all_again()
    hand.press(follow)


def room(panel: Locator, hand: Hand) -> None:
    card = panel.locator(".janus-person").filter(has_text="Ada")
    picture = card.get_by_role("img", name="The newest picture of Ada")
    hand.press(card.get_by_role("button", name="Receive: Ada", exact=True))
    expect(picture).to_be_visible()
    hand.press(card.get_by_role("button", name="Stop receiving"))
    expect(picture).to_be_hidden()
    mute = card.get_by_role("button", name=re.compile("ute video"))
    hand.fill(panel.get_by_label("Room secret"), "wrong")
    hand.press(mute)
    expect(said(panel)).to_contain_text("Type the room's secret into the field")
    hand.fill(panel.get_by_label("Room secret"), "of-the-room")
    hand.press(mute)
    expect(card).to_contain_text("muted by moderation")
    hand.press(mute)
    expect(card).not_to_contain_text("muted by moderation")
    declined(panel, hand, card.get_by_role("button", name="Kick"), "Throw Ada out of the room?")
    hand.press(button(panel, "Refresh"))
    expect(panel.locator(".janus-facts")).to_contain_text("at most 3 at once")


def doctor(panel: Locator, hand: Hand) -> None:
    camera = panel.locator(".janus-step").filter(has=panel.page.get_by_text("Camera", exact=True))
    hand.press(button(panel, "Look again"))
    expect(button(panel, "Look again")).to_be_enabled()
    hand.press(button(panel, "Try the camera"))
    expect(camera).to_contain_text("it gives a picture")
    expect(camera).to_have_attribute("data-status", "ok")
    expect(button(panel, "Try the camera")).to_be_enabled()


TOURS: dict[str, Callable[[Locator, Hand], None]] = {
    "session": session,
    "handle": handle,
    "videoroom": videoroom,
    "subscriber": subscriber,
    "events": events,
    "admin": admin,
    "room": room,
    "doctor": doctor,
    "view": tours_media.view,
    "camera": tours_media.camera,
    "screen": tours_media.screen,
}
# By words of their tooltips: what is used at the end, or in the panel of another handle.
_LAST = ("Give the handle back", "Leave the room", "End the subscription")
_OF_ALL_HANDLES = ("Open or close the whole stream", "Write a zip file", "Close the PeerConnection")
ELSEWHERE = {"handle": _LAST, "videoroom": _LAST + _OF_ALL_HANDLES, "subscriber": _LAST + _OF_ALL_HANDLES}


def end(output: Callable[[str], Locator], hand: Hand) -> None:
    """What can be done once: leave, throw out, detach, destroy."""
    hand.press(button(output("subscriber"), "Leave"))
    expect(said(output("subscriber"))).to_have_text("left the room")
    card = output("room").locator(".janus-person").filter(has_text="Ada")
    hand.press(card.get_by_role("button", name="Kick"))
    hand.press(button(card.get_by_role("alertdialog"), "Kick"))
    expect(card).to_have_count(0)
    expect(output("room").get_by_role("row").filter(has_text="was thrown out")).to_contain_text("Ada")
    hand.press(button(output("videoroom"), "Leave"))
    expect(output("room").locator(".janus-chip").first).to_contain_text("left")
    hand.press(button(output("handle"), "Detach"))
    expect(output("handle").locator(".janus-chip").first).to_have_text("✕ detached")
    expect(output("view").locator(".janus-chip")).to_have_text("■ ended")
    hand.press(button(output("session"), "Destroy …"))
    hand.press(button(output("session").get_by_role("alertdialog"), "Destroy"))
    expect(output("session").locator(".janus-chip").first).to_have_text("✕ closed")
    expect(output("camera").locator(".janus-verdict")).to_contain_text("Ended")
