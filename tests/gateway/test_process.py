"""Where a guarded program runs."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from janus_notebook.gateway.process import GuardedProcess

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def where_it_runs(folder: Path) -> str:
    """The working directory of a program that was launched now."""
    folder.mkdir()
    log = folder.with_suffix(".log")

    async def ran() -> str:
        process = GuardedProcess(
            [sys.executable, "-c", "import os; print(os.getcwd())"], folder=folder, log=log
        )
        process.launch()
        async with asyncio.timeout(60):
            while process.end_reason is None:
                await process.news(1.0)
                process.listen()
        await process.end()
        return log.read_text(encoding="utf-8").strip()

    return asyncio.run(ran())


def test_it_runs_where_we_are_for_that_is_where_its_files_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "notebooks"
    here.mkdir()
    monkeypatch.chdir(here)
    assert where_it_runs(tmp_path / "first") == str(here)
    here.rmdir()
    assert where_it_runs(tmp_path / "second") == str(tmp_path / "second")
    monkeypatch.chdir(tmp_path)
