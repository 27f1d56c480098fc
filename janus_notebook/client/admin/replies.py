"""The answers of the Admin API, typed. Each keeps the part of the message that it is made of."""

from __future__ import annotations

from typing import Any

import msgspec

from janus_notebook.config import MASK
from janus_notebook.protocol.typed import Record, Typed
from janus_notebook.texts import clean

__all__ = [
    "AdminReply",
    "LoopInfo",
    "Module",
    "ModuleReply",
    "PluginsOfToken",
    "Resolved",
    "ServerInfo",
    "ServerStatus",
    "Setting",
    "StoredToken",
    "StunTested",
]


class AdminReply(Typed, frozen=True, kw_only=True):
    """An answer of the Admin API; `data` is the message.

    Attributes:
        janus: ``success``, ``server_info`` or ``pong``.
        session_id, handle_id: what it is about, where the server says so.
    """

    janus: str = ""
    session_id: int | None = None
    handle_id: int | None = None


class Module(Record, frozen=True, kw_only=True):
    """A plugin, transport, event handler or logger that the server has loaded.

    Attributes:
        name, author, description: as its author wrote them.
        version: its number.
        version_string: the same, for people.
    """

    name: str = ""
    author: str = ""
    description: str = ""
    version: int = 0
    version_string: str = ""


class ServerInfo(AdminReply, frozen=True, kw_only=True):
    """Who a server is and what it was started with; more is in `data`, under Janus's own names.

    Attributes:
        name: of the program.
        version_string: its version, such as ``1.1.2``; `version` is the same as a number.
        server_name: the name that its configuration gives it.
        session_timeout: seconds without a request after which a session ends; 0 for never.
        reclaim_session_timeout: seconds that a session outlives its connection.
        accepting_new_sessions: whether ``create`` is answered.
        plugins, transports, events, loggers: its modules by package name.
    """

    name: str = ""
    version: int = 0
    version_string: str = ""
    server_name: str = msgspec.field(name="server-name", default="")
    session_timeout: int = msgspec.field(name="session-timeout", default=0)
    reclaim_session_timeout: int = msgspec.field(name="reclaim-session-timeout", default=0)
    accepting_new_sessions: bool = msgspec.field(name="accepting-new-sessions", default=True)
    plugins: dict[str, Module] = msgspec.field(default_factory=dict)
    transports: dict[str, Module] = msgspec.field(default_factory=dict)
    events: dict[str, Module] = msgspec.field(default_factory=dict)
    loggers: dict[str, Module] = msgspec.field(default_factory=dict)


class ServerStatus(Typed, frozen=True, kw_only=True):
    """The settings that can be changed while the server runs; what it does not have is None.

    Attributes:
        token_auth: whether requests need a token.
        session_timeout: seconds without a request after which a session ends; 0 for never.
        reclaim_session_timeout: seconds that a session outlives its connection; 0 for not at all.
        candidates_timeout: seconds that candidates wait for the offer or answer they belong to.
        log_level: 0 (nothing) to 7 (everything).
        log_timestamps, log_colors: how the log looks.
        locking_debug, refcount_debug: whether locks and references are logged.
        libnice_debug: whether libnice logs (before Janus 1.3.2).
        min_nack_queue: how many milliseconds of packets are kept for retransmission, at least.
        nack_optimizations: whether a key frame empties the queue of packets for retransmission.
        no_media_timer: seconds without packets before a ``media`` event says so; 0 for never.
        slowlink_threshold: lost packets in a second that make a ``slowlink`` event; 0 for none.
    """

    token_auth: bool | None = None
    session_timeout: int | None = None
    reclaim_session_timeout: int | None = None
    candidates_timeout: int | None = None
    log_level: int | None = None
    log_timestamps: bool | None = None
    log_colors: bool | None = None
    locking_debug: bool | None = None
    refcount_debug: bool | None = None
    libnice_debug: bool | None = None
    min_nack_queue: int | None = None
    nack_optimizations: bool | None = msgspec.field(name="nack-optimizations", default=None)
    no_media_timer: int | None = None
    slowlink_threshold: int | None = None


class Setting(AdminReply, frozen=True, kw_only=True):
    """A setting as it is now.

    Attributes:
        value: what the server says that it is.
    """

    value: Any = msgspec.field(name="*value", default=None)


class PluginsOfToken(Typed, frozen=True, kw_only=True):
    """What a token may be used for now.

    Attributes:
        plugins: the package names.
    """

    plugins: tuple[str, ...] = ()


class StoredToken(Record, frozen=True, kw_only=True):
    """A token that the server knows.

    Attributes:
        token: the token itself; it is a secret, and not shown.
        allowed_plugins: the package names of the plugins that it may be used for.
    """

    token: str = ""
    allowed_plugins: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return clean(f"<StoredToken {MASK} for {', '.join(self.allowed_plugins) or 'nothing'}>")


class LoopInfo(Record, frozen=True, kw_only=True):
    """A static event loop of the server.

    Attributes:
        id: its number.
        handles: how many handles it serves.
    """

    id: int = 0
    handles: int = 0


class Resolved(AdminReply, frozen=True, kw_only=True):
    """A name that the server has looked up.

    Attributes:
        ip: its address.
        elapsed: microseconds that it took.
    """

    ip: str = ""
    elapsed: int = 0


class ModuleReply(Typed, frozen=True, kw_only=True):
    """What a plugin, transport, event handler or logger answered; `data` is its own answer."""


class StunTested(AdminReply, frozen=True, kw_only=True):
    """What a STUN server has told the server.

    Attributes:
        public_ip, public_port: where its packet came from, as seen there.
        elapsed: microseconds that it took.
    """

    public_ip: str = ""
    public_port: int = 0
    elapsed: int = 0
