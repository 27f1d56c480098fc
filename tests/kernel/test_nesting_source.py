"""Which cells need a nested run, and what `enable_for_source` does outside a kernel."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock

import pytest

from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.notebook.nesting import enable_for_source, runs_a_loop


@pytest.mark.parametrize(
    "source",
    [
        "asyncio.run(main())",
        "import asyncio\n\nif __name__ == '__main__':\n    asyncio.run(main())",
        "import asyncio as aio\naio.run(main())",
        "from asyncio import run\nrun(main())",
        "from asyncio import run as go",
        "from asyncio import *\nrun(main())",
        "asyncio.get_event_loop().run_until_complete(main())",
        "loop.run_until_complete(main())",
        "def later():\n    asyncio.run(main())",
        "%matplotlib inline\n!ls\nasyncio.run(main())",
        "%time asyncio.run(main())",
        "%%time\nasyncio.run(main())",
        "%%capture out\n%time asyncio.run(main())",
        "await x\nasyncio.run(main())",
    ],
)
def test_cells_that_run_a_loop(source: str) -> None:
    assert runs_a_loop(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "await main()",
        "# asyncio.run(main())",
        "print('asyncio.run(main())')",
        "subprocess.run(['ls'])",
        "asyncio.run",
        "from subprocess import run\nrun('ls')",
        "%%bash\npython -c 'asyncio.run(main())'",
        "%%html\nasyncio.run(main())",
        "shell.run_line_magic(name, 'asyncio.run(main())')",
        "shell.run_line_magic(name, text)",
        "asyncio.run(main(",
        "asyncio.run(\0)",
        "running = 1",
    ],
)
def test_cells_that_do_not(source: str) -> None:
    assert not runs_a_loop(source)


def test_an_unknown_mode_is_refused() -> None:
    mode: Any = "allways"
    with pytest.raises(JanusOptionError, match="'always'"):
        enable_for_source("asyncio.run(main())", mode)


def test_without_a_running_loop_nothing_is_done() -> None:
    assert not enable_for_source("asyncio.run(main())", "always")
    assert not hasattr(asyncio, "_nest_patched")


def test_never_and_auto_leave_a_running_loop_alone() -> None:
    async def cell() -> list[bool]:
        return [enable_for_source("asyncio.run(main())", "never"), enable_for_source("await main()", "auto")]

    assert asyncio.run(cell()) == [False, False]
    assert not hasattr(asyncio, "_nest_patched")


def test_a_foreign_loop_is_refused_and_asyncio_left_alone() -> None:
    class Foreign: ...

    with (
        mock.patch.object(asyncio, "get_running_loop", Foreign),
        pytest.raises(JanusStateError, match="Foreign cannot run a loop inside a loop"),
    ):
        enable_for_source("asyncio.run(main())")
    assert not hasattr(asyncio, "_nest_patched")
