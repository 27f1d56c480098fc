"""One JupyterLab for each module of tests, on a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab, jupyter_lab

if TYPE_CHECKING:
    from collections.abc import Iterator

# The machine may have more to do than this browser.
expect.set_options(timeout=45_000)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("notebooks")) as lab:
        yield lab
