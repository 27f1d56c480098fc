"""Measures how much of the core its own tests run: a plugin for pytest, ``-p tests.measure``.

Every line and branch of ``[tool.coverage.run] source`` has to be run by the tests in `FOLDERS`, which need
no server and no fault to reach it; the run fails where one is not. Other tests are not measured: they would
only be slower, and what they touch by the way is not tested by it. That holds for generated inputs as well
(marked ``generated``): what they reach is chance. A whole ``sh tests/run`` does this (``tests/parts``).
"""

from __future__ import annotations

import io
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
FOLDERS = tuple(HERE / name for name in ("protocol", "client"))
PACKAGES = (
    "janus_notebook.protocol",
    "janus_notebook.client",
    "janus_notebook.client.admin",
    "janus_notebook.client.bundle",
    "janus_notebook.client.transports",
)
WANTED = 100.0


class Measure:
    """Runs through the whole session of pytest; counts only while a test of the core runs."""

    def __init__(self) -> None:
        self._coverage = coverage.Coverage(data_file=None, config_file=str(HERE.parent / "pyproject.toml"))
        self._report = ""
        self._coverage.start()
        # Here, so that what runs at import is seen: later it may happen in a test that is not measured.
        for package in map(import_module, PACKAGES):
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
                import_module(module.name)
        self._coverage.stop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        ours = any(item.path.is_relative_to(folder) for folder in FOLDERS)
        if not ours or item.get_closest_marker("generated"):
            return (yield)
        self._coverage.start()
        try:
            return (yield)
        finally:
            self._coverage.stop()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        text = io.StringIO()
        total = self._coverage.report(file=text)
        self._report = text.getvalue()
        if total < WANTED and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(f"coverage of the core, {WANTED:g} % wanted")
        terminalreporter.write_line(self._report)


# As this plugin is loaded, which is before any conftest.py: those import what is to be measured.
_measure = Measure()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_measure, "measure")
