"""VideoRoom: requests about rooms and who is in them."""

from __future__ import annotations

from collections.abc import Sequence

from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.typed import TypedPlugin
from janus_notebook.plugins.videoroom.parameters import DummyStream
from janus_notebook.plugins.videoroom.replies import (
    RoomAllowed,
    RoomCreated,
    RoomDestroyed,
    RoomDone,
    RoomEdited,
    RoomExists,
    RoomList,
    RoomParticipants,
    RoomRecording,
)

__all__ = ["Managing"]


class Managing(TypedPlugin):
    """Requests about rooms and who is in them."""

    @request(
        newer={
            "dummy_publisher": "1.0.2",
            "dummy_streams": "1.0.2",
            "threads": "1.2.3",
            "dummy_e2ee": "1.3.2",
        },
        gone={"video_svc": "1.1.4"},
    )
    async def create(
        self,
        *,
        room: Id | None = None,
        description: str | None = None,
        is_private: bool | None = None,
        allowed: Sequence[str] | None = None,
        secret: str | None = None,
        pin: str | None = None,
        require_pvtid: bool | None = None,
        signed_tokens: bool | None = None,
        bitrate: int | None = None,
        bitrate_cap: bool | None = None,
        fir_freq: int | None = None,
        publishers: int | None = None,
        audiocodec: str | None = None,
        videocodec: str | None = None,
        vp9_profile: str | None = None,
        h264_profile: str | None = None,
        opus_fec: bool | None = None,
        opus_dtx: bool | None = None,
        video_svc: bool | None = None,
        audiolevel_ext: bool | None = None,
        audiolevel_event: bool | None = None,
        audio_active_packets: int | None = None,
        audio_level_average: int | None = None,
        videoorient_ext: bool | None = None,
        playoutdelay_ext: bool | None = None,
        transport_wide_cc_ext: bool | None = None,
        record: bool | None = None,
        rec_dir: str | None = None,
        lock_record: bool | None = None,
        permanent: bool | None = None,
        notify_joining: bool | None = None,
        require_e2ee: bool | None = None,
        dummy_publisher: bool | None = None,
        dummy_streams: Sequence[DummyStream] | None = None,
        threads: int | None = None,
        dummy_e2ee: bool | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomCreated:
        """Make a room.

        Args:
            room: its id; the server chooses one if left out.
            description: its name, for people.
            is_private: leave it out of `list`.
            allowed: tokens of which a participant has to bring one.
            secret: what it takes to manage the room.
            pin: what it takes to join.
            require_pvtid: subscribers must name the ``private_id`` of a publisher.
            signed_tokens: participants bring tokens signed with the server's secret.
            bitrate: cap for each publisher's video in bits per second; 0 for none.
            bitrate_cap: publishers may not go beyond `bitrate`, not even by asking.
            fir_freq: seconds between the key frames asked of publishers; 0 for none.
            publishers: how many may publish at once; 3 if left out.
            audiocodec: allowed audio codecs with commas between, the preferred one first; ``opus`` if left
                out.
            videocodec: the same for video; ``vp8`` if left out.
            vp9_profile: preferred profile of VP9, such as ``2``.
            h264_profile: preferred profile of H.264, such as ``42e01f``.
            opus_fec: forward error correction for Opus.
            opus_dtx: no packets of Opus in silence.
            video_svc: allow SVC for VP9 (before Janus 1.1.4, which finds out by itself).
            audiolevel_ext: negotiate the header extension for audio levels.
            audiolevel_event: send ``talking`` and ``stopped-talking`` to the participants.
            audio_active_packets: how many packets the level is averaged over; 100 if left out.
            audio_level_average: level below which one counts as talking, 127 (silence) to 0; 25 if left out.
            videoorient_ext: negotiate the header extension for the orientation of video.
            playoutdelay_ext: negotiate the header extension for playout delay.
            transport_wide_cc_ext: negotiate transport-wide congestion control.
            record: record every publisher.
            rec_dir: folder for the recordings, on the server.
            lock_record: only with the room's secret recording can be switched.
            permanent: write it to the server's configuration file as well, so that it outlives a restart.
            notify_joining: tell everybody of everyone who joins, not only of those who publish.
            require_e2ee: publishers must encrypt end to end.
            dummy_publisher: add a publisher that sends nothing, as a placeholder to subscribe to (Janus 1.0.2
                and newer).
            dummy_streams: the placeholder's streams (Janus 1.0.2 and newer).
            threads: helper threads that relay to many subscribers (Janus 1.2.3 and newer).
            dummy_e2ee: the placeholder counts as encrypted (Janus 1.3.2 and newer).
            admin_key: the key that the server asks of managers, if one is configured.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 427 ROOM_EXISTS, 433 UNAUTHORIZED for a wrong admin key, 430 INVALID_ELEMENT for
                a wrong value.
        """
        return await self._ask("create", RoomCreated, locals())

    @request()
    async def edit(
        self,
        *,
        room: Id,
        secret: str | None = None,
        new_description: str | None = None,
        new_is_private: bool | None = None,
        new_secret: str | None = None,
        new_pin: str | None = None,
        new_require_pvtid: bool | None = None,
        new_bitrate: int | None = None,
        new_fir_freq: int | None = None,
        new_publishers: int | None = None,
        new_lock_record: bool | None = None,
        new_rec_dir: str | None = None,
        permanent: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomEdited:
        """Change a room; what is left out stays as it is.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            secret: the room's secret, if it has one.
            new_description: its name.
            new_is_private: whether `list` leaves it out.
            new_secret: what it takes to manage it.
            new_pin: what it takes to join.
            new_require_pvtid: whether subscribers must name a ``private_id``.
            new_bitrate: cap for each publisher's video in bits per second.
            new_fir_freq: seconds between the key frames asked of publishers.
            new_publishers: how many may publish at once.
            new_lock_record: whether recording needs the secret.
            new_rec_dir: folder for the recordings.
            permanent: write it to the server's configuration file as well, so that it outlives a restart.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM.
        """
        return await self._ask("edit", RoomEdited, locals())

    @request()
    async def destroy(
        self,
        *,
        room: Id,
        permanent: bool | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDestroyed:
        """End a room: who is in it hears ``destroyed``, and their PeerConnections are closed.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            permanent: write it to the server's configuration file as well, so that it outlives a restart.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM.
        """
        return await self._ask("destroy", RoomDestroyed, locals())

    @request()
    async def list(
        self,
        *,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomList:
        """List the rooms that are not private.

        Args:
            admin_key: with it, private rooms are listed too, if the server has one configured.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED for a wrong admin key.
        """
        return await self._ask("list", RoomList, locals())

    @request()
    async def exists(
        self,
        *,
        room: Id,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomExists:
        """Ask whether a room exists.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("exists", RoomExists, locals())

    @request()
    async def allowed(
        self,
        *,
        room: Id,
        action: str,
        secret: str | None = None,
        allowed: Sequence[str] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomAllowed:
        """Change who may join a room: only those with a token of its list, if that is enabled.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            action: ``enable`` or ``disable`` the list, or ``add`` or ``remove`` tokens.
            secret: the room's secret, if it has one.
            allowed: the tokens to add or remove, or to begin with.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM.
        """
        return await self._ask("allowed", RoomAllowed, locals())

    @request()
    async def kick(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDone:
        """Throw a participant out. It has to attach a new handle before it can join again.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            id: the participant.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED.
        """
        return await self._ask("kick", RoomDone, locals())

    @request()
    async def moderate(
        self,
        *,
        room: Id,
        id: Id,
        mid: str,
        mute: bool,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDone:
        """Mute or unmute a publisher's stream for everybody.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            id: the participant.
            mid: the stream, by the publisher's mid.
            mute: True to relay it no more, False to relay it again.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED.
        """
        return await self._ask("moderate", RoomDone, locals())

    @request()
    async def listparticipants(
        self,
        *,
        room: Id,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomParticipants:
        """List who is in a room, also those who do not publish.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 426 NO_SUCH_ROOM.
        """
        return await self._ask("listparticipants", RoomParticipants, locals())

    @request()
    async def enable_recording(
        self,
        *,
        room: Id,
        record: bool,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomRecording:
        """Start or stop the recording of everybody who publishes in a room, now and later.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            record: True to record everybody who publishes, False to stop.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM.
        """
        return await self._ask("enable_recording", RoomRecording, locals())
