"""Requests about anybody's sessions and handles."""

from __future__ import annotations

from typing import Any

from janus_notebook.client.admin.base import AdminBase
from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.client.admin.replies import AdminReply
from janus_notebook.client.requests import Extra, request
from janus_notebook.errors import JanusProtocolError
from janus_notebook.protocol.messages import integer

__all__ = ["HandleRequests"]


class HandleRequests(AdminBase):
    """The part of `JanusAdmin` about sessions and handles, whoever they belong to.

    All of them raise `JanusServerError` with 458 where there is no such session (any more), and 459 where
    there is no such handle.
    """

    @request()
    async def list_sessions(self, *, extra: Extra = None, timeout: float | None = None) -> tuple[int, ...]:
        """List the ids of all sessions; `sessions` tells more of each."""
        return await self._ids("list_sessions", "sessions", locals())

    @request()
    async def list_handles(
        self, session_id: int, *, extra: Extra = None, timeout: float | None = None
    ) -> tuple[int, ...]:
        """List the ids of a session's handles; `handles` tells more of each.

        Args:
            session_id: the session.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ids("list_handles", "handles", locals())

    @request()
    async def destroy_session(
        self, session_id: int, *, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """End a session with all that is attached in it. Its owner is not told.

        Args:
            session_id: the session.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("destroy_session", AdminReply, locals())

    @request()
    async def detach_handle(
        self, session_id: int, handle_id: int, *, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """Detach a handle from its plugin. Its owner gets a ``detached`` event.

        Args:
            session_id: the session that it is in.
            handle_id: the handle.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("detach_handle", AdminReply, locals())

    @request()
    async def hangup_webrtc(
        self, session_id: int, handle_id: int, *, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """Close a handle's PeerConnection; the handle lives on.

        Its owner gets a ``hangup`` event with the reason ``Admin API``, if there was a PeerConnection.

        Args:
            session_id: the session that it is in.
            handle_id: the handle.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("hangup_webrtc", AdminReply, locals())

    @request()
    async def handle_info(
        self,
        session_id: int,
        handle_id: int,
        *,
        plugin_only: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> HandleInfo:
        """Tell everything about a handle: what its plugin does with it, ICE, DTLS, media, statistics.

        Args:
            session_id: the session that it is in.
            handle_id: the handle.
            plugin_only: leave out all that is about WebRTC, which is most of it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("handle_info", HandleInfo, locals(), part="info")

    # -- packet captures (`capture` does both ends of one) --------------------------------------

    @request()
    async def start_pcap(
        self,
        session_id: int,
        handle_id: int,
        *,
        folder: str | None = None,
        filename: str | None = None,
        truncate: int | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AdminReply:
        """Write a handle's RTP and RTCP, decrypted, to a pcap file on the server's machine.

        Args:
            session_id: the session that the handle is in.
            handle_id: the handle.
            folder: where; it is made where there is none. None for the server's own working directory.
            filename: of the file, a new one: one that exists is added to, and a second header in it makes
                it unreadable. None for a random one, which `handle_info` tells.
            truncate: bytes of each packet that are kept; 0 or None for all.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusServerError: 490, a capture of the handle is under way, or the file can't be made.
        """
        return await self._ask("start_pcap", AdminReply, locals())

    @request()
    async def stop_pcap(
        self, session_id: int, handle_id: int, *, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """End a capture of `start_pcap`; without one the request is refused with 490.

        Args:
            session_id: the session that the handle is in.
            handle_id: the handle.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("stop_pcap", AdminReply, locals())

    @request()
    async def start_text2pcap(
        self,
        session_id: int,
        handle_id: int,
        *,
        folder: str | None = None,
        filename: str | None = None,
        truncate: int | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AdminReply:
        """Write a handle's RTP and RTCP, decrypted, as text that Wireshark's ``text2pcap`` reads.

        Args:
            session_id: the session that the handle is in.
            handle_id: the handle.
            folder: where; it is made where there is none. None for the server's own working directory.
            filename: of the file; one that exists is appended to. None for a random one, which
                `handle_info` tells.
            truncate: bytes of each packet that are kept; 0 or None for all.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.

        Raises:
            JanusServerError: 490, a capture of the handle is under way, or the file can't be made.
        """
        return await self._ask("start_text2pcap", AdminReply, locals())

    @request()
    async def stop_text2pcap(
        self, session_id: int, handle_id: int, *, extra: Extra = None, timeout: float | None = None
    ) -> AdminReply:
        """End a capture of `start_text2pcap`; without one the request is refused with 490.

        Args:
            session_id: the session that the handle is in.
            handle_id: the handle.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the default.
        """
        return await self._ask("stop_text2pcap", AdminReply, locals())

    async def _ids(self, name: str, key: str, arguments: dict[str, Any]) -> tuple[int, ...]:
        found = await self._list(name, key, arguments)
        if any(integer(item) is None for item in found):
            raise JanusProtocolError(f"the answer to {name!r} lists an id that is no number")
        return tuple(found)
