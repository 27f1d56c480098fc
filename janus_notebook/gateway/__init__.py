"""A Janus server of this process's own."""

from __future__ import annotations

from janus_notebook.gateway.local import LocalGateway

__all__ = ["LocalGateway"]
