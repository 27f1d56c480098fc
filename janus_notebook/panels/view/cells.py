"""What a view asks IPython: which cell shows it, and whether a cell runs."""

from __future__ import annotations

from typing import Any

__all__ = ["Places", "is_running", "run_id"]


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def is_running() -> bool:
    """Whether a cell runs now, or waits in an ``await``. Asked on any thread."""
    return bool(getattr(getattr(_shell(), "display_trap", None), "is_active", False))


def run_id() -> str:
    """What tells apart the runs of cells: "" where that is not known."""
    return str(_parent().get("header", {}).get("msg_id", ""))


def _parent() -> dict[str, Any]:
    """The message that runs the cell."""
    return getattr(_shell(), "get_parent", dict)() or {}


class Places:
    """Names the first view that a cell shows, its second, and so on, the same in every run of the cell.

    So a cell that is run again shows its views again, also those whose options were edited, in place of
    more and more.
    """

    def __init__(self) -> None:
        self._runs: dict[str, tuple[str, int]] = {}

    def next(self) -> tuple[str, int] | None:
        """The place of a view that is shown now; None where the front end does not name its cells."""
        cell, run = _parent().get("metadata", {}).get("cellId"), run_id()
        if not isinstance(cell, str):
            return None
        last, count = self._runs.get(cell, ("", 0))
        count = count + 1 if run == last else 1
        self._runs[cell] = run, count
        return cell, count
