"""What the tests of the panels use: a loop, a board, a front end that writes down what it is sent."""

from __future__ import annotations

from tests.panels.conftest import board, front_end, loop

__all__ = ["board", "front_end", "loop"]
