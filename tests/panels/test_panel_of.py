"""`panel_of`: what has no panel, or no front end for one, is refused in words."""

from __future__ import annotations

import pytest

from janus_notebook.errors import JanusOptionError
from janus_notebook.panels import panel_of


class Shown:
    """It would be shown in a cell."""

    def _ipython_display_(self) -> None:
        raise AssertionError("there is no cell")


def test_what_has_no_panel() -> None:
    with pytest.raises(JanusOptionError, match=r"^3 has no panel.* A session, a handle"):
        panel_of(3)


def test_a_terminal_has_none() -> None:
    with pytest.raises(JanusOptionError, match="here, in a terminal, there are no panels"):
        panel_of(Shown())
