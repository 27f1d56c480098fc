"""The tour of the Admin panel, page by page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.tour_steps import button, declined, said, walk

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.hands import Hand

TOKEN = "hunter2-of-the-test"


def admin(panel: Locator, hand: Hand) -> None:
    pages = {"Sessions": sessions_page, "Rooms": rooms_page, "Settings": settings_page, "Tokens": tokens_page}
    for name, tour in pages.items():
        open_page(panel, hand, name)
        tour(panel, hand)
        left = hand.untried(panel, apart=("Hide this", "Now"))
        assert not left, f"{name}, by {hand.name}: {left}"
    open_page(panel, hand, "Server")
    expect(panel.get_by_role("tabpanel")).to_contain_text("Janus")
    open_page(panel, hand, "Sessions")


def open_page(panel: Locator, hand: Hand, name: str) -> None:
    """A page of the Admin panel: a click on its tab, or Tab to the row of tabs and then the arrow keys."""
    tab = panel.get_by_role("tab", name=re.compile(f"^{name}"))
    if hand.name == "keyboard":
        hand.reach(panel.get_by_role("tab", selected=True))
        hand.keys("Home")
        here = "(node) => node === document.activeElement"
        walk(hand, "ArrowRight", lambda: tab.evaluate(here), f"the tab {name}")
        for each in panel.get_by_role("tab").all():
            hand.used.add(each.evaluate("(node) => `button: ${node.title}`"))
    else:
        for each in panel.get_by_role("tab").all():
            hand.press(each)
        hand.press(tab)
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(panel.get_by_role("tabpanel")).to_have_count(1)


def sessions_page(panel: Locator, hand: Hand) -> None:
    hand.press(button(panel, "Refresh"))
    every = panel.get_by_label("Refresh automatically")
    hand.choose(every, "every second")
    expect(every).to_have_value("1")
    hand.choose(every, "off")
    expect(every).to_have_value("0")
    handles = panel.locator("tr[data-kind=handle]")
    hand.fill(panel.get_by_label("Filter the sessions"), "viewer")
    expect(handles).to_have_count(1)
    hand.press(handles.get_by_role("button"))
    tree = panel.get_by_role("tree", name="What Janus knows of the handle")
    expect(tree.get_by_role("treeitem").first).to_be_visible()
    for name, asked in (("Hang up", "PeerConnection"), ("Detach", "Detach"), ("Destroy session", "Destroy")):
        declined(panel, hand, button(panel, name), asked)
    hand.press(button(panel, "Close details"))
    expect(tree).to_be_hidden()
    hand.press(panel.locator("tr[data-kind=session]").get_by_role("button").first)
    expect(button(panel, "Destroy session")).to_be_visible()
    hand.press(button(panel, "Close details"))
    hand.fill(panel.get_by_label("Filter the sessions"), "")


def rooms_page(panel: Locator, hand: Hand) -> None:
    graph = panel.get_by_role("img", name=re.compile("Room 7"))
    hand.choose(panel.get_by_label("Highlight"), "Ada (sends)")
    expect(graph.locator(".janus-node.janus-on")).to_have_count(2)
    hand.choose(panel.get_by_label("Highlight"), "everybody")
    fold, table = (
        panel.get_by_text("The same as a table"),
        panel.get_by_role("table", name="Who receives what"),
    )
    hand.press(fold)
    expect(table).to_be_visible()
    hand.press(fold)
    expect(table).to_be_hidden()
    caption = panel.locator("details.janus-room > summary")
    hand.press(caption)
    expect(graph).to_be_hidden()
    hand.press(caption)
    expect(graph).to_be_visible()


def settings_page(panel: Locator, hand: Hand) -> None:
    """Each setting is changed, and changed back; what hurts asks first."""
    question = panel.get_by_role("alertdialog")
    for setting in panel.locator(".janus-setting").all():
        field = setting.locator("input, select")
        if not field.count():
            continue
        name = setting.locator("label").inner_text()
        before = field.evaluate("(node) => (node.type === 'checkbox' ? node.checked : node.value)")
        if isinstance(before, bool):
            word = setting.locator(".janus-setting-value span")
            hand.tick(field)
            expect(said(panel).filter(has_text=f"{name}: ").or_(question)).to_be_visible()
            if question.count():
                hand.press(button(question, "Cancel"))
            else:
                expect(word).to_have_text("off" if before else "on")
                expect(field).to_have_attribute("aria-disabled", "false")  # the server has answered
                hand.tick(field)
            expect(field).to_be_checked(checked=before)
            expect(word).to_have_text("on" if before else "off")
            expect(field).to_have_attribute("aria-disabled", "false")
            continue
        choices = field.locator("option").all_inner_texts()
        for value in (
            choices[3] if choices else str(int(before) + 1),
            choices[int(before)] if choices else before,
        ):
            if choices:
                hand.choose(field, value)
            else:
                hand.fill(field, value)
            hand.press(button(setting, f"Set {name}"))
            done = setting.locator("button:disabled")  # which it is when the server has said so
            expect(done.or_(question)).to_be_visible()
            if question.count():
                hand.press(question.get_by_role("button", name="Change it"))
            expect(done).to_be_visible()
        expect(field).to_have_value(before)


def tokens_page(panel: Locator, hand: Hand) -> None:
    first = panel.locator(".janus-token").filter(has_text="Token 1")
    hand.press(button(first, "Copy"))
    expect(panel.get_by_text("token 1 is on the clipboard")).to_be_visible()
    assert TOKEN not in panel.inner_html()
    hand.fill(panel.get_by_label("Token", exact=True), "another")
    new = panel.locator("form.janus-add").get_by_label("echotest")
    hand.tick(new)
    expect(new).not_to_be_checked()
    hand.tick(new)
    hand.press(button(panel, "Add token"))
    second = panel.locator(".janus-token").filter(has_text="Token 2")
    expect(second).to_contain_text("used by 0 handles")
    hand.press(second.locator("summary"))
    hand.tick(second.get_by_label("echotest"))
    expect(second.locator("summary")).not_to_contain_text("echotest")
    hand.press(button(second, "Remove"))
    question = panel.get_by_role("alertdialog")
    hand.press(button(question, "Remove"))
    expect(second).to_have_count(0)
