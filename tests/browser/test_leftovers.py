"""Nothing outlives a lab. A thread can hold one lab at a time, so these tests stand apart from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab, jupyter_lab
from tests.browser.notebooks import write

if TYPE_CHECKING:
    from pathlib import Path

# Of the harness alone, and slow: a change of it shows soon enough overnight.
pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def test_a_busy_kernel_and_its_children_end_with_the_lab(tmp_path: Path) -> None:
    name = write(tmp_path / "busy.ipynb", "import time\nprint('on', flush=True)\ntime.sleep(600)")
    with jupyter_lab(tmp_path) as lab:
        with lab.page() as page:
            notebook = page.open(name)
            notebook.start_cell(0)
            expect(notebook.output(0)).to_contain_text("on")
        assert len(lab.processes("ipykernel_launcher")) == 1
        assert len(lab.processes("chrom")) > 1
        home = lab.home
    assert lab.processes() == {}
    assert not home.exists()


def test_what_a_kernel_leaves_running_is_ended_and_reported(tmp_path: Path) -> None:
    orphan = "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True).pid"
    name = write(tmp_path / "orphan.ipynb", orphan)
    labs: list[Lab] = []

    def leave_an_orphan() -> None:
        with jupyter_lab(tmp_path, patience=2.0) as lab, lab.page() as page:
            labs.append(lab)
            page.open(name).run_all()
            assert len(lab.processes("sleep 600")) == 1

    with pytest.raises(AssertionError, match=r"left running by the lab: .*sleep 600"):
        leave_an_orphan()
    assert labs[0].processes() == {}
