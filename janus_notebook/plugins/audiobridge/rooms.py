"""AudioBridge's requests about rooms and the people in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from janus_notebook.plugins.audiobridge.replies import (
    AudioAllowed,
    AudioMjrs,
    AudioParticipants,
    AudioRecording,
    AudioRoomCreated,
    AudioRoomDestroyed,
    AudioRoomEdited,
    AudioRoomExists,
    AudioRooms,
    AudioSuccess,
)
from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["RoomRequests"]


class RoomRequests(TypedPlugin):
    """Rooms and the people in them."""

    @request(
        newer={"denoise": "1.2.3", "signed_tokens": "1.4.2"},
        gone={"default_prebuffering": "1.2.0"},
    )
    async def create(
        self,
        *,
        room: Id | None = None,
        description: str | None = None,
        secret: str | None = None,
        pin: str | None = None,
        is_private: bool | None = None,
        allowed: Sequence[str] | None = None,
        sampling_rate: int | None = None,
        sampling: int | None = None,
        spatial_audio: bool | None = None,
        record: bool | None = None,
        record_file: str | None = None,
        record_dir: str | None = None,
        mjrs: bool | None = None,
        mjrs_dir: str | None = None,
        allow_rtp_participants: bool | None = None,
        permanent: bool | None = None,
        audiolevel_ext: bool | None = None,
        audiolevel_event: bool | None = None,
        audio_active_packets: int | None = None,
        audio_level_average: int | None = None,
        default_prebuffering: int | None = None,
        default_expectedloss: int | None = None,
        default_bitrate: int | None = None,
        groups: Sequence[str] | None = None,
        denoise: bool | None = None,
        signed_tokens: bool | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioRoomCreated:
        """Make a room.

        Args:
            room: its id; the server chooses one if none is given.
            description: its name.
            secret: whoever manages the room must know it.
            pin: whoever joins must know it.
            is_private: leave it out of `list`.
            allowed: tokens, one of which is needed to join.
            sampling_rate: of the mix: 8000, 12000, 16000, 24000 or 48000 hertz.
            sampling: the old name of `sampling_rate`.
            spatial_audio: mix in stereo, with a place for each participant.
            record: record the mix from the beginning.
            record_file: where to, as a WAV file; the server makes a name if none is given.
            record_dir: folder of `record_file`.
            mjrs: record each participant by itself from the beginning.
            mjrs_dir: folder of these recordings.
            allow_rtp_participants: let people join with plain RTP instead of WebRTC.
            permanent: write the room into the server's configuration file as well.
            audiolevel_ext: negotiate audio levels with the participants.
            audiolevel_event: say who talks (events ``talking`` and ``stopped-talking``).
            audio_active_packets: over how many packets the level is averaged for that.
            audio_level_average: what counts as talking, 127 (silence) to 0 (loudest), minus dBov.
            default_prebuffering: packets to wait for before a participant is heard (before Janus
                1.2.0).
            default_expectedloss: percent of packets that may be lost, 0 to 20; above 0 Opus sends
                error correction.
            default_bitrate: of Opus to each participant, in bits per second; 0 leaves it to Opus.
            groups: names of groups whose mix can be forwarded by itself; each participant must then
                be of one.
            denoise: reduce the noise of participants (Janus 1.2.3 and newer, built with RNNoise).
            signed_tokens: ask for tokens signed by the server's secret to join (Janus 1.4.2 and newer).
            admin_key: needed where the server has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 486 ROOM_EXISTS, 484 INVALID_ELEMENT (such as an id of the wrong type),
                489 UNAUTHORIZED (a wrong `admin_key`).
        """
        return await self._ask("create", AudioRoomCreated, locals())

    @request()
    async def edit(
        self,
        *,
        room: Id,
        secret: str | None = None,
        new_description: str | None = None,
        new_secret: str | None = None,
        new_pin: str | None = None,
        new_is_private: bool | None = None,
        new_record_dir: str | None = None,
        new_mjrs_dir: str | None = None,
        permanent: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioRoomEdited:
        """Change a room. What is not given stays as it is.

        Args:
            room: its id.
            secret: of the room, if it has one.
            new_description: another name.
            new_secret: another secret.
            new_pin: another PIN; an empty one takes it away.
            new_is_private: whether `list` leaves it out.
            new_record_dir: folder of recordings of the mix from now on.
            new_mjrs_dir: folder of recordings of participants from now on.
            permanent: change the server's configuration file as well.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 485 NO_SUCH_ROOM, 483 MISSING_ELEMENT (no secret), 489 UNAUTHORIZED (a
                wrong one).
        """
        return await self._ask("edit", AudioRoomEdited, locals())

    @request()
    async def destroy(
        self,
        *,
        room: Id,
        secret: str | None = None,
        permanent: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioRoomDestroyed:
        """Remove a room. Everybody in it gets the event ``destroyed``, and a hangup.

        Args:
            room: its id.
            secret: of the room, if it has one.
            permanent: remove it from the server's configuration file as well.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 485 NO_SUCH_ROOM, 483 MISSING_ELEMENT (no secret), 489 UNAUTHORIZED (a
                wrong one).
        """
        return await self._ask("destroy", AudioRoomDestroyed, locals())

    @request()
    async def enable_recording(
        self,
        *,
        room: Id,
        record: bool,
        record_file: str | None = None,
        record_dir: str | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioRecording:
        """Start or stop recording the mix of a room as a WAV file.

        Args:
            room: its id.
            record: whether it is recorded from now on.
            record_file: where to on the server; it makes a name if none is given.
            record_dir: folder of `record_file`.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("enable_recording", AudioRecording, locals())

    @request()
    async def enable_mjrs(
        self,
        *,
        room: Id,
        mjrs: bool,
        mjrs_dir: str | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioMjrs:
        """Start or stop recording each participant of a room by itself, as Janus's MJR files.

        Args:
            room: its id.
            mjrs: whether they are recorded from now on.
            mjrs_dir: folder of the recordings on the server.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("enable_mjrs", AudioMjrs, locals())

    @request()
    async def list(
        self, *, admin_key: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> AudioRooms:
        """List the rooms of the server.

        Args:
            admin_key: of the server, if it has one; with it private rooms are listed too.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("list", AudioRooms, locals())

    @request()
    async def exists(self, *, room: Id, extra: Extra = None, timeout: float | None = None) -> AudioRoomExists:
        """Ask whether there is a room with the id `room`."""
        return await self._ask("exists", AudioRoomExists, locals())

    @request()
    async def allowed(
        self,
        *,
        room: Id,
        action: Literal["enable", "disable", "add", "remove"],
        allowed: Sequence[str] | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioAllowed:
        """Say with which tokens one may join a room. Who is in it already stays.

        Args:
            room: its id.
            action: ``enable`` and ``disable`` switch the asking for tokens on and off; ``add`` and
                ``remove`` change the list.
            allowed: the tokens to add or remove.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 484 INVALID_ELEMENT for another action, or for tokens that are no texts.
        """
        return await self._ask("allowed", AudioAllowed, locals())

    @request()
    async def mute(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Mute a participant, who may unmute itself again. Everybody gets the event ``participant``.

        Args:
            room: where.
            id: of the participant.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 485 NO_SUCH_ROOM, 492 NO_SUCH_USER, 483 or 489 for the secret.
        """
        return await self._ask("mute", AudioSuccess, locals())

    @request()
    async def unmute(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Let a participant be heard again; the parameters and errors are those of `mute`.

        Args:
            room: where.
            id: of the participant.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("unmute", AudioSuccess, locals())

    @request()
    async def mute_room(
        self,
        *,
        room: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Mute everybody in a room, except those who joined with its secret.

        The participants' own `muted` stays as it is. Everybody gets the event ``muted``.

        Args:
            room: which.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("mute_room", AudioSuccess, locals())

    @request()
    async def unmute_room(
        self,
        *,
        room: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """End what `mute_room` began.

        Args:
            room: which.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("unmute_room", AudioSuccess, locals())

    @request("1.2.3")
    async def denoise_enable(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Reduce the noise of a participant (Janus 1.2.3 and newer, built with RNNoise).

        Args:
            room: where.
            id: of the participant.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("denoise_enable", AudioSuccess, locals())

    @request("1.2.3")
    async def denoise_disable(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """End what `denoise_enable` began (Janus 1.2.3 and newer).

        Args:
            room: where.
            id: of the participant.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("denoise_disable", AudioSuccess, locals())

    @request()
    async def kick(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Throw a participant out: Janus closes its PeerConnection, and so it leaves the room.

        It may join again. Everybody gets the event ``kicked``. Who has no media leaves within a second, but
        not for the second time: Janus 1.1.2 then closes nothing.

        Args:
            room: where.
            id: of the participant.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 485 NO_SUCH_ROOM, 492 NO_SUCH_USER, 483 or 489 for the secret.
        """
        return await self._ask("kick", AudioSuccess, locals())

    @request("1.0.3")
    async def kick_all(
        self,
        *,
        room: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Throw everybody out. Each gets the event ``kicked_all`` (Janus 1.0.3 and newer).

        Args:
            room: where.
            secret: of the room, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("kick_all", AudioSuccess, locals())

    @request()
    async def listparticipants(
        self, *, room: Id, extra: Extra = None, timeout: float | None = None
    ) -> AudioParticipants:
        """List who is in the room with the id `room`, which one need not have joined."""
        return await self._ask("listparticipants", AudioParticipants, locals())

    @request("1.2.1")
    async def suspend(
        self,
        *,
        room: Id,
        id: Id,
        pause_events: bool | None = None,
        stop_record: bool | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Let a participant stay without taking part: neither heard nor hearing (Janus 1.2.1 and newer).

        Args:
            room: where.
            id: of the participant, which may be oneself.
            pause_events: send it no events either.
            stop_record: stop recording it.
            secret: of the room, if it has one and the participant is somebody else.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("suspend", AudioSuccess, locals())

    @request("1.2.1")
    async def resume(
        self,
        *,
        room: Id,
        id: Id,
        record: bool | None = None,
        filename: str | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioSuccess:
        """Let a suspended participant take part again (Janus 1.2.1 and newer).

        Args:
            room: where.
            id: of the participant, which may be oneself.
            record: start to record it.
            filename: base name of the recording.
            secret: of the room, if it has one and the participant is somebody else.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("resume", AudioSuccess, locals())
