"""The requests that make, change and end mountpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from janus_notebook.client.arguments import check_choice
from janus_notebook.client.requests import Extra, Id, request
from janus_notebook.plugins.streaming.replies import (
    MountpointAbout,
    MountpointCreated,
    MountpointDestroyed,
    MountpointEditAnswer,
    MountpointList,
    StreamAnswer,
)
from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["MountpointRequests", "NewMedium", "RecordedMedium"]


MOUNTPOINT_TYPES = ("rtp", "live", "ondemand", "rtsp")


class NewMedium(TypedDict, total=False):
    """One medium of a mountpoint to create; `type`, `mid` and `port` are needed.

    ``type`` is ``audio``, ``video`` or ``data``; ``mid`` names it in the SDP; ``label`` is for people;
    ``msid`` (two words) names its stream and track in the SDP (Janus 1.1.0 and newer). Packets are expected
    on UDP ``port`` (0 for any free one; the answer tells), from ``iface`` (interface or address) or the
    multicast group ``mcast``, RTCP on ``rtcpport``. ``pt`` is the payload type, ``codec`` such as ``opus``
    or ``vp8`` (Janus 1.0.4 and newer; before it ``rtpmap``), ``fmtp`` its parameters. ``skew`` compensates
    a source's drifting clock. Video: ``bufferkf`` keeps the last keyframe for new viewers, ``simulcast``
    with ``port2`` and ``port3`` takes three qualities, ``svc`` says that VP9 is layered. Data:
    ``buffermsg`` keeps the last message for new viewers, ``datatype`` is ``text`` or ``binary`` (both as
    `create`'s own parameters before Janus 1.2.4).
    """

    type: str
    mid: str
    label: str
    msid: str
    mcast: str
    iface: str
    port: int
    rtcpport: int
    pt: int
    codec: str
    rtpmap: str
    fmtp: str
    skew: bool
    bufferkf: bool
    simulcast: bool
    port2: int
    port3: int
    svc: bool
    buffermsg: bool
    datatype: str


class RecordedMedium(TypedDict, total=False):
    """A medium to record: its ``mid``, and to start with the ``filename`` without ``.mjr``."""

    mid: str
    filename: str


class MountpointRequests(TypedPlugin):
    """Streaming's requests on mountpoints; any handle can send them.

    One with a ``secret`` is changed only by who gives it: without it 453 MISSING_ELEMENT, with a wrong one
    457 UNAUTHORIZED. One that is not there is 455 NO_SUCH_MOUNTPOINT.
    """

    @request()
    async def list(
        self, *, admin_key: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> MountpointList:
        """List the mountpoints.

        Args:
            admin_key: shows the private ones too, where the server has such a key and this is it.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("list", MountpointList, locals())

    @request()
    async def info(
        self, *, id: Id, secret: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> MountpointAbout:
        """Ask for all about a mountpoint.

        Args:
            id: of the mountpoint.
            secret: with the mountpoint's own, the answer has its ports, secret, pin, viewers and source
                too; a wrong one is no error, and gives what everybody may see.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT.
        """
        return await self._ask("info", MountpointAbout, locals())

    @request(
        newer={
            "media.codec": "1.0.4",
            "media.msid": "1.1.0",
            "media.datatype": "1.2.4",
            "audiocodec": "1.0.4",
            "videocodec": "1.0.4",
            "h264sps": "1.1.3",
            "abscapturetime_src_ext_id": "1.2.2",
            "bufferkf_ms": "1.3.3",
            "bufferkf_bytes": "1.3.3",
            "rtsp_quirk": "1.3.3",
            "rtsp_notify_changes": "1.3.3",
        }
    )
    async def create(
        self,
        *,
        type: str,
        id: Id | None = None,
        name: str | None = None,
        description: str | None = None,
        metadata: str | None = None,
        is_private: bool | None = None,
        secret: str | None = None,
        pin: str | None = None,
        permanent: bool | None = None,
        admin_key: str | None = None,
        media: Sequence[NewMedium] | None = None,
        filename: str | None = None,
        url: str | None = None,
        rtsp_user: str | None = None,
        rtsp_pwd: str | None = None,
        rtsp_quirk: bool | None = None,
        rtsp_failcheck: bool | None = None,
        rtsp_check: bool | None = None,
        rtsp_notify_changes: bool | None = None,
        rtsp_reconnect_delay: int | None = None,
        rtsp_session_timeout: int | None = None,
        rtsp_timeout: int | None = None,
        rtsp_conn_timeout: int | None = None,
        rtspiface: str | None = None,
        collision: int | None = None,
        threads: int | None = None,
        srtpsuite: int | None = None,
        srtpcrypto: str | None = None,
        e2ee: bool | None = None,
        playoutdelay_ext: bool | None = None,
        abscapturetime_src_ext_id: int | None = None,
        bufferkf_ms: int | None = None,
        bufferkf_bytes: int | None = None,
        audio: bool | None = None,
        audiomcast: str | None = None,
        audioiface: str | None = None,
        audioport: int | None = None,
        audiortcpport: int | None = None,
        audiopt: int | None = None,
        audiocodec: str | None = None,
        audiortpmap: str | None = None,
        audiofmtp: str | None = None,
        audioskew: bool | None = None,
        video: bool | None = None,
        videomcast: str | None = None,
        videoiface: str | None = None,
        videoport: int | None = None,
        videortcpport: int | None = None,
        videopt: int | None = None,
        videocodec: str | None = None,
        videortpmap: str | None = None,
        videofmtp: str | None = None,
        videobufferkf: bool | None = None,
        videosimulcast: bool | None = None,
        videoport2: int | None = None,
        videoport3: int | None = None,
        videoskew: bool | None = None,
        videosvc: bool | None = None,
        h264sps: str | None = None,
        data: bool | None = None,
        datamcast: str | None = None,
        dataiface: str | None = None,
        dataport: int | None = None,
        databuffermsg: bool | None = None,
        datatype: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> MountpointCreated:
        """Make a mountpoint. Which parameters count depends on its `type`.

        - ``rtp``: `media`, one object for each medium. The flat form (`audio`, `audioport` ...) is an older
          way to say it, for at most one audio, one video and one data stream.
        - ``live`` and ``ondemand``: `filename`, of raw A-law or mu-law at 8000 Hz (``.alaw``, ``.mulaw``)
          or of Opus (``.opus``), and ``audio=True``. It plays in a loop, ``live`` for all viewers at once,
          ``ondemand`` for each from its start.
        - ``rtsp``: `url`, and `audio`, `video` or both as True.

        Args:
            type: ``rtp``, ``live``, ``ondemand`` or ``rtsp``.
            id: of the mountpoint; None leaves it to the server.
            name: a name for the configuration; None leaves it to the server.
            description: a text for people.
            metadata: a text for programs, handed on as it is.
            is_private: leave it out of the list.
            secret: what is needed from then on to change it.
            pin: what is needed to watch it.
            permanent: write it to the configuration file as well.
            admin_key: the server's key for this request, if it has one.
            media: of an ``rtp`` mountpoint; see `NewMedium`.
            filename: the file to play, on the server's machine.
            url: of the RTSP source. A password in it is not masked where it is shown: give `rtsp_pwd`.
            rtsp_user, rtsp_pwd: for the RTSP source.
            rtsp_quirk: ask again by the path alone if the source answers 404 (Janus 1.3.3 and newer).
            rtsp_failcheck: False makes the mountpoint even if its source does not answer.
            rtsp_check: the same; some versions read this name.
            rtsp_notify_changes: tell viewers when the source is lost and back (Janus 1.3.3 and newer).
            rtsp_reconnect_delay: seconds without media after which the source counts as lost.
            rtsp_session_timeout: upper bound of the source's session, in seconds; 0 takes the source's word.
            rtsp_timeout: seconds for an answer of the source.
            rtsp_conn_timeout: seconds for the connection to it.
            rtspiface: interface or address that the source sends to.
            collision: milliseconds of silence after which packets of another SSRC are taken; 0 takes all.
            threads: helper threads for many viewers.
            srtpsuite: 32 or 80, if the source encrypts.
            srtpcrypto: the key for it, base64 as SDES has it.
            e2ee: the media are encrypted from end to end; only said to the viewers.
            playoutdelay_ext: negotiate the playout-delay header extension with the viewers.
            abscapturetime_src_ext_id: id of the source's abs-capture-time extension (Janus 1.2.2 and newer).
            bufferkf_ms, bufferkf_bytes: what is kept of a keyframe and what follows it, at most, in
                milliseconds and bytes (Janus 1.3.3 and newer).
            audio, video, data: whether there is such a medium, in the flat form and of files and RTSP.
            audiomcast, videomcast, datamcast: multicast groups to receive from.
            audioiface, videoiface, dataiface: interfaces or addresses to bind to.
            audioport, videoport, dataport: UDP ports; 0 for any that is free.
            audiortcpport, videortcpport: UDP ports for RTCP.
            audiopt, videopt: payload types.
            audiocodec, videocodec: such as ``opus`` and ``vp8`` (Janus 1.0.4 and newer).
            audiortpmap, videortpmap: the same in the SDP's words, for older servers.
            audiofmtp, videofmtp: the codec's parameters.
            audioskew, videoskew: compensate a source's drifting clock.
            videobufferkf: keep the last keyframe for new viewers.
            videosimulcast, videoport2, videoport3: take three qualities of the video.
            videosvc: the video is VP9 in layers.
            h264sps: sprop-parameter-sets of H.264 to put before its keyframes (Janus 1.1.3 and newer).
            databuffermsg: keep the last message for new viewers.
            datatype: ``text`` or ``binary``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default. An RTSP source has to answer within it.

        Returns:
            The new mountpoint as `MountpointCreated.stream`, with its id and ports.

        Raises:
            JanusPluginError: 456 CANT_CREATE for an id that is taken, or parameters that do not go
                together; 453 MISSING_ELEMENT, 454 INVALID_ELEMENT, 457 UNAUTHORIZED.
            JanusOptionError: no such `type`; one that only a newer server knows goes into `extra`.
        """
        # Janus 1.1.2 refuses it too, but takes the id for used from then on.
        check_choice("type", type, MOUNTPOINT_TYPES, extra)
        return await self._ask("create", MountpointCreated, locals())

    @request(newer={"new_metadata": "1.0.3", "edited_event": "1.0.3"})
    async def edit(
        self,
        *,
        id: Id,
        secret: str | None = None,
        new_description: str | None = None,
        new_metadata: str | None = None,
        new_secret: str | None = None,
        new_pin: str | None = None,
        new_is_private: bool | None = None,
        permanent: bool | None = None,
        edited_event: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> MountpointEditAnswer:
        """Change what a mountpoint says of itself, and who may use it.

        Args:
            id: of the mountpoint.
            secret: of the mountpoint, if it has one.
            new_description: text for people.
            new_metadata: text for programs (Janus 1.0.3 and newer).
            new_secret: what is needed from then on to change it.
            new_pin: what is needed to watch it; "" for nothing any more.
            new_is_private: whether it is left out of the list.
            permanent: write the change to the configuration file as well.
            edited_event: tell the viewers by an ``edited`` event (Janus 1.0.3 and newer).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT; 453 or 457 about the secret.
        """
        return await self._ask("edit", MountpointEditAnswer, locals())

    @request("1.0.3")
    async def kick_all(
        self, *, id: Id, secret: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> StreamAnswer:
        """Remove all viewers of a mountpoint; they hear ``kicked_all`` (Janus 1.0.3 and newer).

        Args:
            id: of the mountpoint.
            secret: of the mountpoint, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT; 453 or 457 about the secret.
        """
        return await self._ask("kick_all", StreamAnswer, locals())

    @request()
    async def destroy(
        self,
        *,
        id: Id,
        secret: str | None = None,
        permanent: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> MountpointDestroyed:
        """End a mountpoint; its viewers hear ``stopped``.

        Args:
            id: of the mountpoint.
            secret: of the mountpoint, if it has one.
            permanent: remove it from the configuration file as well.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT; 453 or 457 about the secret.
        """
        return await self._ask("destroy", MountpointDestroyed, locals())

    @request()
    async def recording(
        self,
        *,
        id: Id,
        action: str,
        media: Sequence[RecordedMedium] | None = None,
        audio: str | bool | None = None,
        video: str | bool | None = None,
        data: str | bool | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> StreamAnswer:
        """Start or stop to record what comes into a mountpoint, as ``.mjr`` files on the server.

        Args:
            id: of the mountpoint, which must be fed by RTP or RTSP.
            action: ``start`` or ``stop``.
            media: what to record: ``[{"mid": "v", "filename": "/recordings/v"}]``; to stop without file
                names. A mid that the mountpoint does not have is passed over.
            audio, video, data: an older way to say it: to start a file name each, to stop True.
            secret: of the mountpoint, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 452 INVALID_REQUEST if it is being recorded already, or nothing was named;
                459 CANT_RECORD if the file cannot be written; 454 INVALID_ELEMENT for another action.
        """
        return await self._ask("recording", StreamAnswer, locals())

    @request()
    async def enable(
        self, *, id: Id, secret: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> StreamAnswer:
        """Send a mountpoint's media again, after `disable`.

        Args:
            id: of the mountpoint.
            secret: of the mountpoint, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT; 453 or 457 about the secret.
        """
        return await self._ask("enable", StreamAnswer, locals())

    @request()
    async def disable(
        self,
        *,
        id: Id,
        stop_recording: bool | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> StreamAnswer:
        """Send none of a mountpoint's media until `enable`. Viewers stay, and new ones are taken.

        Asked to end the recordings of a mountpoint of which not every medium is being recorded, Janus
        crashes. So it is always told to leave them, and those there are are ended by `recording`, before.

        Args:
            id: of the mountpoint.
            stop_recording: False goes on recording; True, and None as with Janus itself, ends it.
            secret: of the mountpoint, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds for each of up to three requests; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT; 453 or 457 about the secret.
        """
        arguments = {**locals(), "stop_recording": False}
        if stop_recording is not False:
            about = await self.info(id=id, secret=secret, timeout=timeout)
            recorded: Sequence[RecordedMedium] = [
                {"mid": medium.mid} for medium in about.info.media if medium.recording
            ]
            if recorded:
                await self.recording(id=id, action="stop", media=recorded, secret=secret, timeout=timeout)
        return await self._ask("disable", StreamAnswer, arguments)
