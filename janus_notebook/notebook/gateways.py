"""What a notebook says of its local gateway: where it is, what runs there, how to go on, how to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusStateError
from janus_notebook.gateway import LocalGateway
from janus_notebook.notebook.forms import Form
from janus_notebook.protocol.outline import outline_html, outline_text

if TYPE_CHECKING:
    from janus_notebook.gateway import PracticeGateway

__all__ = ["NotebookGateway", "summary"]

ADDRESSES = {
    "WebSocket": "ws_url",
    "HTTP": "http_url",
    "Unix socket": "unix_url",
    "Admin API": "admin_url",
}


class NotebookGateway(Form):
    """A local gateway in a notebook, with a `Call` for each coroutine; shown as a summary."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        title, facts = summary(self._core)
        return {"text/plain": outline_text(title, facts, {}), "text/html": outline_html(title, facts, {})}


def summary(gateway: LocalGateway | PracticeGateway) -> tuple[str, dict[str, str]]:
    """A title, and what there is to know; no secret is in it."""
    real = isinstance(gateway, LocalGateway)
    name = f"Janus {gateway.version}".strip() if real else "Practice gateway (not Janus)"
    if not gateway.running:
        why = gateway.exit_reason
        state = f"ended by itself: {why}" if why else "stopped"
        return f"{name}: not running", {"State": state, "Start": "%janus serve"}
    facts = {
        "Connect": "%janus connect, or session = await connect(): no address is needed in this kernel",
        **{label: _address(gateway, attribute) for label, attribute in ADDRESSES.items()},
        "Admin secret": "random, and known to this kernel: %janus admin, or await admin()",
        "Plugins": ", ".join(plugin.rpartition(".")[2] for plugin in gateway.plugins),
    }
    if isinstance(gateway, LocalGateway):
        facts |= {
            "Log": f"{gateway.log_path}, until it is stopped; its last lines: gateway.log_lines()",
            "Recordings": "those without a folder in their name are written beside the notebook",
            "Process": str(gateway.pid),
        }
    where = "runs on this machine, for this kernel alone" if real else "runs in this kernel"
    return f"{name} {where}", {**facts, "Stop": "%janus stop; it ends with this kernel in any case"}


def _address(gateway: Any, attribute: str) -> str:
    try:
        return str(getattr(gateway, attribute))
    except JanusStateError:  # a transport that this one lacks
        return "not installed"
