"""A first notebook of somebody who has installed the wheel, in an empty folder."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

__all__ = ["CELLS", "run"]

BEGIN = """
from pathlib import Path
import janus_notebook
assert "site-packages" in Path(janus_notebook.__file__).parts, janus_notebook.__file__
assert not any(Path().iterdir())
%load_ext janus_notebook
"""
WITH_A_GATEWAY = """
%janus serve {option}
---
%janus doctor --timeout 30 --as found
---
assert found.exit_code == 0, str(found)
---
session = await connect()
echo = await session.attach("echotest")
await echo.publish()
frame = await echo.track("video").snapshot(timeout=30)
assert frame.shape == (480, 640, 3), frame.shape
---
echo
---
await session.destroy()
%janus stop
"""
CELLS = [
    cell.strip()
    for part in (BEGIN, *(WITH_A_GATEWAY.format(option=option) for option in ("", "--practice")))
    for cell in part.split("---\n")
]


def run(python: Path, folder: Path) -> dict[str, list[NotebookNode]]:
    """Run `CELLS` in a kernel of an interpreter, in an empty folder; return what each cell has shown.

    Args:
        python: the interpreter.
        folder: an empty one, for the notebook's and the kernel's files.

    Returns:
        By the source of each cell, the outputs of all cells with that source.

    Raises:
        CellExecutionError: a cell failed.
    """
    kernels = folder / "jupyter" / "kernels" / "smoke"
    kernels.mkdir(parents=True)
    environment: dict[str, Any] = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "smoke",
        "language": "python",
    }
    (kernels / "kernel.json").write_text(json.dumps(environment))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    here = folder / "here"
    here.mkdir()
    before = os.environ.copy()
    try:
        for name in list(os.environ):
            if name.startswith(("PYTHON", "JANUS_", "IPYTHON")):
                del os.environ[name]
        os.environ["JUPYTER_PATH"] = str(folder / "jupyter")
        os.environ["XDG_CONFIG_HOME"] = str(folder)  # no settings of whoever runs the tests
        NotebookClient(
            notebook,
            timeout=120,
            kernel_name="smoke",
            resources={"metadata": {"path": str(here)}},
            extra_arguments=["--IPKernelApp.log_level=40"],
        ).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    shown: dict[str, list[NotebookNode]] = {}
    for cell in notebook.cells:
        shown.setdefault(cell.source, []).extend(cell.outputs)
    return shown
