"""Panels in a real kernel: they move while a cell computes, and leave one model and a static form."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.kernel.harness import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kernel

SETUP = """
import asyncio
from janus_notebook import panels
from janus_notebook.bridge import background
from tests.panels.conftest import event, make_handle, make_session
loop = background()
session = loop.run_sync(make_session)
handle = loop.run_sync(make_handle, session)
"""
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run(SETUP).check()
        yield kernel


def display_ids(messages: list[dict[str, Any]], kind: str) -> list[str]:
    return [m["content"]["transient"].get("display_id") for m in messages if m["msg_type"] == kind]


def test_panels_move_while_a_cell_sleeps(kernel: Kernel) -> None:
    shown = kernel.run(
        "panels.show_session(session)\npanels.show_handle(handle)\npanels.show_events(session)"
    )
    live = [d for d in shown.check().displays if WIDGET_VIEW in d]
    forms = [d for d in shown.displays if "text/html" in d]
    assert (len(live), len(forms)) == (3, 3)
    assert forms[1]["text/plain"].startswith("janus.plugin.echotest 42: ◇ attached")
    kernel.run(
        "async def trickle():\n"
        "    while True:\n"
        "        event(session, 'media', 42, mid='0', type='audio', receiving=True)\n"
        "        await asyncio.sleep(0.01)\n"
        "call = loop.submit(trickle(), name='trickle')"
    ).check()
    before = len(kernel.messages)
    kernel.run("import time; time.sleep(3)").check()
    kernel.run("call.cancel()").check()
    times: dict[str, list[float]] = defaultdict(list)
    for message in kernel.messages[before:]:
        if message["msg_type"] == "comm_msg":
            times[message["content"]["comm_id"]].append(message["header"]["date"].timestamp())
    assert len(times) == 3
    for moments in times.values():
        assert 15 <= len(moments) <= 35
        assert max(b - a for a, b in itertools.pairwise(moments)) < 1
    updates = display_ids(kernel.messages[before:], "update_display_data")
    # The handle's and the stream's events are new; of the session only counts have moved, which is no
    # reason to mark the notebook as changed.
    assert 2 <= len(updates) <= 6
    assert len(set(updates)) == 2


def test_fifty_runs_leave_one_model(kernel: Kernel) -> None:
    kernel.run("panels.show_handle(handle)").check()
    count = "len(__import__('ipywidgets').widgets.widget._instances)"
    models = kernel.value(count)
    before = len(kernel.messages)
    views = set()
    for _ in range(50):
        shown = kernel.run("panels.show_handle(handle)").check()
        views |= {d[WIDGET_VIEW]["model_id"] for d in shown.displays if WIDGET_VIEW in d}
    assert len(views) == 1
    assert kernel.value(count) == models
    assert len(set(display_ids(kernel.messages[before:], "display_data")) - {None}) == 1


def test_a_click_is_heard_while_a_cell_computes(kernel: Kernel, tmp_path: Path) -> None:
    go = tmp_path / "go"
    kernel.run("panels.show_handle(handle)").check()
    comm = kernel.value(
        "next(w.comm.comm_id for w in __import__('ipywidgets').widgets.widget._instances.values()"
        " if getattr(w, 'beat', {}).get('alive'))"
    )
    with kernel.subshell() as page:  # as JupyterLab opens one for what its widgets say
        kernel.start(f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)")
        cell = kernel.running
        # The panel moves, on behalf of the cell: the kernel must not make the click wait for it.
        kernel.wait_for_comm(comm, lambda message: message["parent_header"].get("msg_id") == cell)
        click = {"type": "do", "action": "no such", "arguments": {}, "request": "mine"}
        kernel.send_comm(comm, {"method": "custom", "content": click}, subshell_id=page)
        heard = {"type": "heard", "request": "mine"}
        kernel.wait_for_comm(comm, lambda message: message["content"]["data"].get("content") == heard)
        go.touch()
        kernel.finish().check()


def test_the_last_state_is_published_and_closing_leaves_no_comm(kernel: Kernel) -> None:
    kernel.run("panels.show_handle(handle)").check()
    before = len(kernel.messages)
    kernel.run("loop.run_sync(handle.end, 'told to')\npanels.close_all()\npanels.close_all()").check()
    last = [m for m in kernel.messages[before:] if m["msg_type"] == "update_display_data"]
    assert any("✕ detached (told to)" in m["content"]["data"]["text/plain"] for m in last)
    assert kernel.value("len(__import__('ipywidgets').widgets.widget._instances)") == 0
    assert kernel.value("len(__import__('comm').get_comm_manager().comms)") == 0
    tasks = "[t.get_name() for t in asyncio.all_tasks(loop._run.loop) if 'panels' in t.get_name()]"
    assert kernel.value(tasks) == []


def test_a_captured_panel_is_not_updated(kernel: Kernel) -> None:
    kernel.run(
        "from IPython.utils.capture import capture_output\nother = loop.run_sync(make_handle, session, 43)"
    )
    kernel.run("with capture_output() as captured:\n    panels.show_handle(other)").check()
    kernel.run("loop.run_sync(other.end, '')\npanels.close_all()").check()
    assert kernel.value("len(captured.outputs)") == 2


def test_in_a_terminal_only_text_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from janus_notebook import panels
    from janus_notebook.bridge import background
    from tests.panels.conftest import make_handle, make_session

    loop = background()
    try:
        session = loop.run_sync(make_session)
        panels.show_session(session)
        panels.show_handle(loop.run_sync(make_handle, session))
        panels.show_events(session)
        panels.show_log(session.events)
    finally:
        loop.stop()
    out = capsys.readouterr().out
    assert out.startswith("Janus session 7001: ● connected\n")
    assert out.count("Events of session 7001: ● connected\n") == 2
