"""The tutorials hold what they claim, each in a kernel of its own, and what they store can be read."""

from __future__ import annotations

import nbformat
import pytest

from tests.notebooks.tutorials import FOLDER, TUTORIALS, execute, outputs, paths_in

# The doctor's server and the room that is recorded have secrets; the cells name them, no output may.
SECRETS = ("open sesame", "open barley", "swordfish")


def test_there_are_tutorials() -> None:
    assert len(TUTORIALS) >= 9


@pytest.mark.live
@pytest.mark.kernel
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", TUTORIALS)
def test_it_runs_and_what_it_claims_is_so(name: str) -> None:
    notebook = execute(name)
    shown = str(outputs(notebook))
    assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("name", TUTORIALS)
def test_it_can_be_read_without_a_kernel(name: str) -> None:
    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code), "its outputs are not stored"
    shown = outputs(notebook)
    assert not [output for output in shown if output.output_type == "error"]
    assert len([output for output in shown if output.output_type != "error"]) >= len(code) // 2
    assert paths_in(notebook) == []
    assert not [secret for secret in SECRETS if secret in str(shown)]
    assert "widgets" not in notebook.metadata, "the state of widgets belongs to a kernel that is gone"


@pytest.mark.parametrize("name", TUTORIALS)
def test_its_prose_leads_on(name: str) -> None:
    cells = nbformat.read(FOLDER / name, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert cells[-1].cell_type == "markdown", "it ends with what to try next"
