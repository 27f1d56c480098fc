"""AudioBridge's requests about sound that goes out of a room, or into it: forwarders and files."""

from __future__ import annotations

from typing import Literal

from janus_notebook.plugins.audiobridge.replies import (
    AudioAnnouncements,
    AudioFile,
    AudioFilePlaying,
    AudioFilesStopped,
    AudioForwarders,
    AudioForwarding,
    AudioForwardStopped,
)
from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["SoundRequests"]


class SoundRequests(TypedPlugin):
    """Forwarders of a room's mix, and files that are played in a room."""

    @request()
    async def rtp_forward(
        self,
        *,
        room: Id,
        host: str,
        port: int,
        group: str | None = None,
        ssrc: int | None = None,
        codec: Literal["opus", "pcmu", "pcma"] | None = None,
        ptype: int | None = None,
        host_family: Literal["ipv4", "ipv6"] | None = None,
        srtp_suite: Literal[32, 80] | None = None,
        srtp_crypto: str | None = None,
        always_on: bool | None = None,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioForwarding:
        """Send the mix of a room to somewhere, as RTP.

        Args:
            room: whose mix.
            host: where to.
            port: its UDP port.
            group: only the mix of this group, where the room has groups.
            ssrc: of the packets; the server chooses one.
            codec: ``opus`` if none is given.
            ptype: payload type of the packets; 100 if none is given.
            host_family: which address to take where `host` is a name.
            srtp_suite: to encrypt: bits of the authentication tag.
            srtp_crypto: to encrypt: the key, in base64.
            always_on: send silence while nobody is in the room.
            secret: of the room, if it has one.
            admin_key: needed where the server guards forwarders with it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 485 NO_SUCH_ROOM, 484 INVALID_ELEMENT (such as an unknown codec), 494
                NO_SUCH_GROUP, 483 or 489 for the secret.
        """
        return await self._ask("rtp_forward", AudioForwarding, locals())

    @request()
    async def stop_rtp_forward(
        self,
        *,
        room: Id,
        stream_id: int,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioForwardStopped:
        """End a forwarder.

        Args:
            room: whose mix it sends.
            stream_id: which, as `rtp_forward` answered.
            secret: of the room, if it has one.
            admin_key: needed where the server guards forwarders with it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("stop_rtp_forward", AudioForwardStopped, locals())

    @request()
    async def listforwarders(
        self,
        *,
        room: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioForwarders:
        """List the forwarders of a room.

        Args:
            room: which.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("listforwarders", AudioForwarders, locals())

    @request()
    async def play_file(
        self,
        *,
        room: Id,
        filename: str,
        file_id: str | None = None,
        group: str | None = None,
        loop: bool | None = None,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioFile:
        """Play a file into a room's mix. Needs a server built with libogg.

        Everybody gets ``announcement-started``, and ``announcement-stopped`` at its end.

        Args:
            room: where.
            filename: on the server: Opus in Ogg, 48 kHz.
            file_id: its id for `stop_file`; the server makes one.
            group: of which group it is in forwarded mixes; needed where the room has groups.
            loop: start anew at its end.
            secret: of the room, if it has one.
            admin_key: needed where the server guards files with it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 499 UNKNOWN_ERROR (the file can't be opened), 490 ID_EXISTS (the `file_id` is
                taken), 485 NO_SUCH_ROOM, 482 INVALID_REQUEST (a server without libogg).
        """
        return await self._ask("play_file", AudioFile, locals())

    @request()
    async def is_playing(
        self,
        *,
        room: Id,
        file_id: str,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioFilePlaying:
        """Ask whether a file is being played: from ``announcement-started`` to ``announcement-stopped``.

        Args:
            room: where.
            file_id: which, as `play_file` answered.
            secret: of the room, if it has one.
            admin_key: needed where the server guards files with it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("is_playing", AudioFilePlaying, locals())

    @request("1.2.4")
    async def listannouncements(
        self,
        *,
        room: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioAnnouncements:
        """List the files that are being played in a room (Janus 1.2.4 and newer).

        Args:
            room: which.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("listannouncements", AudioAnnouncements, locals())

    @request()
    async def stop_file(
        self,
        *,
        room: Id,
        file_id: str,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioFile:
        """Stop a file that is being played; one that is not is no error.

        Args:
            room: where.
            file_id: which, as `play_file` answered.
            secret: of the room, if it has one.
            admin_key: needed where the server guards files with it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("stop_file", AudioFile, locals())

    @request("1.3.2")
    async def stop_all_files(
        self,
        *,
        room: Id,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioFilesStopped:
        """Stop all files that are being played in a room (Janus 1.3.2 and newer).

        Args:
            room: which.
            secret: of the room, if it has one.
            admin_key: needed where the server guards files with it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("stop_all_files", AudioFilesStopped, locals())
