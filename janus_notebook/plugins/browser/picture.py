"""A page's picture as numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusMediaError
from janus_notebook.plugins.browser.reading import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from janus_notebook.plugins.browser.page import Answer

__all__ = ["picture"]


def picture(answer: Answer) -> NDArray[Any]:
    """Return the picture of an answer: RGB, row by row in its bytes, ``width`` and ``height`` in its value.

    Raises:
        JanusMediaError: it is none, or numpy is missing.
    """
    try:
        import numpy as np
    except ImportError as exc:
        raise JanusMediaError("snapshot() needs numpy: pip install numpy") from exc
    value = answer.value if isinstance(answer.value, Mapping) else {}
    width, height = whole(value.get("width")), whole(value.get("height"))
    if not width or not height or width * height * 3 != len(answer.buffers):
        raise JanusMediaError("the browser sent no picture")
    return np.frombuffer(answer.buffers, np.uint8).reshape(height, width, 3).copy()
