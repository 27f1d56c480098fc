"""The practice gateway's plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.plugin import PracticePlugin

__all__ = ["standard_plugins"]


def standard_plugins(*, media: bool | None = None) -> tuple[PracticePlugin, ...]:
    """Make EchoTest, VideoRoom and TextRoom for one gateway.

    Args:
        media: whether EchoTest and TextRoom have real media; None means if the ``media`` extra is installed.
    """
    from janus_notebook.gateway.practice.plugins.echotest import EchoTest
    from janus_notebook.gateway.practice.plugins.textroom import TextRoom
    from janus_notebook.gateway.practice.plugins.videoroom import VideoRoom

    return (EchoTest(media=media), VideoRoom(), TextRoom(media=media))
