"""What axe-core and the keyboard find in the panels of a page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator
    from playwright.sync_api import Page as PlaywrightPage

RUN = """async (selector) => {
    const options = {
        resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
        // These speak of a page as a whole, which is the front end's; a panel is a part of it.
        rules: {region: {enabled: false}, 'page-has-heading-one': {enabled: false}},
    };
    const {violations, passes} = await axe.run(selector, options);
    return {passes: passes.length, violations: violations.map(({id, impact, help, nodes}) => ({
        id, impact, help, nodes: nodes.map(({html, failureSummary}) => `${html}\\n    ${failureSummary}`)}))};
}"""

# The things that a person can act on. What is out of sight, or off at the moment, is nobody's to reach.
CONTROLS = """(root) => {
    const all = 'button, select, input, textarea, summary, a[href], [tabindex]';
    const usable = (node) => !node.disabled && node.tabIndex >= 0
        && node.checkVisibility({checkVisibilityCSS: true, contentVisibilityAuto: true});
    window.controls = [...root.querySelectorAll(all)].filter(usable);
    return window.controls.map((node) => node.outerHTML.slice(0, 120));
}"""
FOCUSED = """() => {
    const node = document.activeElement, style = getComputedStyle(node);
    const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    return [window.controls.indexOf(node), seen];
}"""


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(tab: PlaywrightPage, selector: str = ".janus-frame") -> list[str]:
    """What is against WCAG 2.1 AA in the elements that `selector` finds, serious or critical."""
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(_axe())
    found: dict[str, Any] = tab.evaluate(RUN, selector)
    assert found["passes"] > 5, f"axe-core looked at nothing: is there a {selector}?"
    return [
        f"{found['id']} ({found['impact']}): {found['help']}\n  " + "\n  ".join(found["nodes"])
        for found in found["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def unreachable(tab: PlaywrightPage, panel: Locator) -> list[str]:
    """The controls of a panel that Tab does not reach, or whose focus cannot be seen."""
    controls: list[str] = panel.evaluate(CONTROLS)
    missing = dict(enumerate(controls))
    panel.evaluate("(root) => { root.tabIndex = -1; root.focus(); }")
    unseen = []
    for _ in range(2 * len(controls)):
        tab.keyboard.press("Tab")
        index, seen = tab.evaluate(FOCUSED)
        if index < 0:
            break  # out of the panel
        missing.pop(index, None)
        if not seen:
            unseen.append(f"focus not visible: {controls[index]}")
    return [f"not reached by Tab: {control}" for control in missing.values()] + unseen
