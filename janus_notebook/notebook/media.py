"""The notebook forms of media, where they have more than the core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from janus_notebook.notebook.forms import Form

__all__ = ["NotebookReader"]


class NotebookReader(Form):
    """A track's pictures or sound in a notebook: for ``async for``, or a plain ``for``."""

    def __iter__(self) -> Iterator[Any]:
        """Give them one by one, and block the cell meanwhile; ``break`` or the Stop button ends it."""
        while True:
            try:
                yield self.get().result()
            except StopAsyncIteration:
                return
