"""What an import does not load: the heavy libraries wait until they are used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# The core works outside notebooks and without the extras.
EXTRAS = ("aiortc", "av", "numpy", "pandas")
NOTEBOOK = ("IPython", "anywidget", "comm", "ipykernel", "ipywidgets", "jedi", "nest_asyncio2", "traitlets")
HEAVY_IPYTHON = ("IPython.core.interactiveshell", "IPython.terminal", "jedi", "prompt_toolkit")

CORE = "from janus_notebook import EventLog, JanusConnection, JanusEchoTestPlugin, JanusEvent, JanusSession"


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return set(json.loads(done.stdout))


def test_the_package_itself_loads_nothing() -> None:
    ours = {name for name in loaded_by("import janus_notebook") if name.startswith("janus_notebook")}
    assert ours == {"janus_notebook", "janus_notebook.errors", "janus_notebook.texts"}


def test_the_core_loads_nothing_heavy() -> None:
    loaded = loaded_by(CORE)
    assert "janus_notebook.client.session" in loaded
    assert loaded & {*EXTRAS, *NOTEBOOK, *HEAVY_IPYTHON, "httpx"} == set()


@pytest.mark.parametrize("names", ["connect", "LocalGateway", "load_ipython_extension"])
def test_the_notebook_side_loads_no_extra(names: str) -> None:
    loaded = loaded_by(f"from janus_notebook import {names}")
    # Nor a server: those of the monitor and the practice gateway wait as well.
    assert loaded & {*EXTRAS, *HEAVY_IPYTHON, "websockets.asyncio.server", "h11"} == set()


def test_a_used_session_has_loaded_no_extra() -> None:
    """A transport is imported when it is first used; not even then comes anything heavy."""
    code = f"""{CORE}
import asyncio
from janus_notebook import JanusConnectionError
async def main():
    try:
        await JanusSession("ws://127.0.0.1:1").create()
    except JanusConnectionError:
        pass
asyncio.run(main())"""
    loaded = loaded_by(code)
    assert "websockets.asyncio.client" in loaded
    assert loaded & {*EXTRAS, *NOTEBOOK, *HEAVY_IPYTHON} == set()
