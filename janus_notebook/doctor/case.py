"""One examination: what was asked for, what is open for it, and what the steps have found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from janus_notebook.config import MASK, mask_url
from janus_notebook.texts import clean

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.client.connection import JanusConnection
    from janus_notebook.client.plugin import JanusPlugin
    from janus_notebook.client.session import JanusSession
    from janus_notebook.media import Peer

__all__ = ["DEFAULT_PORTS", "ECHOTEST", "Case"]

ECHOTEST = "janus.plugin.echotest"
LONGEST_TEXT = 400
DEFAULT_PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}


@dataclass
class Case:
    """What the steps share. `opened` closes what they open, the last one first.

    Attributes:
        url: the server, as it was given, stripped.
        timeout: seconds for each step.
        host, port: of the URL, from the first step on; empty for a Unix socket.
        here, there: the addresses at both ends of the connection, once there was one.
        proxy: the proxy that the environment names for this server, or "".
    """

    url: str
    api_secret: str | None
    token: str | None
    admin_url: str | None
    admin_secret: str | None
    plugins: Sequence[str]
    media: bool
    ice_servers: Sequence[Mapping[str, Any]]
    timeout: float
    options: Mapping[str, Any]
    opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    scheme: str = ""
    host: str = ""
    port: int = 0
    here: str = ""
    there: str = ""
    proxy: str = ""
    connection: JanusConnection | None = None
    session: JanusSession | None = None
    admin: JanusAdmin | None = None
    handle: JanusPlugin | None = None
    peer: Peer | None = None
    loading: float = (
        0.0  # seconds that a step has spent with loading libraries, which say nothing of a server
    )
    doubt: str = ""  # about the server's ICE addresses; what to fix if ICE fails

    @property
    def shown_url(self) -> str:
        """The URL without secrets."""
        return mask_url(self.url)

    @property
    def is_tls(self) -> bool:
        return self.scheme in ("wss", "https")

    @property
    def is_websocket(self) -> bool:
        return self.scheme in ("ws", "wss")

    @property
    def is_local(self) -> bool:
        """Whether it is a Unix socket."""
        return self.scheme.startswith("unix")

    @property
    def path(self) -> str:
        """Of the URL."""
        return urlsplit(self.url).path

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def server(self) -> Mapping[str, Any]:
        """What the server says of itself; empty before it did."""
        return (self.connection.server if self.connection is not None else None) or {}

    def tidy(self, text: str) -> str:
        """`text` on one line, without any secret of this examination."""
        for secret in (self.api_secret, self.token, self.admin_secret):
            text = text.replace(secret, MASK) if secret else text
        return clean(text, LONGEST_TEXT)
