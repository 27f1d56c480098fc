"""A Janus server of this process's own, and one to practise with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.local import LocalGateway

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.gateway import PracticeGateway

__all__ = ["LocalGateway", "PracticeGateway"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name != "PracticeGateway":  # the one name with an import that not everybody needs
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from janus_notebook.gateway.practice.gateway import PracticeGateway

    return PracticeGateway
