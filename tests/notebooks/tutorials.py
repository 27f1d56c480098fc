"""The tutorials in ``notebooks/``: run with nobody at the front end, and stored with what they showed.

``python -m tests.notebooks.tutorials [NAME...]`` runs them against the real Janus and writes their outputs
into the files, so that they can be read where there is no kernel. Run it in a network namespace of its own,
as ``tests/run`` makes one: the addresses in the outputs are then nobody's.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["FOLDER", "TUTORIALS", "execute", "paths_in"]

FOLDER = Path(__file__).parents[2] / "notebooks"
TUTORIALS = sorted(path.name for path in FOLDER.glob("[0-9]*.ipynb"))
CELL_TIMEOUT_SECS = 120

# A folder of one run: what is in it may be told, where it was may not.
_FOLDER = re.compile(r"(?:/private)?(?:/tmp|/var/folders/\w\w/\w+/T)/[\w-]+")


def execute(name: str) -> NotebookNode:
    """Run a tutorial in a kernel of its own and return it with its outputs.

    Raises:
        CellExecutionError: a cell failed; the tutorials assert what they claim.
    """
    notebook: NotebookNode = nbformat.read(FOLDER / name, as_version=4)
    with tempfile.TemporaryDirectory(prefix="tutorial-") as folder:
        NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_SECS,
            store_widget_state=False,
            resources={"metadata": {"path": folder}},
            extra_arguments=["--IPKernelApp.log_level=40"],
        ).execute()
    return notebook


def paths_in(notebook: NotebookNode) -> list[str]:
    """The paths of a machine in what a notebook has stored: those that many have, and those of this one."""
    here = "|".join(re.escape(str(path)) for path in (FOLDER.parent, Path(sys.prefix), Path.home()))
    there = r"/home/|/root\b|/Users/|/tmp/|/opt/|site-packages"
    return sorted(set(re.findall(rf"(?:{here}|{there})[^\s<\"']*", str(outputs(notebook)))))


def outputs(notebook: NotebookNode) -> list[Any]:
    """What the cells have shown, as plain data."""
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def _without_paths(value: Any) -> Any:
    if isinstance(value, str):
        return _FOLDER.sub("…", value)
    if isinstance(value, dict):
        return type(value)({key: _without_paths(item) for key, item in value.items()})
    return [_without_paths(item) for item in value] if isinstance(value, list) else value


def _store(name: str) -> None:
    notebook = execute(name)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran is of no interest, and would be new each time
        if "outputs" in cell:
            cell.outputs = _without_paths(cell.outputs)
    nbformat.write(notebook, FOLDER / name)


if __name__ == "__main__":
    for tutorial in sys.argv[1:] or TUTORIALS:
        sys.stdout.write(f"{tutorial}\n")
        _store(tutorial)
