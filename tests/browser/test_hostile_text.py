"""Every panel, table, diagram and error with hostile text, at once in one notebook; then without a kernel."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.browser.notebooks import write
from tests.hostile.corpus import BAIT, FORBIDDEN

if TYPE_CHECKING:
    from tests.browser.harness import Lab
    from tests.browser.page import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.timeout(600)]

SETUP = """
%load_ext janus_notebook
from janus_notebook import JanusServerError, panels
from janus_notebook.bridge import background
from janus_notebook.client.ladder import ladder_of
from janus_notebook.client.tables import Table
from tests.hostile import messages, sessions
from tests.hostile.corpus import CORPUS, encodable

text = CORPUS["{category}"]
make = background().run_sync
session = make(sessions.hostile_session, text, timeout=60)
room = make(sessions.hostile_room, text)
admin = make(sessions.hostile_admin, text)
log = messages.hostile_log(encodable(text))
"""
SHOWN = (
    "panels.show_session(session)",
    "panels.show_events(session)",
    "for plugin in session.plugins:\n    panels.show_handle(plugin)",
    "panels.show_room(room)",
    "panels.show_admin(admin)",
    "ladder_of(log, limit=60)",
    "log.to_frame().tail(30)",
    "Table([('a', text), (text, 'b')])",
    "print(*list(log)[:20], sep='\\n')\nroom",
)
FOUND = """bait => {
    const found = [];
    for (const node of document.querySelectorAll('.jp-OutputArea *')) {
        const name = node.localName;
        if (name.includes(bait) || ['script', 'iframe', 'object'].includes(name)) found.push(name);
        for (const { name: attribute, value } of node.attributes) {
            if (attribute.startsWith('on') || attribute.includes(bait)) found.push(attribute);
            if (attribute === 'id' && value.includes(bait)) found.push(value);
            if (/^\\s*(javascript|data:text)/i.test(value)) found.push(value);
            if (name === 'img' && attribute === 'src' && !value.startsWith('data:image/')) found.push(value);
        }
    }
    if (bait in window) found.push('it ran');
    return [...new Set(found)];
}"""


def check_page(notebook: Notebook) -> None:
    """Fail if anything of the corpus is more than text in this page."""
    tab = notebook.page.tab
    assert tab.evaluate(FOUND, BAIT) == []
    assert BAIT not in tab.title()
    for output in tab.locator(".jp-OutputArea").all():
        found = FORBIDDEN & set(output.inner_text())
        assert not found, ascii(found)


def check_diagram(notebook: Notebook, index: int) -> None:
    """JupyterLab has drawn it, as a picture that holds text and no links, scripts or handlers."""
    output = notebook.output(index)
    picture = output.locator("img[src^='data:image/svg']")
    expect(picture).to_have_count(1, timeout=60_000)
    head, _, data = (picture.get_attribute("src") or "").partition(",")
    svg = base64.b64decode(data).decode() if ";base64" in head else unquote(data)
    drawing = ElementTree.fromstring(svg)
    names = {node.tag.rpartition("}")[2] for node in drawing.iter()}
    assert not names & {"script", "a", "iframe", "img", "image", "object", BAIT}, names
    for node in drawing.iter():
        for name, value in node.attrib.items():
            assert not name.startswith("on"), name
            assert BAIT not in name + value, (name, value)
    assert "Mallory" in "".join(drawing.itertext())


@pytest.mark.parametrize(
    "category",
    [
        "elements",
        *(pytest.param(name, marks=pytest.mark.nightly) for name in ("attributes", "script", "diagram")),
    ],
)
def test_hostile_text_is_text(lab: Lab, category: str) -> None:
    name = write(lab.folder / f"hostile-{category}.ipynb", SETUP.format(category=category), *SHOWN)
    with lab.page() as page:
        notebook = page.open(name)
        notebook.run_all(timeout=300)
        check_diagram(notebook, SHOWN.index("ladder_of(log, limit=60)") + 1)
        failed = notebook.add_and_run("raise JanusServerError(458, text)", check=False)
        expect(notebook.output(failed)).to_contain_text("SESSION_NOT_FOUND")
        check_page(notebook)
        for number, code in enumerate(SHOWN, start=1):
            page.screenshot(f"hostile-{category}-{number}", notebook.output(number))
            if not code.startswith("ladder_of"):  # a picture
                assert "Mallory" in notebook.output_text(number), code
        answer = notebook.add_and_run("6 * 7")
        assert notebook.output_text(answer).strip() == "42"
        notebook.save()
        notebook.shutdown_kernel()
    with lab.page() as page:
        again = page.open(name, kernel=False, trusted=True)
        expect(again.output(1)).to_contain_text("Mallory")
        check_page(again)
        page.screenshot(f"hostile-{category}-saved")
