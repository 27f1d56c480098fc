"""The tours of the panels that play: a live view of what the kernel receives, and the browser's own camera.

The browser has fake devices, two cameras and three microphones, and asks nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.tour_steps import button

if TYPE_CHECKING:
    from playwright.sync_api import JSHandle, Locator

    from tests.browser.hands import Hand

BROWSER_OPTIONS = [
    "--use-fake-device-for-media-stream=device-count=2,fps=10",
    "--use-fake-ui-for-media-stream",  # who asks for a screen gets a fake one
    # Candidates carry addresses: a name under .local would have to be resolved by multicast.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

PICTURES = 3
SECONDS = 45.0
# How often what a canvas or a video shows has changed.
WATCH = """(node) => {
    const copy = new OffscreenCanvas(64, 48), pen = copy.getContext("2d", {willReadFrequently: true});
    const watched = {changes: -1, last: ""};
    watched.look = () => {
        pen.drawImage(node, 0, 0, 64, 48);
        const now = pen.getImageData(0, 0, 64, 48).data.join();
        if (now !== watched.last) watched.changes += 1;
        watched.last = now;
        return watched.changes;
    };
    return watched;
}"""


def moves(picture: Locator) -> None:
    """It shows one picture after the other."""
    picture.scroll_into_view_if_needed()
    watched: JSHandle = picture.evaluate_handle(WATCH)
    picture.page.wait_for_function(
        f"(watched) => watched.look() >= {PICTURES}", arg=watched, polling=50, timeout=SECONDS * 1000
    )


def view(panel: Locator, hand: Hand) -> None:
    chip, canvas = panel.locator(".janus-chip"), panel.locator("canvas")
    canvas.scroll_into_view_if_needed()
    expect(chip).to_have_text("▶ playing")
    moves(canvas)
    hand.press(button(panel, "Pause"))
    expect(chip).to_contain_text("paused")
    with hand.tab.expect_download() as download:
        hand.press(button(panel, "Save picture"))
    assert re.fullmatch(r"echotest-.*\.png", download.value.suggested_filename)
    hand.press(button(panel, "Resume"))
    expect(chip).to_have_text("▶ playing")
    moves(canvas)
    wide = button(panel, "Full width")
    narrow = canvas.evaluate("(node) => node.clientWidth")
    for on in ("true", "false"):
        hand.press(wide)
        expect(wide).to_have_attribute("aria-pressed", on)
        assert (canvas.evaluate("(node) => node.clientWidth") > narrow) is (on == "true")


def camera(panel: Locator, hand: Hand) -> None:
    verdict, mine = panel.locator(".janus-verdict"), panel.locator(".janus-mine")
    far = panel.locator(".janus-screen:not(.janus-mine) video")
    moves(far)
    expect(panel.locator(".janus-line")).to_contain_text("round trip")
    unheard = button(panel, "Play the sound")  # a page makes none before somebody has clicked in it
    if unheard.is_visible():
        hand.press(unheard)
        expect(unheard).to_be_hidden()
    for name, other in (("Mute microphone", "Unmute"), ("Stop camera", "Start camera")):
        hand.press(button(panel, name))
        expect(button(panel, other)).to_have_attribute("aria-pressed", "true")
        if other == "Start camera":
            expect(mine).to_contain_text("camera is off")
        hand.press(button(panel, other))
        expect(button(panel, name)).to_have_attribute("aria-pressed", "false")
    for name in ("Camera", "Microphone"):
        choice = panel.locator("label").filter(has_text=re.compile(f"^{name}")).locator("select")
        before = choice.input_value()
        options = choice.locator("option").all()
        texts = {option.evaluate("(node) => node.value"): option.inner_text() for option in options}
        assert len(texts) > 1, texts
        for value in (next(value for value in texts if value != before), before):
            hand.choose(choice, texts[value])
            expect(choice).to_have_value(value)
            moves(mine.locator("video"))
    moves(far)
    hand.press(button(panel, "Hang up"))
    expect(verdict).to_contain_text("you hung up")
    hand.press(button(panel, "Start again"))
    expect(verdict).to_be_hidden()
    moves(far)


def screen(panel: Locator, hand: Hand) -> None:
    """As with the camera; a browser that asks after a click only gets one."""
    choose, again, hang_up = (
        button(panel, name) for name in ("Choose what to share", "Start again", "Hang up")
    )
    for _ in range(2):
        expect(again.or_(hang_up)).to_be_visible()
        if again.is_visible():
            hand.press(again)
        expect(choose.or_(panel.locator(".janus-mine video").locator("visible=true")).first).to_be_visible()
        if choose.is_visible():
            hand.press(choose)
        moves(panel.locator(".janus-mine video"))
        hand.press(hang_up)
        expect(panel.locator(".janus-verdict")).to_contain_text("you hung up")
