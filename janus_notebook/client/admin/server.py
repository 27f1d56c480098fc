"""Requests about the server itself: who it is, its settings, and what it sees of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_notebook.client.admin.base import AdminBase, converted
from janus_notebook.client.admin.replies import (
    AdminReply,
    LoopInfo,
    Resolved,
    ServerInfo,
    ServerStatus,
    Setting,
    StunTested,
)
from janus_notebook.client.requests import Extra, request

__all__ = ["ServerRequests"]


class ServerRequests(AdminBase):
    """The server-wide part of `JanusAdmin`."""

    # -- who it is ----------------------------------------------------------------------------

    @request()
    async def info(self, *, extra: Extra = None, timeout: float | None = None) -> ServerInfo:
        """Ask who the server is: its version, modules and configuration. Needs no secret.

        The answer is kept as `server`, which requests are held against.
        """
        info = await self._ask("info", ServerInfo, locals())
        self._connection.server = info.data
        return info

    @request()
    async def ping(self, *, extra: Extra = None, timeout: float | None = None) -> AdminReply:
        """Ask for a ``pong``. Needs no secret."""
        return await self._ask("ping", AdminReply, locals())

    @request()
    async def get_status(self, *, extra: Extra = None, timeout: float | None = None) -> ServerStatus:
        """Ask for the settings that can be changed while the server runs."""
        return await self._ask("get_status", ServerStatus, locals(), part="status")

    @request()
    async def loops_info(self, *, extra: Extra = None, timeout: float | None = None) -> tuple[LoopInfo, ...]:
        """Ask how many handles each static event loop serves; empty where every handle has its own."""
        found = await self._list("loops_info", "loops", locals())
        return tuple(converted(item, LoopInfo, "loops_info") for item in found)

    # -- its settings -------------------------------------------------------------------------
    # All of them last until the server ends; its configuration files stay as they are.

    @request()
    async def set_session_timeout(
        self,
        timeout: int,
        *,
        session_id: int | None = None,
        extra: Extra = None,
        deadline: float | None = None,
    ) -> Setting:
        """Change after how long a session without requests ends, for all sessions or one.

        Args:
            timeout: seconds; 0 for never. For one session also -1: the server's own timeout again.
            session_id: the session; None for all that have no timeout of their own.
            extra: further parameters that a newer server knows.
            deadline: seconds to wait for the answer; None means the default (what other requests call
                `timeout`).

        Raises:
            JanusServerError: 458 no such session, 467 a timeout below what is allowed.
        """
        arguments = {"session_id": session_id, "extra": {"timeout": timeout, **(extra or {})}}
        return await self._set("set_session_timeout", "timeout", {**arguments, "timeout": deadline})

    @request()
    async def set_log_level(
        self, level: int, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Change how much the server logs.

        Args:
            level: 0 (nothing) to 7 (everything); else it is refused with 467.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_log_level", "level", locals())

    @request()
    async def set_log_timestamps(
        self, timestamps: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Let each line of the log begin with the time, or not.

        Args:
            timestamps: whether it does.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_log_timestamps", "log_timestamps", locals())

    @request()
    async def set_log_colors(
        self, colors: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Let the log have colours, or not.

        Args:
            colors: whether it has.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_log_colors", "log_colors", locals())

    @request()
    async def set_locking_debug(
        self, debug: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Log every lock that is taken and let go: for the search of deadlocks, and very much text.

        Args:
            debug: whether they are logged.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_locking_debug", "locking_debug", locals())

    @request()
    async def set_refcount_debug(
        self, debug: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Log every change of a reference counter: for the search of leaks, and very much text.

        Args:
            debug: whether they are logged.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_refcount_debug", "refcount_debug", locals())

    @request(removed="1.3.2")
    async def set_libnice_debug(
        self, debug: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Let libnice, which does ICE for the server, log what it does (before Janus 1.3.2).

        Args:
            debug: whether it does.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_libnice_debug", "libnice_debug", locals())

    @request()
    async def set_min_nack_queue(
        self, min_nack_queue: int, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Change how long sent packets are kept at least, to be sent again when one was lost.

        Args:
            min_nack_queue: milliseconds; the round trip of a handle may make it more.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_min_nack_queue", "min_nack_queue", locals())

    @request()
    async def set_nack_optimizations(
        self, nack_optimizations: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Forget the packets kept for retransmission when a key frame was sent, or not.

        Args:
            nack_optimizations: whether they are forgotten.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_nack_optimizations", "nack-optimizations", locals())

    @request()
    async def set_no_media_timer(
        self, no_media_timer: int, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Change how long no packet may come before a ``media`` event says that there are none.

        Args:
            no_media_timer: seconds; 0 for never.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_no_media_timer", "no_media_timer", locals())

    @request()
    async def set_slowlink_threshold(
        self, slowlink_threshold: int, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Change how many packets must be lost in a second for a ``slowlink`` event.

        Args:
            slowlink_threshold: packets; 0 for no such events.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("set_slowlink_threshold", "slowlink_threshold", locals())

    @request()
    async def accept_new_sessions(
        self, accept: bool, *, extra: Extra = None, timeout: float | None = None
    ) -> Setting:
        """Let the server take new sessions, or refuse them (472) until told otherwise.

        Sessions that exist go on: this is how a server is emptied before it is taken down.

        Args:
            accept: whether it takes them.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._set("accept_new_sessions", "accept", locals())

    async def _set(self, name: str, key: str, arguments: Mapping[str, Any]) -> Setting:
        """Send a request whose answer repeats the new value under `key`."""
        message = await self._send_arguments(name, arguments)
        return Setting.read(message, value=message.get(key))

    # -- what it sees of the network ----------------------------------------------------------

    @request()
    async def resolve_address(
        self, address: str, *, extra: Extra = None, timeout: float | None = None
    ) -> Resolved:
        """Let the server look up a host name.

        Args:
            address: the name.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusServerError: 490, it has no address.
        """
        return await self._ask("resolve_address", Resolved, locals())

    @request()
    async def test_stun(
        self,
        *,
        address: str,
        port: int,
        localport: int | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> StunTested:
        """Let the server ask a STUN server where its packets come from.

        **It answers no request of anybody else meanwhile**: one thread of Janus's does it all, and waits
        for 5 s where the STUN server is silent. Not for a loop, nor for a server that is in use.

        Args:
            address: host name or address of the STUN server.
            port: its UDP port, usually 3478.
            localport: the UDP port to send from; None for any.
            extra: further parameters that a newer server knows.
            timeout: seconds, more than those 5; None means the default.

        Raises:
            JanusServerError: 490, no address for the name, or no answer.
        """
        return await self._ask("test_stun", StunTested, locals())
