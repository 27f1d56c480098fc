"""Notebooks that run with nobody at the front end, by nbclient and by papermill: to their end."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from janus_notebook.gateway import LocalGateway
from tests.browser.notebooks import write
from tests.gateways import running_gateway
from tests.kernel.harness import CHECKOUT

pytestmark = [pytest.mark.kernel, pytest.mark.live]

API_SECRET = "planted-api-secret"
PANELS = ("session", "echo", "session.events", "%janus panel echo", "%janus doctor")
CELLS = (
    "%load_ext janus_notebook",
    "session = await connect()\necho = await session.attach('echotest')",
    *PANELS,
    "%janus admin",
    "%janus help",
    "%janus config",
    "%janus info",
    "%janus status",
    "%janus handles",
    "%janus request echo configure audio=true",
    '%%janus echo\n{"video": true}',
    "%janus events --last 3",
    "%janus ladder",
    "%janus bundle call.zip",
    "%janus detach echo",
    "%janus destroy session",
    "session",  # what is left of it
    "%unload_ext janus_notebook",
)
RUNNERS = {
    "nbclient": ("-c", "from nbclient.cli import main; main()", "--output=done.ipynb", "all.ipynb"),
    "papermill": ("-m", "papermill", "--no-progress-bar", "all.ipynb", "done.ipynb"),
}


@pytest.fixture(scope="module")
def closed_gateway() -> Iterator[LocalGateway]:
    """A Janus that asks for secrets."""
    with running_gateway(api_secret=API_SECRET) as gateway:
        yield gateway


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_notebook_of_all_panels_and_magics_runs_to_its_end(
    closed_gateway: LocalGateway, tmp_path: Path, runner: str
) -> None:
    write(tmp_path / "all.ipynb", *CELLS)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JANUS_", "IPYTHON"))}
    done = subprocess.run(
        [sys.executable, *RUNNERS[runner]],
        cwd=tmp_path,
        env=kept
        | {
            "HOME": str(tmp_path),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "PYTHONPATH": str(CHECKOUT),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "JANUS_URL": closed_gateway.ws_url,
            "JANUS_API_SECRET": API_SECRET,
            "JANUS_ADMIN_URL": closed_gateway.admin_url,
            "JANUS_ADMIN_SECRET": closed_gateway.admin_secret,
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "done.ipynb").read_text()
    with zipfile.ZipFile(tmp_path / "call.zip") as bundle:
        text += "".join(bundle.read(name).decode() for name in bundle.namelist())
    assert API_SECRET not in text
    assert closed_gateway.admin_secret not in text
    library: Any = nbformat  # it has no types
    cells = library.read(tmp_path / "done.ipynb", as_version=4).cells
    by_source = {cell.source: cell.outputs for cell in cells if cell.cell_type == "code"}
    assert not [out for outputs in by_source.values() for out in outputs if out.output_type == "error"]
    for source in PANELS:
        forms = [out.data for out in by_source[source] if "data" in out and "text/html" in out.data]
        assert len(forms) == 1, (source, by_source[source])
        assert "janus-static" in forms[0]["text/html"]
        assert forms[0]["text/plain"].strip()
    # A panel keeps what came last, also when that was after its cell.
    assert "closed" in by_source["session"][0].data["text/plain"]
    assert "detached" in by_source["echo"][0].data["text/plain"]
