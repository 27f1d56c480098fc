"""What the tours of the panels have in common: finding a control, and walking by a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.hands import Hand

KEYS = 200


def button(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("button", name=name, exact=True)


def toggle(panel: Locator, name: str) -> Locator:
    """A button that is on or off, which its name says."""
    return panel.get_by_role("button", name=re.compile(f"^{name}: o(n|ff)$"))


def said(panel: Locator) -> Locator:
    """What became of the last click."""
    return panel.locator(".janus-notice").first


def declined(panel: Locator, hand: Hand, opener: Locator, asked: str) -> None:
    """The question comes; Escape, or Cancel, is a no that leaves the focus where it was."""
    question = panel.get_by_role("alertdialog")
    for answer in ("Escape", "Cancel"):
        hand.press(opener)
        expect(question).to_contain_text(asked)
        expect(button(question, "Cancel")).to_be_focused()
        if answer == "Escape":
            hand.keys("Escape")
        else:
            hand.press(button(question, "Cancel"))
        expect(question).to_have_count(0)
        expect(opener).to_be_focused()


def walk(hand: Hand, key: str, there: Callable[[], object], where: str) -> None:
    """Press a key until one is where one wants to be."""
    for _ in range(KEYS):
        if there():
            return
        hand.keys(key)
    raise AssertionError(f"{KEYS} times {key} does not lead to {where}")
