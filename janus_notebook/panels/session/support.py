"""The button "Support bundle" of the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from janus_notebook.panels.snapshot import clean

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession

__all__ = ["write_support_bundle"]


async def write_support_bundle(session: AnySession) -> str:
    """Write one into the working directory, which is the notebook's folder, and return what to say of it.

    Raises:
        JanusError: see `JanusSession.bundle`.
    """
    made = await session.bundle()
    size = f"{made.size / 1000:.0f} kB"
    missing = f"; not in it: {len(made.missing)} (its README.txt names them)" if made.missing else ""
    return clean(f"Written: {made.path} ({size}, secrets masked){missing}", 500)
