"""A receiver for Janus's event handlers: what the whole server does, as events of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_notebook.monitor.monitor import Monitor

__all__ = ["Monitor"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name != "Monitor":  # it brings two servers, and whoever connects needs none
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from janus_notebook.monitor.monitor import Monitor

    return Monitor
