"""Run the tutorial headless, one line for each step, and look at the frame in its last cell.

Called by ``sh binder/demo --check``. Exits 0 when every cell ran and the picture in the last cell shows
the test pattern's colours. The notebook file is only read; its cells run in a temporary folder.
"""

from __future__ import annotations

import asyncio
import base64
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from nbformat import NotebookNode
    from numpy.typing import NDArray

CELL_TIMEOUT_SECS = 120


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


def steps(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield (cell index, title) of each code cell; the title is the markdown heading above it."""
    title = "(before the first heading)"
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            headings = [line for line in cell.source.splitlines() if line.startswith("#")]
            title = headings[-1].lstrip("# ") if headings else title
        elif cell.cell_type == "code" and cell.source.strip():
            yield index, title


def one_line(error: Exception) -> str:
    if isinstance(error, CellExecutionError):
        return " ".join(f"{error.ename}: {error.evalue}".split())
    if isinstance(error, CellTimeoutError):
        return f"no end within {CELL_TIMEOUT_SECS} s"
    return " ".join(str(error).split())


async def execute(notebook: NotebookNode) -> bool:
    """Run every code cell in one kernel, up to the first that fails. Outputs are kept in `notebook`."""
    todo = list(steps(notebook))
    with tempfile.TemporaryDirectory(prefix="janus-notebook-check-") as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_SECS,
            kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "python3"),
            resources={"metadata": {"path": folder}},
            # Its notice that the loopback connection is not encrypted is no news here.
            extra_arguments=["--IPKernelApp.log_level=40"],
        )
        async with client.async_setup_kernel():
            for number, (index, title) in enumerate(todo, start=1):
                say(f"{number:3}/{len(todo)}  {title:<48.48}", end="")
                began = time.monotonic()
                try:
                    await client.async_execute_cell(notebook.cells[index], index)
                except (CellExecutionError, CellTimeoutError, DeadKernelError) as exc:
                    say(f"  FAILED  {time.monotonic() - began:5.1f} s\n        {one_line(exc)}")
                    return False
                say(f"  ok      {time.monotonic() - began:5.1f} s")
    return True


def last_picture(notebook: NotebookNode) -> NDArray[np.uint8] | None:
    """Decode the last PNG in the outputs of the last code cell, as RGB (height, width, 3)."""
    import av
    import numpy as np

    index, _ = list(steps(notebook))[-1]
    pngs = [
        output.data["image/png"]
        for output in notebook.cells[index].outputs
        if "image/png" in output.get("data", {})
    ]
    if not pngs:
        return None
    with av.open(io.BytesIO(base64.b64decode(pngs[-1])), mode="r") as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), dtype=np.uint8)


def shows_pattern(frame: NDArray[np.uint8]) -> bool:
    """Print the colours measured in the frame; true when they are those of the test pattern."""
    from janus_notebook.errors import JanusOptionError
    from janus_notebook.media.pattern import BARS, bar_colours, bars_match

    say(f"the last picture, {frame.shape[1]} x {frame.shape[0]}: red, green, blue of each bar")
    try:
        measured = bar_colours(frame).tolist()
        match = bars_match(frame)
    except JanusOptionError as exc:
        say(f"  {exc}")
        return False
    for expected, found in zip(BARS, measured, strict=True):
        say("  expected {:3} {:3} {:3}".format(*expected) + "   found {:3} {:3} {:3}".format(*found))
    return match


def main(path: Path) -> int:
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    if not list(steps(notebook)):
        say(f"{path} has no code cell")
        return 1
    say(f"running {path}")
    if not asyncio.run(execute(notebook)):
        return 1
    frame = last_picture(notebook)
    if frame is None:
        say("FAILED: the last cell shows no PNG")
        return 1
    if not shows_pattern(frame):
        say("FAILED: the picture does not show the test pattern's colours")
        return 1
    say("the tutorial works: every step ran and the echoed frame shows the pattern")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
