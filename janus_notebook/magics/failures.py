"""How an error of a ``%janus`` line looks: one line, or the whole traceback if that was asked for."""

from __future__ import annotations

from typing import Any

from janus_notebook.errors import JanusError

__all__ = ["dress"]

ASK = "%janus --traceback in front of the rest shows where."


def dress(error: Exception, shell: Any, *, traceback: bool) -> None:
    """Let IPython show `error` as it should be; it stays the exception that it is."""

    def whole() -> list[str]:
        lines: list[str] = shell.InteractiveTB.structured_traceback(
            type(error), error, error.__traceback__, tb_offset=1
        )
        return lines

    def line() -> list[str]:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return [f"{text.rstrip('.: ')}. This is a mistake in janus_notebook; {ASK}"]

    if traceback:
        setattr(error, "_render_traceback_", whole)  # noqa: B010 - IPython looks for it on any exception
    elif not isinstance(error, JanusError):
        setattr(error, "_render_traceback_", line)  # noqa: B010
    else:
        error.__dict__.pop("_render_traceback_", None)  # the same object may have been shown before
