"""The event stream in a real browser: every control by mouse and by keyboard, hostile text, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from janus_notebook.client.replay import Replay
from tests.browser.accessibility import unreachable, violations
from tests.browser.harness import Lab, Notebook
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# A session without a server, whose events the test makes itself.
SETUP = """
%load_ext janus_notebook
import time
from janus_notebook import panels
from janus_notebook.bridge import background
from tests.panels.conftest import event, make_handle, make_session
loop = background()
session = loop.run_sync(make_session)
handle = loop.run_sync(make_handle, session)
def happen(count, kind="media", handle_id=42, **fields):
    fields = fields or {"mid": "0", "type": "audio", "receiving": True}
    def record():
        for number in range(count):
            event(session, kind, handle_id, **fields, number=number)
    loop.run_sync(record)
"""
SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nm=audio 9 X 0\r\na=mid:0\r\nm=video 9 X 96\r\na=mid:1\r\n"
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"></textarea>"
    "<script>document.title='owned'</script>\u202e\x1b"
)


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Notebook]:
    name = write(lab.folder / "stream.ipynb", SETUP)
    with lab.page() as page:
        page.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        notebook = page.open(name)
        notebook.run_cell(0)
        yield notebook
        notebook.shutdown_kernel()


def control(stream: Locator, name: str) -> Locator:
    return stream.get_by_role("button", name=name)


def check(stream: Locator, direction: str) -> Locator:
    return stream.locator(f'.janus-check[data-direction="{direction}"] input')


def shown(stream: Locator) -> str:
    return stream.locator(".janus-status span").first.inner_text()


def clipboard(notebook: Notebook) -> str:
    return str(notebook.page.tab.evaluate("() => navigator.clipboard.readText()"))


def test_a_log_is_filtered_searched_read_and_taken_along(notebook: Notebook) -> None:
    tab = notebook.page.tab
    notebook.add_and_run(
        "happen(1, 'event', plugindata={'plugin': 'janus.plugin.x', 'data': {'deep': 'needle'}})"
    )
    notebook.add_and_run("happen(600)\nhappen(2, 'hangup', 43, reason='ICE failed')")
    stream = notebook.output(notebook.add_and_run("panels.show_events(session)"))
    rows = stream.locator('.janus-list [role="option"]')
    listbox = stream.get_by_role("listbox")
    text, search = stream.get_by_label("Filter the events"), stream.get_by_label("Search in the events")
    status = stream.locator(".janus-status")

    # Only what is in sight is in the document, and the newest is.
    expect(rows.filter(has_text="606")).to_be_visible()
    assert rows.count() < 50
    expect(status).to_have_text("606 events")
    expect(control(stream, "Follow")).to_have_attribute("aria-pressed", "true")

    # The choices are what there is; what fits is found in the whole log, also in the JSON.
    kinds = stream.get_by_label("Kind of event")
    expect(kinds.locator("option")).to_have_text(
        ["all kinds", "media (600)", "state (3)", "hangup (2)", "event (1)"]
    )
    cells = len(notebook)
    kinds.focus()
    notebook.page.tab.keyboard.type("hangup")  # in command mode "a" would insert a cell
    expect(kinds).to_have_value("hangup")
    expect(rows).to_have_count(2)
    assert len(notebook) == cells
    kinds.select_option("")
    stream.get_by_label("Handle").select_option("43")
    expect(status).to_contain_text("2 of 606 events fit the filter")
    expect(stream.locator(".janus-fit")).to_have_text("2 shown")
    expect(stream.locator(".janus-lead")).to_have_text(["Filter", "Search"])
    control(stream, "Show all").click()
    text.fill("needle")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("deep=needle")
    text.fill("-media -hangup")
    expect(rows).to_have_count(4)
    check(stream, "local").uncheck()
    expect(rows).to_have_count(1)
    control(stream, "Show all").click()
    expect(check(stream, "local")).to_be_checked()
    expect(status).to_contain_text("606 events")

    # By keyboard alone: through the list, into an event, and back.
    listbox.focus()
    tab.keyboard.press("Home")
    expect(rows.filter(has_text="new → connecting")).to_have_attribute("aria-selected", "true")
    expect(control(stream, "Follow")).to_have_attribute("aria-pressed", "false")
    tab.keyboard.press("PageDown")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("End")
    expect(stream.locator('[aria-selected="true"]')).to_contain_text("606")
    expect(control(stream, "Follow")).to_have_attribute("aria-pressed", "true")
    active = listbox.get_attribute("aria-activedescendant")
    expect(stream.locator(f'[id="{active}"]')).to_contain_text("606")
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    details = stream.get_by_label("The chosen event")
    item = details.get_by_role("treeitem")
    expect(item.filter(has_text="needle")).to_have_count(1)
    item.first.focus()
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("ArrowLeft")  # to what it is in
    tab.keyboard.press("ArrowLeft")  # folds it
    expect(item.filter(has_text="needle")).to_have_count(0)
    tab.keyboard.press("ArrowRight")
    expect(item.filter(has_text="needle")).to_have_count(1)
    control(details, "Fold all").or_(control(details, "Unfold all")).click()
    control(details, "Copy JSON").click()
    expect(details).to_contain_text("JSON copied")
    assert json.loads(clipboard(notebook))["plugindata"]["data"] == {"deep": "needle"}
    control(details, "Copy line").click()
    expect(details).to_contain_text("Line copied")
    assert clipboard(notebook).startswith("#4 ")
    assert "event event 42 deep=needle" in clipboard(notebook)
    tab.keyboard.press("Escape")
    expect(details).to_be_hidden()
    expect(listbox).to_be_focused()

    # Search: marks, and from one to the next, round and round.
    search.fill("ice failed")
    expect(stream.locator(".janus-found")).to_have_text("2 found")
    search.press("Enter")
    expect(stream.locator(".janus-found")).to_have_text("1 of 2")
    expect(stream.locator('[aria-selected="true"] mark')).to_have_text("ICE failed")
    control(stream, "Next match").click()
    control(stream, "Next match").click()
    expect(stream.locator(".janus-found")).to_have_text("1 of 2")
    search.press("Shift+Enter")
    expect(stream.locator('[aria-selected="true"]')).to_contain_text("606")
    search.fill("no such thing")
    expect(stream.locator(".janus-found")).to_have_text("not found")
    search.fill("")

    # A second view has its own filter; both see what comes.
    second = notebook.output(notebook.add_and_run("panels.show_events(session)"))
    second.get_by_label("Filter the events").fill("hangup")
    expect(second.locator('.janus-list [role="option"]')).to_have_count(2)
    expect(status).to_contain_text("606 events")

    # Pause: what comes is counted, and what the log drops meanwhile can still be read.
    control(stream, "Follow").click()
    control(stream, "Pause").click()
    notebook.add_and_run("happen(1500, mid='1', type='video', receiving=False)")
    expect(status).to_contain_text("1,500 new since")
    expect(status).to_contain_text("dropped: the log keeps 1,000")
    expect(rows.filter(has_text="607")).to_have_count(0)
    rows.filter(has_text="606").click()
    expect(item.filter(has_text="ICE failed")).to_have_count(1)
    with tab.expect_download() as download:
        control(stream, "Save JSONL").click()
    expect(stream.locator(".janus-saved")).to_contain_text("606 events in janus-events-7001-")
    entries = Replay.open(download.value.path()).recording.entries
    assert [entry.seq for entry in entries] == [*range(1, 607)]
    control(stream, "Resume").click()
    expect(status).to_contain_text("1,500 newer below")
    expect(rows.filter(has_text="no longer in the log").first).to_be_visible()
    control(stream, "Follow").click()
    expect(rows.filter(has_text="2106")).to_be_visible()
    check(stream, "local").uncheck()
    with tab.expect_download() as download:
        control(stream, "Save text").click()
    assert download.value.suggested_filename.endswith(".txt")
    assert len(download.value.path().read_text().splitlines()) == 1001

    # While a cell computes the filter works, on what the page has at least.
    notebook.start_cell(notebook.add("time.sleep(6)"))
    notebook.page.until(lambda: notebook.kernel_status == "busy", "the cell to run")
    text.fill("video")
    expect(rows.first).to_contain_text("video")
    notebook.finish()
    expect(status).not_to_contain_text("Queued")
    expect(status).to_contain_text("1,000 of 1,000 events fit the filter")


def test_hostile_text_and_every_look(notebook: Notebook) -> None:
    tab = notebook.page.tab
    data: dict[str, Any] = {"display": HOSTILE, HOSTILE: "key", "big": 2**53 - 1}
    notebook.add_and_run(
        f"happen(40)\nhappen(1, 'event', plugindata={{'plugin': 'janus.plugin.x', 'data': {data!r}}},"
        f" jsep={{'type': 'offer', 'sdp': {SDP!r}}})\nhappen(1, '<b>kind</b>')"
    )
    stream = notebook.output(notebook.add_and_run("panels.show_events(session)"))
    rows, details = stream.locator('.janus-list [role="option"]'), stream.get_by_label("The chosen event")
    search = stream.get_by_label("Search in the events")
    search.fill("onerror")
    search.press("Enter")
    stream.get_by_role("listbox").press("Enter")
    expect(details.locator("mark").first).to_have_text("onerror")
    control(details, "Unfold all").click()
    control(details, "Fold all").click()
    expect(details.get_by_role("treeitem").filter(has_text="a=mid:1")).to_have_count(0)
    control(details, "Unfold all").click()
    expect(details.get_by_role("treeitem").filter(has_text="a=mid:1")).to_have_text("a=mid:1")
    control(details, "Copy JSON").click()
    expect(details).to_contain_text("JSON copied")
    assert json.loads(clipboard(notebook))["plugindata"]["data"] == data  # the real text
    tab.evaluate(
        "() => { Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true }); }"
    )
    control(details, "Copy line").click()  # as in a page without a secure context
    expect(details).to_contain_text("Line copied")
    tab.evaluate("() => { delete navigator.clipboard; }")
    assert clipboard(notebook).startswith("#44 ")
    assert tab.title() != "owned"
    assert stream.locator("img, script, b").count() == 0
    assert not {"\u202e", "\x1b"} & set(stream.inner_text())
    heights = "nodes => nodes.map(node => node.getBoundingClientRect().height)"
    for theme in ("light", "dark"):
        notebook.page.set_theme("light" if theme == "light" else "dark")
        for width in (1400, 700):
            tab.set_viewport_size({"width": width, "height": 900})
            notebook.page.until(lambda: set(rows.evaluate_all(heights)) == {22}, "rows of one height")
            notebook.page.screenshot(f"event-stream-{theme}-{width}", stream)
            assert violations(tab, ".janus-frame") == []
    assert unreachable(tab, stream.locator(".janus-panel")) == []
    unlabelled = (
        "root => [...root.querySelectorAll('button, select, input')].filter(node => !node.hidden"
        " && !(node.title || node.closest('label')?.title)).map(node => node.outerHTML)"
    )
    assert stream.evaluate(unlabelled) == []
