"""Two ways to use a page: with the mouse, and by keyboard alone. Each remembers the controls it has used."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Locator
    from playwright.sync_api import Page as PlaywrightPage

# Rows and people of one kind share their tooltip: to have used one of them is enough. Numbers, and what a
# tooltip adds behind a colon (the method of Python, the name of a setting), make no other kind.
KIND = """(node) => {
    const name = node.title || node.closest('[title]')?.title || node.ariaLabel || node.textContent;
    return `${node.localName}: ${name.replace(/\\d+/g, '#').split(/:[ \\n]/)[0].slice(0, 80)}`;
}"""
# Places to stand in, such as a list or what scrolls, are no controls; their keys are tried one by one.
USABLE = """(root) => [...root.querySelectorAll('button, select, input, textarea, summary, a[href]')].filter(
    (node) => !node.disabled && node.ariaDisabled !== 'true'
        && node.checkVisibility({checkVisibilityCSS: true, contentVisibilityAuto: true}))"""
TAB_STOPS = 250
INSIDE = "(node) => node.closest('.janus-frame').contains(document.activeElement)"
STANDS = f"(node) => node === document.activeElement ? 'here' : ({INSIDE})(node) ? 'inside' : 'outside'"
# Forwards or backwards from the focus, else from the beginning of the panel, as if one came from above.
APPROACH = f"""(node) => {{
    const panel = node.closest('.janus-frame'), from = document.activeElement;
    if (({INSIDE})(node)) {{
        const behind = from.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING;
        return behind ? 'Shift+Tab' : 'Tab';
    }}
    panel.tabIndex = -1;
    panel.focus();
    return 'Tab';
}}"""


class Hand(ABC):
    """What a person does with a control."""

    name: str

    def __init__(self, tab: PlaywrightPage) -> None:
        self.tab = tab
        self.used: set[str] = set()

    @abstractmethod
    def reach(self, control: Locator) -> None:
        """Go there: the next key is for it."""

    @abstractmethod
    def press(self, control: Locator, key: str = "Enter") -> None:
        """Press a button, or tick a box."""

    @abstractmethod
    def choose(self, choice: Locator, option: str) -> None:
        """Choose an option of a select by its beginning."""

    def tick(self, box: Locator) -> None:
        """Tick a box, or take the tick away."""
        self.press(box, "Space")

    def fill(self, field: Locator, text: str) -> None:
        """Type a text in place of what is there."""
        self.reach(field)
        self._note(field)
        self.keys("Control+a", "Delete")
        self.tab.keyboard.type(text)

    def keys(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            self.tab.keyboard.press(key)

    def untried(self, panel: Locator, *, apart: Iterable[str] = ()) -> list[str]:
        """The kinds of control in sight that were not used; `apart`: words of those used elsewhere."""
        found = panel.evaluate(f"(root) => ({USABLE})(root).map({KIND})")
        return sorted(
            {kind for kind in found if kind not in self.used and not any(word in kind for word in apart)}
        )

    def _note(self, control: Locator) -> None:
        self.used.add(control.evaluate(KIND))


class Mouse(Hand):
    """Points and clicks; types only where it has clicked."""

    name = "mouse"

    def reach(self, control: Locator) -> None:
        control.click()

    def press(self, control: Locator, key: str = "Enter") -> None:
        self._note(control)
        control.click()

    def choose(self, choice: Locator, option: str) -> None:
        # The list that a browser opens is no part of the page: there is nothing to click at.
        self._note(choice)
        texts = choice.locator("option").all_inner_texts()
        choice.select_option(label=next(text for text in texts if text.startswith(option)))


class Keyboard(Hand):
    """Goes by Tab from control to control; never points."""

    name = "keyboard"

    def reach(self, control: Locator) -> None:
        control.wait_for(state="visible")
        key = control.evaluate(APPROACH)
        for _ in range(TAB_STOPS):
            if (stands := control.evaluate(STANDS)) == "here":
                return
            assert stands == "inside", f"{key} does not reach {control}"
            self.tab.keyboard.press(key)
        raise AssertionError(f"{TAB_STOPS} times {key}, and {control} is not reached")

    def press(self, control: Locator, key: str = "Enter") -> None:
        self.reach(control)
        self._note(control)
        self.tab.keyboard.press(key)

    def choose(self, choice: Locator, option: str) -> None:
        self.reach(choice)
        self._note(choice)
        self.keys("Shift+Tab", "Tab")  # what was typed here within the last second would count as well
        self.tab.keyboard.type(option)
