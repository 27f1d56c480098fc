"""How a view shows its video, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from janus_notebook.errors import JanusOptionError

if TYPE_CHECKING:
    from janus_notebook.media.preview import Recipe

__all__ = ["ViewOptions", "view_options"]

FASTEST: Final = 60
WIDTHS: Final = (16, 4096)


@dataclass(frozen=True)
class ViewOptions:
    """What ``view(...)`` was called with.

    Attributes:
        fps: pictures a second, at most.
        recipe: width, quality and overlay.
        static: whether the saved notebook keeps the last picture.
    """

    fps: float
    recipe: Recipe
    static: bool


def view_options(
    *,
    fps: float = 15,
    width: int | None = None,
    quality: int = 70,
    overlay: object = None,
    static: bool = False,
) -> ViewOptions:
    """Return the options.

    Raises:
        JanusOptionError: a value that can't be used.
        JanusMediaError: the media extra is missing.
    """
    from janus_notebook.media import require_media

    require_media("view()")
    from janus_notebook.media.preview import Recipe
    from janus_notebook.media.preview_overlay import checked

    if isinstance(fps, bool) or not isinstance(fps, (int, float)) or not 0 < fps <= FASTEST:
        raise JanusOptionError(f"fps={fps!r}", hint=f"Pictures a second: more than 0, up to {FASTEST}.")
    if width is not None and not _is_int(width, *WIDTHS):
        raise JanusOptionError(
            f"width={width!r}",
            hint=f"Pixels: {WIDTHS[0]} to {WIDTHS[1]}, or None for the video's own, up to 1280.",
        )
    if not _is_int(quality, 1, 100):
        raise JanusOptionError(f"quality={quality!r}", hint="1 (worst) to 100, as for any JPEG.")
    return ViewOptions(float(fps), Recipe(width, quality, checked(overlay)), bool(static))


def _is_int(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
